// Command gatepay takes one payment through GatePay. The environment variables that it reads
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

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const usage = `gatepay takes one payment through GatePay: it creates an order, receives the
notification and waits for the payment.

  GATEPAY_APP_KEY, GATEPAY_SECRET   the merchant; without them a fake gateway is used,
                                    whose payer pays after a second
  GATEPAY_NOTIFY_URL                the public URL of port 8080 of this machine; the sandbox
                                    needs none
  GATEPAY_BASE_URL                  another address of the gateway, such as that of the sandbox
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
	config := gatepay.Config{AppKey: getenv("GATEPAY_APP_KEY"), Secret: sign.NewSecret(getenv("GATEPAY_SECRET")), BaseURL: getenv("GATEPAY_BASE_URL")}
	orderNo := time.Now().Format("S20060102150405E") // begins and ends with a letter: see the package documentation
	address, notifyURL := ":8080", getenv("GATEPAY_NOTIFY_URL")
	isSandbox := strings.HasPrefix(config.BaseURL, "http://") // on this machine: New rejects http to another one
	if notifyURL == "" {
		address = "127.0.0.1:0" // for a fake or the sandbox
	}
	pay := func() error { return nil } // the payer's part
	switch {
	case !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "GATEPAY") }):
		fake := gatepaytest.NewServer()
		defer fake.Close()
		fmt.Fprintln(out, "A fake gateway is used: the GATEPAY_ variables are not set.")
		config = fake.Config()
		pay = func() error { time.Sleep(time.Second); _, err := fake.Pay(orderNo); return err }
	case config.AppKey == "" || config.Secret.IsEmpty() || notifyURL == "" && !isSandbox:
		return errors.New("set GATEPAY_APP_KEY, GATEPAY_SECRET and GATEPAY_NOTIFY_URL, or no GATEPAY variable for the fake gateway")
	}
	client, err := gatepay.New(config)
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
		func(_ context.Context, n *gatepay.Notification) error {
			// Compare n.Order.Amount with your stored order here, and credit n.OrderNo once.
			fmt.Fprintln(out, "notification, confirmed by the gateway:", n)
			return nil
		})}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }()

	order, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: orderNo, Channel: gatepay.ChannelAlipay, Amount: money.Cents(1), // 0.01 yuan
		Attach: "user 7", NotifyURL: notifyURL, // Attach is required: it returns in the notification
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
