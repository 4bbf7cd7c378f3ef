package gatepaytest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/money"
)

// A merchant's own test: the account's callback URL is used, the gateway calls
// back twice, and the shop, whose code is accept here, credits once.
func ExampleNewServer() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, err := gatepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	accept := func(_ context.Context, n *gatepay.Notification) error {
		if _, again := credited[n.OrderNo]; !again {
			credited[n.OrderNo] = n.Order.Amount
			fmt.Println("credit", n.Order.Amount, "to", n.Custom)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(accept))
	defer shop.Close()
	gateway.SetAccount(shop.URL, "")

	_, err = client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelWeChat, ProductID: "10", Custom: "user-42",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Pay("S20191118123424E")
	_, _ = gateway.Redeliver("S20191118123424E")
	for _, delivery := range gateway.Deliveries() {
		fmt.Println(delivery.Status, delivery.Reply)
	}
	// Output:
	// credit 19.90 to user-42
	// 200 success
	// 200 success
}
