package main

import (
	"context"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

func runPingpp(ctx context.Context, story *terminal.Story) error {
	fake := pingpptest.NewServer(gatewaytest.WithRepeats())
	defer fake.Close()
	story.Step("The fake merchant backend, and a fake Ping++ behind it, listen at %s.", fake.URL)

	client, err := pingpp.New(fake.Config())
	if err != nil {
		return err
	}
	var credited []*pingpp.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error {
		if n.Paid() {
			credited = append(credited, n)
		}
		return nil
	}))
	defer stop()
	fake.SetWebhookURL(notifyURL)

	// Longer than an int64.
	const orderNo = "12134676899915430002"
	if err := fake.AddOrder(orderNo, money.Cents(9900), "Example book"); err != nil {
		return err
	}
	created, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
	if err != nil {
		return err
	}
	charge := created.Charge
	story.Step("The backend knows order %s and gives it a charge over %s yuan: %s.", orderNo, charge.Amount, charge.ID)
	if _, err := charge.AlipayCredential(); err != nil {
		return err
	}
	story.Step("The mobile app hands the charge, untouched, to its Ping++ SDK, which opens Alipay.")

	story.Step("The payer pays, and Ping++ calls %s back.", notifyURL)
	genuine, err := fake.Pay(charge.ID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Reply == "success" && len(credited) == 1, `the reply "success"`, genuine.Reply); err != nil {
		return err
	}
	story.Note("Signature right, and it covers the whole body: %s.", credited[0])
	story.Note("The callback is answered with HTTP %d, %q.", genuine.Status, genuine.Reply)

	forged, err := fake.SendTampered(charge.ID)
	if err != nil {
		return err
	}
	story.Step("An attacker repeats the callback, its signature included, but writes 999.00 yuan into the body.")
	if err := expect(forged.Reply == "fail" && len(credited) == 1, `the reply "fail"`, forged.Reply); err != nil {
		return err
	}
	story.Note("The signature does not fit any more: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Reply)
	return nil
}
