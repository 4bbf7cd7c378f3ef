package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/paygates/paygates-go/money"
)

// Run finds payments whose notification was lost, and ends orders that were not paid in
// time. It queries the gateways for the attempts that are due, with growing intervals, and
// deletes old entries of the journal. Any number of processes may run it on one database:
// each attempt is leased by one of them at a time. A gateway that hangs or fails slows
// down its own attempts only.
//
// It returns when ctx ends and what it began has ended. While the database is not
// reachable, it waits.
func (s *Service) Run(ctx context.Context) {
	s.warnOrphaned(ctx)
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		s.cleanUp(ctx)
	}()
	for _, gateway := range s.config.Gateways {
		all.Add(1)
		go func() {
			defer all.Done()
			(&worker{Service: s, gateway: gateway, slots: make(chan struct{}, s.config.QueriesPerGateway)}).run(ctx)
		}()
	}
	all.Wait()
}

// warnOrphaned names the gateways of open attempts that are not configured: they are
// not queried.
func (s *Service) warnOrphaned(ctx context.Context) {
	type account struct{ gateway, name string }
	accounts, err := queryAll(ctx, s.db, func(r row) (account, error) {
		var a account
		err := r.Scan(&a.gateway, &a.name)
		return a, err
	}, s.sql(qPendingOf))
	if err != nil {
		return // the workers will say so
	}
	for _, a := range accounts {
		if gateway, ok := s.gateways[a.gateway]; !ok || gateway.Account() != a.name {
			s.log.WarnContext(ctx, "checkout: open attempts of a gateway that is not configured", "gateway", a.gateway, "account", a.name)
		}
	}
}

// worker queries one gateway.
type worker struct {
	*Service
	gateway Gateway
	slots   chan struct{} // one for each query in flight
	backoff backoff
}

func (w *worker) run(ctx context.Context) {
	var queries sync.WaitGroup
	defer queries.Wait()
	for ctx.Err() == nil {
		full, err := w.round(ctx, &queries)
		if err != nil && ctx.Err() == nil {
			w.log.ErrorContext(ctx, "checkout: due attempts not read", "gateway", w.gateway.Name(), "error", err)
		}
		if full && err == nil {
			continue
		}
		sleep(ctx, w.config.PollInterval)
	}
}

// round leases due attempts and begins to query for them. It reports whether there may be
// more.
func (w *worker) round(ctx context.Context, queries *sync.WaitGroup) (bool, error) {
	if delay := w.backoff.remaining(w.now()); delay > 0 {
		sleep(ctx, min(delay, w.config.PollInterval))
		return false, nil
	}
	// The first slot is waited for; as many more as are free are taken with it.
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return false, nil
	}
	free := 1
	for free < cap(w.slots) {
		select {
		case w.slots <- struct{}{}:
			free++
			continue
		default:
		}
		break
	}
	due, err := w.lease(ctx, free)
	for range free - len(due) {
		<-w.slots
	}
	for _, a := range due {
		queries.Add(1)
		go func() {
			defer queries.Done()
			defer func() { <-w.slots }()
			w.query(ctx, a)
		}()
	}
	return len(due) == free, err
}

// query queries the gateway for a leased attempt, and ends the lease.
func (w *worker) query(ctx context.Context, a *dueAttempt) {
	next, err := w.work(ctx, w.gateway, a)
	w.backoff.note(err, w.now())
	if ctx.Err() != nil {
		next = w.now() // left to another process
	}
	w.release(context.WithoutCancel(ctx), a, next)
}

// dueAttempt is an attempt that is leased.
type dueAttempt struct {
	attemptNo, orderNo, gateway, account, orderID string
	status                                        AttemptStatus
	closesAt, unconfirmedAt                       time.Time
	queries                                       int64
	payable                                       money.Amount
	lease                                         string
}

func scanDue(r row) (*dueAttempt, error) {
	var a dueAttempt
	var orderID sql.NullString
	var closes, payable int64
	var unconfirmed sql.NullInt64
	err := r.Scan(&a.attemptNo, &a.orderNo, &a.gateway, &a.account, &orderID, &a.status, &closes, &unconfirmed, &a.queries, &payable)
	a.orderID, a.payable = orderID.String, money.Cents(payable)
	a.closesAt, a.unconfirmedAt = fromMillis(closes), fromNullMillis(unconfirmed)
	return &a, err
}

// lease returns up to n attempts that are due and keeps other processes from querying for
// them. A process that ends holds them until the lease ends.
func (w *worker) lease(ctx context.Context, n int) ([]*dueAttempt, error) {
	return w.leaseBy(ctx, qDue, w.gateway.Name(), w.gateway.Account(), millis(w.now()), n)
}

func (s *Service) leaseBy(ctx context.Context, query string, args ...any) ([]*dueAttempt, error) {
	token, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("make a lease: %w", err)
	}
	var due []*dueAttempt
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if due, err = queryAll(ctx, tx, scanDue, s.sql(query), args...); err != nil || len(due) == 0 {
			return err
		}
		update := `UPDATE {attempts} SET next_query_at = ?, lease = ? WHERE attempt_no IN (?` + strings.Repeat(", ?", len(due)-1) + `)`
		values := []any{millis(s.now().Add(s.lostAfter())), token.String()}
		for _, a := range due {
			a.lease = token.String()
			values = append(values, a.attemptNo)
		}
		_, err = tx.ExecContext(ctx, s.sql(update), values...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

// release ends a lease and says when to query again, the zero time for never. It does
// nothing if the lease has ended or the attempt was credited meanwhile.
func (s *Service) release(ctx context.Context, a *dueAttempt, next time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(qRelease), nullMillis(next), millis(s.now()), a.attemptNo, a.lease)
		return err
	})
	if err != nil { // the lease ends by itself
		s.log.WarnContext(ctx, "checkout: lease not released", "gateway", a.gateway, "order_no", a.orderNo, "error", err)
	}
}

const (
	// cleanUpInterval is how often old entries of the journal are deleted.
	cleanUpInterval = time.Hour
)

func (s *Service) cleanUp(ctx context.Context) {
	if s.config.JournalRetention < 0 {
		return
	}
	for ctx.Err() == nil {
		if err := s.deleteJournal(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "checkout: old journal entries not deleted", "error", err)
		}
		sleep(ctx, cleanUpInterval)
	}
}

// deleteJournal deletes the entries that are older than Config.JournalRetention.
func (s *Service) deleteJournal(ctx context.Context) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(qDeleteJournal), olderThan(s.now().Add(-s.config.JournalRetention)))
		return err
	})
}
