// Codepay creates orders at codepay (码支付), shows their QR codes, waits for
// payments and receives callbacks.
//
//	go run ./examples/codepay -h
//	go run ./examples/codepay create -amount 100.00 -wait
//
// Without credentials in the environment it runs on a fake gateway.
package main

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"strings"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	token := []string{"CODEPAY_TOKEN"}
	return &cli.Program{
		Name: "codepay", Title: "payments through codepay (码支付)",
		Variables: []cli.Variable{
			{Name: "CODEPAY_USER_ID", Required: true, Help: "The merchant's number (码支付 ID)."},
			{Name: "CODEPAY_SECRET", Required: true, Help: "The merchant's key (通信密钥)."},
			{Name: "CODEPAY_TOKEN", Help: "The merchant's token (令牌): query and wait need it, and create -wait."},
			{Name: "CODEPAY_BASE_URL", Help: "Where the gateway answers. Default: " + codepay.DefaultBaseURL + "."},
			{Name: "CODEPAY_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host."},
		},
		Commands: []cli.Command{
			{Name: "create", Help: "Create an order and draw its QR code; -wait waits for the payment.", Explains: true, New: create},
			{Name: "cashier", Help: "Print the signed address of the cashier page for an order; opening it makes the order.", New: cashier},
			{Name: "query", Args: "ORDER_ID", Needs: token, Help: "Ask for an order by the gateway's number of it.", New: query},
			{Name: "wait", Args: "ORDER_ID", Needs: token, Help: "Wait until an order is paid.", New: wait},
			{Name: "serve", Help: "Receive callbacks and verify them.", Explains: true, New: serve},
			{Name: "verify", Args: "CALLBACK", Help: "Explain a callback that was written down: its form, its URL, or @file.", New: verify},
		},
	}
}

// gateway is a client of the gateway that the environment names, or of a fake
// one, which is nil otherwise.
type gateway struct {
	*codepay.Client
	fake *codepaytest.Server
}

func connect(call *cli.Call) (gateway, error) {
	config := codepay.Config{
		UserID:         call.Env("CODEPAY_USER_ID"),
		Secret:         call.Secret("CODEPAY_SECRET"),
		Token:          call.Secret("CODEPAY_TOKEN"),
		BaseURL:        call.Env("CODEPAY_BASE_URL"),
		AllowPlainHTTP: call.Flag("CODEPAY_ALLOW_PLAIN_HTTP"),
	}
	var fake *codepaytest.Server
	if call.Demo() {
		fake = codepaytest.NewServer()
		call.UseFake(fake, fake.URL)
		config = fake.Config()
	}
	config.Logger = call.Logger()
	config.HTTPClient = call.HTTPClient(func(r *http.Request, body []byte) (sign.Explanation, bool) {
		values := cli.Values(r, body)
		return sign.ExplainSorted(config.Secret, values.Get("sign"), cli.AllFields(values)), strings.HasSuffix(r.URL.Path, "/creat_order/")
	})
	client, err := codepay.New(config)
	return gateway{client, fake}, err
}

func orderFlags(flags *flag.FlagSet) *codepay.CreateOrderRequest {
	request := &codepay.CreateOrderRequest{}
	flags.StringVar(&request.OrderNo, "order-no", "", "the merchant's `number` of the order, or of the user who pays (default: a new one)")
	cli.Choice(flags, &request.Channel, "channel", "how the payer pays",
		cli.Named[codepay.Channel]{Name: "alipay", Value: codepay.ChannelAlipay},
		cli.Named[codepay.Channel]{Name: "qq", Value: codepay.ChannelQQ},
		cli.Named[codepay.Channel]{Name: "wechat", Value: codepay.ChannelWeChat})
	flags.TextVar(&request.Amount, "amount", money.Cents(100), "`yuan` to pay, with at most two decimals")
	flags.StringVar(&request.Custom, "custom", "", "`text` that the callback brings back")
	flags.StringVar(&request.NotifyURL, "notify-url", "", "`URL` of the callbacks")
	flags.StringVar(&request.ReturnURL, "return-url", "", "`URL` where the payer goes afterwards")
	flags.DurationVar(&request.Timeout, "expires", 0, "how long the QR code is good for (default: the gateway's own, 6m)")
	return request
}

func create(flags *flag.FlagSet) cli.Run {
	request := orderFlags(flags)
	wait := flags.Bool("wait", false, "wait for the payment")
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		if *wait && !call.Demo() && call.Env("CODEPAY_TOKEN") == "" {
			return cli.Usagef("-wait needs CODEPAY_TOKEN")
		}
		g, err := connect(call)
		if err != nil {
			return err
		}
		request.OrderNo = cmp.Or(request.OrderNo, cli.NewOrderNo())
		created, err := g.CreateOrder(ctx, *request)
		// With ErrListenerOffline there is an order beside the error.
		if created != nil {
			showCreated(ctx, call, created)
		}
		if err != nil {
			return err
		}
		if !*wait {
			call.NoteEnd()
			return nil
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, created.OrderID, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, created.OrderID, waiting)
	}
}

