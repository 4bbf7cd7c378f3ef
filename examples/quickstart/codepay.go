package main

import (
	"context"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

func runCodepay(ctx context.Context, tell *story) error {
	fake := codepaytest.NewServer(gatewaytest.WithRetryDelays())
	defer fake.Close()
	fake.ShiftMoney(money.Cents(1))
	tell.step("The fake gateway listens at %s.", fake.URL)

	config := fake.Config()
	config.Logger = quiet
	client, err := codepay.New(config)
	if err != nil {
		return err
	}
	var credited []*codepay.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		credited = append(credited, n)
		return nil
	}))
	defer stop()

	created, err := client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo:   "20170217200040",
		Channel:   codepay.ChannelAlipay,
		Amount:    money.Cents(10000),
		NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	tell.step("Order 20170217200040 for %s yuan is created. The gateway's number is %s.", created.Amount, created.OrderID)
	tell.note("The payer must pay %s: the gateway tells payers apart by cents.", created.PayableAmount)

	code, err := fetch(ctx, created.QRCodeURL)
	if err != nil {
		return err
	}
	tell.step("The payer scans this code, which the gateway sends as an image:")
	if err := tell.qrImage(code); err != nil {
		return err
	}

	tell.step("The payer pays, and the gateway sends a notification to %s.", notifyURL)
	genuine, err := fake.Pay(created.OrderID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Response == "success" && len(credited) == 1, `the response "success"`, genuine.Response); err != nil {
		return err
	}
	tell.note("The signature is valid and covers every field: %s.", credited[0])
	tell.note("%s yuan are credited: the amount that was paid, not the %s that were asked.", credited[0].PaidAmount, credited[0].Amount)
	tell.note("The response to the notification is %q.", genuine.Response)

	forged, err := fake.SendTampered(created.OrderID)
	if err != nil {
		return err
	}
	tell.step("An attacker repeats the notification, but claims 900.00 yuan more.")
	if err := expect(forged.Response == "fail" && len(credited) == 1, `the response "fail"`, forged.Response); err != nil {
		return err
	}
	tell.note("The signature is invalid: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Response)
	return nil
}
