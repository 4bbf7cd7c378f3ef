package main

import (
	"context"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

func runIspay(ctx context.Context, story *terminal.Story) error {
	fake := ispaytest.NewServer(gatewaytest.WithRepeats())
	defer fake.Close()
	story.Step("The fake gateway listens at %s.", fake.URL)

	client, err := ispay.New(fake.Config())
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
	story.Step("Order 20191118123424 over 300.00 yuan is created: the gateway calls it %s.", created.OrderID)

	code, err := client.QueryQRCode(ctx, created.OrderID)
	if err != nil {
		return err
	}
	story.Step("The payer scans this, or opens %s:", created.PayPageURL)
	story.QR(code.Code.QRCode)

	story.Step("The payer pays, and the gateway calls %s back.", notifyURL)
	genuine, err := fake.Pay("20191118123424")
	if err != nil {
		return err
	}
	if err := expect(genuine.Reply == "success" && len(credited) == 1, `the reply "success"`, genuine.Reply); err != nil {
		return err
	}
	story.Note("Signature right; the gateway, asked again, says: %s.", credited[0].Order)
	story.Note("The callback is answered with %q.", genuine.Reply)

	forged, err := fake.SendTampered("20191118123424")
	if err != nil {
		return err
	}
	story.Step("An attacker repeats the callback, its valid signature included, but claims 1200.00 yuan.")
	if err := expect(forged.Reply == "fail" && len(credited) == 1, `the reply "fail"`, forged.Reply); err != nil {
		return err
	}
	story.Note("The gateway does not confirm it: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Reply)
	return nil
}
