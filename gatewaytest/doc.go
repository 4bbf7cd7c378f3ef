// Package gatewaytest is what the five fake gateways share: ispay/ispaytest,
// codepay/codepaytest, gatepay/gatepaytest, kechengcang/kechengcangtest and
// pingpp/pingpptest. Each embeds [Server], whose methods pay, expire, call back
// and misbehave in the same way for all of them.
//
//	srv := ispaytest.NewServer()
//	defer srv.Close()
//	client, err := ispay.New(srv.Config())
//	…create an order with a NotifyURL at your own server…
//	delivery, err := srv.Pay(orderNo) // your handler has run when it returns
//
// A fake listens on a loopback port, checks what the real gateway documents and
// answers with its documented errors. It checks signatures by code of its own,
// not with the package it serves.
//
// Every fake begins to number its orders at the same number, so that tests can
// expect it: a program that keeps its orders while its fake is started anew will
// see numbers again.
package gatewaytest
