package pingpptest_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

const orderNo = "12134676899915430002"

func setup(t *testing.T, opts ...gatewaytest.Option) (*pingpptest.Server, *pingpp.Client) {
	t.Helper()
	srv := pingpptest.NewServer(opts...)
	t.Cleanup(srv.Close)
	require.NoError(t, srv.AddOrder(orderNo, money.Cents(9900), "Example"))
	client, err := pingpp.New(srv.Config())
	require.NoError(t, err)
	return srv, client
}

func request() pingpp.CreateOrderRequest {
	return pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}
}

func create(t *testing.T, client *pingpp.Client) *pingpp.Charge {
	t.Helper()
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	return created.Charge
}

func send(t *testing.T, method, target, body string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

var clientKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyPair returns a client's private and public key in PEM.
func keyPair(t *testing.T) (key *rsa.PrivateKey, private string) {
	t.Helper()
	key, err := clientKey()
	require.NoError(t, err)
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return key, private
}

// The requests are made without the client, so that fake and client cannot agree on a
// mistake.
func TestTheBackendRespondsAsDocumented(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	const failed, channel = `{"status":-4,"message":"支付请求失败! order_no"}`, `{"status":-4,"message":"无效的支付通道"}`
	tests := []struct {
		authorization, form string
		status              int
		want                string
	}{
		{"", "order_no=" + orderNo + "&channel=alipay", 401, `{"detail":"Invalid token."}`},
		{"Token x", "order_no=" + orderNo + "&channel=alipay", 401, `{"detail":"Invalid token."}`},
		{pingpptest.Token, "order_no=" + orderNo + "&channel=alipay", 401, `{"detail":"Invalid token."}`},
		{"Token " + pingpptest.Token, "order_no=" + orderNo + "&channel=wx_pub", 200, channel},
		{"Token " + pingpptest.Token, "order_no=" + orderNo, 200, channel},
		{"Token " + pingpptest.Token, "order_no=1&channel=alipay", 200, failed},
		{"Token " + pingpptest.Token, "channel=wx", 200, failed},
		{"Token " + pingpptest.Token, "order_no=%zz&channel=wx", 200, failed},
	}
	put := func(authorization, form string) (int, string) {
		return send(t, "PUT", srv.URL+"/pay/pay_for_order/", form, map[string]string{
			"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded",
		})
	}
	for _, test := range tests {
		status, body := put(test.authorization, test.form)
		assert.Equal(t, test.status, status, test.form)
		assert.JSONEq(t, test.want, body, test.form)
	}
	status, body := put("Token "+pingpptest.Token, "order_no="+orderNo+"&channel=wx")
	assert.Equal(t, 200, status)
	assert.True(t, strings.Contains(body, `"status":0`) && strings.Contains(body, `"amount":9900`) &&
		strings.Contains(body, `"timeStamp":1`) && strings.Contains(body, `"packageValue":"Sign=WXPay"`), body)

	require.NoError(t, srv.PaySilently(orderNo))
	_, body = put("Token "+pingpptest.Token, "order_no="+orderNo+"&channel=wx")
	assert.JSONEq(t, `{"status":-4,"message":"支付请求失败! order_no is paid"}`, body)

	status, _ = send(t, "POST", srv.URL+"/pay/pay_for_order/", "", nil)
	assert.Equal(t, 405, status)
}

func TestPingppRespondsAsDocumented(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	before, ok := srv.Order(orderNo)
	require.True(t, ok)
	get := func(id, authorization string) (int, string) {
		return send(t, "GET", srv.URL+"/v1/charges/"+id, "", map[string]string{"Authorization": authorization})
	}
	status, body := get(before.ID, basic(pingpptest.APIKey, ""))
	assert.Equal(t, 404, status, "before the create")
	assert.JSONEq(t, `{"error":{"type":"invalid_request_error","param":"id","message":"No such charge: `+before.ID+`"}}`, body)

	charge := create(t, client)
	for _, authorization := range []string{
		"", basic("sk_live_other", ""), basic(pingpptest.APIKey, "x"), basic("", pingpptest.APIKey),
		"Bearer", "Bearer ", "Bearer sk_live_other", "Token " + pingpptest.APIKey, pingpptest.APIKey, "Bearer " + pingpptest.APIKey + "x",
	} {
		status, body = get(charge.ID, authorization)
		assert.Equal(t, 401, status)
		assert.JSONEq(t, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided."}}`, body)
	}
	// The SDKs for PHP, Python and Java send a bearer token.
	for _, authorization := range []string{basic(pingpptest.APIKey, ""), "Bearer " + pingpptest.APIKey, "bearer " + pingpptest.APIKey} {
		status, body = get(charge.ID, authorization)
		assert.Equal(t, 200, status, authorization)
		assert.Contains(t, body, `"id":"`+charge.ID+`"`)
	}
	status, _ = get(orderNo, basic(pingpptest.APIKey, ""))
	assert.Equal(t, 404, status, "not by the merchant's number")
}

func TestTheChargeHasEveryDocumentedField(t *testing.T) {
	t.Parallel()
	_, client := setup(t)
	charge := create(t, client)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(charge.Raw.Reveal(), &fields))
	for _, name := range []string{
		"id", "object", "created", "livemode", "paid", "refunded", "app", "channel", "order_no", "client_ip", "amount",
		"amount_settle", "currency", "subject", "body", "extra", "time_paid", "time_expire", "time_settle", "transaction_no",
		"refunds", "amount_refunded", "failure_code", "failure_msg", "metadata", "credential", "description",
	} {
		assert.Contains(t, fields, name)
	}
	assert.Len(t, fields, 27)
	alipay, err := charge.AlipayCredential()
	require.NoError(t, err)
	assert.Contains(t, alipay.OrderInfo.Reveal(), `&out_trade_no="12134676899915430002"&subject="Example"&total_fee="99.00"&`)
	assert.Equal(t, "Example", charge.Subject)
	assert.Equal(t, map[string]string{"order_id": "1", "order_no": orderNo}, charge.Metadata.Reveal())
	assert.WithinDuration(t, time.Now(), charge.CreatedAt, time.Minute)
}

func TestAnOrderHasOneCharge(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	first := create(t, client)
	assert.Equal(t, first.ID, create(t, client).ID, "created again")

	created, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelWeChat})
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, created.Charge.ID, "on another channel")
	_, err = client.QueryCharge(context.Background(), first.ID)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)

	require.NoError(t, srv.PaySilently(created.Charge.ID))
	_, err = client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, pingpp.ErrPaymentRequestFailed)
}

