// Package poll asks again and again until something is decided.
package poll

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/paygates/paygates-go/internal/failure"
)

// Least is the shortest pause between two questions, Default the usual one.
const (
	Least   = 100 * time.Millisecond
	Default = 3 * time.Second
)

// Until calls ask at once and then after each pause, until it reports that it is
// done or returns an error, or ctx ends; then the error is ctx's cause. A pause
// of zero or less is taken as [Default], one below [Least] as Least.
func Until(ctx context.Context, every time.Duration, ask func() (done bool, err error)) error {
	if every <= 0 {
		every = Default
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		// Both may be ready, and select takes either.
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if done, err := ask(); done || err != nil {
			return err
		}
		timer.Reset(max(every, Least))
	}
}

// Payment is an order that is waited for.
type Payment struct {
	// Gateway, Name and Number stand in log lines: the gateway, what it calls the
	// number of an order, and the number.
	Gateway, Name, Number string
	Log                   *slog.Logger
	// Ask queries the order once. It returns its state, and whether it is paid or
	// an error that ends the waiting; "" with an error if the query failed.
	Ask func() (state string, paid bool, err error)
}

// Wait asks until the order is paid, an error ends the waiting, or ctx ends, as
// by [Until]. A query that failed in [Passing] is repeated; one that failed so
// because ctx ended leaves ctx's cause as the error. Each answer is logged at
// debug level, each new state at info level.
func Wait(ctx context.Context, every time.Duration, p Payment) error {
	last := ""
	return Until(ctx, every, func() (bool, error) {
		state, paid, err := p.Ask()
		switch {
		case Passing(err):
			if ctx.Err() == nil {
				p.Log.WarnContext(ctx, p.Gateway+": waiting for payment", p.Name, p.Number, "error", err)
			}
			return false, nil
		case state == "":
			return false, err
		}
		level := slog.LevelDebug
		if state != last {
			level = slog.LevelInfo
		}
		p.Log.Log(ctx, level, p.Gateway+": waiting for payment", p.Name, p.Number, "state", state)
		last = state
		return paid, err
	})
}

// Passing reports whether a query's error may be gone at the next try: no
// answer or an unreadable one.
func Passing(err error) bool {
	return errors.Is(err, failure.ErrNoAnswer) || errors.Is(err, failure.ErrBadAnswer)
}
