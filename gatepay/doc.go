// Package gatepay takes payments through GatePay, a gateway that watches a
// merchant's own WeChat and Alipay collection codes (个人收款).
//
//	client, err := gatepay.New(gatepay.Config{
//		AppKey: "098f6bcd4621d373cade4e832627b4f6",
//		Secret: sign.NewSecret(os.Getenv("GATEPAY_APPSECRET")),
//	})
//	order, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
//		OrderNo: "S20191118123424E",
//		Channel: gatepay.ChannelAlipay,
//		Amount:  money.Cents(188), // 1.88 yuan
//		Custom:  "user-42",
//	})
//	http.Redirect(w, r, order.PayPageURL, http.StatusSeeOther)
//
// All amounts are yuan with two decimals, times are in Asia/Shanghai (UTC+8).
//
// # What the signature covers
//
// A create is signed over appkey, what is bought (price, fields or product_id),
// type, out_order_id and custom; not over notify_url and return_url. A query is
// signed over appkey and out_order_id. The quick-pay URL is not signed at all:
// see [Client.QuickPayURL].
//
// A callback is signed over appkey and all of its fields. Nothing stands
// between the fields: "ORD1" and "1.88" sign like "ORD" and "11.88". Whoever
// has one genuine callback can cut it into others that are as well signed, and
// the shape of each field, which is checked strictly, leaves two cuts open: a
// digit can move between order_id and the beginning of out_order_id, and between
// its end and price. So the gateway itself is asked before money is believed:
// [Client.NotificationHandler] does it, and who parses callbacks by hand calls
// [Client.ConfirmNotification]. It confirms order_id, out_order_id, price and the
// state; realprice, paytime and extend are signed, but the gateway has no query
// for them. What is left to the merchant is to compare the confirmed amount with
// the stored order, and to credit an order number once.
//
// If all your order numbers begin and end with a letter, "-" or "_", a signature
// leaves one of your orders only: every other cut names an order number that begins
// with a digit. Number orders like S20191118123424E where you can. The point is
// forbidden in an order number, so the first point is always that of price, and no
// custom text, whatever a payer writes into it, can pass for the fields before it.
//
// The return of the payer (支付成功同步通知) is signed in the same way and
// travels through the payer's browser. It is for showing a page, never for
// crediting: see [Client.ParseReturn].
//
// # Where this comes from
//
// The provider's document (api.md of gatepay-io/docs) says what goes over the
// wire, and his FAQ and public examples what the document leaves open.
// docs/providers.md has every field of them, and each choice that was made.
package gatepay
