package gatepay_test

import (
	"bytes"
	"context"
	"io"
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

const (
	// The signature as in TestCreatesSendTheDocumentedForm.
	// $1: 098f6bcd4621d373cade4e832627b4f6522ORD11.881.88alipay1556614084terry
	notifySignature = "d9b5b3e8653efe870f2ff886e2a12bef"

	// The notification in the order of the document's table.
	notifyForm = "order_id=522&out_order_id=ORD1&price=1.88&realprice=1.88&type=alipay&paytime=1556614084&extend=terry&sign=" + notifySignature

	// $1: 098f6bcd4621d373cade4e832627b4f6ORD1
	notifyCheckURL = "https://gatepay.io/api/order/check?appkey=" + appKey + "&out_order_id=ORD1&sign=452baac4034f909baa72b09d4f76395c"
	// $1: 098f6bcd4621d373cade4e832627b4f6ORD
	recutCheckURL = "https://gatepay.io/api/order/check?appkey=" + appKey + "&out_order_id=ORD&sign=ec305b3012ed7b5a26eed474bd7f01b7"
)

// recut are other cuts of notifyForm, under the same signature.
var recut = map[string]string{
	"a digit of the order number to the price": strings.NewReplacer("=ORD1", "=ORD", "price=1.88&real", "price=11.88&real").Replace(notifyForm),
	"a digit of order_id to the order number":  strings.NewReplacer("=522", "=52", "=ORD1", "=2ORD1").Replace(notifyForm),
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/notify?shop=1&price=9.99", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func TestParseNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	n, err := client.ParseNotification(post(notifyForm))
	require.NoError(t, err)
	assert.Equal(t, "522", n.OrderID)
	assert.Equal(t, "ORD1", n.OrderNo)
	assert.Equal(t, money.Cents(188), n.Amount)
	assert.Equal(t, money.Cents(188), n.PaidAmount)
	assert.Equal(t, gatepay.ChannelAlipay, n.Channel)
	assert.Equal(t, "2019-04-30T08:48:04Z", n.PaidAt.UTC().Format(time.RFC3339))
	assert.Equal(t, "terry", n.Attach)
	assert.Nil(t, n.Order)
	assert.Empty(t, n.Unread)
	assert.Len(t, n.Raw.Reveal(), 8)
	assert.Zero(t, mock.GetTotalCallCount(), "parsing sends nothing")
}

// The current document says POST, an older edition GET, whose fields come beside the
// query of the notify URL. The provider's PHP sample also receives an appkey. A framework
// may have parsed the form before.
func TestParseNotificationOfEveryForm(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	parsed := post(notifyForm)
	require.NoError(t, parsed.ParseForm())
	values, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	for name, r := range map[string]*http.Request{
		"GET":            httptest.NewRequest("GET", "/notify?"+notifyForm, nil),
		"GET, own query": httptest.NewRequest("GET", "/notify?shop=1&token=a%20b;c&"+notifyForm+"&s=/notify", nil),
		"GET, second ?":  httptest.NewRequest("GET", "/notify?shop=1?"+notifyForm, nil),
		"POST, no body":  httptest.NewRequest("POST", "/notify?"+notifyForm, nil),
		"line break":     post(notifyForm + "\r\n"),
		"form parsed":    parsed,
		"own appkey":     post("appkey=" + appKey + "&" + notifyForm),
		"unknown fields": post(notifyForm + "&version=2"),
		"upper-case hex": post(strings.Replace(notifyForm, notifySignature, strings.ToUpper(notifySignature), 1)),
	} {
		n, err := client.ParseNotification(r)
		require.NoError(t, err, name)
		assert.Equal(t, "ORD1", n.OrderNo, name)
	}
	n, err := client.VerifyNotification(values)
	require.NoError(t, err)
	assert.Equal(t, values, n.Raw.Reveal())
}

func TestParseNotificationWithOtherAmountsAndText(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// $1: 098f6bcd4621d373cade4e832627b4f6522ORD11.881.85alipay15566140841user@example.com
	n, err := client.ParseNotification(post("order_id=522&out_order_id=ORD1&price=1.88&realprice=1.85&type=alipay" +
		"&paytime=1556614084&extend=1user%40example.com&sign=9b8e365cbf61609b6709274abbe7571d"))
	require.NoError(t, err)
	assert.Equal(t, money.Cents(188), n.Amount)
	assert.Equal(t, money.Cents(185), n.PaidAmount)
	assert.Equal(t, "1user@example.com", n.Attach)
}

// The signature does not tell all cuts apart: that is why the handler queries the gateway.
// The shapes reject the cuts of what the gateway has no query for.
func TestTheSignatureLeavesOtherCuts(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for name, form := range recut {
		n, err := client.ParseNotification(post(form))
		require.NoError(t, err, name)
		assert.False(t, n.OrderNo == "ORD1" && n.Amount == 188 && n.OrderID == "522", name)
	}
	n, err := client.ParseNotification(post(recut["a digit of the order number to the price"]))
	require.NoError(t, err)
	assert.Equal(t, "ORD", n.OrderNo)
	assert.Equal(t, money.Cents(1188), n.Amount)

	replace := func(oldNew ...string) string { return strings.NewReplacer(oldNew...).Replace(notifyForm) }
	// Confirmation rejects it by the price.
	n, err = client.ParseNotification(post(replace("price=1.88&realprice=1.88", "price=1.8&realprice=81.88")))
	require.NoError(t, err)
	assert.Equal(t, money.Cents(180), n.Amount)
	for name, form := range map[string]string{
		"nothing to realprice":     replace("price=1.88&realprice=1.88", "price=1.881.88&realprice="),
		"realprice to price":       replace("price=1.88&realprice=1.88", "price=1.881&realprice=.88"),
		"paytime to extend":        replace("paytime=1556614084&extend=terry", "paytime=155661408&extend=4terry"),
		"all paytime to extend":    replace("paytime=1556614084&extend=terry", "paytime=&extend=1556614084terry"),
		"extend to paytime":        replace("paytime=1556614084&extend=terry", "paytime=1556614084terry&extend="),
		"type to paytime":          replace("type=alipay&paytime=1556614084", "type=alipa&paytime=y1556614084"),
		"order number to order_id": replace("=522", "=522O", "=ORD1", "=RD1"),
		"price to order number":    replace("=ORD1", "=ORD11", "price=1.88&real", "price=.88&real"),
		"all before the price":     replace("=522", "=5", "=ORD1", "=22ORD11.88", "price=1.88&real", "price=&real"),
	} {
		_, err := client.ParseNotification(post(form))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, name)
	}
}

