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
	assert.Regexp(t, `to pay exactly 0\.0\d yuan, scan the code at http://127\.0\.0\.1:`, out.String())
	assert.Regexp(t, `paid: codepay notification of payment \d+: 0\.0\d yuan by 1 \(Alipay\)`, out.String())
}

// A misspelled variable does not lead to the fake.
func TestHalfASetOfVariablesIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"CODEPAY_SECRT", "CODEPAY_USER_ID", "CODEPAY_SECRET", "CODEPAY_NOTIFY_URL"} {
		getenv := func(asked string) string {
			if asked == name {
				return "1"
			}
			return ""
		}
		assert.ErrorContains(t, run(context.Background(), []string{"PATH=/bin", name + "=1"}, getenv, &strings.Builder{}), "set CODEPAY_USER_ID, CODEPAY_SECRET and CODEPAY_NOTIFY_URL")
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
