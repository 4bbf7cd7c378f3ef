package codepaytest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
)

// A merchant's own test: the gateway asks for a cent less to tell payers apart
// and calls back twice, and the shop, whose code is accept here, credits what was
// paid, once.
func ExampleNewServer() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1)
	client, err := codepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	accept := func(_ context.Context, n *codepay.Notification) error {
		if _, again := credited[n.PayNo]; !again {
			credited[n.PayNo] = n.Money
			fmt.Println("credit", n.Money, "to", n.OrderNo)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(accept))
	defer shop.Close()

	_, err = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), NotifyURL: shop.URL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Pay("admin")
	_, _ = gateway.Redeliver("admin")
	for _, delivery := range gateway.Deliveries() {
		fmt.Println(delivery.Status, delivery.Reply)
	}
	// Output:
	// credit 99.99 to admin
	// 200 success
	// 200 success
}
