// Command ispay takes one payment through ispay (就付). The environment variables that it reads
// are in usage, which -h prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const usage = `ispay takes one payment through ispay (就付): it creates an order, receives the
notification and waits for the payment.

  ISPAY_USER_ID, ISPAY_SECRET   the merchant; without them a fake gateway is used,
                                whose payer pays after a second
  ISPAY_NOTIFY_URL              the public URL of port 8080 of this machine; the sandbox
                                needs none
  ISPAY_BASE_URL                another address of the gateway, such as that of the sandbox
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
	config := ispay.Config{UserID: getenv("ISPAY_USER_ID"), Secret: sign.NewSecret(getenv("ISPAY_SECRET")), BaseURL: getenv("ISPAY_BASE_URL")}
	orderNo, address, notifyURL := time.Now().Format("20060102150405"), ":8080", getenv("ISPAY_NOTIFY_URL")
	isSandbox := strings.HasPrefix(config.BaseURL, "http://") // on this machine: New rejects http to another one
	if notifyURL == "" {
		address = "127.0.0.1:0" // for a fake or the sandbox
	}
	pay := func() error { return nil } // the payer's part
	switch {
	case !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "ISPAY") }):
		fake := ispaytest.NewServer()
		defer fake.Close()
		fmt.Fprintln(out, "A fake gateway is used: the ISPAY_ variables are not set.")
		config = fake.Config()
		pay = func() error { time.Sleep(time.Second); _, err := fake.Pay(orderNo); return err }
	case config.UserID == "" || config.Secret.IsEmpty() || notifyURL == "" && !isSandbox:
		return errors.New("set ISPAY_USER_ID, ISPAY_SECRET and ISPAY_NOTIFY_URL, or no ISPAY variable for the fake gateway")
	}
	client, err := ispay.New(config)
	if err != nil {
		return err
	}

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if notifyURL == "" {
		notifyURL = "http://" + listener.Addr().String()
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: client.NotificationHandler(
		func(_ context.Context, n *ispay.Notification) error {
			// Compare n.Order.Amount with your stored order here, and credit n.OrderNo once.
			fmt.Fprintln(out, "notification, confirmed by the gateway:", n)
			return nil
		})}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }()

	order, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: money.Cents(1), // 0.01 yuan
		PayerIP: "203.0.113.7", Subject: "Example book", NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "to pay, open", order.PayPageURL)
	paying := make(chan error, 1)
	go func() { paying <- pay() }()
	paid, err := client.WaitForPayment(ctx, orderNo, 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "paid:", paid)
	return <-paying
}
