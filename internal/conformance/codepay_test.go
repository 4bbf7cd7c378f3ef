package conformance

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

var _ = describe(descriptor{
	name:   "codepay",
	client: func(t testing.TB, s setup) any { return codepayClient(t, s) },
	calls:  codepayCalls,
	types: []any{
		&codepay.Config{}, &codepay.Client{}, &codepay.CreateOrderRequest{}, &codepay.CreatedOrder{}, &codepay.Order{},
		&codepay.Notification{}, &codepay.Return{},
	},
	settings: map[string]func(settings) error{
		"Secret": func(s settings) error {
			return made(codepay.New(codepay.Config{UserID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
	},
	invalid:        codepayInvalid,
	notifications:  codepayNotifications,
	signed:         true,
	secrets:        []string{secret, token},
	rejection:      `{"status":-2,"msg":%q}`,
	queryRejection: `{"status":-6,"msg":%q}`,
	unpaid:         `{"status":0}`,
	reveals:        []string{token},
	previous:       previous,
	withPrevious: func(all ...string) error {
		_, err := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-secret"), PreviousSecrets: secretsOf(all)})
		return err
	},
	rotation: func(t *testing.T) rotation {
		server := codepaytest.NewServer(gatewaytest.WithRetryDelays())
		return rotation{
			server.Server,
			func(key int, also ...int) { server.SetSecret(rotated[key], texts(also)...) },
			func(key int, before ...int) shop {
				config := server.Config()
				config.Secret, config.PreviousSecrets = sign.NewSecret(rotated[key]), secretsOf(texts(before))
				return codepayMerchant(t, server, config, io.Discard)
			},
		}
	},
	shop:       codepayShop,
	nilHandler: func() { codepayClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
})

func codepayNotifications(t testing.TB, s setup) []notification {
	c := codepayClient(t, s)
	n := codepayNotification()
	n.free = "param"
	n.resign = func(n *notification) {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(n.fields)) {
			if value := n.fields.Get(name); value != "" && name != "sign" {
				pairs = append(pairs, name+"="+value)
			}
		}
		n.fields.Set("sign", md5Hex(strings.Join(pairs, "&"), secret))
	}
	n.restore = func(data []byte) (any, error) { return result(c.RestoreNotification(data)) }
	payerReturn := notification{
		name:   "return",
		fields: n.fields,
		parse:  func(r *http.Request) (any, error) { return result(c.ParseReturn(r)) },
		verify: func(values url.Values, _ []byte, _ http.Header) (any, error) { return result(c.VerifyReturn(values)) },
	}
	return append(ofForm(n, c.ParseNotification, c.VerifyNotification, c.NotificationHandler), payerReturn)
}

func codepayInvalid(t testing.TB, s setup, bad string) map[string]error {
	t.Helper()
	c := codepayClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	_, all["QueryOrder"] = c.QueryOrder(ctx, bad)
	_, all["WaitForPayment"] = c.WaitForPayment(ctx, bad, interval)
	_, all["ScriptURL"] = c.ScriptURL(codepayRequest(), bad)
	for _, channel := range []codepay.Channel{-1, 4, 99} {
		r := codepayRequest()
		r.Channel = channel
		_, all["CashierURL Channel "+channel.String()] = c.CashierURL(r)
	}
	broken(all, "CreateOrder", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	broken(all, "CashierURL", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := c.CashierURL(r); return err })
	broken(all, "TokenURL", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := c.TokenURL(r); return err })
	return all
}

func codepayClient(t testing.TB, s setup) *codepay.Client {
	c, err := codepay.New(codepay.Config{
		UserID: "10041", Secret: sign.NewSecret(secret), PreviousSecrets: secretsOf([]string{previous}), Token: sign.NewSecret(token), ConfirmByQuery: true,
		BaseURL: s.base, HTTPClient: s.http, Logger: s.log, Observer: s.observer,
	})
	must(t, err)
	return c
}

func codepayRequest() codepay.CreateOrderRequest {
	return codepay.CreateOrderRequest{
		OrderNo: orderNo, Amount: money.Cents(10000), Channel: codepay.ChannelAlipay, Attach: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func codepayNotification() notification {
	s := "id=10041&money=100.01&order_id=7001&param=" + payer + "&pay_id=" + orderNo + "&pay_no=2017021721001&price=100.00&status=2&type=1"
	values, _ := url.ParseQuery(strings.ReplaceAll(s, " ", "+"))
	values.Set("sign", md5Hex(s, secret))
	return notification{fields: values}
}

func codepayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := codepayClient(t, s)
	const confirmed1 = `{"status":1,"msg":"ok","buyer":"` + payer + `"}`
	return []call{
		{
			name: "CreateOrder", kind: create,
			response: `{"msg":"ok","qrcode":"//qr.example.com/` + marker + `","status":0,"chart":"utf-8","order_id":"7001","pay_id":"` + orderNo +
				`","type":1,"price":"100.00","money":"100.01","userID":10041,"notiry_key":"` + marker + `","tag":0,"serverTime":1487332840,"endTime":1487333200}`,
			bad: []string{
				`{"money":"1.00"}`, `{"status":null,"money":"1.00"}`, `{"status":"ok","money":"1.00"}`, `{"status":1,"money":"1.00"}`,
				`{"status":0}`, `{"status":0,"money":"0.00"}`, `{"status":0,"money":"-1.00"}`, `{"status":0,"money":1e2}`,
				`{"status":0,"money":"1.001"}`, `{"status":0,"money":["1.00"]}`, `{"status":0,"money":"1.00","pay_id":["` + orderNo + `"]}`,
				`{"status":0,"money":"1.00","pay_id":"root"}`, `{"status":0,"money":"1.00","type":3}`,
				`{"status":0,"money":"1.00","price":"1.00"}`, `{"status":0,"money":"1.00","order_id":[1]}`,
			},
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, codepayRequest())) },
		},
		{
			name: "QueryOrder", kind: query, response: confirmed1,
			bad: []string{"{}", `{"status":"paid"}`, `{"msg":"ok"}`, "callback(1)", `callback({"status":1)`},
			do:  func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, "7001")) },
		},
		{
			name: "ConfirmNotification", kind: query, response: confirmed1,
			do: func(ctx context.Context) (any, error) {
				n := &codepay.Notification{OrderNo: orderNo, OrderID: "7001", PaymentNo: "2017021721001", PaidAmount: money.Cents(10001)}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, response: confirmed1,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, "7001", s.waitInterval())) },
		},
		{name: "NotificationHandler", kind: handler, response: confirmed1, do: receive(c.NotificationHandler, codepayNotification())},
	}
}

func codepayShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := codepaytest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	return codepayMerchant(t, server, server.Config(), log)
}

func codepayMerchant(t *testing.T, server *codepaytest.Server, config codepay.Config, log io.Writer) shop {
	t.Helper()
	config.Logger, config.NotificationTimeout = logger(log), notificationTimeout
	c, err := codepay.New(config)
	require.NoError(t, err)
	seen := func(o *codepay.Order) sight {
		return sight{paid: o.Paid(), raw: string(o.Raw.Reveal())}
	}
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (sight, error) {
			return saw(func(o *codepay.CreatedOrder) sight {
				return sight{number: o.OrderID, raw: string(o.Raw.Reveal()), created: &o.ServerTime}
			})(c.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: orderNo, Amount: price, NotifyURL: notifyURL}))
		},
		query: func(ctx context.Context, number string) (sight, error) { return saw(seen)(c.QueryOrder(ctx, number)) },
		wait: func(ctx context.Context, number string) (sight, error) {
			return saw(seen)(c.WaitForPayment(ctx, number, interval))
		},
		keyIndex: func(r *http.Request) (int, error) {
			n, err := c.ParseNotification(r)
			if err != nil {
				return 0, err
			}
			return n.KeyIndex, nil
		},
		explain: func(r *http.Request) explain.Explanation { return c.ExplainNotification(fields(r)) },
		handler: crediting(c.NotificationHandler, func(n *codepay.Notification) sight {
			return sight{number: n.OrderID, amount: n.PaidAmount, raw: n.Raw.Reveal().Encode(), later: &n.PaidAt}
		}),
	}
}
