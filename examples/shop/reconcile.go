package main

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

const (
	// How often a worker without anything to do looks for something.
	idlePause = 500 * time.Millisecond
	// A payer is waiting: ask at least that often until the order expires.
	longestPause = 15 * time.Second
	// When the gateway does not answer.
	troublePause = 30 * time.Second
)

// afterExpiry is when an expired order is asked for once more: the callback of a
// late payment may be lost like any other.
var afterExpiry = []time.Duration{2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// reconcile finds the payments whose callback never came (补单). It asks the
// gateways for the orders that are due, at most settings.workers at a time. What
// is due stands in the database: several shops share the work, and what one
// leaves behind another does.
func (s *shop) reconcile(ctx context.Context) {
	var workers sync.WaitGroup
	for range s.settings.workers {
		workers.Add(1)
		go func() {
			defer workers.Done()
			s.work(ctx, rand.Text())
		}()
	}
	workers.Wait()
}

// work asks for one order after another until ctx ends. owner is the worker's
// name in the leases.
func (s *shop) work(ctx context.Context, owner string) {
	for ctx.Err() == nil {
		if s.workOnce(ctx, owner) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(idlePause):
		}
	}
}

// workOnce asks for one due order. It reports whether there was any.
func (s *shop) workOnce(ctx context.Context, owner string) bool {
	o, ok, err := s.store.claim(ctx, s.accounts(), owner, time.Now(), s.settings.leaseTime())
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "claim an order", "error", err)
	}
	if err != nil || !ok {
		return false
	}
	next := s.resolve(ctx, o)
	// A shop that is being stopped leaves the order free and due for another.
	if ctx.Err() != nil {
		next = o.NextQueryAt
	}
	if err := s.store.release(context.WithoutCancel(ctx), o.No, owner, next); err != nil {
		s.log.ErrorContext(ctx, "release an order", "order_no", o.No, "error", err)
	}
	return true
}

// resolve asks the gateway for an order, stores what it says, and returns when
// to ask again, the zero time for never.
func (s *shop) resolve(ctx context.Context, o order) time.Time {
	ctx, cancel := context.WithTimeout(ctx, s.settings.timeout)
	defer cancel()
	said, err := s.query(ctx, o)
	now := time.Now()
	over := now.After(s.closingTime(o))
	if err != nil {
		return s.unresolved(ctx, o, err, now, over)
	}
	switch {
	case said.Payment != nil:
		if err := s.accept(ctx, *said.Payment); err != nil {
			return nextInTrouble(o, now)
		}
		return time.Time{}
	case said.Unconfirmed:
		next := s.nextWhileOpen(o, now)
		if over {
			next = nextInTrouble(o, now)
		}
		return s.moveTo(ctx, o, statusUnconfirmed, next)
	case said.Closed || over:
		// One that is unconfirmed stays so: a person has to look where the money is.
		return s.moveTo(ctx, o, statusExpired, nextAfterExpiry(o, now))
	default:
		if err := s.store.found(ctx, o.No, said.OrderID, said.QRText, said.PayText); err != nil {
			s.log.ErrorContext(ctx, "store what the gateway says", "order_no", o.No, "error", err)
		}
		return s.nextWhileOpen(o, now)
	}
}

// unresolved decides about an order of which the gateway said nothing.
func (s *shop) unresolved(ctx context.Context, o order, err error, now time.Time, over bool) time.Time {
	switch {
	case errors.Is(err, errCannotAsk) && over:
		return s.moveTo(ctx, o, statusExpired, time.Time{})
	case errors.Is(err, errNotFound) && over:
		return s.moveTo(ctx, o, statusExpired, nextAfterExpiry(o, now))
	case errors.Is(err, errCannotAsk), errors.Is(err, errNotFound):
		// The create may still be on its way; and of an order that cannot be asked
		// for the callback may still come.
		next := s.nextWhileOpen(o, now)
		if err := s.store.unknown(ctx, o.No, next); err != nil {
			s.log.ErrorContext(ctx, "change the status of an order", "order_no", o.No, "error", err)
		}
		return next
	default:
		s.log.WarnContext(ctx, "the gateway could not be asked", "order_no", o.No, "gateway", o.Gateway, "error", err)
		return nextInTrouble(o, now)
	}
}

func (s *shop) query(ctx context.Context, o order) (answer, error) {
	offer, ok := s.offerOf(o.Gateway)
	if !ok {
		return answer{}, errCannotAsk
	}
	return offer.Query(ctx, o)
}

// moveTo changes the status and returns next, or a soon time if that failed.
func (s *shop) moveTo(ctx context.Context, o order, to status, next time.Time) time.Time {
	moved, err := s.store.move(ctx, o.No, to)
	if err != nil {
		s.log.ErrorContext(ctx, "change the status of an order", "order_no", o.No, "error", err)
		return nextInTrouble(o, time.Now())
	}
	if moved {
		s.log.InfoContext(ctx, "order "+string(to), "order_no", o.No, "gateway", o.Gateway)
	}
	return next
}

// closingTime is when an order that is not paid is given up.
func (s *shop) closingTime(o order) time.Time { return o.ExpiresAt.Add(s.settings.grace) }

// nextWhileOpen waits longer and longer, and asks once more at the closing time.
func (s *shop) nextWhileOpen(o order, now time.Time) time.Time {
	pause := s.settings.requery << min(o.Queries, 10)
	next := now.Add(min(pause, longestPause))
	if closing := s.closingTime(o); now.Before(closing) && next.After(closing) {
		return closing.Add(time.Millisecond)
	}
	return next
}

func nextAfterExpiry(o order, now time.Time) time.Time {
	for _, after := range afterExpiry {
		if next := o.ExpiresAt.Add(after); next.After(now) {
			return next
		}
	}
	return time.Time{}
}

// nextInTrouble asks again soon, and less and less often once the order is old: a
// gateway may be gone for good.
func nextInTrouble(o order, now time.Time) time.Time {
	return now.Add(max(troublePause, now.Sub(o.ExpiresAt)/4))
}
