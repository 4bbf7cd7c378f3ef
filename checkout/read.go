package checkout

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Order returns an order with its attempts and payments. The error is ErrOrderNotFound or
// that of the database.
func (s *Service) Order(ctx context.Context, orderNo string) (*OrderState, error) {
	state, err := s.order(ctx, orderNo)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrOrderNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("checkout: read order: %w", err)
	}
	return state, nil
}

func (s *Service) order(ctx context.Context, orderNo string) (*OrderState, error) {
	if !orderNoShape.MatchString(orderNo) {
		return nil, ErrOrderNotFound
	}
	state, err := scanOrder(s.db.QueryRowContext(ctx, s.sql(qOrder), orderNo))
	if err != nil {
		return nil, err
	}
	if state.Attempts, err = s.attempts(ctx, s.db, orderNo); err != nil {
		return nil, err
	}
	records, err := queryAll(ctx, s.db, scanPayment, s.sql(qPaymentsOfOrder), orderNo)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		state.addPayment(r)
	}
	return state, nil
}

// querier is a *sql.DB or *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

// queryAll returns all rows of a query.
func queryAll[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func scanOrder(r row) (*OrderState, error) {
	var o OrderState
	var amount, created, expires int64
	var paid sql.NullInt64
	if err := r.Scan(&o.No, &amount, &o.Currency, &o.Status, &created, &expires, &paid); err != nil {
		return nil, err
	}
	o.Amount = money.Cents(amount)
	o.CreatedAt, o.ExpiresAt, o.PaidAt = fromMillis(created), fromMillis(expires), fromNullMillis(paid)
	return &o, nil
}

func (s *Service) attempts(ctx context.Context, q querier, orderNo string) ([]Attempt, error) {
	return queryAll(ctx, q, scanAttempt, s.sql(qAttemptsOfOrder), orderNo)
}

func (s *Service) attempt(ctx context.Context, no string) (*Attempt, error) {
	a, err := scanAttempt(s.db.QueryRowContext(ctx, s.sql(qAttempt), no))
	return &a, err
}

func scanAttempt(r row) (Attempt, error) {
	var a Attempt
	var orderID sql.NullString
	var appData string
	var amount, created, expires, payable int64
	i := &a.Instructions
	err := r.Scan(&a.No, &a.OrderNo, &a.Gateway, &a.Account, &a.Channel, &a.Status, &orderID,
		&i.PayPageURL, &i.QRText, &i.QRImageURL, &i.Address, &i.Chain, &appData, &amount, &i.Currency, &created, &expires, &payable)
	a.found = payable == 0
	a.OrderID = orderID.String
	i.Amount = money.Cents(amount)
	i.ExpiresAt, a.CreatedAt = fromMillis(expires), fromMillis(created)
	if appData != "" {
		i.AppData = paygates.NewPrivate(json.RawMessage(appData))
	}
	return a, err
}

// paymentRecord is a row of the table of payments.
type paymentRecord struct {
	Payment
	orderRef      string
	creditedOrder string
}

func scanPayment(r row) (*paymentRecord, error) {
	var p paymentRecord
	var attempt, order, credited, by, reason, action sql.NullString
	var amount, received, receivedAt int64
	var paidAt, attention, resolvedAt sql.NullInt64
	err := r.Scan(&p.ID, &p.Gateway, &p.Account, &p.PaymentNo, &p.orderRef, &attempt, &order, &amount, &p.Currency, &received,
		&paidAt, &receivedAt, &p.Source, &p.Outcome, &credited, &attention, &resolvedAt, &by, &reason, &action)
	if err != nil {
		return nil, err
	}
	p.AttemptNo, p.OrderNo, p.creditedOrder = attempt.String, order.String, credited.String
	p.Amount, p.Received = money.Cents(amount), money.Cents(received)
	p.PaidAt, p.ReceivedAt = fromNullMillis(paidAt), fromMillis(receivedAt)
	p.Held = attention.Valid
	if resolvedAt.Valid {
		p.Resolution = &Resolution{
			By: by.String, Reason: reason.String, Action: Action(action.String),
			OrderNo: credited.String, At: fromMillis(resolvedAt.Int64),
		}
	}
	return &p, nil
}
