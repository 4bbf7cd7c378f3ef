package checkout

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go/money"
)

// AttentionQuery selects payments that need a person.
type AttentionQuery struct {
	// Outcome selects one outcome. Optional.
	Outcome Outcome
	// After is the ID of the last payment of the page before. "" begins with the oldest.
	After string
	// Limit is how many payments to return. Default: 50, at most 1000.
	Limit int
}

// Attention returns the payments that were not credited and are not resolved,
// oldest first. For the next page set After to the ID of the last one. The error is
// ErrInvalidQuery or that of the database.
func (s *Service) Attention(ctx context.Context, q AttentionQuery) ([]Payment, error) {
	switch {
	case q.After != "" && !idShape.MatchString(q.After):
		return nil, fmt.Errorf("checkout: attention: %w: After must be the ID of a payment", ErrInvalidQuery)
	case !isPlain(string(q.Outcome), 16):
		return nil, fmt.Errorf("checkout: attention: %w: unknown Outcome", ErrInvalidQuery)
	}
	query, args := qAttention, []any{q.After, limit(q.Limit)}
	if q.Outcome != "" {
		query, args = qAttentionOf, []any{q.After, q.Outcome, limit(q.Limit)}
	}
	records, err := queryAll(ctx, s.db, scanPayment, s.sql(query), args...)
	if err != nil {
		return nil, fmt.Errorf("checkout: attention: %w", err)
	}
	payments := make([]Payment, len(records))
	for i, r := range records {
		payments[i] = r.Payment
	}
	if err := s.addOrderAmounts(ctx, payments); err != nil {
		return nil, fmt.Errorf("checkout: attention: %w", err)
	}
	return payments, nil
}

