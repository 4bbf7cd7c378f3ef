package gatepaytest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/money"
)

// A test of a shop: the gateway sends the notification twice to the notify URL of the
// account, and the shop credits the order once.
func ExampleNewServer() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, err := gatepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	handle := func(_ context.Context, n *gatepay.Notification) error {
		if _, done := credited[n.OrderNo]; !done {
			credited[n.OrderNo] = n.Order.Amount
			fmt.Println("credit", n.Order.Amount, "to", n.Attach)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(handle))
	defer shop.Close()
	gateway.SetAccount(shop.URL, "")

	_, err = client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelWeChat, ProductID: "10", Attach: "user-42",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Pay("S20191118123424E")
	_, _ = gateway.Redeliver("S20191118123424E")
	for _, delivery := range gateway.Deliveries() {
		fmt.Println(delivery.Status, delivery.Response)
	}
	// Output:
	// credit 19.90 to user-42
	// 200 success
	// 200 success
}
