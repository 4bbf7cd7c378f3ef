package gatepay_test

import (
	"bytes"
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
	"unicode"
	"unicode/utf8"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// answering is a gateway that answers every request alike.
type answering struct {
	status int
	body   []byte
}

func (a *answering) RoundTrip(*http.Request) (*http.Response, error) {
	return httpmock.NewBytesResponse(a.status, a.body), nil
}

// statuses are those after which no request is repeated.
var statuses = [...]int{200, 201, 302, 400, 404, 422}

func fuzzClient(f *testing.F, gateway *answering) *gatepay.Client {
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

// The fields of a callback and of a return, in the order in which they are signed.
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
	"price":        regexp.MustCompile(`^(0|[1-9][0-9]*)\.[0-9]{2}$`),
	"realprice":    regexp.MustCompile(`^(0|[1-9][0-9]*)\.[0-9]{2}$`),
	"type":         regexp.MustCompile(`^(alipay|wechat)$`),
	"paytime":      regexp.MustCompile(`^[1-9][0-9]{9}$`),
	"extend":       regexp.MustCompile(`(?s)^.*$`),
	"product_id":   regexp.MustCompile(`^[0-9]{0,20}$`),
}

func isShaped(values url.Values, fields []string) bool {
	for _, field := range fields {
		text := values.Get(field)
		switch {
		case !shapes[field].MatchString(text) || len(text) > 1024:
			return false
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			return false
		case strings.HasSuffix(field, "price") && (hundredths(text).Sign() <= 0 || !hundredths(text).Num().IsInt64()):
			return false
		}
	}
	return true
}

func hundredths(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return big.NewRat(-1, 1)
	}
	return value.Mul(value, big.NewRat(100, 1))
}

func isCents(amount money.Amount, text string) bool {
	return hundredths(text).Cmp(new(big.Rat).SetInt64(amount.Cents())) == 0
}

// Under the right signature a callback passes exactly if each field has its
// shape; under another one never. A changed byte breaks it. Another cut of the
// same text moves digits between the first three fields and nothing else, and not
// even that if the order number begins and ends with something else than a digit.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("522", "ORD1", "1.88", "1.88", "alipay", "1556614084", "terry", notifySignature, uint16(3), byte(1), []byte{0, 1})
	f.Add("522", "ORD1", "1.88", "1.85", "wechat", "1556614084", "1user@example.com", "", uint16(9), byte(0), []byte{1})
	f.Add("52", "2ORD", "11.88", "1.88", "alipay", "1556614084", "", notifySignature, uint16(0), byte(0x80), []byte{255, 2})
	f.Add("1", "S20191118123424E", "0.01", "0.01", "alipay", "9999999999", "订单", "0", uint16(30), byte(7), []byte{2, 254, 1, 1, 1, 1})
	// Each of these has one thing that is wrong.
	for _, odd := range []struct {
		field string
		texts []string
	}{
		{"order_id", []string{"", "01", "x", "123456789012345678901"}},
		{"out_order_id", []string{"", "a.b", "订单", strings.Repeat("a", 65)}},
		{"price", []string{"", "0.00", "1.8", "01.00", ".88", "92233720368547758.08"}},
		{"realprice", []string{"0.00", "1"}},
		{"type", []string{"", "qq"}},
		{"paytime", []string{"", "0556614084", "+155661408", "155661408", "15566140840"}},
		{"extend", []string{"\x00", "\xff", strings.Repeat("a", 1025)}},
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
			require.ErrorIs(t, err, gatepay.ErrInvalidNotification)
			return
		}
		require.NoError(t, err)
		require.Equal(t, []string{orderID, orderNo, channel, extend}, []string{n.OrderID, n.OrderNo, string(n.Channel), n.Custom})
		require.True(t, isCents(n.Amount, price) && isCents(n.PaidAmount, realPrice))
		require.Equal(t, payTime, fmt.Sprint(n.PaidAt.Unix()))
		require.Nil(t, n.Order)

		values.Set("sign", received)
		_, err = client.VerifyNotification(values)
		require.Equal(t, strings.EqualFold(received, right), err == nil)
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
		for _, field := range notifyFields[3:] {
			require.Equal(t, values.Get(field), other.Get(field))
		}
		if first, last := orderNo[0], orderNo[len(orderNo)-1]; !isDigit(first) && !isDigit(last) && !isDigit(n.OrderNo[0]) {
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

// The return of the payer is checked in the same way. Its signature is never one
// of a callback: a return has one point, a callback two.
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
			require.ErrorIs(t, err, gatepay.ErrInvalidNotification)
			return
		}
		require.NoError(t, err)
		require.Equal(t, []string{orderID, orderNo, productID, channel}, []string{r.OrderID, r.OrderNo, r.ProductID, string(r.Channel)})
		require.True(t, isCents(r.Amount, price))
		require.NotRegexp(t, callbackText, joined(values, returnFields))

		values.Set("sign", received)
		_, err = client.VerifyReturn(values)
		require.Equal(t, strings.EqualFold(received, right), err == nil)
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

