package codepaytest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
)

// A test of a shop: the payer has to pay a cent less, the gateway sends the notification
// twice, and the shop credits what was paid once.
func ExampleNewServer() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1)
	client, err := codepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	type payment struct {
		number  string
		channel codepay.Channel
	}
	credited := map[payment]money.Amount{}
	handle := func(_ context.Context, n *codepay.Notification) error {
		paid := payment{n.PaymentNo, n.Channel}
		if _, again := credited[paid]; !again {
			credited[paid] = n.PaidAmount
			fmt.Println("credit", n.PaidAmount, "to", n.OrderNo)
		}
		return nil
	}
	shop := httptest.NewServer(client.NotificationHandler(handle))
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
		fmt.Println(delivery.Status, delivery.Response)
	}
	// Output:
	// credit 99.99 to admin
	// 200 success
	// 200 success
}