// addOrderAmounts sets OrderAmount of the payments that have an order.
func (s *Service) addOrderAmounts(ctx context.Context, payments []Payment) error {
	var numbers []any
	for _, p := range payments {
		if p.OrderNo != "" {
			numbers = append(numbers, p.OrderNo)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	orders, err := queryAll(ctx, s.db, scanOrder, s.dialect.sqlText(s.config.TablePrefix,
		"SELECT "+orderColumns+" FROM {orders} WHERE order_no IN ("+placeholders(len(numbers))+")"), numbers...)
	if err != nil {
		return err
	}
	amounts := make(map[string]money.Amount, len(orders))
	for _, o := range orders {
		amounts[o.No] = o.Amount
	}
	for i := range payments {
		payments[i].OrderAmount = amounts[payments[i].OrderNo]
	}
	return nil
}

// Action is what a person decides about a payment.
type Action string

// The actions of Resolve.
const (
	// ActionCredit credits the order: Config.OnPaid runs.
	ActionCredit Action = "credit"
	// ActionRefunded notes that the money went back to the payer. Checkout does not move
	// money: refund it first.
	ActionRefunded Action = "refunded"
	// ActionDismiss notes that nothing is to be done.
	ActionDismiss Action = "dismiss"
)

// Resolution is the decision of a person about a payment.
type Resolution struct {
	// By names the person. Required, at most 128 bytes of text.
	By string
	// Reason says why. Required, at most 1000 bytes of text.
	Reason string
	// Action is what is decided. Required.
	Action Action
	// OrderNo is the order to credit, for ActionCredit. Default: the payment's order. It is
	// required for OutcomeOrphan, which has none.
	OrderNo string
	// At is when it was decided. Resolve sets it.
	At time.Time
}

func (r Resolution) validate() error {
	text := func(value string, longest int) bool {
		return value != "" && len(value) <= longest && utf8.ValidString(value) && !strings.ContainsRune(value, 0)
	}
	switch {
	case !text(r.By, 128):
		return fmt.Errorf("%w: By must have 1 to 128 bytes of text", ErrInvalidResolution)
	case !text(r.Reason, 1000):
		return fmt.Errorf("%w: Reason must have 1 to 1000 bytes of text", ErrInvalidResolution)
	case r.Action != ActionCredit && r.Action != ActionRefunded && r.Action != ActionDismiss:
		return fmt.Errorf("%w: Action must be credit, refunded or dismiss", ErrInvalidResolution)
	case r.OrderNo != "" && r.Action != ActionCredit:
		return fmt.Errorf("%w: OrderNo is for ActionCredit only", ErrInvalidResolution)
	default:
		return nil
	}
}

// Resolve carries out what a person decided about a payment, once, and keeps who decided
// it and why.
//
// The error is ErrInvalidResolution, ErrPaymentNotFound, ErrAlreadyResolved, ErrOrderNotFound
// or ErrOrderPaid for ActionCredit, or that of OnPaid or the database.
func (s *Service) Resolve(ctx context.Context, id string, r Resolution) error {
	const op = "resolve payment"
	if err := r.validate(); err != nil {
		return fmt.Errorf("checkout: %s: %w", op, err)
	}
	r.At = s.now()
	var p *paymentRecord
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		p, err = s.resolve(ctx, tx, id, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("checkout: %s: %w", op, err)
	}
	s.log.InfoContext(ctx, "checkout: payment resolved", "payment_id", id, "gateway", p.Gateway, "order_no", p.OrderNo,
		"outcome", string(p.Outcome), "action", string(r.Action), "by", r.By)
	return nil
}

func (s *Service) resolve(ctx context.Context, tx *sql.Tx, id string, r Resolution) (*paymentRecord, error) {
	if !idShape.MatchString(id) {
		return nil, ErrPaymentNotFound
	}
	p, err := scanPayment(tx.QueryRowContext(ctx, s.sql(qPayment), id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrPaymentNotFound
	case err != nil:
		return nil, fmt.Errorf("read payment: %w", err)
	case !p.Held:
		return nil, ErrAlreadyResolved
	}
	var o *lockedOrder
	if r.Action == ActionCredit {
		if o, err = s.lockToCredit(ctx, tx, p, r.OrderNo); err != nil {
			return nil, err
		}
		r.OrderNo, p.OrderNo, p.OrderAmount = o.orderNo, o.orderNo, o.amount
	}
	first, err := changed(tx.ExecContext(ctx, s.sql(qResolve), nullText(p.OrderNo), nullText(r.OrderNo), millis(r.At), r.By, r.Reason,
		r.Action, id))
	switch {
	case isDuplicate(err):
		return nil, fmt.Errorf("%w: %w", errConflict, err)
	case err != nil:
		return nil, fmt.Errorf("update payment: %w", err)
	case !first:
		return nil, ErrAlreadyResolved
	}
	p.Resolution = &r
	if o == nil {
		return p, nil
	}
	return p, s.credit(ctx, tx, o, &p.Payment)
}

// lockToCredit locks the order that a payment is to credit. attemptNo is set if the
// payment was made for an attempt of that order.
func (s *Service) lockToCredit(ctx context.Context, tx *sql.Tx, p *paymentRecord, orderNo string) (*lockedOrder, error) {
	if orderNo == "" {
		orderNo = p.OrderNo
	}
	if orderNo == "" {
		return nil, fmt.Errorf("%w: OrderNo is required for a payment without an order", ErrInvalidResolution)
	}
	if !orderNoShape.MatchString(orderNo) {
		return nil, ErrOrderNotFound
	}
	state, err := scanOrder(tx.QueryRowContext(ctx, s.sql(qLockOrder), orderNo))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrOrderNotFound
	case err != nil:
		return nil, fmt.Errorf("lock the order: %w", err)
	case state.Status == OrderPaid:
		return nil, ErrOrderPaid
	}
	if credited, err := s.isCredited(ctx, tx, orderNo); err != nil || credited {
		return nil, cmp.Or(err, ErrOrderPaid)
	}
	o := &lockedOrder{orderNo: state.No, currency: state.Currency, amount: state.Amount, orderStatus: state.Status}
	if orderNo == p.OrderNo {
		o.attemptNo = p.AttemptNo
	}
	return o, nil
}
