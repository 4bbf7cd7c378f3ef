package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paygates/paygates-go/money"
)

const orderColumns = `order_no, gateway, account, channel, price, currency, expected, status, note, order_id,
	qr_text, qr_image_url, pay_page_url, pay_text, app_data,
	created_at, expires_at, paid_at, next_query_at, queries, version`

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

func scanOrder(r row) (order, error) {
	var o order
	var price, expected, created, expires, paid, nextQuery int64
	err := r.Scan(&o.No, &o.Gateway, &o.Account, &o.Channel, &price, &o.Currency, &expected, &o.Status, &o.Note, &o.OrderID,
		&o.QRText, &o.QRImageURL, &o.PayPageURL, &o.PayText, &o.AppData,
		&created, &expires, &paid, &nextQuery, &o.Queries, &o.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return order{}, errNoOrder
	}
	o.Price, o.Expected = money.Cents(price), money.Cents(expected)
	o.CreatedAt, o.ExpiresAt, o.PaidAt = fromMillis(created), fromMillis(expires), fromMillis(paid)
	o.NextQueryAt = fromMillis(nextQuery)
	return o, err
}

// order returns an order by its number. The error is errNoOrder if there is none.
func (s *store) order(ctx context.Context, no string) (order, error) {
	return scanOrder(s.db.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE order_no = $1`, no))
}

// add stores a new order. It is called before the gateway's create.
func (s *store) add(ctx context.Context, o order) error {
	_, err := s.db.ExecContext(ctx,
		`INSERT INTO orders (order_no, gateway, account, channel, price, currency, expected, status, created_at, expires_at, next_query_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		o.No, o.Gateway, o.Account, o.Channel, o.Price.Cents(), o.Currency, o.Price.Cents(), string(o.Status),
		millis(o.CreatedAt), millis(o.ExpiresAt), millis(o.NextQueryAt))
	return err
}

// created stores what the gateway answered to the create. The status changes
// only if nothing has happened meanwhile: a callback may have been faster.
func (s *store) created(ctx context.Context, no string, c created, nextQuery time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx,
			`UPDATE orders SET order_id = $2, qr_text = $3, qr_image_url = $4, pay_page_url = $5, pay_text = $6, app_data = $7,
			expected = $8, expires_at = $9, version = version + 1 WHERE order_no = $1`,
			no, c.OrderID, c.QRText, c.QRImageURL, c.PayPageURL, c.PayText, c.AppData,
			c.Expected.Cents(), millis(c.ExpiresAt)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx,
			`UPDATE orders SET status = $2, next_query_at = $3 WHERE order_no = $1 AND status IN ($4, $5)`,
			no, string(statusWaiting), millis(nextQuery), string(statusCreating), string(statusUnknown))
		return err
	})
}

// refused stores that the gateway said no, and why.
func (s *store) refused(ctx context.Context, no, note string) error {
	_, err := s.db.ExecContext(ctx,
		`UPDATE orders SET status = $2, note = $3, next_query_at = 0, version = version + 1
		WHERE order_no = $1 AND status = $4`,
		no, string(statusRefused), note, string(statusCreating))
	return err
}

// unknown stores that the answer to a create was lost: the worker is to ask.
func (s *store) unknown(ctx context.Context, no string, nextQuery time.Time) error {
	_, err := s.db.ExecContext(ctx,
		`UPDATE orders SET status = $2, next_query_at = $3, version = version + 1
		WHERE order_no = $1 AND status = $4`,
		no, string(statusUnknown), millis(nextQuery), string(statusCreating))
	return err
}

