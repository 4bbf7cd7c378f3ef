package conformance

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

var _ = describe(descriptor{
	name:   "pingpp",
	client: func(t testing.TB, s setup) any { return pingppClient(t, s) },
	calls:  pingppCalls,
	types: []any{
		&pingpp.Config{}, &pingpp.Client{}, &pingpp.CreateOrderRequest{}, &pingpp.CreatedOrder{}, &pingpp.Charge{},
		&pingpp.ListChargesRequest{}, &pingpp.ChargeList{}, &pingpp.ListRefundsRequest{}, &pingpp.RefundList{}, &pingpp.Refund{},
		&pingpp.AlipayCredential{}, &pingpp.WeChatCredential{}, &pingpp.Notification{}, &pingpp.Event{}, &pingpp.APIError{},
	},
	settings: map[string]func(settings) error{
		"Token": func(s settings) error {
			return made(pingpp.New(pingpp.Config{Token: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
		"APIKey": func(s settings) error {
			return made(pingpp.New(pingpp.Config{APIKey: sign.NewSecret(s.secret), APIBaseURL: s.base, AllowPlainHTTP: s.plain, AppInfo: s.app, NotificationTimeout: s.timeout, MaxConfirmations: s.most}))
		},
	},
	invalid:        pingppInvalid,
	channels:       []string{"CreateOrder"},
	notifications:  pingppNotifications,
	secrets:        []string{token, apiKey},
	rejection:      `{"status":-4,"message":%q}`,
	queryRejection: `{"error":{"type":"invalid_request_error","message":%[1]q,"code":%[1]q,"param":%[1]q}}`,
	unpaid:         strings.NewReplacer(`"paid":true`, `"paid":false`, "1466149900", "null", "1466236251", "null").Replace(pingppPaid),
	ended:          strings.NewReplacer(`"paid":true`, `"paid":false`, "1466149900", "null").Replace(pingppPaid),
	reveals:        []string{"Token " + token, apiKey},
	withPrevious: func(all ...string) error {
		_, err := pingpp.New(pingpp.Config{WebhookPublicKey: publicPEM(), PreviousWebhookPublicKeys: all})
		return err
	},
	rotation: func(t *testing.T) rotation {
		server := pingpptest.NewServer(gatewaytest.WithRetryDelays())
		return rotation{
			server.Server,
			func(key int, _ ...int) { server.SetKey(rotatedKeys()[key]) },
			func(key int, before ...int) shop {
				config := server.Config()
				config.WebhookPublicKey = pkixPEM(&rotatedKeys()[key].PublicKey)
				for _, other := range before {
					config.PreviousWebhookPublicKeys = append(config.PreviousWebhookPublicKeys, pkixPEM(&rotatedKeys()[other].PublicKey))
				}
				return pingppMerchant(t, server, config, io.Discard)
			},
		}
	},
	shop:       pingppShop,
	nilHandler: func() { pingppClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
})

// Making a key takes long, so that all tests share one: it signs the requests to
// Ping++, and in place of Ping++ the events.
var privateKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func privatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(privateKey())}))
}

func publicPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&privateKey().PublicKey)}))
}

// rotatedKeys are the key pairs of a rotation.
var rotatedKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := []*rsa.PrivateKey{privateKey()}
	for len(keys) < len(rotated) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

