// Package checkout takes payments through any of the gateways of paygates-go and
// credits each order exactly once, in the merchant's own database.
//
//	gateway, err := checkout.Ispay(ispay.Config{UserID: "10001", Secret: secret})
//	c, err := checkout.New(ctx, checkout.Config{
//		DB: db, Dialect: checkout.PostgreSQL,
//		Gateways:  []checkout.Gateway{gateway},
//		PublicURL: "https://shop.example.com",
//		OnPaid: func(ctx context.Context, tx *sql.Tx, p checkout.Payment) error {
//			_, err := tx.ExecContext(ctx, "UPDATE my_orders SET paid = true WHERE no = $1", p.OrderNo)
//			return err
//		},
//	})
//	mux.Handle("/notify/", c.NotificationHandler())
//	go c.Run(ctx)
//	attempt, err := c.Create(ctx, checkout.Order{Channel: "P901", Amount: 30000, PayerIP: ip})
//	http.Redirect(w, r, attempt.Instructions.PayPageURL, http.StatusSeeOther)
//
// # What is guaranteed
//
// An order is stored before the gateway hears of it. A create whose outcome is unknown is
// never repeated: Run queries the gateway.
//
// A payment credits an order only if order, gateway, merchant account, amount and currency
// agree. OnPaid runs inside the transaction that credits the order, so its writes happen
// exactly once, however often and however concurrently a notification arrives, in however
// many processes, and wherever a process is killed.
//
// Money that cannot be credited is stored with its reason: see Outcome, Attention and
// Resolve. A notification is accepted only after its payment is committed.
//
// Payments whose notification was lost are found by Run and Refresh.
//
// # What is assumed
//
// The database keeps what it has committed. This machine's clock is right within
// Config.ClockTolerance. At least one process runs Run. Gateways tell the truth about the
// orders that they are queried for.
//
// docs/checkout.md describes the tables, each outcome, and what to do before going live.
package checkout
