// Command kechengcang takes one payment through a kechengcang server. Notifications of this
// gateway are unsigned and may not arrive at all, so waiting by query is the dependable way.
// The environment variables that it reads are in usage, which -h prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const usage = `kechengcang takes one payment through a kechengcang server: it creates an order, shows
what to pay in which coin, and waits for the payment.

  KECHENGCANG_BASE_URL, KECHENGCANG_APP_ID, KECHENGCANG_SECRET
      the server and the application; without them a fake gateway is used, whose payer
      pays after a second
`

func main() {
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), usage) }
	if flag.Parse(); flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Environ(), os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, environ []string, getenv func(string) string, out io.Writer) error {
	config := kechengcang.Config{
		BaseURL: getenv("KECHENGCANG_BASE_URL"), AppID: getenv("KECHENGCANG_APP_ID"),
		Secret: sign.NewSecret(getenv("KECHENGCANG_SECRET")),
	}
	pay := func(string) error { return nil } // the payer's part
	switch {
	case !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "KECHENGCANG") }):
		fake := kechengcangtest.NewServer()
		defer fake.Close()
		fmt.Fprintln(out, "A fake gateway is used: the KECHENGCANG_ variables are not set.")
		config = fake.Config()
		pay = func(orderID string) error { time.Sleep(time.Second); _, err := fake.Pay(orderID); return err }
	case config.BaseURL == "" || config.AppID == "" || config.Secret.IsEmpty():
		return errors.New("set KECHENGCANG_BASE_URL, KECHENGCANG_APP_ID and KECHENGCANG_SECRET, or no KECHENGCANG variable for the fake gateway")
	}
	client, err := kechengcang.New(config)
	if err != nil {
		return err
	}

	order, err := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Example book", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	if err != nil {
		return err
	}
	// Store order.OrderID now: the gateway knows the order by no other number.
	fmt.Fprintf(out, "order %s: send %s to %s\n", order.OrderID, order.PayFee, order.ReceiptAccount)
	fmt.Fprintln(out, "or open", order.PayPageURL)
	paying := make(chan error, 1)
	go func() { paying <- pay(order.OrderID) }()
	paid, err := client.WaitForPayment(ctx, order.OrderID, 0)
	if err != nil {
		return err
	}
	// Compare paid.Fee with your stored order here, and credit the order ID once.
	fmt.Fprintln(out, "paid:", paid)
	return <-paying
}
