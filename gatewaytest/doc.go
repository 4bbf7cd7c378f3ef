// Package gatewaytest is what the fake gateways share. Each fake is a package below that of
// its gateway, such as ispay/ispaytest.
//
//	srv := ispaytest.NewServer()
//	defer srv.Close()
//	client, err := ispay.New(srv.Config())
//	…create an order with a NotifyURL on your own server…
//	delivery, err := srv.Pay(orderNo) // your handler has responded when it returns
//
// Each embeds [Server], which has the methods of all fakes:
//
//	Pay                  pays an order and sends its notification
//	PaySilently          pays an order without a notification, as if it were lost
//	Expire               ends an order without a payment
//	Redeliver            sends the notification again
//	SendTampered         sends an attacker's notification
//	NotificationRequest  returns the notification, for a handler in memory
//	InjectFault          makes requests fail: status, delay, reset, cut response
//	DelayNotifications   delays notifications
//	AddFields            adds unknown fields to responses and notifications
//	Advance              moves the clock of the fake
//	Order, Orders        return what was ordered
//	Deliveries           returns what was sent, with the merchant's responses
//	Reset, Close         remove all orders; stop the fake
//
// Those of a gateway with a merchant's secret embed [Secrets] too: SetSecret changes it, to
// test a rotation.
//
// A fake listens on a loopback port, checks what the gateway documents, and responds
// with the documented errors. It verifies signatures with its own code, not with the
// package that it tests. It keeps its latest orders and deliveries in memory, 10,000 of
// each: see WithLimit.
//
// Every fake starts numbering its orders at the same number, so that a test can expect
// the number. A program that stores its orders sees the same numbers again after the
// fake has been restarted, unless it is started with another WithIssued.
package gatewaytest
