package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/gateway"
)

func TestEveryGatewayTellsItsStory(t *testing.T) {
	t.Parallel()
	for _, g := range gateway.All() {
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			require.NoError(t, run(&out, []string{g.Name}))
			assert.Contains(t, out.String(), "== "+g.Title)
			assert.Contains(t, out.String(), "Nothing is credited.")
			assert.Contains(t, out.String(), "Every payment was credited once")
		})
	}
}
