package gatepay_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
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

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const (
	// The signature as in TestCreatesSendTheDocumentedForm, $1 being
	// 098f6bcd4621d373cade4e832627b4f6522ORD11.881.88alipay1556614084terry
	notifySignature = "d9b5b3e8653efe870f2ff886e2a12bef"

	// The callback in the order of the document's table.
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
	assert.Equal(t, "terry", n.Custom)
	assert.Nil(t, n.Order)
	assert.Len(t, n.Raw, 8)
	assert.Zero(t, mock.GetTotalCallCount(), "parsing asks nobody")
}

// The current document says POST, an older edition GET; the provider's PHP sample
// also receives an appkey; a framework may have parsed the form before.
func TestParseNotificationHoweverItComes(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	parsed := post(notifyForm)
	require.NoError(t, parsed.ParseForm())
	multi := &bytes.Buffer{}
	writer := multipart.NewWriter(multi)
	values, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	for name, all := range values {
		require.NoError(t, writer.WriteField(name, all[0]))
	}
	require.NoError(t, writer.Close())
	multiRequest := httptest.NewRequest("POST", "/notify", multi)
	multiRequest.Header.Set("Content-Type", writer.FormDataContentType())
	for name, r := range map[string]*http.Request{
		"GET":            httptest.NewRequest("GET", "/notify?"+notifyForm, nil),
		"form parsed":    parsed,
		"multipart":      multiRequest,
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
	assert.Equal(t, values, n.Raw)
}

func TestParseNotificationKeepsOtherAmountsAndText(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	// $1: 098f6bcd4621d373cade4e832627b4f6522ORD11.881.85alipay15566140841user@example.com
	n, err := client.ParseNotification(post("order_id=522&out_order_id=ORD1&price=1.88&realprice=1.85&type=alipay" +
		"&paytime=1556614084&extend=1user%40example.com&sign=9b8e365cbf61609b6709274abbe7571d"))
	require.NoError(t, err)
	assert.Equal(t, money.Cents(188), n.Amount)
	assert.Equal(t, money.Cents(185), n.PaidAmount)
	assert.Equal(t, "1user@example.com", n.Custom)
}

// What the signature cannot tell apart passes the bare check: that is why the
// handler asks the gateway. What the shapes can tell apart is refused by them.
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
	for name, form := range map[string]string{
		"price to realprice":       replace("price=1.88&realprice=1.88", "price=1.8&realprice=81.88"),
		"realprice to price":       replace("price=1.88&realprice=1.88", "price=1.881&realprice=.88"),
		"paytime to extend":        replace("paytime=1556614084&extend=terry", "paytime=155661408&extend=4terry"),
		"type to paytime":          replace("type=alipay&paytime=1556614084", "type=alipa&paytime=y1556614084"),
		"order number to order_id": replace("=522", "=522O", "=ORD1", "=RD1"),
		"price to order number":    replace("=ORD1", "=ORD11", "price=1.88&real", "price=.88&real"),
		"all before the price":     replace("=522", "=5", "=ORD1", "=22ORD11.88", "price=1.88&real", "price=&real"),
	} {
		_, err := client.ParseNotification(post(form))
		require.ErrorIs(t, err, gatepay.ErrInvalidNotification, name)
	}
}

