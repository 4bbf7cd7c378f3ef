package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
)

const opConfirm = "confirm notification"

// NotConfirmed returns the error for a notification that the gateway does not confirm.
func (c *Client) NotConfirmed(why string) error {
	return c.Transport.Fail(opConfirm, fmt.Errorf("%w: %s", paygates.ErrNotConfirmed, c.Transport.Mask(why)))
}

// NotConfirmedBy is NotConfirmed for the error of a query that rules the payment out.
func (c *Client) NotConfirmedBy(cause error) error {
	return c.Transport.Fail(opConfirm, fmt.Errorf("%w: %w", paygates.ErrNotConfirmed, cause))
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
		q := c.queries.join(number)
		if q == nil {
			return first(ctx, c, number, query)
		}
		select {
		case <-ctx.Done():
			return nil, c.Transport.Fail(opConfirm, fmt.Errorf("%w: %w", paygates.ErrNoResponse, transport.Ended(ctx)))
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
		// The first one gave up or panicked, so this caller queries.
	}
}

// first queries an order and passes the result to the callers that wait for it.
func first[O any](
	ctx context.Context, c *Client, number string, query func(context.Context, string) (*O, error),
) (order *O, err error) {
	defer func() {
		q := c.queries.leave(number)
		switch {
		case q == nil:
			return
		case err == nil && order != nil:
			own := *order
			q.order = &own
		case ctx.Err() == nil: // otherwise the error says nothing about the gateway
			q.err = err
		}
		close(q.done)
	}()
	select {
	case c.slots <- struct{}{}:
	default:
		return nil, c.Transport.Fail(opConfirm, paygates.ErrBusy)
	}
	defer func() { <-c.slots }()
	return query(ctx, number)
}

// queries are the queries in flight, by the number of their order: nil until another caller
// waits for it.
type queries struct {
	mu sync.Mutex
	by map[string]*inFlight
}

// inFlight is one query that others wait for. Its result is set when done is closed, unless
// the caller that sent it gave up.
type inFlight struct {
	done    chan struct{}
	waiting int
	order   any
	err     error
}

// join returns the query of an order to wait for, or nil if the caller has to send it.
func (s *queries) join(number string) *inFlight {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.by[number]
	if !ok {
		s.by[number] = nil
		return nil
	}
	if q == nil {
		q = &inFlight{done: make(chan struct{})}
		s.by[number] = q
	}
	q.waiting++
	return q
}

// leave ends the query of an order. It returns it if others wait for it.
func (s *queries) leave(number string) *inFlight {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.by[number]
	delete(s.by, number)
	return q
}
