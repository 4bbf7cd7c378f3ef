// Pingpp asks the merchant backend (益安) for the payment of orders, and Ping++ for
// what became of it, and receives webhooks.
//
//	go run ./examples/pingpp -h
//	go run ./examples/pingpp create 12134676899915430002 -wait
//
// Without credentials in the environment it runs on a fake backend and a fake
// Ping++.
package main

import (
	"context"
	"flag"
	"net/http"
	"strings"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	apiKey, publicKey := []string{"PINGPP_API_KEY"}, []string{"PINGPP_PUBLIC_KEY"}
	return &cli.Program{
		Name: "pingpp", Title: "payments through a merchant backend (益安) over Ping++",
		Variables: []cli.Variable{
			{Name: "PINGPP_BASE_URL", Help: "Where the merchant backend answers: create needs it."},
			{Name: "PINGPP_TOKEN", Help: "What the login at the merchant backend returned: create needs it."},
			{Name: "PINGPP_API_KEY", Help: "Secret key of the Ping++ account: query and wait need it, and create -wait."},
			{Name: "PINGPP_API_BASE_URL", Help: "Where Ping++ answers. Default: " + pingpp.DefaultAPIBaseURL + "."},
			{Name: "PINGPP_PRIVATE_KEY", Help: `Signs the requests to Ping++, in PEM; "\n" stands for a line break.`},
			{Name: "PINGPP_PUBLIC_KEY", Help: `Public key of the Ping++ account, in PEM; "\n" stands for a line break. serve and verify need it.`},
			{Name: "PINGPP_ALLOW_TEST_MODE", Help: "1 takes test mode, in which no money moves, for real."},
			{Name: "PINGPP_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host."},
		},
		Commands: []cli.Command{
			{Name: "create", Args: "ORDER_NO", Needs: []string{"PINGPP_BASE_URL", "PINGPP_TOKEN"}, Help: "Ask for the payment of an order that the backend knows; -wait waits for it.", New: create},
			{Name: "query", Args: "CHARGE_ID", Needs: apiKey, Help: "Ask for a charge.", New: query},
			{Name: "wait", Args: "CHARGE_ID", Needs: apiKey, Help: "Wait until a charge is paid or has ended otherwise.", New: wait},
			{Name: "serve", Needs: publicKey, Help: "Receive webhooks and verify them.", Explains: true, New: serve},
			{Name: "verify", Args: "SIGNATURE BODY", Needs: publicKey, Help: "Explain a webhook that was written down: its " + pingpp.SignatureHeader + " and its body, or @file.", New: verify},
		},
	}
}

// gateway is a client of what the environment names, or of a fake, which is nil
// otherwise.
type gateway struct {
	*pingpp.Client
	fake *pingpptest.Server
}

func connect(call *cli.Call) (gateway, error) {
	config := pingpp.Config{
		BaseURL:          call.Env("PINGPP_BASE_URL"),
		Token:            call.Secret("PINGPP_TOKEN"),
		APIKey:           call.Secret("PINGPP_API_KEY"),
		APIBaseURL:       call.Env("PINGPP_API_BASE_URL"),
		PrivateKey:       sign.NewSecret(lines(call.Env("PINGPP_PRIVATE_KEY"))),
		WebhookPublicKey: lines(call.Env("PINGPP_PUBLIC_KEY")),
		AllowTestMode:    call.Flag("PINGPP_ALLOW_TEST_MODE"),
		AllowPlainHTTP:   call.Flag("PINGPP_ALLOW_PLAIN_HTTP"),
	}
	var fake *pingpptest.Server
	if call.Demo() {
		fake = pingpptest.NewServer()
		call.UseFake(fake, fake.URL)
		config = fake.Config()
	}
	config.Logger = call.Logger()
	client, err := pingpp.New(config)
	return gateway{client, fake}, err
}

// lines lets PEM stand in one line, as files of variables want it.
func lines(pem string) string { return strings.ReplaceAll(pem, `\n`, "\n") }

func create(flags *flag.FlagSet) cli.Run {
	var channel pingpp.Channel
	cli.Choice(flags, &channel, "channel", "how the payer pays",
		cli.Named[pingpp.Channel]{Name: "alipay", Value: pingpp.ChannelAlipay},
		cli.Named[pingpp.Channel]{Name: "wechat", Value: pingpp.ChannelWeChat})
	wait := flags.Bool("wait", false, "wait for the payment")
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		if *wait && !call.Demo() && call.Env("PINGPP_API_KEY") == "" {
			return cli.Usagef("-wait needs PINGPP_API_KEY")
		}
		g, err := connect(call)
		if err != nil {
			return err
		}
		charge, err := g.create(ctx, call, call.Args[0], channel)
		if err != nil {
			return err
		}
		show(call, "created", charge)
		call.Note("There is no QR code: the app passes the charge to its Ping++ SDK (-json shows it).")
		if !*wait {
			call.NoteEnd()
			return nil
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, charge.ID, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, charge.ID, waiting)
	}
}

