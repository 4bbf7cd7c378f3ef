package gatepay_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/sign"
)

func fuzzClient(f *testing.F, gateway *samples.Gateway) *gatepay.Client {
	f.Helper()
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: gateway},
	})
	require.NoError(f, err)
	return client
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// The fields of a notification and of a return, in the order in which they are signed.
var (
	notifyFields = []string{"order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend"}
	returnFields = []string{"price", "type", "product_id", "order_id", "out_order_id"}
)

func joined(values url.Values, fields []string) string {
	text := ""
	for _, field := range fields {
		text += values.Get(field)
	}
	return text
}

// rightSign is a signature by crypto/md5, not by package sign.
func rightSign(values url.Values, fields []string) string {
	return md5Hex(md5Hex(appKey+joined(values, fields)) + secret)
}

var shapes = map[string]*regexp.Regexp{
	"order_id":     regexp.MustCompile(`^(0|[1-9][0-9]{0,19})$`),
	"out_order_id": regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`),
	"price":        regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]{1,2}0*)?$`),
	"realprice":    regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]{1,2}0*)?$`),
	"type":         regexp.MustCompile(`^(alipay|wechat)$`),
	"paytime":      regexp.MustCompile(`^([1-9][0-9]{9}|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})$`),
	"extend":       regexp.MustCompile(`(?s)^.*$`),
	"product_id":   regexp.MustCompile(`^[0-9]{0,20}$`),
}

func isShaped(values url.Values, fields []string) bool {
	for _, field := range fields {
		text := values.Get(field)
		switch {
		case !shapes[field].MatchString(text):
			return false
		case field == "paytime" && len(text) == len(time.DateTime):
			if _, err := time.Parse(time.DateTime, text); err != nil {
				return false
			}
		case strings.HasSuffix(field, "price") && (samples.Hundredths(text).Sign() <= 0 || !samples.Hundredths(text).Num().IsInt64()):
			return false
		}
	}
	return true
}

// With a valid signature a notification is handled if each field has its shape, without
// one never. A changed byte makes it invalid. Another cut of the same text moves digits
// between the first four fields only. It names another order or another price, so that
// confirmation rejects it; and another order number begins with a digit if the order number
// begins and ends with something else.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("522", "ORD1", "1.88", "1.88", "alipay", "1556614084", "terry", notifySignature, uint16(3), byte(1), []byte{0, 1})
	f.Add("522", "ORD1", "1.88", "1.85", "wechat", "1556614084", "1user@example.com", "", uint16(9), byte(0), []byte{1})
	f.Add("52", "2ORD", "11.88", "1.88", "alipay", "1556614084", "", notifySignature, uint16(0), byte(0x80), []byte{255, 2})
	f.Add("1", "S20191118123424E", "0.01", "0.01", "alipay", "9999999999", "订单", "0", uint16(30), byte(7), []byte{2, 254, 1, 1, 1, 1})
	f.Add("522", "ORD1", "1", "1.5", "alipay", "1556614084", "7", "", uint16(2), byte(1), []byte{2, 3, 3})
	f.Add("522", "ORD1", "11", "1", "wechat", "2019-04-30 16:48:04", "\xff\x00&quot;", "", uint16(2), byte(1), []byte{2, 2, 1})
	f.Add("522", "ORD1", "1.9", "0.010", "alipay", "1556614084", "0.1", "", uint16(2), byte(1), []byte{2, 2, 3})
	// In each of these one field is invalid.
	for _, odd := range []struct {
		field string
		texts []string
	}{
		{"order_id", []string{"", "01", "x", "123456789012345678901"}},
		{"out_order_id", []string{"", "a.b", "订单", strings.Repeat("a", 65)}},
		{"price", []string{"", "0.00", "0", "1.", "1.888", "01.00", "01", ".88", "92233720368547758.08"}},
		{"realprice", []string{"0.00", "00.10"}},
		{"type", []string{"", "qq"}},
		{"paytime", []string{"", "0556614084", "+155661408", "155661408", "15566140840", "2019-04-31 16:48:04", "2019-04-30"}},
	} {
		for _, text := range odd.texts {
			values := url.Values{
				"order_id": {"522"}, "out_order_id": {"ORD1"}, "price": {"1.88"}, "realprice": {"1.88"},
				"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"terry"}, odd.field: {text},
			}
			f.Add(values.Get("order_id"), values.Get("out_order_id"), values.Get("price"), values.Get("realprice"),
				values.Get("type"), values.Get("paytime"), values.Get("extend"), "", uint16(1), byte(1), []byte{3})
		}
	}
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, orderID, orderNo, price, realPrice, channel, payTime, extend, received string, at uint16, flip byte, moves []byte) {
		values := url.Values{
			"order_id": {orderID}, "out_order_id": {orderNo}, "price": {price}, "realprice": {realPrice},
			"type": {channel}, "paytime": {payTime}, "extend": {extend},
		}
		right := rightSign(values, notifyFields)
		values.Set("sign", right)
		n, err := client.VerifyNotification(values)
		require.Equal(t, err == nil, n != nil)
		if !isShaped(values, notifyFields) {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			return
		}
		require.NoError(t, err)
		require.Equal(t, []string{orderID, orderNo, channel}, []string{n.OrderID, n.OrderNo, string(n.Channel)})
		require.Equal(t, strings.ToValidUTF8(extend, "\uFFFD"), n.Attach)
		require.Equal(t, !utf8.ValidString(extend), len(n.Unread) > 0)
		require.True(t, samples.IsCents(n.Amount, price) && samples.IsCents(n.PaidAmount, realPrice))
		require.Contains(t, []string{fmt.Sprint(n.PaidAt.Unix()), n.PaidAt.Format(time.DateTime)}, payTime)
		require.Nil(t, n.Order)

		values.Set("sign", received)
		_, err = client.VerifyNotification(values)
		require.Equal(t, strings.EqualFold(strings.TrimRight(received, "\r\n\x00"), right), err == nil)
		values.Set("sign", right)

		field := notifyFields[int(at)%len(notifyFields)]
		if genuine := values.Get(field); genuine != "" {
			changed := []byte(genuine)
			changed[int(at)%len(changed)] ^= flip
			values.Set(field, string(changed))
			_, err = client.VerifyNotification(values)
			require.Equal(t, flip == 0, err == nil)
			values.Set(field, genuine)
		}

		other := recutBy(values, moves)
		n, err = client.VerifyNotification(other)
		if err != nil {
			return
		}
		require.Equal(t, joined(values, notifyFields), joined(other, notifyFields))
		for _, field := range notifyFields[4:] {
			require.Equal(t, values.Get(field), other.Get(field))
		}
		if first, last := orderNo[0], orderNo[len(orderNo)-1]; !isDigit(first) && !isDigit(last) && !isDigit(n.OrderNo[0]) {
			require.Equal(t, []string{orderID, orderNo}, []string{n.OrderID, n.OrderNo})
		}
		// What confirmation compares leaves one cut.
		if n.OrderID == orderID && n.OrderNo == orderNo && samples.IsCents(n.Amount, price) {
			require.Equal(t, values, other)
		}
	})
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// recutBy moves the ends of the fields by as many bytes as moves says, two at most.
func recutBy(values url.Values, moves []byte) url.Values {
	text, end, from := joined(values, notifyFields), 0, 0
	other := url.Values{"sign": values["sign"]}
	for i, field := range notifyFields {
		end += len(values.Get(field))
		to := end
		if i < len(moves) && i < len(notifyFields)-1 {
			to += int(moves[i])%5 - 2
		}
		to = min(max(to, from), len(text))
		other.Set(field, text[from:to])
		from = to
	}
	return other
}

// A return is checked in the same way. With two decimals its signature is never that of a
// notification: a return has one point, a notification two.
func FuzzVerifyReturn(f *testing.F) {
	f.Add("1.88", "alipay", "", "522", "ORD1", returnSignature, uint16(1), byte(1))
	f.Add("123.45", "wechat", "8", "1", "1-_", "", uint16(9), byte(0x20))
	f.Add("0.00", "alipay", "", "522", "ORD1", "", uint16(3), byte(0))
	f.Add("1.88", "qq", "", "522", "ORD1", "", uint16(3), byte(0))
	f.Add("1.88", "alipay", "x", "522", "ORD1", "", uint16(3), byte(0))
	f.Add("1.88", "alipay", "", "", "ORD1", "", uint16(3), byte(0))
	f.Add("1.88", "alipay", "", "522", "a.b", "", uint16(3), byte(0))
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, price, channel, productID, orderID, orderNo, received string, at uint16, flip byte) {
		values := url.Values{
			"price": {price}, "type": {channel}, "product_id": {productID}, "order_id": {orderID}, "out_order_id": {orderNo},
		}
		right := rightSign(values, returnFields)
		values.Set("sign", right)
		r, err := client.VerifyReturn(values)
		require.Equal(t, err == nil, r != nil)
		if !isShaped(values, returnFields) {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			return
		}
		require.NoError(t, err)
		require.Equal(t, []string{orderID, orderNo, productID, channel}, []string{r.OrderID, r.OrderNo, r.ProductID, string(r.Channel)})
		require.True(t, samples.IsCents(r.Amount, price))
		if len(price) > 3 && price[len(price)-3] == '.' {
			require.NotRegexp(t, notificationText, joined(values, returnFields))
		}

		values.Set("sign", received)
		_, err = client.VerifyReturn(values)
		require.Equal(t, strings.EqualFold(strings.TrimRight(received, "\r\n\x00"), right), err == nil)
		values.Set("sign", right)
		field := returnFields[int(at)%len(returnFields)]
		if genuine := values.Get(field); genuine != "" {
			changed := []byte(genuine)
			changed[int(at)%len(changed)] ^= flip
			values.Set(field, string(changed))
			_, err = client.ParseReturn(&http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: values.Encode()}})
			require.Equal(t, flip == 0, err == nil)
		}
	})
}

// notificationText is every text that can be cut into the fields of a notification with two
// decimals.
var notificationText = regexp.MustCompile(`^[0-9]{1,20}[A-Za-z0-9_-]{1,64}[0-9]+\.[0-9]{2}[0-9]+\.[0-9]{2}(alipay|wechat)[0-9]{10}`)

// said is a response as encoding/json decodes it.
type said struct {
	Code any             `json:"code"`
	Data json.RawMessage `json:"data"`
}

type saidOrder struct {
	OrderID    any `json:"order_id"`
	Price      any `json:"order_price"`
	State      any `json:"order_status"`
	PayPageURL any `json:"pay_url"`
}

func read(t *testing.T, response []byte) (code string, order saidOrder) {
	t.Helper()
	var s said
	samples.Read(t, response, &s)
	samples.Read(t, s.Data, &order)
	value, ok := new(big.Rat).SetString(fmt.Sprint(s.Code))
	require.True(t, ok)
	return value.RatString(), order
}

// Whatever arrives at the notify URL and whatever the gateway responds, the merchant's
// function gets only notifications with a valid signature whose order the response
// confirms, with the order number and the amount of both.
func FuzzNotificationHandler(f *testing.F) {
	paid := []byte(checkResponse("522", "1.88", "paid"))
	f.Add(true, notifyForm, paid)
	f.Add(false, notifyForm+"&appkey="+appKey, []byte(checkResponse("522", "1.88", "settled")))
	f.Add(true, notifyForm+"&appkey=1", paid)
	f.Add(true, notifyForm+"&price=1.88", paid)
	for _, form := range recut {
		f.Add(true, form, []byte(checkResponse("522", "11.88", "paid")))
	}
	f.Add(true, notifyForm, []byte(checkResponse("522", "1.88", "expired")))
	f.Add(true, notifyForm, []byte(checkResponse("523", "1.88", "paid")))
	f.Add(true, notifyForm, []byte(checkResponse("522", "11.88", "paid")))
	f.Add(true, notifyForm, []byte(`{"code":201,"msg":"订单不存在","data":[]}`))
	gateway := &samples.Gateway{Status: 200}
	var handled *gatepay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		handled = n
		return nil
	})
	f.Fuzz(func(t *testing.T, isPost bool, form string, response []byte) {
		gateway.Body, handled = response, nil
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: form}}
		if isPost {
			r.Method, r.URL.RawQuery = http.MethodPost, "price=9.99"
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if handled == nil {
			require.Contains(t, []int{400, 403, 409, 413, 502}, w.Code)
			require.Equal(t, "fail", w.Body.String())
			return
		}
		require.Equal(t, 200, w.Code)
		require.Equal(t, "success", w.Body.String())
		values, err := url.ParseQuery(strings.ReplaceAll(form, ";", "%3B"))
		require.NoError(t, err)
		for _, all := range values {
			require.Len(t, all, 1)
		}
		require.True(t, isShaped(values, notifyFields))
		require.True(t, strings.EqualFold(values.Get("sign"), rightSign(values, notifyFields)))
		if values.Has("appkey") {
			require.Equal(t, appKey, values.Get("appkey"))
		}
		code, order := read(t, response)
		require.Equal(t, "100", code)
		require.Equal(t, values.Get("order_id"), fmt.Sprint(order.OrderID))
		require.Contains(t, []any{"paid", "unsettled", "settled"}, order.State)
		require.True(t, samples.IsCents(handled.Amount, fmt.Sprint(order.Price)) && samples.IsCents(handled.Amount, values.Get("price")))
		require.True(t, handled.Order.Paid())
	})
}

// A response gives a result only if it has code 100, an HTTP status of success and the
// fields that decide. There is a result or an error, never both, and an error contains the
// response and prints in one line.
func FuzzResponses(f *testing.F) {
	calls := []func(*testing.T, *gatepay.Client, *samples.Gateway){readOrder, readPage}
	for _, file := range []string{"anypay", "cloudpay", "grouppay", "stablepay"} {
		sample := creates[file]
		f.Add(uint8(len(calls)), uint8(0), []byte(samples.JSON(f, sample.sample)))
		calls = append(calls, func(t *testing.T, client *gatepay.Client, gateway *samples.Gateway) {
			created, err := sample.call(client, context.Background())
			requireCreated(t, created, err, gateway)
		})
	}
	for i := range calls {
		for _, body := range []string{
			`{"code":"100","msg":"ok","time":"1556614084","data":{"pay_url":"https://gatepay.io/pay/api?id=1","qrcode_body":"data:image/png;base64,AA==","params":{"a":1}}}`,
			samples.JSON(f, "order_check.json"), checkResponse("522", "1.88", "paid"),
			`{"code":101,"data":{"pay_url":"https://gatepay.io/pay","order_id":1,"order_price":"1.88","order_status":"paid"}}`,
			`{"code":100,"data":{"pay_url":"javascript:1","order_price":"1.88","order_status":"paid"}}`,
			`{"code":100,"data":{"order_id":1,"order_status":"paid"}}`, `{"code":100,"data":{"order_id":1,"order_price":"1.88"}}`,
			`{"code":199,"msg":"未知错误"}`, `{"code":201,"msg":"x","data":[]}`, `{"code":100,"data":""}`, "<html>",
		} {
			f.Add(uint8(i), uint8(0), []byte(body))
		}
		f.Add(uint8(i), uint8(4), []byte(`{"code":103,"msg":"签名必须"}`))
	}
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, call, status uint8, body []byte) {
		gateway.Respond(status, body)
		calls[int(call)%len(calls)](t, client, gateway)
	})
}

func requireCreated(t *testing.T, created *gatepay.CreatedOrder, err error, gateway *samples.Gateway) {
	t.Helper()
	require.Equal(t, err == nil, created != nil)
	if err != nil {
		failed := gateway.RequireError(t, err, 1500)
		require.Equal(t, samples.IsUnclear(failed) || failed.Code == "199", errors.Is(err, paygates.ErrOutcomeUnknown))
		return
	}
	require.Less(t, gateway.Status, 300)
	code, order := read(t, gateway.Body)
	require.Equal(t, "100", code)
	require.Contains(t, []string{fmt.Sprint(order.PayPageURL), "https:" + fmt.Sprint(order.PayPageURL)}, created.PayPageURL)
	require.Regexp(t, `^[A-Za-z][A-Za-z0-9+.-]*://[^ ]`, created.PayPageURL)
	require.NotRegexp(t, `(?i)^(javascript|data|vbscript|file)`, created.PayPageURL)
	require.Equal(t, gateway.Body, []byte(created.Raw.Reveal()))
	image, err := created.Image()
	require.Equal(t, err == nil, len(image) > 0)
	_, _ = created.Params()
}

