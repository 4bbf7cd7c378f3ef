package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

func same(*order) string { return "" }

func TestConfirm(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	found := func(_ context.Context, number string) (*order, error) { return &order{No: number, Paid: true}, nil }
	got, err := Confirm(context.Background(), c, "1", found, func(o *order) string {
		assert.Equal(t, &order{No: "1", Paid: true}, o)
		return ""
	})
	require.NoError(t, err)
	assert.Equal(t, &order{No: "1", Paid: true}, got)

	got, err = Confirm(context.Background(), c, "1", found, func(*order) string { return "the gateway says state example-secret" })
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.EqualError(t, err, "example: confirm notification: not confirmed by the gateway: the gateway says state [redacted]")
	assert.Nil(t, got)

	for cause, want := range map[error]error{
		paygates.ErrOrderNotFound: paygates.ErrNotConfirmed,
		paygates.ErrNoResponse:    paygates.ErrNoResponse,
		paygates.ErrBadResponse:   paygates.ErrBadResponse,
	} {
		got, err = Confirm(context.Background(), c, "1", func(context.Context, string) (*order, error) {
			return nil, fmt.Errorf("query: %w", cause)
		}, func(*order) string { t.Error("compared"); return "" })
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, errors.Is(cause, paygates.ErrOrderNotFound), errors.Is(err, paygates.ErrNotConfirmed))
		assert.Nil(t, got)
	}
}

// join waits until n callers wait for the query of order "1".
func join(t *testing.T, c *Client, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		c.queries.mu.Lock()
		defer c.queries.mu.Unlock()
		q := c.queries.by["1"]
		return q != nil && q.waiting == n
	}, 10*time.Second, time.Millisecond)
}

// meet starts n confirmations of one order and lets the query end when all have begun.
func meet(t *testing.T, c *Client, n int, query func(context.Context, string) (*order, error)) ([]*order, []error) {
	t.Helper()
	entered, release := make(chan struct{}, n), make(chan struct{})
	orders, errs := make([]*order, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Add(1)
		go func() {
			defer all.Done()
			orders[i], errs[i] = Confirm(context.Background(), c, "1", func(ctx context.Context, number string) (*order, error) {
				entered <- struct{}{}
				<-release
				return query(ctx, number)
			}, same)
		}()
	}
	<-entered
	join(t, c, n-1)
	close(release)
	all.Wait()
	return orders, errs
}

func TestConcurrentConfirmationsShareOneQuery(t *testing.T) {
	t.Parallel()
	c, _ := client(func(s *settings) { s.MaxConfirmations = 1 })
	var queries atomic.Int32
	orders, errs := meet(t, c, 50, func(_ context.Context, number string) (*order, error) {
		queries.Add(1)
		return &order{No: number, Paid: true}, nil
	})
	assert.EqualValues(t, 1, queries.Load())
	for i, got := range orders {
		require.NoError(t, errs[i])
		assert.Equal(t, &order{No: "1", Paid: true}, got)
		got.No = fmt.Sprint(i) // each caller has a copy
	}
	for i, got := range orders {
		assert.Equal(t, fmt.Sprint(i), got.No)
	}
	_, err := Confirm(context.Background(), c, "1", func(context.Context, string) (*order, error) {
		queries.Add(1)
		return &order{}, nil
	}, same)
	require.NoError(t, err)
	assert.EqualValues(t, 2, queries.Load(), "a later one sends its own")
}

// The caller that sent the query may change its order before another has taken a copy.
func TestTheOrderOfTheFirstCallerIsItsOwn(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	require.Nil(t, c.queries.join("1"))
	others := c.queries.join("1")
	first, err := first(context.Background(), c, "1", func(_ context.Context, number string) (*order, error) {
		return &order{No: number}, nil
	})
	require.NoError(t, err)
	<-others.done
	first.No = "changed"
	assert.Equal(t, &order{No: "1"}, others.order)
}

func TestConfirmationsAreLimited(t *testing.T) {
	t.Parallel()
	const most = 3
	c, _ := client(func(s *settings) { s.MaxConfirmations = most })
	entered, release := make(chan struct{}), make(chan struct{})
	query := func(context.Context, string) (*order, error) {
		entered <- struct{}{}
		<-release
		return &order{}, nil
	}
	var all sync.WaitGroup
	for i := range most {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := Confirm(context.Background(), c, fmt.Sprint(i), query, same)
			assert.NoError(t, err)
		}()
		<-entered
	}
	_, err := Confirm(context.Background(), c, "one more", query, same)
	require.ErrorIs(t, err, paygates.ErrBusy)
	assert.Equal(t, http.StatusServiceUnavailable, paygates.NotificationStatus(err))
	close(release)
	all.Wait()
	_, err = Confirm(context.Background(), c, "one more", func(context.Context, string) (*order, error) { return &order{}, nil }, same)
	require.NoError(t, err, "the slots are free again")
}

// The first caller may leave: the next one queries in its place.
func TestTheNextCallerAsksWhenTheFirstGivesUp(t *testing.T) {
	t.Parallel()
	c, _ := client(func(s *settings) { s.MaxConfirmations = 1 })
	ctx, cancel := context.WithCancelCause(context.Background())
	entered := make(chan struct{})
	first := make(chan error, 1)
	go func() {
		_, err := Confirm(ctx, c, "1", func(ctx context.Context, _ string) (*order, error) {
			close(entered)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}, same)
		first <- err
	}()
	<-entered

	const others = 20
	var queries atomic.Int32
	results := make(chan error, others)
	release := make(chan struct{})
	for range others {
		go func() {
			got, err := Confirm(context.Background(), c, "1", func(context.Context, string) (*order, error) {
				queries.Add(1)
				<-release
				return &order{Paid: true}, nil
			}, same)
			if err == nil && !got.Paid {
				err = errors.New("another order")
			}
			results <- err
		}()
	}
	impatient, leave := context.WithCancelCause(context.Background())
	gone := errors.New("gone")
	leave(gone)
	_, err := Confirm(impatient, c, "1", func(context.Context, string) (*order, error) { return nil, errors.New("queried") }, same)
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, paygates.ErrNoResponse)

	join(t, c, others+1)
	why := errors.New("shutting down")
	cancel(why)
	require.ErrorIs(t, <-first, why)
	join(t, c, others-1)
	close(release)
	for range others {
		require.NoError(t, <-results)
	}
	assert.EqualValues(t, 1, queries.Load())
}

// A panic of a query, in a custom transport for example, is its caller's alone.
func TestAPanicOfAQueryReachesItsCaller(t *testing.T) {
	t.Parallel()
	c, _ := client(func(s *settings) { s.MaxConfirmations = 1 })
	entered, release := make(chan struct{}), make(chan struct{})
	panicked := make(chan any, 1)
	go func() {
		defer func() { panicked <- recover() }()
		_, _ = Confirm(context.Background(), c, "1", func(context.Context, string) (*order, error) {
			close(entered)
			<-release
			panic(http.ErrAbortHandler)
		}, same)
	}()
	<-entered
	second := make(chan error, 1)
	go func() {
		_, err := Confirm(context.Background(), c, "1", func(context.Context, string) (*order, error) { return &order{}, nil }, same)
		second <- err
	}()
	join(t, c, 1)
	close(release)
	assert.Equal(t, http.ErrAbortHandler, <-panicked)
	require.NoError(t, <-second)
}
