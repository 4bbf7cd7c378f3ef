package pingpptest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

// A test of a merchant's code: the event is sent twice, and the shop's function handle
// credits the charge once.
func ExampleNewServer() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, err := pingpp.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	credited := map[string]money.Amount{}
	handle := func(_ context.Context, n *pingpp.Notification) error {
		if !n.Paid() {
			return nil
		}
		if _, again := credited[n.Charge.ID]; !again {
			credited[n.Charge.ID] = n.Charge.Amount
			fmt.Println("credit", n.Charge.Amount, "for", n.Charge.OrderNo)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(handle))
	defer shop.Close()
	gateway.SetWebhookURL(shop.URL)

	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	_, err = client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = gateway.Pay("12134676899915430002")
	_, _ = gateway.Redeliver("12134676899915430002")
	for _, delivery := range gateway.Deliveries() {
		fmt.Println(delivery.Status, delivery.Response)
	}
	// Output:
	// credit 99.00 for 12134676899915430002
	// 200 success
	// 200 success
}
