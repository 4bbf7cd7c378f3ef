package kechengcangtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
)

// A test of a shop: the price of the coin changes, the payer reports the transfer, the
// payment arrives without a notification, and the shop, which waits, credits it.
func ExampleNewServer() {
	gateway := kechengcangtest.NewServer()
	defer gateway.Close()
	client, err := kechengcang.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	created, err := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Course 42", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = gateway.Reprice(created.OrderID, money.Cents(10870))
	_ = gateway.Submit(created.OrderID)
	order, _ := client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order.State, order.Paid(), order.PayFee)

	_ = gateway.PaySilently(created.OrderID)
	order, err = client.WaitForPayment(ctx, created.OrderID, time.Second)
	fmt.Println("credit", order.Fee, err)
	// Output:
	// 2 (submitted) false 108.70 FTM
	// credit 20.00 USD <nil>
}
