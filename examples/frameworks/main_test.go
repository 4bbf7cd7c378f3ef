package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func TestEveryFrameworkPlays(t *testing.T) {
	t.Parallel()
	for _, f := range frameworks() {
		for _, way := range [][]string{{"-framework", f.name}, {"-framework", f.name, "-by-hand"}} {
			t.Run(strings.Join(way, " "), func(t *testing.T) {
				t.Parallel()
				var out strings.Builder
				require.NoError(t, run(way, &out, io.Discard))
				assert.Contains(t, out.String(), f.name+" listens")
				assert.Equal(t, 5, strings.Count(out.String(), " fail "), out.String())
				assert.Contains(t, out.String(), "5 payments are credited, each once.")
			})
		}
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	var out, logs strings.Builder
	require.ErrorContains(t, run([]string{"-framework", "jin"}, &out, &logs), `no framework "jin": there are gin, echo, chi and fiber`)
	require.Error(t, run([]string{"-farmework", "gin"}, &out, &logs))
	assert.Empty(t, out.String())
}
