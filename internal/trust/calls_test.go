package trust

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// marker stands in every secret, in everything that is a payer's, and in every
// answer of a gateway: wherever it shows, something leaked.
const marker = "zqMARKERqz"

const (
	secret    = marker + "-secret/+&="
	token     = marker + "-token/+="
	apiKey    = marker + "-apikey"
	appKey    = marker + "-appkey"
	payer     = marker + " buyer 买家"
	payerIP   = "198.51.100.77" // no other address is used anywhere in these tests
	notifyURL = "https://shop.example.com/notify?key=" + marker
	returnURL = "https://shop.example.com/paid?key=" + marker
	orderNo   = "ORDER20260101"
	gatewayNo = "424843497502158848"
	chargeID  = "ch_example"
)

// every is the pause of a wait.
const every = 100 * time.Millisecond

// kind is what a call may do when it fails.
type kind int

const (
	create   kind = iota // is sent once, and may have happened nevertheless
	query                // is sent three times at most
	wait                 // is sent until its context ends
	callback             // a callback, for which a handler asks the gateway
)

// call is a call of one client that goes over the network.
type call struct {
	name   string
	kind   kind
	answer string // a good one
	// unread is set if the answer is passed on without a look at its fields.
	unread bool
	// do returns nil, not a pointer that is nil, if there is no result.
	do func(context.Context) (any, error)
}

// setup is what a client is made with.
type setup struct {
	base string
	http *http.Client
	log  *slog.Logger
	// unsigned: requests to Ping++ are not signed, which takes longer than all else.
	unsigned bool
}

// gateway is what the tests know of one provider package.
type gateway struct {
	name  string
	calls func(testing.TB, setup) []call
	// isError reports whether errors.As finds the package's *Error.
	isError func(error) bool
}

var gateways = []gateway{
	{"ispay", ispayCalls, isA[*ispay.Error]},
	{"codepay", codepayCalls, isA[*codepay.Error]},
	{"gatepay", gatepayCalls, isA[*gatepay.Error]},
	{"kechengcang", kechengcangCalls, isA[*kechengcang.Error]},
	{"pingpp", pingppCalls, isA[*pingpp.Error]},
}

func isA[E error](err error) bool {
	var own E
	return errors.As(err, &own)
}

// result makes a call's result one that is nil if it is nil.
func result[T any](got *T, err error) (any, error) {
	if got == nil {
		return nil, err
	}
	return got, err
}

// confirmed is the result of a confirmation, which must not have changed the
// notification if it failed.
func confirmed[N, T any](n *N, order **T, got *T, err error) (any, error) {
	if err != nil && *order != nil {
		return n, err
	}
	return result(got, err)
}

// outcome is what became of a callback.
type outcome struct {
	status   int
	body     string
	accepted bool // the merchant's function was called
}

func (o outcome) String() string { return http.StatusText(o.status) + ": " + o.body }

// receive passes a callback to a handler. There is no error: the outcome says it.
func receive[N any](handler func(func(context.Context, N) error) http.Handler, r *http.Request) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		o := &outcome{}
		w := httptest.NewRecorder()
		handler(func(context.Context, N) error {
			o.accepted = true
			return nil
		}).ServeHTTP(w, r.Clone(ctx))
		o.status, o.body = w.Code, w.Body.String()
		return o, nil
	}
}

func md5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func get(values url.Values) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/notify?"+values.Encode(), nil)
}

const ispayPaid = `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"20191118123424","state":9,"qrcode":"https://qr.example.com/` +
	marker + `","imgtext":"` + marker + `","notifyurl":"` + notifyURL + `","returnurl":"` + returnURL +
	`","returning":false,"amount":300.00,"ip":"` + payerIP + `","paytype":"P901","create_time":"2019-10-15 17:04:00"}}`

func ispayClient(t testing.TB, s setup) *ispay.Client {
	t.Helper()
	c, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret(secret), BaseURL: s.base, HTTPClient: s.http, Logger: s.log,
	})
	require.NoError(t, err)
	return c
}

func ispayRequest() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: payerIP,
		Subject: payer, NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func ispayCallback() url.Values {
	return url.Values{
		"order_no": {orderNo}, "amount": {"300.00"}, "state": {"9"}, "sign": {md5Hex("10001", orderNo, secret)},
		"buyer": {payer},
	}
}

func ispayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := ispayClient(t, s)
	const code = `"order":{"state":5,"qrcode":"https://qr.example.com/` + marker + `","imgtext":"` + marker +
		`","alipayuid":"` + marker + `","amount":300.00,"sn":"20191118123424","timeout":900}}`
	return []call{
		{
			name: "CreateOrder", kind: create,
			answer: `{"success":true,"errorCode":0,"errorMsg":null,"order_id":"` + gatewayNo + `","buyer":"` + payer + `"}`,
			do:     func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, ispayRequest())) },
		},
		{
			name: "QueryState", kind: query, answer: `{"success":true,"errorCode":0,"errorMsg":null,"state":5,` + code,
			do: func(ctx context.Context) (any, error) { return result(c.QueryState(ctx, gatewayNo)) },
		},
		{
			name: "QueryQRCode", kind: query, answer: `{"success":true,"errorCode":0,"errorMsg":null,` + code,
			do: func(ctx context.Context) (any, error) { return result(c.QueryQRCode(ctx, gatewayNo)) },
		},
		{
			name: "QueryOrder", kind: query, answer: ispayPaid,
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, orderNo)) },
		},
		{
			name: "ConfirmNotification", kind: query, answer: ispayPaid,
			do: func(ctx context.Context) (any, error) {
				n := &ispay.Notification{OrderNo: orderNo, Amount: money.Cents(30000), State: ispay.StateConfirmed, Raw: ispayCallback()}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, answer: ispayPaid,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, orderNo, every)) },
		},
		{name: "NotificationHandler", kind: callback, answer: ispayPaid, do: receive(c.NotificationHandler, get(ispayCallback()))},
	}
}

func codepayClient(t testing.TB, s setup) *codepay.Client {
	t.Helper()
	c, err := codepay.New(codepay.Config{
		UserID: "10041", Secret: sign.NewSecret(secret), Token: sign.NewSecret(token),
		BaseURL: s.base, HTTPClient: s.http, Logger: s.log,
	})
	require.NoError(t, err)
	return c
}

func codepayRequest() codepay.CreateOrderRequest {
	return codepay.CreateOrderRequest{
		OrderNo: orderNo, Amount: money.Cents(10000), Channel: codepay.ChannelAlipay, Custom: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func codepayCallback() url.Values {
	s := "id=10041&money=100.01&order_id=7001&param=" + payer + "&pay_id=" + orderNo + "&pay_no=2017021721001&price=100.00&status=2&type=1"
	values, _ := url.ParseQuery(strings.ReplaceAll(s, " ", "+"))
	values.Set("sign", md5Hex(s, secret))
	return values
}

func codepayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := codepayClient(t, s)
	const paid = `{"status":1,"msg":"ok","buyer":"` + payer + `"}`
	return []call{
		{
			name: "CreateOrder", kind: create,
			answer: `{"msg":"ok","qrcode":"//qr.example.com/` + marker + `","status":0,"chart":"utf-8","order_id":"7001","pay_id":"` + orderNo +
				`","type":1,"price":"100.00","money":"100.01","userID":10041,"notiry_key":"` + marker + `","tag":0,"serverTime":1487332840,"endTime":1487333200}`,
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, codepayRequest())) },
		},
		{
			name: "QueryOrder", kind: query, answer: paid,
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, "7001")) },
		},
		{
			name: "ConfirmNotification", kind: query, answer: paid,
			do: func(ctx context.Context) (any, error) {
				n := &codepay.Notification{OrderNo: orderNo, OrderID: "7001", PayNo: "2017021721001", Money: money.Cents(10001), Raw: codepayCallback()}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, answer: paid,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, "7001", every)) },
		},
		{name: "NotificationHandler", kind: callback, answer: paid, do: receive(c.NotificationHandler, get(codepayCallback()))},
	}
}

func gatepayClient(t testing.TB, s setup) *gatepay.Client {
	t.Helper()
	c, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), BaseURL: s.base, CloudBaseURL: s.base, HTTPClient: s.http, Logger: s.log,
	})
	require.NoError(t, err)
	return c
}

