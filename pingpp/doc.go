// Package pingpp takes payments through Ping++ (益安 over Ping++): a merchant backend
// turns an order into a Ping++ charge, the mobile app pays it with Alipay or WeChat, and
// Ping++ sends a notification (webhook).
//
//	client, err := pingpp.New(pingpp.Config{
//		BaseURL:          "https://shop.example.com",
//		Token:            sign.NewSecret(os.Getenv("PINGPP_TOKEN")),
//		APIKey:           sign.NewSecret(os.Getenv("PINGPP_API_KEY")),
//		WebhookPublicKey: os.Getenv("PINGPP_WEBHOOK_PUBLIC_KEY"),
//	})
//	order, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{
//		OrderNo: "12134676899915430002",
//		Channel: pingpp.ChannelAlipay,
//	})
//	w.Write(order.Charge.Raw.Reveal()) // unchanged, for the Ping++ SDK of the app
//
// The merchant backend and Ping++ itself can be used separately:
//
//	BaseURL, Token     Client.CreateOrder, at the merchant backend
//	APIKey             Client.QueryCharge, Client.WaitForPayment,
//	                   Client.ConfirmNotification, Client.FindCharges,
//	                   Client.Charges, Client.Refunds, Client.QueryRefund and
//	                   Client.QueryEvent, at Ping++
//	WebhookPublicKey   Client.NotificationHandler, Client.ParseNotification and
//	                   Client.VerifyNotification
//
// A call whose fields are not set returns paygates.ErrInvalidConfig and names them.
//
// What is an order at the other gateways is a charge (支付对象) at Ping++: [Charge]
// corresponds to Order, [Charge.ID] to OrderID and [Client.QueryCharge] to QueryOrder. A
// query takes Ping++'s number, not the merchant's, so store the ID that the create returns.
// After a create whose outcome is unknown, [Client.FindCharges] finds the charge by its
// order number.
//
// Amounts are whole cents (分) of the charge's currency, times are Unix seconds.
//
// # What the signature covers
//
// A create is not signed. The token authorizes it, and the merchant backend alone decides
// the amount of an order number: compare [Charge.Amount] with the stored order.
//
// A query is authorized by the secret key. With Config.PrivateKey it is also signed over
// the body, the request URI and the time (请求签名). Its response is not signed: it is as
// trustworthy as the TLS connection.
//
// A notification is signed with RSA-SHA256 over its whole body, so
// [Client.NotificationHandler] sends no query. The signature does not cover:
//
//   - Repetition. Ping++ sends an event until the response has status 2xx, eight times in
//     25 hours, and anyone who has seen one can send it again. Credit a charge once:
//     deduplicate on [Charge.ID]. [Event.ID] may be missing.
//   - The present state. An old event stays genuine after a refund.
//     [Client.ConfirmNotification] queries Ping++ for the charge.
//   - The stored order. Compare amount and currency with it.
//
// Events of test mode, in which no money moves, are signed too. They are rejected unless
// Config.AllowTestMode is set.
//
// A charge that fails sends no notification.
//
// # Refunds
//
// [Charge.Paid] is false for a charge that was wholly refunded or reversed. A partly refunded charge is
// paid, and its AmountRefunded is more than zero. [Client.Refunds] lists each refund with its
// state.
//
// # Sources
//
// The merchant backend's document (益安, 用户进行付款) defines the create. Ping++'s document
// and public SDKs (such as PingPlusPlus/pingpp-go) define queries, lists, refunds, events
// and webhooks. docs/providers.md has each decision.
package pingpp