func TestAddOrderRejects(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	require.Error(t, srv.AddOrder(orderNo, money.Cents(1), "Example"))
	require.Error(t, srv.AddOrder("", money.Cents(1), "Example"))
	require.Error(t, srv.AddOrder("1", 0, "Example"))
	require.Error(t, srv.AddOrder("1", money.Cents(1), " "))
	assert.Len(t, srv.Orders(), 1)
}

func TestAnOrderWithoutAChargeCannotBePaid(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	_, err := srv.Pay(orderNo)
	require.ErrorIs(t, err, pingpptest.ErrNoCharge)
	require.ErrorIs(t, srv.PaySilently(orderNo), pingpptest.ErrNoCharge)
	_, err = srv.Pay("1")
	require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
}

func TestAnExpiredCharge(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	charge := create(t, client)
	require.NoError(t, srv.Expire(orderNo))
	last, err := client.WaitForPayment(context.Background(), charge.ID, time.Millisecond)
	require.ErrorIs(t, err, paygates.ErrNotPaid)
	assert.Equal(t, orderNo, last.OrderNo)
	_, err = client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, pingpp.ErrPaymentRequestFailed)
}

func TestRequireSignature(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	charge := create(t, client)
	key, private := keyPair(t)
	srv.RequireSignature(&key.PublicKey)
	_, err := client.QueryCharge(context.Background(), charge.ID)
	require.ErrorContains(t, err, "The request signature is invalid.")

	config := srv.Config()
	config.PrivateKey = sign.NewSecret(private)
	signing, err := pingpp.New(config)
	require.NoError(t, err)
	_, err = signing.QueryCharge(context.Background(), charge.ID)
	require.NoError(t, err)

	// By hand: what is signed, and what is not accepted.
	uri := "/v1/charges/" + charge.ID
	signature := func(message string) string {
		sum := sha256.Sum256([]byte(message))
		raw, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString(raw)
	}
	now, old := strconv.FormatInt(time.Now().Unix(), 10), strconv.FormatInt(time.Now().Unix()-3600, 10)
	for name, test := range map[string]struct {
		timestamp, signature string
		status               int
	}{
		"good":               {now, signature(uri + now), 200},
		"an hour old":        {old, signature(uri + old), 401},
		"another time":       {now, signature(uri + old), 401},
		"without the time":   {now, signature(uri), 401},
		"of another request": {now, signature("/v1/charges/ch_1" + now), 401},
		"not base64":         {now, "!", 401},
		"no timestamp":       {"", signature(uri), 401},
	} {
		status, _ := send(t, "GET", srv.URL+uri, "", map[string]string{
			"Authorization":                  basic(pingpptest.APIKey, ""),
			"Pingplusplus-Request-Timestamp": test.timestamp, "Pingplusplus-Signature": test.signature,
		})
		assert.Equal(t, test.status, status, name)
	}
}

// received is a webhook as it arrived.
type received struct {
	method, contentType, body, signature string
}

// shop responds with the given statuses, and then always with the last one.
func shop(t *testing.T, statuses ...int) (string, chan received) {
	t.Helper()
	all := make(chan received, 16)
	var mu sync.Mutex
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		w.WriteHeader(statuses[0])
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
		all <- received{r.Method, r.Header.Get("Content-Type"), string(body), r.Header.Get("X-Pingplusplus-Signature")}
	}))
	t.Cleanup(shop.Close)
	return shop.URL, all
}

