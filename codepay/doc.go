// Package codepay takes payments through codepay (码支付), a gateway that shows a
// payer the merchant's own Alipay, QQ wallet or WeChat collection code and
// watches the merchant's account for the money.
//
//	client, err := codepay.New(codepay.Config{
//		UserID: "10041",
//		Secret: sign.NewSecret(os.Getenv("CODEPAY_SECRET")),
//	})
//	order, err := client.CreateOrder(ctx, codepay.CreateOrderRequest{
//		OrderNo: "20170217200040",
//		Channel: codepay.ChannelAlipay,
//		Amount:  money.Cents(10000), // 100.00 yuan
//	})
//	// show order.QRCodeURL and order.Money until order.Remaining(time.Now()) is 0
//
// There are three ways to order: the gateway's cashier page, to which a signed
// address leads ([Client.CashierURL], or [Client.TokenURL], which is weaker); a
// page of the merchant's own from the JSON reply ([Client.CreateOrder]); and a
// script on such a page ([Client.ScriptURL]).
//
// All amounts are yuan with two decimals, times are in Asia/Shanghai (UTC+8).
//
// # What the signature covers
//
// A create and a callback are signed over every parameter that is not empty,
// whatever its name, so what a genuine callback says may be believed. The
// parameters are joined name=value with "&" and unescaped: a value with "&"
// could be cut into other parameters under the same signature. So "&" is refused
// in every value, when an order is made and when a callback is verified, and a
// repeated parameter is refused too.
//
// The reply to a create is not signed; it is as good as the TLS that it came
// by. A callback carries no time that proves it fresh: it can be sent again by
// whoever saw it, and the gateway itself repeats it.
//
// What is left to the merchant:
//
//   - Credit what was paid (Notification.Money), not what was asked
//     (Notification.Price): the payer may type any amount. To credit the price
//     unseen is the classic hole of this gateway.
//   - Compare Money with what the stored order asks for (CreatedOrder.Money): the
//     gateway shifts cents to tell payers apart.
//   - Credit a Notification.PayNo once. OrderNo (pay_id) may be a user who pays
//     many times.
//
// # Where this comes from
//
// The provider's document (码支付个人免签 API 接口文档) says what goes over the wire.
// It has no query: [Client.QueryOrder] uses one that public clients use and that a
// deployment may not have. docs/providers.md has every field of both, and each
// choice that was made.
package codepay