// callbackText is every text that can be cut into the fields of a callback.
var callbackText = regexp.MustCompile(`^[0-9]{1,20}[A-Za-z0-9_-]{1,64}[0-9]+\.[0-9]{2}[0-9]+\.[0-9]{2}(alipay|wechat)[0-9]{10}`)

// said is an answer as encoding/json reads it by itself.
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

func read(t *testing.T, answer []byte) (code string, order saidOrder) {
	t.Helper()
	var s said
	for _, step := range []struct {
		text []byte
		into any
	}{{answer, &s}, {nil, &order}} {
		if step.text == nil {
			step.text = s.Data
		}
		decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(step.text, []byte("\xef\xbb\xbf"))))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(step.into))
	}
	value, ok := new(big.Int).SetString(fmt.Sprint(s.Code), 10)
	require.True(t, ok)
	return value.String(), order
}

// Whatever comes to the notify URL and whatever the gateway answers, the
// merchant's function sees nothing but a callback under a right signature whose
// order is confirmed by the answer, with the number and the amount of both.
func FuzzNotificationHandler(f *testing.F) {
	paid := []byte(checkAnswer("522", "1.88", "paid"))
	f.Add(true, notifyForm, paid)
	f.Add(false, notifyForm+"&appkey="+appKey, []byte(checkAnswer("522", "1.88", "settled")))
	f.Add(true, notifyForm+"&appkey=1", paid)
	f.Add(true, notifyForm+"&price=1.88", paid)
	for _, form := range recut {
		f.Add(true, form, []byte(checkAnswer("522", "11.88", "paid")))
	}
	f.Add(true, notifyForm, []byte(checkAnswer("522", "1.88", "expired")))
	f.Add(true, notifyForm, []byte(checkAnswer("523", "1.88", "paid")))
	f.Add(true, notifyForm, []byte(checkAnswer("522", "11.88", "paid")))
	f.Add(true, notifyForm, []byte(`{"code":201,"msg":"订单不存在","data":[]}`))
	gateway := &answering{status: 200}
	var accepted *gatepay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, isPost bool, form string, answer []byte) {
		gateway.body, accepted = answer, nil
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: form}}
		if isPost {
			r.Method, r.URL.RawQuery = http.MethodPost, "price=9.99"
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if accepted == nil {
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
		code, order := read(t, answer)
		require.Equal(t, "100", code)
		require.Equal(t, values.Get("order_id"), fmt.Sprint(order.OrderID))
		require.Contains(t, []any{"paid", "unsettled", "settled"}, order.State)
		require.True(t, isCents(accepted.Amount, fmt.Sprint(order.Price)) && isCents(accepted.Amount, values.Get("price")))
		require.True(t, accepted.Order.Paid())
	})
}

