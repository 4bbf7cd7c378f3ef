// Package gatewaytest is what the fake gateways share: ispay/ispaytest,
// codepay/codepaytest, gatepay/gatepaytest, kechengcang/kechengcangtest and
// pingpp/pingpptest. Each embeds [Server], whose methods pay and expire orders, send
// notifications and inject faults.
//
//	srv := ispaytest.NewServer()
//	defer srv.Close()
//	client, err := ispay.New(srv.Config())
//	…create an order with a NotifyURL on your own server…
//	delivery, err := srv.Pay(orderNo) // your handler has responded when it returns
//
// A handler can be tested without a network: NotificationRequest returns the signed
// notification as a request for its ServeHTTP. AddFields adds unknown fields to responses
// and notifications, and WithClock and Advance move the clock of a fake.
//
// A fake keeps its latest orders and deliveries in memory, 10,000 of each: see WithLimit.
//
// A fake listens on a loopback port, checks what the gateway documents, and responds
// with the documented errors. It verifies signatures with its own code, not with the
// package that it tests.
//
// Every fake starts numbering its orders at the same number, so that a test can expect
// the number. A program that stores its orders sees the same numbers again after the
// fake has been restarted.
package gatewaytest