func TestParseNotificationRefuses(t *testing.T) {
	t.Parallel()
	replace := func(oldNew ...string) string { return strings.NewReplacer(oldNew...).Replace(notifyForm) }
	tests := map[string]struct {
		form string
		want error
	}{
		"wrong sign":           {replace("sign=d9", "sign=00"), gatepay.ErrInvalidSignature},
		"empty sign":           {replace(notifySignature, ""), gatepay.ErrInvalidSignature},
		"missing sign":         {replace("&sign="+notifySignature, ""), gatepay.ErrInvalidSignature},
		"over-long sign":       {notifyForm + "0", gatepay.ErrInvalidSignature},
		"enormous sign":        {notifyForm + strings.Repeat("0", 1<<19), gatepay.ErrInvalidSignature},
		"sign cut":             {notifyForm[:len(notifyForm)-1], gatepay.ErrInvalidSignature},
		"sign in base64":       {replace(notifySignature, "2bWz6GU+/ocPL/iG4qEr7w=="), gatepay.ErrInvalidSignature},
		"another order":        {replace("ORD1", "ORD2"), gatepay.ErrInvalidSignature},
		"another price":        {replace("price=1.88&real", "price=9.88&real"), gatepay.ErrInvalidSignature},
		"another realprice":    {replace("realprice=1.88", "realprice=9.88"), gatepay.ErrInvalidSignature},
		"another type":         {replace("alipay", "wechat"), gatepay.ErrInvalidSignature},
		"another time":         {replace("1556614084", "1556614085"), gatepay.ErrInvalidSignature},
		"another custom":       {replace("terry", "mary"), gatepay.ErrInvalidSignature},
		"another order_id":     {replace("522", "523"), gatepay.ErrInvalidSignature},
		"sign of the return":   {replace(notifySignature, returnSignature), gatepay.ErrInvalidSignature},
		"another appkey":       {notifyForm + "&appkey=ffffffffffffffffffffffffffffffff", gatepay.ErrInvalidNotification},
		"empty appkey":         {notifyForm + "&appkey=", gatepay.ErrInvalidNotification},
		"repeated price":       {notifyForm + "&price=1.88", gatepay.ErrInvalidNotification},
		"repeated sign":        {notifyForm + "&sign=" + notifySignature, gatepay.ErrInvalidNotification},
		"repeated unknown":     {notifyForm + "&a=1&a=1", gatepay.ErrInvalidNotification},
		"no order_id":          {replace("order_id=522&", ""), gatepay.ErrInvalidNotification},
		"order_id a word":      {replace("=522", "=x22"), gatepay.ErrInvalidNotification},
		"order_id with 0":      {replace("=522", "=0522"), gatepay.ErrInvalidNotification},
		"order_id negative":    {replace("=522", "=-522"), gatepay.ErrInvalidNotification},
		"order_id too long":    {replace("=522", "="+strings.Repeat("5", 21)), gatepay.ErrInvalidNotification},
		"no order number":      {replace("ORD1", ""), gatepay.ErrInvalidNotification},
		"order number a path":  {replace("ORD1", "../1"), gatepay.ErrInvalidNotification},
		"NUL in order number":  {replace("ORD1", "ORD1%00"), gatepay.ErrInvalidNotification},
		"not UTF-8 in number":  {replace("ORD1", "%ff"), gatepay.ErrInvalidNotification},
		"no price":             {replace("price=1.88&real", "price=&real"), gatepay.ErrInvalidNotification},
		"price of nothing":     {replace("price=1.88&real", "price=0.00&real"), gatepay.ErrInvalidNotification},
		"paid nothing":         {replace("realprice=1.88", "realprice=0.00"), gatepay.ErrInvalidNotification},
		"price an integer":     {replace("price=1.88&real", "price=188&real"), gatepay.ErrInvalidNotification},
		"price one decimal":    {replace("price=1.88&real", "price=1.8&real"), gatepay.ErrInvalidNotification},
		"price one digit":      {replace("price=1.88&real", "price=8&real"), gatepay.ErrInvalidNotification},
		"price five digits":    {replace("price=1.88&real", "price=18888&real"), gatepay.ErrInvalidNotification},
		"price 11.8":           {replace("price=1.88&real", "price=11.8&real"), gatepay.ErrInvalidNotification},
		"price three decimals": {replace("price=1.88&real", "price=1.880&real"), gatepay.ErrInvalidNotification},
		"price with 0 before":  {replace("price=1.88&real", "price=01.88&real"), gatepay.ErrInvalidNotification},
		"price no digit":       {replace("price=1.88&real", "price=.88&real"), gatepay.ErrInvalidNotification},
		"price negative":       {replace("price=1.88&real", "price=-1.88&real"), gatepay.ErrInvalidNotification},
		"price with exponent":  {replace("price=1.88&real", "price=1e.88&real"), gatepay.ErrInvalidNotification},
		"price enormous":       {replace("price=1.88&real", "price="+strings.Repeat("9", 1000)+".88&real"), gatepay.ErrInvalidNotification},
		"realprice":            {replace("realprice=1.88", "realprice=NaN"), gatepay.ErrInvalidNotification},
		"type":                 {replace("alipay", "qq"), gatepay.ErrInvalidNotification},
		"no paytime":           {replace("1556614084", ""), gatepay.ErrInvalidNotification},
		"paytime a date":       {replace("1556614084", "2019-04-30"), gatepay.ErrInvalidNotification},
		"paytime with a sign":  {replace("1556614084", "%2B556614084"), gatepay.ErrInvalidNotification},
		"paytime milliseconds": {replace("1556614084", "1556614084000"), gatepay.ErrInvalidNotification},
		"NUL in extend":        {replace("terry", "terry%00"), gatepay.ErrInvalidNotification},
		"not UTF-8 in extend":  {replace("terry", "%ff%fe"), gatepay.ErrInvalidNotification},
		"extend too long":      {replace("terry", strings.Repeat("a", 1025)), gatepay.ErrInvalidNotification},
		"invalid encoding":     {notifyForm + "&a=%zz", gatepay.ErrInvalidNotification},
		"encoding cut":         {notifyForm + "&a=%f", gatepay.ErrInvalidNotification},
		"empty":                {"", gatepay.ErrInvalidNotification},
		"ten thousand fields":  {notifyForm + manyFields(10000), gatepay.ErrInvalidNotification},
		"1 MiB of fields":      {notifyForm + manyFields(1<<20/8), gatepay.ErrInvalidNotification},
		"more than 1 MiB":      {notifyForm + "&a=" + strings.Repeat("a", 1<<20), gatepay.ErrInvalidNotification},
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

func manyFields(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "&a%d=1", i)
	}
	return b.String()
}

