// Gatepay creates orders at GatePay, shows their QR codes, waits for payments and
// receives callbacks.
//
//	go run ./examples/gatepay -h
//	go run ./examples/gatepay create -amount 1.88 -wait
//
// Without credentials in the environment it runs on a fake gateway.
package main

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name: "gatepay", Title: "payments through GatePay",
		Variables: []cli.Variable{
			{Name: "GATEPAY_APPKEY", Required: true, Help: "The merchant's identifier (appkey)."},
			{Name: "GATEPAY_APPSECRET", Required: true, Help: "The merchant's key (appsecret)."},
			{Name: "GATEPAY_BASE_URL", Help: "Where the gateway answers. Default: " + gatepay.DefaultBaseURL + "."},
			{Name: "GATEPAY_CLOUD_BASE_URL", Help: "Where the cloud API answers. Default: " + gatepay.DefaultCloudBaseURL + "."},
			{Name: "GATEPAY_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host."},
		},
		Commands: []cli.Command{
			{Name: "create", Help: "Create an order and draw its QR code; -wait waits for the payment.", Explains: true, New: create},
			{Name: "link", Args: "TOKEN", Help: "Print a quick-pay link (快捷收款), by the token of the account.", New: link},
			{Name: "query", Args: "ORDER_NO", Help: "Ask for an order.", New: query},
			{Name: "wait", Args: "ORDER_NO", Help: "Wait until an order is paid or has ended otherwise.", New: wait},
			{Name: "serve", Help: "Receive callbacks, verify and confirm them.", Explains: true, New: serve},
			{Name: "verify", Args: "CALLBACK", Help: "Explain a callback that was written down: its form, its URL, or @file.", New: verify},
		},
	}
}

// gateway is a client of the gateway that the environment names, or of a fake
// one, which is nil otherwise.
type gateway struct {
	*gatepay.Client
	fake *gatepaytest.Server
}

func connect(call *cli.Call) (gateway, error) {
	config := gatepay.Config{
		AppKey:         call.Env("GATEPAY_APPKEY"),
		Secret:         call.Secret("GATEPAY_APPSECRET"),
		BaseURL:        call.Env("GATEPAY_BASE_URL"),
		CloudBaseURL:   call.Env("GATEPAY_CLOUD_BASE_URL"),
		AllowPlainHTTP: call.Flag("GATEPAY_ALLOW_PLAIN_HTTP"),
	}
	var fake *gatepaytest.Server
	if call.Demo() {
		fake = gatepaytest.NewServer()
		call.UseFake(fake, fake.URL)
		config = fake.Config()
	}
	config.Logger = call.Logger()
	config.HTTPClient = call.HTTPClient(func(r *http.Request, body []byte) (sign.Explanation, bool) {
		return explainCreate(config.Secret, cli.Values(r, body)), strings.HasSuffix(r.URL.Path, "/create")
	})
	client, err := gatepay.New(config)
	return gateway{client, fake}, err
}

// explainCreate explains a create of any kind as it is sent.
func explainCreate(secret sign.Secret, form url.Values) sign.Explanation {
	bought := "price"
	for _, name := range []string{"fields", "product_id"} {
		if form.Has(name) {
			bought = name
		}
	}
	return sign.ExplainNested(secret, form.Get("sign"), cli.Fields(form, "appkey", bought, "type", "out_order_id", "custom")).
		NotSigned(cli.Fields(form, "notify_url", "return_url")...)
}

func create(flags *flag.FlagSet) cli.Run {
	request := gatepay.CreateOrderRequest{}
	flags.StringVar(&request.OrderNo, "order-no", "", "the merchant's `number` of the order (default: a new one)")
	cli.Choice(flags, &request.Channel, "channel", "how the payer pays",
		cli.Named[gatepay.Channel]{Name: "alipay", Value: gatepay.ChannelAlipay},
		cli.Named[gatepay.Channel]{Name: "wechat", Value: gatepay.ChannelWeChat})
	flags.TextVar(&request.Amount, "amount", money.Cents(100), "`yuan` to pay, with at most two decimals")
	flags.StringVar(&request.Custom, "custom", "example", "`text` that the callback brings back")
	flags.StringVar(&request.NotifyURL, "notify-url", "", "`URL` of the callbacks (default: the account's)")
	flags.StringVar(&request.ReturnURL, "return-url", "", "`URL` where the payer goes afterwards (default: the account's)")
	cloud := flags.Bool("cloud", false, "use the cloud API (云端支付)")
	product := flags.String("product", "", "sell the product with this `number` instead of an amount (固定商品)")
	basket := flags.String("basket", "", "sell `products`, such as 8:1,7:2, instead of an amount (组合商品)")
	wait := flags.Bool("wait", false, "wait for the payment")
	waiting := cli.AddWaiting(flags)
	return func(ctx context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		request.OrderNo = cmp.Or(request.OrderNo, cli.NewOrderNo())
		created, err := g.create(ctx, request, *cloud, *product, *basket)
		if err != nil {
			return err
		}
		call.Show("created",
			cli.Field{Name: "order_no", Value: created.OrderNo},
			cli.Field{Name: "pay_page", Value: created.PayPageURL},
			cli.Field{Name: "qr_code_url", Value: created.QRCodeURL})
		call.QR(created.PayPageURL)
		if !*wait {
			call.NoteEnd()
			return nil
		}
		if g.fake != nil {
			call.PayLater(ctx, g.fake, created.OrderNo, waiting.PayAfter)
		}
		return waitFor(ctx, call, g, created.OrderNo, waiting)
	}
}