func pkixPEM(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

const chargeID = "ch_example"

const pingppPaid = `{"id":"` + chargeID + `","object":"charge","created":1466149851,"livemode":true,"paid":true,"refunded":false,"app":"app_example",` +
	`"channel":"alipay","order_no":"` + orderNo + `","client_ip":"` + payerIP + `","amount":9900,"amount_settle":9900,"currency":"cny",` +
	`"subject":"` + payer + `","body":"` + payer + `","extra":{"buyer_account":"` + marker + `"},"time_paid":1466149900,"time_expire":1466236251,` +
	`"transaction_no":"` + marker + `","refunds":{"object":"list","url":"/v1/charges/` + chargeID + `/refunds","has_more":false,"data":[` +
	`{"id":"re_example","order_no":"1","amount":1,"succeed":false,"status":"pending","description":"` + payer + `"}]},"amount_refunded":0,` +
	`"failure_code":null,"failure_msg":null,"metadata":{"buyer":"` + payer + `"},"credential":{"alipay":{"orderInfo":"sign=` + marker + `"}},` +
	`"description":"` + payer + `"}`

const pingppRefund = `{"id":"re_example","object":"refund","order_no":"1","amount":1,"created":1466150000,"succeed":true,"status":"succeeded",` +
	`"time_succeed":1466150001,"description":"` + payer + `","failure_code":null,"failure_msg":null,"metadata":{"buyer":"` + payer + `"},` +
	`"charge":"` + chargeID + `","charge_order_no":"` + orderNo + `","transaction_no":"` + marker + `","extra":{"refund_account":"` + marker + `"}}`

func pingppList(data string) string {
	return `{"object":"list","url":"/v1/charges","has_more":false,"data":[` + data + `]}`
}

func pingppEvent() string {
	return `{"id":"evt_example","object":"event","type":"charge.succeeded","livemode":true,"created":1466149900,"data":{"object":` +
		pingppPaid + `},"pending_webhooks":0,"request":"iar_example"}`
}

func pingppSignature(body string) string {
	sum := sha256.Sum256([]byte(body))
	raw, err := rsa.SignPKCS1v15(rand.Reader, privateKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func pingppNotifications(t testing.TB, s setup) []notification {
	c := pingppClient(t, s)
	return []notification{{
		name:   "notification",
		body:   pingppEvent(),
		header: http.Header{pingpp.SignatureHeader: {pingppSignature(pingppEvent())}},
		parse:  func(r *http.Request) (any, error) { return result(c.ParseNotification(r)) },
		verify: func(_ url.Values, body []byte, header http.Header) (any, error) {
			return result(c.VerifyNotification(body, header.Get(pingpp.SignatureHeader)))
		},
		restore: func(data []byte) (any, error) { return result(c.RestoreNotification(data)) },
		resign:  func(n *notification) { n.header.Set(pingpp.SignatureHeader, pingppSignature(n.body)) },
		handler: c.NotificationHandler(func(context.Context, *pingpp.Notification) error { return errHandle }),
	}}
}

func pingppInvalid(t testing.TB, s setup, bad string) map[string]error {
	t.Helper()
	c := pingppClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	_, all["QueryCharge"] = c.QueryCharge(ctx, bad)
	_, all["WaitForPayment"] = c.WaitForPayment(ctx, bad, interval)
	_, all["QueryEvent"] = c.QueryEvent(ctx, bad)
	_, all["QueryRefund charge"] = c.QueryRefund(ctx, bad, "re_example")
	_, all["QueryRefund refund"] = c.QueryRefund(ctx, chargeID, bad)
	charges := pingpp.ListChargesRequest{App: "app_example", CreatedFrom: time.Unix(1466149800, 0)}
	_, all["FindCharges"] = c.FindCharges(ctx, bad, charges)
	broken(all, "ListCharges", charges, bad, func(r pingpp.ListChargesRequest) error { _, err := c.ListCharges(ctx, r); return err })
	broken(all, "Charges", charges, bad, func(r pingpp.ListChargesRequest) error { _, err := last(c.Charges(ctx, r)); return err })
	refunds := pingpp.ListRefundsRequest{ChargeID: chargeID}
	broken(all, "ListRefunds", refunds, bad, func(r pingpp.ListRefundsRequest) error { _, err := c.ListRefunds(ctx, r); return err })
	broken(all, "Refunds", refunds, bad, func(r pingpp.ListRefundsRequest) error { _, err := last(c.Refunds(ctx, r)); return err })
	broken(all, "CreateOrder", pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}, bad,
		func(r pingpp.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	return all
}

func pingppClient(t testing.TB, s setup) *pingpp.Client {
	config := pingpp.Config{
		BaseURL: s.base, Token: sign.NewSecret(token), APIBaseURL: s.base, APIKey: sign.NewSecret(apiKey),
		PrivateKey: sign.NewSecret(privatePEM()), WebhookPublicKey: publicPEM(), HTTPClient: s.http, Logger: s.log, Observer: s.observer,
	}
	if s.unsigned {
		config.PrivateKey = sign.Secret{}
	}
	c, err := pingpp.New(config)
	must(t, err)
	return c
}

func pingppCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := pingppClient(t, s)
	charge, err := pingpp.DecodeCharge([]byte(pingppPaid))
	require.NoError(t, err)
	charges := pingpp.ListChargesRequest{App: "app_example", CreatedFrom: time.Unix(1466149800, 0)}
	return []call{
		{
			name: "CreateOrder", kind: create, response: `{"status":0,"message":"","ch":` + pingppPaid + `}`,
			bad: []string{
				`{"message":""}`, `{"status":0,"message":""}`, `{"status":0,"message":"","ch":null}`, `{"status":0,"message":"","ch":[]}`,
				`{"status":0,"message":"","ch":{"id":"ch_1"}}`, `{"status":0,"message":"","ch":` + strings.Replace(pingppPaid, orderNo, "1", 1) + `}`,
			},
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}))
			},
		},
		{
			name: "QueryCharge", kind: query, response: pingppPaid,
			bad: []string{`{"object":"refund","id":"` + chargeID + `"}`, strings.Replace(pingppPaid, chargeID, "ch_other", 1)},
			do:  func(ctx context.Context) (any, error) { return result(c.QueryCharge(ctx, chargeID)) },
		},
		{
			name: "ListCharges", kind: query, response: pingppList(pingppPaid),
			do: func(ctx context.Context) (any, error) { return result(c.ListCharges(ctx, charges)) },
		},
		{
			name: "Charges", kind: query, response: pingppList(pingppPaid),
			do: func(ctx context.Context) (any, error) { return last(c.Charges(ctx, charges)) },
		},
		{
			name: "FindCharges", kind: query, response: pingppList(pingppPaid),
			do: func(ctx context.Context) (any, error) { return result(c.FindCharges(ctx, orderNo, charges)) },
		},
		{
			name: "QueryRefund", kind: query, response: pingppRefund,
			do: func(ctx context.Context) (any, error) { return result(c.QueryRefund(ctx, chargeID, "re_example")) },
		},
		{
			name: "ListRefunds", kind: query, response: pingppList(pingppRefund),
			do: func(ctx context.Context) (any, error) {
				return result(c.ListRefunds(ctx, pingpp.ListRefundsRequest{ChargeID: chargeID}))
			},
		},
		{
			name: "Refunds", kind: query, response: pingppList(pingppRefund),
			do: func(ctx context.Context) (any, error) {
				return last(c.Refunds(ctx, pingpp.ListRefundsRequest{ChargeID: chargeID}))
			},
		},
		{
			name: "QueryEvent", kind: query, response: pingppEvent(),
			do: func(ctx context.Context) (any, error) { return result(c.QueryEvent(ctx, "evt_example")) },
		},
		{
			name: "ConfirmNotification", kind: query, response: pingppPaid,
			do: func(ctx context.Context) (any, error) {
				paid := pingpp.Event{Type: pingpp.EventChargeSucceeded, LiveMode: true, Charge: charge}
				return result(c.ConfirmNotification(ctx, &pingpp.Notification{Event: paid}))
			},
		},
		{
			name: "WaitForPayment", kind: wait, response: pingppPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.WaitForPayment(ctx, chargeID, s.waitInterval()))
			},
		},
	}
}