func TestParseNotificationRefusesOtherRequests(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	text := post(notifyForm)
	text.Header.Set("Content-Type", "application/json")
	read := post(notifyForm)
	_, _ = io.Copy(io.Discard, read.Body)
	for name, r := range map[string]*http.Request{
		"PUT":                httptest.NewRequest("PUT", "/notify", strings.NewReader(notifyForm)),
		"JSON":               text,
		"body read before":   read,
		"no body":            httptest.NewRequest("POST", "/notify?"+notifyForm, nil),
		"query of a POST":    post(""),
		"NUL bytes":          post(strings.Repeat("\x00", 100)),
		"a body of & and =":  post(strings.Repeat("&=", 100)),
		"invalid UTF-8 text": post("\xff\xfe=\xff"),
	} {
		n, err := client.ParseNotification(r)
		require.ErrorIs(t, err, gatepay.ErrInvalidNotification, name)
		assert.Nil(t, n)
	}
	repeated, err := url.ParseQuery(notifyForm + "&price=9.88")
	require.NoError(t, err)
	_, err = client.VerifyNotification(repeated)
	require.ErrorIs(t, err, gatepay.ErrInvalidNotification)
	for _, values := range []url.Values{nil, {}, {"appkey": nil}, {"appkey": {}}} {
		_, err = client.VerifyNotification(values)
		require.ErrorIs(t, err, gatepay.ErrInvalidNotification)
	}
}

// A body that is announced longer than it is ends the connection early.
func TestParseNotificationWithABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	server := httptest.NewServer(client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
		t.Error("the merchant's function ran")
		return nil
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /notify HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(notifyForm)+100, notifyForm)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, 400, response.StatusCode)
	assert.Equal(t, "fail", string(body))
}