func TestParseNotificationRejects(t *testing.T) {
	t.Parallel()
	replace := func(oldNew ...string) string { return strings.NewReplacer(oldNew...).Replace(notifyForm) }
	tests := map[string]struct {
		form string
		want error
	}{
		"another order":        {replace("ORD1", "ORD2"), paygates.ErrInvalidSignature},
		"another price":        {replace("price=1.88&real", "price=9.88&real"), paygates.ErrInvalidSignature},
		"another realprice":    {replace("realprice=1.88", "realprice=9.88"), paygates.ErrInvalidSignature},
		"another type":         {replace("alipay", "wechat"), paygates.ErrInvalidSignature},
		"another time":         {replace("1556614084", "1556614085"), paygates.ErrInvalidSignature},
		"another custom":       {replace("terry", "mary"), paygates.ErrInvalidSignature},
		"another order_id":     {replace("522", "523"), paygates.ErrInvalidSignature},
		"sign of the return":   {replace(notifySignature, returnSignature), paygates.ErrInvalidSignature},
		"another appkey":       {notifyForm + "&appkey=ffffffffffffffffffffffffffffffff", paygates.ErrInvalidNotification},
		"empty appkey":         {notifyForm + "&appkey=", paygates.ErrInvalidNotification},
		"repeated unknown":     {notifyForm + "&a=1&a=1", paygates.ErrInvalidNotification},
		"no order_id":          {replace("order_id=522&", ""), paygates.ErrInvalidNotification},
		"order_id a word":      {replace("=522", "=x22"), paygates.ErrInvalidNotification},
		"order_id with 0":      {replace("=522", "=0522"), paygates.ErrInvalidNotification},
		"order_id negative":    {replace("=522", "=-522"), paygates.ErrInvalidNotification},
		"order_id too long":    {replace("=522", "="+strings.Repeat("5", 21)), paygates.ErrInvalidNotification},
		"no order number":      {replace("ORD1", ""), paygates.ErrInvalidNotification},
		"order number a path":  {replace("ORD1", "../1"), paygates.ErrInvalidNotification},
		"NUL in order number":  {replace("ORD1", "ORD1%00"), paygates.ErrInvalidNotification},
		"not UTF-8 in number":  {replace("ORD1", "%ff"), paygates.ErrInvalidNotification},
		"no price":             {replace("price=1.88&real", "price=&real"), paygates.ErrInvalidNotification},
		"price of nothing":     {replace("price=1.88&real", "price=0.00&real"), paygates.ErrInvalidNotification},
		"paid nothing":         {replace("realprice=1.88", "realprice=0.00"), paygates.ErrInvalidNotification},
		"price in cents":       {replace("price=1.88&real", "price=188&real"), paygates.ErrInvalidSignature},
		"price one decimal":    {replace("price=1.88&real", "price=1.8&real"), paygates.ErrInvalidSignature},
		"price more zeros":     {replace("price=1.88&real", "price=1.880&real"), paygates.ErrInvalidSignature},
		"price three decimals": {replace("price=1.88&real", "price=1.888&real"), paygates.ErrInvalidNotification},
		"price with 0 before":  {replace("price=1.88&real", "price=01.88&real"), paygates.ErrInvalidNotification},
		"price 00":             {replace("price=1.88&real", "price=00.88&real"), paygates.ErrInvalidNotification},
		"price ends in point":  {replace("price=1.88&real", "price=1.&real"), paygates.ErrInvalidNotification},
		"price with comma":     {replace("price=1.88&real", "price=1,88&real"), paygates.ErrInvalidNotification},
		"price no digit":       {replace("price=1.88&real", "price=.88&real"), paygates.ErrInvalidNotification},
		"price negative":       {replace("price=1.88&real", "price=-1.88&real"), paygates.ErrInvalidNotification},
		"price with exponent":  {replace("price=1.88&real", "price=1e.88&real"), paygates.ErrInvalidNotification},
		"price enormous":       {replace("price=1.88&real", "price="+strings.Repeat("9", 1000)+".88&real"), paygates.ErrInvalidNotification},
		"realprice":            {replace("realprice=1.88", "realprice=NaN"), paygates.ErrInvalidNotification},
		"type":                 {replace("alipay", "qq"), paygates.ErrInvalidNotification},
		"no paytime":           {replace("1556614084", ""), paygates.ErrInvalidNotification},
		"paytime a date":       {replace("1556614084", "2019-04-30"), paygates.ErrInvalidNotification},
		"paytime with a sign":  {replace("1556614084", "%2B556614084"), paygates.ErrInvalidNotification},
		"paytime milliseconds": {replace("1556614084", "1556614084000"), paygates.ErrInvalidNotification},
		"paytime a fraction":   {replace("1556614084", "2019-04-30+16:48:04.5"), paygates.ErrInvalidNotification},
		"paytime a date of 19": {replace("1556614084", "2019-04-31+16:48:04"), paygates.ErrInvalidNotification},
		"NUL in extend":        {replace("terry", "terry%00"), paygates.ErrInvalidSignature},
		"not UTF-8 in extend":  {replace("terry", "%ff%fe"), paygates.ErrInvalidSignature},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			for _, r := range []*http.Request{post(test.form), httptest.NewRequest("GET", "/notify?"+test.form, nil)} {
				n, err := client.ParseNotification(r)
				require.ErrorIs(t, err, test.want)
				assert.Nil(t, n)
				assert.NotContains(t, err.Error(), notifySignature)
				assert.NotContains(t, err.Error(), "terry")
				assert.Less(t, len(err.Error()), 300)
			}
		})
	}
}

