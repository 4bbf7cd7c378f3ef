package ispay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// A merchant's configuration comes from the environment or a settings file; the
// secret shows itself nowhere.
func ExampleNew() {
	_, err := ispay.New(ispay.Config{UserID: "10001"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, ispay.ErrInvalidConfig))

	config := ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")}
	fmt.Println(config.Secret)
	// Output:
	// ispay: invalid configuration: Secret is required
	// true
	// [redacted]
}

func ExampleClient_CreateOrder() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, err := ispay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "20191118123424",
		Channel: ispay.ChannelAlipay,
		Amount:  money.Cents(30000),
		PayerIP: "203.0.113.7",
	})
	switch {
	case errors.Is(err, ispay.ErrOutcomeUnknown):
		fmt.Println("query the order, do not create it again:", err)
	case err != nil:
		fmt.Println("not created:", err)
	default:
		fmt.Println("order", order.OrderID, "is paid at the page that ends in", order.PayPageURL[len(gateway.URL):])
	}
	// Output:
	// order 424843497502158848 is paid at the page that ends in /transfer/424843497502158848
}

func ExampleClient_QueryState() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	code, err := client.QueryQRCode(ctx, created.OrderID)
	if err != nil {
		fmt.Println(err)
		return
	}
	png, err := code.Code.Image()
	fmt.Println(code.State, code.Code.Amount, code.Code.Timeout, len(png) > 0, err)

	state, err := client.QueryState(ctx, created.OrderID)
	fmt.Println(state.State, err)
	// Output:
	// 5 (awaiting payment) 300.00 15m0s true <nil>
	// 5 (awaiting payment) <nil>
}

func ExampleClient_QueryOrder() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	_, err := client.QueryOrder(context.Background(), "20191118123424")
	fmt.Println(err)
	fmt.Println(errors.Is(err, ispay.ErrOrderNotFound))
	// Output:
	// ispay: query order: 订单不存在: order not found
	// true
}

func ExampleClient_WaitForPayment() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	_ = gateway.PaySilently("20191118123424")

	order, err := client.WaitForPayment(ctx, "20191118123424", time.Second)
	fmt.Println(order, err)
	// Output:
	// ispay order 20191118123424: 300.00 yuan, state 9 (confirmed) <nil>
}

// The handler is mounted like any other. A callback that claims another amount
// carries a valid signature, and is refused all the same.
func ExampleClient_NotificationHandler() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		// Here: compare n.Order.Amount with the stored order, credit n.OrderNo once.
		fmt.Println("paid:", n.OrderNo, n.Order.Amount)
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000),
		PayerIP: "203.0.113.7", NotifyURL: shop.URL + "/notify",
	})
	genuine, _ := gateway.Pay("20191118123424")
	fmt.Println("genuine:", genuine.Status, genuine.Reply)
	tampered, _ := gateway.SendTampered("20191118123424")
	fmt.Println("tampered:", tampered.Status, tampered.Reply)
	// Output:
	// paid: 20191118123424 300.00
	// genuine: 200 success
	// tampered: 409 fail
}

// A program that gets its callbacks through a framework passes the parameters on.
func ExampleClient_VerifyNotification() {
	client, _ := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")})
	parameters := httptest.NewRequest(http.MethodGet, "/notify?order_no=1&amount=300.00&state=9&sign=00", nil).URL.Query()
	_, err := client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, ispay.ErrInvalidSignature))
	// Output:
	// true
}
