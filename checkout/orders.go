package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// OrdersQuery selects orders.
type OrdersQuery struct {
	// Status selects one status. Optional.
	Status OrderStatus
	// OrderNo selects the orders whose number begins with it, in the same case. Optional.
	OrderNo string
	// Before is the number of the last order of the page before. "" begins with the newest.
	Before string
	// Limit is how many orders to return. Default: 50, at most 1000.
	Limit int
}

// Orders returns orders with their attempts and payments, newest first. For the next page
// set Before to the number of the last one.
//
// The error is ErrInvalidQuery, ErrOrderNotFound for a Before that is not stored, or that
// of the database.
func (s *Service) Orders(ctx context.Context, q OrdersQuery) ([]OrderState, error) {
	orders, err := s.orders(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("checkout: list orders: %w", err)
	}
	return orders, nil
}

func (s *Service) orders(ctx context.Context, q OrdersQuery) ([]OrderState, error) {
	switch q.Status {
	case "", OrderPending, OrderPaid, OrderExpired:
	default:
		return nil, fmt.Errorf("%w: Status must be pending, paid or expired", ErrInvalidQuery)
	}
	if q.OrderNo != "" && !orderNoShape.MatchString(q.OrderNo) {
		return nil, nil // no order has such a number
	}
	query, args, err := s.listOrders(ctx, q)
	if err != nil {
		return nil, err
	}
	found, err := queryAll(ctx, s.db, scanOrder, s.sql(query), args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return s.withDetails(ctx, found)
}

// listOrders returns the statement of a page of orders. Each combination is found by one of
// the indexes.
func (s *Service) listOrders(ctx context.Context, q OrdersQuery) (query string, args []any, err error) {
	var where []string
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	if q.Status != "" {
		add("status = ?", q.Status)
	}
	if q.OrderNo != "" {
		add("order_no >= ? AND order_no < ?", q.OrderNo, q.OrderNo+"~") // after every letter, digit and "-"
	}
	if q.Before != "" {
		created, err := s.createdAt(ctx, q.Before)
		if err != nil {
			return "", nil, err
		}
		add("created_at <= ? AND (created_at < ? OR order_no < ?)", millis(created), millis(created), q.Before)
	}
	query = "SELECT " + orderColumns + " FROM {orders}"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + " ORDER BY created_at DESC, order_no DESC LIMIT ?", append(args, limit(q.Limit)), nil
}

// createdAt returns when an order was stored.
func (s *Service) createdAt(ctx context.Context, orderNo string) (time.Time, error) {
	if !orderNoShape.MatchString(orderNo) {
		return time.Time{}, ErrOrderNotFound
	}
	o, err := scanOrder(s.db.QueryRowContext(ctx, s.sql(qOrder), orderNo))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, ErrOrderNotFound
	case err != nil:
		return time.Time{}, err
	}
	return o.CreatedAt, nil
}

// withDetails returns orders with their attempts and payments.
func (s *Service) withDetails(ctx context.Context, found []*OrderState) ([]OrderState, error) {
	at := make(map[string]*OrderState, len(found))
	numbers := make([]any, len(found))
	for i, o := range found {
		at[o.No], numbers[i] = o, o.No
	}
	in := " IN (" + placeholders(len(numbers)) + ")"
	attempts, err := queryAll(ctx, s.db, scanAttempt, s.dialect.sqlText(s.config.TablePrefix,
		"SELECT "+attemptColumns+" FROM {attempts} WHERE order_no"+in+" ORDER BY seq"), numbers...)
	if err != nil {
		return nil, err
	}
	for _, a := range attempts {
		at[a.OrderNo].Attempts = append(at[a.OrderNo].Attempts, a)
	}
	records, err := queryAll(ctx, s.db, scanPayment, s.dialect.sqlText(s.config.TablePrefix,
		"SELECT "+paymentColumns+" FROM {payments} WHERE order_no"+in+" ORDER BY id"), numbers...)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		at[r.OrderNo].addPayment(r)
	}
	orders := make([]OrderState, len(found))
	for i, o := range found {
		orders[i] = *o
	}
	return orders, nil
}

// addPayment adds a stored payment to its order.
func (o *OrderState) addPayment(r *paymentRecord) {
	r.OrderAmount = o.Amount
	o.Payments = append(o.Payments, r.Payment)
	o.Held = o.Held || r.Held
}

// placeholders returns "?, ?, …".
func placeholders(n int) string { return "?" + strings.Repeat(", ?", n-1) }
