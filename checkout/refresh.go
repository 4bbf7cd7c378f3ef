package checkout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// minRefresh is the shortest interval between two queries of one attempt: a payer who
// reloads the page does not reach the gateway each time.
const minRefresh = 2 * time.Second

// Refresh queries the gateway for the open attempts of an order at once and returns the
// order: call it when the payer comes back from the cashier page. It takes at most
// Config.RefreshTimeout. An attempt that was queried within the last 2 s, or that another
// process is querying, is not queried again. If the gateway does not respond, the order is
// returned as stored.
//
// The error is ErrOrderNotFound or that of the database.
func (s *Service) Refresh(ctx context.Context, orderNo string) (*OrderState, error) {
	const op = "refresh order"
	if !orderNoShape.MatchString(orderNo) {
		return nil, fmt.Errorf("checkout: %s: %w", op, ErrOrderNotFound)
	}
	// The state before tells an unknown number, and a paid order needs no query.
	state, err := s.Order(ctx, orderNo)
	if err != nil || state.Status == OrderPaid {
		return state, err
	}
	due, err := s.leaseBy(ctx, qRefresh, orderNo, millis(s.now().Add(-min(minRefresh, s.config.QueryInterval))), millis(s.now()))
	if err != nil {
		return nil, fmt.Errorf("checkout: %s: %w", op, err)
	}
	if len(due) == 0 {
		return state, nil
	}
	s.refresh(ctx, due)
	return s.Order(ctx, orderNo)
}

// refresh queries for leased attempts and waits for at most Config.RefreshTimeout.
func (s *Service) refresh(ctx context.Context, due []*dueAttempt) {
	// The queries and what they find end on their own, so that a payer who closes the
	// browser leaves no lease behind.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.RefreshTimeout)
	var queries sync.WaitGroup
	for _, a := range due {
		gateway, ok := s.gateways[a.gateway]
		if !ok || gateway.Account() != a.account {
			s.release(context.WithoutCancel(ctx), a, s.now().Add(s.config.QueryInterval))
			continue
		}
		queries.Add(1)
		go func() {
			defer queries.Done()
			next, err := s.work(limited, gateway, a)
			if errors.Is(err, context.DeadlineExceeded) {
				next = s.now().Add(s.config.QueryInterval) // the payer's patience says nothing about the gateway
			}
			s.release(context.WithoutCancel(ctx), a, next)
		}()
	}
	done := make(chan struct{})
	go func() {
		queries.Wait()
		cancel()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	case <-limited.Done():
	}
}
