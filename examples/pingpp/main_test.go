package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunOnTheFake(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var out lines
	require.NoError(t, run(ctx, []string{"PATH=/bin"}, func(string) string { return "" }, &out))
	assert.Regexp(t, `to pay, pass \d+ bytes of pingpp charge ch_\w+ for order 12134676899915430002: 99\.00 cny`, out.String())
	assert.Contains(t, out.String(), "webhook: pingpp notification evt_")
	assert.Contains(t, out.String(), "paid: pingpp charge ch_")
}

// A misspelled variable does not lead to the fake.
func TestHalfASetOfVariablesIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"PINGPP_SECRT", "PINGPP_BASE_URL", "PINGPP_TOKEN", "PINGPP_API_KEY", "PINGPP_WEBHOOK_PUBLIC_KEY", "PINGPP_ORDER_NO"} {
		getenv := func(asked string) string {
			if asked == name {
				return "1"
			}
			return ""
		}
		assert.ErrorContains(t, run(context.Background(), []string{"PATH=/bin", name + "=1"}, getenv, &strings.Builder{}), "set PINGPP_BASE_URL, PINGPP_TOKEN, PINGPP_API_KEY")
	}
}

// lines collects what several goroutines print.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
