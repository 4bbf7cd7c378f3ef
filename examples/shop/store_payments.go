package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/paygates/paygates-go/money"
)

// record stores a payment and credits its order, if judge says so. It may be
// called any number of times for one payment, also at the same time and by
// several shops: the first call decides, and the others return what it decided.
//
// What a real shop does when money has come belongs into this transaction: the
// balance, the stock, and a row that tells somebody to send the goods.
func (s *store) record(ctx context.Context, p payment, now time.Time) (outcome, error) {
	var decided outcome
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		o, err := lockOrder(ctx, tx, p)
		if errors.Is(err, errNoOrder) {
			decided, _, err = insertPayment(ctx, tx, p, p.OrderNo, outcomeOrphan, now)
			return err
		}
		if err != nil {
			return err
		}
		credited, err := isCredited(ctx, tx, o.No)
		if err != nil {
			return err
		}
		var first bool
		decided, first, err = insertPayment(ctx, tx, p, o.No, judge(o, p, credited, s.grace), now)
		if err != nil || !first {
			return err
		}
		switch decided {
		case outcomeCredited:
			return credit(ctx, tx, o, p, now)
		case outcomeMismatch, outcomeLate:
			return hold(ctx, tx, o.No, decided)
		default:
			return nil
		}
	})
	return decided, err
}

// lockOrder returns the order of a payment and keeps others from deciding about
// it until the transaction ends. An UPDATE that changes nothing locks the row in
// PostgreSQL; in SQLite the transaction has the whole file.
func lockOrder(ctx context.Context, tx *sql.Tx, p payment) (order, error) {
	column, number := "order_no", p.OrderNo
	if number == "" {
		column, number = "order_id", p.OrderID
	}
	if number == "" {
		return order{}, errNoOrder
	}
	where := ` WHERE gateway = $1 AND account = $2 AND ` + column + ` = $3`
	lock := `UPDATE orders SET version = version` + where //nolint:gosec // column is one of the two above
	if _, err := tx.ExecContext(ctx, lock, p.Gateway, p.Account, number); err != nil {
		return order{}, err
	}
	return scanOrder(tx.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders`+where, p.Gateway, p.Account, number))
}

func isCredited(ctx context.Context, tx *sql.Tx, no string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM credits WHERE order_no = $1`, no).Scan(&n)
	return n > 0, err
}

// insertPayment stores a payment with what was decided about it. For one that is
// known already it returns what was decided the first time, and false.
func insertPayment(ctx context.Context, tx *sql.Tx, p payment, orderNo string, verdict outcome, now time.Time) (outcome, bool, error) {
	first, err := changed(tx.ExecContext(ctx,
		`INSERT INTO payments (gateway, account, payment_no, order_no, amount, currency, received, paid_at, received_at, source, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (gateway, account, payment_no) DO NOTHING`,
		p.Gateway, p.Account, p.No, orderNo, p.Amount.Cents(), p.Currency, p.Received.Cents(),
		millis(p.PaidAt), millis(now), p.Source, string(verdict)))
	if err != nil || first {
		return verdict, first, err
	}
	var known outcome
	err = tx.QueryRowContext(ctx,
		`SELECT outcome FROM payments WHERE gateway = $1 AND account = $2 AND payment_no = $3`,
		p.Gateway, p.Account, p.No).Scan(&known)
	return known, false, err
}

func credit(ctx context.Context, tx *sql.Tx, o order, p payment, now time.Time) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO credits (order_no, gateway, account, payment_no, amount, currency, credited_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		o.No, p.Gateway, p.Account, p.No, o.Price.Cents(), o.Currency, millis(now)); err != nil {
		return err
	}
	paidAt := p.PaidAt
	if paidAt.IsZero() {
		paidAt = now
	}
	_, err := tx.ExecContext(ctx,
		`UPDATE orders SET status = $2, note = '', paid_at = $3, next_query_at = 0, version = version + 1 WHERE order_no = $1`,
		o.No, string(statusPaid), millis(paidAt))
	return err
}

func hold(ctx context.Context, tx *sql.Tx, no string, verdict outcome) error {
	_, err := tx.ExecContext(ctx,
		`UPDATE orders SET status = $2, note = $3, next_query_at = 0, version = version + 1 WHERE order_no = $1`,
		no, string(statusHeld), string(verdict))
	return err
}

// seenPayment is a row of the table payments.
type seenPayment struct {
	payment
	Outcome    outcome
	ReceivedAt time.Time
}

// payments returns the newest payments with an outcome.
func (s *store) payments(ctx context.Context, of outcome, limit int) ([]seenPayment, error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT gateway, account, payment_no, order_no, amount, currency, received, paid_at, received_at, source, outcome
		FROM payments WHERE outcome = $1 ORDER BY received_at DESC LIMIT $2`, string(of), limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []seenPayment
	for rows.Next() {
		var p seenPayment
		var amount, received, paidAt, receivedAt int64
		if err := rows.Scan(&p.Gateway, &p.Account, &p.No, &p.OrderNo, &amount, &p.Currency, &received,
			&paidAt, &receivedAt, &p.Source, &p.Outcome); err != nil {
			return nil, err
		}
		p.Amount, p.Received = money.Cents(amount), money.Cents(received)
		p.PaidAt, p.ReceivedAt = fromMillis(paidAt), fromMillis(receivedAt)
		all = append(all, p)
	}
	return all, rows.Err()
}

// credits counts how often an order was credited: 0 or 1.
func (s *store) credits(ctx context.Context, no string) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM credits WHERE order_no = $1`, no).Scan(&n)
	return n, err
}
