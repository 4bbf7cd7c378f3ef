package ispaytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

// A merchant's own test: the gateway calls back twice, and the shop, whose code
// is accept here, credits once.
func ExampleNewServer() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, err := ispay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	accept := func(_ context.Context, n *ispay.Notification) error {
		if _, again := credited[n.OrderNo]; !again {
			credited[n.OrderNo] = n.Order.Amount
			fmt.Println("credit", n.Order.Amount)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(accept))
	defer shop.Close()

	_, err = client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000),
		PayerIP: "203.0.113.7", NotifyURL: shop.URL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Pay("20191118123424")
	_, _ = gateway.Redeliver("20191118123424")
	for _, delivery := range gateway.Deliveries() {
		fmt.Println(delivery.Status, delivery.Reply)
	}
	// Output:
	// credit 300.00
	// 200 success
	// 200 success
}

// The order is made, but the answer is lost: a shop must not create it again.
func ExampleNewServer_lostAnswer() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	gateway.Misbehave(gatewaytest.Fault{Path: "/gateway", Processed: true, Reset: true, Times: 1})

	_, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	fmt.Println(errors.Is(err, ispay.ErrOutcomeUnknown))
	order, err := client.QueryOrder(ctx, "20191118123424")
	fmt.Println(order, err)
	// Output:
	// true
	// ispay order 20191118123424: 300.00 yuan, state 1 (accepted) <nil>
}
