package checkout

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/paygates/paygates-go/money"
)

// errOnPaid marks an error of Config.OnPaid.
var errOnPaid = errors.New("OnPaid")

// record stores a payment and credits its order if judge says so. It may be called any
// number of times for one payment, also at the same time and by several processes: the
// first call decides, and the others return what it decided.
//
// p gets the fields that the gateway does not know.
func (s *Service) record(ctx context.Context, gateway Gateway, p *Payment) (Outcome, error) {
	p.Gateway, p.Account, p.ReceivedAt = gateway.Name(), gateway.Account(), s.now()
	p.PaymentNo, p.AttemptNo, p.OrderID = key(p.PaymentNo), key(p.AttemptNo), key(p.OrderID)
	p.OrderNo, p.Currency = key(p.OrderNo), currencyKey(p.Currency)
	if p.PaymentNo == "" {
		return "", errors.New("the gateway gave the payment no number")
	}
	by := []lookup{{qLockByID, p.OrderID}, {qLockByNo, p.AttemptNo}, {qLockByOrder, p.OrderNo}}
	fast := true
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		o, err := s.lock(ctx, tx, gateway, p, by)
		if err != nil {
			return err
		}
		// Most payments are the first of an order that is not paid. If another order has
		// used the payment number, the insert fails and the next attempt looks at it.
		if fast && o != nil && o.payments == 0 && o.orderStatus != OrderPaid {
			fast = false
			return s.insert(ctx, tx, o, p, o.judge(p, p.ReceivedAt, s.config.ClockTolerance))
		}
		return s.recordKnown(ctx, tx, gateway, o, p)
	})
	if err != nil {
		return "", err
	}
	return p.Outcome, nil
}

// lookup is a way to find the attempt of a payment.
type lookup struct{ query, number string }

// lock returns the attempt and the order of a payment and keeps other transactions from
// deciding about them. It returns nil if there is none at this gateway and account.
func (s *Service) lock(ctx context.Context, tx *sql.Tx, gateway Gateway, p *Payment, ways []lookup) (*lockedOrder, error) {
	for _, by := range ways {
		if by.number == "" {
			continue
		}
		o := lockedOrder{mayShift: gateway.Capabilities().AmountMayShift, guessed: by.query == qLockByOrder}
		var amount, payable, expires int64
		var orderID sql.NullString
		err := s.queryRow(ctx, tx, by.query, by.number, p.Gateway, p.Account).Scan(&o.orderNo, &o.currency, &amount,
			&o.orderStatus, &expires, &o.payments, &o.attemptNo, &orderID, &payable, &o.attemptStatus)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return nil, fmt.Errorf("lock the order: %w", err)
		case p.OrderID != "" && orderID.Valid && orderID.String != p.OrderID:
			continue // the gateway created another order for this attempt
		}
		o.amount, o.payable, o.orderExpires = money.Cents(amount), money.Cents(payable), fromMillis(expires)
		return &o, nil
	}
	return nil, nil //nolint:nilnil // an orphan
}

// recordKnown records a payment whose number may be stored already.
func (s *Service) recordKnown(ctx context.Context, tx *sql.Tx, gateway Gateway, o *lockedOrder, p *Payment) error {
	known, err := queryAll(ctx, tx, scanPayment, s.sql(qPaymentsByNo), p.Gateway, p.Account, p.PaymentNo)
	if err != nil {
		return fmt.Errorf("read payments: %w", err)
	}
	if o, err = s.lockStored(ctx, tx, gateway, o, p, known); err != nil {
		return err
	}
	ref := reference(o, p)
	for _, r := range known {
		// An orphan is known by what the gateway said, which may be its own number.
		adopted := r.Outcome == OutcomeOrphan && (r.orderRef == p.OrderID || r.orderRef == p.AttemptNo)
		if r.orderRef == ref || adopted {
			return s.again(ctx, tx, o, p, r)
		}
	}
	if o != nil && len(known) == 0 {
		if confirmed, err := s.confirm(ctx, tx, o, p); err != nil || confirmed {
			return err
		}
	}
	outcome := OutcomeOrphan
	switch {
	case len(known) > 0:
		outcome = OutcomeReused
	case o != nil:
		if outcome, err = s.judge(ctx, tx, o, p); err != nil {
			return err
		}
	}
	return s.insert(ctx, tx, o, p, outcome)
}

// lockStored returns o, or the attempt under which the payment is stored if o is a guess: attempts
// may have been made since then.
func (s *Service) lockStored(ctx context.Context, tx *sql.Tx, gateway Gateway, o *lockedOrder, p *Payment, known []*paymentRecord) (*lockedOrder, error) {
	if o == nil || !o.guessed {
		return o, nil
	}
	for _, r := range known {
		if r.OrderNo != o.orderNo || r.AttemptNo == o.attemptNo {
			continue
		}
		stored, err := s.lock(ctx, tx, gateway, &Payment{Gateway: p.Gateway, Account: p.Account}, []lookup{{qLockByNo, r.AttemptNo}})
		if err != nil || stored != nil {
			return stored, err
		}
	}
	return o, nil
}

