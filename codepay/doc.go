// Package codepay takes payments through codepay (码支付), a gateway that shows the payer
// the merchant's own Alipay, QQ Wallet or WeChat collection code and watches the
// merchant's account for the money.
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
//	// show order.QRCodeURL and order.PayableAmount until order.Remaining(time.Now()) is 0
//
// There are three ways to create an order: redirect the payer to the gateway's cashier
// page ([Client.CashierURL], or [Client.TokenURL], which is weaker); show your own
// page from the JSON response ([Client.CreateOrder]); or load a script on that page
// ([Client.ScriptURL]).
//
// All amounts are yuan with two decimals, times are in Asia/Shanghai (UTC+8).
//
// # What the signature covers
//
// A create and a notification are signed over every parameter that is not empty,
// whatever its name. The parameters are joined name=value with "&" and unescaped, so a
// value such as "1&price=9.00" could be split into other parameters under the same
// signature. A create therefore must not contain "&" in any value, and a notification
// is rejected if a value contains "&" with "=" after it, or if a parameter is repeated.
//
// The response to a create is not signed: it is as trustworthy as the TLS connection. A
// notification has nothing that shows that it is new: anyone who has seen one can send
// it again, and the gateway repeats it for up to 24 hours.
//
// A valid notification does not mean that the right amount was paid:
//
//   - Compare Notification.PaidAmount with the stored CreatedOrder.PayableAmount. The
//     gateway shifts some cents to tell payers apart.
//   - Credit PaidAmount, never Notification.Amount: the payer can type any amount.
//   - Credit a payment once. PaymentNo with Channel identifies it, as in the provider's
//     demo. OrderNo (pay_id) may be a user who pays many times.
//
// # Sources
//
// The provider's document (码支付个人免签 API 接口文档) defines the protocol. It has no
// query: [Client.QueryOrder] uses one that public clients use and that a deployment may
// not have. docs/providers.md has each decision.
package codepay
