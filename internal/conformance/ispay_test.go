package conformance

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

var _ = describe(descriptor{
	name:   "ispay",
	client: func(t testing.TB, s setup) any { return ispayClient(t, s) },
	calls:  ispayCalls,
	types: []any{
		&ispay.Config{}, &ispay.Client{}, &ispay.CreateOrderRequest{}, &ispay.CreatedOrder{}, &ispay.PaymentCode{},
		&ispay.OrderState{}, &ispay.Order{}, &ispay.Notification{},
	},
	settings: map[string]func(settings) error{
		"Secret": func(s settings) error {
			return made(ispay.New(ispay.Config{UserID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
	},
	invalid:        ispayInvalid,
	channels:       []string{"CreateOrder"},
	notifications:  ispayNotifications,
	secrets:        []string{secret},
	rejection:      `{"success":false,"errorCode":1004,"errorMsg":%q}`,
	queryRejection: `{"success":false,"errorCode":1004,"errorMsg":%q}`,
	unpaid:         strings.Replace(ispayPaid, `"state":9`, `"state":5`, 1),
	ended:          strings.Replace(ispayPaid, `"state":9`, `"state":6`, 1),
	reveals:        []string{md5Hex("10001", orderNo, secret)},
	previous:       previous,
	withPrevious: func(all ...string) error {
		_, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret"), PreviousSecrets: secretsOf(all)})
		return err
	},
	rotation: func(t *testing.T) rotation {
		server := ispaytest.NewServer(gatewaytest.WithRetryDelays())
		return rotation{
			server.Server,
			func(key int, also ...int) { server.SetSecret(rotated[key], texts(also)...) },
			func(key int, before ...int) shop {
				config := server.Config()
				config.Secret, config.PreviousSecrets = sign.NewSecret(rotated[key]), secretsOf(texts(before))
				return ispayMerchant(t, server, config, io.Discard)
			},
		}
	},
	shop:       ispayShop,
	nilHandler: func() { ispayClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
})

const ispayPaid = `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"` + orderNo + `","state":9,"qrcode":"https://qr.example.com/` +
	marker + `","imgtext":"` + marker + `","notifyurl":"` + notifyURL + `","returnurl":"` + returnURL +
	`","returning":false,"amount":300.00,"ip":"` + payerIP + `","paytype":"P901","create_time":"2019-10-15 17:04:00"}}`

func ispayClient(t testing.TB, s setup) *ispay.Client {
	c, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret(secret), PreviousSecrets: secretsOf([]string{previous}), BaseURL: s.base, HTTPClient: s.http, Logger: s.log, Observer: s.observer,
	})
	must(t, err)
	return c
}

func ispayRequest() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: payerIP,
		Subject: payer, NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func ispayNotification() notification {
	return notification{fields: url.Values{
		"order_no": {orderNo}, "amount": {"300.00"}, "state": {"9"}, "sign": {md5Hex("10001", orderNo, secret)}, "buyer": {payer},
	}}
}

func ispayNotifications(t testing.TB, s setup) []notification {
	c := ispayClient(t, s)
	n := ispayNotification()
	n.free = "buyer"
	n.resign = func(n *notification) { n.fields.Set("sign", md5Hex("10001", n.fields.Get("order_no"), secret)) }
	n.restore = func(data []byte) (any, error) { return result(c.RestoreNotification(data)) }
	return ofForm(n, c.ParseNotification, c.VerifyNotification, c.NotificationHandler)
}

func ispayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := ispayClient(t, s)
	const code = `"order":{"state":5,"qrcode":"https://qr.example.com/` + marker + `","imgtext":"` + marker +
		`","alipayuid":"` + marker + `","amount":300.00,"sn":"` + gatewayNo + `","timeout":900}}`
	return []call{
		{
			name: "CreateOrder", kind: create, noNumber: true,
			response: `{"success":true,"errorCode":0,"errorMsg":null,"order_id":"` + gatewayNo + `","buyer":"` + payer + `"}`,
			bad: []string{
				`{"order_id":"1"}`, `{"success":"maybe","order_id":"1"}`, `{"success":true,"errorCode":0,"errorMsg":null}`,
				`{"success":true,"order_id":null}`, `{"success":true,"order_id":[1]}`, `{"success":true,"order_id":".."}`,
				"{\"success\":true,\"order_id\":\"\xff\"}",
			},
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, ispayRequest())) },
		},
		{
			name: "QueryState", kind: query, response: `{"success":true,"errorCode":0,"errorMsg":null,"state":5,` + code,
			do: func(ctx context.Context) (any, error) { return result(c.QueryState(ctx, gatewayNo)) },
		},
		{
			name: "QueryQRCode", kind: query, response: `{"success":true,"errorCode":0,"errorMsg":null,` + code,
			do: func(ctx context.Context) (any, error) { return result(c.QueryQRCode(ctx, gatewayNo)) },
		},
		{
			name: "QueryOrder", kind: query, response: ispayPaid,
			bad: []string{
				`{"success":true}`, `{"success":true,"order":null}`, `{"success":true,"order":[]}`, `{"success":true,"order":{"amount":1}}`,
				`{"success":true,"order":{"state":9}}`, `{"success":true,"order":{"state":9,"amount":1e3}}`,
				`{"success":true,"order":{"state":9,"amount":1.001}}`, `{"success":true,"order":{"state":"paid","amount":1}}`,
				`{"success":true,"order":"","state":9,"amount":1}`, `{"success":true,"order":{"state":[9],"amount":1}}`,
				`{"success":true,"order":{"state":9,"amount":1,"sn":"20191118123425"}}`,
				`{"success":"yes","order":{"state":9,"amount":1}}`, `{"success":true,"order":{"state":9,"amount":1,"State":5}}`,
			},
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, orderNo)) },
		},
		{
			name: "ConfirmNotification", kind: query, response: ispayPaid,
			do: func(ctx context.Context) (any, error) {
				n := &ispay.Notification{OrderNo: orderNo, Amount: money.Cents(30000), State: ispay.StateConfirmed}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, response: ispayPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.WaitForPayment(ctx, orderNo, s.waitInterval()))
			},
		},
		{name: "NotificationHandler", kind: handler, response: ispayPaid, do: receive(c.NotificationHandler, ispayNotification())},
	}
}