// last returns the last of what an iterator yields, or nothing and its error.
func last[T any](all iter.Seq2[*T, error]) (any, error) {
	var found *T
	for one, err := range all {
		if err != nil {
			return nil, err
		}
		found = one
	}
	return result(found, nil)
}

func pingppShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := pingpptest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	return pingppMerchant(t, server, server.Config(), log)
}

func pingppMerchant(t *testing.T, server *pingpptest.Server, config pingpp.Config, log io.Writer) shop {
	t.Helper()
	config.Logger, config.NotificationTimeout = logger(log), notificationTimeout
	c, err := pingpp.New(config)
	require.NoError(t, err)
	seen := func(c *pingpp.Charge) sight {
		return sight{paid: c.Paid(), raw: string(c.Raw.Reveal())}
	}
	return shop{
		gateway: server.Server,
		create: func(ctx context.Context, orderNo, notifyURL string) (sight, error) {
			if notifyURL != "" {
				server.SetWebhookURL(notifyURL) // of all orders
			}
			if err := server.AddOrder(orderNo, price, "Example book"); err != nil {
				panic(err)
			}
			order, err := c.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
			if err != nil {
				return sight{}, err
			}
			return sight{number: order.Charge.ID, raw: string(order.Raw.Reveal())}, nil
		},
		query: func(ctx context.Context, number string) (sight, error) { return saw(seen)(c.QueryCharge(ctx, number)) },
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
		explain: func(r *http.Request) explain.Explanation {
			body, _ := io.ReadAll(r.Body)
			return c.ExplainNotification(body, r.Header.Get(pingpp.SignatureHeader))
		},
		handler: func(credit func(sight) error) http.Handler {
			return c.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
				charge, err := c.ConfirmNotification(ctx, n)
				if err != nil {
					return err
				}
				deadline, _ := ctx.Deadline()
				return credit(sight{
					number: charge.ID, amount: charge.Amount, raw: string(n.Raw.Reveal()), later: &n.Charge.PaidAt, deadline: deadline,
				})
			})
		},
	}
}
