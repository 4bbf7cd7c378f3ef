// Package ispay takes payments through ispay (就付), a gateway that routes a
// payer to a personal Alipay, WeChat or UnionPay 云闪付 collection code.
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
// A create is signed over userid, order_no, order_type, amount and return_url;
// not over notify_url, ip, subject or order_time.
//
// A callback is signed over userid and order_no only. The signature covers
// neither the amount nor the state, it is the same for every callback of an
// order, and it is the very md5 that stands in the URL of the order query: it
// proves only that somebody once saw it. Whoever has one can send a callback
// with any amount and state 9. So the gateway itself is asked before money is
// believed: [Client.NotificationHandler] does it, and who parses callbacks by
// hand calls [Client.ConfirmNotification]. What is left to the merchant is to
// compare the confirmed amount with the stored order, and to credit an order
// number once.
//
// The order number is restricted to letters, digits, "-" and "_" because the
// signed values are joined without separators: the signature of a create would
// otherwise be a valid callback signature for a longer order number.
//
// # Where this comes from
//
// The provider's document (接入指南) says what goes over the wire, and his public
// demo (conku/ispay.in) what the document leaves open. docs/providers.md has every
// field of both, and each choice that was made.
package ispay