// serve passes one notification to a handler whose gateway responds with confirm. It
// returns the response and the log.
func serve(t *testing.T, r *http.Request, confirm httpmock.Responder, handle func(context.Context, *gatepay.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", notifyCheckURL, confirm)
	var log bytes.Buffer
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	client.NotificationHandler(handle).ServeHTTP(w, r)
	return w, log.String()
}

func TestNotificationHandlerRejects(t *testing.T) {
	t.Parallel()
	response := func(body string) httpmock.Responder { return httpmock.NewStringResponder(200, body) }
	paid := response(checkResponse("522", "1.88", "paid"))
	tests := map[string]struct {
		form    string
		confirm httpmock.Responder
		status  int
	}{
		"forged sign":   {strings.Replace(notifyForm, "sign=d9", "sign=00", 1), paid, 403},
		"too long":      {strings.Repeat("a", 2<<20), paid, 413},
		"unknown state": {notifyForm, response(checkResponse("522", "1.88", "success")), 409},
		"another id":    {notifyForm, response(checkResponse("523", "1.88", "paid")), 409},
		"another price": {notifyForm, response(checkResponse("522", "11.88", "paid")), 409},
		"unknown order": {notifyForm, response(`{"code":201,"msg":"订单不存在","data":[]}`), 409},
		"key expired":   {notifyForm, response(`{"code":103,"msg":"秘钥已过期"}`), 502},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := serve(t, post(test.form), test.confirm, func(context.Context, *gatepay.Notification) error {
				t.Error("the function was called")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "gatepay: notification rejected")
			for _, hidden := range []string{notifySignature, secret, appKey, "terry"} {
				assert.NotContains(t, log, hidden)
			}
		})
	}
}