// judge is lockedOrder.judge for an order whose number may be credited already, although the order
// is not paid: it was deleted and stored again. The table takes no second credit.
func (s *Service) judge(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) (Outcome, error) {
	outcome := o.judge(p, p.ReceivedAt, s.config.ClockTolerance)
	if outcome != OutcomeCredited {
		return outcome, nil
	}
	credited, err := s.isCredited(ctx, tx, o.orderNo)
	if credited {
		outcome = OutcomeDuplicate
	}
	return outcome, err
}

// isCredited reports whether a payment credits the order.
func (s *Service) isCredited(ctx context.Context, tx *sql.Tx, orderNo string) (bool, error) {
	var n int
	if err := tx.QueryRowContext(ctx, s.sql(qPaidBy), orderNo).Scan(&n); err != nil {
		return false, fmt.Errorf("read payments: %w", err)
	}
	return n > 0, nil
}

// again decides about a payment that is stored already. What was decided stays, unless
// nothing was credited and the gateway now reports something else: another amount, or an
// order that was not stored before.
func (s *Service) again(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment, r *paymentRecord) error {
	r.addTo(p)
	p.ID, p.Outcome, p.OrderNo, p.Resolution = r.ID, r.Outcome, r.OrderNo, r.Resolution
	if !r.Held || o == nil || r.Outcome == OutcomeReused || r.Outcome != OutcomeOrphan && r.hasFacts(p) {
		return nil
	}
	return s.decideAgain(ctx, tx, o, p)
}

// addTo adds what the gateway has told of a payment before and does not tell now. Only the
// notifications of some gateways tell what was received and when. A notification can be older
// than what is stored: money that went back to the payer is not there again.
func (r *paymentRecord) addTo(p *Payment) {
	if p.Received == 0 {
		p.Received = r.Received
	}
	if p.PaidAt.IsZero() {
		p.PaidAt = r.PaidAt
	}
	p.Refunded = p.Refunded || r.Outcome == OutcomeRefunded
}

// hasFacts reports whether a payment says nothing that is not stored.
func (r *paymentRecord) hasFacts(p *Payment) bool {
	return r.Amount == p.Amount && r.Currency == p.Currency && r.Received == p.Received &&
		p.PaidAt.UnixMilli() == r.PaidAt.UnixMilli() &&
		p.Refunded == (r.Outcome == OutcomeRefunded)
}

// decideAgain replaces the facts of a stored payment and decides anew.
func (s *Service) decideAgain(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) error {
	outcome, err := s.judge(ctx, tx, o, p)
	if err != nil {
		return err
	}
	p.Outcome = outcome
	p.OrderNo, p.OrderAmount = o.orderNo, o.amount
	credited, attention := marks(o, p.Outcome)
	updated, err := changed(tx.ExecContext(ctx, s.sql(qUpdatePayment), reference(o, p), o.attemptNo, o.orderNo,
		p.Amount.Cents(), p.Currency, p.Received.Cents(), nullMillis(p.PaidAt), p.Outcome, credited, attention, p.ID))
	switch {
	case isDuplicate(err):
		return fmt.Errorf("%w: %w", errConflict, err)
	case err != nil:
		return fmt.Errorf("update payment: %w", err)
	case !updated:
		return fmt.Errorf("%w: payment %s", errConflict, p.ID) // resolved by a person meanwhile
	}
	return s.settle(ctx, tx, o, p)
}

// insert stores a payment with what was decided, and credits the order if that is
// OutcomeCredited.
func (s *Service) insert(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment, outcome Outcome) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an ID: %w", err)
	}
	p.ID, p.Outcome, p.OrderNo = id.String(), outcome, ""
	var attempt sql.NullString
	if o != nil {
		p.OrderNo, p.OrderAmount, attempt = o.orderNo, o.amount, nullText(o.attemptNo)
	}
	reused, ref := "", reference(o, p)
	if outcome == OutcomeReused {
		reused = ref
	}
	credited, attention := marks(o, outcome)
	_, err = s.exec(ctx, tx, qInsertPayment, p.ID, p.Gateway, p.Account, p.PaymentNo, ref, reused, attempt, nullText(p.OrderNo), p.Amount.Cents(), p.Currency, p.Received.Cents(), nullMillis(p.PaidAt), millis(p.ReceivedAt),
		p.Source, p.Outcome, credited, attention)
	switch {
	case isDuplicate(err):
		return fmt.Errorf("%w: %w", errConflict, err)
	case err != nil:
		return fmt.Errorf("store payment: %w", err)
	case o == nil:
		return nil
	}
	return s.settle(ctx, tx, o, p)
}

