// Ispay creates orders at ispay (就付), shows their QR codes, waits for payments
// and receives callbacks.
//
//	go run ./examples/ispay -h
//	go run ./examples/ispay create -amount 300.00 -wait
//
// Without credentials in the environment it runs on a fake gateway.
package main

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name: "ispay", Title: "payments through ispay (就付)",
		Variables: []cli.Variable{
			{Name: "ISPAY_USER_ID", Required: true, Help: "The merchant's number (商户 ID)."},
			{Name: "ISPAY_SECRET", Required: true, Help: "The merchant's key (商户密钥)."},
			{Name: "ISPAY_BASE_URL", Help: "Where the gateway answers. Default: " + ispay.DefaultBaseURL + "."},
			{Name: "ISPAY_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host."},
		},
		Commands: []cli.Command{
			{Name: "create", Help: "Create an order and draw its QR code; -wait waits for the payment.", Explains: true, New: create},
			{Name: "query", Args: "ORDER_NO", Help: "Ask for an order.", New: query},
			{Name: "wait", Args: "ORDER_NO", Help: "Wait until an order is paid or has ended otherwise.", New: wait},
			{Name: "serve", Help: "Receive callbacks, verify and confirm them.", Explains: true, New: serve},
			{Name: "verify", Args: "CALLBACK", Help: "Explain a callback that was written down: its query, its URL, or @file.", New: verify},
		},
	}
}

// gateway is a client of the gateway that the environment names, or of a fake
// one, which is nil otherwise.
type gateway struct {
	*ispay.Client
	fake *ispaytest.Server
}

func connect(call *cli.Call) (gateway, error) {
	config := ispay.Config{
		UserID:         call.Env("ISPAY_USER_ID"),
		Secret:         call.Secret("ISPAY_SECRET"),
		BaseURL:        call.Env("ISPAY_BASE_URL"),
		AllowPlainHTTP: call.Flag("ISPAY_ALLOW_PLAIN_HTTP"),
	}
	var fake *ispaytest.Server
	if call.Demo() {
		fake = ispaytest.NewServer()
		call.UseFake(fake, fake.URL)
		config = fake.Config()
	}
	config.Logger = call.Logger()
	config.HTTPClient = call.HTTPClient(func(r *http.Request, body []byte) (sign.Explanation, bool) {
		return explainCreate(config.Secret, cli.Values(r, body)), strings.HasSuffix(r.URL.Path, "/gateway")
	})
	client, err := ispay.New(config)
	return gateway{client, fake}, err
}

// explainCreate explains a create as it is sent.
func explainCreate(secret sign.Secret, form url.Values) sign.Explanation {
	return sign.ExplainConcat(secret, form.Get("sign"), cli.Fields(form, "userid", "order_no", "order_type", "amount", "return_url")).
		NotSigned(cli.Fields(form, "subject", "notify_url", "ip", "order_time")...)
}

func create(flags *flag.FlagSet) cli.Run {
	request := ispay.CreateOrderRequest{OrderTime: time.Now()}
	flags.StringVar(&request.OrderNo, "order-no", "", "the merchant's `number` of the order (default: a new one)")
	cli.Choice(flags, &request.Channel, "channel", "how the payer pays",
		cli.Named[ispay.Channel]{Name: "alipay", Value: ispay.ChannelAlipay},
		cli.Named[ispay.Channel]{Name: "wechat", Value: ispay.ChannelWeChat},
		cli.Named[ispay.Channel]{Name: "unionpay", Value: ispay.ChannelUnionPay})
	flags.TextVar(&request.Amount, "amount", money.Cents(100), "`yuan` to pay, with at most two decimals")
	flags.StringVar(&request.PayerIP, "payer-ip", "203.0.113.7", "the payer's `address`")
	flags.StringVar(&request.Subject, "subject", "", "title of the order")
	flags.StringVar(&request.NotifyURL, "notify-url", "", "`URL` of the callbacks")
	flags.StringVar(&request.ReturnURL, "return-url", "", "`URL` where the payer goes afterwards")
	wait := flags.Bool("wait", false, "wait for the payment")
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		request.OrderNo = cmp.Or(request.OrderNo, cli.NewOrderNo())
		created, err := g.CreateOrder(ctx, request)
		if err != nil {
			return err
		}
		call.Show("created",
			cli.Field{Name: "order_no", Value: request.OrderNo},
			cli.Field{Name: "order_id", Value: created.OrderID},
			cli.Field{Name: "amount", Value: request.Amount},
			cli.Field{Name: "pay_page", Value: created.PayPageURL},
			cli.Field{Name: "raw", Value: created.Raw})
		if err := showCode(ctx, call, g, created.OrderID); err != nil {
			// The order exists, and its pay page shows the code as well.
			call.Note("There is no QR code yet: %s", err)
		}
		if !*wait {
			call.NoteEnd()
			return nil
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, request.OrderNo, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, request.OrderNo, waiting)
	}
}