// A genuine notification that was cut into another order's has a valid signature. The
// handler rejects it whatever the gateway knows of that order.
func TestNotificationHandlerRejectsARecutNotification(t *testing.T) {
	t.Parallel()
	form := recut["a digit of the order number to the price"]
	bare, _ := setup(t)
	_, err := bare.ParseNotification(post(form))
	require.NoError(t, err, "the signature alone is valid")
	for name, response := range map[string]string{
		"no such order":            `{"code":201,"msg":"订单不存在","data":""}`,
		"the attacker's own order": checkResponse("523", "11.88", "inprogress"),
		"a paid order":             checkResponse("523", "11.88", "paid"),
		"of another price":         checkResponse("522", "1.88", "paid"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", recutCheckURL, httpmock.NewStringResponder(200, response))
			w := httptest.NewRecorder()
			client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
				t.Error("the function was called")
				return nil
			}).ServeHTTP(w, post(form))
			assert.Equal(t, 409, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", notifyCheckURL, httpmock.NewStringResponder(200, checkResponse("522", "1.88", "paid")))
	n := &gatepay.Notification{OrderNo: "ORD1", OrderID: "522", Amount: money.Cents(188)}
	order, err := client.ConfirmNotification(context.Background(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n = &gatepay.Notification{OrderNo: "ORD1", OrderID: "522", Amount: money.Cents(189)}
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.EqualError(t, err, "gatepay: confirm notification: not confirmed by the gateway: the gateway says 1.88 yuan, the notification 1.89")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(context.Background(), nil)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	_, err = client.ConfirmNotification(context.Background(), &gatepay.Notification{})
	require.ErrorIs(t, err, paygates.ErrInvalidRequest)
}

// Verifying allocates the Notification, Raw and the copy of the values.
//
//nolint:paralleltest // it counts the allocations of the whole process
func TestVerifyNotificationAllocatesLittle(t *testing.T) {
	client, _ := setup(t)
	values, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := client.VerifyNotification(values); err != nil {
			t.Fatal(err)
		}
	})
	assert.LessOrEqual(t, allocations, 6.0)
}

// The attacks of docs/security.md that no other test shows.

// The payer sees the signature of a return, and an on-path attacker that of a query. With
// two decimals neither text can be cut into the fields of a notification: a return has
// one point, a notification two. FuzzVerifyReturn tests it for every return.
func TestTheSignatureOfAReturnOrAQueryIsNoNotification(t *testing.T) {
	t.Parallel()
	notification, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	assert.Regexp(t, notificationText, joined(notification, notifyFields))
	for name, text := range map[string]string{
		"return":         "1.88alipay522ORD1",
		"return, larger": "123.45wechat8522ORD1",
		"query":          "ORD1",
	} {
		assert.NotRegexp(t, notificationText, text, name)
	}
}

// Where the gateway writes no decimals, the signature of a return can be cut into a
// notification. It names an order number of a few digits, which the gateway does not know
// with this order_id and price.
func TestALooseReturnThatIsCutIntoANotificationIsNotConfirmed(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	// The signature as in TestCreatesSendTheDocumentedForm, $1 being
	// 098f6bcd4621d373cade4e832627b4f6522178alipay4248434975ORD1E
	const signature = "bfb846bd3061700667cd21964bfc9b1e"
	_, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?price=522178&type=alipay&product_id=&order_id=4248434975&out_order_id=ORD1E&sign="+signature, nil))
	require.NoError(t, err)
	form := "order_id=522&out_order_id=1&price=7&realprice=8&type=alipay&paytime=4248434975&extend=ORD1E&sign=" + signature
	_, err = client.ParseNotification(post(form))
	require.NoError(t, err, "the signature alone is valid")

	mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在","data":[]}`))
	assert.Equal(t, 409, rejected(t, client, post(form)))
	mock.RegisterNoResponder(httpmock.NewStringResponder(200, checkResponse("523", "7.00", "paid")))
	assert.Equal(t, 409, rejected(t, client, post(form)))
}

// rejected passes a notification to a handler that must not call its function, and
// returns the status.
func rejected(t *testing.T, client *gatepay.Client, r *http.Request) int {
	t.Helper()
	w := httptest.NewRecorder()
	client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
		t.Error("the function was called")
		return nil
	}).ServeHTTP(w, r)
	assert.Equal(t, "fail", w.Body.String())
	return w.Code
}

