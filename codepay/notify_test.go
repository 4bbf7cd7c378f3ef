package codepay_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The signature of the document's notification is masked and cannot be verified. The tests
// replace it by that of their own key:
//
// printf %s 'chart=utf-8&money=100.00&pay_id=admin&pay_no=20170217200040022100010042408995&pay_time=1487597795&status=2&tag=0&type=1example-key' | md5sum
//
// The document's PHP, which page_test.go shows, gives the same.
const signature = "1264a2e8903a00bf9d88cfd306df0eed"

const payNo = "20170217200040022100010042408995"

// sample returns the document's notification with a valid signature.
func sample(t testing.TB) string {
	t.Helper()
	return strings.Replace(strings.TrimSpace(samples.Printed(t, "callback.txt")), "c47f3cba123456b6b24542110a8928af", signature, 1)
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/notify?shop=7", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func get(query string) *http.Request { return httptest.NewRequest("GET", "/notify?"+query, nil) }

func TestParseNotificationReadsTheDocumentedNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	n, err := client.ParseNotification(post(sample(t)))
	require.NoError(t, err)
	assert.Equal(t, "2017-02-20T21:36:35+08:00", n.PaidAt.Format(time.RFC3339))
	assert.Equal(t, &codepay.Notification{
		OrderNo:    "admin",
		PaymentNo:  payNo,
		Channel:    codepay.ChannelAlipay,
		PaidAmount: money.Cents(10000),
		PaidAt:     n.PaidAt,
		Tag:        paygates.NewPrivate("0"),
		State:      codepay.StateCompleted,
		Charset:    codepay.CharsetUTF8,
		Raw: paygates.NewPrivate(url.Values{
			"chart": {"utf-8"}, "money": {"100.00"}, "pay_id": {"admin"}, "pay_no": {payNo}, "pay_time": {"1487597795"},
			"status": {"2"}, "tag": {"0"}, "type": {"1"}, "sign": {signature},
		}),
	}, n)
	assert.False(t, n.AmountDiffers(), "no price was sent")
	assert.Zero(t, mock.GetTotalCallCount(), "parsing sends nothing")

	byGET, err := client.ParseNotification(get(sample(t)))
	require.NoError(t, err)
	assert.Equal(t, n, byGET)
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	verified, err := client.VerifyNotification(values)
	require.NoError(t, err)
	assert.Equal(t, n, verified)

	// The masked signature of the document itself.
	_, err = client.ParseNotification(post(strings.TrimSpace(samples.Printed(t, "callback.txt"))))
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

// Every documented parameter, and some that only deployments send. An empty one is not
// signed.
func TestParseNotificationSignsEveryParameter(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// printf %s 'app_time=1487597796&chart=utf-8&id=10041&money=99.99&order_id=888888888&param=一本书 +1&pay_id=admin&pay_no=20170217200040022100010042408995&pay_tag=3&pay_time=1487597795&price=100.00&status=2&trueID=10041&type=1&version=5.1example-key' | md5sum
	values := url.Values{
		"pay_id": {"admin"}, "money": {"99.99"}, "price": {"100.00"}, "type": {"1"}, "pay_no": {payNo}, "param": {"一本书 +1"},
		"pay_time": {"1487597795"}, "pay_tag": {"3"}, "id": {"10041"}, "order_id": {"888888888"}, "trueID": {"10041"},
		"app_time": {"1487597796"}, "version": {"5.1"}, "status": {"2"}, "chart": {"utf-8"}, "empty": {""},
		"sign": {"711E88BF7BF42652537132CED1692269"},
	}
	n, err := client.ParseNotification(post(values.Encode()))
	require.NoError(t, err)
	assert.Equal(t, "99.99", n.PaidAmount.String())
	assert.Equal(t, "100.00", n.Amount.String())
	assert.True(t, n.AmountDiffers())
	assert.Equal(t, "一本书 +1", n.Attach)
	assert.Equal(t, "3", n.Tag.Reveal())
	assert.Equal(t, "888888888", n.OrderID)

	for name := range values {
		if name == "sign" || name == "empty" {
			continue
		}
		changed := url.Values{}
		for k, v := range values {
			changed[k] = v
		}
		changed.Set(name, values.Get(name)+"1")
		_, err := client.VerifyNotification(changed)
		require.ErrorIs(t, err, paygates.ErrInvalidSignature, name)
		changed.Del(name)
		_, err = client.VerifyNotification(changed)
		require.ErrorIs(t, err, paygates.ErrInvalidSignature, name)
	}
	values.Set("surplus", "1")
	_, err = client.VerifyNotification(values)
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

func TestParseNotificationReadsGBK(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// printf %s 'chart=gb2312&money=100.00&param=中文&pay_id=用户&pay_no=20170217200040022100010042408995&type=1example-key' | iconv -t GBK | md5sum
	form := "chart=gb2312&money=100.00&param=%D6%D0%CE%C4&pay_id=%D3%C3%BB%A7&pay_no=" + payNo + "&type=1&sign=eee6cd99c04fc9378ab071cc7051987b"
	n, err := client.ParseNotification(post(form))
	require.NoError(t, err)
	assert.Equal(t, "中文", n.Attach)
	assert.Equal(t, "用户", n.OrderNo)
	assert.Equal(t, "\xd6\xd0\xce\xc4", n.Raw.Reveal().Get("param"), "as it arrived")

	// A pay_id must be in the encoding of chart, whatever the signature. A param need not.
	for _, chart := range []string{"utf-8", "big5", ""} {
		values := url.Values{"chart": {chart}, "money": {"1.00"}, "pay_id": {"\xd6\xd0"}, "pay_no": {"2"}}
		_, err = client.VerifyNotification(signed(t, values))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, chart)
		values = url.Values{"chart": {chart}, "money": {"1.00"}, "pay_id": {"1"}, "pay_no": {"2"}, "param": {"\xd6\xd0"}}
		n, err := client.VerifyNotification(signed(t, values))
		require.NoError(t, err, chart)
		assert.Equal(t, "中", n.Attach)
	}
	for _, chart := range []string{
		"gb2312", "GBK", "gbk", "gb18030", "GB-2312", " gbk ", "x-gbk", "gb_2312-80", "cp936", "MS936", "windows-936", "euc-cn", "EUC_CN", "eucCN",
	} {
		values := url.Values{"chart": {chart}, "money": {"1.00"}, "pay_id": {"1"}, "pay_no": {"2"}, "param": {"\xd6\xd0"}}
		n, err := client.VerifyNotification(signed(t, values))
		require.NoError(t, err, chart)
		assert.Equal(t, "中", n.Attach)
		values.Set("pay_id", "\xd6\xd0")
		n, err = client.VerifyNotification(signed(t, values))
		require.NoError(t, err, chart)
		assert.Equal(t, "中", n.OrderNo)
		values.Set("pay_id", "\xff\xff")
		_, err = client.VerifyNotification(signed(t, values))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, "not GBK")
	}
}