func TestParseNotificationLeavesTheBodyReadable(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	r := post(notifyForm)
	_, err := client.ParseNotification(r)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, notifyForm, string(body))
}

func TestNotificationIsPrintedWithoutItsSignature(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	n, err := client.ParseNotification(post(notifyForm))
	require.NoError(t, err)
	n.Order = &gatepay.Order{OrderNo: "ORD1"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "n", n, "order", n.Order)
	texts := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		texts = append(texts, fmt.Sprintf(verb, n), fmt.Sprintf(verb, *n))
	}
	for _, text := range texts {
		assert.NotContains(t, text, notifySignature)
		assert.NotContains(t, text, "terry")
		assert.Contains(t, text, "gatepay notification for order ORD1: 1.88 yuan")
	}
}

// handle sends one callback to a handler whose gateway answers with confirm.
func handle(t *testing.T, r *http.Request, confirm httpmock.Responder, accept func(context.Context, *gatepay.Notification) error) (*httptest.ResponseRecorder, string) {
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
	client.NotificationHandler(accept).ServeHTTP(w, r)
	return w, log.String()
}

func TestNotificationHandlerAcceptsAConfirmedPayment(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"paid", "unsettled", "settled"} {
		for _, r := range []*http.Request{post(notifyForm), httptest.NewRequest("GET", "/notify?"+notifyForm, nil)} {
			var got *gatepay.Notification
			w, _ := handle(t, r, httpmock.NewStringResponder(200, checkAnswer("522", "1.88", state)),
				func(_ context.Context, n *gatepay.Notification) error { got = n; return nil })
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, "success", w.Body.String())
			require.NotNil(t, got)
			assert.Equal(t, "ORD1", got.OrderNo)
			assert.Equal(t, "1.88", got.Order.Amount.String())
			assert.True(t, got.Order.Paid())
		}
	}
}

func TestNotificationHandlerRefuses(t *testing.T) {
	t.Parallel()
	answer := func(body string) httpmock.Responder { return httpmock.NewStringResponder(200, body) }
	paid := answer(checkAnswer("522", "1.88", "paid"))
	tests := map[string]struct {
		form    string
		confirm httpmock.Responder
		status  int
	}{
		"forged sign":        {strings.Replace(notifyForm, "sign=d9", "sign=00", 1), paid, 403},
		"no parameters":      {"a=1", paid, 400},
		"too long":           {strings.Repeat("a", 2<<20), paid, 413},
		"not paid":           {notifyForm, answer(checkAnswer("522", "1.88", "inprogress")), 409},
		"expired":            {notifyForm, answer(checkAnswer("522", "1.88", "expired")), 409},
		"unknown state":      {notifyForm, answer(checkAnswer("522", "1.88", "success")), 409},
		"another id":         {notifyForm, answer(checkAnswer("523", "1.88", "paid")), 409},
		"another price":      {notifyForm, answer(checkAnswer("522", "11.88", "paid")), 409},
		"unknown order":      {notifyForm, answer(`{"code":201,"msg":"订单不存在","data":[]}`), 409},
		"key expired":        {notifyForm, answer(`{"code":103,"msg":"秘钥已过期"}`), 502},
		"gateway is down":    {notifyForm, httpmock.NewErrorResponder(io.ErrUnexpectedEOF), 502},
		"gateway is busy":    {notifyForm, httpmock.NewStringResponder(503, "busy"), 502},
		"gateway sends HTML": {notifyForm, answer("<html>"), 502},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := handle(t, post(test.form), test.confirm, func(context.Context, *gatepay.Notification) error {
				t.Error("the merchant's function ran")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "callback not accepted")
			for _, hidden := range []string{notifySignature, secret, appKey, "terry"} {
				assert.NotContains(t, log, hidden)
			}
		})
	}
}

