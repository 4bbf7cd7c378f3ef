// Package flow holds the steps that are the same at every gateway: waiting for a
// payment, confirming a notification, serving notifications.
package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
)

// minInterval is the shortest interval between two queries, defaultInterval the
// usual one.
const (
	minInterval     = 100 * time.Millisecond
	defaultInterval = 3 * time.Second
)

// mostUnexpected is how many unexpected responses in a row end a wait: after a wrong
// BaseURL all of them are unexpected.
const mostUnexpected = 5

const opWait = "wait for payment"

// Wait describes what is waited for.
type Wait[O any] struct {
	// Name and Number are for errors and log lines: the name of the number
	// ("order_no") and the number.
	Name, Number string
	// Query returns the order.
	Query func(ctx context.Context, number string) (*O, error)
	// State returns the order's state, whether it is paid, and whether it has ended.
	State func(*O) (state string, paid, final bool)
}

// For queries the order at once and then after each interval (0: defaultInterval, at
// least minInterval), until it is paid. It returns the last order, nil before the
// first response.
//
// The error is nil only if the order is paid. It is ErrNotPaid if the order ended
// otherwise, a rejection as the query returned it, ErrBadResponse after several
// unexpected responses in a row, or the context's error with the last cause. A
// gateway that does not respond or is unavailable is queried again, not before the
// time that it names.
func (w Wait[O]) For(ctx context.Context, c *Client, interval time.Duration) (*O, error) {
	if interval <= 0 {
		interval = defaultInterval
	}
	interval = max(interval, minInterval)
	var (
		last, lastErr = (*O)(nil), error(nil)
		state         string
		unexpected    int // responses in a row
		delay         time.Duration
	)
	for {
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		if ctx.Err() != nil {
			return last, c.ended(ctx, lastErr)
		}
		order, err := w.Query(ctx, w.Number)
		delay = max(interval, transport.RetryAfter(err))
		if err != nil {
			if ctx.Err() != nil && errors.Is(err, paygates.ErrNoResponse) {
				return last, c.ended(ctx, lastErr)
			}
			if isUnexpected(err) {
				unexpected++
			} else {
				unexpected = 0
			}
			if unexpected == mostUnexpected || !isPassing(err) {
				return last, err
			}
			lastErr = err
			c.Transport.Log(ctx, slog.LevelWarn, opWait, "waiting for payment", slog.String(w.Name, w.Number), slog.Any("error", err))
			continue
		}
		last, lastErr, unexpected = order, nil, 0
		text, paid, final := w.State(order)
		text = c.Transport.Mask(text)
		level := slog.LevelDebug
		if text != state {
			level = slog.LevelInfo
		}
		state = text
		c.Transport.Log(ctx, level, opWait, "waiting for payment", slog.String(w.Name, w.Number), slog.String("state", text))
		switch {
		case paid:
			return order, nil
		case final:
			return order, c.Transport.Fail(opWait, fmt.Errorf("%w: state %s", paygates.ErrNotPaid, text))
		}
	}
}

// ended returns the error of a wait whose context ended, with the error of the last query.
func (c *Client) ended(ctx context.Context, last error) error {
	cause := transport.Ended(ctx)
	if last != nil {
		cause = fmt.Errorf("%w (last query: %w)", cause, last)
	}
	return c.Transport.Fail(opWait, cause)
}

// isPassing reports whether the next query may succeed.
func isPassing(err error) bool {
	return errors.Is(err, paygates.ErrNoResponse) || errors.Is(err, paygates.ErrBadResponse) ||
		errors.Is(err, paygates.ErrUnavailable)
}

// isUnexpected reports whether a response is not the documented one. A gateway that is
// unavailable or does not respond says nothing about BaseURL.
func isUnexpected(err error) bool {
	return errors.Is(err, paygates.ErrBadResponse) && !errors.Is(err, paygates.ErrUnavailable)
}
