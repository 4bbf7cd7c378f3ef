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

var codepayGateway = descriptor{
	name:   "codepay",
	client: func(t testing.TB, s setup) any { return codepayClient(t, s) },
	calls:  codepayCalls,
	types: []any{
		&codepay.Config{}, &codepay.Client{}, &codepay.CreateOrderRequest{}, &codepay.CreatedOrder{}, &codepay.Order{},
		&codepay.Notification{}, &codepay.Return{},
	},
	settings: map[string]func(settings) error{
		"Secret": func(s settings) error {
			_, err := codepay.New(codepay.Config{UserID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app})
			return err
		},
	},
	invalid:        codepayInvalid,
	notifications:  codepayNotifications,
	anyEncoding:    true,
	signed:         true,
	rejection:      `{"status":-2,"msg":%q}`,
	queryRejection: `{"status":-6,"msg":%q}`,
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
				return codepayMerchant(t, server, config)
			},
		}
	},
	shop:       codepayShop,
	nilHandler: func() { codepayClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
}

func codepayNotifications(t testing.TB, s setup) []notification {
	c := codepayClient(t, s)
	n := codepayNotification()
	n.name = "notification"
	n.verify = func(values url.Values, _ string, _ http.Header) (any, error) {
		return result(c.VerifyNotification(values))
	}
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
	n.handler = c.NotificationHandler(func(context.Context, *codepay.Notification) error { return errHandle })
	return []notification{n}
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
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, codepayRequest())) },
		},
		{
			name: "QueryOrder", kind: query, response: confirmed1,
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, "7001")) },
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
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, "7001", waiting/2)) },
		},
		{name: "NotificationHandler", kind: handler, response: confirmed1, do: receive(c.NotificationHandler, codepayNotification())},
	}
}

func codepayShop(t *testing.T) shop {
	t.Helper()
	server := codepaytest.NewServer(gatewaytest.WithRetryDelays())
	return codepayMerchant(t, server, server.Config())
}

func codepayMerchant(t *testing.T, server *codepaytest.Server, config codepay.Config) shop {
	t.Helper()
	config.Logger = logger(io.Discard)
	c, err := codepay.New(config)
	require.NoError(t, err)
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			order, err := c.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: orderNo, Amount: price, NotifyURL: notifyURL})
			if err != nil {
				return "", err
			}
			return order.OrderID, nil
		},
		query: func(ctx context.Context, number string) (bool, error) { return paid(c.QueryOrder(ctx, number)) },
		wait: func(ctx context.Context, number string) (bool, error) {
			return paid(c.WaitForPayment(ctx, number, interval))
		},
		keyIndex: func(r *http.Request) (int, error) {
			n, err := c.ParseNotification(r)
			if err != nil {
				return 0, err
			}
			return n.KeyIndex, nil
		},
		explain: func(r *http.Request) explain.Explanation { return c.ExplainNotification(fields(r)) },
		handler: func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
				credit(n.OrderID, n.PaidAmount)
				return nil
			})
		},
	}
}