// create makes an order of the kind that the flags say.
func (g gateway) create(ctx context.Context, r gatepay.CreateOrderRequest, cloud bool, product, basket string) (*gatepay.CreatedOrder, error) {
	switch {
	case cloud && product+basket != "" || product != "" && basket != "":
		return nil, cli.Usagef("-cloud, -product and -basket exclude each other")
	case cloud && r.NotifyURL+r.ReturnURL != "":
		return nil, cli.Usagef("the cloud API takes no -notify-url and -return-url: the account has them")
	case cloud:
		return g.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{
			OrderNo: r.OrderNo, Channel: r.Channel, Amount: r.Amount, Custom: r.Custom,
		})
	case product != "":
		return g.CreateProductOrder(ctx, gatepay.CreateProductOrderRequest{
			OrderNo: r.OrderNo, Channel: r.Channel, ProductID: product, Custom: r.Custom,
			NotifyURL: r.NotifyURL, ReturnURL: r.ReturnURL,
		})
	case basket != "":
		items, err := parseBasket(basket)
		if err != nil {
			return nil, err
		}
		return g.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
			OrderNo: r.OrderNo, Channel: r.Channel, Basket: items, Custom: r.Custom,
			NotifyURL: r.NotifyURL, ReturnURL: r.ReturnURL,
		})
	default:
		return g.CreateOrder(ctx, r)
	}
}

func parseBasket(text string) ([]gatepay.BasketItem, error) {
	var items []gatepay.BasketItem
	for _, item := range strings.Split(text, ",") {
		product, countText, _ := strings.Cut(item, ":")
		count, err := strconv.Atoi(countText)
		if err != nil {
			return nil, cli.Usagef("-basket: want product:count,…, such as 8:1,7:2")
		}
		items = append(items, gatepay.BasketItem{ProductID: product, Count: count})
	}
	return items, nil
}

func link(flags *flag.FlagSet) cli.Run {
	request := gatepay.QuickPayRequest{}
	flags.TextVar(&request.Amount, "amount", money.Cents(0), "`yuan` to pay; without it the payer enters an amount")
	flags.StringVar(&request.Custom, "custom", "", "who pays, such as a user `name`")
	flags.BoolVar(&request.Fixed, "fixed", false, "ask the page not to let the payer change amount and custom")
	flags.IntVar(&request.Skin, "skin", 0, "look of the page, 0 or 1")
	return func(_ context.Context, call *cli.Call) error {
		g, err := connect(call)
		if err != nil {
			return err
		}
		request.Token = call.Args[0]
		address, err := g.QuickPayURL(request)
		if err != nil {
			return err
		}
		call.Show("link", cli.Field{Name: "url", Value: address})
		call.QR(address)
		call.Note("The link is not signed: the payer can change all of it, -fixed or not.")
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
		accept := func(_ context.Context, n *gatepay.Notification) error {
			// A shop compares n.Order.Amount with its stored order here.
			if credited.First(n.OrderNo) {
				show(call, "credited", n.Order)
			} else {
				call.Note("Order %s comes again: it is credited once only.", n.OrderNo)
			}
			return nil
		}
		explain := func(r *http.Request, body []byte) sign.Explanation { return g.ExplainNotification(cli.Values(r, body)) }
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
			cli.Field{Name: "order_id", Value: n.OrderID},
			cli.Field{Name: "claimed_amount", Value: n.Amount},
			cli.Field{Name: "claimed_paid_amount", Value: n.PaidAmount},
			cli.Field{Name: "custom", Value: n.Custom})
		call.Note("The fields are signed with nothing between them: whether they were cut like this says the query.")
		return nil
	}
}

// prepare gives a fake gateway an order to ask for.
func prepare(ctx context.Context, call *cli.Call, g gateway, orderNo, notifyURL string) error {
	if g.fake == nil {
		return nil
	}
	_, err := g.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: orderNo, Channel: gatepay.ChannelAlipay, Amount: money.Cents(100),
		Custom: "example", NotifyURL: notifyURL,
	})
	if err == nil {
		call.NotePrepared(orderNo, "1.00 yuan")
	}
	return err
}

func show(call *cli.Call, event string, order *gatepay.Order) {
	call.Show(event,
		cli.Field{Name: "order_no", Value: order.OrderNo},
		cli.Field{Name: "order_id", Value: order.OrderID},
		cli.Field{Name: "subject", Value: order.Subject},
		cli.Field{Name: "amount", Value: order.Amount},
		cli.Field{Name: "state", Value: string(order.State)},
		cli.Field{Name: "paid", Value: order.Paid()},
		cli.Field{Name: "channel", Value: order.Channel})
}
