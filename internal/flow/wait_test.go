package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
)

func wait(query func(context.Context, string) (*order, error)) Wait[order] {
	return Wait[order]{
		Name: "order_no", Number: "1", Query: query,
		State: func(o *order) (string, bool, bool) { return o.State, o.Paid, o.State == "expired" },
	}
}

func TestWaitQueriesAtOnce(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	queries := 0
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	got, err := wait(func(_ context.Context, number string) (*order, error) {
		queries++
		return &order{No: number, Paid: true}, nil
	}).For(ctx, c, time.Hour)
	require.NoError(t, err)
	assert.Equal(t, &order{No: "1", Paid: true}, got)
	assert.Equal(t, 1, queries)
}

func TestWaitKeepsTheMinimalInterval(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	queries, begin := 0, time.Now()
	_, err := wait(func(context.Context, string) (*order, error) {
		queries++
		return &order{Paid: queries == 3}, nil
	}).For(context.Background(), c, time.Nanosecond)
	require.NoError(t, err)
	assert.Equal(t, 3, queries)
	assert.GreaterOrEqual(t, time.Since(begin), 2*minInterval)
}

func TestWaitUsesTheDefaultInterval(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	for _, interval := range []time.Duration{0, -time.Second} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*minInterval)
		queries := 0
		got, err := wait(func(context.Context, string) (*order, error) {
			queries++
			return &order{State: "new"}, nil
		}).For(ctx, c, interval)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "example: wait for payment: context deadline exceeded")
		assert.Equal(t, &order{State: "new"}, got, "the last order")
		assert.Equal(t, 1, queries)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	c, log := client(nil)
	why := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(context.Background())
	queries := 0
	_, err := wait(func(context.Context, string) (*order, error) {
		queries++
		cancel(why)
		return &order{State: "new"}, nil
	}).For(ctx, c, time.Hour)
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, queries)
	for range 100 {
		got, err := wait(func(context.Context, string) (*order, error) { queries++; return &order{Paid: true}, nil }).For(ctx, c, minInterval)
		require.ErrorIs(t, err, why)
		require.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, got)
	}
	assert.Equal(t, 1, queries, "a context that has ended sends nothing")
	assert.NotContains(t, log.String(), "WARN")
}