func ispayInvalid(t testing.TB, s setup, bad string) map[string]error {
	t.Helper()
	c := ispayClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	_, all["QueryOrder"] = c.QueryOrder(ctx, bad)
	_, all["QueryState"] = c.QueryState(ctx, bad)
	_, all["QueryQRCode"] = c.QueryQRCode(ctx, bad)
	_, all["PayPageURL"] = c.PayPageURL(bad)
	_, all["WaitForPayment"] = c.WaitForPayment(ctx, bad, interval)
	broken(all, "CreateOrder", ispayRequest(), bad, func(r ispay.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	return all
}

func ispayShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := ispaytest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	return ispayMerchant(t, server, server.Config(), log)
}

func ispayMerchant(t *testing.T, server *ispaytest.Server, config ispay.Config, log io.Writer) shop {
	t.Helper()
	config.Logger, config.NotificationTimeout = logger(log), notificationTimeout
	c, err := ispay.New(config)
	require.NoError(t, err)
	seen := func(o *ispay.Order) sight {
		return sight{paid: o.Paid(), raw: string(o.Raw.Reveal()), created: &o.CreatedAt}
	}
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (sight, error) {
			order, err := c.CreateOrder(ctx, ispay.CreateOrderRequest{
				OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: price, PayerIP: "203.0.113.7", NotifyURL: notifyURL,
			})
			return saw(func(o *ispay.CreatedOrder) sight { return sight{number: orderNo, raw: string(o.Raw.Reveal())} })(order, err)
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
		handler: crediting(c.NotificationHandler, func(n *ispay.Notification) sight {
			return sight{number: n.OrderNo, amount: n.Order.Amount, raw: n.Raw.Reveal().Encode()}
		}),
	}
}

// must is require.NoError for what also runs outside of a test.
func must(t testing.TB, err error) {
	switch {
	case err == nil:
	case t == nil:
		panic(err)
	default:
		t.Helper()
		require.NoError(t, err)
	}
}