// signed signs values, also those that package sign would not sign. The golden signatures
// of the other tests show that it does so as md5sum does.
func signed(t *testing.T, values url.Values) url.Values {
	t.Helper()
	values.Set("sign", notificationSign(values))
	return values
}

func TestParseNotificationRejects(t *testing.T) {
	t.Parallel()
	good := sample(t)
	tests := map[string]struct {
		request *http.Request
		want    error
	}{
		"another amount":        {post(strings.Replace(good, "money=100.00", "money=900.00", 1)), paygates.ErrInvalidSignature},
		"re-cut by &":           {post(strings.Replace(good, "&pay_no=", "%26pay_no%3D", 1)), paygates.ErrInvalidNotification},
		"re-cut by & in a name": {post(strings.Replace(good, "money=100.00&pay_id", "money%3D100.00%26pay_id", 1)), paygates.ErrInvalidNotification},
		"empty body":            {httptest.NewRequest("POST", "/notify", nil), paygates.ErrInvalidNotification},
		"nearly 1 MiB":          {post(good + "&a=" + strings.Repeat("1", 1<<20-300)), paygates.ErrInvalidSignature},
		"a POST with its query": {httptest.NewRequest("POST", "/notify?"+good, strings.NewReader("a=1")), paygates.ErrInvalidSignature},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			n, err := client.ParseNotification(test.request)
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, n)
			assert.NotContains(t, err.Error(), signature)
			assert.Less(t, len(err.Error()), 200)
		})
	}
}

// cut ends before the announced length, as net/http's server reports it.
func cut(body string) *http.Request {
	r := post("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), truncated{}))
	r.ContentLength = int64(len(body)) + 100
	return r
}

type truncated struct{}

func (truncated) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A notification whose payment number, order number or amount cannot be read is rejected
// even with a valid signature.
func TestVerifyNotificationRejectsTheWrongShape(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	tests := map[string]struct{ name, value, says string }{
		"no pay_no":           {"pay_no", "", "pay_no is required: without it nothing was paid"},
		"pay_no of PHP":       {"pay_no", "0", "pay_no is required"},
		"no pay_id":           {"pay_id", "", "pay_id is required"},
		"no money":            {"money", "", "money must be"},
		"no money at all":     {"money", "0.00", "money must be"},
		"negative money":      {"money", "-1.00", "money must be"},
		"money in exponent":   {"money", "1e2", "money must be"},
		"three decimals":      {"money", "1.001", "money must be"},
		"blank pay_no":        {"pay_no", " \u3000 ", "pay_no is required"},
		"tab as pay_no":       {"pay_no", "\t", "without control characters"},
		"invisible pay_no":    {"pay_no", "\u200b\ufeff", "pay_no is required"},
		"dash as pay_no":      {"pay_no", "--", "pay_no is required"},
		"decimal pay_no":      {"pay_no", "0.00", "pay_no is required"},
		"list as pay_no":      {"pay_no", "[]", "pay_no is required"},
		"NaN as pay_no":       {"pay_no", "NaN", "pay_no is required"},
		"N/A as pay_no":       {"pay_no", "n/a", "pay_no is required"},
		"pay_no of Go":        {"pay_no", "<nil>", "pay_no is required"},
		"pay_no of Cocoa":     {"pay_no", "(null)", "pay_no is required"},
		"zeros as pay_no":     {"pay_no", "000", "pay_no is required"},
		"null as pay_no":      {"pay_no", "null", "pay_no is required"},
		"undefined pay_no":    {"pay_no", "Undefined", "pay_no is required"},
		"pay_no of 65 bytes":  {"pay_no", strings.Repeat("1", 65), "pay_no must be at most 64 bytes long"},
		"pay_no of 100 kB":    {"pay_no", strings.Repeat("1", 100<<10), "pay_no must be at most 64 bytes long"},
		"pay_no not UTF-8":    {"pay_no", "1\xff", "text in the encoding of chart"},
		"blank pay_id":        {"pay_id", "  ", "pay_id is required"},
		"pay_id of 301 bytes": {"pay_id", strings.Repeat("1", 301), "pay_id must be at most 300 bytes long"},
		"pay_id not UTF-8":    {"pay_id", "\xff", "text in the encoding of chart"},
		"line break":          {"pay_id", "a\nb", "without control characters"},
		"money null":          {"money", "null", "money must be"},
		"money with a blank":  {"money", " 1.00", "money must be"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(sample(t))
			require.NoError(t, err)
			values.Set(test.name, test.value)
			n, err := client.VerifyNotification(signed(t, values))
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.NotErrorIs(t, err, paygates.ErrInvalidSignature)
			assert.ErrorContains(t, err, test.says)
			assert.Nil(t, n)
		})
	}
}

