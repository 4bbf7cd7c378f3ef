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
	assert.Contains(t, out.String(), "to pay, open http://127.0.0.1:")
	assert.Contains(t, out.String(), "notification, confirmed by the gateway: ispay notification for order ")
	assert.Contains(t, out.String(), ": 0.01 yuan, state 9 (confirmed)")
	assert.Contains(t, out.String(), "paid: ispay order ")
}

// A misspelled variable does not lead to the fake.
func TestHalfASetOfVariablesIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ISPAY_SECRT", "ISPAY_USER_ID", "ISPAY_SECRET", "ISPAY_NOTIFY_URL"} {
		getenv := func(asked string) string {
			if asked == name {
				return "1"
			}
			return ""
		}
		assert.ErrorContains(t, run(context.Background(), []string{"PATH=/bin", name + "=1"}, getenv, &strings.Builder{}), "set ISPAY_USER_ID, ISPAY_SECRET and ISPAY_NOTIFY_URL")
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
