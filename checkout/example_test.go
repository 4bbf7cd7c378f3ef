package checkout_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/ispay/ispaytest"
)

// A whole integration: an order, its payment and its credit. Without the fake gateway and
// the temporary database it has about twenty lines.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fake := ispaytest.NewServer() // in production: the gateway itself
	defer fake.Close()
	db, remove := openExampleDB()
	defer remove()
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()

	gateway, err := checkout.Ispay(fake.Config())
	if err != nil {
		panic(err)
	}
	c, err := checkout.New(ctx, checkout.Config{
		DB: db, Dialect: checkout.SQLite,
		Gateways:  []checkout.Gateway{gateway},
		PublicURL: "http://" + server.Listener.Addr().String(),
		OnPaid: func(ctx context.Context, tx *sql.Tx, p checkout.Payment) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO deliveries (order_no, amount) VALUES (?, ?)", p.OrderNo, p.OrderAmount.Cents())
			return err
		},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/notify/", c.NotificationHandler())
	server.Config.Handler = mux
	server.Start()
	go c.Run(ctx)

	attempt, err := c.Create(ctx, checkout.Order{No: "A1001", Channel: "P901", Amount: 30000, PayerIP: "203.0.113.7"})
	if err != nil {
		panic(err)
	}
	fmt.Println("show the payer a page of the gateway:", attempt.Instructions.PayPageURL != "")

	if _, err := fake.Pay("A1001"); err != nil { // the payer pays
		panic(err)
	}
	order, err := c.Order(ctx, "A1001")
	if err != nil {
		panic(err)
	}
	fmt.Println(order.Status, order.Amount, order.Currency)
	// Output:
	// show the payer a page of the gateway: true
	// paid 300.00 CNY
}

// The merchant's own table of orders and that of checkout change in the same transactions:
// both have the order or neither, and both are paid or neither.
func ExampleService_CreateTx() {
	ctx := context.Background()
	fake := ispaytest.NewServer()
	defer fake.Close()
	db, remove := openExampleDB()
	defer remove()
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()
	gateway, err := checkout.Ispay(fake.Config())
	if err != nil {
		panic(err)
	}
	c, err := checkout.New(ctx, checkout.Config{
		DB: db, Dialect: checkout.SQLite,
		Gateways:  []checkout.Gateway{gateway},
		PublicURL: "http://" + server.Listener.Addr().String(),
		OnPaid: func(ctx context.Context, tx *sql.Tx, p checkout.Payment) error {
			_, err := tx.ExecContext(ctx, "UPDATE my_orders SET paid = 1 WHERE no = ?", p.OrderNo)
			return err
		},
	})
	if err != nil {
		panic(err)
	}
	server.Config.Handler = c.NotificationHandler()
	server.Start()

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		panic(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.ExecContext(ctx, "INSERT INTO my_orders (no, goods) VALUES (?, ?)", "A1002", "tea"); err != nil {
		panic(err)
	}
	pending, err := c.CreateTx(ctx, tx, checkout.Order{No: "A1002", Channel: "P901", Amount: 990, PayerIP: "203.0.113.7"})
	if err != nil {
		panic(err)
	}
	if err := tx.Commit(); err != nil {
		panic(err)
	}
	if _, err := pending.Send(ctx); err != nil { // the gateway hears of the order only now
		panic(err)
	}

	if _, err := fake.Pay("A1002"); err != nil {
		panic(err)
	}
	var goods, status string
	err = db.QueryRowContext(ctx, `SELECT m.goods, o.status FROM my_orders m JOIN checkout_orders o ON o.order_no = m.no
		WHERE m.paid = 1`).Scan(&goods, &status)
	if err != nil {
		panic(err)
	}
	fmt.Println(goods, status)
	// Output: tea paid
}

// Payments that were not credited are listed with their reason. A person decides.
func ExampleService_Resolve() {
	ctx := context.Background()
	fake := ispaytest.NewServer()
	defer fake.Close()
	db, remove := openExampleDB()
	defer remove()
	gateway, err := checkout.Ispay(fake.Config())
	if err != nil {
		panic(err)
	}
	c, err := checkout.New(ctx, checkout.Config{
		DB: db, Dialect: checkout.SQLite, Gateways: []checkout.Gateway{gateway}, PublicURL: "https://shop.example.com",
		OnPaid: func(context.Context, *sql.Tx, checkout.Payment) error { return nil },
	})
	if err != nil {
		panic(err)
	}
	payments, err := c.Attention(ctx, checkout.AttentionQuery{Limit: 20})
	if err != nil {
		panic(err)
	}
	for _, p := range payments {
		fmt.Println(p.Outcome, p.OrderNo, p.Gateway, p.Account, p.Amount, p.Currency)
		err := c.Resolve(ctx, p.ID, checkout.Resolution{
			By: "mei", Reason: "refunded in the gateway's dashboard", Action: checkout.ActionRefunded,
		})
		if err != nil {
			panic(err)
		}
	}
	fmt.Println(len(payments), "payments need a person")
	// Output: 0 payments need a person
}

func openExampleDB() (db *sql.DB, remove func()) {
	dir, err := os.MkdirTemp("", "checkout")
	if err != nil {
		panic(err)
	}
	db, err = sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(dir, "shop.db"))+"?_txlock=immediate"+
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		panic(err)
	}
	_, err = db.ExecContext(context.Background(), `CREATE TABLE deliveries (order_no TEXT PRIMARY KEY, amount BIGINT);
		CREATE TABLE my_orders (no TEXT PRIMARY KEY, goods TEXT NOT NULL, paid INTEGER NOT NULL DEFAULT 0)`)
	if err != nil {
		panic(err)
	}
	return db, func() { _ = db.Close(); _ = os.RemoveAll(dir) }
}