// A value that hides parameters: the document's PHP joins both to one text.
func TestAnInjectedParameterIsRejected(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// printf %s 'money=1.00&param=1&pay_id=admin&pay_no=2&price=1.00example-key' | md5sum
	const injected = "abad8b8e4b05337821a96c49f42d0fcc"
	genuine := url.Values{
		"money": {"1.00"}, "param": {"1"}, "pay_id": {"admin"}, "pay_no": {"2"}, "price": {"1.00"}, "sign": {injected},
	}
	_, err := client.VerifyNotification(genuine)
	require.NoError(t, err)
	recut := url.Values{"money": {"1.00&param=1"}, "pay_id": {"admin"}, "pay_no": {"2"}, "price": {"1.00"}, "sign": {injected}}
	_, err = client.VerifyNotification(recut)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	assert.ErrorIs(t, err, sign.ErrAmbiguous)
}

// The payer sees the signature of a cashier page.
func TestACreateIsNoNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.CashierURL(full())
	require.NoError(t, err)
	u, err := url.Parse(page)
	require.NoError(t, err)
	_, err = client.ParseNotification(get(u.RawQuery))
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	for _, more := range []string{"&pay_no=1", "&money=900.00", "&pay_no=1&money=900.00"} {
		_, err = client.ParseNotification(get(u.RawQuery + more))
		require.ErrorIs(t, err, paygates.ErrInvalidSignature)
	}
}

// handle sends one notification to a handler whose gateway responds with confirm; without
// confirm nothing is confirmed.
func handle(t *testing.T, r *http.Request, confirm httpmock.Responder, process func(context.Context, *codepay.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	var log bytes.Buffer
	c := config()
	c.HTTPClient = &http.Client{Transport: mock}
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if confirm != nil {
		mock.RegisterResponder("GET", queryURL, confirm)
		c.Token, c.ConfirmByQuery = sign.NewSecret(token), true
	}
	client, err := codepay.New(c)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	client.NotificationHandler(process).ServeHTTP(w, r)
	return w, log.String()
}

// orderIDSignature is that of withOrderID:
//
// printf %s 'chart=utf-8&money=100.00&order_id=888888888&pay_id=admin&pay_no=20170217200040022100010042408995&pay_time=1487597795&status=2&tag=0&type=1example-key' | md5sum
const orderIDSignature = "0ae26d9856f320d144a397704737e952"

// withOrderID is the document's notification with the gateway's order number.
func withOrderID(t *testing.T) string {
	t.Helper()
	return strings.Replace(sample(t), signature, orderIDSignature+"&order_id=888888888", 1)
}

func TestNotificationHandlerAccepts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request   *http.Request
		confirm   httpmock.Responder
		confirmed bool
	}{
		"by signature":              {post(sample(t)), nil, false},
		"by GET":                    {get(sample(t)), nil, false},
		"without confirmation":      {post(withOrderID(t)), nil, false},
		"without an order ID":       {post(sample(t)), respond(`{"status":-1}`), false},
		"the query agrees":          {post(withOrderID(t)), respond(`{"status":1,"order_id":888888888,"pay_id":"admin","pay_no":"` + payNo + `","money":"100.000"}`), true},
		"the query sends no pay_no": {post(withOrderID(t)), respond(`{"status":1,"pay_no":"0"}`), true},
		// The signature is valid, and the query says nothing about the order.
		"no such query":             {post(withOrderID(t)), httpmock.NewStringResponder(404, "<html>404 Not Found</html>"), false},
		"no such query, in JSON":    {post(withOrderID(t)), httpmock.NewStringResponder(404, `{"code":404}`), false},
		"a page":                    {post(withOrderID(t)), respond("<html>"), false},
		"no content":                {post(withOrderID(t)), respond(""), false},
		"a redirect":                {post(withOrderID(t)), httpmock.NewStringResponder(302, ""), false},
		"unavailable":               {post(withOrderID(t)), httpmock.NewStringResponder(501, "no"), false},
		"wrong token":               {post(withOrderID(t)), respond(`{"status":-6,"msg":"token error"}`), false},
		"no response":               {post(withOrderID(t)), httpmock.NewErrorResponder(io.ErrUnexpectedEOF), false},
		"POST with a query only":    {httptest.NewRequest("POST", "/notify?"+sample(t), nil), nil, false},
		"confirmed":                 {post(withOrderID(t)), respond(`{"status":1,"msg":"ok"}`), true},
		"confirmed, another status": {post(withOrderID(t)), respond(`{"status":2,"msg":"ok"}`), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *codepay.Notification
			w, log := handle(t, test.request, test.confirm,
				func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
			assert.Equal(t, 200, w.Code, log)
			assert.Equal(t, "success", w.Body.String())
			require.NotNil(t, got)
			assert.Equal(t, payNo, got.PaymentNo)
			assert.Equal(t, test.confirmed, got.Order != nil)
			if test.confirm != nil && got.OrderID != "" && !test.confirmed {
				assert.Contains(t, log, "level=WARN")
				assert.Contains(t, log, "accepted by its signature alone")
			}
			for _, hidden := range []string{signature, orderIDSignature, secret, token, "admin"} {
				assert.NotContains(t, log, hidden)
			}
		})
	}
}

