package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func ispayGateway() *Gateway {
	return &Gateway{
		Name: "ispay", Title: "ispay 就付", Number: "order_no",
		Variables: append([]Variable{
			{Name: "ISPAY_USER_ID", Help: "merchant's number (商户 ID)", For: credentials()},
			{Name: "ISPAY_SECRET", Help: "merchant's key (商户密钥)", Secret: true, For: credentials()},
			previousSecrets("ISPAY"),
			{Name: "ISPAY_BASE_URL", Help: "gateway's address", Default: ispay.DefaultBaseURL},
		}, settings("ISPAY")...),
		// Without QueryChecks: to the gateway a wrong signature is an unknown order (订单不存在).
		Groups:   [][]string{{"ISPAY_USER_ID", "ISPAY_SECRET"}},
		Options:  []string{"order-no", "channel", "amount", "subject", "payer-ip", "notify-url", "return-url"},
		Channels: []string{"alipay", "wechat", "unionpay"},
		Event: func() []Field {
			return []Field{{"order_no", "TEST1"}, {"amount", "1.00"}, {"state", "9"}}
		},
		Accepted: says("success"), Accepts: "success",
		Story: Story{
			OrderNo: "20191118123424", Amount: money.Cents(300_00),
			Genuine: "The signature is valid, and the gateway confirms",
			Forged:  "An attacker repeats the notification with its valid signature, but claims 1200.00 yuan.",
		},
		Open: openIspay, Fake: fakeIspay,
	}
}

var ispayChannels = map[string]ispay.Channel{
	"alipay": ispay.ChannelAlipay, "wechat": ispay.ChannelWeChat, "unionpay": ispay.ChannelUnionPay,
}

func openIspay(s Settings) (*Client, error) {
	userID, secret := s.Env["ISPAY_USER_ID"], s.Env.Secret("ISPAY_SECRET")
	client, err := ispay.New(ispay.Config{
		UserID: userID, Secret: secret, PreviousSecrets: s.Env.Secrets("ISPAY_PREVIOUS_SECRETS"), BaseURL: s.Env["ISPAY_BASE_URL"],
		AllowPlainHTTP: s.Env.Flag("ISPAY_ALLOW_PLAIN_HTTP"), Logger: s.Logger, HTTPClient: s.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	show := func(o *ispay.Order, err error) (*Payment, error) { return ispayPayment(o), err }
	return &Client{
		Create: func(ctx context.Context, o Order) (*Payment, error) { return createIspay(ctx, client, o) },
		Query: func(ctx context.Context, number string) (*Payment, error) {
			return show(client.QueryOrder(ctx, number))
		},
		Wait: func(ctx context.Context, number string, interval time.Duration) (*Payment, error) {
			return show(client.WaitForPayment(ctx, number, interval))
		},
		Handler: func(show func(*Payment)) http.Handler {
			return client.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
				show(ispayPayment(n.Order))
				return nil
			})
		},
		Verify: func(in Received) (*Payment, error) {
			n, err := client.VerifyNotification(in.Values)
			if err != nil {
				return nil, err
			}
			return &Payment{
				Gateway: "ispay", Number: n.OrderNo, OrderNo: n.OrderNo, Amount: n.Amount.String(), Currency: "CNY",
				State: n.State.String(), Paid: n.State.Paid(),
				Notes: []string{"the signature covers only order_no: amount and state are claims until the query confirms them"},
			}, nil
		},
		Explain: func(in Received) explain.Explanation { return client.ExplainNotification(in.Values) },
		Sign:    func(in Received) (explain.Explanation, string, error) { return signIspay(userID, secret, in) },
		Trigger: func(to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
			return triggerIspay(userID, secret, to, fields, tamper)
		},
	}, nil
}

func createIspay(ctx context.Context, client *ispay.Client, o Order) (*Payment, error) {
	created, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: o.OrderNo, Channel: ispayChannels[o.Channel], Amount: o.Amount, PayerIP: o.PayerIP,
		Subject: o.Subject, NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, OrderTime: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	payment := &Payment{
		Gateway: "ispay", Number: o.OrderNo, OrderNo: o.OrderNo, OrderID: created.OrderID,
		Amount: o.Amount.String(), Currency: "CNY", Channel: string(ispayChannels[o.Channel]),
		State: ispay.StateAccepted.String(), PayPage: created.PayPageURL,
	}
	payment.addCode(client.QueryQRCode(ctx, created.OrderID))
	return payment, nil
}

// addCode adds the QR code of an order. The order exists without it too, and the pay
// page shows it.
func (p *Payment) addCode(state *ispay.OrderState, err error) {
	if err != nil {
		p.Notes = append(p.Notes, "no QR code yet: "+err.Error())
		return
	}
	p.State, p.QRCode = state.State.String(), state.Code.QRCode
	if state.Code.Timeout > 0 {
		p.ExpiresAt = stamp(time.Now().Add(state.Code.Timeout))
	}
}

func ispayPayment(o *ispay.Order) *Payment {
	if o == nil {
		return nil
	}
	return &Payment{
		Gateway: "ispay", Number: o.OrderNo, OrderNo: o.OrderNo, Amount: o.Amount.String(), Currency: "CNY",
		Channel: string(o.Channel), State: o.State.String(), Paid: o.Paid(), CreatedAt: stamp(o.CreatedAt),
	}
}

// signIspay explains the signature of a create, or that of a query and a notification.
func signIspay(userID string, secret sign.Secret, in Received) (explain.Explanation, string, error) {
	names := []string{"userid", "order_no"}
	if in.Values.Has("order_type") {
		names = append(names, "order_type", "amount", "return_url")
	}
	fields := named(in.Values, userID, names...)
	digest, err := sign.MD5Concat(secret, texts(fields)...)
	e := explain.MD5Concat(secret, in.Values.Get(sign.FieldName), fields).NotSigned(others(in.Values, names...)...)
	return e, digest.String(), err
}

func triggerIspay(userID string, secret sign.Secret, to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
	digest, err := sign.MD5Concat(secret, userID, value(fields, "order_no"))
	if err != nil {
		return gatewaytest.Message{}, err
	}
	if tamper {
		amount, err := raised(value(fields, "amount"))
		if err != nil {
			return gatewaytest.Message{}, err
		}
		fields = replace(fields, "amount", amount)
	}
	// The gateway appends the query literally.
	return gatewaytest.Message{Method: http.MethodGet, URL: to + "?" + withSignature(fields, digest.String()).Encode()}, nil
}

func fakeIspay(public string, options ...gatewaytest.Option) *Fake {
	s := ispaytest.NewServer(options...)
	target := publish(s.Server, public)
	return &Fake{
		Server: s, Target: target,
		Env:       env("ISPAY_USER_ID", ispaytest.UserID, "ISPAY_SECRET", ispaytest.Secret, "ISPAY_BASE_URL", s.URL),
		PayPage:   func(o gatewaytest.Order) string { return s.URL + "/transfer/" + o.ID },
		StateText: numbered[ispay.State],
	}
}
