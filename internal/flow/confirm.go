package flow

import (
	"context"
	"errors"
	"fmt"

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

func shared[O any](
	ctx context.Context, c *Client, number string, query func(context.Context, string) (*O, error),
) (*O, error) {
	result := c.queries.DoChan(number, func() (order any, err error) {
		// In this goroutine a panic would end the program. It passes on to the callers,
		// where net/http recovers.
		defer func() {
			if p := recover(); p != nil {
				order, err = nil, &panicked{p}
			}
		}()
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		default:
			return nil, c.fail(opConfirm, paygates.ErrBusy)
		}
		// The query serves every caller, so it does not end with the first one's context.
		all, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.notificationTimeout)
		defer cancel()
		return query(all, number)
	})
	select {
	case <-ctx.Done():
		return nil, c.fail(opConfirm, fmt.Errorf("%w: %w", paygates.ErrNoResponse, context.Cause(ctx)))
	case r := <-result:
		if p, ok := r.Err.(*panicked); ok { //nolint:errorlint // made above, never wrapped
			panic(p.value)
		}
		order, ok := r.Val.(*O)
		if r.Err != nil || !ok {
			return nil, r.Err
		}
		own := *order
		return &own, nil
	}
}

// panicked is the panic of a query.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprint(p.value) }