func genuine(t *testing.T, srv *pingpptest.Server, webhook received) bool {
	t.Helper()
	block, _ := pem.Decode([]byte(srv.PublicKeyPEM()))
	require.NotNil(t, block)
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	key, ok := parsed.(*rsa.PublicKey)
	require.True(t, ok)
	assert.Equal(t, 2048, key.N.BitLen())
	signature, err := base64.StdEncoding.DecodeString(webhook.signature)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(webhook.body))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func TestAnEventIsRetriedUntilA2xx(t *testing.T) {
	t.Parallel()
	srv, client := setup(t, gatewaytest.WithRetryDelays(time.Millisecond, time.Millisecond, time.Millisecond))
	target, webhooks := shop(t, 500, 302, 204)
	srv.SetWebhookURL(target)
	charge := create(t, client)
	first, err := srv.Pay(charge.ID)
	require.NoError(t, err)
	assert.False(t, first.Accepted)
	require.Eventually(t, func() bool {
		all := srv.Deliveries()
		return len(all) == 3 && all[2].Accepted && all[2].Attempt == 3
	}, 5*time.Second, time.Millisecond)

	one, two, three := <-webhooks, <-webhooks, <-webhooks
	assert.Equal(t, one, two)
	assert.Equal(t, one, three)
	assert.Equal(t, "POST", one.method)
	assert.Equal(t, "application/json; charset=utf-8", one.contentType)
	assert.True(t, genuine(t, srv, one))
	n, err := client.VerifyNotification([]byte(one.body), one.signature)
	require.NoError(t, err)
	assert.True(t, n.Paid())
	assert.Equal(t, charge.ID, n.Charge.ID)
	assert.Equal(t, orderNo, n.Charge.OrderNo)
	assert.Equal(t, "{}", string(n.Charge.Credential.Reveal()))
	assert.WithinDuration(t, time.Now(), n.Charge.PaidAt, time.Minute)
	assert.WithinDuration(t, time.Now(), n.CreatedAt, time.Minute)

	// A later delivery is the same event.
	_, err = srv.Redeliver(orderNo)
	require.NoError(t, err)
	assert.Equal(t, one, <-webhooks)
}

func TestATamperedEventHasTheGenuineSignature(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	target, webhooks := shop(t, 200)
	create(t, client)
	srv.SetWebhookURL(target) // reaches orders that are there already
	_, err := srv.Pay(orderNo)
	require.NoError(t, err)
	delivery, err := srv.SendTampered(orderNo)
	require.NoError(t, err)
	assert.True(t, delivery.Tampered)
	whole, tampered := <-webhooks, <-webhooks
	assert.Equal(t, whole.signature, tampered.signature)
	assert.Equal(t, strings.Replace(whole.body, `"amount":9900`, `"amount":99900`, 1), tampered.body)
	assert.True(t, genuine(t, srv, whole))
	assert.False(t, genuine(t, srv, tampered))
}

func TestTestMode(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	target, webhooks := shop(t, 200)
	srv.SetWebhookURL(target)
	srv.SetLiveMode(false)
	_, err := client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, pingpp.ErrTestMode)
	require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
	_, err = srv.Pay(orderNo)
	require.NoError(t, err)
	webhook := <-webhooks
	_, err = client.VerifyNotification([]byte(webhook.body), webhook.signature)
	require.ErrorIs(t, err, pingpp.ErrTestMode)

	config := srv.Config()
	config.AllowTestMode = true
	open, err := pingpp.New(config)
	require.NoError(t, err)
	require.NoError(t, srv.AddOrder("3", money.Cents(1), "Example"))
	tried, err := open.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: "3", Channel: pingpp.ChannelAlipay})
	require.NoError(t, err)
	assert.False(t, tried.Charge.LiveMode)
	n, err := open.VerifyNotification([]byte(webhook.body), webhook.signature)
	require.NoError(t, err)
	assert.False(t, n.LiveMode)
	assert.False(t, n.Charge.LiveMode)
	assert.True(t, n.Paid())

	srv.SetLiveMode(true)
	require.NoError(t, srv.AddOrder("2", money.Cents(1), "Example"))
	created, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: "2", Channel: pingpp.ChannelWeChat})
	require.NoError(t, err)
	assert.True(t, created.Charge.LiveMode)
}

func TestSign(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	assert.True(t, genuine(t, srv, received{body: "x", signature: srv.Sign([]byte("x"))}))
	assert.False(t, genuine(t, srv, received{body: "y", signature: srv.Sign([]byte("x"))}))
}

func TestTheFormOfARequestIsReadFromItsBody(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	query := url.Values{"order_no": {orderNo}, "channel": {"alipay"}}.Encode()
	_, body := send(t, "PUT", srv.URL+"/pay/pay_for_order/?"+query, "", map[string]string{"Authorization": "Token " + pingpptest.Token})
	assert.JSONEq(t, `{"status":-4,"message":"无效的支付通道"}`, body)
}
