package main

import (
	"context"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

func runPingpp(ctx context.Context, tell *story) error {
	fake := pingpptest.NewServer(gatewaytest.WithRetryDelays())
	defer fake.Close()
	tell.step("The fake merchant backend, and a fake Ping++ behind it, listen at %s.", fake.URL)

	config := fake.Config()
	config.Logger = quiet
	client, err := pingpp.New(config)
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

	// This number is larger than an int64.
	const orderNo = "12134676899915430002"
	if err := fake.AddOrder(orderNo, money.Cents(9900), "Example book"); err != nil {
		return err
	}
	created, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
	if err != nil {
		return err
	}
	charge := created.Charge
	tell.step("The backend knows order %s and creates a charge of %s yuan for it: %s.", orderNo, charge.Amount, charge.ID)
	if _, err := charge.AlipayCredential(); err != nil {
		return err
	}
	tell.step("The mobile app passes the charge to its Ping++ SDK, which opens Alipay.")

	tell.step("The payer pays, and Ping++ sends a webhook to %s.", notifyURL)
	genuine, err := fake.Pay(charge.ID)
	if err != nil {
		return err
	}
	if err := expect(genuine.Response == "success" && len(credited) == 1, `the response "success"`, genuine.Response); err != nil {
		return err
	}
	tell.note("The signature is valid and covers the whole body: %s.", credited[0])
	tell.note("The response to the webhook is HTTP %d, %q.", genuine.Status, genuine.Response)

	forged, err := fake.SendTampered(charge.ID)
	if err != nil {
		return err
	}
	tell.step("An attacker repeats the webhook with its signature, but writes 999.00 yuan into the body.")
	if err := expect(forged.Response == "fail" && len(credited) == 1, `the response "fail"`, forged.Response); err != nil {
		return err
	}
	tell.note("The signature is invalid: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Response)
	return nil
}