func TestNotificationHandlerRejects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request *http.Request
		confirm httpmock.Responder
		status  int
	}{
		"forged sign":         {post(strings.Replace(sample(t), signature, strings.Repeat("0", 32), 1)), nil, 403},
		"tampered money":      {post(strings.Replace(sample(t), "money=100.00", "money=900.00", 1)), nil, 403},
		"re-cut":              {post(strings.Replace(sample(t), "&pay_no=", "%26pay_no%3D", 1)), nil, 400},
		"too long":            {post(strings.Repeat("a", 1<<20+1)), nil, 413},
		"truncated":           {cut(sample(t)), nil, 400},
		"unpaid there":        {post(withOrderID(t)), respond(`{"status":0}`), 409},
		"unknown there":       {post(withOrderID(t)), respond(`{"status":-1,"msg":"no"}`), 409},
		"another state there": {post(withOrderID(t)), respond(`{"status":3}`), 409},
		"another order_id":    {post(withOrderID(t)), respond(`{"status":1,"order_id":"999"}`), 409},
		"another pay_id":      {post(withOrderID(t)), respond(`{"status":1,"pay_id":"root"}`), 409},
		"another pay_no":      {post(withOrderID(t)), respond(`{"status":1,"pay_no":"1"}`), 409},
		"another amount":      {post(withOrderID(t)), respond(`{"status":1,"money":"1.00"}`), 409},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := handle(t, test.request, test.confirm, func(context.Context, *codepay.Notification) error {
				t.Error("the merchant's function ran")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "notification rejected")
			for _, hidden := range []string{signature, orderIDSignature, secret, "token=" + token} {
				assert.NotContains(t, log, hidden)
			}
			// The reason names both numbers of a pay_id that is another one.
			assert.Equal(t, name == "another pay_id", strings.Contains(log, "admin"))
		})
	}
}

// A parameter of the notify URL or of a rewrite rule breaks the signature. The log line says
// so, but does not name it: its name may be anything.
func TestTheLogTellsOfUndocumentedParameters(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		sample(t) + "&lang=zh&color=7":                                `reason="codepay: invalid signature: with undocumented parameters (2): name those of your notify URL in Config.OwnParameters"`,
		strings.Replace(sample(t), "money=100.00", "money=900.00", 1): `pay_no=` + payNo + ` status=403 reason="codepay: invalid signature"`,
		strings.Replace(sample(t), "&sign="+signature, "", 1):         `reason="codepay: invalid signature: no sign was sent"`,
	} {
		w, log := handle(t, get(query), nil, func(context.Context, *codepay.Notification) error { return nil })
		assert.Equal(t, 403, w.Code)
		assert.Contains(t, log, want)
	}
	c := config()
	c.OwnParameters = []string{"lang"}
	client, err := codepay.New(c)
	require.NoError(t, err)
	_, err = client.ParseNotification(get(sample(t) + "&lang=zh&color=7"))
	require.ErrorContains(t, err, "undocumented parameters (1)")
}

// Nothing is queried unless the merchant turned it on.
func TestNotificationHandlerQueriesOnRequestOnly(t *testing.T) {
	t.Parallel()
	client, mock := setup(t) // with a token
	mock.RegisterResponder("GET", queryURL, respond(`{"status":0}`))
	w := httptest.NewRecorder()
	client.NotificationHandler(func(context.Context, *codepay.Notification) error { return nil }).ServeHTTP(w, post(withOrderID(t)))
	assert.Equal(t, 200, w.Code)
	assert.Zero(t, mock.GetTotalCallCount())
}

