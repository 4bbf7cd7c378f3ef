// Package pingpp takes payments through Ping++ (益安 over Ping++): a merchant
// backend turns an order into a Ping++ charge, the mobile app pays it with
// Alipay or WeChat, and Ping++ calls back.
//
//	client, err := pingpp.New(pingpp.Config{
//		BaseURL:          "https://shop.example.com",
//		Token:            sign.NewSecret(os.Getenv("PINGPP_TOKEN")),
//		APIKey:           sign.NewSecret(os.Getenv("PINGPP_API_KEY")),
//		WebhookPublicKey: os.Getenv("PINGPP_PUBLIC_KEY"),
//	})
//	order, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{
//		OrderNo: "12134676899915430002",
//		Channel: pingpp.ChannelAlipay,
//	})
//	w.Write(order.Charge.Raw) // the Ping++ SDK of the app takes it as it is
//
// The merchant backend and Ping++ itself may be used separately:
//
//	BaseURL, Token     Client.CreateOrder, at the merchant backend
//	APIKey             Client.QueryCharge, Client.WaitForPayment and
//	                   Client.ConfirmNotification, at Ping++
//	WebhookPublicKey   Client.NotificationHandler, Client.ParseNotification and
//	                   Client.VerifyNotification
//
// A call whose fields are not set returns [ErrInvalidConfig] and names them.
//
// What the other gateways of this module call an order is a charge (支付对象) at
// Ping++: [Charge] is their Order, [Charge.ID] their OrderID, [Client.QueryCharge]
// their QueryOrder. It is asked for by Ping++'s number, not by the merchant's,
// so store the ID that the create returns.
//
// All amounts are sent as whole cents (分), times as Unix seconds.
//
// # What the signature covers
//
// A create is not signed: the token authorises it, and the backend alone decides
// the amount of an order number. Compare [Charge.Amount] with your own order.
//
// A query is authorised by the secret key. With Config.PrivateKey it is signed
// over the body, the request URI and the time as well (验签).
//
// A callback (webhook) is signed with RSA-SHA256 over its whole body, so all of
// it may be believed once [Client.NotificationHandler] or
// [Client.VerifyNotification] has taken it. What the signature does not cover:
//
//   - Repetition. The same event comes again, by Ping++ until it is answered with
//     2xx (eight times in 25 hours) and by whoever recorded it at any time. Credit
//     a charge once: deduplicate on [Notification.ID] and on [Charge.ID].
//   - The present. An old event stays genuine after a refund:
//     [Client.ConfirmNotification] asks Ping++ how the charge stands now.
//   - The order. Compare the amount with the stored order.
//
// Events of test mode, in which no money moves, are signed as well. They are
// refused unless Config.AllowTestMode is set.
//
// Failed charges send no callback.
//
// # Where this comes from
//
// The merchant backend's document (益安, 用户进行付款) says what goes over the wire,
// and Ping++'s own document and public SDK (PingPlusPlus/pingpp-go) what it leaves
// to Ping++: queries, refunds and webhooks. docs/providers.md has every field of
// them, and each choice that was made.
package pingpp
