package main

import (
	"context"
	"time"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
)

func runKechengcang(ctx context.Context, story *terminal.Story) error {
	fake := kechengcangtest.NewServer(gatewaytest.WithRepeats())
	defer fake.Close()
	story.Step("The fake gateway listens at %s.", fake.URL)

	client, err := kechengcang.New(fake.Config())
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
	story.Step("An order over %s is created: the gateway calls it %s.", order.Fee, order.OrderID)
	story.Note("The payer is to send %s, a price that changes while he waits.", order.PayFee)
	story.Step("The payer scans this, or opens %s:", order.PayPageURL)
	story.QR(order.PayPageURL)

	story.Step("The payer pays, and the gateway calls %s back.", notifyURL)
	genuine, err := fake.Pay(order.OrderID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Reply == "ok" && len(credited) == 1, `the reply "ok"`, genuine.Reply); err != nil {
		return err
	}
	story.Note("Callbacks are not signed here; the gateway, asked again, says: %s.", credited[0].Order)
	story.Note("The callback is answered with %q.", genuine.Reply)
	paid, err := client.WaitForPayment(ctx, order.OrderID, 100*time.Millisecond)
	if err != nil {
		return err
	}
	story.Note("Who waits by query learns the same, and does not depend on callbacks: state %s.", paid.State)

	unpaid, err := client.CreateOrder(ctx, request)
	if err != nil {
		return err
	}
	forged, err := fake.SendTampered(unpaid.OrderID)
	if err != nil {
		return err
	}
	story.Step("An attacker orders too, pays nothing, and sends a callback that says he did.")
	if err := expect(forged.Reply == "fail" && len(credited) == 1, `the reply "fail"`, forged.Reply); err != nil {
		return err
	}
	story.Note("The gateway does not confirm it: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Reply)
	return nil
}
