package gateway

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func codepayGateway() *Gateway {
	return &Gateway{
		Name: "codepay", Title: "codepay 码支付", Number: "order_id",
		Variables: append([]Variable{
			{Name: "CODEPAY_USER_ID", Help: "merchant's number (码支付 ID)", For: credentials()},
			{Name: "CODEPAY_SECRET", Help: "merchant's key (通信密钥)", Secret: true, For: credentials()},
			previousSecrets("CODEPAY"),
			{Name: "CODEPAY_TOKEN", Help: "merchant's token (令牌)", Secret: true, For: []string{OpQuery, OpWait}},
			{Name: "CODEPAY_BASE_URL", Help: "gateway's address", Default: codepay.DefaultBaseURL},
		}, settings("CODEPAY")...),
		QueryChecks: []string{"CODEPAY_USER_ID", "CODEPAY_TOKEN"},
		Groups:      [][]string{{"CODEPAY_USER_ID", "CODEPAY_SECRET"}},
		Options:     []string{"order-no", "channel", "amount", "attach", "notify-url", "return-url", "expires"},
		Channels:    []string{"alipay", "qq", "wechat"},
		Event: func() []Field {
			now := time.Now()
			return []Field{
				{"pay_id", "TEST1"},
				{"money", "1.00"},
				{"price", "1.00"},
				{"type", "1"},
				{"pay_no", now.Format("20060102150405")},
				{"param", ""},
				{"pay_time", strconv.FormatInt(now.Unix(), 10)},
				{"pay_tag", "0"},
				{"status", "1"},
				{"chart", "utf-8"},
			}
		},
		AnyField: true,
		Accepted: func(_ int, body string) bool { return body == "success" || body == "ok" }, Accepts: "success",
		Story: Story{
			OrderNo: "20170217200040", Amount: money.Cents(100_00),
			Genuine: "The signature is valid and covers every field",
			Forged:  "An attacker repeats the notification, but claims 900.00 yuan more.",
		},
		Open: openCodepay, Fake: fakeCodepay,
	}
}

var codepayChannels = map[string]codepay.Channel{
	"alipay": codepay.ChannelAlipay, "qq": codepay.ChannelQQ, "wechat": codepay.ChannelWeChat,
}

func openCodepay(s Settings) (*Client, error) {
	secret := s.Env.Secret("CODEPAY_SECRET")
	client, err := codepay.New(codepay.Config{
		UserID: s.Env["CODEPAY_USER_ID"], Secret: secret, PreviousSecrets: s.Env.Secrets("CODEPAY_PREVIOUS_SECRETS"), Token: s.Env.Secret("CODEPAY_TOKEN"),
		BaseURL: s.Env["CODEPAY_BASE_URL"], AllowPlainHTTP: s.Env.Flag("CODEPAY_ALLOW_PLAIN_HTTP"),
		ConfirmByQuery: s.Env["CODEPAY_TOKEN"] != "", Logger: s.Logger, HTTPClient: s.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	show := func(o *codepay.Order, err error) (*Payment, error) { return codepayPayment(o), err }
	return &Client{
		Create: func(ctx context.Context, o Order) (*Payment, error) { return createCodepay(ctx, client, o) },
		Query: func(ctx context.Context, number string) (*Payment, error) {
			return show(client.QueryOrder(ctx, number))
		},
		Wait: func(ctx context.Context, number string, interval time.Duration) (*Payment, error) {
			return show(client.WaitForPayment(ctx, number, interval))
		},
		Handler: func(show func(*Payment)) http.Handler {
			return client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
				show(codepayNotification(n))
				return nil
			})
		},
		Verify: func(in Received) (*Payment, error) {
			n, err := client.VerifyNotification(in.Values)
			if err != nil {
				return nil, err
			}
			return codepayNotification(n), nil
		},
		Explain: func(in Received) explain.Explanation { return client.ExplainNotification(in.Values) },
		Sign: func(in Received) (explain.Explanation, string, error) {
			digest, err := sign.MD5SortedValues(secret, in.Values)
			return client.ExplainNotification(in.Values), digest.String(), err
		},
		Trigger: func(to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
			return triggerCodepay(secret, to, fields, tamper)
		},
	}, nil
}

func createCodepay(ctx context.Context, client *codepay.Client, o Order) (*Payment, error) {
	created, err := client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo: o.OrderNo, Channel: codepayChannels[o.Channel], Amount: o.Amount, Attach: o.Attach,
		NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, Timeout: o.Expires,
	})
	if created == nil {
		return nil, err
	}
	// With ErrListenerOffline there is an order beside the error.
	return &Payment{
		Gateway: "codepay", Number: created.OrderID, OrderNo: created.OrderNo, OrderID: created.OrderID,
		Amount: created.Amount.String(), PayableAmount: created.PayableAmount.String(), Currency: "CNY",
		Channel: created.Channel.String(), State: codepay.StateUnpaid.String(),
		QRCodeURL: created.QRCodeURL, ExpiresAt: stamp(created.ExpiresAt),
	}, err
}

func codepayPayment(o *codepay.Order) *Payment {
	if o == nil {
		return nil
	}
	return &Payment{
		Gateway: "codepay", Number: o.OrderID, OrderNo: o.OrderNo, OrderID: o.OrderID, PaymentNo: o.PaymentNo,
		PaidAmount: notZero(o.PaidAmount), Currency: "CNY", State: o.State.String(), Paid: o.Paid(),
	}
}

func codepayNotification(n *codepay.Notification) *Payment {
	return &Payment{
		Gateway: "codepay", Number: n.OrderID, OrderNo: n.OrderNo, OrderID: n.OrderID, PaymentNo: n.PaymentNo,
		Amount: notZero(n.Amount), PaidAmount: n.PaidAmount.String(), Currency: "CNY", Channel: n.Channel.String(),
		State: n.State.String(), Paid: true, PaidAt: stamp(n.PaidAt),
	}
}

func triggerCodepay(secret sign.Secret, to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
	signed := make([]sign.Field, len(fields))
	for i, field := range fields {
		signed[i] = sign.Field{Name: field.Name, Value: field.Value}
	}
	digest, err := sign.MD5Sorted(secret, signed)
	if err != nil {
		return gatewaytest.Message{}, err
	}
	if tamper {
		amount, err := raised(value(fields, "money"))
		if err != nil {
			return gatewaytest.Message{}, err
		}
		fields = replace(fields, "money", amount)
	}
	return gatewaytest.FormMessage(to, withSignature(fields, digest.String()), false), nil
}

func fakeCodepay(public string, options ...gatewaytest.Option) *Fake {
	s := codepaytest.NewServer(options...)
	target := publish(s.Server, public)
	return &Fake{
		Server: s, Target: target,
		Env: env(
			"CODEPAY_USER_ID", codepaytest.UserID,
			"CODEPAY_SECRET", codepaytest.Secret,
			"CODEPAY_TOKEN", codepaytest.Token,
			"CODEPAY_BASE_URL", s.URL,
		),
		PayPage: func(o gatewaytest.Order) string { return s.URL + "/cashier/" + o.ID },
		StateText: func(state string) string {
			if state == "expired" { // the fake's own: the gateway has no such state
				return state
			}
			return codepay.State(state).String()
		},
		ShiftAmount: s.ShiftMoney,
	}
}
