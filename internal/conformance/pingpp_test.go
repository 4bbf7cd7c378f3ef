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
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

var pingppGateway = descriptor{
	name:   "pingpp",
	client: func(t testing.TB, s setup) any { return pingppClient(t, s) },
	calls:  pingppCalls,
	types: []any{
		&pingpp.Config{}, &pingpp.Client{}, &pingpp.CreateOrderRequest{}, &pingpp.CreatedOrder{}, &pingpp.Charge{},
		&pingpp.RefundList{}, &pingpp.Refund{}, &pingpp.AlipayCredential{}, &pingpp.WeChatCredential{},
		&pingpp.Notification{}, &pingpp.APIError{},
	},
	settings: map[string]func(settings) error{
		"Token": func(s settings) error {
			return made(pingpp.New(pingpp.Config{Token: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain}))
		},
		"APIKey": func(s settings) error {
			return made(pingpp.New(pingpp.Config{APIKey: sign.NewSecret(s.secret), APIBaseURL: s.base, AllowPlainHTTP: s.plain}))
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
	shop:           pingppShop,
	nilHandler:     func() { pingppClient(nil, setup{base: anyHost}).NotificationHandler(nil) },
}

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

const chargeID = "ch_example"

const pingppPaid = `{"id":"` + chargeID + `","object":"charge","created":1466149851,"livemode":true,"paid":true,"refunded":false,"app":"app_example",` +
	`"channel":"alipay","order_no":"` + orderNo + `","client_ip":"` + payerIP + `","amount":9900,"amount_settle":9900,"currency":"cny",` +
	`"subject":"` + payer + `","body":"` + payer + `","extra":{"buyer_account":"` + marker + `"},"time_paid":1466149900,"time_expire":1466236251,` +
	`"transaction_no":"` + marker + `","refunds":{"object":"list","url":"/v1/charges/` + chargeID + `/refunds","has_more":false,"data":[` +
	`{"id":"re_example","order_no":"1","amount":1,"succeed":false,"status":"pending","description":"` + payer + `"}]},"amount_refunded":0,` +
	`"failure_code":null,"failure_msg":null,"metadata":{"buyer":"` + payer + `"},"credential":{"alipay":{"orderInfo":"sign=` + marker + `"}},` +
	`"description":"` + payer + `"}`

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
		verify: func(_ url.Values, body string, header http.Header) (any, error) {
			return result(c.VerifyNotification([]byte(body), header.Get(pingpp.SignatureHeader)))
		},
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
	broken(all, "CreateOrder", pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}, bad,
		func(r pingpp.CreateOrderRequest) error { _, err := c.CreateOrder(ctx, r); return err })
	return all
}

func pingppClient(t testing.TB, s setup) *pingpp.Client {
	config := pingpp.Config{
		BaseURL: s.base, Token: sign.NewSecret(token), APIBaseURL: s.base, APIKey: sign.NewSecret(apiKey),
		PrivateKey: sign.NewSecret(privatePEM()), WebhookPublicKey: publicPEM(), HTTPClient: s.http, Logger: s.log,
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
			name: "ConfirmNotification", kind: query, response: pingppPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.ConfirmNotification(ctx, &pingpp.Notification{Type: pingpp.EventChargeSucceeded, LiveMode: true, Charge: charge}))
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

func pingppShop(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop {
	t.Helper()
	server := pingpptest.NewServer(append(options, gatewaytest.WithRetryDelays())...)
	config := server.Config()
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
