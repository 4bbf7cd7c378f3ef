// Command codepay takes one payment through codepay (码支付). The environment variables that it
// reads are in usage, which -h prints.
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

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const usage = `codepay takes one payment through codepay (码支付): it creates an order, shows the
amount to pay and receives the notification, which says what was paid.

  CODEPAY_USER_ID, CODEPAY_SECRET   the merchant; without them a fake gateway is used,
                                    whose payer pays after a second
  CODEPAY_NOTIFY_URL                the public URL of port 8080 of this machine; the sandbox
                                    needs none
  CODEPAY_BASE_URL                  another address of the gateway, such as that of the sandbox
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
	config := codepay.Config{UserID: getenv("CODEPAY_USER_ID"), Secret: sign.NewSecret(getenv("CODEPAY_SECRET")), BaseURL: getenv("CODEPAY_BASE_URL")}
	orderNo, address, notifyURL := time.Now().Format("20060102150405"), ":8080", getenv("CODEPAY_NOTIFY_URL")
	isSandbox := strings.HasPrefix(config.BaseURL, "http://") // on this machine: New rejects http to another one
	if notifyURL == "" {
		address = "127.0.0.1:0" // for a fake or the sandbox
	}
	pay := func() error { return nil } // the payer's part
	switch {
	case !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "CODEPAY") }):
		fake := codepaytest.NewServer()
		defer fake.Close()
		fmt.Fprintln(out, "A fake gateway is used: the CODEPAY_ variables are not set.")
		config = fake.Config()
		pay = func() error { time.Sleep(time.Second); _, err := fake.Pay(orderNo); return err }
	case config.UserID == "" || config.Secret.IsEmpty() || notifyURL == "" && !isSandbox:
		return errors.New("set CODEPAY_USER_ID, CODEPAY_SECRET and CODEPAY_NOTIFY_URL, or no CODEPAY variable for the fake gateway")
	}
	client, err := codepay.New(config)
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
	paid := make(chan *codepay.Notification, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: client.NotificationHandler(
		func(_ context.Context, n *codepay.Notification) error {
			// Compare n.PaidAmount with your stored order here, and credit n.PaymentNo once.
			select {
			case paid <- n:
			default: // a repetition
			}
			return nil
		})}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }()

	order, err := client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo: orderNo, Channel: codepay.ChannelAlipay, Amount: money.Cents(1), // 0.01 yuan
		NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "to pay exactly %s yuan, scan the code at %s\n", order.PayableAmount, order.QRCodeURL)
	paying := make(chan error, 1)
	go func() { paying <- pay() }()
	select {
	case n := <-paid:
		fmt.Fprintln(out, "paid:", n)
		return <-paying
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
