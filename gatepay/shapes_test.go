package gatepay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Genuine responses and notifications in shapes that are not the documented ones, and
// responses about another order.

// logged returns a client whose requests get the body, and its log.
func logged(t *testing.T, body string) (*gatepay.Client, *bytes.Buffer) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(200, body))
	log := &bytes.Buffer{}
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(t, err)
	return client, log
}

func requireLogged(t *testing.T, unread []string, log *bytes.Buffer) {
	t.Helper()
	if unread == nil {
		assert.Empty(t, log.String())
		return
	}
	assert.Contains(t, log.String(), "gatepay: unreadable fields left empty")
	for _, field := range unread {
		assert.Contains(t, log.String(), field)
	}
}

// A field that does not decide leaves a paid order readable: it is zero, listed and
// logged.
func TestQueryOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	at := time.Date(2019, 5, 5, 19, 36, 49, 0, time.FixedZone("", 8*60*60))
	const order = `"order_id":522,"order_price":"1.88","order_status":"paid"`
	tests := map[string]struct {
		body   string
		unread []string
		at     time.Time
	}{
		"time a number":        {`{"code":100,"time":1557056209,"data":{` + order + `}}`, nil, at},
		"time in ms":           {`{"code":100,"time":1557056209000,"data":{` + order + `}}`, nil, at},
		"time a date":          {`{"code":100,"time":"2019-05-05 19:36:49","data":{` + order + `}}`, nil, at},
		"time a word":          {`{"code":100,"time":"now","data":{` + order + `}}`, []string{"time"}, time.Time{}},
		"time a list":          {`{"code":100,"time":[],"data":{` + order + `}}`, []string{"time"}, time.Time{}},
		"no time":              {`{"code":"100","msg":{},"data":{` + order + `}}`, nil, time.Time{}},
		"name an object":       {`{"code":100,"data":{` + order + `,"order_name":{"zh":"x"}}}`, []string{"order_name"}, time.Time{}},
		"type a list":          {`{"code":100,"data":{` + order + `,"order_type":["alipay"]}}`, []string{"order_type"}, time.Time{}},
		"fields not of ours":   {`{"code":100.0,"more":[1],"data":{` + order + `,"realprice":[],"params":""}}`, nil, time.Time{}},
		"exact amounts":        {`{"code":100,"data":{"order_id":"522","order_price":1.8800,"order_status":"paid"}}`, nil, time.Time{}},
		"the same order":       {`{"code":100,"data":{` + order + `,"out_order_id":"ORD1"}}`, nil, time.Time{}},
		"out_order_id null":    {`{"code":100,"data":{` + order + `,"out_order_id":null}}`, nil, time.Time{}},
		"out_order_id empty":   {`{"code":100,"data":{` + order + `,"out_order_id":""}}`, nil, time.Time{}},
		"byte order mark, end": {"\ufeff" + `{"code":100,"data":{` + order + `}}` + "\r\n", nil, time.Time{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := logged(t, test.body)
			order, err := client.QueryOrder(context.Background(), "ORD1")
			require.NoError(t, err)
			assert.True(t, order.Paid())
			assert.Equal(t, "ORD1 522 1.88", order.OrderNo+" "+order.OrderID+" "+order.Amount.String())
			assert.True(t, test.at.Equal(order.RespondedAt), order.RespondedAt)
			assert.Equal(t, test.unread, order.Unread)
			assert.Equal(t, test.body, string(order.Raw.Reveal()))
			requireLogged(t, test.unread, log)

			w := httptest.NewRecorder()
			client.NotificationHandler(func(context.Context, *gatepay.Notification) error { return nil }).ServeHTTP(w, post(notifyForm))
			assert.Equal(t, "success", w.Body.String())
		})
	}
}