// The signature of a create of a product covers what the payer wrote into custom, next to
// the order number: it can be the end of a notification. The payer does not see that
// signature, unless the merchant shows Raw.
func TestTheSignatureOfACreateCanBeCutIntoANotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var sent url.Values
	mock.RegisterResponder("POST", stablePayURL, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		sent, err = url.ParseQuery(string(body))
		assert.NoError(t, err)
		return httpmock.NewStringResponse(500, ""), nil
	})
	_, err := client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "ORD1", Channel: gatepay.ChannelAlipay, ProductID: "8", Attach: "x1.881.88alipay1556614084",
	})
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	form := "order_id=8&out_order_id=alipayORD1x&price=1.88&realprice=1.88&type=alipay&paytime=1556614084&extend=&sign=" + sent.Get("sign")
	_, err = client.ParseNotification(post(form))
	require.NoError(t, err, "the signature alone is valid")

	mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在","data":[]}`))
	assert.Equal(t, 409, rejected(t, client, post(form)))
}

// Order numbers that begin and end with a letter: a signature is valid for one of them
// only. The other cuts name numbers that begin with a digit.
func TestOrderNumbersBetweenLettersLeaveOneOrder(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	whole := url.Values{
		"order_id": {"522"}, "out_order_id": {"S20191118123424E"}, "price": {"1.88"}, "realprice": {"1.88"},
		"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"1.88"},
	}
	whole.Set("sign", rightSign(whole, notifyFields))
	text := joined(whole, notifyFields)
	price := strings.Index(text, ".")
	var accepted []string
	for idEnd := 1; idEnd < price; idEnd++ {
		for noEnd := idEnd + 1; noEnd < price; noEnd++ {
			other := url.Values{"order_id": {text[:idEnd]}, "out_order_id": {text[idEnd:noEnd]}, "price": {text[noEnd : price+3]}}
			for _, field := range append([]string{"sign"}, notifyFields[3:]...) {
				other[field] = whole[field]
			}
			if n, err := client.VerifyNotification(other); err == nil {
				accepted = append(accepted, n.OrderID+" "+n.OrderNo+" "+n.Amount.String())
			}
		}
	}
	assert.Equal(t, []string{"5 22S20191118123424E 1.88", "52 2S20191118123424E 1.88", "522 S20191118123424E 1.88"}, accepted)
}

// A payer can change every part of a quick-pay link, Fixed or not.
func TestAQuickPayLinkIsNotSigned(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{Token: "qflknfokn", Amount: 188, Fixed: true})
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	assert.False(t, u.Query().Has("sign"))
	assert.Equal(t, appKey, u.Query().Get("appkey"))
	assert.NotContains(t, link, secret)
}

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	assert.True(t, client.ExplainNotification(values).Matches)

	values.Set("price", "7.00")
	explanation := client.ExplainNotification(values)
	assert.True(t, explanation.Received)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "DOES NOT match")
	assert.Contains(t, explanation.String(), "7.00")
	assert.NotContains(t, explanation.String(), secret)
	assert.NotContains(t, explanation.String(), values.Get("sign"))
}

func TestExplainReturn(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values := url.Values{"price": {"1.88"}, "type": {"alipay"}, "order_id": {"522"}, "out_order_id": {"ORD1"}, "sign": {"00"}}
	explanation := client.ExplainReturn(values)
	assert.Contains(t, explanation.Form, "appkey + price + type + product_id + order_id + out_order_id")
	assert.False(t, explanation.Matches)
}
