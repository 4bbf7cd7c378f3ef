package codepay_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
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

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/sign"
)

func fuzzClient(f *testing.F, gateway *samples.Gateway) *codepay.Client {
	f.Helper()
	c := config()
	c.Token, c.ConfirmByQuery = sign.NewSecret(token), true
	c.HTTPClient = &http.Client{Transport: gateway}
	client, err := codepay.New(c)
	require.NoError(f, err)
	return client
}

// notificationSign returns the signature of a notification by crypto/md5, not by package
// sign.
func notificationSign(values url.Values) string {
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
	amountShape = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2}0*)?$`)
	noPaymentNo = regexp.MustCompile(`(?i)^(0|[^\pL\p{Nd}])*(null|undefined|none|nil|false|true|nan|n/a)?(0|[^\pL\p{Nd}])*$`)
)

// isAmount reports whether an int64 of hundredths holds the amount.
func isAmount(text string) bool {
	return amountShape.MatchString(text) && samples.Hundredths(text).Num().IsInt64()
}

// isUnambiguous reports whether what is signed can be read in one way only.
func isUnambiguous(values url.Values) bool {
	for name := range values {
		value := values.Get(name)
		if value == "" || name == "sign" {
			continue
		}
		_, rest, _ := strings.Cut(value, "&")
		if strings.ContainsAny(name, "&=") || strings.Contains(rest, "=") {
			return false
		}
	}
	return true
}

// isShaped reports whether the values that decide have the documented shape.
func isShaped(values url.Values) bool {
	payID, payNo := values.Get("pay_id"), values.Get("pay_no")
	for _, text := range []string{payID, payNo} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return false
		}
	}
	return strings.TrimSpace(payID) != "" && len(payID) <= 300 && len(payNo) <= 64 &&
		!noPaymentNo.MatchString(strings.TrimSpace(payNo)) &&
		isAmount(values.Get("money")) && samples.Hundredths(values.Get("money")).Sign() > 0
}

// With a valid signature a notification is accepted exactly if it can be read in one way
// and what decides has its shape. A parameter that is changed, dropped or added breaks it,
// an empty one does not.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("admin", "100.00", "100.00", payNo, "一本书 +1", "type", "1", signature, uint8(2), byte(1))
	f.Add("admin", "1.00", "", "2", "1&pay_no=2", "tag", "0", "", uint8(0), byte(0))
	f.Add("admin", "1.00", "0.99", "2", "a=b", "a&b", "", "63a5", uint8(9), byte(6))
	// Each of these has one odd parameter.
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
		if name == "chart" || name == "shop" {
			t.Skip("FuzzNotificationHandler has GBK, and shop is a parameter of the merchant")
		}
		values := url.Values{"pay_id": {payID}, "money": {paid}, "price": {price}, "pay_no": {payNo}, "param": {param}}
		values.Set(name, value)
		right := notificationSign(values)
		values.Set("sign", right)
		n, err := client.VerifyNotification(values)
		if !isUnambiguous(values) || !isShaped(values) {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.Nil(t, n)
			return
		}
		require.NoError(t, err)
		require.Equal(t, values.Get("pay_id"), n.OrderNo)
		require.Equal(t, values.Get("pay_no"), n.PaymentNo)
		require.True(t, utf8.ValidString(n.Attach) && utf8.ValidString(n.Tag.Reveal()))
		if attach := values.Get("param"); utf8.ValidString(attach) {
			require.Equal(t, attach, n.Attach)
		}
		require.Positive(t, n.PaidAmount.Cents())
		require.True(t, samples.IsCents(n.PaidAmount, values.Get("money")))
		require.Equal(t, values.Get("price") != "" && !isAmount(values.Get("price")), slices.Contains(n.Unread, "price"))
		require.True(t, n.Amount == 0 || samples.IsCents(n.Amount, values.Get("price")))
		require.Equal(t, n.Amount != 0 && n.Amount != n.PaidAmount, n.AmountDiffers())
		require.Nil(t, n.Order)

		values.Set("sign", received)
		_, err = client.VerifyNotification(values)
		require.Equal(t, strings.EqualFold(strings.TrimRight(received, "\r\n\x00"), right), err == nil)
		values.Set("sign", right)

		requireBroken(t, client, values, at, flip)
	})
}

// requireBroken changes signed values in every way under the same signature.
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
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

// Whatever arrives at the notify URL, in UTF-8 or GBK, and whatever the gateway responds,
// the merchant's function gets text with a valid signature only, and an Order only if the
// response confirms it.
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
	gateway := &samples.Gateway{Status: 200}
	var accepted *codepay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, isPost bool, form string, response []byte) {
		gateway.Body, accepted = response, nil
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: form}}
		if isPost {
			r.Method, r.URL.RawQuery = http.MethodPost, "money=1"
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if accepted == nil {
			require.Contains(t, []int{400, 403, 409, 413}, w.Code)
			require.Equal(t, "fail", w.Body.String())
			return
		}
		require.Equal(t, 200, w.Code)
		require.Equal(t, "success", w.Body.String())
		values := maps.Clone(accepted.Raw.Reveal())
		for _, all := range values {
			require.Len(t, all, 1)
		}
		delete(values, "shop")
		require.True(t, isUnambiguous(values))
		require.True(t, strings.EqualFold(values.Get("sign"), notificationSign(values)))
		require.True(t, samples.IsCents(accepted.PaidAmount, values.Get("money")))
		require.False(t, noPaymentNo.MatchString(accepted.PaymentNo))
		require.NotEmpty(t, accepted.OrderNo)
		for _, text := range []string{accepted.OrderNo, accepted.PaymentNo} {
			require.True(t, utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl), "%q", text)
		}
		require.True(t, utf8.ValidString(accepted.Attach) && utf8.ValidString(accepted.Tag.Reveal()))
		if accepted.Order != nil {
			require.True(t, accepted.Order.Paid())
			require.Contains(t, []string{"1", "2"}, status(accepted.Order.Raw.Reveal()))
			require.Equal(t, values.Get("order_id"), accepted.Order.OrderID)
			require.NotContains(t, []string{
				"10041", values.Get("id"), values.Get("trueID"), values.Get("pay_id"), values.Get("pay_no"),
			}, accepted.OrderID)
		}
	})
}

// status returns that of a response as encoding/json reads it.
func status(response []byte) string {
	var head struct {
		Status any `json:"status"`
	}
	if samples.Decoder(response).Decode(&head) != nil {
		return ""
	}
	value, ok := new(big.Rat).SetString(fmt.Sprint(head.Status))
	if !ok || !value.IsInt() {
		return ""
	}
	return value.Num().String()
}

// A response is an order exactly if its status is 0 and it says what has to be paid. There
// is an order or an error; both only while the listener is offline. A function call around
// the response changes nothing.
func FuzzDecodeCreatedOrder(f *testing.F) {
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
		order, err := codepay.DecodeCreatedOrder(text)
		if err != nil {
			failed := (&samples.Gateway{Body: text}).RequireError(t, err, 1500)
			require.Equal(t, failed.Code == "-8", errors.Is(err, codepay.ErrListenerOffline))
		}
		offline := errors.Is(err, codepay.ErrListenerOffline)
		if order == nil {
			require.Error(t, err)
			return
		}
		require.True(t, err == nil || offline)
		requireOrder(t, order, text)
		raw := order.Raw.Reveal()
		if utf8.Valid(raw) {
			require.Equal(t, map[bool]string{false: "0", true: "-8"}[offline], status(raw))
		}

		called, err := codepay.DecodeCreatedOrder(slices.Concat([]byte("$_1("), raw, []byte(") ;\n")))
		require.Equal(t, offline, err != nil)
		called.ReceivedAt = order.ReceivedAt
		require.Equal(t, trimmed(raw), trimmed(called.Raw.Reveal()))
		called.Raw = order.Raw
		require.Equal(t, order, called)
	})
}

// trimmed drops what may stand around a JSON object.
func trimmed(raw []byte) string {
	return strings.TrimSpace(strings.TrimLeft(string(raw), "\ufeff \t\r\n"))
}

func requireOrder(t *testing.T, order *codepay.CreatedOrder, text []byte) {
	t.Helper()
	require.Positive(t, order.PayableAmount.Cents())
	require.True(t, bytes.Contains(text, order.Raw.Reveal()))
	require.False(t, strings.HasPrefix(order.QRCodeURL, "//"))
	require.NotEqual(t, "0", order.OrderID)
	now := order.ReceivedAt
	left, later := order.Remaining(now), order.Remaining(now.Add(time.Hour))
	require.GreaterOrEqual(t, later, time.Duration(0))
	require.LessOrEqual(t, later, left)
}

// The same through the client, whatever the HTTP status, and the query, whose states are
// never negative.
func FuzzResponses(f *testing.F) {
	documented := samples.Printed(f, "create_reply.json")
	for _, text := range []string{
		documented, `{"status":1,"msg":"ok"}`, `callback({"status":0})`, `{"status":-1,"msg":"no"}`, `{"status":-6,"msg":"token error"}`,
		strings.Replace(documented, `"status": 0`, `"status": -8`, 1), "<html>", `{"status":"2","chart":"gbk","msg":"` + "\xd6\xd0" + `"}`,
	} {
		f.Add(true, uint8(0), []byte(text))
		f.Add(true, uint8(3), []byte(text))
		f.Add(false, uint8(0), []byte(text))
	}
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, create bool, status uint8, body []byte) {
		gateway.Respond(status, body)
		if create {
			readCreated(t, client, gateway)
		} else {
			readOrder(t, client, gateway)
		}
	})
}

func readCreated(t *testing.T, client *codepay.Client, gateway *samples.Gateway) {
	t.Helper()
	order, err := client.CreateOrder(t0(), minimal())
	if err != nil {
		failed := gateway.RequireError(t, err, 1500)
		require.Equal(t, samples.IsUnclear(failed), errors.Is(err, paygates.ErrOutcomeUnknown))
	}
	if order == nil {
		require.Error(t, err)
		return
	}
	require.True(t, err == nil && gateway.Status < 300 || errors.Is(err, codepay.ErrListenerOffline))
	requireOrder(t, order, gateway.Body)
	parsed, _ := codepay.DecodeCreatedOrder(gateway.Body)
	parsed.ReceivedAt = order.ReceivedAt
	// What the response leaves out is that of the request.
	parsed.OrderNo, parsed.Channel, parsed.Amount = order.OrderNo, order.Channel, order.Amount
	if order.OrderID == "" {
		parsed.OrderID = ""
	}
	require.Equal(t, order, parsed)
	require.Equal(t, "admin", order.OrderNo)
}

func readOrder(t *testing.T, client *codepay.Client, gateway *samples.Gateway) {
	t.Helper()
	order, err := client.QueryOrder(t0(), "888888888")
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		failed := gateway.RequireError(t, err, 1500)
		require.Equal(t, failed.Code == "-1", errors.Is(err, paygates.ErrOrderNotFound))
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		return
	}
	require.Less(t, gateway.Status, 300)
	require.False(t, strings.HasPrefix(string(order.State), "-"))
	if raw := order.Raw.Reveal(); utf8.Valid(raw) {
		require.Equal(t, status(raw), string(order.State))
	}
	require.Equal(t, "888888888", order.OrderID)
}
