package main

import (
	"context"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

func runCodepay(ctx context.Context, story *terminal.Story) error {
	fake := codepaytest.NewServer(gatewaytest.WithRepeats())
	defer fake.Close()
	fake.ShiftMoney(money.Cents(1))
	story.Step("The fake gateway listens at %s.", fake.URL)

	client, err := codepay.New(fake.Config())
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
	story.Step("Order 20170217200040 over %s yuan is created: the gateway calls it %s.", created.Price, created.OrderID)
	story.Note("The payer has to pay %s, because the gateway tells payers apart by cents.", created.Money)

	code, err := fetch(ctx, created.QRCodeURL)
	if err != nil {
		return err
	}
	story.Step("The payer scans this, which the gateway sends as an image:")
	if err := story.QRImage(code); err != nil {
		return err
	}

	story.Step("The payer pays, and the gateway calls %s back.", notifyURL)
	genuine, err := fake.Pay(created.OrderID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Reply == "success" && len(credited) == 1, `the reply "success"`, genuine.Reply); err != nil {
		return err
	}
	story.Note("Signature right, and it covers everything: %s.", credited[0])
	story.Note("%s yuan are credited, what was paid, not the %s that were asked.", credited[0].Money, credited[0].Price)
	story.Note("The callback is answered with %q.", genuine.Reply)

	forged, err := fake.SendTampered(created.OrderID)
	if err != nil {
		return err
	}
	story.Step("An attacker repeats the callback, but claims 900.00 yuan more.")
	if err := expect(forged.Reply == "fail" && len(credited) == 1, `the reply "fail"`, forged.Reply); err != nil {
		return err
	}
	story.Note("The signature does not fit any more: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Reply)
	return nil
}