// An answer is read without an error only if it says code 100 with HTTP's success
// and holds what decides; there is a result or an error, never both, and an error
// keeps the answer and prints in one line.
func FuzzAnswers(f *testing.F) {
	calls := []func(*testing.T, *gatepay.Client, *answering){readOrder, readPage}
	for _, file := range []string{"anypay", "cloudpay", "grouppay", "stablepay"} {
		sample := creates[file]
		f.Add(uint8(len(calls)), uint8(0), []byte(samples.JSON(f, sample.sample)))
		calls = append(calls, func(t *testing.T, client *gatepay.Client, gateway *answering) {
			created, err := sample.call(client, context.Background())
			requireCreated(t, created, err, gateway)
		})
	}
	for i := range calls {
		for _, body := range []string{
			`{"code":"100","msg":"ok","time":"1556614084","data":{"pay_url":"https://gatepay.io/pay/api?id=1","qrcode_body":"data:image/png;base64,AA==","params":{"a":1}}}`,
			samples.JSON(f, "order_check.json"), checkAnswer("522", "1.88", "paid"),
			`{"code":101,"data":{"pay_url":"https://gatepay.io/pay","order_id":1,"order_price":"1.88","order_status":"paid"}}`,
			`{"code":100,"data":{"pay_url":"javascript:1","order_price":"1.88","order_status":"paid"}}`,
			`{"code":100,"data":{"order_id":1,"order_status":"paid"}}`, `{"code":100,"data":{"order_id":1,"order_price":"1.88"}}`,
			`{"code":199,"msg":"未知错误"}`, `{"code":201,"msg":"x","data":[]}`, `{"code":100,"data":""}`, "<html>",
		} {
			f.Add(uint8(i), uint8(0), []byte(body))
		}
		f.Add(uint8(i), uint8(4), []byte(`{"code":103,"msg":"签名必须"}`))
	}
	gateway := &answering{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, call, status uint8, body []byte) {
		gateway.status, gateway.body = statuses[int(status)%len(statuses)], body
		calls[int(call)%len(calls)](t, client, gateway)
	})
}

func requireCreated(t *testing.T, created *gatepay.CreatedOrder, err error, gateway *answering) {
	t.Helper()
	require.Equal(t, err == nil, created != nil)
	if err != nil {
		failed := requireError(t, err, gateway.body)
		unreadable := failed.HTTPStatus < 400 && errors.Is(err, gatepay.ErrBadAnswer)
		require.Equal(t, unreadable || failed.Code == 199, errors.Is(err, gatepay.ErrOutcomeUnknown))
		return
	}
	require.Less(t, gateway.status, 300)
	code, order := read(t, gateway.body)
	require.Equal(t, "100", code)
	require.Equal(t, fmt.Sprint(order.PayPageURL), created.PayPageURL)
	require.Regexp(t, `^https?://[^/]`, created.PayPageURL)
	require.Equal(t, gateway.body, []byte(created.Raw))
	image, err := created.Image()
	require.Equal(t, err == nil, len(image) > 0)
	_, _ = created.Params()
}

func readOrder(t *testing.T, client *gatepay.Client, gateway *answering) {
	t.Helper()
	order, err := client.QueryOrder(context.Background(), "ORD1")
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		failed := requireError(t, err, gateway.body)
		require.NotErrorIs(t, err, gatepay.ErrOutcomeUnknown)
		require.Equal(t, failed.Code == 201, errors.Is(err, gatepay.ErrOrderNotFound))
		return
	}
	require.Less(t, gateway.status, 300)
	code, said := read(t, gateway.body)
	require.Equal(t, "100", code)
	require.NotEmpty(t, order.OrderID)
	require.Equal(t, fmt.Sprint(said.OrderID), order.OrderID)
	require.True(t, isCents(order.Amount, fmt.Sprint(said.Price)))
	require.NotEmpty(t, order.State)
	require.Equal(t, fmt.Sprint(said.State), string(order.State))
	kept, err := gatepay.DecodeOrder(order.Raw)
	require.NoError(t, err)
	kept.OrderNo = order.OrderNo
	require.Equal(t, order, kept)
}

func readPage(t *testing.T, client *gatepay.Client, gateway *answering) {
	t.Helper()
	page, err := client.PaymentPage(context.Background(), "https://gatepay.io/pay/api?id=1")
	require.Equal(t, err == nil, page != nil)
	if err != nil {
		_ = requireError(t, err, gateway.body)
		return
	}
	require.Less(t, gateway.status, 300)
	require.True(t, json.Valid(page.Raw))
}

func requireError(t *testing.T, err error, body []byte) *gatepay.Error {
	t.Helper()
	var failed *gatepay.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, body, failed.Body)
	require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), "%q", err.Error())
	require.Less(t, len(err.Error()), 1500)
	return failed
}