// create asks for the payment of an order, which a fake backend is told before.
func (g gateway) create(ctx context.Context, call *cli.Call, orderNo string, channel pingpp.Channel) (*pingpp.Charge, error) {
	if g.fake != nil {
		if err := g.fake.AddOrder(orderNo, money.Cents(9900), "Example"); err != nil {
			return nil, err
		}
		call.NotePrepared(orderNo, "99.00 yuan")
	}
	created, err := g.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: channel})
	if err != nil {
		return nil, err
	}
	return created.Charge, nil
}

func query(*flag.FlagSet) cli.Run {
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		chargeID, err := prepare(ctx, call, g, call.Args[0])
		if err != nil {
			return err
		}
		charge, err := g.QueryCharge(ctx, chargeID)
		if err != nil {
			return err
		}
		show(call, "charge", charge)
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
		chargeID, err := prepare(ctx, call, g, call.Args[0])
		if err != nil {
			return err
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, chargeID, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, chargeID, waiting)
	}
}

func waitFor(ctx context.Context, call *cli.Call, g gateway, chargeID string, waiting *cli.Waiting) error {
	return call.Wait(ctx, waiting.Timeout, func(ctx context.Context) error {
		charge, err := g.WaitForPayment(ctx, chargeID, call.Every(waiting.Every))
		switch {
		case err == nil:
			show(call, "paid", charge)
		case charge != nil:
			show(call, "not_paid", charge)
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
		accept := func(_ context.Context, n *pingpp.Notification) error {
			switch {
			case !n.Paid():
				call.Note("Event %s of type %s is nothing to credit.", n.ID, n.Type)
			// A shop compares n.Charge.Amount with its stored order here.
			case credited.First(n.Charge.ID):
				show(call, "credited", n.Charge)
			default:
				call.Note("Charge %s comes again: it is credited once only.", n.Charge.ID)
			}
			return nil
		}
		explain := func(r *http.Request, body []byte) sign.Explanation {
			return g.ExplainNotification(body, r.Header.Get(pingpp.SignatureHeader))
		}
		return call.Serve(ctx, serving, g.NotificationHandler(accept), explain, func(ctx context.Context, notifyURL string) error {
			if g.fake == nil {
				return nil
			}
			g.fake.SetWebhookURL(notifyURL)
			chargeID, err := prepare(ctx, call, g, "")
			if err != nil {
				return err
			}
			return call.PayAndForge(ctx, g.fake, chargeID, serving.PayAfter)
		})
	}
}

func verify(*flag.FlagSet) cli.Run {
	return func(_ context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		body, err := cli.ReceivedBody(call.Args[1])
		if err != nil {
			return err
		}
		call.Explain(g.ExplainNotification(body, call.Args[0]))
		n, err := g.VerifyNotification(body, call.Args[0])
		if err != nil {
			return err
		}
		call.Show("signature_right",
			cli.Field{Name: "event_id", Value: n.ID},
			cli.Field{Name: "type", Value: n.Type},
			cli.Field{Name: "paid", Value: n.Paid()},
			cli.Field{Name: "live_mode", Value: n.LiveMode})
		return nil
	}
}

// prepare gives a fake a charge, and returns what to ask for: the number of that
// charge, because Ping++ chooses it, or the given one.
func prepare(ctx context.Context, call *cli.Call, g gateway, chargeID string) (string, error) {
	if g.fake == nil {
		return chargeID, nil
	}
	charge, err := g.create(ctx, call, cli.NewOrderNo(), pingpp.ChannelAlipay)
	if err != nil {
		return "", err
	}
	return charge.ID, nil
}

func show(call *cli.Call, event string, charge *pingpp.Charge) {
	call.Show(event,
		cli.Field{Name: "charge_id", Value: charge.ID},
		cli.Field{Name: "order_no", Value: charge.OrderNo},
		cli.Field{Name: "amount", Value: charge.Amount},
		cli.Field{Name: "currency", Value: charge.Currency},
		cli.Field{Name: "channel", Value: charge.Channel},
		cli.Field{Name: "paid", Value: charge.Paid},
		cli.Field{Name: "refunded", Value: charge.Refunded},
		cli.Field{Name: "live_mode", Value: charge.LiveMode},
		cli.Field{Name: "expires_at", Value: cli.Time(charge.ExpiresAt)},
		cli.Field{Name: "raw", Value: charge.Raw})
}
