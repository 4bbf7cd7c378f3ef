package checkout

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// unconfirmedPrefix begins the number of a payment that the gateway does not confirm. See
// key: a gateway's own number is not stored with it.
const unconfirmedPrefix = "unconfirmed:"

func unconfirmedNo(attemptNo string) string { return unconfirmedPrefix + attemptNo }

// recordUnconfirmed stores a payment that the gateway does not confirm, so that a person
// sees it. It credits nothing.
func (s *Service) recordUnconfirmed(ctx context.Context, gateway Gateway, a *dueAttempt) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p := &Payment{
			PaymentNo: unconfirmedNo(a.attemptNo), AttemptNo: a.attemptNo, Source: SourceQuery,
			Gateway: gateway.Name(), Account: gateway.Account(), ReceivedAt: s.now(),
		}
		o, err := s.lock(ctx, tx, gateway, p, []lookup{{qLockByNo, p.AttemptNo}})
		if err != nil || o == nil || o.attemptStatus == AttemptPaid { // paid while the gateway was queried
			return err
		}
		known, err := queryAll(ctx, tx, scanPayment, s.sql(qPaymentsByNo), p.Gateway, p.Account, p.PaymentNo)
		if err != nil || len(known) > 0 {
			return err
		}
		if told, err := s.isTold(ctx, tx, o.orderNo, o.attemptNo); err != nil || told {
			return err
		}
		p.Amount, p.Currency = o.expected(), o.currency
		return s.insert(ctx, tx, o, p, OutcomeUnconfirmed)
	})
}

// isTold reports whether a notification has told of a payment of the attempt that credits nothing.
// The one that the query sees is the same. If the payment's number is another order's, a person
// decides first whether there is one.
func (s *Service) isTold(ctx context.Context, db querier, orderNo, attemptNo string) (bool, error) {
	payments, err := queryAll(ctx, db, scanPayment, s.sql(qPaymentsOfOrder), orderNo)
	return slices.ContainsFunc(payments, func(r *paymentRecord) bool {
		return r.AttemptNo == attemptNo && r.Outcome != OutcomeReused && !strings.HasPrefix(r.PaymentNo, unconfirmedPrefix)
	}), err
}

// confirm looks for a payment of the same attempt that was stored as unconfirmed. If a
// person has credited it or refunded it, the payment that arrives now is the same money: it
// gets its number, and confirm reports true. Otherwise the stored one needs no attention
// anymore.
func (s *Service) confirm(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) (bool, error) {
	known, err := queryAll(ctx, tx, scanPayment, s.sql(qPaymentsByNo), p.Gateway, p.Account, unconfirmedNo(o.attemptNo))
	if err != nil || len(known) == 0 {
		return false, err
	}
	r := known[0]
	if (r.creditedOrder != "" && !p.Refunded || r.wasRefunded()) && o.agrees(p) {
		_, err := tx.ExecContext(ctx, s.sql(qConfirmPayment), p.PaymentNo, p.Amount.Cents(), p.Currency,
			p.Received.Cents(), nullMillis(p.PaidAt), r.ID)
		if isDuplicate(err) {
			return false, errors.Join(errConflict, err)
		}
		p.ID, p.OrderNo, p.AttemptNo, p.Outcome, p.Resolution = r.ID, cmp.Or(r.creditedOrder, o.orderNo), o.attemptNo, r.Outcome, r.Resolution
		return true, err
	}
	if r.Held {
		if _, err := tx.ExecContext(ctx, s.sql(qCloseAttention), r.ID); err != nil {
			return false, fmt.Errorf("close unconfirmed payment: %w", err)
		}
	}
	return false, nil
}

// wasRefunded reports whether a person has given the money back.
func (r *paymentRecord) wasRefunded() bool {
	return r.Resolution != nil && r.Resolution.Action == ActionRefunded
}
