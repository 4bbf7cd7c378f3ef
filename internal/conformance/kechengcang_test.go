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
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

var _ = describe(descriptor{
	name:   "kechengcang",
	client: func(t testing.TB, s setup) any { return kechengcangClient(t, s) },
	calls:  kechengcangCalls,
	types: []any{
		&kechengcang.Config{}, &kechengcang.Client{}, &kechengcang.CreateOrderRequest{}, &kechengcang.Order{},
		&kechengcang.Notification{}, &kechengcang.Fee{}, &kechengcang.PayFee{},
	},
	settings: map[string]func(settings) error{
		"Secret": func(s settings) error {
			return made(kechengcang.New(kechengcang.Config{AppID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
	},
	invalid:        kechengcangInvalid,
	notifications:  kechengcangNotifications,
	secrets:        []string{secret},
	rejection:      `{"code":422,"message":%q}`,
	queryRejection: `{"code":422,"message":%q}`,
	unpaid:         strings.Replace(kechengcangPaid, `"pay_status":3`, `"pay_status":1`, 1),
	ended:          strings.Replace(kechengcangPaid, `"pay_status":3`, `"pay_status":4`, 1),
	rotation: func(t *testing.T) rotation {
		server := kechengcangtest.NewServer(gatewaytest.WithRetryDelays())
		return rotation{
			server.Server,
			func(key int, also ...int) { server.SetSecret(rotated[key], texts(also)...) },
			func(key int, _ ...int) shop {
				config := server.Config()
				config.Secret = sign.NewSecret(rotated[key])
				return kechengcangMerchant(t, server, config, io.Discard)
			},
		}
	},
	shop:       kechengcangShop,
	nilHandler: func() { kechengcangClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
})

const (
	kechengcangID   = "8f14e45fceea167a"
	kechengcangPaid = `{"code":200,"message":"ok","result":{"id":"` + kechengcangID + `","title":"` + payer + `","remark":"` + payer +
		`","fee":2000,"currency":1,"pay_fee":11111,"pay_currency":5,"pay_account":"` + marker + `","receipt_account":"` + marker +
		`","callback_url":"` + notifyURL + `","redirect_url":"` + returnURL + `","pay_status":3,"status":2,"callback_status":1,"callback_at":null,` +
		`"callback_times":0,"pay_finish_at":"2022-03-04 05:06:07","app_id":"example","application":{"secure_key":"` + secret + `"}}}`
)

func kechengcangNotifications(t testing.TB, s setup) []notification {
	c := kechengcangClient(t, s)
	n := kechengcangNotification()
	n.name = "notification"
	n.parse = func(r *http.Request) (any, error) { return result(c.ParseNotification(r)) }
	n.verify = func(_ url.Values, body []byte, _ http.Header) (any, error) { return result(c.VerifyNotification(body)) }
	n.restore = func(data []byte) (any, error) { return result(c.RestoreNotification(data)) }
	n.handler = c.NotificationHandler(func(context.Context, *kechengcang.Notification) error { return errHandle })
	return []notification{n}
}

func kechengcangInvalid(t testing.TB, s setup, bad string) map[string]error {
	t.Helper()
	c := kechengcangClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	_, all["QueryOrder"] = c.QueryOrder(ctx, bad)
	_, all["WaitForPayment"] = c.WaitForPayment(ctx, bad, interval)
	for _, currency := range []kechengcang.Currency{-1, 0, 3} {
		r := kechengcangRequest()
		r.Fee.Currency = currency
		_, all["CreateOrder Currency "+currency.String()] = c.CreateOrder(ctx, r)
	}
	broken(all, "CreateOrder", kechengcangRequest(), bad, func(r kechengcang.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	return all
}

func kechengcangClient(t testing.TB, s setup) *kechengcang.Client {
	c, err := kechengcang.New(kechengcang.Config{
		AppID: "example", Secret: sign.NewSecret(secret), BaseURL: s.base, HTTPClient: s.http, Logger: s.log, Observer: s.observer,
	})
	must(t, err)
	return c
}

func kechengcangRequest() kechengcang.CreateOrderRequest {
	return kechengcang.CreateOrderRequest{
		Subject: payer, Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD}, Remark: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func kechengcangNotification() notification {
	return notification{unsigned: true, body: `{"id":"` + kechengcangID + `","title":"` + payer + `","pay_status":3,"application":{"secure_key":"` + secret + `"}}`}
}

func kechengcangCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := kechengcangClient(t, s)
	changed := func(from, to string) string { return strings.Replace(kechengcangPaid, from, to, 1) }
	return []call{
		{
			name: "CreateOrder", kind: create, response: kechengcangPaid,
			bad: []string{
				"{\"code\":200,\"result\":{\"id\":\"\xff\"}}", `{"message":"ok","result":{}}`, `{"code":"ok","result":{}}`,
				`{"code":200,"message":"ok"}`, `{"code":200,"message":"ok","result":null}`, `{"code":200,"message":"ok","result":[]}`,
				`{"code":200,"message":"ok","result":{}}`, `{"result":` + strings.Repeat("[", 100_000),
				changed(`"id":"`+kechengcangID, `"id":"../1`),
			},
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, kechengcangRequest())) },
		},
		{
			name: "QueryOrder", kind: query, response: kechengcangPaid,
			bad: []string{
				`{"code":200}`, `{"code":200,"result":[]}`, changed(`"id":"`+kechengcangID+`",`, ""), changed("8f14", "8f15"),
				changed("8f14", "8F14"), changed(kechengcangID, "../1"), changed(`"fee":2000,`, ""), changed(`"fee":2000`, `"fee":null`),
				changed(`"fee":2000`, `"fee":2000.00`), changed(`"fee":2000`, `"fee":2e3`), changed(`"fee":2000`, `"fee":-1`),
				changed(`"fee":2000`, `"fee":12345678901234567890`), changed(`"currency":1,`, ""), changed(`"currency":1`, `"currency":"USD"`),
				changed(`"pay_status":3`, `"pay_status":null`), changed(`"pay_status":3`, `"pay_status":"paid"`),
				changed(`"pay_status":3`, `"pay_status":[3]`),
			},
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, kechengcangID)) },
		},
		{
			name: "ConfirmNotification", kind: query, response: kechengcangPaid,
			do: func(ctx context.Context) (any, error) {
				n := &kechengcang.Notification{OrderID: kechengcangID}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, response: kechengcangPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.WaitForPayment(ctx, kechengcangID, s.waitInterval()))
			},
		},
		{
			name: "NotificationHandler", kind: handler, response: kechengcangPaid,
			do: receive(c.NotificationHandler, kechengcangNotification()),
		},
	}
}

func kechengcangShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := kechengcangtest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	// The client finds out that the query is a GET.
	server.ShowByGet()
	return kechengcangMerchant(t, server, server.Config(), log)
}

func kechengcangMerchant(t *testing.T, server *kechengcangtest.Server, config kechengcang.Config, log io.Writer) shop {
	t.Helper()
	config.Logger, config.NotificationTimeout = logger(log), notificationTimeout
	c, err := kechengcang.New(config)
	require.NoError(t, err)
	seen := func(o *kechengcang.Order) sight {
		return sight{number: o.OrderID, paid: o.Paid(), raw: string(o.Raw.Reveal()), later: &o.PayFinishAt}
	}
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (sight, error) {
			return saw(seen)(c.CreateOrder(ctx, kechengcang.CreateOrderRequest{
				Subject: orderNo, Fee: kechengcang.Fee{Amount: price, Currency: kechengcang.CurrencyUSD}, NotifyURL: notifyURL,
			}))
		},
		query: func(ctx context.Context, number string) (sight, error) { return saw(seen)(c.QueryOrder(ctx, number)) },
		wait: func(ctx context.Context, number string) (sight, error) {
			return saw(seen)(c.WaitForPayment(ctx, number, interval))
		},
		handler: crediting(c.NotificationHandler, func(n *kechengcang.Notification) sight {
			return sight{number: n.OrderID, amount: n.Order.Fee.Amount, raw: string(n.Raw.Reveal())}
		}),
	}
}