// claim leases an order that is due to be asked for, so that no other worker, in
// this shop or in another one, asks for it at the same time. A shop that dies
// holds its leases until they end. It reports false if nothing is due.
func (s *store) claim(ctx context.Context, of []account, owner string, now time.Time, lease time.Duration) (order, bool, error) {
	candidates, err := s.due(ctx, of, now)
	if err != nil {
		return order{}, false, err
	}
	for _, no := range candidates {
		// Of several workers that have found the same order, one changes the row;
		// for the others the condition does not hold any more.
		won, err := changed(s.db.ExecContext(ctx,
			`UPDATE orders SET lease_owner = $2, lease_until = $3
			WHERE order_no = $1 AND next_query_at > 0 AND next_query_at <= $4 AND lease_until <= $4`,
			no, owner, millis(now.Add(lease)), millis(now)))
		if err != nil {
			return order{}, false, err
		}
		if won {
			o, err := s.order(ctx, no)
			return o, err == nil, err
		}
	}
	return order{}, false, nil
}

// due returns the numbers of the orders that are due longest, of the accounts
// that this shop can ask with.
func (s *store) due(ctx context.Context, of []account, now time.Time) ([]string, error) {
	var accounts strings.Builder
	args := []any{millis(now)}
	for i, a := range of {
		if i > 0 {
			accounts.WriteString(" OR ")
		}
		args = append(args, a.Gateway, a.Account)
		fmt.Fprintf(&accounts, "(gateway = $%d AND account = $%d)", len(args)-1, len(args))
	}
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf(
		`SELECT order_no FROM orders WHERE next_query_at > 0 AND next_query_at <= $1 AND lease_until <= $1
		AND (%s) ORDER BY next_query_at LIMIT 16`, accounts.String()), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var numbers []string
	for rows.Next() {
		var no string
		if err := rows.Scan(&no); err != nil {
			return nil, err
		}
		numbers = append(numbers, no)
	}
	return numbers, rows.Err()
}

// release ends a lease and says when to ask again, the zero time for never. It
// does nothing if the lease has ended and another worker has one, and it does
// not bring back an order that was credited meanwhile.
func (s *store) release(ctx context.Context, no, owner string, nextQuery time.Time) error {
	_, err := s.db.ExecContext(ctx,
		`UPDATE orders SET lease_owner = '', lease_until = 0, queries = queries + 1,
		next_query_at = CASE WHEN next_query_at = 0 THEN next_query_at ELSE $3 END
		WHERE order_no = $1 AND lease_owner = $2`,
		no, owner, millis(nextQuery))
	return err
}

// found stores what a query says of an unpaid order: that it exists, and what
// the cashier page shows. Empty texts change nothing.
func (s *store) found(ctx context.Context, no, orderID, qrText, payText string) error {
	_, err := s.db.ExecContext(ctx,
		`UPDATE orders SET status = $2,
		order_id = CASE WHEN $3 = '' THEN order_id ELSE $3 END,
		qr_text = CASE WHEN $4 = '' THEN qr_text ELSE $4 END,
		pay_text = CASE WHEN $5 = '' THEN pay_text ELSE $5 END,
		version = version + 1
		WHERE order_no = $1 AND status IN ($2, $6, $7)
		AND (status <> $2 OR ($3 <> '' AND $3 <> order_id) OR ($4 <> '' AND $4 <> qr_text) OR ($5 <> '' AND $5 <> pay_text))`,
		no, string(statusWaiting), orderID, qrText, payText, string(statusCreating), string(statusUnknown))
	return err
}

// move changes the status of an order that no payment is known of. It reports
// whether there was anything to change.
func (s *store) move(ctx context.Context, no string, to status) (bool, error) {
	return changed(s.db.ExecContext(ctx,
		`UPDATE orders SET status = $2, version = version + 1
		WHERE order_no = $1 AND status <> $2 AND status IN ($3, $4, $5, $6)`,
		no, string(to), string(statusCreating), string(statusUnknown), string(statusWaiting), string(statusExpired)))
}

// orders returns the newest orders with a status, whatever the status if it is "".
func (s *store) orders(ctx context.Context, of status, limit int) ([]order, error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT `+orderColumns+` FROM orders WHERE $1 = '' OR status = $1 ORDER BY created_at DESC LIMIT $2`,
		string(of), limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []order
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}
