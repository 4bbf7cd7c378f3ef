// Package kechengcang takes payments through a kechengcang server, which a
// merchant runs himself: orders are priced in dollars and paid in
// cryptocurrency.
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
// There are two amounts that look alike: [Fee] is what the merchant asked, in
// hundredths of a dollar or yuan, and [PayFee] what the payer sends, in
// hundredths of a coin. They are two types, so that one cannot pass for the
// other. Times are in Asia/Shanghai (UTC+8).
//
// # Waiting, not callbacks
//
// [Client.WaitForPayment] is the way to learn of a payment. The gateway documents
// a callback as well, and [Client.NotificationHandler] takes it, but nothing in
// the public source of the server ever starts one. A shop that waits needs no
// callback; a shop that takes callbacks should wait too.
//
// # What the signature covers
//
// A create is signed over a random salt and nothing else: neither the fee nor
// any other field. Whoever sees one create can send others with the same salt
// and signature, so the base URL should be https.
//
// A query is not signed at all, and neither is a callback: anybody who can reach
// the notify URL can send one. Nothing in it is believed but its id, and the id
// only as the question to ask: the gateway itself is asked for the order before
// money is believed. [Client.NotificationHandler] does it, and who parses
// callbacks by hand calls [Client.ConfirmNotification]. What is left to the
// merchant is to find the order among those that he created, by its id, to
// compare the confirmed Fee with it, and to credit it once.
//
// # The secret in the answers
//
// A query needs no credentials, and the public source answers it with the record
// of the application, its secret included: whoever learns the id of an order can
// read it there. The Raw fields of this package therefore print nowhere. Mend the
// server if it is yours.
//
// # Where this comes from
//
// The server's document (接入文档) says what goes over the wire, and its public
// source (xiebinbin/kechengcang_server) what the document leaves open.
// docs/providers.md has every field of both, and each choice that was made.
package kechengcang
