package main

import (
	"context"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

func runIspay(ctx context.Context, tell *story) error {
	fake := ispaytest.NewServer(gatewaytest.WithRetryDelays())
	defer fake.Close()
	tell.step("The fake gateway listens at %s.", fake.URL)

	config := fake.Config()
	config.Logger = quiet
	client, err := ispay.New(config)
	if err != nil {
		return err
	}
	var credited []*ispay.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		credited = append(credited, n)
		return nil
	}))
	defer stop()

	created, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo:   "20191118123424",
		Channel:   ispay.ChannelAlipay,
		Amount:    money.Cents(30000),
		PayerIP:   "203.0.113.7",
		Subject:   "Example book",
		NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	tell.step("Order 20191118123424 for 300.00 yuan is created. The gateway's number is %s.", created.OrderID)

	code, err := client.QueryQRCode(ctx, created.OrderID)
	if err != nil {
		return err
	}
	tell.step("The payer scans this code, or opens %s:", created.PayPageURL)
	tell.qr(code.Code.QRCode)

	tell.step("The payer pays, and the gateway sends a notification to %s.", notifyURL)
	genuine, err := fake.Pay("20191118123424")
	if err != nil {
		return err
	}
	if err := expect(genuine.Response == "success" && len(credited) == 1, `the response "success"`, genuine.Response); err != nil {
		return err
	}
	tell.note("The signature is valid, and the gateway confirms: %s.", credited[0].Order)
	tell.note("The response to the notification is %q.", genuine.Response)

	forged, err := fake.SendTampered("20191118123424")
	if err != nil {
		return err
	}
	tell.step("An attacker repeats the notification with its valid signature, but claims 1200.00 yuan.")
	if err := expect(forged.Response == "fail" && len(credited) == 1, `the response "fail"`, forged.Response); err != nil {
		return err
	}
	tell.note("The gateway does not confirm it: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Response)
	return nil
}
