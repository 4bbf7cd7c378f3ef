// Kechengcang creates orders at a kechengcang server, shows where to pay, waits
// for payments and receives callbacks.
//
//	go run ./examples/kechengcang -h
//	go run ./examples/kechengcang create -amount 20.00 -wait
//
// Without credentials in the environment it runs on a fake server.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strings"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name: "kechengcang", Title: "payments through a kechengcang server",
		Variables: []cli.Variable{
			{Name: "KECHENGCANG_APP_ID", Required: true, Help: "The merchant's application (app_id)."},
			{Name: "KECHENGCANG_SECRET", Required: true, Help: "The application's key (secureKey)."},
			{Name: "KECHENGCANG_BASE_URL", Required: true, Help: "Where the server answers."},
			{Name: "KECHENGCANG_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host."},
		},
		Commands: []cli.Command{
			{Name: "create", Help: "Create an order and draw the QR code of its pay page; -wait waits for the payment.", Explains: true, New: create},
			{Name: "query", Args: "ORDER_ID", Help: "Ask for an order by the server's number of it.", New: query},
			{Name: "wait", Args: "ORDER_ID", Help: "Wait until an order is paid or has ended otherwise.", New: wait},
			{Name: "serve", Help: "Receive callbacks, which are not signed, and confirm them.", New: serve},
		},
	}
}

// gateway is a client of the server that the environment names, or of a fake one,
// which is nil otherwise.
type gateway struct {
	*kechengcang.Client
	fake *kechengcangtest.Server
}

func connect(call *cli.Call) (gateway, error) {
	config := kechengcang.Config{
		AppID:          call.Env("KECHENGCANG_APP_ID"),
		Secret:         call.Secret("KECHENGCANG_SECRET"),
		BaseURL:        call.Env("KECHENGCANG_BASE_URL"),
		AllowPlainHTTP: call.Flag("KECHENGCANG_ALLOW_PLAIN_HTTP"),
	}
	var fake *kechengcangtest.Server
	if call.Demo() {
		fake = kechengcangtest.NewServer()
		call.UseFake(fake, fake.URL)
		config = fake.Config()
	}
	config.Logger = call.Logger()
	config.HTTPClient = call.HTTPClient(func(r *http.Request, body []byte) (sign.Explanation, bool) {
		return explainCreate(config.Secret, body), strings.HasSuffix(r.URL.Path, "/store")
	})
	client, err := kechengcang.New(config)
	return gateway{client, fake}, err
}

// explainCreate explains a create as it is sent.
func explainCreate(secret sign.Secret, body []byte) sign.Explanation {
	var sent struct {
		Title, Remark, Salt, Sign string
		Fee                       json.Number
		CallbackURL               string `json:"callback_url"`
	}
	_ = json.Unmarshal(body, &sent)
	return sign.ExplainSalted(secret, sent.Sign, sent.Salt).NotSigned(
		sign.Field{Name: "title", Value: sent.Title},
		sign.Field{Name: "fee", Value: sent.Fee.String()},
		sign.Field{Name: "remark", Value: sent.Remark},
		sign.Field{Name: "callback_url", Value: sent.CallbackURL})
}

func create(flags *flag.FlagSet) cli.Run {
	request := kechengcang.CreateOrderRequest{}
	flags.StringVar(&request.Subject, "subject", "Example order", "`title` of the order: put your own number into it")
	flags.TextVar(&request.Fee.Amount, "amount", money.Cents(100), "`amount` to ask, with at most two decimals")
	cli.Choice(flags, &request.Fee.Currency, "currency", "what the amount is in",
		cli.Named[kechengcang.Currency]{Name: "usd", Value: kechengcang.CurrencyUSD},
		cli.Named[kechengcang.Currency]{Name: "cny", Value: kechengcang.CurrencyCNY})
	flags.StringVar(&request.Remark, "remark", "", "`note` that a query returns")
	flags.StringVar(&request.NotifyURL, "notify-url", "", "`URL` of the callbacks")
	flags.StringVar(&request.ReturnURL, "return-url", "", "`URL` where the payer goes afterwards")
	wait := flags.Bool("wait", false, "wait for the payment")
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		order, err := g.CreateOrder(ctx, request)
		if err != nil {
			return err
		}
		show(call, "created", order)
		if order.PayPageURL != "" {
			call.QR(order.PayPageURL)
		}
		if !*wait {
			call.NoteEnd()
			return nil
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, order.OrderID, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, order.OrderID, waiting)
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
		accept := func(_ context.Context, n *kechengcang.Notification) error {
			// A shop finds n.OrderID among its own orders and compares n.Order.Fee here.
			if credited.First(n.OrderID) {
				show(call, "credited", n.Order)
			} else {
				call.Note("Order %s comes again: it is credited once only.", n.OrderID)
			}
			return nil
		}
		return call.Serve(ctx, serving, g.NotificationHandler(accept), nil, func(ctx context.Context, notifyURL string) error {
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

// prepare gives a fake server an order, and returns what to ask for: the number
// of that order, because the server chooses it, or the given one.
func prepare(ctx context.Context, call *cli.Call, g gateway, orderID, notifyURL string) (string, error) {
	if g.fake == nil {
		return orderID, nil
	}
	order, err := g.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject:   "Example order",
		Fee:       kechengcang.Fee{Amount: money.Cents(100), Currency: kechengcang.CurrencyUSD},
		NotifyURL: notifyURL,
	})
	if err != nil {
		return "", err
	}
	call.NotePrepared(order.OrderID, "1.00 USD")
	return order.OrderID, nil
}

func show(call *cli.Call, event string, order *kechengcang.Order) {
	call.Show(event,
		cli.Field{Name: "order_id", Value: order.OrderID},
		cli.Field{Name: "subject", Value: order.Subject},
		cli.Field{Name: "fee", Value: order.Fee.Amount, Text: order.Fee.String()},
		cli.Field{Name: "currency", Value: order.Fee.Currency.String()},
		cli.Field{Name: "pay_fee", Value: order.PayFee.Amount, Text: order.PayFee.String() + " (what the payer sends; it changes)"},
		cli.Field{Name: "pay_currency", Value: order.PayFee.Currency.String()},
		cli.Field{Name: "pay_to", Value: order.ReceiptAccount},
		cli.Field{Name: "state", Value: int(order.State), Text: order.State.String()},
		cli.Field{Name: "paid", Value: order.Paid()},
		cli.Field{Name: "pay_page", Value: order.PayPageURL})
}
