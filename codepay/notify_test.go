package codepay_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The signature of the document's callback is masked and cannot be verified, so
// the tests put one of their own key in its place:
//
// printf %s 'chart=utf-8&money=100.00&pay_id=admin&pay_no=20170217200040022100010042408995&pay_time=1487597795&status=2&tag=0&type=1example-key' | md5sum
//
// and likewise the document's PHP, which page_test.go shows.
const signature = "1264a2e8903a00bf9d88cfd306df0eed"

const payNo = "20170217200040022100010042408995"

// sample returns the document's callback under a signature that is right.
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

func TestParseNotificationReadsTheDocumentedCallback(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	n, err := client.ParseNotification(post(sample(t)))
	require.NoError(t, err)
	assert.Equal(t, "2017-02-20T21:36:35+08:00", n.PaidAt.Format(time.RFC3339))
	assert.Equal(t, &codepay.Notification{
		OrderNo: "admin",
		PayNo:   payNo,
		Channel: codepay.ChannelAlipay,
		Money:   money.Cents(10000),
		PaidAt:  n.PaidAt,
		Tag:     "0",
		State:   codepay.StateCompleted,
		Chart:   codepay.ChartUTF8,
		Raw: url.Values{
			"chart": {"utf-8"}, "money": {"100.00"}, "pay_id": {"admin"}, "pay_no": {payNo}, "pay_time": {"1487597795"},
			"status": {"2"}, "tag": {"0"}, "type": {"1"}, "sign": {signature},
		},
	}, n)
	assert.False(t, n.Differs(), "no price was sent")
	assert.Zero(t, mock.GetTotalCallCount(), "parsing asks nobody")

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
	require.ErrorIs(t, err, codepay.ErrInvalidSignature)
}

// Every documented parameter, and some that only deployments send. An empty one
// is not signed.
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
	assert.Equal(t, "99.99", n.Money.String())
	assert.Equal(t, "100.00", n.Price.String())
	assert.True(t, n.Differs())
	assert.Equal(t, "一本书 +1", n.Custom)
	assert.Equal(t, "3", n.Tag)
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
		require.ErrorIs(t, err, codepay.ErrInvalidSignature, name)
		changed.Del(name)
		_, err = client.VerifyNotification(changed)
		require.ErrorIs(t, err, codepay.ErrInvalidSignature, name)
	}
	values.Set("surplus", "1")
	_, err = client.VerifyNotification(values)
	require.ErrorIs(t, err, codepay.ErrInvalidSignature)
}

func TestParseNotificationReadsGBK(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// printf %s 'chart=gb2312&money=100.00&param=中文&pay_id=用户&pay_no=20170217200040022100010042408995&type=1example-key' | iconv -t GBK | md5sum
	form := "chart=gb2312&money=100.00&param=%D6%D0%CE%C4&pay_id=%D3%C3%BB%A7&pay_no=" + payNo + "&type=1&sign=eee6cd99c04fc9378ab071cc7051987b"
	n, err := client.ParseNotification(post(form))
	require.NoError(t, err)
	assert.Equal(t, "中文", n.Custom)
	assert.Equal(t, "用户", n.OrderNo)
	assert.Equal(t, "\xd6\xd0\xce\xc4", n.Raw.Get("param"), "as it came")

	// The same bytes are no text under another chart, and a signature says nothing
	// of that.
	for _, chart := range []string{"utf-8", "big5", ""} {
		values := url.Values{"chart": {chart}, "money": {"1.00"}, "pay_id": {"1"}, "pay_no": {"2"}, "param": {"\xd6\xd0"}}
		_, err = client.VerifyNotification(signed(t, values))
		require.ErrorIs(t, err, codepay.ErrInvalidNotification, chart)
	}
	for _, chart := range []string{"gb2312", "GBK", "gbk"} {
		values := url.Values{"chart": {chart}, "money": {"1.00"}, "pay_id": {"1"}, "pay_no": {"2"}, "param": {"\xd6\xd0"}}
		n, err := client.VerifyNotification(signed(t, values))
		require.NoError(t, err, chart)
		assert.Equal(t, "中", n.Custom)
		values.Set("param", "\xff\xff")
		_, err = client.VerifyNotification(signed(t, values))
		require.ErrorIs(t, err, codepay.ErrInvalidNotification, "not GBK")
	}
}

// signed puts a right signature on values, for what is refused whatever its
// signature. That the signature itself is right the golden ones show.
func signed(t *testing.T, values url.Values) url.Values {
	t.Helper()
	signature, err := sign.MD5SortedValues(sign.NewSecret(secret), values)
	require.NoError(t, err)
	values.Set("sign", signature.String())
	return values
}