func readOrder(t *testing.T, client *gatepay.Client, gateway *samples.Gateway) {
	t.Helper()
	order, err := client.QueryOrder(context.Background(), "ORD1")
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		failed := gateway.RequireError(t, err, 1500)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.Equal(t, failed.Code == "201", errors.Is(err, paygates.ErrOrderNotFound))
		return
	}
	require.Less(t, gateway.Status, 300)
	code, said := read(t, gateway.Body)
	require.Equal(t, "100", code)
	require.NotEmpty(t, order.OrderID)
	require.Equal(t, fmt.Sprint(said.OrderID), order.OrderID)
	require.True(t, samples.IsCents(order.Amount, fmt.Sprint(said.Price)))
	require.NotEmpty(t, order.State)
	require.Equal(t, fmt.Sprint(said.State), string(order.State))
	kept, err := gatepay.DecodeOrder(order.Raw.Reveal())
	require.NoError(t, err)
	kept.OrderNo = order.OrderNo
	require.Equal(t, order, kept)
}

func readPage(t *testing.T, client *gatepay.Client, gateway *samples.Gateway) {
	t.Helper()
	page, err := client.QueryPaymentPage(context.Background(), "https://gatepay.io/pay/api?id=1")
	require.Equal(t, err == nil, page != nil)
	if err != nil {
		_ = gateway.RequireError(t, err, 1500)
		return
	}
	require.Less(t, gateway.Status, 300)
	require.True(t, json.Valid(page.Raw.Reveal()))
}
