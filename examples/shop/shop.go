package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"; config.go imports "mysql"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/money"
)

// shop is what the parts of the program share.
type shop struct {
	settings settings
	db       *sql.DB
	dialect  checkout.Dialect
	checkout *checkout.Service
	methods  []method
	demo     *demo // nil with real gateways
	log      *slog.Logger
	closers  []func()
}

// openShop opens the gateways, the database and checkout.
func openShop(ctx context.Context, settings settings, env environment, log *slog.Logger) (*shop, error) {
	s := &shop{settings: settings, log: log}
	if err := s.open(ctx, env); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *shop) open(ctx context.Context, env environment) error {
	gateways, err := s.openGateways(env)
	if err != nil {
		return err
	}
	if s.settings.demo && s.settings.databaseURL == "" && s.settings.sqliteFile == "" {
		dir, err := os.MkdirTemp("", "paygates-shop-")
		if err != nil {
			return err
		}
		s.closers = append(s.closers, func() { _ = os.RemoveAll(dir) })
		s.settings.sqliteFile = filepath.Join(dir, "shop.db")
	}
	driver, source, dialect, err := s.settings.database()
	if err != nil {
		return err
	}
	if s.db, err = sql.Open(driver, source); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.closers = append(s.closers, func() { _ = s.db.Close() })
	s.dialect = dialect
	s.db.SetMaxOpenConns(20)
	s.db.SetMaxIdleConns(20)
	s.methods = methodsOf(gateways)
	s.checkout, err = checkout.New(ctx, checkout.Config{
		DB: s.db, Dialect: dialect, Gateways: gateways, PublicURL: s.settings.publicURL,
		OnPaid: s.deliver, ExpiresIn: s.settings.expires, Logger: s.log,
	})
	if err != nil {
		return s.settings.inFile(err)
	}
	for _, g := range gateways {
		s.log.Info("gateway", "name", g.Name(), "notify_url", s.checkout.NotifyURL(g.Name()))
	}
	if public, err := url.Parse(s.settings.publicURL); err == nil && !s.settings.demo && isLoopback(public.Host) {
		if remote := env.remote(gateways); len(remote) > 0 {
			s.log.Warn("gateways cannot reach the notify URLs: set -public-url", "gateways", strings.Join(remote, " "))
		}
	}
	return s.createTable(ctx)
}

func (s *shop) openGateways(env environment) ([]checkout.Gateway, error) {
	var gateways []checkout.Gateway
	var err error
	if s.settings.demo {
		s.log.Info("demo: the gateways are fakes and no money moves; credentials in the environment are not used")
		s.demo = startDemo()
		s.closers = append(s.closers, s.demo.close)
		gateways, err = s.demo.gateways(s.settings.publicURL, s.log)
	} else {
		gateways, err = openGateways(env, s.log)
	}
	if err != nil {
		return nil, err
	}
	return prefer(gateways, s.settings.gateways)
}

func (s *shop) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// The shop's own table. An order is in it and in checkout's tables, or in neither; it is
// delivered and paid there, or neither.
const tableOfOrders = `CREATE TABLE IF NOT EXISTS shop_orders (
	created_at   BIGINT      NOT NULL, -- Unix milliseconds, as delivered_at
	order_no     VARCHAR(48) NOT NULL UNIQUE,
	amount       BIGINT      NOT NULL, -- in hundredths of the currency
	currency     VARCHAR(3)  NOT NULL,
	delivered_at BIGINT      NULL,
	PRIMARY KEY (created_at, order_no)
)`

func (s *shop) createTable(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, tableOfOrders)
	if err != nil { // PostgreSQL: another process may be creating the table now
		_, err = s.db.ExecContext(ctx, tableOfOrders)
	}
	if err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	return nil
}

// deliver is checkout's OnPaid. Its update is committed in the transaction that credits the
// payment, so an order is delivered exactly once.
func (s *shop) deliver(ctx context.Context, tx *sql.Tx, p checkout.Payment) error {
	result, err := tx.ExecContext(ctx, s.bind(`UPDATE shop_orders SET delivered_at = ? WHERE order_no = ? AND delivered_at IS NULL`),
		time.Now().UnixMilli(), p.OrderNo)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("order %s cannot be delivered: it is not stored, or is delivered already (%w)", p.OrderNo, errors.Join(errNotDelivered, err))
	}
	return nil
}

var errNotDelivered = errors.New("no row changed")

// bind replaces "?" by the placeholders of the database.
func (s *shop) bind(query string) string {
	if s.dialect != checkout.PostgreSQL {
		return query
	}
	parts := strings.Split(query, "?")
	for i := range parts[1:] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}

// purchase is what a payer has chosen.
type purchase struct {
	orderNo string // of an order that gets another attempt, "" for a new one
	method  method
	amount  money.Amount
	payerIP string
}

// place stores an order and creates it at the first gateway that does not reject it. It
// returns the order number once the order is stored, also beside an error.
func (s *shop) place(ctx context.Context, p purchase) (string, error) {
	no, isNew := p.orderNo, p.orderNo == ""
	if isNew {
		// The number alone shows the order, so it has 80 random bits. It begins and
		// ends with a letter, because gatepay signs its fields without separators.
		no = "S" + rand.Text()[:16] + "E"
	}
	var err error
	for _, r := range p.method.routes {
		o := checkout.Order{
			No: no, Gateway: r.gateway, Channel: r.channel, Amount: p.amount, Subject: "Order " + no,
			PayerIP: p.payerIP, ReturnURL: s.settings.publicURL + "/orders/" + no + "/return",
		}
		if isNew {
			var pending *checkout.Pending
			if pending, err = s.store(ctx, o, p.method.Currency); err != nil {
				return "", err
			}
			isNew = false
			_, err = pending.Send(ctx)
		} else {
			_, err = s.checkout.Create(ctx, o)
		}
		if !errors.Is(err, checkout.ErrNotCreated) {
			break
		}
	}
	if errors.Is(err, paygates.ErrOutcomeUnknown) || errors.Is(err, checkout.ErrNotCreated) {
		return no, nil // the page of the order shows it
	}
	return no, err
}

// store stores an order in the shop's table and in checkout's, in one transaction.
func (s *shop) store(ctx context.Context, o checkout.Order, currency string) (*checkout.Pending, error) {
	ctx = context.WithoutCancel(ctx) // SQLite can stay locked after a statement that was interrupted
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("store order: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	_, err = tx.ExecContext(ctx, s.bind(`INSERT INTO shop_orders (created_at, order_no, amount, currency) VALUES (?, ?, ?, ?)`),
		time.Now().UnixMilli(), o.No, o.Amount.Cents(), currency)
	if err != nil {
		return nil, fmt.Errorf("store order: %w", err)
	}
	pending, err := s.checkout.CreateTx(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	return pending, tx.Commit()
}
