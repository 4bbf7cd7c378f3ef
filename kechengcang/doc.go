// Package kechengcang takes payments through a kechengcang server, which each merchant
// runs: orders are priced in dollars and paid in cryptocurrency.
//
//	client, err := kechengcang.New(kechengcang.Config{
//		AppID:   "example-app",
//		Secret:  sign.NewSecret(os.Getenv("KECHENGCANG_SECRET")),
//		BaseURL: "https://pay.example.com",
//	})
//	order, err := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
//		Subject: "Course 42, order 20191118123424",
//		Fee:     kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD}, // 20.00 USD
//	})
//	// Store order.OrderID, show order.PayPageURL to the payer, and wait:
//	paid, err := client.WaitForPayment(ctx, order.OrderID, 0)
//
// [Fee] is the price of the order, in hundredths of a dollar or yuan, and [PayFee] the
// amount that the payer sends, in hundredths of a coin. They are two types, so that one
// cannot be taken for the other. Times are in Asia/Shanghai (UTC+8).
//
// # Waiting and notifications
//
// [Client.WaitForPayment] is the dependable way to learn of a payment. The gateway
// documents a notification as well, and [Client.NotificationHandler] handles it, but
// nothing in the public source of the server starts one.
//
// # What the signature covers
//
// A create is signed over a random salt and nothing else: neither the fee nor any other
// field. Anyone who sees one create can send others with the same salt and signature, so
// BaseURL should be https.
//
// Queries and notifications are not signed: anyone who can reach the notify URL can send
// a notification. Only its id is used, to query the gateway.
// [Client.NotificationHandler] does so before it treats an order as paid; if you parse
// notifications yourself, call [Client.ConfirmNotification]. Find the order among those
// that you created, by its id, compare the confirmed Fee with it, and credit it once.
//
// # The secret in responses
//
// A query needs no credentials, and the public source responds with the record of the
// application, its secret included: anyone who learns the id of an order can read it
// there. The Raw fields of this package are private for that reason. Fix the server if it
// is yours.
//
// # Sources
//
// The server's document (接入文档) defines the protocol. What it leaves open is taken from
// the public source (xiebinbin/kechengcang_server). docs/providers.md has each decision.
package kechengcang
