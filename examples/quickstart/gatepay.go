package main

import (
	"context"
	"net/http"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

func runGatepay(ctx context.Context, story *terminal.Story) error {
	fake := gatepaytest.NewServer(gatewaytest.WithRepeats())
	defer fake.Close()
	story.Step("The fake gateway listens at %s.", fake.URL)

	client, err := gatepay.New(fake.Config())
	if err != nil {
		return err
	}
	var credited []*gatepay.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		credited = append(credited, n)
		return nil
	}))
	defer stop()

	// A number that ends in a digit, to show below what that is good for: one that
	// begins and ends with a letter leaves an attacker nothing to cut.
	const orderNo = "ORDER1"
	created, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo:   orderNo,
		Channel:   gatepay.ChannelAlipay,
		Amount:    money.Cents(188),
		Custom:    "user-42",
		NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	story.Step("Order %s over 1.88 yuan is created.", orderNo)
	story.Step("The payer scans this, or opens %s:", created.PayPageURL)
	story.QR(created.PayPageURL)

	story.Step("The payer pays, and the gateway calls %s back.", notifyURL)
	genuine, err := fake.Pay(orderNo)
	if err != nil {
		return err
	}
	if err := expect(genuine.Reply == "success" && len(credited) == 1, `the reply "success"`, genuine.Reply); err != nil {
		return err
	}
	story.Note("Signature right; the gateway, asked again, says: %s.", credited[0].Order)
	story.Note("The callback is answered with %q.", genuine.Reply)

	forged, err := fake.SendTampered(orderNo)
	if err != nil {
		return err
	}
	story.Step("An attacker cuts the callback differently: order ORDER and 11.88 yuan in place of ORDER1 and 1.88.")
	story.Note("Nothing stands between the fields when they are signed, so the signature is right.")
	if err := expect(forged.Status == http.StatusConflict && len(credited) == 1, "HTTP 409", forged.Status); err != nil {
		return err
	}
	story.Note("But the gateway, asked again, knows no such order: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Reply)
	return nil
}