// The pay page of a created order survives whatever stands beside it.
func TestCreateOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	const page = `"pay_url":"https://gatepay.io/pay/api?id=1"`
	for body, unread := range map[string][]string{
		`{"code":100,"time":"2019-04-30 16:48:04","data":{` + page + `}}`:                                            nil,
		`{"code":100,"time":1556614084.5,"data":{` + page + `}}`:                                                     nil,
		`{"code":"100","time":"today","data":{` + page + `}}`:                                                        {"time"},
		`{"code":100,"data":{` + page + `,"qrcode_url":["https://gatepay.io/qrcode"]}}`:                              {"qrcode_url"},
		`{"code":100,"data":{` + page + `,"qrcode_url":{},"qrcode_body":[]}}`:                                        {"qrcode_url", "qrcode_body"},
		`{"code":100.0,"data":{` + page + `,"params":[]}}`:                                                           nil,
		`{"code":100,"data":{` + page + `,"params":"none"}}`:                                                         nil,
		`{"code":100,"data":{` + page + `,"params":{"out_order_id":{},"price":[1],"type":null}}}`:                    nil,
		`{"code":100,"data":{` + page + `,"params":{"price":0.820,"out_order_id":"5cc75a6a0b418","custom":"&lt;"}}}`: nil,
	} {
		client, log := logged(t, body)
		order, err := client.CreateOrder(context.Background(), request())
		require.NoError(t, err, body)
		assert.Equal(t, "https://gatepay.io/pay/api?id=1", order.PayPageURL)
		assert.Equal(t, "5cc75a6a0b418", order.OrderNo)
		assert.Equal(t, unread, order.Unread, body)
		requireLogged(t, unread, log)
	}
}

// A pay page may be a page without a scheme, or a link that opens an app. A link that runs
// a link to a script is rejected.
func TestPayPageURL(t *testing.T) {
	t.Parallel()
	create := func(payURL string) (*gatepay.CreatedOrder, error) {
		text, err := json.Marshal(payURL)
		require.NoError(t, err)
		client, _ := logged(t, `{"code":100,"data":{"pay_url":`+string(text)+`}}`)
		return client.CreateOrder(context.Background(), request())
	}
	for payURL, want := range map[string]string{
		"https://gatepay.io/pay/api?id=1&type=wechat":     "https://gatepay.io/pay/api?id=1&type=wechat",
		"http://pay.example.com:8080/api":                 "http://pay.example.com:8080/api",
		"HTTPS://gatepay.io/pay":                          "HTTPS://gatepay.io/pay",
		"//gatepay.io/pay/api?id=1":                       "https://gatepay.io/pay/api?id=1",
		" https://gatepay.io/pay/api?id=1\r\n":            "https://gatepay.io/pay/api?id=1",
		"\n//gatepay.io/pay/api?id=1":                     "https://gatepay.io/pay/api?id=1",
		"weixin://wxpay/bizpayurl?pr=AbC123":              "weixin://wxpay/bizpayurl?pr=AbC123",
		"wxp://f2f0AbC":                                   "wxp://f2f0AbC",
		"alipays://platformapi/startapp?appId=20000067":   "alipays://platformapi/startapp?appId=20000067",
		"alipayqr://platformapi/startapp?saId=10000007":   "alipayqr://platformapi/startapp?saId=10000007",
		"https://gatepay.io/" + strings.Repeat("a", 3000): "https://gatepay.io/" + strings.Repeat("a", 3000),
	} {
		order, err := create(payURL)
		require.NoError(t, err, payURL)
		assert.Equal(t, want, order.PayPageURL)
	}
	for _, payURL := range []string{
		"javascript:alert(1)", "javascript://%0aalert(1)", "JavaScript://x", "data:text/html,<p>", "data://text/html,x", "vbscript://x",
		"file:///etc/passwd", "blob://x", "about:blank", "/pay/api?id=1", "pay/api", "gatepay.io/pay", "https:/gatepay.io", "https://",
		"//", "///", "://gatepay.io", "https://user:pass@gatepay.io/", "weixin://", "weixin:pay", "https://gatepay.io/a b", " ",
		"weixin://a\nb", `weixin://a"b`, "1x://gatepay.io", "we ixin://a",
	} {
		order, err := create(payURL)
		require.ErrorIs(t, err, paygates.ErrBadResponse, payURL)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown, payURL)
		require.ErrorContains(t, err, "pay_url is neither a page nor a link to an app")
		assert.Nil(t, order)
	}
}

func TestCreateOrderWithoutAPayPage(t *testing.T) {
	t.Parallel()
	client, _ := logged(t, `{"code":100,"data":{"qrcode_url":"https://gatepay.io/qrcode"}}`)
	_, err := client.CreateOrder(context.Background(), request())
	require.EqualError(t, err, "gatepay: create order: "+
		"outcome unknown: query the order, do not create it again (unexpected response: no pay_url)")
}