func showCode(ctx context.Context, call *cli.Call, g gateway, orderID string) error {
	state, err := g.QueryQRCode(ctx, orderID)
	if err != nil {
		return err
	}
	call.Show("qr_code",
		cli.Field{Name: "text", Value: state.Code.QRCode},
		cli.Field{Name: "amount", Value: state.Code.Amount},
		cli.Field{Name: "timeout", Value: int(state.Code.Timeout.Seconds()), Text: state.Code.Timeout.String()})
	call.QR(state.Code.QRCode)
	return nil
}

func query(*flag.FlagSet) cli.Run {
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		if err := prepare(ctx, call, g, call.Args[0], ""); err != nil {
			return err
		}
		order, err := g.QueryOrder(ctx, call.Args[0])
		if err != nil {
			return err
		}
		show(call, "order", order)
		return nil
	}
}

func wait(flags *flag.FlagSet) cli.Run {
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		if err := prepare(ctx, call, g, call.Args[0], ""); err != nil {
			return err
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, call.Args[0], waiting.PayAfter)
		}
		return waitFor(ctx, call, g, call.Args[0], waiting)
	}
}

func waitFor(ctx context.Context, call *cli.Call, g gateway, orderNo string, waiting *cli.Waiting) error {
	return call.Wait(ctx, waiting.Timeout, func(ctx context.Context) error {
		order, err := g.WaitForPayment(ctx, orderNo, call.Every(waiting.Every))
		switch {
		case err == nil:
			show(call, "paid", order)
		case order != nil:
			show(call, "not_paid", order)
		}
		return err
	})
}

func serve(flags *flag.FlagSet) cli.Run {
	serving := cli.AddServing(flags)
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		var credited cli.Once
		accept := func(_ context.Context, n *ispay.Notification) error {
			// A shop compares n.Order.Amount with its stored order here.
			if credited.First(n.OrderNo) {
				show(call, "credited", n.Order)
			} else {
				call.Note("Order %s comes again: it is credited once only.", n.OrderNo)
			}
			return nil
		}
		explain := func(r *http.Request, body []byte) sign.Explanation {
			return g.ExplainNotification(cli.Values(r, body))
		}
		return call.Serve(ctx, serving, g.NotificationHandler(accept), explain, func(ctx context.Context, notifyURL string) error {
			orderNo := cli.NewOrderNo()
			if err := prepare(ctx, call, g, orderNo, notifyURL); err != nil || g.fake == nil {
				return err
			}
			return call.PayAndForge(ctx, g.fake, orderNo, serving.PayAfter)
		})
	}
}

func verify(*flag.FlagSet) cli.Run {
	return func(_ context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		values, err := cli.Received(call.Args[0])
		if err != nil {
			return err
		}
		call.Explain(g.ExplainNotification(values))
		n, err := g.VerifyNotification(values)
		if err != nil {
			return err
		}
		call.Show("signature_right",
			cli.Field{Name: "order_no", Value: n.OrderNo},
			cli.Field{Name: "claimed_amount", Value: n.Amount},
			cli.Field{Name: "claimed_state", Value: int(n.State), Text: n.State.String()})
		call.Note("The signature covers the order number alone: what was paid says the query.")
		return nil
	}
}

// prepare gives a fake gateway an order to ask for.
func prepare(ctx context.Context, call *cli.Call, g gateway, orderNo, notifyURL string) error {
	if g.fake == nil {
		return nil
	}
	_, err := g.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: money.Cents(100),
		PayerIP: "203.0.113.7", NotifyURL: notifyURL,
	})
	if err == nil {
		call.NotePrepared(orderNo, "1.00 yuan")
	}
	return err
}

func show(call *cli.Call, event string, order *ispay.Order) {
	call.Show(event,
		cli.Field{Name: "order_no", Value: order.OrderNo},
		cli.Field{Name: "amount", Value: order.Amount},
		cli.Field{Name: "state", Value: int(order.State), Text: order.State.String()},
		cli.Field{Name: "paid", Value: order.Paid()},
		cli.Field{Name: "channel", Value: order.Channel},
		cli.Field{Name: "created_at", Value: cli.Time(order.CreatedAt)})
}
