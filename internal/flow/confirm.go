package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/paygates/paygates-go"
)

const opConfirm = "confirm notification"

// NotConfirmed returns the error for a notification that the gateway does not confirm.
func (c *Client) NotConfirmed(why string) error {
	return c.fail(opConfirm, fmt.Errorf("%w: %s", paygates.ErrNotConfirmed, c.Transport.Mask(why)))
}

// NotConfirmedBy is NotConfirmed for the error of a query that rules the payment out.
func (c *Client) NotConfirmedBy(cause error) error {
	return c.fail(opConfirm, fmt.Errorf("%w: %w", paygates.ErrNotConfirmed, cause))
}

// Confirm queries the order of a notification and compares: compare returns the
// difference, or "". Confirmations of one order at the same time share one query; each
// caller gets its own copy of the order.
//
// The error is ErrNotConfirmed if compare finds a difference or the gateway does not
// know the order (then ErrOrderNotFound as well), ErrBusy if too many are being
// confirmed, or that of query.
func Confirm[O any](
	ctx context.Context, c *Client, number string,
	query func(ctx context.Context, number string) (*O, error), compare func(*O) string,
) (*O, error) {
	order, err := shared(ctx, c, number, query)
	switch {
	case errors.Is(err, paygates.ErrOrderNotFound):
		return nil, c.NotConfirmedBy(err)
	case err != nil:
		return nil, err
	}
	if why := compare(order); why != "" {
		return nil, c.NotConfirmed(why)
	}
	return order, nil
}

// shared queries an order in the goroutine and within the context of the caller, or
// waits for a caller that does so already.
func shared[O any](
	ctx context.Context, c *Client, number string, query func(context.Context, string) (*O, error),
) (*O, error) {
	for {
		q, first := c.queries.join(number)
		if first {
			return ask(ctx, c, q, number, query)
		}
		select {
		case <-ctx.Done():
			return nil, c.fail(opConfirm, fmt.Errorf("%w: %w", paygates.ErrNoResponse, context.Cause(ctx)))
		case <-q.done:
		}
		order, ok := q.order.(*O)
		switch {
		case q.err != nil:
			return nil, q.err
		case ok:
			own := *order
			return &own, nil
		}
		// The first one gave up or panicked, so this caller asks.
	}
}

func ask[O any](
	ctx context.Context, c *Client, q *inFlight, number string, query func(context.Context, string) (*O, error),
) (order *O, err error) {
	finished := false
	defer func() {
		waiting := c.queries.leave(number)
		switch {
		case !waiting:
			return
		case !finished:
		case err == nil:
			own := *order
			q.order = &own
		case ctx.Err() == nil: // otherwise the error says nothing about the gateway
			q.err = err
		}
		close(q.done)
	}()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		finished = true
		return nil, c.fail(opConfirm, paygates.ErrBusy)
	}
	order, err = query(ctx, number)
	finished = true
	return order, err
}

// queries are the queries in flight, by the number of their order.
type queries struct {
	mu sync.Mutex
	by map[string]*inFlight
}

// inFlight is one query. Its result is set when done is closed, unless its caller gave
// up.
type inFlight struct {
	done    chan struct{} // of the first who waits
	waiting int           // callers besides its own
	order   any
	err     error
}

// join returns the query of an order. first reports that it is the caller's to send.
func (s *queries) join(number string) (q *inFlight, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q = s.by[number]; q != nil {
		if q.done == nil {
			q.done = make(chan struct{})
		}
		q.waiting++
		return q, false
	}
	if s.by == nil {
		s.by = map[string]*inFlight{}
	}
	q = &inFlight{}
	s.by[number] = q
	return q, true
}

// leave ends the query of an order and reports whether others wait for it.
func (s *queries) leave(number string) (waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.by[number]
	delete(s.by, number)
	return q.waiting > 0
}
