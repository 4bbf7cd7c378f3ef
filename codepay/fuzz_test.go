package codepay_test

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
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
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

func fuzzClient(f *testing.F, gateway *answering) *codepay.Client {
	f.Helper()
	c := config()
	c.Token = sign.NewSecret(token)
	c.HTTPClient = &http.Client{Transport: gateway}
	client, err := codepay.New(c)
	require.NoError(f, err)
	return client
}

// callbackSign is the signature of a callback by crypto/md5, not by package sign.
func callbackSign(values url.Values) string {
	var pairs []string
	for name := range values {
		if value := values.Get(name); name != "sign" && value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	slices.SortFunc(pairs, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		return strings.Compare(nameA, nameB)
	})
	sum := md5.Sum([]byte(strings.Join(pairs, "&") + secret))
	return hex.EncodeToString(sum[:])
}

var (
	amountShape = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2})?$`)
	numberShape = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

func hundredths(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return big.NewRat(-1, 1)
	}
	return value.Mul(value, big.NewRat(100, 1))
}

// isAmount reports whether an int64 of hundredths holds the amount.
func isAmount(text string) bool {
	return amountShape.MatchString(text) && hundredths(text).Num().IsInt64()
}

func isCents(amount money.Amount, text string) bool {
	return hundredths(text).Cmp(new(big.Rat).SetInt64(amount.Cents())) == 0
}

func isNumber(text string) bool {
	value, ok := new(big.Int).SetString(text, 10)
	return text == "" || ok && numberShape.MatchString(text) && value.IsInt64()
}

// isUnambiguous reports whether what is signed can be cut in one way only.
func isUnambiguous(values url.Values) bool {
	for name := range values {
		value := values.Get(name)
		if value != "" && name != "sign" && (strings.ContainsAny(name, "&=") || strings.Contains(value, "&")) {
			return false
		}
	}
	return true
}

// isShaped reports whether values have the documented shape.
func isShaped(values url.Values) bool {
	for name := range values {
		for _, text := range []string{name, values.Get(name)} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				return false
			}
		}
	}
	price, payNo := values.Get("price"), values.Get("pay_no")
	return values.Get("pay_id") != "" && payNo != "" && payNo != "0" &&
		isAmount(values.Get("money")) && hundredths(values.Get("money")).Sign() > 0 &&
		(price == "" || isAmount(price)) &&
		isNumber(values.Get("type")) && isNumber(values.Get("status")) && isNumber(values.Get("pay_time"))
}

// Under the right signature a callback passes exactly if it can be cut in one way
// and has its shape. A parameter that is changed, dropped or added breaks it, an
// empty one does not.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("admin", "100.00", "100.00", payNo, "一本书 +1", "type", "1", signature, uint8(2), byte(1))
	f.Add("admin", "1.00", "", "2", "1&pay_no=2", "tag", "0", "", uint8(0), byte(0))
	f.Add("admin", "1.00", "0.99", "2", "a=b", "a&b", "", "63a5", uint8(9), byte(6))
	// Each of these has one thing that is wrong.
	for _, odd := range []url.Values{
		{"pay_id": {""}}, {"pay_id": {"a\x00"}}, {"money": {"0.00"}}, {"money": {"92233720368547758.08"}}, {"price": {"x"}},
		{"pay_no": {""}}, {"pay_no": {"0"}}, {"param": {"\xff"}}, {"param": {"a\nb"}}, {"a=b": {"1"}}, {"a&b": {"1"}}, {"a\x00": {"1"}},
		{"pay_time": {"99999999999999999999"}}, {"type": {"alipay"}}, {"status": {"1.0"}}, {"sign": {"1"}},
	} {
		for name, value := range odd {
			f.Add("admin", "1.00", "1.00", "2", "", name, value[0], "", uint8(1), byte(1))
		}
	}
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, payID, paid, price, payNo, param, name, value, received string, at, flip uint8) {
		if name == "chart" {
			t.Skip("GBK is FuzzNotificationHandler's")
		}
		values := url.Values{"pay_id": {payID}, "money": {paid}, "price": {price}, "pay_no": {payNo}, "param": {param}}
		values.Set(name, value)
		right := callbackSign(values)
		values.Set("sign", right)
		n, err := client.VerifyNotification(values)
		if !isUnambiguous(values) || !isShaped(values) {
			require.ErrorIs(t, err, codepay.ErrInvalidNotification)
			require.Nil(t, n)
			return
		}
		require.NoError(t, err)
		require.Equal(t, values.Get("pay_id"), n.OrderNo)
		require.Equal(t, values.Get("pay_no"), n.PayNo)
		require.Equal(t, values.Get("param"), n.Custom)
		require.Positive(t, n.Money.Cents())
		require.True(t, isCents(n.Money, values.Get("money")))
		require.True(t, n.Price == 0 || isCents(n.Price, values.Get("price")))
		require.Equal(t, n.Price != 0 && n.Price != n.Money, n.Differs())
		require.Nil(t, n.Order)

		values.Set("sign", received)
		_, err = client.VerifyNotification(values)
		require.Equal(t, strings.EqualFold(received, right), err == nil)
		values.Set("sign", right)

		requireBroken(t, client, values, at, flip)
	})
}

// requireBroken changes signed values in every way under the signature they have.
func requireBroken(t *testing.T, client *codepay.Client, values url.Values, at, flip uint8) {
	t.Helper()
	var names []string
	for name := range values {
		if name != "sign" && values.Get(name) != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	name := names[int(at)%len(names)]
	genuine := values.Get(name)
	changed := []byte(genuine)
	changed[int(at)%len(changed)] ^= flip
	for _, other := range []string{string(changed), genuine + "1", ""} {
		values.Set(name, other)
		n, err := client.VerifyNotification(values)
		require.Equal(t, other == genuine, err == nil, "%q for %q", other, genuine)
		require.Equal(t, err == nil, n != nil)
	}
	values.Set(name, genuine)

	if _, has := values["surplus"]; has {
		return
	}
	values.Set("surplus", "")
	_, err := client.VerifyNotification(values)
	require.NoError(t, err)
	values.Set("surplus", "1")
	_, err = client.VerifyNotification(values)
	require.ErrorIs(t, err, codepay.ErrInvalidSignature)
}

// Whatever comes to the notify URL, in UTF-8 or GBK, and whatever the gateway
// answers, the merchant's function sees nothing but text under a right signature,
// and if it carries an order_id, one that the answer confirms.
func FuzzNotificationHandler(f *testing.F) {
	bare := sample(f)
	withID := strings.Replace(bare, signature, orderIDSignature+"&order_id=888888888", 1)
	paid := []byte(`{"status":1,"msg":"ok"}`)
	f.Add(true, bare, paid)
	f.Add(false, withID, paid)
	f.Add(true, withID, []byte(`callback({"status":"2"});`))
	f.Add(true, withID, []byte(`{"status":0}`))
	f.Add(true, withID, []byte(`{"status":-1,"msg":"no"}`))
	f.Add(true, strings.Replace(bare, "100.00", "900.00", 1), paid)
	f.Add(true, strings.Replace(bare, "&pay_no=", "%26pay_no%3D", 1), paid)
	f.Add(true, "chart=gb2312&money=100.00&param=%D6%D0%CE%C4&pay_id=%D3%C3%BB%A7&pay_no="+payNo+"&type=1&sign=eee6cd99c04fc9378ab071cc7051987b", paid)
	f.Add(false, bare+"&;=&empty=", paid)
	gateway := &answering{status: 200}
	var accepted *codepay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, isPost bool, form string, answer []byte) {
		gateway.body, accepted = answer, nil
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: form}}
		if isPost {
			r.Method, r.URL.RawQuery = http.MethodPost, "money=1"
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
		require.True(t, isUnambiguous(values))
		require.True(t, strings.EqualFold(values.Get("sign"), callbackSign(values)))
		require.True(t, isCents(accepted.Money, values.Get("money")))
		require.Equal(t, values.Get("pay_no"), accepted.PayNo)
		require.NotContains(t, []string{"", "0"}, accepted.PayNo)
		require.NotEmpty(t, accepted.OrderNo)
		for _, text := range []string{accepted.OrderNo, accepted.Custom, accepted.PayNo, accepted.Tag} {
			require.True(t, utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl), "%q", text)
		}
		if id := values.Get("order_id"); id != "" && id != "0" {
			require.Contains(t, []string{"1", "2"}, status(answer))
			require.True(t, accepted.Order.Paid())
			require.Equal(t, id, accepted.Order.OrderID)
		}
	})
}

// status is that of an answer as encoding/json reads it by itself, whether a
// function call is around it or not.
func status(answer []byte) string {
	text := bytes.TrimSpace(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf")))
	if len(text) > 0 && text[0] != '{' {
		_, text, _ = bytes.Cut(text, []byte("("))
		text = bytes.TrimSuffix(bytes.TrimRight(text, "; \t\r\n"), []byte(")"))
	}
	var head struct {
		Status any `json:"status"`
	}
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	decoder.UseNumber()
	if decoder.Decode(&head) != nil {
		return ""
	}
	value, ok := new(big.Int).SetString(fmt.Sprint(head.Status), 10)
	if !ok {
		return ""
	}
	return value.String()
}

// A reply is an order exactly if its status is 0 and it says what is to be paid.
// There is an order or an error; both only while the listener is offline. A
// function call around the reply changes nothing.
func FuzzParseReply(f *testing.F) {
	documented := strings.TrimSpace(samples.Printed(f, "create_reply.json"))
	for _, text := range []string{
		documented,
		"callback(" + documented + ");",
		strings.Replace(documented, `"status": 0`, `"status": "-8"`, 1),
		strings.Replace(documented, `"status": 0`, `"status": -2`, 1),
		strings.Replace(documented, `"status": 0`, `"status": 3`, 1),
		strings.Replace(documented, `"money": "100.00"`, `"money": 0`, 1),
		`{"status":0,"money":1,"serverTime":1,"endTime":-9223372036854775808}`,
		`{"status":0,"money":1,"chart":"gb2312","pay_id":"` + "\xd3\xc3\xbb\xa7" + `"}`,
		`{"status":-8}`, "\xef\xbb\xbf{}", "a(b(c))", "", "<html>",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		order, err := codepay.ParseReply(text)
		if err != nil {
			failed := requireError(t, err, text)
			require.Equal(t, failed.Code == -8, errors.Is(err, codepay.ErrListenerOffline))
			require.Equal(t, errors.Is(err, codepay.ErrBadAnswer), errors.Is(err, codepay.ErrOutcomeUnknown))
		}
		offline := errors.Is(err, codepay.ErrListenerOffline)
		if order == nil {
			require.Error(t, err)
			return
		}
		require.True(t, err == nil || offline)
		requireOrder(t, order, text)
		if utf8.Valid(text) {
			require.Equal(t, map[bool]string{false: "0", true: "-8"}[offline], status(text))
		}

		called, err := codepay.ParseReply(slices.Concat([]byte("$_1("), order.Raw, []byte(") ;\n")))
		require.Equal(t, offline, err != nil)
		called.ReceivedAt = order.ReceivedAt
		require.Equal(t, bytes.TrimPrefix(order.Raw, []byte("\xef\xbb\xbf")), bytes.TrimPrefix(called.Raw, []byte("\xef\xbb\xbf")))
		called.Raw = order.Raw
		require.Equal(t, order, called)
	})
}

func requireOrder(t *testing.T, order *codepay.CreatedOrder, text []byte) {
	t.Helper()
	require.Positive(t, order.Money.Cents())
	require.True(t, bytes.Contains(text, order.Raw))
	require.False(t, strings.HasPrefix(order.QRCodeURL, "//"))
	require.NotEqual(t, "0", order.OrderID)
	now := order.ReceivedAt
	left, later := order.Remaining(now), order.Remaining(now.Add(time.Hour))
	require.GreaterOrEqual(t, later, time.Duration(0))
	require.LessOrEqual(t, later, left)
}

// The same through the client, whatever the HTTP status; and the query, whose
// states are never negative.
func FuzzAnswers(f *testing.F) {
	documented := samples.Printed(f, "create_reply.json")
	for _, text := range []string{
		documented, `{"status":1,"msg":"ok"}`, `callback({"status":0})`, `{"status":-1,"msg":"no"}`, `{"status":-6,"msg":"token error"}`,
		strings.Replace(documented, `"status": 0`, `"status": -8`, 1), "<html>", `{"status":"2","chart":"gbk","msg":"` + "\xd6\xd0" + `"}`,
	} {
		f.Add(true, uint8(0), []byte(text))
		f.Add(true, uint8(3), []byte(text))
		f.Add(false, uint8(0), []byte(text))
	}
	gateway := &answering{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, create bool, status uint8, body []byte) {
		gateway.status, gateway.body = statuses[int(status)%len(statuses)], body
		if create {
			readCreated(t, client, gateway)
		} else {
			readOrder(t, client, gateway)
		}
	})
}

func readCreated(t *testing.T, client *codepay.Client, gateway *answering) {
	t.Helper()
	order, err := client.CreateOrder(t0(), minimal())
	if err != nil {
		failed := requireError(t, err, gateway.body)
		unreadable := failed.HTTPStatus < 400 && errors.Is(err, codepay.ErrBadAnswer)
		require.Equal(t, unreadable, errors.Is(err, codepay.ErrOutcomeUnknown))
	}
	if order == nil {
		require.Error(t, err)
		return
	}
	require.True(t, err == nil && gateway.status < 300 || errors.Is(err, codepay.ErrListenerOffline))
	requireOrder(t, order, gateway.body)
	parsed, _ := codepay.ParseReply(gateway.body)
	parsed.ReceivedAt = order.ReceivedAt
	require.Equal(t, order, parsed)
}

func readOrder(t *testing.T, client *codepay.Client, gateway *answering) {
	t.Helper()
	order, err := client.QueryOrder(t0(), "888888888")
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		failed := requireError(t, err, gateway.body)
		require.Equal(t, failed.Code == -1, errors.Is(err, codepay.ErrOrderNotFound))
		require.NotErrorIs(t, err, codepay.ErrOutcomeUnknown)
		return
	}
	require.Less(t, gateway.status, 300)
	require.GreaterOrEqual(t, int(order.State), 0)
	if utf8.Valid(gateway.body) {
		require.Equal(t, status(gateway.body), fmt.Sprint(int(order.State)))
	}
	require.Equal(t, "888888888", order.OrderID)
}

func requireError(t *testing.T, err error, body []byte) *codepay.Error {
	t.Helper()
	var failed *codepay.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, body, failed.Body)
	require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), "%q", err.Error())
	require.Less(t, len(err.Error()), 1500)
	return failed
}
