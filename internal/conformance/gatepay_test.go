package conformance

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

var _ = describe(descriptor{
	name: "gatepay",
	// The key that is not a secret is shown by a client that is printed.
	client: func(t testing.TB, s setup) any {
		c, err := gatepay.New(gatepay.Config{AppKey: "appkey", Secret: sign.NewSecret(secret), PreviousSecrets: secretsOf([]string{previous}), HTTPClient: s.http, Logger: s.log, Observer: s.observer})
		must(t, err)
		return c
	},
	calls: gatepayCalls,
	types: []any{
		&gatepay.Config{}, &gatepay.Client{}, &gatepay.CreateOrderRequest{}, &gatepay.CreateCloudOrderRequest{},
		&gatepay.CreateGroupOrderRequest{}, &gatepay.CreateProductOrderRequest{}, &gatepay.CreatedOrder{}, &gatepay.PaymentPage{},
		&gatepay.Order{}, &gatepay.Notification{}, &gatepay.Return{}, &gatepay.QuickPayRequest{}, &gatepay.GroupItem{},
	},
	settings: map[string]func(settings) error{
		"Secret": func(s settings) error {
			return made(gatepay.New(gatepay.Config{AppKey: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
		"Secret beside CloudBaseURL": func(s settings) error {
			return made(gatepay.New(gatepay.Config{AppKey: s.id, Secret: sign.NewSecret(s.secret), CloudBaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
	},
	invalid:        gatepayInvalid,
	channels:       []string{"CreateOrder", "CreateCloudOrder", "CreateGroupOrder", "CreateProductOrder"},
	notifications:  gatepayNotifications,
	secrets:        []string{secret},
	rejection:      `{"code":105,"msg":%q}`,
	queryRejection: `{"code":105,"msg":%q}`,
	unpaid:         strings.Replace(gatepayPaid, `"paid"`, `"inprogress"`, 1),
	ended:          strings.Replace(gatepayPaid, `"paid"`, `"expired"`, 1),
	previous:       previous,
	withPrevious: func(all ...string) error {
		_, err := gatepay.New(gatepay.Config{AppKey: "appkey", Secret: sign.NewSecret("example-secret"), PreviousSecrets: secretsOf(all)})
		return err
	},
	rotation: func(t *testing.T) rotation {
		server := gatepaytest.NewServer(gatewaytest.WithRetryDelays())
		return rotation{
			server.Server,
			func(key int, also ...int) { server.SetSecret(rotated[key], texts(also)...) },
			func(key int, before ...int) shop {
				config := server.Config()
				config.Secret, config.PreviousSecrets = sign.NewSecret(rotated[key]), secretsOf(texts(before))
				return gatepayMerchant(t, server, config, io.Discard)
			},
		}
	},
	shop:       gatepayShop,
	nilHandler: func() { gatepayClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
})

const gatepayPaid = `{"code":100,"msg":"success","time":"1571130240","data":{"order_id":1001,"order_name":"` + payer +
	`","order_price":"1.88","order_type":"wechat","order_status":"paid"}}`

func gatepayNotifications(t testing.TB, s setup) []notification {
	c := gatepayClient(t, s)
	n := gatepayNotification()
	n.free = "extend"
	n.resign = func(n *notification) {
		f := n.fields.Get
		n.fields.Set("sign", md5Hex(md5Hex(appKey, f("order_id"), f("out_order_id"), f("price"), f("realprice"), f("type"), f("paytime"), f("extend")), secret))
	}
	n.restore = func(data []byte) (any, error) { return result(c.RestoreNotification(data)) }
	payerReturn := notification{
		name: "return",
		fields: url.Values{
			"price": {"1.88"}, "type": {"wechat"}, "product_id": {""}, "order_id": {"1001"}, "out_order_id": {orderNo},
			"sign": {md5Hex(md5Hex(appKey, "1.88", "wechat", "1001", orderNo), secret)}, "buyer": {payer},
		},
		parse:  func(r *http.Request) (any, error) { return result(c.ParseReturn(r)) },
		verify: func(values url.Values, _ []byte, _ http.Header) (any, error) { return result(c.VerifyReturn(values)) },
	}
	return append(ofForm(n, c.ParseNotification, c.VerifyNotification, c.NotificationHandler), payerReturn)
}

func gatepayInvalid(t testing.TB, s setup, bad string) map[string]error {
	t.Helper()
	c := gatepayClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	_, all["QueryOrder"] = c.QueryOrder(ctx, bad)
	_, all["QueryPaymentPage"] = c.QueryPaymentPage(ctx, bad)
	_, all["QueryPaymentPage of another host"] = c.QueryPaymentPage(ctx, "https://"+marker+".example.com/")
	_, all["WaitForPayment"] = c.WaitForPayment(ctx, bad, interval)
	g := gatepayRequest()
	g.Attach = "example"
	broken(all, "CreateOrder", g, bad, func(r gatepay.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	broken(all, "CreateCloudOrder", gatepay.CreateCloudOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Amount: g.Amount, Attach: g.Attach}, bad,
		func(r gatepay.CreateCloudOrderRequest) error { _, err := c.CreateCloudOrder(ctx, r); return err })
	broken(all, "CreateGroupOrder",
		gatepay.CreateGroupOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Attach: g.Attach, Items: []gatepay.GroupItem{{ProductID: "8", Count: 1}}}, bad,
		func(r gatepay.CreateGroupOrderRequest) error { _, err := c.CreateGroupOrder(ctx, r); return err })
	broken(all, "CreateProductOrder", gatepay.CreateProductOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Attach: g.Attach, ProductID: "8"}, bad,
		func(r gatepay.CreateProductOrderRequest) error { _, err := c.CreateProductOrder(ctx, r); return err })
	broken(all, "QuickPayURL", gatepay.QuickPayRequest{Token: "token"}, bad, func(r gatepay.QuickPayRequest) error { _, err := c.QuickPayURL(r); return err })
	return all
}

func gatepayClient(t testing.TB, s setup) *gatepay.Client {
	c, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), PreviousSecrets: secretsOf([]string{previous}), BaseURL: s.base, CloudBaseURL: s.base, HTTPClient: s.http, Logger: s.log, Observer: s.observer,
	})
	must(t, err)
	return c
}

func gatepayRequest() gatepay.CreateOrderRequest {
	return gatepay.CreateOrderRequest{
		OrderNo: orderNo, Channel: gatepay.ChannelWeChat, Amount: money.Cents(188), Attach: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func gatepayNotification() notification {
	return notification{fields: url.Values{
		"order_id": {"1001"}, "out_order_id": {orderNo}, "price": {"1.88"}, "realprice": {"1.87"}, "type": {"wechat"},
		"paytime": {"1571130240"}, "extend": {payer}, "appkey": {appKey},
		"sign": {md5Hex(md5Hex(appKey, "1001", orderNo, "1.88", "1.87", "wechat", "1571130240", payer), secret)},
	}}
}

func gatepayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := gatepayClient(t, s)
	r := gatepayRequest()
	created := `{"code":100,"msg":"success","time":"1571130240","data":{"pay_url":"` + s.base + `/pay/api?id=` + marker +
		`","qrcode_url":"https://qr.example.com/` + marker + `","qrcode_body":"` + marker + `","params":{"custom":"` + payer + `","appkey":"` + appKey + `"}}}`
	bad := []string{
		"{\"code\":100,\"data\":{\"pay_url\":\"\xff\"}}", `{"data":{"pay_url":"https://gatepay.io/"}}`,
		`{"code":"ok","data":{"pay_url":"https://gatepay.io/"}}`, `{"code":100.5,"data":{"pay_url":"https://gatepay.io/"}}`,
		`{"code":100}`, `{"code":100,"data":null}`, `{"code":100,"data":[]}`, `{"code":100,"data":""}`,
		`{"code":100,"data":{"qrcode_url":"https://gatepay.io/"}}`, `{"code":100,"data":{"pay_url":null}}`,
		`{"code":100,"data":{"pay_url":[1]}}`, `{"code":100,"data":{"pay_url":"javascript:alert(1)"}}`,
		`{"code":100,"data":{"pay_url":"/pay/api?id=1"}}`,
	}
	return []call{
		{
			name: "CreateOrder", kind: create, response: created, bad: bad,
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, r)) },
		},
		{
			name: "CreateCloudOrder", kind: create, response: created, bad: bad,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{OrderNo: r.OrderNo, Channel: r.Channel, Amount: r.Amount, Attach: r.Attach}))
			},
		},
		{
			name: "CreateGroupOrder", kind: create, response: created, bad: bad,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
					OrderNo: r.OrderNo, Channel: r.Channel, Items: []gatepay.GroupItem{{ProductID: "8", Count: 1}}, Attach: r.Attach, NotifyURL: notifyURL,
				}))
			},
		},
		{
			name: "CreateProductOrder", kind: create, response: created, bad: bad,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateProductOrder(ctx, gatepay.CreateProductOrderRequest{
					OrderNo: r.OrderNo, Channel: r.Channel, ProductID: "8", Attach: r.Attach, NotifyURL: notifyURL,
				}))
			},
		},
		{
			name: "QueryPaymentPage", kind: query, response: `{"code":100,"status":"waiting","buyer":"` + payer + `"}`, opaque: true,
			do: func(ctx context.Context) (any, error) {
				return result(c.QueryPaymentPage(ctx, s.base+"/pay/api?id="+marker))
			},
		},
		{
			name: "QueryOrder", kind: query, response: gatepayPaid,
			bad: []string{
				`{"code":100}`, `{"code":100,"data":null}`, `{"code":100,"data":[]}`,
				`{"code":100,"data":{"order_price":"1.88","order_status":"paid"}}`,
				`{"code":100,"data":{"order_id":522,"order_status":"paid"}}`,
				`{"code":100,"data":{"order_id":522,"order_price":1e3,"order_status":"paid"}}`,
				`{"code":100,"data":{"order_id":522,"order_price":"1.001","order_status":"paid"}}`,
				`{"code":100,"data":{"order_id":522,"order_price":"1.88"}}`,
				`{"code":100,"data":{"order_id":522,"order_price":"1.88","order_status":["paid"]}}`,
				`{"data":{"order_id":522,"order_price":"1.88","order_status":"paid"}}`,
			},
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, orderNo)) },
		},
		{
			name: "ConfirmNotification", kind: query, response: gatepayPaid,
			do: func(ctx context.Context) (any, error) {
				n := &gatepay.Notification{OrderNo: orderNo, OrderID: "1001", Amount: money.Cents(188)}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, response: gatepayPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.WaitForPayment(ctx, orderNo, s.waitInterval()))
			},
		},
		{name: "NotificationHandler", kind: handler, response: gatepayPaid, do: receive(c.NotificationHandler, gatepayNotification())},
	}
}

func gatepayShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := gatepaytest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	return gatepayMerchant(t, server, server.Config(), log)
}

func gatepayMerchant(t *testing.T, server *gatepaytest.Server, config gatepay.Config, log io.Writer) shop {
	t.Helper()
	config.Logger, config.NotificationTimeout = logger(log), notificationTimeout
	c, err := gatepay.New(config)
	require.NoError(t, err)
	seen := func(o *gatepay.Order) sight {
		return sight{paid: o.Paid(), raw: string(o.Raw.Reveal()), later: &o.RespondedAt}
	}
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (sight, error) {
			order, err := c.CreateOrder(ctx, gatepay.CreateOrderRequest{
				OrderNo: orderNo, Channel: gatepay.ChannelWeChat, Amount: price, Attach: "example", NotifyURL: notifyURL,
			})
			return saw(func(o *gatepay.CreatedOrder) sight { return sight{number: orderNo, raw: string(o.Raw.Reveal())} })(order, err)
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
		handler: crediting(c.NotificationHandler, func(n *gatepay.Notification) sight {
			return sight{number: n.OrderNo, amount: n.Order.Amount, raw: n.Raw.Reveal().Encode(), later: &n.PaidAt}
		}),
	}
}
