package ispaytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

// The gateway sends the notification twice. The shop credits the order once.
func ExampleNewServer() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, err := ispay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	handle := func(_ context.Context, n *ispay.Notification) error {
		if _, done := credited[n.OrderNo]; !done {
			credited[n.OrderNo] = n.Order.Amount
			fmt.Println("credit", n.Order.Amount)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(handle))
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
		fmt.Println(delivery.Status, delivery.Response)
	}
	// Output:
	// credit 300.00
	// 200 success
	// 200 success
}

// The order is created, but the response is lost. Query the order, do not create it
// again.
func ExampleNewServer_lostResponse() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	gateway.InjectFault(gatewaytest.Fault{Path: "/gateway", Processed: true, Reset: true, Times: 1})

	_, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	fmt.Println(errors.Is(err, paygates.ErrOutcomeUnknown))
	order, err := client.QueryOrder(ctx, "20191118123424")
	fmt.Println(order, err)
	// Output:
	// true
	// ispay order 20191118123424: 300.00 yuan, state 1 (accepted) <nil>
}
