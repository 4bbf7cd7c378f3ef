package poll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/failure"
)

func TestUntilAsksAtOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, Until(ctx, time.Hour, func() (bool, error) { asked++; return true, nil }))
	assert.Equal(t, 1, asked)
}

func TestUntilAsksAgain(t *testing.T) {
	t.Parallel()
	asked, begin := 0, time.Now()
	require.NoError(t, Until(context.Background(), time.Nanosecond, func() (bool, error) { asked++; return asked == 3, nil }))
	assert.Equal(t, 3, asked)
	assert.GreaterOrEqual(t, time.Since(begin), 2*Least, "a pause below Least is taken as Least")
}

func TestUntilTakesNoPauseAsTheDefault(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{0, -time.Second} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*Least)
		defer cancel()
		asked := 0
		require.ErrorIs(t, Until(ctx, every, func() (bool, error) { asked++; return false, nil }), context.DeadlineExceeded)
		assert.Equal(t, 1, asked)
	}
}

func TestUntilReturnsTheErrorOfTheQuestion(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	require.ErrorIs(t, Until(context.Background(), Least, func() (bool, error) { return false, no }), no)
	require.ErrorIs(t, Until(context.Background(), Least, func() (bool, error) { return true, no }), no)
}

func TestUntilEndsWithTheContext(t *testing.T) {
	t.Parallel()
	why := errors.New("the shop closes")
	ctx, cancel := context.WithCancelCause(context.Background())
	asked := 0
	err := Until(ctx, time.Hour, func() (bool, error) { asked++; cancel(why); return false, nil })
	require.ErrorIs(t, err, why)
	assert.Equal(t, 1, asked)

	for range 100 {
		require.ErrorIs(t, Until(ctx, Least, func() (bool, error) { asked++; return true, nil }), why)
	}
	assert.Equal(t, 1, asked, "a context that has ended asks nothing")
}

func TestPassing(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil:                      false,
		failure.ErrNoAnswer:      true,
		failure.ErrBadAnswer:     true,
		failure.ErrOrderNotFound: false,
		context.DeadlineExceeded: false,
	} {
		assert.Equal(t, want, Passing(err), "%v", err)
	}
	assert.True(t, Passing(fmt.Errorf("ispay: %w", failure.ErrNoAnswer)))
}

// A context may end while a query waits between its tries: what ended the waiting
// is the context, not what the last try said.
func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, passing := range []error{failure.ErrNoAnswer, failure.ErrBadAnswer} {
		why := errors.New("the shop closes")
		ctx, cancel := context.WithCancelCause(context.Background())
		var log bytes.Buffer
		err := Wait(ctx, time.Nanosecond, Payment{
			Gateway: "example", Name: "order_no", Number: "1", Log: slog.New(slog.NewTextHandler(&log, nil)),
			Ask: func() (string, bool, error) {
				cancel(why)
				return "", false, fmt.Errorf("query: %w", passing)
			},
		})
		require.Equal(t, why, err)
		assert.Empty(t, log.String())
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	passing := fmt.Errorf("query: %w", failure.ErrNoAnswer)
	refused := errors.New("refused")
	type answer struct {
		state string
		paid  bool
		err   error
	}
	tests := map[string]struct {
		answers []answer
		want    error
		levels  string
	}{
		"paid at once":         {[]answer{{"9", true, nil}}, nil, "INFO"},
		"paid after a while":   {[]answer{{"1", false, nil}, {"1", false, nil}, {"9", true, nil}}, nil, "INFO DEBUG INFO"},
		"over a failing query": {[]answer{{"", false, passing}, {"9", true, nil}}, nil, "WARN INFO"},
		"until a no":           {[]answer{{"1", false, nil}, {"", false, refused}}, refused, "INFO"},
		"until it has ended":   {[]answer{{"6", false, failure.ErrNotPaid}}, failure.ErrNotPaid, "INFO"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			asked := 0
			err := Wait(context.Background(), time.Nanosecond, Payment{
				Gateway: "example", Name: "order_no", Number: "1",
				Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				Ask: func() (string, bool, error) {
					next := test.answers[asked]
					asked++
					return next.state, next.paid, next.err
				},
			})
			if test.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, test.want)
			}
			assert.Equal(t, len(test.answers), asked)
			levels := regexp.MustCompile(`level=(\w+) msg="example: waiting for payment" order_no=1`).FindAllStringSubmatch(log.String(), -1)
			got := make([]string, len(levels))
			for i, level := range levels {
				got[i] = level[1]
			}
			assert.Equal(t, test.levels, strings.Join(got, " "))
		})
	}
}
