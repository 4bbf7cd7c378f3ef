package checkout_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

// The functions of this file are the code that README.md and docs/checkout.md show.

func openShop(ctx context.Context, db *sql.DB, mux *http.ServeMux, config ispay.Config, publicURL string) (*checkout.Service, error) {
	gateway, err := checkout.Ispay(config) // an ispay.Config
	if err != nil {
		return nil, err
	}
	c, err := checkout.New(ctx, checkout.Config{
		DB: db, Dialect: checkout.SQLite, // or PostgreSQL, MySQL
		Gateways:  []checkout.Gateway{gateway},
		PublicURL: publicURL, // such as "https://shop.example.com"
		OnPaid: func(ctx context.Context, tx *sql.Tx, p checkout.Payment) error {
			_, err := tx.ExecContext(ctx, "UPDATE my_orders SET paid = 1 WHERE no = ?", p.OrderNo)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("/notify/", c.NotificationHandler()) // where the gateways send notifications
	go c.Run(ctx)                                   // finds lost notifications, expires orders
	return c, nil
}

func pay(ctx context.Context, c *checkout.Service, w http.ResponseWriter, r *http.Request, payerIP string) error {
	attempt, err := c.Create(ctx, checkout.Order{No: "A1001", Channel: "P901", Amount: money.Cents(30000), PayerIP: payerIP})
	if err != nil {
		return err
	}
	http.Redirect(w, r, attempt.Instructions.PayPageURL, http.StatusSeeOther)
	return nil
}

func payTogether(ctx context.Context, db *sql.DB, c *checkout.Service, payerIP string) (*checkout.Attempt, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.ExecContext(ctx, "INSERT INTO my_orders (no, goods) VALUES (?, ?)", "A1002", "tea"); err != nil {
		return nil, err
	}
	pending, err := c.CreateTx(ctx, tx, checkout.Order{No: "A1002", Channel: "P901", Amount: money.Cents(990), PayerIP: payerIP})
	if err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return pending.Send(ctx) // the gateway hears of the order only now
}

func TestTheGuide(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fake := ispaytest.NewServer()
	defer fake.Close()
	db, remove := openExampleDB()
	defer remove()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()

	c, err := openShop(ctx, db, mux, fake.Config(), server.URL)
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, "INSERT INTO my_orders (no, goods) VALUES ('A1001', 'coffee')")
	require.NoError(t, err)
	w := httptest.NewRecorder()
	require.NoError(t, pay(ctx, c, w, httptest.NewRequest(http.MethodPost, "/pay", nil), "203.0.113.7"))
	assert.Contains(t, w.Header().Get("Location"), "/transfer/")
	_, err = payTogether(ctx, db, c, "203.0.113.7")
	require.NoError(t, err)

	for _, no := range []string{"A1001", "A1002"} {
		_, err := fake.Pay(no)
		require.NoError(t, err)
	}
	var paid int
	require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM my_orders WHERE paid = 1").Scan(&paid))
	assert.Equal(t, 2, paid)
}