// A notification that could not be confirmed because of the load or the time is not
// accepted by its signature alone: it arrives again.
func TestNotificationHandlerUnderLoad(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	queried, release := make(chan struct{}), make(chan struct{})
	mock.RegisterResponder("GET", queryURL, func(r *http.Request) (*http.Response, error) {
		queried <- struct{}{}
		<-release
		return respond(`{"status":1}`)(r)
	})
	c := config()
	c.HTTPClient = &http.Client{Transport: mock}
	c.Token, c.ConfirmByQuery, c.MaxConfirmations = sign.NewSecret(token), true, 1
	c.NotificationTimeout = time.Minute
	client, err := codepay.New(c)
	require.NoError(t, err)
	c.NotificationTimeout, c.HTTPClient = time.Millisecond, &http.Client{Transport: httpmock.NewMockTransport()}
	c.HTTPClient.Transport.(*httpmock.MockTransport).RegisterResponder("GET", queryURL, func(r *http.Request) (*http.Response, error) {
		<-release
		return respond(`{"status":1}`)(r)
	})
	impatient, err := codepay.New(c)
	require.NoError(t, err)
	serve := func(client *codepay.Client, r *http.Request) int {
		w := httptest.NewRecorder()
		client.NotificationHandler(func(context.Context, *codepay.Notification) error { return nil }).ServeHTTP(w, r)
		return w.Code
	}
	first := make(chan int)
	go func() { first <- serve(client, post(withOrderID(t))) }()
	<-queried
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	values.Set("order_id", "999")
	assert.Equal(t, 503, serve(client, post(signed(t, values).Encode())))
	assert.Equal(t, 502, serve(impatient, post(withOrderID(t))))
	close(release)
	assert.Equal(t, 200, <-first)
}

