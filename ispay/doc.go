// Package ispay takes payments through ispay (就付), a gateway that routes a payer to a
// personal Alipay, WeChat or UnionPay 云闪付 collection code.
//
//	client, err := ispay.New(ispay.Config{
//		UserID: "10001",
//		Secret: sign.NewSecret(os.Getenv("ISPAY_SECRET")),
//	})
//	order, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
//		OrderNo: "20191118123424",
//		Channel: ispay.ChannelAlipay,
//		Amount:  money.Cents(30000), // 300.00 yuan
//		PayerIP: "203.0.113.7",
//	})
//	http.Redirect(w, r, order.PayPageURL, http.StatusSeeOther)
//
// All amounts are yuan with two decimals, times are in Asia/Shanghai (UTC+8).
//
// # What the signature covers
//
// A create is signed over userid, order_no, order_type, amount and return_url; not over
// notify_url, ip, subject or order_time.
//
// A notification is signed over userid and order_no only. The signature covers neither
// the amount nor the state and is the same for every notification of an order, and the
// order query URL contains the same MD5. Anyone who has seen it can send a notification
// with any amount and state 9. [Client.NotificationHandler] therefore queries the
// gateway before it treats an order as paid; if you parse notifications yourself, call
// [Client.ConfirmNotification]. Compare the confirmed amount with the stored order, and
// credit an order number once.
//
// The order number is restricted to letters, digits, "-" and "_" because the signed
// values are joined without separators: the signature of a create would otherwise be a
// valid notification signature for a longer order number.
//
// # Sources
//
// The provider's document (接入指南) defines the protocol. What it leaves open is taken
// from the provider's public demo (conku/ispay.in). docs/providers.md has each decision.
package ispay
