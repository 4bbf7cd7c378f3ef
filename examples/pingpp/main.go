// Command pingpp takes one payment through Ping++ behind a merchant backend (益安). The
// environment variables that it reads are in usage, which -h prints.
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

	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

const usage = `pingpp takes one payment through Ping++ behind a merchant backend (益安): it requests
the charge of an order from the backend, receives the webhook and confirms it.

  PINGPP_BASE_URL, PINGPP_TOKEN               the merchant backend
  PINGPP_API_KEY, PINGPP_WEBHOOK_PUBLIC_KEY   the Ping++ account; the key in PEM
  PINGPP_ORDER_NO                             an order that the backend knows
  PINGPP_API_BASE_URL                         another address of Ping++, such as that of the sandbox

Without them a fake gateway is used, whose payer pays after a second. The webhook of the
Ping++ account must lead to port 8080 of this machine.
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
	config := pingpp.Config{
		BaseURL: getenv("PINGPP_BASE_URL"), Token: sign.NewSecret(getenv("PINGPP_TOKEN")),
		APIKey: sign.NewSecret(getenv("PINGPP_API_KEY")), WebhookPublicKey: getenv("PINGPP_WEBHOOK_PUBLIC_KEY"),
		APIBaseURL: getenv("PINGPP_API_BASE_URL"),
	}
	orderNo, address := getenv("PINGPP_ORDER_NO"), ":8080"
	var fake *pingpptest.Server
	switch set := []bool{
		config.BaseURL != "", !config.Token.IsEmpty(), !config.APIKey.IsEmpty(), config.WebhookPublicKey != "", orderNo != "",
	}; {
	case !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "PINGPP") }):
		fake = pingpptest.NewServer()
		defer fake.Close()
		fmt.Fprintln(out, "A fake gateway is used: the PINGPP_ variables are not set.")
		config, orderNo, address = fake.Config(), "12134676899915430002", "127.0.0.1:0"
	case slices.Contains(set, false):
		return errors.New("set PINGPP_BASE_URL, PINGPP_TOKEN, PINGPP_API_KEY, PINGPP_WEBHOOK_PUBLIC_KEY and PINGPP_ORDER_NO, or no PINGPP variable for the fake gateway")
	}
	client, err := pingpp.New(config)
	if err != nil {
		return err
	}

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: client.NotificationHandler(
		func(_ context.Context, n *pingpp.Notification) error {
			// If n.Paid(), compare n.Charge.Amount with your stored order here, and credit n.Charge.ID once.
			fmt.Fprintln(out, "webhook:", n)
			return nil
		})}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }()
	if fake != nil {
		fake.SetWebhookURL("http://" + listener.Addr().String())
		if err := fake.AddOrder(orderNo, money.Cents(9900), "Example book"); err != nil {
			return err
		}
	}

	created, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "to pay, pass %d bytes of %s to the Ping++ SDK of the app\n", len(created.Charge.Raw.Reveal()), created)
	paying := make(chan error, 1)
	go func() {
		if fake != nil { // the payer's part
			time.Sleep(time.Second)
			_, err := fake.Pay(orderNo)
			paying <- err
		}
		close(paying)
	}()
	paid, err := client.WaitForPayment(ctx, created.Charge.ID, 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "paid:", paid)
	return <-paying
}