func showCreated(ctx context.Context, call *cli.Call, created *codepay.CreatedOrder) {
	call.Show("created",
		cli.Field{Name: "order_no", Value: created.OrderNo},
		cli.Field{Name: "order_id", Value: created.OrderID},
		cli.Field{Name: "price", Value: created.Price},
		cli.Field{Name: "money", Value: created.Money, Text: created.Money.String() + " (what the payer has to pay)"},
		cli.Field{Name: "qr_code_url", Value: created.QRCodeURL},
		cli.Field{Name: "expires_at", Value: cli.Time(created.ExpiresAt)},
		cli.Field{Name: "raw", Value: created.Raw})
	if created.QRCodeURL == "" {
		return
	}
	call.QRImage(func() ([]byte, error) { return cli.Fetch(ctx, created.QRCodeURL) })
}

func cashier(flags *flag.FlagSet) cli.Run {
	request := orderFlags(flags)
	return func(_ context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		request.OrderNo = cmp.Or(request.OrderNo, cli.NewOrderNo())
		address, err := g.CashierURL(*request)
		if err != nil {
			return err
		}
		call.Show("cashier", cli.Field{Name: "order_no", Value: request.OrderNo}, cli.Field{Name: "url", Value: address})
		call.QR(address)
		call.NoteEnd()
		return nil
	}
}

func query(*flag.FlagSet) cli.Run {
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		orderID, err := prepare(ctx, call, g, call.Args[0], "")
		if err != nil {
			return err
		}
		order, err := g.QueryOrder(ctx, orderID)
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
		orderID, err := prepare(ctx, call, g, call.Args[0], "")
		if err != nil {
			return err
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, orderID, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, orderID, waiting)
	}
}

func waitFor(ctx context.Context, call *cli.Call, g gateway, orderID string, waiting *cli.Waiting) error {
	return call.Wait(ctx, waiting.Timeout, func(ctx context.Context) error {
		order, err := g.WaitForPayment(ctx, orderID, call.Every(waiting.Every))
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
		accept := func(_ context.Context, n *codepay.Notification) error {
			// A shop compares n.Money with the Money of its stored order here.
			if credited.First(n.PayNo) {
				showNotification(call, "credited", n)
			} else {
				call.Note("Payment %s comes again: it is credited once only.", n.PayNo)
			}
			return nil
		}
		explained := func(r *http.Request, body []byte) sign.Explanation {
			return g.ExplainNotification(cli.Values(r, body))
		}
		return call.Serve(ctx, serving, g.NotificationHandler(accept), explained, func(ctx context.Context, notifyURL string) error {
			if g.fake == nil {
				return nil
			}
			orderID, err := prepare(ctx, call, g, "", notifyURL)
			if err != nil {
				return err
			}
			return call.PayAndForge(ctx, g.fake, orderID, serving.PayAfter)
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
		showNotification(call, "signature_right", n)
		return nil
	}
}

// prepare gives a fake gateway an order, and returns what to ask for: the number
// of that order, because the gateway chooses it, or the given one.
func prepare(ctx context.Context, call *cli.Call, g gateway, orderID, notifyURL string) (string, error) {
	if g.fake == nil {
		return orderID, nil
	}
	created, err := g.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo: cli.NewOrderNo(), Amount: money.Cents(100), NotifyURL: notifyURL,
	})
	if err != nil {
		return "", err
	}
	call.NotePrepared(created.OrderID, "1.00 yuan")
	return created.OrderID, nil
}

func show(call *cli.Call, event string, order *codepay.Order) {
	call.Show(event,
		cli.Field{Name: "order_id", Value: order.OrderID},
		cli.Field{Name: "state", Value: int(order.State), Text: order.State.String()},
		cli.Field{Name: "paid", Value: order.Paid()},
		cli.Field{Name: "message", Value: order.Message})
}

func showNotification(call *cli.Call, event string, n *codepay.Notification) {
	call.Show(event,
		cli.Field{Name: "pay_no", Value: n.PayNo},
		cli.Field{Name: "order_no", Value: n.OrderNo},
		cli.Field{Name: "order_id", Value: n.OrderID},
		cli.Field{Name: "money", Value: n.Money, Text: n.Money.String() + " (what was paid)"},
		cli.Field{Name: "price", Value: n.Price},
		cli.Field{Name: "differs", Value: n.Differs()},
		cli.Field{Name: "custom", Value: n.Custom},
		cli.Field{Name: "paid_at", Value: cli.Time(n.PaidAt)})
}
