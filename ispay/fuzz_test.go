package ispay_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/ispay"
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

func fuzzClient(f *testing.F, gateway *answering) *ispay.Client {
	f.Helper()
	client, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: gateway},
	})
	require.NoError(f, err)
	return client
}

// callbackSign is the signature of a callback by crypto/md5, not by package sign.
func callbackSign(orderNo string) string {
	sum := md5.Sum([]byte("10001" + orderNo + secret))
	return hex.EncodeToString(sum[:])
}

// sameHex compares as strings.EqualFold does in ASCII: it also takes ſ for s and
// the Kelvin sign for k, neither of which is hex.
func sameHex(a, b string) bool { return strings.EqualFold(a, b) }

var (
	orderNoShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	amountShape  = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2})?$`)
	stateShape   = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

// isAmount reports whether text stands for an amount of more than 0.00 that an
// int64 of hundredths holds.
func isAmount(text string) bool {
	if !amountShape.MatchString(text) {
		return false
	}
	cents := hundredths(text)
	return cents.Sign() > 0 && cents.Num().IsInt64()
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

func isState(text string) bool {
	value, ok := new(big.Int).SetString(text, 10)
	return ok && stateShape.MatchString(text) && value.IsInt64()
}

// Under the right signature a callback passes exactly if each value has its
// shape; under another one, or with another order number, it never does.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("20191118123424", "300.00", "9", signature, uint16(3), byte(1))
	f.Add("A-1_b", "0.01", "8", strings.ToUpper(signature), uint16(0), byte(0x80))
	f.Add("20191118123424P901300.00https://shop.example.com/paid", "0.00", "+9", "", uint16(20), byte(32))
	f.Add("", "92233720368547758.08", "99999999999999999999", "63a5", uint16(1), byte(0))
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, orderNo, amount, state, received string, at uint16, flip byte) {
		right := callbackSign(orderNo)
		values := url.Values{"order_no": {orderNo}, "amount": {amount}, "state": {state}, "sign": {right}}
		n, err := client.VerifyNotification(values)
		if !orderNoShape.MatchString(orderNo) || !isAmount(amount) || !isState(state) {
			require.ErrorIs(t, err, ispay.ErrInvalidNotification)
			require.Nil(t, n)
			return
		}
		require.NoError(t, err)
		require.Equal(t, orderNo, n.OrderNo)
		require.True(t, isCents(n.Amount, amount))
		require.Equal(t, new(big.Int).SetInt64(int64(n.State)).String(), bigText(state))
		require.Nil(t, n.Order)

		values["sign"] = []string{received}
		n, err = client.VerifyNotification(values)
		require.Equal(t, sameHex(received, right), err == nil)
		require.Equal(t, err == nil, n != nil)

		changed := []byte(orderNo)
		changed[int(at)%len(changed)] ^= flip
		values["order_no"], values["sign"] = []string{string(changed)}, []string{right}
		n, err = client.VerifyNotification(values)
		require.Equal(t, flip == 0, err == nil)
		require.Equal(t, flip == 0, n != nil)
	})
}

func bigText(text string) string {
	value, _ := new(big.Int).SetString(text, 10)
	return value.String()
}

// Whatever comes to the notify URL and whatever the gateway answers, the
// merchant's function sees nothing but a callback under the order's signature
// whose order is confirmed by the answer, with the amount of both.
func FuzzNotificationHandler(f *testing.F) {
	genuine := "order_no=20191118123424&amount=300.00&state=9&sign=" + signature
	f.Add(genuine, []byte(paidAnswer))
	f.Add(strings.Replace(genuine, "300.00", "900.00", 1), []byte(paidAnswer))
	f.Add(genuine+"&amount=1.00", []byte(paidAnswer))
	f.Add(genuine, []byte(strings.Replace(paidAnswer, `"state":9`, `"state":5`, 1)))
	f.Add(genuine, []byte(samples.Printed(f, "query_not_found.json")))
	f.Add(strings.Replace(genuine, "&sign", "&a=;&sign", 1), []byte(samples.JSON(f, "order.json", "nil", "null")))
	gateway := &answering{status: 200}
	var accepted *ispay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, query string, answer []byte) {
		gateway.body, accepted = answer, nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: query}})
		if accepted == nil {
			require.Contains(t, []int{400, 403, 409, 413, 502}, w.Code)
			require.Equal(t, "fail", w.Body.String())
			return
		}
		require.Equal(t, 200, w.Code)
		require.Equal(t, "success", w.Body.String())
		values, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
		require.NoError(t, err)
		for _, all := range values {
			require.Len(t, all, 1)
		}
		require.True(t, sameHex(values.Get("sign"), callbackSign(values.Get("order_no"))))
		require.Equal(t, values.Get("order_no"), accepted.OrderNo)
		require.Equal(t, "9", bigText(values.Get("state")))
		require.True(t, isCents(accepted.Amount, values.Get("amount")))
		said := read(t, answer)
		require.NotNil(t, said.Order)
		require.Equal(t, "9", bigText(fmt.Sprint(said.Order.State)))
		require.True(t, isCents(accepted.Amount, fmt.Sprint(said.Order.Amount)))
		require.Equal(t, accepted.Amount, accepted.Order.Amount)
		require.True(t, accepted.Order.Paid())
	})
}

// said is an answer as encoding/json reads it by itself.
type said struct {
	Success any `json:"success"`
	OrderID any `json:"order_id"`
	State   any `json:"state"`
	Order   *struct {
		State   any `json:"state"`
		Amount  any `json:"amount"`
		Timeout any `json:"timeout"`
	} `json:"order"`
}

func read(t *testing.T, answer []byte) (s said) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf"))))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&s))
	return s
}

// An answer is read without an error only if it says success and holds what
// decides; there is a result or an error, never both, and an error keeps the
// answer and prints in one line.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(0), []byte(samples.JSON(f, "create_success.json", "nil", "null", "{订单 ID}", "424843497502158848")))
	f.Add(uint8(0), []byte(samples.Printed(f, "create_failure.json")))
	f.Add(uint8(4), []byte(samples.Printed(f, "query_not_found.json")))
	f.Add(uint8(0), []byte(samples.JSON(f, "query_state.json", "nil", "null", "{订单状态}", "2")))
	f.Add(uint8(0), []byte(samples.JSON(f, "query_order_issued.json", "nil", "null", "imgtext,", image+",")))
	f.Add(uint8(1), []byte(samples.JSON(f, "order.json", "nil", "null")))
	f.Add(uint8(0), []byte(paidAnswer))
	f.Add(uint8(3), []byte("\xef\xbb\xbf"+`{"success":"1","errorCode":"0","state":"9","order_id":1,"order":{"state":"9","amount":"1","timeout":9999999999999}}`))
	f.Add(uint8(2), []byte("<html>"))
	gateway := &answering{}
	client := fuzzClient(f, gateway)
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, status uint8, body []byte) {
		gateway.status, gateway.body = statuses[int(status)%len(statuses)], body

		created, err := client.CreateOrder(ctx, request())
		require.Equal(t, err == nil, created != nil)
		if err == nil {
			requireSuccess(t, gateway)
			require.Equal(t, fmt.Sprint(read(t, body).OrderID), created.OrderID)
			require.NotEmpty(t, created.OrderID)
			require.Equal(t, "https://pay.ispay.in/transfer/"+url.PathEscape(created.OrderID), created.PayPageURL)
			require.Equal(t, body, []byte(created.Raw))
		} else {
			failed := requireError(t, err, body)
			unreadable := failed.HTTPStatus < 400 && errorIs(failed, ispay.ErrBadAnswer)
			require.Equal(t, unreadable, errorIs(failed, ispay.ErrOutcomeUnknown))
		}

		state, err := client.QueryState(ctx, "1")
		require.Equal(t, err == nil, state != nil)
		if err == nil {
			requireSuccess(t, gateway)
			s := read(t, body)
			if s.State == nil || s.State == "" {
				s.State = s.Order.State
			}
			require.Equal(t, bigText(fmt.Sprint(s.State)), fmt.Sprint(int(state.State)))
			require.Equal(t, s.Order != nil, state.Code != nil)
			if state.Code != nil {
				require.GreaterOrEqual(t, state.Code.Timeout, time.Duration(0))
				image, err := state.Code.Image()
				require.Equal(t, err == nil, len(image) > 0)
			}
		} else {
			require.False(t, errorIs(requireError(t, err, body), ispay.ErrOutcomeUnknown))
		}
		code, err := client.QueryQRCode(ctx, "1")
		require.Equal(t, err == nil, code != nil)
		require.Equal(t, err == nil, state != nil && state.Code != nil)

		order, err := client.QueryOrder(ctx, "20191118123424")
		require.Equal(t, err == nil, order != nil)
		if err == nil {
			requireSuccess(t, gateway)
			s := read(t, body)
			require.Equal(t, bigText(fmt.Sprint(s.Order.State)), fmt.Sprint(int(order.State)))
			require.True(t, isCents(order.Amount, fmt.Sprint(s.Order.Amount)))
			require.Equal(t, "20191118123424", order.OrderNo)
			kept, err := ispay.DecodeOrder(order.Raw)
			require.NoError(t, err)
			kept.OrderNo = order.OrderNo
			require.Equal(t, order, kept)
		} else {
			require.False(t, errorIs(requireError(t, err, body), ispay.ErrOutcomeUnknown))
		}
	})
}

func requireSuccess(t *testing.T, gateway *answering) {
	t.Helper()
	require.Less(t, gateway.status, 300)
	require.Contains(t, []string{"true", "1"}, fmt.Sprint(read(t, gateway.body).Success))
}

func requireError(t *testing.T, err error, body []byte) *ispay.Error {
	t.Helper()
	var failed *ispay.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, string(body), string(failed.Body))
	require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), "%q", err.Error())
	require.Less(t, len(err.Error()), 1500)
	return failed
}

func errorIs(failed *ispay.Error, target error) bool {
	return failed.Err != nil && strings.Contains(failed.Err.Error(), target.Error())
}
