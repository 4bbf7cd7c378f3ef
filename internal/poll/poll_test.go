package poll

import (
	"context"
	"errors"
	"fmt"
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
	ctx, cancel := context.WithCancel(context.Background())
	for err, want := range map[error]bool{
		nil:                      false,
		failure.ErrNoAnswer:      true,
		failure.ErrBadAnswer:     true,
		failure.ErrOrderNotFound: false,
		context.DeadlineExceeded: false,
	} {
		assert.Equal(t, want, Passing(ctx, err), "%v", err)
	}
	assert.True(t, Passing(ctx, fmt.Errorf("ispay: %w", failure.ErrNoAnswer)))
	cancel()
	assert.False(t, Passing(ctx, failure.ErrNoAnswer))
}