func gatepayRequest() gatepay.CreateOrderRequest {
	return gatepay.CreateOrderRequest{
		OrderNo: orderNo, Channel: gatepay.ChannelWeChat, Amount: money.Cents(188), Custom: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func gatepayCallback() url.Values {
	return url.Values{
		"order_id": {"1001"}, "out_order_id": {orderNo}, "price": {"1.88"}, "realprice": {"1.87"}, "type": {"wechat"},
		"paytime": {"1571130240"}, "extend": {payer}, "appkey": {appKey},
		"sign": {md5Hex(md5Hex(appKey, "1001", orderNo, "1.88", "1.87", "wechat", "1571130240", payer), secret)},
	}
}

func gatepayCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := gatepayClient(t, s)
	r := gatepayRequest()
	created := `{"code":100,"msg":"success","time":"1571130240","data":{"pay_url":"` + s.base + `/pay/api?id=` + marker +
		`","qrcode_url":"https://qr.example.com/` + marker + `","qrcode_body":"` + marker + `","params":{"custom":"` + payer + `","appkey":"` + appKey + `"}}}`
	const paid = `{"code":100,"msg":"success","time":"1571130240","data":{"order_id":1001,"order_name":"` + payer +
		`","order_price":"1.88","order_type":"wechat","order_status":"paid"}}`
	return []call{
		{
			name: "CreateOrder", kind: create, answer: created,
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, r)) },
		},
		{
			name: "CreateCloudOrder", kind: create, answer: created,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{OrderNo: r.OrderNo, Channel: r.Channel, Amount: r.Amount, Custom: r.Custom}))
			},
		},
		{
			name: "CreateGroupOrder", kind: create, answer: created,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
					OrderNo: r.OrderNo, Channel: r.Channel, Basket: []gatepay.BasketItem{{ProductID: "8", Count: 1}}, Custom: r.Custom, NotifyURL: notifyURL,
				}))
			},
		},
		{
			name: "CreateProductOrder", kind: create, answer: created,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateProductOrder(ctx, gatepay.CreateProductOrderRequest{
					OrderNo: r.OrderNo, Channel: r.Channel, ProductID: "8", Custom: r.Custom, NotifyURL: notifyURL,
				}))
			},
		},
		{
			name: "PaymentPage", kind: query, answer: `{"code":100,"status":"waiting","buyer":"` + payer + `"}`, unread: true,
			do: func(ctx context.Context) (any, error) {
				return result(c.PaymentPage(ctx, s.base+"/pay/api?id="+marker))
			},
		},
		{
			name: "QueryOrder", kind: query, answer: paid,
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, orderNo)) },
		},
		{
			name: "ConfirmNotification", kind: query, answer: paid,
			do: func(ctx context.Context) (any, error) {
				n := &gatepay.Notification{OrderNo: orderNo, OrderID: "1001", Amount: money.Cents(188), Raw: gatepayCallback()}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, answer: paid,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, orderNo, every)) },
		},
		{name: "NotificationHandler", kind: callback, answer: paid, do: receive(c.NotificationHandler, get(gatepayCallback()))},
	}
}

const (
	kechengcangID   = "8f14e45fceea167a"
	kechengcangPaid = `{"code":200,"message":"ok","result":{"id":"` + kechengcangID + `","title":"` + payer + `","remark":"` + payer +
		`","fee":2000,"currency":1,"pay_fee":11111,"pay_currency":5,"pay_account":"` + marker + `","receipt_account":"` + marker +
		`","callback_url":"` + notifyURL + `","redirect_url":"` + returnURL + `","pay_status":3,"status":2,"callback_status":1,"callback_at":null,` +
		`"callback_times":0,"pay_finish_at":"2022-03-04 05:06:07","app_id":"example","application":{"secure_key":"` + secret + `"}}}`
)

func kechengcangClient(t testing.TB, s setup) *kechengcang.Client {
	t.Helper()
	c, err := kechengcang.New(kechengcang.Config{
		AppID: "example", Secret: sign.NewSecret(secret), BaseURL: s.base, HTTPClient: s.http, Logger: s.log,
	})
	require.NoError(t, err)
	return c
}

func kechengcangRequest() kechengcang.CreateOrderRequest {
	return kechengcang.CreateOrderRequest{
		Subject: payer, Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD}, Remark: payer,
		NotifyURL: notifyURL, ReturnURL: returnURL,
	}
}

func kechengcangCallback() string {
	return `{"id":"` + kechengcangID + `","title":"` + payer + `","pay_status":3,"application":{"secure_key":"` + secret + `"}}`
}

func kechengcangCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := kechengcangClient(t, s)
	return []call{
		{
			name: "CreateOrder", kind: create, answer: kechengcangPaid,
			do: func(ctx context.Context) (any, error) { return result(c.CreateOrder(ctx, kechengcangRequest())) },
		},
		{
			name: "QueryOrder", kind: query, answer: kechengcangPaid,
			do: func(ctx context.Context) (any, error) { return result(c.QueryOrder(ctx, kechengcangID)) },
		},
		{
			name: "ConfirmNotification", kind: query, answer: kechengcangPaid,
			do: func(ctx context.Context) (any, error) {
				n := &kechengcang.Notification{OrderID: kechengcangID, Raw: sign.NewSecret(kechengcangCallback())}
				order, err := c.ConfirmNotification(ctx, n)
				return confirmed(n, &n.Order, order, err)
			},
		},
		{
			name: "WaitForPayment", kind: wait, answer: kechengcangPaid,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, kechengcangID, every)) },
		},
		{
			name: "NotificationHandler", kind: callback, answer: kechengcangPaid,
			do: func(ctx context.Context) (any, error) {
				r := httptest.NewRequest(http.MethodPost, "/notify", strings.NewReader(kechengcangCallback()))
				return receive(c.NotificationHandler, r)(ctx)
			},
		},
	}
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

const pingppPaid = `{"id":"` + chargeID + `","object":"charge","created":1466149851,"livemode":true,"paid":true,"refunded":false,"app":"app_example",` +
	`"channel":"alipay","order_no":"` + orderNo + `","client_ip":"` + payerIP + `","amount":9900,"amount_settle":9900,"currency":"cny",` +
	`"subject":"` + payer + `","body":"` + payer + `","extra":{"buyer_account":"` + marker + `"},"time_paid":1466149900,"time_expire":1466236251,` +
	`"transaction_no":"` + marker + `","refunds":{"object":"list","url":"/v1/charges/` + chargeID + `/refunds","has_more":false,"data":[` +
	`{"id":"re_example","order_no":"1","amount":1,"succeed":false,"status":"pending","description":"` + payer + `"}]},"amount_refunded":0,` +
	`"failure_code":null,"failure_msg":null,"metadata":{"buyer":"` + payer + `"},"credential":{"alipay":{"orderInfo":"sign=` + marker + `"}},` +
	`"description":"` + payer + `"}`

func pingppClient(t testing.TB, s setup) *pingpp.Client {
	t.Helper()
	config := pingpp.Config{
		BaseURL: s.base, Token: sign.NewSecret(token), APIBaseURL: s.base, APIKey: sign.NewSecret(apiKey),
		PrivateKey: sign.NewSecret(privatePEM()), WebhookPublicKey: publicPEM(), HTTPClient: s.http, Logger: s.log,
	}
	if s.unsigned {
		config.PrivateKey = sign.Secret{}
	}
	c, err := pingpp.New(config)
	require.NoError(t, err)
	return c
}

func pingppCalls(t testing.TB, s setup) []call {
	t.Helper()
	c := pingppClient(t, s)
	charge, err := pingpp.DecodeCharge([]byte(pingppPaid))
	require.NoError(t, err)
	return []call{
		{
			name: "CreateOrder", kind: create, answer: `{"status":0,"message":"","ch":` + pingppPaid + `}`,
			do: func(ctx context.Context) (any, error) {
				return result(c.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}))
			},
		},
		{
			name: "QueryCharge", kind: query, answer: pingppPaid,
			do: func(ctx context.Context) (any, error) { return result(c.QueryCharge(ctx, chargeID)) },
		},
		{
			name: "ConfirmNotification", kind: query, answer: pingppPaid,
			do: func(ctx context.Context) (any, error) {
				return result(c.ConfirmNotification(ctx, &pingpp.Notification{Type: pingpp.EventChargeSucceeded, LiveMode: true, Charge: charge}))
			},
		},
		{
			name: "WaitForPayment", kind: wait, answer: pingppPaid,
			do: func(ctx context.Context) (any, error) { return result(c.WaitForPayment(ctx, chargeID, every)) },
		},
	}
}

// counting is a RoundTripper that knows which of the bodies it gave away are
// still open.
type counting struct {
	*http.Transport
	mu   sync.Mutex
	open int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.Transport.RoundTrip(r)
	if err == nil {
		c.add(1)
		response.Body = &countedBody{ReadCloser: response.Body, counting: c}
	}
	return response, err
}

func (c *counting) add(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	return c.open
}

type countedBody struct {
	io.ReadCloser
	counting *counting
	once     sync.Once
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.counting.add(-1) })
	return b.ReadCloser.Close()
}