// A query that fails because the context has ended is not the cause.
func TestWaitEndsWithTheContextWithinAQuery(t *testing.T) {
	t.Parallel()
	why := errors.New("shutting down")
	c, log := client(nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	_, err := wait(func(context.Context, string) (*order, error) {
		cancel(why)
		return nil, fmt.Errorf("query: %w", paygates.ErrNoResponse)
	}).For(ctx, c, 0)
	require.EqualError(t, err, "example: wait for payment: context canceled: shutting down")
	assert.Empty(t, log.String())
}

// result is what one query returns.
type result struct {
	state string
	paid  bool
	err   error
}

func TestWait(t *testing.T) {
	t.Parallel()
	var (
		silent      = fmt.Errorf("query: %w", paygates.ErrNoResponse)
		bad         = fmt.Errorf("query: %w", paygates.ErrBadResponse)
		unavailable = fmt.Errorf("query: %w: %w", paygates.ErrUnavailable, paygates.ErrBadResponse)
		rejected    = &paygates.Error{Gateway: "example", Op: "query", Code: "1004"}
		unpaid      = result{"1", false, nil}
		paid        = result{"9", true, nil}
		fails       = func(err error, n int) (all []result) {
			for range n {
				all = append(all, result{err: err})
			}
			return all
		}
		join = func(lists ...[]result) (all []result) {
			for _, list := range lists {
				all = append(all, list...)
			}
			return all
		}
	)
	tests := map[string]struct {
		results []result
		want    error
		levels  string
	}{
		"paid at once":            {[]result{paid}, nil, "INFO"},
		"paid after a while":      {[]result{unpaid, unpaid, paid}, nil, "INFO DEBUG INFO"},
		"over no response":        {join(fails(silent, 6), []result{paid}), nil, "WARN WARN WARN WARN WARN WARN INFO"},
		"over unavailability":     {join(fails(unavailable, 6), []result{paid}), nil, "WARN WARN WARN WARN WARN WARN INFO"},
		"until a rejection":       {[]result{unpaid, {err: rejected}}, rejected, "INFO"},
		"until it is not found":   {[]result{{err: paygates.ErrOrderNotFound}}, paygates.ErrOrderNotFound, ""},
		"until it has ended":      {[]result{unpaid, {"expired", false, nil}}, paygates.ErrNotPaid, "INFO INFO"},
		"over unreadable ones":    {join(fails(bad, 4), []result{unpaid}, fails(bad, 4), []result{paid}), nil, "WARN WARN WARN WARN INFO WARN WARN WARN WARN INFO"},
		"until five in a row":     {join([]result{unpaid}, fails(bad, 5)), bad, "INFO WARN WARN WARN WARN"},
		"a gap begins a new row":  {join(fails(bad, 4), fails(silent, 1), fails(bad, 4), []result{paid}), nil, strings.Repeat("WARN ", 9) + "INFO"},
		"until an unknown error":  {[]result{{err: errors.New("other")}}, errors.New("other"), ""},
		"until an invalid number": {[]result{{err: paygates.ErrInvalidRequest}}, paygates.ErrInvalidRequest, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, log := client(nil)
			queries := 0
			got, err := wait(func(context.Context, string) (*order, error) {
				next := test.results[queries]
				queries++
				if next.err != nil {
					return nil, next.err
				}
				return &order{State: next.state, Paid: next.paid}, nil
			}).For(context.Background(), c, time.Nanosecond)
			if test.want == nil {
				require.NoError(t, err)
				assert.Equal(t, &order{State: "9", Paid: true}, got)
			} else {
				require.ErrorContains(t, err, test.want.Error())
			}
			if errors.Is(test.want, paygates.ErrNotPaid) {
				require.EqualError(t, err, "example: wait for payment: order ended without a payment: state expired")
				assert.Equal(t, "expired", got.State)
			}
			assert.Equal(t, len(test.results), queries)
			levels := regexp.MustCompile(`level=(\w+) msg="example: waiting for payment" gateway=example op="wait for payment" order_no=1`).FindAllStringSubmatch(log.String(), -1)
			all := make([]string, len(levels))
			for i, level := range levels {
				all[i] = level[1]
			}
			assert.Equal(t, strings.TrimSpace(test.levels), strings.Join(all, " "))
		})
	}
}

// A deadline says what kept the wait from its end.
func TestWaitNamesTheLastCause(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	ctx, cancel := context.WithTimeout(context.Background(), 3*minInterval/2)
	defer cancel()
	queries := 0
	got, err := wait(func(context.Context, string) (*order, error) {
		if queries++; queries == 1 {
			return &order{State: "new"}, nil
		}
		return nil, &paygates.Error{Gateway: "example", Op: "query order", HTTPStatus: 404, Err: paygates.ErrBadResponse}
	}).For(ctx, c, minInterval)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, paygates.ErrBadResponse)
	require.EqualError(t, err, "example: wait for payment: context deadline exceeded (last query: example: query order: HTTP 404: unexpected response)")
	assert.Equal(t, "new", got.State)
}

// A wait does not query again before the time that the gateway requests, and does not
// wait beyond the deadline.
func TestWaitHonorsRetryAfter(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(status)
		}))
		t.Cleanup(s.Close)
		c, _ := client(nil)
		ctx, cancel := context.WithTimeout(context.Background(), 6*minInterval)
		defer cancel()
		queries, begin := 0, time.Now()
		_, err := wait(func(ctx context.Context, _ string) (*order, error) {
			queries++
			return transport.Send(ctx, c.Transport, transport.Call{Op: "query order", Method: http.MethodGet, URL: s.URL},
				func(r transport.Response) (*order, error) { return nil, r.Bad("no state") })
		}).For(ctx, c, minInterval)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, paygates.ErrUnavailable)
		assert.Equal(t, 1, queries)
		assert.Less(t, time.Since(begin), 5*time.Second)
	}
}

// A state is a text of the gateway.
func TestWaitMasksTheState(t *testing.T) {
	t.Parallel()
	c, log := client(nil)
	w := wait(func(context.Context, string) (*order, error) { return &order{State: "key example-secret\n"}, nil })
	w.State = func(o *order) (string, bool, bool) { return o.State, false, true }
	_, err := w.For(context.Background(), c, 0)
	require.EqualError(t, err, "example: wait for payment: order ended without a payment: state key [redacted]?")
	assert.NotContains(t, log.String(), "example-secret")
}
