package codepay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// A merchant's configuration comes from the environment or a settings file; the
// key shows itself nowhere.
func ExampleNew() {
	_, err := codepay.New(codepay.Config{UserID: "10041"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, codepay.ErrInvalidConfig))

	config := codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")}
	fmt.Println(config.Secret)
	// Output:
	// codepay: invalid configuration: Secret is required
	// true
	// [redacted]
}

func ExampleClient_CreateOrder() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1) // somebody else is about to pay 100.00
	client, err := codepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "20170217200040",
		Channel: codepay.ChannelAlipay,
		Amount:  money.Cents(10000),
		Timeout: 5 * time.Minute,
	})
	switch {
	case errors.Is(err, codepay.ErrListenerOffline):
		fmt.Println("a payment would not be noticed:", err)
	case errors.Is(err, codepay.ErrOutcomeUnknown):
		fmt.Println("wait for a callback, do not create it again:", err)
	case err != nil:
		fmt.Println("not created:", err)
	default:
		fmt.Println("order", order.OrderID, "costs", order.Price)
		fmt.Println("to be paid:", order.Money, "within", order.Remaining(order.ReceivedAt))
		fmt.Println("QR code:", order.QRCodeURL[len(gateway.URL):])
	}
	// Output:
	// order 424843497502158848 costs 100.00
	// to be paid: 99.99 within 5m0s
	// QR code: /qr/424843497502158848/0.png
}

// The payer is redirected to the gateway's own page.
func ExampleClient_CashierURL() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	page, err := client.CashierURL(codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	if err != nil {
		fmt.Println(err)
		return
	}
	parameters, _ := url.Parse(page)
	fmt.Println(parameters.Host, parameters.Path)
	fmt.Println(parameters.Query().Get("price"), len(parameters.Query().Get("sign")))
	// Output:
	// codepay.fateqq.com:51888 /creat_order/
	// 100.00 32
}

func ExampleParseReply() {
	order, err := codepay.ParseReply([]byte(`callback({"status":0,"msg":"ok","money":"99.99","price":"100.00","order_id":888888888});`))
	fmt.Println(order.Money, err)
	_, err = codepay.ParseReply([]byte(`callback({"status":-2,"msg":"too long"});`))
	fmt.Println(err)
	// Output:
	// 99.99 <nil>
	// codepay: read reply: code -2: too long
}

func ExampleClient_QueryOrder() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config()) // with a token
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	order, err := client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order, err)

	_ = gateway.PaySilently(created.OrderID)
	order, err = client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order.Paid(), err)

	_, err = client.QueryOrder(ctx, "1")
	fmt.Println(errors.Is(err, codepay.ErrOrderNotFound))
	// Output:
	// codepay order 424843497502158848: state 0 (unpaid) <nil>
	// true <nil>
	// true
}

func ExampleClient_WaitForPayment() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	_ = gateway.PaySilently("admin")

	order, err := client.WaitForPayment(ctx, created.OrderID, time.Second)
	fmt.Println(order, err)
	// Output:
	// codepay order 424843497502158848: state 2 (paid, completed) <nil>
}

// The handler is mounted like any other. What was really paid is Money.
func ExampleClient_NotificationHandler() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1)
	client, _ := codepay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		// Here: compare n.Money with the stored order, credit n.PayNo once.
		fmt.Println("paid:", n.OrderNo, n.Money, "of", n.Price, n.Differs())
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), NotifyURL: shop.URL + "/notify",
	})
	genuine, _ := gateway.Pay("admin")
	fmt.Println("genuine:", genuine.Status, genuine.Reply)
	tampered, _ := gateway.SendTampered("admin")
	fmt.Println("tampered:", tampered.Status, tampered.Reply)
	// Output:
	// paid: admin 99.99 of 100.00 true
	// genuine: 200 success
	// tampered: 403 fail
}

// A program that gets its callbacks through a framework passes the parameters on.
func ExampleClient_VerifyNotification() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	parameters := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "pay_no": {"1"}, "sign": {"00"}}
	_, err := client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, codepay.ErrInvalidSignature))
	// Output:
	// true
}