func TestParseNotificationRefuses(t *testing.T) {
	t.Parallel()
	good := sample(t)
	without := func(name string) string {
		values, err := url.ParseQuery(good)
		require.NoError(t, err)
		values.Del(name)
		return values.Encode()
	}
	withSign := func(sign string) string { return strings.Replace(good, signature, sign, 1) }
	tests := map[string]struct {
		request *http.Request
		want    error
	}{
		"wrong sign":                {post(withSign("00" + signature[2:])), codepay.ErrInvalidSignature},
		"empty sign":                {post(withSign("")), codepay.ErrInvalidSignature},
		"missing sign":              {post(without("sign")), codepay.ErrInvalidSignature},
		"over-long sign":            {post(good + "0"), codepay.ErrInvalidSignature},
		"sign cut":                  {post(good[:len(good)-1]), codepay.ErrInvalidSignature},
		"sign in base64":            {post(withSign("EmSi6JA6AL+diM/TBt8O7Q==")), codepay.ErrInvalidSignature},
		"another amount":            {post(strings.Replace(good, "money=100.00", "money=900.00", 1)), codepay.ErrInvalidSignature},
		"re-cut by &":               {post(strings.Replace(good, "&pay_no=", "%26pay_no%3D", 1)), codepay.ErrInvalidNotification},
		"re-cut by & in a name":     {post(strings.Replace(good, "money=100.00&pay_id", "money%3D100.00%26pay_id", 1)), codepay.ErrInvalidNotification},
		"repeated money":            {post(good + "&money=900.00"), codepay.ErrInvalidNotification},
		"repeated sign":             {post(good + "&sign=" + signature), codepay.ErrInvalidNotification},
		"repeated, in the query":    {get(good + "&money=900.00"), codepay.ErrInvalidNotification},
		"invalid encoding":          {post(good + "&a=%zz"), codepay.ErrInvalidNotification},
		"half an encoding":          {post(good + "&a=%e"), codepay.ErrInvalidNotification},
		"empty body":                {post(""), codepay.ErrInvalidNotification},
		"empty query":               {get(""), codepay.ErrInvalidNotification},
		"ten thousand parameters":   {post(good + manyFields(10000)), codepay.ErrInvalidNotification},
		"ten thousand in a query":   {get(good + manyFields(10000)), codepay.ErrInvalidNotification},
		"1 MiB in one parameter":    {post(good + "&a=" + strings.Repeat("1", 1<<20)), codepay.ErrInvalidNotification},
		"nearly 1 MiB":              {post(good + "&a=" + strings.Repeat("1", 1<<20-300)), codepay.ErrInvalidSignature},
		"1 MiB in a query":          {get(good + "&a=" + strings.Repeat("1", 1<<20)), codepay.ErrInvalidNotification},
		"JSON":                      {jsonRequest(), codepay.ErrInvalidNotification},
		"a method not used":         {httptest.NewRequest("PUT", "/notify", strings.NewReader(good)), codepay.ErrInvalidNotification},
		"a POST with its query":     {httptest.NewRequest("POST", "/notify?"+good, strings.NewReader("a=1")), codepay.ErrInvalidSignature},
		"body shorter than it says": {cut(good), codepay.ErrInvalidNotification},
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

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&a%d=1", i)
	}
	return b.String()
}

func jsonRequest() *http.Request {
	r := httptest.NewRequest("POST", "/notify", strings.NewReader(`{"pay_no":"1"}`))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// cut breaks off before the announced length, as net/http's server reports it.
func cut(body string) *http.Request {
	r := post("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), brokenOff{}))
	r.ContentLength = int64(len(body)) + 100
	return r
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What is of the wrong shape is refused even under a right signature.
func TestVerifyNotificationRefusesTheWrongShape(t *testing.T) {
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
		"odd price":           {"price", "free", "price must be"},
		"odd type":            {"type", "alipay", "type must be a whole number"},
		"odd status":          {"status", "paid", "status must be a whole number"},
		"odd time":            {"pay_time", "today", "pay_time must be a whole number"},
		"huge time":           {"pay_time", strings.Repeat("9", 30), "pay_time must be a whole number"},
		"NUL in param":        {"param", "a\x00b", "without control characters"},
		"NUL in an unknown":   {"other", "a\x00b", "without control characters"},
		"line break":          {"pay_id", "a\nb", "without control characters"},
		"not UTF-8":           {"param", "\xff", "text in the encoding of chart"},
		"not UTF-8 elsewhere": {"other", "\xc3\x28", "text in the encoding of chart"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(sample(t))
			require.NoError(t, err)
			values.Set(test.name, test.value)
			n, err := client.VerifyNotification(signed(t, values))
			require.ErrorIs(t, err, codepay.ErrInvalidNotification)
			require.NotErrorIs(t, err, codepay.ErrInvalidSignature)
			assert.ErrorContains(t, err, test.says)
			assert.Nil(t, n)
		})
	}
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	values.Set("a\x00b", "1")
	_, err = client.VerifyNotification(signed(t, values))
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)
}

