package main

import (
	"context"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
)

func runKechengcang(ctx context.Context, tell *story) error {
	fake := kechengcangtest.NewServer(gatewaytest.WithRetryDelays())
	defer fake.Close()
	tell.step("The fake gateway listens at %s.", fake.URL)

	config := fake.Config()
	config.Logger = quiet
	client, err := kechengcang.New(config)
	if err != nil {
		return err
	}
	var credited []*kechengcang.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
		credited = append(credited, n)
		return nil
	}))
	defer stop()

	request := kechengcang.CreateOrderRequest{
		Subject:   "Course 42, order 20191118123424",
		Fee:       kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		NotifyURL: notifyURL,
	}
	order, err := client.CreateOrder(ctx, request)
	if err != nil {
		return err
	}
	tell.step("An order for %s is created. The gateway's number is %s.", order.Fee, order.OrderID)
	tell.note("The payer must send %s. This price changes while the order waits.", order.PayFee)
	tell.step("The payer scans this code, or opens %s:", order.PayPageURL)
	tell.qr(order.PayPageURL)

	tell.step("The payer pays, and the gateway sends a notification to %s.", notifyURL)
	genuine, err := fake.Pay(order.OrderID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Response == "ok" && len(credited) == 1, `the response "ok"`, genuine.Response); err != nil {
		return err
	}
	tell.note("Notifications are unsigned here, so the gateway is queried. It confirms: %s.", credited[0].Order)
	tell.note("The response to the notification is %q.", genuine.Response)
	paid, err := client.WaitForPayment(ctx, order.OrderID, 100*time.Millisecond)
	if err != nil {
		return err
	}
	tell.note("WaitForPayment queries the same state and does not depend on notifications: %s.", paid.State)

	unpaid, err := client.CreateOrder(ctx, request)
	if err != nil {
		return err
	}
	forged, err := fake.SendTampered(unpaid.OrderID)
	if err != nil {
		return err
	}
	tell.step("An attacker orders too, pays nothing, and sends a notification of a payment.")
	if err := expect(forged.Response == "fail" && len(credited) == 1, `the response "fail"`, forged.Response); err != nil {
		return err
	}
	tell.note("The gateway does not confirm it: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Response)
	return nil
}
