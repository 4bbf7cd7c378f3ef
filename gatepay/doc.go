// Package gatepay takes payments through GatePay, a gateway that watches a merchant's
// own WeChat and Alipay collection codes (个人收款).
//
//	client, err := gatepay.New(gatepay.Config{
//		AppKey: "098f6bcd4621d373cade4e832627b4f6",
//		Secret: sign.NewSecret(os.Getenv("GATEPAY_SECRET")),
//	})
//	order, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
//		OrderNo: "S20191118123424E",
//		Channel: gatepay.ChannelAlipay,
//		Amount:  money.Cents(188), // 1.88 yuan
//		Attach:  "user-42",
//	})
//	http.Redirect(w, r, order.PayPageURL, http.StatusSeeOther)
//
// All amounts are yuan with two decimals, times are in Asia/Shanghai (UTC+8).
//
// # What the signature covers
//
// A create is signed over appkey, what is bought (price, fields or product_id), type,
// out_order_id and custom; not over notify_url and return_url. A query is signed over
// appkey and out_order_id. A quick-pay link is not signed: see [Client.QuickPayURL].
//
// A notification is signed over appkey and all its fields, with nothing between them:
// "ORD1" and "1.88" have the same signature as "ORD" and "11.88". Anyone who has seen
// one genuine notification can move the borders between its fields. The checked shape
// of each field leaves some of these cuts open: digits can move between order_id,
// out_order_id, price and realprice. [Client.NotificationHandler] therefore queries the
// gateway before it treats an order as paid; if you parse notifications yourself, call
// [Client.ConfirmNotification]. It compares order_id, out_order_id, price, type and the
// state. Once these are confirmed, only one cut of the other fields is left; realprice,
// paytime and extend then rest on the signature, because the gateway has no query for
// them. Compare the confirmed amount with the stored order, and credit an order number
// once.
//
// Begin and end your order numbers with a letter, as in S20191118123424E: then the
// signature of a notification is valid for one of your orders only. Order numbers cannot
// contain a point, so that the first point is that of price.
//
// The return of the payer (支付成功同步通知) is signed in the same way and passes
// through the payer's browser. Show a page with it, never credit: see
// [Client.ParseReturn].
//
// # Sources
//
// The provider's document (api.md of gatepay-io/docs) defines the protocol. What it leaves
// open is taken from the provider's FAQ and public examples. docs/providers.md has each
// decision.
package gatepay