func TestVerifyNotificationRefusesWhatAFrameworkLetThrough(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	values["money"] = []string{"100.00", "900.00"}
	_, err = client.VerifyNotification(values)
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)

	many, err := url.ParseQuery(sample(t) + manyFields(10000))
	require.NoError(t, err)
	_, err = client.VerifyNotification(many)
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)

	_, err = client.VerifyNotification(nil)
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)
	require.ErrorContains(t, err, "the body was already read")
}

// A param that hides parameters: the document's own PHP joins both to one text.
func TestAnInjectedParameterIsRefused(t *testing.T) {
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
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)
	assert.ErrorIs(t, err, sign.ErrAmbiguous)
}

// The payer sees the signature of a cashier page.
func TestACreateIsNoCallback(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.CashierURL(full())
	require.NoError(t, err)
	u, err := url.Parse(page)
	require.NoError(t, err)
	_, err = client.ParseNotification(get(u.RawQuery))
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)
	for _, more := range []string{"&pay_no=1", "&money=900.00", "&pay_no=1&money=900.00"} {
		_, err = client.ParseNotification(get(u.RawQuery + more))
		require.ErrorIs(t, err, codepay.ErrInvalidSignature)
	}
}

func TestNotificationIsPrintedWithoutWhatItCarries(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	n, err := client.ParseNotification(post(sample(t)))
	require.NoError(t, err)
	const want = "codepay notification of payment " + payNo + ": 100.00 yuan by 1 (Alipay)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.Equal(t, want, fmt.Sprintf(verb, n))
		assert.Equal(t, want, fmt.Sprintf(verb, *n))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "n", n)
	assert.NotContains(t, log.String(), signature)
	assert.NotContains(t, log.String(), "admin")
}

// handle sends one callback to a handler whose gateway answers with confirm;
// without confirm the client has no token.
func handle(t *testing.T, r *http.Request, confirm httpmock.Responder, accept func(context.Context, *codepay.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	var log bytes.Buffer
	c := config()
	c.HTTPClient = &http.Client{Transport: mock}
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if confirm != nil {
		mock.RegisterResponder("GET", queryURL, confirm)
		c.Token = sign.NewSecret(token)
	}
	client, err := codepay.New(c)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	client.NotificationHandler(accept).ServeHTTP(w, r)
	return w, log.String()
}

// orderIDSignature is that of withOrderID:
//
// printf %s 'chart=utf-8&money=100.00&order_id=888888888&pay_id=admin&pay_no=20170217200040022100010042408995&pay_time=1487597795&status=2&tag=0&type=1example-key' | md5sum
const orderIDSignature = "0ae26d9856f320d144a397704737e952"

// withOrderID is the document's callback with the gateway's number of the order.
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
		"by signature":               {post(sample(t)), nil, false},
		"by GET":                     {get(sample(t)), nil, false},
		"without a token":            {post(withOrderID(t)), nil, false},
		"without an order ID":        {post(sample(t)), answer(`{"status":-1}`), false},
		"confirmed":                  {post(withOrderID(t)), answer(`{"status":1,"msg":"ok"}`), true},
		"confirmed, another status":  {post(withOrderID(t)), answer(`{"status":2,"msg":"ok"}`), true},
		"after a framework's parser": {parsed(t, post(sample(t))), nil, false},
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
			assert.Equal(t, payNo, got.PayNo)
			assert.Equal(t, test.confirmed, got.Order != nil)
		})
	}
}

func parsed(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	require.NoError(t, r.ParseForm())
	return r
}

func TestNotificationHandlerRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request *http.Request
		confirm httpmock.Responder
		status  int
	}{
		"forged sign":        {post(strings.Replace(sample(t), signature, strings.Repeat("0", 32), 1)), nil, 403},
		"tampered money":     {post(strings.Replace(sample(t), "money=100.00", "money=900.00", 1)), nil, 403},
		"re-cut":             {post(strings.Replace(sample(t), "&pay_no=", "%26pay_no%3D", 1)), nil, 400},
		"other method":       {httptest.NewRequest("PUT", "/notify", nil), nil, 405},
		"too long":           {post(strings.Repeat("a", 1<<20+1)), nil, 413},
		"broken off":         {cut(sample(t)), nil, 400},
		"unpaid there":       {post(withOrderID(t)), answer(`{"status":0}`), 409},
		"unknown there":      {post(withOrderID(t)), answer(`{"status":-1,"msg":"no"}`), 409},
		"token is wrong":     {post(withOrderID(t)), answer(`{"status":-6,"msg":"token error"}`), 502},
		"gateway is down":    {post(withOrderID(t)), httpmock.NewErrorResponder(io.ErrUnexpectedEOF), 502},
		"gateway sends HTML": {post(withOrderID(t)), answer("<html>"), 502},
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
			assert.Contains(t, log, "callback not accepted")
			for _, hidden := range []string{signature, orderIDSignature, secret, token, "admin"} {
				assert.NotContains(t, log, hidden)
			}
		})
	}
}

func TestNotificationHandlerWhenTheMerchantFails(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{errors.New("database is down"), codepay.ErrInvalidSignature} {
		w, log := handle(t, post(sample(t)), nil, func(context.Context, *codepay.Notification) error { return cause })
		assert.Equal(t, 500, w.Code)
		assert.Equal(t, "fail", w.Body.String())
		assert.Contains(t, log, cause.Error())
	}
}

// A real server and a sender that announces more than it sends.
func TestABodyAnnouncedLongerThanItIs(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	shop := httptest.NewServer(client.NotificationHandler(func(context.Context, *codepay.Notification) error {
		t.Error("the merchant's function ran")
		return nil
	}))
	defer shop.Close()
	connection, err := net.Dial("tcp", shop.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	body := sample(t)
	_, err = fmt.Fprintf(connection, "POST /notify HTTP/1.1\r\nHost: shop.example.com\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body)+1, body)
	require.NoError(t, err)
	require.NoError(t, connection.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, 400, response.StatusCode)
	reply, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "fail", string(reply))
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", queryURL, answer(`{"status":1,"msg":"ok"}`).Then(answer(`{"status":0,"msg":"no"}`)).Then(answer(`{"status":-1,"msg":"no"}`)))
	n := &codepay.Notification{OrderID: "888888888", PayNo: payNo}
	order, err := client.ConfirmNotification(t0(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n.Order = nil
	_, err = client.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, codepay.ErrNotConfirmed)
	require.EqualError(t, err, "codepay: confirm notification: not confirmed by the gateway: do not credit it: the gateway says state 0 (unpaid)")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, codepay.ErrNotConfirmed)
	require.ErrorIs(t, err, codepay.ErrOrderNotFound)

	_, err = client.ConfirmNotification(t0(), nil)
	require.ErrorIs(t, err, codepay.ErrInvalidNotification)
	_, err = client.ConfirmNotification(t0(), &codepay.Notification{PayNo: payNo})
	require.EqualError(t, err, "codepay: invalid notification: order_id is missing, so the gateway cannot be asked")

	bare, err := codepay.New(config())
	require.NoError(t, err)
	_, err = bare.ConfirmNotification(t0(), n)
	require.ErrorIs(t, err, codepay.ErrInvalidConfig)
}

func TestOneHandlerForManyConnections(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	var accepted atomic.Int64
	handler := client.NotificationHandler(func(context.Context, *codepay.Notification) error { accepted.Add(1); return nil })
	body := sample(t)
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post(body))
			assert.Equal(t, "success", w.Body.String())
		}()
	}
	all.Wait()
	assert.EqualValues(t, 20, accepted.Load())
}

// BenchmarkCallback compares the handler with one that only parses the form.
func BenchmarkCallback(b *testing.B) {
	client, err := codepay.New(config())
	require.NoError(b, err)
	handlers := map[string]http.Handler{
		"floor": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ParseForm() == nil {
				_, _ = io.WriteString(w, "success")
			}
		}),
		"codepay": client.NotificationHandler(func(context.Context, *codepay.Notification) error { return nil }),
	}
	body := []byte(sample(b))
	for _, name := range []string{"floor", "codepay"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("POST", "/notify", nil)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.ContentLength = int64(len(body))
			reader := bytes.NewReader(nil)
			closer := io.NopCloser(reader)
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for range b.N {
				reader.Reset(body)
				r.Body, r.Form, r.PostForm = closer, nil, nil
				w.n = 0
				handlers[name].ServeHTTP(w, r)
				if w.n != len("success") {
					b.Fatal("not accepted")
				}
			}
		})
	}
}

type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

func (d *discard) WriteString(s string) (int, error) {
	d.n += len(s)
	return len(s), nil
}