// What decides and cannot be read is named.
func TestUnreadableResponsesNameTheReason(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"code":100,"data":{"order_price":"1.88","order_status":"paid"}}`:                      "no order_id",
		`{"code":100,"data":{"order_id":[522],"order_price":"1.88","order_status":"paid"}}`:     "order_id is not a single value",
		`{"code":100,"data":{"order_id":522,"order_status":"paid"}}`:                            "no order_price",
		`{"code":100,"data":{"order_id":522,"order_price":"1.881","order_status":"paid"}}`:      "order_price is not an amount with at most two decimals",
		`{"code":100,"data":{"order_id":522,"order_price":"1.88"}}`:                             "no order_status",
		`{"code":100,"data":{"order_id":522,"order_price":"1.88","order_status":{"a":"paid"}}}`: "order_status is not a single value",
		`{"code":100,"data":[]}`: "no order_id",
		`{"code":"ok"}`:          "code is not a whole number",
		`{"data":{}}`:            "no code",
	} {
		client, _ := logged(t, body)
		_, err := client.QueryOrder(context.Background(), "ORD1")
		require.ErrorIs(t, err, paygates.ErrBadResponse, body)
		assert.ErrorContains(t, err, "gatepay: query order: unexpected response: "+want, body)
	}
}

// A response about another order confirms nothing. The error names both.
func TestResponsesAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	const paid = `{"code":100,"data":{"order_id":%s,"order_price":%s,"order_type":%s,"order_status":"paid","out_order_id":%s}}`
	tests := map[string]struct {
		body   string
		status int
		want   string
	}{
		"out_order_id": {
			fmt.Sprintf(paid, `522`, `1.88`, `"alipay"`, `"ORD2"`), 502,
			`gatepay: query order: unexpected response: response is about something else: out_order_id is "ORD2", not "ORD1"`,
		},
		"out_order_id in another case": {
			fmt.Sprintf(paid, `522`, `1.88`, `"alipay"`, `"ord1"`), 502,
			`gatepay: query order: unexpected response: response is about something else: out_order_id is "ord1", not "ORD1"`,
		},
		"out_order_id a list": {
			fmt.Sprintf(paid, `522`, `1.88`, `"alipay"`, `["ORD1"]`), 502,
			`gatepay: query order: unexpected response: out_order_id is not a single value`,
		},
		"order_id": {
			fmt.Sprintf(paid, `523`, `1.88`, `"alipay"`, `"ORD1"`), 409,
			`gatepay: confirm notification: not confirmed by the gateway: the gateway says order_id "523", the notification "522"`,
		},
		"order_price": {
			fmt.Sprintf(paid, `522`, `1.89`, `"alipay"`, `"ORD1"`), 409,
			`gatepay: confirm notification: not confirmed by the gateway: the gateway says 1.89 yuan, the notification 1.88`,
		},
		"order_type": {
			fmt.Sprintf(paid, `522`, `1.88`, `"wechat"`, `null`), 409,
			`gatepay: confirm notification: not confirmed by the gateway: the gateway says order_type "wechat", the notification "alipay"`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := logged(t, test.body)
			n, err := client.ParseNotification(post(notifyForm))
			require.NoError(t, err)
			order, err := client.ConfirmNotification(context.Background(), n)
			require.EqualError(t, err, test.want)
			assert.Nil(t, order)
			assert.Nil(t, n.Order)
			assert.Equal(t, test.status, rejected(t, client, post(notifyForm)))
		})
	}
}

// A create whose response repeats another request may have been mixed up.
func TestCreateOrderWithAResponseAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	for params, want := range map[string]string{
		`"out_order_id":"5cc75a6a0b419","type":"wechat","price":"0.82"`: `out_order_id is "5cc75a6a0b419", not "5cc75a6a0b418"`,
		`"out_order_id":"5cc75a6a0b418","type":"alipay","price":"0.82"`: `type is "alipay", not "wechat"`,
		`"out_order_id":"5cc75a6a0b418","type":"wechat","price":"8.2"`:  `price is "8.20", not "0.82"`,
	} {
		client, _ := logged(t, `{"code":100,"data":{"pay_url":"https://gatepay.io/pay","params":{`+params+`}}}`)
		order, err := client.CreateOrder(context.Background(), request())
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		require.ErrorContains(t, err, "response is about something else: "+want)
		assert.Nil(t, order)
	}
	client, _ := logged(t, `{"code":100,"data":{"pay_url":"https://gatepay.io/pay","params":{"fields":"8:2"}}}`)
	_, err := client.CreateGroupOrder(context.Background(), groupRequest())
	require.ErrorContains(t, err, `fields is "8:2", not "8:2,7:3,10:1"`)
	client, _ = logged(t, `{"code":100,"data":{"pay_url":"https://gatepay.io/pay","params":{"product_id":"9"}}}`)
	_, err = client.CreateProductOrder(context.Background(), productRequest())
	require.ErrorContains(t, err, `product_id is "9", not "8"`)
}

// Confirmation compares the prices, so a deployment may write them in other ways. The
// signatures as in TestCreatesSendTheDocumentedForm.
// $1: 098f6bcd4621d373cade4e832627b4f6522ORD1<price><realprice>alipay1556614084terry
func TestNotifiedAmounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ price, realPrice, amount, paidAmount, signature string }{
		{"1.9", "1.85", "1.90", "1.85", "b4986a1e45c5ef549cf00396bd83a456"},
		{"10", "10", "10.00", "10.00", "32a1fe4d5632bfc3b7522d118eafdb48"},
		{"1", "12.5", "1.00", "12.50", "1f42b4db564ec16a03d23348ea458faa"},
		{"300.0000", "299.990", "300.00", "299.99", "caf7b11482ef5f69a3492d11631afbdd"},
		{"0.050", "0.05", "0.05", "0.05", "c49993c89f14f754be84ff70c8e0a10c"},
		{"0.5", "1", "0.50", "1.00", "8c6d45dde6bc70afecebcb8032a78fb7"},
		{"12", "1.20", "12.00", "1.20", "9de3f91add7aed3aefad91cabf8bc2e6"},
	} {
		form := strings.NewReplacer("price=1.88&realprice=1.88", "price="+test.price+"&realprice="+test.realPrice,
			notifySignature, test.signature).Replace(notifyForm)
		w, _ := serve(t, post(form), httpmock.NewStringResponder(200, checkResponse("522", test.amount, "paid")),
			func(_ context.Context, n *gatepay.Notification) error {
				assert.Equal(t, test.amount+" "+test.paidAmount, n.Amount.String()+" "+n.PaidAmount.String())
				return nil
			})
		assert.Equal(t, "success", w.Body.String(), test.price)
		w, _ = serve(t, post(form), httpmock.NewStringResponder(200, checkResponse("522", "77.00", "paid")),
			func(context.Context, *gatepay.Notification) error { return nil })
		assert.Equal(t, 409, w.Code, test.price)
	}
}

// Whole amounts have the signature of other whole amounts. Only the confirmed price counts.
func TestACutBetweenWholeAmountsIsNotConfirmed(t *testing.T) {
	t.Parallel()
	client, _ := logged(t, checkResponse("522", "1.00", "paid"))
	// $1: 098f6bcd4621d373cade4e832627b4f6522ORD1112.5alipay1556614084terry
	genuine := strings.NewReplacer("price=1.88&realprice=1.88", "price=1&realprice=12.5", notifySignature, "1f42b4db564ec16a03d23348ea458faa").Replace(notifyForm)
	n, err := client.ParseNotification(post(genuine))
	require.NoError(t, err)
	_, err = client.ConfirmNotification(context.Background(), n)
	require.NoError(t, err)
	for _, cut := range []string{"price=11&realprice=2.5", "price=112&realprice=.5", "price=112.5&realprice="} {
		form := strings.Replace(genuine, "price=1&realprice=12.5", cut, 1)
		n, err := client.ParseNotification(post(form))
		if err == nil {
			assert.Equal(t, money.Cents(1100), n.Amount)
			assert.Equal(t, 409, rejected(t, client, post(form)))
		}
	}
}

// extend is the last signed field: whatever a deployment makes of custom, the payment is
// readable. The signatures as in TestCreatesSendTheDocumentedForm, $1 being
// 098f6bcd4621d373cade4e832627b4f6522ORD11.881.88alipay1556614084 and extend; that of GBK:
//
//	inner=$(printf '098f…b4f6522ORD11.881.88alipay1556614084\xd5\xc5\xc8\xfd' | md5sum | cut -c1-32)
//	printf %s "${inner}example-appsecret" | md5sum
func TestNotificationWithAnyExtend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		extend, attach, signature string
		unread                    []string
	}{
		"escaped for HTML": {"terry &quot;t&quot; &lt;b&gt; &amp; co", "terry &quot;t&quot; &lt;b&gt; &amp; co", "d923d6d11326377cd2fa3debe47a02b8", nil},
		"empty":            {"", "", "a4b88e01689381388893adcc6a17b171", nil},
		"line break":       {"a\nb\tc", "a\nb\tc", "c3ae71fb97702a0061d1ab365c794d93", nil},
		"NUL":              {"a\x00b", "a\x00b", "2e53d4190004e6c20c17e3332e07acf3", nil},
		"begins as a time": {"0.1terry", "0.1terry", "fad9eaeb4b43ce6e118ac318f92adcaf", nil},
		"1100 bytes":       {strings.Repeat("x", 1100), strings.Repeat("x", 1100), "f5b18018b210726fb055689943e3bd7d", nil},
		"GBK":              {"\xd5\xc5\xc8\xfd", "\ufffd", "260a38b505dc1cca11e98760043bbbf9", []string{"extend"}},
	} {
		client, log := logged(t, checkResponse("522", "1.88", "paid"))
		form := strings.NewReplacer("extend=terry", "extend="+url.QueryEscape(test.extend), notifySignature, test.signature).Replace(notifyForm)
		n, err := client.ParseNotification(post(form))
		require.NoError(t, err, name)
		assert.Equal(t, test.attach, n.Attach, name)
		assert.Equal(t, test.unread, n.Unread, name)
		assert.Equal(t, test.extend, n.Raw.Reveal().Get("extend"), name)
		requireLogged(t, test.unread, log)
		w := httptest.NewRecorder()
		client.NotificationHandler(func(context.Context, *gatepay.Notification) error { return nil }).ServeHTTP(w, post(form))
		assert.Equal(t, "success", w.Body.String(), name)
	}
}

// A date cannot be taken for ten digits, so it leaves no other cut.
func TestNotificationWithADate(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// $1: 098f6bcd4621d373cade4e832627b4f6522ORD11.881.88alipay2019-04-30 16:48:04terry
	form := strings.NewReplacer("1556614084", "2019-04-30+16%3A48%3A04", notifySignature, "c6832fbfe1e4ae57d15cfe97d7499a6f").Replace(notifyForm)
	n, err := client.ParseNotification(post(form))
	require.NoError(t, err)
	assert.Equal(t, "2019-04-30T08:48:04Z", n.PaidAt.UTC().Format(time.RFC3339))
	assert.Equal(t, "terry", n.Attach)
}

// The signatures as in TestCreatesSendTheDocumentedForm.
// $1: 098f6bcd4621d373cade4e832627b4f6<price>alipay<product_id>522ORD1
func TestReturnedAmounts(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for _, test := range []struct{ price, productID, amount, signature string }{
		{"1.9", "", "1.90", "702d4ef5300ca09b904efcbe35f88a56"},
		{"10", "8", "10.00", "9c7745b3f830d8396b6e69195ed75549"},
		{"1.8800", "", "1.88", "2883fb9a41fdf077f20a63d1f31d04d3"},
	} {
		query := "price=" + test.price + "&type=alipay&product_id=" + test.productID + "&order_id=522&out_order_id=ORD1&sign=" + test.signature
		for _, before := range []string{"", "shop=1&", "shop=1?"} {
			back, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?"+before+query, nil))
			require.NoError(t, err, test.price)
			assert.Equal(t, test.amount, back.Amount.String())
			assert.Equal(t, test.productID, back.ProductID)
		}
	}
}

// Attach comes back escaped from PHP deployments if it has one of these characters.
func TestCreatesRejectAnAttachThatComesBackEscaped(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for _, character := range []string{`"`, `'`, "<", ">", "&", `\`} {
		bad := request()
		bad.Attach = "user" + character + "42"
		_, err := client.CreateOrder(context.Background(), bad)
		require.ErrorIs(t, err, paygates.ErrInvalidRequest)
		require.ErrorContains(t, err, "gatepay: invalid request: Attach (custom) must not contain "+character+", which deployments of the gateway return escaped")
		assert.NotContains(t, err.Error(), "user")
	}
	assert.Zero(t, mock.GetTotalCallCount())
}
