package kechengcang_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// An order from beginning to end: create it, show its page, wait for the payment. The
// public source of the gateway sends no notifications, so a shop waits.
func Example() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, err := kechengcang.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	// How long the shop waits for the payer.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()

	price := kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD}
	order, err := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42, order 20191118123424",
		Fee:     price,
	})
	if err != nil {
		fmt.Println("not created:", err)
		return
	}
	// Here: store order.OrderID, and show order.PayPageURL.
	fmt.Println("price:", order.Fee)
	fmt.Println("to send:", order.PayFee)

	_ = gateway.PaySilently(order.OrderID) // the payer
	paid, err := client.WaitForPayment(ctx, order.OrderID, time.Second)
	if err != nil {
		fmt.Println("not paid:", err)
		return
	}
	fmt.Println("paid:", paid.Fee, paid.Fee == price)
	// Output:
	// price: 20.00 USD
	// to send: 111.11 FTM
	// paid: 20.00 USD true
}

// The configuration comes from the environment or a settings file. The secret is never
// printed.
func ExampleNew() {
	_, err := kechengcang.New(kechengcang.Config{AppID: "example-app"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrInvalidConfig))

	config := kechengcang.Config{AppID: "example-app", Secret: sign.NewSecret("example-secret")}
	fmt.Println(config.Secret)
	// Output:
	// kechengcang: invalid configuration: Secret is required
	// true
	// [redacted]
}

func ExampleClient_CreateOrder() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	config := gateway.Config()
	config.Secret = sign.NewSecret("of-another-application")
	client, err := kechengcang.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
		Subject: "Course 42, order 20191118123424",
		Fee:     kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	switch {
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		fmt.Println("no payer has seen the order; create another one:", err)
	case err != nil:
		fmt.Println(err)
	}
	// Output:
	// kechengcang: create order: HTTP 500: 签名不正确!
}

func ExampleClient_QueryOrder() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	_, err := client.QueryOrder(context.Background(), "YOw3MgLZ7RWGylz4")
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
	// Output:
	// kechengcang: query order: order not found
	// true
}

// The amount that the payer must send changes while the order waits. The price does not.
func ExamplePayFee() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	fmt.Println(created.Fee, "is", created.PayFee)
	_ = gateway.Reprice(created.OrderID, money.Cents(10870))
	order, _ := client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order.Fee, "is", order.PayFee)
	// Output:
	// 20.00 USD is 111.11 FTM
	// 20.00 USD is 108.70 FTM
}

// A stored response is decoded again, without a query.
func ExampleDecodeOrder() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	created, _ := client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	fmt.Println(created.Raw) // it may hold the secret, so it prints nowhere

	order, err := kechengcang.DecodeOrder(created.Raw.Reveal())
	fmt.Println(order.Subject, order.Fee, order.State, err)
	// Output:
	// [private]
	// Course 42 20.00 USD 1 (waiting) <nil>
}

// An order that is not paid in time ends the wait.
func ExampleClient_WaitForPayment() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	_ = gateway.Expire(created.OrderID)
	order, err := client.WaitForPayment(ctx, created.OrderID, time.Second)
	fmt.Println(order.State)
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrNotPaid))
	// Output:
	// 4 (timed out)
	// kechengcang: wait for payment: order ended without a payment: state 4 (timed out)
	// true
}

// Anyone can send a notification to the handler. It is rejected unless the gateway
// confirms it.
func ExampleClient_NotificationHandler() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
		// Here: find n.OrderID among the stored orders, compare n.Order.Fee with it, and
		// credit it once.
		fmt.Println("paid:", n.Order.Fee)
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	order, _ := client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
		Subject:   "Course 42",
		Fee:       kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		NotifyURL: shop.URL + "/notify",
	})
	forged, _ := gateway.SendTampered(order.OrderID)
	fmt.Println("forged:", forged.Status, forged.Response)
	genuine, _ := gateway.Pay(order.OrderID)
	fmt.Println("genuine:", genuine.Status, genuine.Response)
	// Output:
	// forged: 409 fail
	// paid: 20.00 USD
	// genuine: 200 ok
}

// Your own handler confirms the notification with the gateway and responds with "ok",
// or with anything else to receive it again.
func ExampleClient_ParseNotification() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err == nil {
			_, err = client.ConfirmNotification(r.Context(), n)
		}
		if err != nil {
			http.Error(w, "fail", paygates.NotificationStatus(err))
			return
		}
		fmt.Println("paid:", n.Order.Fee)
		_, _ = io.WriteString(w, "ok")
	}))
	defer shop.Close()

	order, _ := client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
		Subject:   "Course 42",
		Fee:       kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		NotifyURL: shop.URL,
	})
	delivery, _ := gateway.Pay(order.OrderID)
	fmt.Println(delivery.Status, delivery.Response)
	// Output:
	// paid: 20.00 USD
	// 200 ok
}

// The status tells your monitoring what happened: 409 is a notification that the gateway
// does not confirm.
func ExampleClient_ConfirmNotification_status() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	_, err := client.ConfirmNotification(context.Background(), &kechengcang.Notification{OrderID: "YOw3MgLZ7RWGylz4"})
	fmt.Println(paygates.NotificationStatus(err), paygates.NotificationStatus(nil))
	// Output:
	// 409 200
}

// With a framework that has read the request, pass its body.
func ExampleClient_VerifyNotification() {
	client, _ := kechengcang.New(kechengcang.Config{
		AppID: "example-app", Secret: sign.NewSecret("example-secret"), BaseURL: "https://pay.example.com",
	})
	n, err := client.VerifyNotification([]byte(`{"id":"YOw3MgLZ7RWGylz4","fee":90000,"pay_status":3}`))
	// Only the id is read: query the gateway with ConfirmNotification.
	fmt.Println(n.OrderID, n.Order == nil, err)
	// Output:
	// YOw3MgLZ7RWGylz4 true <nil>
}

// Only the id of a notification is used: the gateway says what was paid.
func ExampleClient_ConfirmNotification() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	claimed := &kechengcang.Notification{OrderID: created.OrderID}

	_, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(errors.Is(err, paygates.ErrNotConfirmed), err)

	_ = gateway.PaySilently(created.OrderID)
	order, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(order.Fee, order.State, err)
	// Output:
	// true kechengcang: confirm notification: not confirmed by the gateway: the gateway says state 1 (waiting)
	// 20.00 USD 3 (finished) <nil>
}

// Verify and respond now, handle later: the envelope goes on a queue.
func ExampleClient_RestoreNotification() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, _ := kechengcang.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	_ = gateway.PaySilently(created.OrderID)
	request, _ := gateway.NotificationRequest(created.OrderID)

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
	fmt.Println(order.Fee, order.State, err)
	// Output:
	// true <nil>
	// 20.00 USD 3 (finished) <nil>
}
