package ispay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The configuration comes from the environment or a settings file. The secret is never
// printed.
func ExampleNew() {
	_, err := ispay.New(ispay.Config{UserID: "10001"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrInvalidConfig))

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
	case errors.Is(err, paygates.ErrNotSent):
		fmt.Println("retry:", err)
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		fmt.Println("query the order, do not create it again:", err)
	case err != nil:
		fmt.Println("rejected:", err)
	default:
		fmt.Println("order", order.OrderID, "has the pay page", order.PayPageURL[len(gateway.URL):])
	}
	// Output:
	// order 424843497502158848 has the pay page /transfer/424843497502158848
}

func ExampleClient_PayPageURL() {
	client, _ := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")})
	page, err := client.PayPageURL("424843497502158848")
	fmt.Println(page, err)
	// Output:
	// https://pay.ispay.in/transfer/424843497502158848 <nil>
}

func ExampleClient_QueryState() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	for range 2 {
		state, err := client.QueryState(ctx, created.OrderID)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(state.State, "a code to scan:", state.Code != nil)
	}
	// Output:
	// 2 (issuing QR code) a code to scan: false
	// 5 (awaiting payment) a code to scan: true
}

func ExampleClient_QueryQRCode() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	state, err := client.QueryQRCode(ctx, created.OrderID)
	if err != nil {
		fmt.Println(err)
		return
	}
	png, err := state.Code.Image()
	fmt.Println(state.State, state.Code.Amount, "within", state.Code.Timeout)
	fmt.Println(http.DetectContentType(png), err)
	// Output:
	// 5 (awaiting payment) 300.00 within 15m0s
	// image/png <nil>
}

func ExampleClient_QueryOrder() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	_, err := client.QueryOrder(context.Background(), "20191118123424")
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
	// Output:
	// ispay: query order: 订单不存在: order not found
	// true
}

// A response that was stored with an order is decoded again. Nothing is sent.
func ExampleDecodeOrder() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	queried, _ := client.QueryOrder(ctx, "20191118123424")

	order, err := ispay.DecodeOrder(queried.Raw.Reveal())
	fmt.Println(order.SN, order.Amount, order.State, err)
	// Output:
	// 20191118123424 300.00 1 (accepted) <nil>
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

// A notification that claims another amount is rejected, although its signature is
// valid.
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
	fmt.Println("genuine:", genuine.Status, genuine.Response)
	tampered, _ := gateway.SendTampered("20191118123424")
	fmt.Println("tampered:", tampered.Status, tampered.Response)
	// Output:
	// paid: 20191118123424 300.00
	// genuine: 200 success
	// tampered: 409 fail
}

// Your own handler confirms a notification before it credits an order. It responds
// with "success", or with "fail" to get the notification again.
func ExampleClient_ParseNotification() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err == nil {
			_, err = client.ConfirmNotification(r.Context(), n)
		}
		if err != nil {
			http.Error(w, "fail", paygates.NotificationStatus(err))
			return
		}
		fmt.Println("paid:", n.OrderNo, n.Order.Amount)
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000),
		PayerIP: "203.0.113.7", NotifyURL: shop.URL,
	})
	delivery, _ := gateway.Pay("20191118123424")
	fmt.Println(delivery.Status, delivery.Response)
	// Output:
	// paid: 20191118123424 300.00
	// 200 success
}

// Your own handler responds with the status of the error, such as 403 for an
// invalid signature.
func ExampleClient_VerifyNotification_status() {
	client, _ := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")})
	_, err := client.VerifyNotification(url.Values{"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"}, "sign": {"00"}})
	fmt.Println(paygates.NotificationStatus(err), paygates.NotificationStatus(nil))
	// Output:
	// 403 200
}

// With a framework that has parsed the parameters, pass them on.
func ExampleClient_VerifyNotification() {
	client, _ := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")})
	parameters := httptest.NewRequest(http.MethodGet, "/notify?order_no=1&amount=300.00&state=9&sign=00", nil).URL.Query()
	_, err := client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, paygates.ErrInvalidSignature))
	// Output:
	// true
}

// The notification is compared with the order that the gateway knows.
func ExampleClient_ConfirmNotification() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	claimed := &ispay.Notification{OrderNo: "20191118123424", Amount: money.Cents(30000), State: ispay.StateConfirmed}

	_, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(errors.Is(err, paygates.ErrNotConfirmed), err)

	_ = gateway.PaySilently("20191118123424")
	order, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(order, err)
	// Output:
	// true ispay: confirm notification: not confirmed by the gateway: the gateway says state 1 (accepted)
	// ispay order 20191118123424: 300.00 yuan, state 9 (confirmed) <nil>
}

// The explanation shows why a signature does not match. Do not send it in the response.
func ExampleClient_ExplainNotification() {
	client, _ := ispay.New(ispay.Config{UserID: "10002", Secret: sign.NewSecret("example-secret")}) // of another merchant
	fmt.Print(client.ExplainNotification(url.Values{
		"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"},
		"sign": {"63a5bf1f3500791f438c2829da45d037"},
	}))
	// Output:
	// signature = md5(userid + order_no + secret)
	//   1  "userid"    "10002"           5 bytes
	//   2  "order_no"  "20191118123424"  14 bytes
	//   -  "amount"    "300.00"          skipped: not covered by the signature
	//   -  "state"     "9"               skipped: not covered by the signature
	//   hashed: "1000220191118123424[secret, 14 characters]"
	//   the signature DOES NOT match
	//   - Does the secret belong to this merchant and this gateway? Was it changed there?
	//   - Was a value decoded twice, or not at all? Pass on what arrived.
	//   - Was an amount rewritten by a number type (300 for 300.00)?
	//   - Was a field lost or added in transit, or signed in another order than documented?
}

// Verify and respond now, handle later: the envelope goes on a queue.
func ExampleClient_RestoreNotification() {
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, _ := ispay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
	})
	_ = gateway.PaySilently("20191118123424")
	request, _ := gateway.NotificationRequest("20191118123424")

	n, err := client.ParseNotification(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	queued, err := n.MarshalBinary() // store it, and respond only then
	fmt.Println(len(queued) > 0, err)

	restored, err := client.RestoreNotification(queued)
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.ConfirmNotification(ctx, restored)
	fmt.Println(order, err)
	// Output:
	// true <nil>
	// ispay order 20191118123424: 300.00 yuan, state 9 (confirmed) <nil>
}
