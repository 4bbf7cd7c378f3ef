package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/paygates/paygates-go"
)

const (
	// longestInterval is the longest interval between two queries while the payer can pay, and
	// the shortest one after a query that failed, in intervals of Config.QueryInterval.
	longestInterval = 6
	// givenUpAfter is when queries end that keep failing.
	givenUpAfter = 30 * 24 * time.Hour
)

// afterClosing is when the gateway is queried again for an attempt that has expired: the
// notification of a late payment can be lost as well.
func afterClosing() []time.Duration {
	return []time.Duration{2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour}
}

// work queries the gateway for an attempt, records what it says, and returns when to query
// again, the zero time for never. The error is that of the gateway.
func (s *Service) work(ctx context.Context, gateway Gateway, a *dueAttempt) (time.Time, error) {
	if a.status == AttemptStored || a.status == AttemptRejected { // the gateway does not know it
		var next time.Time
		if s.now().Before(a.closesAt) { // a query was on its way when it was rejected
			next = a.closesAt
		}
		return s.expire(ctx, a, next), nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.GatewayTimeout)
	defer cancel()
	result, err := queryAt(ctx, gateway, QueryRequest{AttemptNo: a.attemptNo, OrderNo: a.orderNo, OrderID: a.orderID})
	// What the gateway said is stored even if that took all the time.
	ctx = context.WithoutCancel(ctx)
	ctx, cancel = context.WithTimeout(ctx, s.config.NotificationTimeout)
	defer cancel()
	if err != nil {
		return s.failed(ctx, gateway, a, err), err
	}
	return s.found(ctx, gateway, a, result), nil
}

func queryAt(ctx context.Context, gateway Gateway, r QueryRequest) (result *QueryResult, err error) {
	defer func() {
		if value := recover(); value != nil {
			result, err = nil, fmt.Errorf("panic of type %T in the gateway", value)
		}
	}()
	result, err = gateway.Query(ctx, r)
	if err == nil && result == nil {
		err = errors.New("the gateway returned nothing")
	}
	return result, err
}

// found records what a gateway said about an attempt.
func (s *Service) found(ctx context.Context, gateway Gateway, a *dueAttempt, result *QueryResult) time.Time {
	now := s.now()
	over := now.After(a.closesAt)
	switch {
	case result.Payment != nil:
		return s.foundPayment(ctx, gateway, a, *result.Payment)
	case result.Unconfirmed:
		return s.foundUnconfirmed(ctx, gateway, a)
	case result.Closed || over:
		return s.end(ctx, gateway, a, nextAfterClosing(a, now))
	}
	if err := s.updateFound(ctx, a, result); err != nil {
		s.logWork(ctx, a, "result of query not stored", err)
	}
	return s.nextWhileOpen(a, now)
}

// foundPayment records a payment. If it does not credit the order, the gateway is queried
// again: it may report another amount later.
func (s *Service) foundPayment(ctx context.Context, gateway Gateway, a *dueAttempt, p Payment) time.Time {
	p.Source = SourceQuery
	outcome, err := s.record(ctx, gateway, &p)
	s.logPayment(ctx, &p, outcome, err)
	switch {
	case err != nil:
		return s.nextAfter(a, s.now())
	case outcome == OutcomeCredited:
		return time.Time{}
	default:
		return s.notCredited(ctx, a)
	}
}

// notCredited returns when to query again for a payment that is stored and credits nothing.
func (s *Service) notCredited(ctx context.Context, a *dueAttempt) time.Time {
	if now := s.now(); !now.After(a.closesAt) {
		return s.nextWhileOpen(a, now)
	}
	return s.expire(ctx, a, nextAfterClosing(a, s.now()))
}

// foundUnconfirmed notes a payment that the gateway does not confirm. After
// Config.UnconfirmedAfter a person has to look at it.
func (s *Service) foundUnconfirmed(ctx context.Context, gateway Gateway, a *dueAttempt) time.Time {
	now := s.now()
	next := s.nextWhileOpen(a, now)
	if now.After(a.closesAt) {
		next = s.nextInTrouble(a, now)
	}
	told, err := s.isTold(ctx, s.db, a.orderNo, a.attemptNo)
	if told {
		return s.notCredited(ctx, a)
	}
	if err == nil {
		_, err = s.db.ExecContext(ctx, s.sql(qStoreUnconfirmed), millis(now), a.attemptNo)
	}
	due := !a.unconfirmedAt.IsZero() && now.Sub(a.unconfirmedAt) >= s.config.UnconfirmedAfter || s.config.UnconfirmedAfter == 0
	if err == nil && due {
		err = s.recordUnconfirmed(ctx, gateway, a)
	}
	if err != nil {
		s.logWork(ctx, a, "unconfirmed payment not stored", err)
		if next.IsZero() {
			return s.nextAfter(a, now)
		}
	}
	return s.orGiveUp(ctx, gateway, a, next)
}

// orGiveUp returns next, and ends the attempt if that is the zero time: it is not queried
// anymore.
func (s *Service) orGiveUp(ctx context.Context, gateway Gateway, a *dueAttempt, next time.Time) time.Time {
	if next.IsZero() {
		return s.end(ctx, gateway, a, next)
	}
	return next
}

