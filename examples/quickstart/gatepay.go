package main

import (
	"context"
	"net/http"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

func runGatepay(ctx context.Context, tell *story) error {
	fake := gatepaytest.NewServer(gatewaytest.WithRetryDelays())
	defer fake.Close()
	tell.step("The fake gateway listens at %s.", fake.URL)

	config := fake.Config()
	config.Logger = quiet
	client, err := gatepay.New(config)
	if err != nil {
		return err
	}
	var credited []*gatepay.Notification
	notifyURL, stop := serve(client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		credited = append(credited, n)
		return nil
	}))
	defer stop()

	// A number that ends with a digit, to show a re-cut below: one that begins and ends
	// with a letter leaves an attacker nothing to cut.
	const orderNo = "ORDER1"
	created, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo:   orderNo,
		Channel:   gatepay.ChannelAlipay,
		Amount:    money.Cents(188),
		Attach:    "user-42",
		NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	tell.step("Order %s for 1.88 yuan is created.", orderNo)
	tell.step("The payer scans this code, or opens %s:", created.PayPageURL)
	tell.qr(created.PayPageURL)

	tell.step("The payer pays, and the gateway sends a notification to %s.", notifyURL)
	genuine, err := fake.Pay(orderNo)
	if err != nil {
		return err
	}
	if err := expect(genuine.Response == "success" && len(credited) == 1, `the response "success"`, genuine.Response); err != nil {
		return err
	}
	tell.note("The signature is valid, and the gateway confirms: %s.", credited[0].Order)
	tell.note("The response to the notification is %q.", genuine.Response)

	forged, err := fake.SendTampered(orderNo)
	if err != nil {
		return err
	}
	tell.step("An attacker cuts the notification into other fields: order ORDER and 11.88 yuan instead of ORDER1 and 1.88.")
	tell.note("The fields are signed without separators, so the signature is valid.")
	if err := expect(forged.Status == http.StatusConflict && len(credited) == 1, "HTTP 409", forged.Status); err != nil {
		return err
	}
	tell.note("But the gateway knows no such order: HTTP %d, %q. Nothing is credited.", forged.Status, forged.Response)
	return nil
}