// Sloppy notifications of real deployments: the parameters that do not decide may have
// any shape. The tags in GBK are from
//
//	printf %s 商品 | iconv -t GBK | xxd -p
func TestSloppyNotificationsAreGenuine(t *testing.T) {
	t.Parallel()
	type want struct {
		tag, attach string
		unread      []string
	}
	tests := map[string]struct {
		values url.Values
		want   want
	}{
		"tag with &":                {url.Values{"tag": {"A&B"}}, want{tag: "A&B"}},
		"tag of &":                  {url.Values{"tag": {"&&"}}, want{tag: "&&"}},
		"tag with = before &":       {url.Values{"tag": {"a=b&c"}}, want{tag: "a=b&c"}},
		"tag as a text":             {url.Values{"tag": {"商品"}}, want{tag: "商品"}},
		"tag as an emoji":           {url.Values{"tag": {"🎁"}}, want{tag: "🎁"}},
		"tag cut inside a rune":     {url.Values{"tag": {"商\xe5\x93"}}, want{tag: "商\ufffd", unread: []string{"tag"}}},
		"tag cut after one byte":    {url.Values{"tag": {"商\xe5"}}, want{tag: "商\ufffd", unread: []string{"tag"}}},
		"emoji cut inside a rune":   {url.Values{"tag": {"\xf0\x9f\x8e"}}, want{tag: "\ufffd", unread: []string{"tag"}}},
		"tag in GBK":                {url.Values{"tag": {"\xc9\xcc\xc6\xb7"}}, want{tag: "商品"}},
		"tag in no encoding":        {url.Values{"tag": {"a\xff\xffb"}}, want{tag: "a\ufffdb", unread: []string{"tag"}}},
		"tag with a line break":     {url.Values{"tag": {"a\r\nb"}}, want{tag: "a\r\nb"}},
		"tag with a tab":            {url.Values{"tag": {"a\tb"}}, want{tag: "a\tb"}},
		"tag with NUL":              {url.Values{"tag": {"a\x00b"}}, want{tag: "a\x00b"}},
		"tag escaped for HTML":      {url.Values{"tag": {"&quot;a&quot;"}}, want{tag: "&quot;a&quot;"}},
		"pay_tag in GBK":            {url.Values{"pay_tag": {"\xc9\xcc\xc6\xb7"}}, want{tag: "商品"}},
		"UTF-8 tag under gb2312":    {url.Values{"chart": {"gb2312"}, "tag": {"商"}}, want{tag: "商"}},
		"cut tag under gb2312":      {url.Values{"chart": {"gb2312"}, "tag": {"\xc9\xcc\xc6"}}, want{tag: "商\ufffd", unread: []string{"tag"}}},
		"chart=gb18030":             {url.Values{"chart": {"gb18030"}, "tag": {"\xc9\xcc\xc6\xb7"}, "param": {"\xc9\xcc"}}, want{tag: "商品", attach: "商"}},
		"unknown chart":             {url.Values{"chart": {"big5"}, "tag": {"0"}}, want{tag: "0"}},
		"param with a line break":   {url.Values{"param": {"a\nb"}}, want{tag: "0", attach: "a\nb"}},
		"param with a tab":          {url.Values{"param": {"a\tb"}}, want{tag: "0", attach: "a\tb"}},
		"param with &":              {url.Values{"param": {"a&b"}}, want{tag: "0", attach: "a&b"}},
		"param in no encoding":      {url.Values{"param": {"\xff"}}, want{tag: "0", attach: "\ufffd", unread: []string{"param"}}},
		"type as a name":            {url.Values{"type": {"alipay"}}, want{tag: "0", unread: []string{"type"}}},
		"status as a word":          {url.Values{"status": {"ok"}}, want{tag: "0", unread: []string{"status"}}},
		"price as a word":           {url.Values{"price": {"abc"}}, want{tag: "0", unread: []string{"price"}}},
		"price null":                {url.Values{"price": {"null"}}, want{tag: "0", unread: []string{"price"}}},
		"price with three decimals": {url.Values{"price": {"1.001"}}, want{tag: "0", unread: []string{"price"}}},
		"pay_time as a word":        {url.Values{"pay_time": {"today"}}, want{tag: "0", unread: []string{"pay_time"}}},
		"pay_time too large":        {url.Values{"pay_time": {strings.Repeat("9", 30)}}, want{tag: "0", unread: []string{"pay_time"}}},
		"order_id as a text":        {url.Values{"order_id": {"订单 1"}}, want{tag: "0", unread: []string{"order_id"}}},
		"unknown with NUL":          {url.Values{"other": {"a\x00b"}}, want{tag: "0"}},
		"unknown not UTF-8":         {url.Values{"other": {"\xc3\x28"}}, want{tag: "0"}},
		"unknown name":              {url.Values{"a\x00b": {"1"}}, want{tag: "0"}},
		"several": {
			url.Values{"price": {"x"}, "type": {"x"}, "status": {"x"}, "pay_time": {"x"}},
			want{tag: "0", unread: []string{"price", "type", "status", "pay_time"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(sample(t))
			require.NoError(t, err)
			for field, value := range test.values {
				values[field] = value
			}
			var got *codepay.Notification
			w, log := handle(t, post(signed(t, values).Encode()), nil,
				func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
			require.Equal(t, 200, w.Code, log)
			assert.Equal(t, test.want, want{got.Tag.Reveal(), got.Attach, got.Unread})
			assert.Equal(t, payNo, got.PaymentNo)
			assert.Equal(t, "100.00", got.PaidAmount.String())
			for _, field := range test.want.unread {
				assert.Contains(t, log, field)
			}
			assert.Equal(t, len(test.want.unread) > 0, strings.Contains(log, ` op="read notification" pay_no=`+payNo+` fields=`), log)
			if slices.Contains(test.want.unread, "status") {
				assert.NotContains(t, got.State.String(), "unpaid")
			}
		})
	}
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	values.Del("status")
	client, _ := setup(t)
	n, err := client.VerifyNotification(signed(t, values))
	require.NoError(t, err)
	assert.Equal(t, "not sent", n.State.String())
}

// A value with "&" and "=" after it could be split into other parameters, so it is
// rejected in every parameter, and so is "&" in a name.
func TestAmpersandsThatCouldBeSplit(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for name, value := range map[string]string{
		"tag": "1&type=3", "param": "1&pay_id=root", "other": "&=", "z": "a&b&c=", "pay_id": "1&money=9.00", "a&b": "1", "a=b": "1",
	} {
		values, err := url.ParseQuery(sample(t))
		require.NoError(t, err)
		values.Set(name, value)
		_, err = client.VerifyNotification(signed(t, values))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, name)
		require.ErrorIs(t, err, sign.ErrAmbiguous, name)
	}
}

// Logged genuine notifications of 2018 have the merchant's number in order_id, id and
// trueID.
func TestAnOrderIDThatIsNone(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]url.Values{
		"the merchant's number": {"order_id": {"10041"}, "id": {"10041"}, "trueID": {"10041"}},
		"that of UserID":        {"order_id": {"10041"}},
		"that of id":            {"order_id": {"7"}, "id": {"7"}},
		"that of trueID":        {"order_id": {"7"}, "trueID": {"7"}},
		"that of pay_id":        {"order_id": {"admin"}},
		"that of pay_no":        {"order_id": {payNo}},
		"0":                     {"order_id": {"0"}},
		"00":                    {"order_id": {"00"}},
		"null":                  {"order_id": {"null"}},
		"undefined":             {"order_id": {"undefined"}},
		"None of Python":        {"order_id": {"None"}},
		"false":                 {"order_id": {"false"}},
		"a blank":               {"order_id": {" "}},
		"a text":                {"order_id": {"a/b"}},
		"51 bytes":              {"order_id": {strings.Repeat("1", 51)}},
		"empty":                 {"order_id": {""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(sample(t))
			require.NoError(t, err)
			for field, value := range fields {
				values[field] = value
			}
			var got *codepay.Notification
			w, log := handle(t, post(signed(t, values).Encode()), respond(`{"status":-1,"msg":"no"}`),
				func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
			require.Equal(t, 200, w.Code, log)
			assert.Empty(t, got.OrderID)
			assert.Nil(t, got.Order)
		})
	}
}

// Parameters of the merchant in the query, which the gateway did not sign.
func TestOwnParameters(t *testing.T) {
	t.Parallel()
	c := config()
	c.OwnParameters = []string{"shop", "s"}
	client, err := codepay.New(c)
	require.NoError(t, err)
	for _, query := range []string{
		"shop=7&" + sample(t), "s=/notify/codepay&" + sample(t), sample(t) + "&shop=7&s=a%26b%3D",
		"shop=7?" + sample(t), // a gateway that appends "?…"
		"other=7?" + sample(t),
	} {
		n, err := client.ParseNotification(get(query))
		require.NoError(t, err, query)
		assert.Equal(t, payNo, n.PaymentNo)
	}
	for _, query := range []string{"other=7&" + sample(t), "shop=7&other=7&" + sample(t), "a=1?b=2&" + sample(t)} {
		_, err := client.ParseNotification(get(query))
		require.ErrorIs(t, err, paygates.ErrInvalidSignature, query)
	}
	// A genuine value with "?" is not split.
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	values.Set("tag", "really?")
	_, err = client.ParseNotification(get(strings.ReplaceAll(signed(t, values).Encode(), "%3F", "?")))
	require.NoError(t, err)
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", queryURL, respond(`{"status":1,"msg":"ok"}`).Then(respond(`{"status":0,"msg":"no"}`)).Then(respond(`{"status":-1,"msg":"no"}`)))
	n := &codepay.Notification{OrderNo: "admin", OrderID: "888888888", PaymentNo: payNo, PaidAmount: money.Cents(10000)}
	order, err := client.ConfirmNotification(t0(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n.Order = nil
	_, err = client.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.EqualError(t, err, "codepay: confirm notification: not confirmed by the gateway: the gateway says state 0 (unpaid)")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)

	_, err = client.ConfirmNotification(t0(), nil)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	_, err = client.ConfirmNotification(t0(), &codepay.Notification{PaymentNo: payNo})
	require.EqualError(t, err, "codepay: invalid notification: no order_id to query")

	bare, err := codepay.New(config())
	require.NoError(t, err)
	_, err = bare.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
}

// A queue keeps the bytes of GBK and the merchant's own parameters, and a client without
// the latter does not verify the signature.
func TestRestoreNotificationKeepsEveryByte(t *testing.T) {
	t.Parallel()
	c := config()
	c.OwnParameters = []string{"shop", "s"}
	client, err := codepay.New(c)
	require.NoError(t, err)
	// The signature is that of TestParseNotificationReadsGBK.
	n, err := client.ParseNotification(get("shop=7&s=/notify&chart=gb2312&money=100.00&param=%D6%D0%CE%C4&pay_id=%D3%C3%BB%A7&pay_no=" + payNo +
		"&type=1&empty=&sign=eee6cd99c04fc9378ab071cc7051987b"))
	require.NoError(t, err)
	envelope, err := n.MarshalBinary()
	require.NoError(t, err)
	restored, err := client.RestoreNotification(envelope)
	require.NoError(t, err)
	assert.Equal(t, n, restored)
	assert.Equal(t, "用户", restored.OrderNo)
	assert.Equal(t, "\xd6\xd0\xce\xc4", restored.Raw.Reveal().Get("param"))
	assert.Equal(t, "/notify", restored.Raw.Reveal().Get("s"))

	c.OwnParameters = nil
	other, err := codepay.New(c)
	require.NoError(t, err)
	_, err = other.RestoreNotification(envelope)
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

// The attacks of docs/security.md that no other test covers.

// A payer can type any amount. The notification is genuine.
func TestAPaymentOfAnotherAmountReachesTheMerchant(t *testing.T) {
	t.Parallel()
	// printf %s 'money=0.01&pay_id=admin&pay_no=2&price=100.00example-key' | md5sum
	const form = "money=0.01&pay_id=admin&pay_no=2&price=100.00&sign=6cc8c54284b265c24e3a2b009dcacab0"
	var got *codepay.Notification
	w, log := handle(t, post(form), nil, func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	assert.Equal(t, "0.01", got.PaidAmount.String())
	assert.Equal(t, "100.00", got.Amount.String())
	assert.True(t, got.AmountDiffers())
}

// An empty parameter is not signed, so an attacker can add one. It changes nothing and
// cannot replace a signed one.
func TestAnEmptyParameterChangesNothing(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	genuine, err := client.ParseNotification(post(sample(t)))
	require.NoError(t, err)
	more, err := client.ParseNotification(post("price=&param=&order_id=&pay_tag=&other=&" + sample(t)))
	require.NoError(t, err)
	more.Raw = genuine.Raw
	assert.Equal(t, genuine, more)
	for _, name := range []string{"money", "pay_no", "pay_id", "status"} {
		_, err = client.ParseNotification(post(name + "=&" + sample(t)))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, name)
	}
}

// With a leaked key an attacker signs a notification without an order_id, which is not
// confirmed. Only the merchant can reject it, by its nil Order.
func TestALeakedKeyNeedsNoOrderID(t *testing.T) {
	t.Parallel()
	var got *codepay.Notification
	w, log := handle(t, post(sample(t)), respond(`{"status":0,"msg":"unpaid"}`),
		func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	require.NotNil(t, got)
	assert.Nil(t, got.Order)
}

// The response to a create is not signed: one that came through the payer's browser may
// have another amount and the QR code of another account.
func TestAResponseProvesNothing(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(`"money": "100.00"`, `"money": "0.01"`, "codepay.fateqq.com", "attacker.example.com").
		Replace(samples.Printed(t, "create_reply.json"))
	order, err := codepay.DecodeCreatedOrder([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, "0.01", order.PayableAmount.String())
	assert.Equal(t, "https://attacker.example.com/qr/1/3/100/0.png", order.QRCodeURL)
}

// The payer sees the token of a TokenURL and can change every parameter.
func TestATokenURLShowsTheTokenAndIsNotSigned(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.TokenURL(minimal())
	require.NoError(t, err)
	u, err := url.Parse(page)
	require.NoError(t, err)
	assert.Equal(t, token, u.Query().Get("token"))
	assert.False(t, u.Query().Has("sign"))
	assert.NotContains(t, page, secret)
}

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	assert.True(t, client.ExplainNotification(values).Matches)

	values.Set("shop", "7")
	assert.True(t, client.ExplainNotification(values).Matches, "a parameter of the merchant")

	values.Set("money", "7.00")
	explanation := client.ExplainNotification(values)
	assert.True(t, explanation.Received)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "DOES NOT match")
	assert.Contains(t, explanation.String(), "7.00")
	assert.NotContains(t, explanation.String(), secret)
	assert.NotContains(t, explanation.String(), values.Get("sign"))
}

func TestParseReturn(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	// printf %s 'money=99.99&param=一本书&pay_id=admin&pay_no=2017021720&price=100.00&target=get&type=3example-key' | md5sum
	const signature = "d819c4dbe008cdbd5a7f6aa3bec53425"
	values := url.Values{
		"money": {"99.99"}, "param": {"一本书"}, "pay_id": {"admin"}, "pay_no": {"2017021720"}, "price": {"100.00"},
		"target": {"get"}, "type": {"3"}, "sign": {signature},
	}
	got, err := client.ParseReturn(get("shop=7&" + values.Encode()))
	require.NoError(t, err)
	raw := got.Raw.Reveal()
	assert.Equal(t, "7", raw.Get("shop"))
	assert.Equal(t, &codepay.Return{
		OrderNo: "admin", PaymentNo: "2017021720", Channel: codepay.ChannelWeChat,
		PaidAmount: money.Cents(9999), Amount: money.Cents(10000), Attach: "一本书", Raw: got.Raw,
	}, got)
	assert.Equal(t, "codepay return of the payer of payment 2017021720", got.String())
	assert.Zero(t, mock.GetTotalCallCount())

	verified, err := client.VerifyReturn(values)
	require.NoError(t, err)
	verified.Raw = got.Raw
	assert.Equal(t, got, verified)

	values.Set("money", "999.00")
	_, err = client.VerifyReturn(values)
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
	_, err = client.ParseReturn(get(values.Encode()))
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

// A return is for a page, so most of it may be missing.
func TestParseReturnWithTheLeast(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	got, err := client.ParseReturn(get(signed(t, url.Values{"pay_id": {"admin"}, "pay_no": {"0"}, "money": {"free"}}).Encode()))
	require.NoError(t, err)
	assert.Equal(t, "admin", got.OrderNo)
	assert.Empty(t, got.PaymentNo)
	assert.Equal(t, []string{"money"}, got.Unread)

	for _, values := range []url.Values{
		{"pay_no": {"1"}}, {"pay_id": {"a\nb"}}, {"pay_id": {"1"}, "param": {"1&pay_no=2"}},
	} {
		_, err = client.VerifyReturn(signed(t, values))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	}
	_, err = client.VerifyReturn(url.Values{"pay_id": {"1", "2"}})
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	_, err = client.ParseReturn(get("pay_id=1&pay_id=2"))
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
}

// A payer comes back with a signature that was made before the key was changed.
func TestParseReturnWithAPreviousSecret(t *testing.T) {
	t.Parallel()
	c := config()
	c.Secret, c.PreviousSecrets = sign.NewSecret("example-key-that-is-new"), []sign.Secret{sign.NewSecret("example-key")}
	client, err := codepay.New(c)
	require.NoError(t, err)
	// printf %s 'pay_id=admin&pay_no=1example-key' | md5sum
	got, err := client.ParseReturn(get("pay_id=admin&pay_no=1&sign=b6ad35579a0c181f7f0fdcf2052c8f8a"))
	require.NoError(t, err)
	assert.Equal(t, 1, got.KeyIndex)
	// printf %s 'pay_id=admin&pay_no=1example-key-that-is-new' | md5sum
	got, err = client.ParseReturn(get("pay_id=admin&pay_no=1&sign=f371a61b9634d2d1b1634a3888a24c4f"))
	require.NoError(t, err)
	assert.Zero(t, got.KeyIndex)

	c.PreviousSecrets = []sign.Secret{sign.NewSecret("short")}
	_, err = codepay.New(c)
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
	assert.ErrorContains(t, err, "PreviousSecrets[0] must be 6 to 100 bytes long")
}