// One genuine callback, cut into another order's: its signature is right, and the
// handler refuses it whatever the gateway knows of that order.
func TestNotificationHandlerRefusesARecutCallback(t *testing.T) {
	t.Parallel()
	form := recut["a digit of the order number to the price"]
	bare, _ := setup(t)
	_, err := bare.ParseNotification(post(form))
	require.NoError(t, err, "the bare signature check takes it")
	for name, answer := range map[string]string{
		"no such order":            `{"code":201,"msg":"订单不存在","data":""}`,
		"the attacker's own order": checkAnswer("523", "11.88", "inprogress"),
		"an order that is paid":    checkAnswer("523", "11.88", "paid"),
		"of another price":         checkAnswer("522", "1.88", "paid"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", recutCheckURL, httpmock.NewStringResponder(200, answer))
			w := httptest.NewRecorder()
			client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
				t.Error("the merchant's function ran")
				return nil
			}).ServeHTTP(w, post(form))
			assert.Equal(t, 409, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
}

func TestNotificationHandlerWhenTheMerchantFails(t *testing.T) {
	t.Parallel()
	paid := httpmock.NewStringResponder(200, checkAnswer("522", "1.88", "paid"))
	w, log := handle(t, post(notifyForm), paid,
		func(context.Context, *gatepay.Notification) error { return errors.New("database is down") })
	assert.Equal(t, 500, w.Code)
	assert.Equal(t, "fail", w.Body.String())
	assert.Contains(t, log, "database is down")

	// A gateway's own error inside the merchant's is still the merchant's.
	w, _ = handle(t, post(notifyForm), paid,
		func(context.Context, *gatepay.Notification) error { return gatepay.ErrInvalidSignature })
	assert.Equal(t, 500, w.Code)
}

func TestNotificationHandlerOtherMethod(t *testing.T) {
	t.Parallel()
	w, _ := handle(t, httptest.NewRequest("PUT", "/notify", strings.NewReader(notifyForm)), nil,
		func(context.Context, *gatepay.Notification) error { return nil })
	assert.Equal(t, 405, w.Code)
	assert.Equal(t, "fail", w.Body.String())
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", notifyCheckURL, httpmock.NewStringResponder(200, checkAnswer("522", "1.88", "paid")))
	n := &gatepay.Notification{OrderNo: "ORD1", OrderID: "522", Amount: money.Cents(188)}
	order, err := client.ConfirmNotification(context.Background(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n = &gatepay.Notification{OrderNo: "ORD1", OrderID: "522", Amount: money.Cents(189)}
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, gatepay.ErrNotConfirmed)
	require.EqualError(t, err, "gatepay: confirm notification: not confirmed by the gateway: do not credit it: the gateway says 1.88 yuan, the notification 1.89")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(context.Background(), nil)
	require.ErrorIs(t, err, gatepay.ErrInvalidNotification)
	_, err = client.ConfirmNotification(context.Background(), &gatepay.Notification{})
	require.ErrorIs(t, err, gatepay.ErrInvalidRequest)

	mock.RegisterResponder("GET", notifyCheckURL, httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在"}`))
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, gatepay.ErrNotConfirmed)
	require.ErrorIs(t, err, gatepay.ErrOrderNotFound)
}

func TestOneHandlerForManyConnections(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", notifyCheckURL, httpmock.NewStringResponder(200, checkAnswer("522", "1.88", "paid")))
	var accepted atomic.Int64
	handler := client.NotificationHandler(func(context.Context, *gatepay.Notification) error { accepted.Add(1); return nil })
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post(notifyForm))
			assert.Equal(t, "success", w.Body.String())
		}()
	}
	all.Wait()
	assert.EqualValues(t, 20, accepted.Load())
}

// Verifying copies nothing: it makes the Notification and no more.
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
	assert.LessOrEqual(t, allocations, 1.0)
}
