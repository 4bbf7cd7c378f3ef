package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func gatepayGateway() *Gateway {
	return &Gateway{
		Name: "gatepay", Title: "GatePay", Number: "order_no",
		Variables: append([]Variable{
			{Name: "GATEPAY_APP_KEY", Help: "merchant's identifier (appkey)", For: credentials()},
			{Name: "GATEPAY_SECRET", Help: "merchant's key (appsecret)", Secret: true, For: credentials()},
			previousSecrets("GATEPAY"),
			{Name: "GATEPAY_BASE_URL", Help: "gateway's address", Default: gatepay.DefaultBaseURL},
			{Name: "GATEPAY_CLOUD_BASE_URL", Help: "address of the cloud API", Default: gatepay.DefaultCloudBaseURL},
		}, settings("GATEPAY")...),
		QueryChecks: []string{"GATEPAY_APP_KEY", "GATEPAY_SECRET"},
		Groups:      [][]string{{"GATEPAY_APP_KEY", "GATEPAY_SECRET"}},
		Options:     []string{"order-no", "channel", "amount", "attach", "notify-url", "return-url"},
		Channels:    []string{"alipay", "wechat"},
		Event: func() []Field {
			return []Field{
				{"order_id", "1000001"},
				{"out_order_id", "TEST1"},
				{"price", "1.00"},
				{"realprice", "1.00"},
				{"type", "alipay"},
				{"paytime", strconv.FormatInt(time.Now().Unix(), 10)},
				{"extend", "test"},
			}
		},
		Accepted: says("success"), Accepts: "success",
		// The number ends with a digit, to show a re-cut: one that begins and ends with a
		// letter leaves an attacker nothing to cut.
		Story: Story{
			OrderNo: "ORDER1", Amount: money.Cents(1_88),
			Genuine: "The signature is valid, and the gateway confirms",
			Forged: "An attacker cuts the notification into other fields: order ORDER and 11.88 yuan instead of ORDER1 and 1.88. " +
				"The fields are signed without separators, so the signature is valid.",
		},
		Open: openGatepay, Fake: fakeGatepay,
	}
}

func openGatepay(s Settings) (*Client, error) {
	appKey, secret := s.Env["GATEPAY_APP_KEY"], s.Env.Secret("GATEPAY_SECRET")
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: secret, PreviousSecrets: s.Env.Secrets("GATEPAY_PREVIOUS_SECRETS"), BaseURL: s.Env["GATEPAY_BASE_URL"], CloudBaseURL: s.Env["GATEPAY_CLOUD_BASE_URL"],
		AllowPlainHTTP: s.Env.Flag("GATEPAY_ALLOW_PLAIN_HTTP"), Logger: s.Logger, HTTPClient: s.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	show := func(o *gatepay.Order, err error) (*Payment, error) { return gatepayPayment(o), err }
	return &Client{
		Create: func(ctx context.Context, o Order) (*Payment, error) { return createGatepay(ctx, client, o) },
		Query: func(ctx context.Context, number string) (*Payment, error) {
			return show(client.QueryOrder(ctx, number))
		},
		Wait: func(ctx context.Context, number string, interval time.Duration) (*Payment, error) {
			return show(client.WaitForPayment(ctx, number, interval))
		},
		Handler: func(show func(*Payment)) http.Handler {
			return client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
				payment := gatepayNotification(n)
				payment.State, payment.Notes = n.Order.State.String(), nil
				show(payment)
				return nil
			})
		},
		Verify: func(in Received) (*Payment, error) {
			n, err := client.VerifyNotification(in.Values)
			if err != nil {
				return nil, err
			}
			return gatepayNotification(n), nil
		},
		Explain: func(in Received) explain.Explanation { return client.ExplainNotification(in.Values) },
		Sign:    func(in Received) (explain.Explanation, string, error) { return signGatepay(appKey, secret, in.Values) },
		Trigger: func(to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
			return triggerGatepay(appKey, secret, to, fields, tamper)
		},
	}, nil
}

