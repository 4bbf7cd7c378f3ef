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
	assert.Regexp(t, `order [0-9A-Za-z]+: send [0-9.]+ FTM to `, out.String())
	assert.Regexp(t, `paid: kechengcang order [0-9A-Za-z]+: 20\.00 USD, state 3 \(finished\)`, out.String())
}

// A misspelled variable does not lead to the fake.
func TestHalfASetOfVariablesIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"KECHENGCANG_SECRT", "KECHENGCANG_BASE_URL", "KECHENGCANG_APP_ID", "KECHENGCANG_SECRET"} {
		getenv := func(asked string) string {
			if asked == name {
				return "1"
			}
			return ""
		}
		assert.ErrorContains(t, run(context.Background(), []string{"PATH=/bin", name + "=1"}, getenv, &strings.Builder{}), "set KECHENGCANG_BASE_URL, KECHENGCANG_APP_ID and KECHENGCANG_SECRET")
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