// end is expire for an attempt that was sent. If the gateway has seen a payment before and
// does not confirm it, a person has to look where the money is.
func (s *Service) end(ctx context.Context, gateway Gateway, a *dueAttempt, next time.Time) time.Time {
	if a.status == AttemptUnconfirmed {
		if err := s.recordUnconfirmed(ctx, gateway, a); err != nil {
			s.logWork(ctx, a, "unconfirmed payment not stored", err)
			return s.nextAfter(a, s.now())
		}
	}
	return s.expire(ctx, a, next)
}

// failed decides about an attempt after a query that failed.
func (s *Service) failed(ctx context.Context, gateway Gateway, a *dueAttempt, err error) time.Time {
	now := s.now()
	over := now.After(a.closesAt)
	unknown := errors.Is(err, ErrCannotQuery) || errors.Is(err, paygates.ErrOrderNotFound)
	switch {
	case unknown && over && errors.Is(err, ErrCannotQuery):
		return s.end(ctx, gateway, a, time.Time{})
	case unknown && over:
		return s.end(ctx, gateway, a, nextAfterClosing(a, now))
	case unknown:
		// The create may still be on its way, and the notification may still arrive.
		if a.status == AttemptCreating {
			if err := s.endCreate(ctx, &Attempt{No: a.attemptNo}, AttemptUnknown, ""); err != nil {
				s.logWork(ctx, a, "status not stored", err)
			}
		}
		return s.nextWhileOpen(a, now)
	default:
		s.logWork(ctx, a, "gateway not queried", err)
		return s.orGiveUp(ctx, gateway, a, s.nextInTrouble(a, now))
	}
}

// expire ends an attempt, and its order if no other attempt is open. It returns next, or a
// soon time if that failed.
func (s *Service) expire(ctx context.Context, a *dueAttempt, next time.Time) time.Time {
	var ended bool
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if ended, err = changed(tx.ExecContext(ctx, s.sql(qExpireAttempt), a.attemptNo)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, s.sql(qExpireOrder), a.orderNo, millis(s.now()))
		return err
	})
	if err != nil {
		s.logWork(ctx, a, "expiry not stored", err)
		return s.nextAfter(a, s.now())
	}
	if ended {
		s.log.InfoContext(ctx, "checkout: attempt expired", "gateway", a.gateway, "order_no", a.orderNo, "attempt_no", a.attemptNo)
	}
	return next
}

// updateFound stores what a query says of an attempt that is not paid: that it exists, and
// what the payer needs.
func (s *Service) updateFound(ctx context.Context, a *dueAttempt, result *QueryResult) error {
	stored, err := s.attempt(ctx, a.attemptNo)
	if err != nil {
		return err
	}
	result.Instructions.storable()
	i, merged := result.Instructions, stored.Instructions
	merged.merge(i)
	id := key(result.OrderID)
	if stored.Status == AttemptWaiting && (id == "" || id == stored.OrderID) && merged.sameAs(stored.Instructions) {
		return nil
	}
	amount := sql.NullInt64{Int64: i.Amount.Cents(), Valid: i.Amount != 0}
	currency := sql.NullString{String: i.Currency, Valid: amount.Valid}
	_, err = s.db.ExecContext(ctx, s.sql(qUpdateFound), nullText(id), nullText(i.QRText), nullText(i.QRImageURL), nullText(i.PayPageURL),
		nullText(i.Address), nullText(i.Chain), amount, currency, a.attemptNo)
	return err
}

func (s *Service) logWork(ctx context.Context, a *dueAttempt, message string, err error) {
	s.log.WarnContext(ctx, "checkout: "+message, "gateway", a.gateway, "order_no", a.orderNo, "attempt_no", a.attemptNo, "error", err)
}

// nextWhileOpen returns a longer interval each time, and the closing time itself.
func (s *Service) nextWhileOpen(a *dueAttempt, now time.Time) time.Time {
	interval := s.config.QueryInterval << min(a.queries/2, 10)
	next := now.Add(min(interval, longestInterval*s.config.QueryInterval))
	if now.Before(a.closesAt) && next.After(a.closesAt) {
		return a.closesAt.Add(time.Millisecond)
	}
	return next
}

// nextAfterClosing returns when to query for an attempt that has ended: at its closing time, when its
// order may end too, and then at those of afterClosing.
func nextAfterClosing(a *dueAttempt, now time.Time) time.Time {
	if now.Before(a.closesAt) {
		return a.closesAt.Add(time.Millisecond)
	}
	for _, after := range afterClosing() {
		if next := a.closesAt.Add(after); next.After(now) {
			return next
		}
	}
	return time.Time{}
}

// nextInTrouble queries again soon, and less often the older the attempt is: a gateway may
// be gone for good.
func (s *Service) nextInTrouble(a *dueAttempt, now time.Time) time.Time {
	if now.Sub(a.closesAt) > givenUpAfter {
		return time.Time{}
	}
	return s.nextAfter(a, now)
}

// nextAfter is nextInTrouble without an end: what the gateway told is not given up while our
// database or OnPaid fails.
func (s *Service) nextAfter(a *dueAttempt, now time.Time) time.Time {
	return now.Add(max(longestInterval*s.config.QueryInterval, now.Sub(a.closesAt)/4))
}

// sameAs reports whether nothing changed that updateFound stores.
func (i Instructions) sameAs(o Instructions) bool {
	return i.PayPageURL == o.PayPageURL && i.QRText == o.QRText && i.QRImageURL == o.QRImageURL &&
		i.Address == o.Address && i.Chain == o.Chain && i.Amount == o.Amount && i.Currency == o.Currency
}