func createGatepay(ctx context.Context, client *gatepay.Client, o Order) (*Payment, error) {
	attach := o.Attach
	if attach == "" {
		attach = o.OrderNo // the gateway requires a value
	}
	created, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: o.OrderNo, Channel: gatepay.Channel(o.Channel), Amount: o.Amount, Attach: attach,
		NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL,
	})
	if err != nil {
		return nil, err
	}
	return &Payment{
		Gateway: "gatepay", Number: created.OrderNo, OrderNo: created.OrderNo, Amount: o.Amount.String(), Currency: "CNY",
		Channel: o.Channel, State: gatepay.StateInProgress.String(),
		PayPage: created.PayPageURL, QRCode: created.PayPageURL, QRCodeURL: created.QRCodeURL,
	}, nil
}

func gatepayPayment(o *gatepay.Order) *Payment {
	if o == nil {
		return nil
	}
	return &Payment{
		Gateway: "gatepay", Number: o.OrderNo, OrderNo: o.OrderNo, OrderID: o.OrderID, Subject: o.Subject,
		Amount: o.Amount.String(), Currency: "CNY", Channel: string(o.Channel), State: o.State.String(), Paid: o.Paid(),
	}
}

func gatepayNotification(n *gatepay.Notification) *Payment {
	return &Payment{
		Gateway: "gatepay", Number: n.OrderNo, OrderNo: n.OrderNo, OrderID: n.OrderID,
		Amount: n.Amount.String(), PaidAmount: n.PaidAmount.String(), Currency: "CNY", Channel: string(n.Channel),
		Paid: true, PaidAt: stamp(n.PaidAt),
		Notes: []string{"nothing separates the signed fields: the numbers are claims until the query confirms them"},
	}
}

// signGatepay explains the signature of a notification, a query or a create.
func signGatepay(appKey string, secret sign.Secret, values url.Values) (explain.Explanation, string, error) {
	names := []string{"appkey", "price", "type", "out_order_id", "custom"}
	switch {
	case values.Has("order_id"):
		names = []string{"appkey", "order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend"}
	case !values.Has("type"):
		names = []string{"appkey", "out_order_id"}
	case values.Has("fields"):
		names[1] = "fields"
	case values.Has("product_id"):
		names[1] = "product_id"
	}
	fields := named(values, appKey, names...)
	digest, err := sign.MD5Nested(secret, texts(fields)...)
	e := explain.MD5Nested(secret, values.Get(sign.FieldName), fields).NotSigned(others(values, names...)...)
	return e, digest.String(), err
}

func triggerGatepay(appKey string, secret sign.Secret, to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
	parts := []string{appKey}
	for _, field := range fields {
		if field.Name != sign.FieldName {
			parts = append(parts, field.Value)
		}
	}
	digest, err := sign.MD5Nested(secret, parts...)
	if err != nil {
		return gatewaytest.Message{}, err
	}
	if tamper {
		amount, err := raised(value(fields, "price"))
		if err != nil {
			return gatewaytest.Message{}, err
		}
		fields = replace(replace(fields, "price", amount), "realprice", amount)
	}
	// The handlers of the provider's PHP and node SDKs sign with the appkey that they receive.
	form := withSignature(append(fields, Field{"appkey", appKey}), digest.String())
	return gatewaytest.FormMessage(to, form, false), nil
}

func fakeGatepay(public string, options ...gatewaytest.Option) *Fake {
	s := gatepaytest.NewServer(options...)
	target := publish(s.Server, public)
	return &Fake{
		Server: s, Target: target,
		Env: env(
			"GATEPAY_APP_KEY", gatepaytest.AppKey,
			"GATEPAY_SECRET", gatepaytest.Secret,
			"GATEPAY_BASE_URL", s.URL,
			"GATEPAY_CLOUD_BASE_URL", s.URL,
		),
		PayPage: func(o gatewaytest.Order) string {
			return s.URL + "/pay/api?id=" + url.QueryEscape(o.OrderNo) + "&type=" + o.Channel
		},
		StateText:    func(state string) string { return state },
		SetNotifyURL: func(target string) { s.SetAccount(target, "") },
	}
}