// settle changes the order and the attempt as the outcome says, and runs OnPaid.
func (s *Service) settle(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) error {
	p.AttemptNo = o.attemptNo
	if p.Outcome != OutcomeCredited {
		if _, err := tx.ExecContext(ctx, s.sql(qCountPayment), o.orderNo); err != nil {
			return fmt.Errorf("update order: %w", err)
		}
		return nil
	}
	return s.credit(ctx, tx, o, p)
}

// credit marks the order as paid and runs OnPaid. It is the last step of a transaction.
func (s *Service) credit(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) error {
	first, err := changed(s.exec(ctx, tx, qPayOrder, millis(s.now()), o.orderNo))
	switch {
	case err != nil:
		return fmt.Errorf("update order: %w", err)
	case !first:
		return fmt.Errorf("%w: order %s is paid", errConflict, o.orderNo)
	}
	if err := s.onPaid(ctx, tx, *p); err != nil {
		return err
	}
	stored, err := s.payAttempt(ctx, tx, o, p)
	switch {
	case sqlState(err) == "25P02": // PostgreSQL refuses what follows a statement that failed
		return fmt.Errorf("%w ignored an error of its transaction: %w", errOnPaid, err)
	case err != nil:
		return fmt.Errorf("update attempt: %w", err)
	case !stored:
		return fmt.Errorf("%w: %w ignored an error of its transaction, which the database has rolled back", errConflict, errOnPaid)
	}
	return nil
}

// payAttempt marks the attempt as paid, if there is one. It reports false if the payment is not
// stored anymore: after a deadlock MySQL has rolled back the whole transaction, and runs what
// follows outside of any. OnPaid may have ignored such an error.
func (s *Service) payAttempt(ctx context.Context, tx *sql.Tx, o *lockedOrder, p *Payment) (bool, error) {
	if o.attemptNo != "" { // there is none anymore if the merchant has deleted it
		if paid, err := changed(s.exec(ctx, tx, qPayAttempt, o.attemptNo, p.ID)); err != nil || paid {
			return paid, err
		}
	}
	var n int
	err := tx.QueryRowContext(ctx, s.sql(qPays), p.ID).Scan(&n)
	return n == 1, err
}

// onPaid runs the merchant's function. A panic is an error: the transaction is rolled back.
func (s *Service) onPaid(ctx context.Context, tx *sql.Tx, p Payment) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.log.ErrorContext(ctx, "checkout: OnPaid panicked", "gateway", p.Gateway, "order_no", p.OrderNo,
				"type", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
			err = fmt.Errorf("%w panicked", errOnPaid)
		}
	}()
	if err := s.config.OnPaid(ctx, tx, p); err != nil {
		return fmt.Errorf("%w: %w", errOnPaid, err)
	}
	return nil
}

// marks returns the columns credited_order and attention for an outcome.
func marks(o *lockedOrder, outcome Outcome) (credited sql.NullString, attention sql.NullInt64) {
	if outcome == OutcomeCredited {
		return nullText(o.orderNo), sql.NullInt64{}
	}
	return sql.NullString{}, sql.NullInt64{Int64: 1, Valid: true}
}

// reference names the order of a payment: the attempt, or what the gateway said if there is
// no such attempt.
func reference(o *lockedOrder, p *Payment) string {
	switch {
	case o != nil:
		return o.attemptNo
	case p.OrderID != "":
		return p.OrderID
	default:
		return p.AttemptNo
	}
}

// logPayment logs what was decided about a payment.
func (s *Service) logPayment(ctx context.Context, p *Payment, outcome Outcome, err error) {
	log := s.log.With("gateway", p.Gateway, "order_no", p.OrderNo, "attempt_no", p.AttemptNo, "payment_no", p.PaymentNo,
		"amount", p.Amount.String(), "currency", p.Currency, "source", p.Source)
	switch {
	case err != nil:
		log.ErrorContext(ctx, "checkout: payment not recorded", "error", err)
	case outcome == OutcomeCredited:
		log.InfoContext(ctx, "checkout: payment credited")
	case p.Resolution != nil:
		log.InfoContext(ctx, "checkout: payment resolved before", "outcome", string(outcome))
	default:
		log.WarnContext(ctx, "checkout: payment not credited, see Attention", "outcome", string(outcome), "payment_id", p.ID)
	}
}

// olderThan returns the smallest ID that a row of the given time can have.
func olderThan(t time.Time) string {
	var id uuid.UUID
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(t.UnixMilli()))
	copy(id[:], ms[2:])
	return id.String()
}
