// Package poll asks again and again until something is decided.
package poll

import (
	"context"
	"errors"
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

// Passing reports whether a query's error may be gone at the next try: no
// answer or an unreadable one, while ctx goes on.
func Passing(ctx context.Context, err error) bool {
	return ctx.Err() == nil && (errors.Is(err, failure.ErrNoAnswer) || errors.Is(err, failure.ErrBadAnswer))
}
