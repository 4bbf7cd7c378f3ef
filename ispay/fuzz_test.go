package ispay_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
)

func fuzzClient(f *testing.F, gateway *samples.Gateway) *ispay.Client {
	f.Helper()
	client, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: gateway},
	})
	require.NoError(f, err)
	return client
}

// signatureOf returns the signature of a notification, by crypto/md5 instead of package
// sign.
func signatureOf(orderNo string) string {
	sum := md5.Sum([]byte("10001" + orderNo + secret))
	return hex.EncodeToString(sum[:])
}

var (
	orderNoShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	amountShape  = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2}0*)?$`)
	stateShape   = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

// isAmount reports whether text stands for an amount of more than 0.00 that an
// int64 of hundredths holds.
func isAmount(text string) bool {
	if !amountShape.MatchString(text) {
		return false
	}
	cents := samples.Hundredths(text)
	return cents.Sign() > 0 && cents.Num().IsInt64()
}

func isState(text string) bool {
	value, ok := new(big.Int).SetString(text, 10)
	return ok && stateShape.MatchString(text) && value.IsInt64()
}

// With a valid signature a notification is accepted if and only if each value has its
// shape. With another signature or another order number it never is.
func FuzzVerifyNotification(f *testing.F) {
	f.Add("20191118123424", "300.00", "9", signature, uint16(3), byte(1))
	f.Add("A-1_b", "0.01", "8", strings.ToUpper(signature), uint16(0), byte(0x80))
	// Each of these has one error.
	f.Add("20191118123424P901300.00https://shop.example.com/paid", "300.00", "9", "", uint16(20), byte(32))
	f.Add("", "300.00", "9", "63a5", uint16(1), byte(0))
	f.Add("1\x00", "300.00", "9", "", uint16(1), byte(0))
	f.Add("\xff", "300.00", "9", "", uint16(1), byte(0))
	f.Add("1", "0", "9", "", uint16(0), byte(1))
	f.Add("1", "92233720368547758.08", "9", "", uint16(0), byte(1))
	for _, amount := range []string{"3e2", "1.001", "1.9001", "1,9", ".5", "5.", "+5", "0.000", "-3.00", ""} {
		f.Add("1", amount, "9", "", uint16(0), byte(1))
	}
	f.Add("1", "300.00", "paid", "", uint16(0), byte(1))
	f.Add("1", "300.00", "99999999999999999999", "", uint16(0), byte(1))
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, orderNo, amount, state, received string, at uint16, flip byte) {
		right := signatureOf(orderNo)
		values := url.Values{"order_no": {orderNo}, "amount": {amount}, "state": {state}, "sign": {right}}
		n, err := client.VerifyNotification(values)
		if !orderNoShape.MatchString(orderNo) || !isAmount(amount) || !isState(state) {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.Nil(t, n)
			return
		}
		require.NoError(t, err)
		require.Equal(t, orderNo, n.OrderNo)
		require.True(t, samples.IsCents(n.Amount, amount))
		require.Equal(t, new(big.Int).SetInt64(int64(n.State)).String(), bigText(state))
		require.Nil(t, n.Order)

		values["sign"] = []string{received}
		n, err = client.VerifyNotification(values)
		require.Equal(t, strings.EqualFold(received, right), err == nil)
		require.Equal(t, err == nil, n != nil)

		changed := []byte(orderNo)
		changed[int(at)%len(changed)] ^= flip
		values["order_no"], values["sign"] = []string{string(changed)}, []string{right}
		n, err = client.VerifyNotification(values)
		require.Equal(t, flip == 0, err == nil)
		require.Equal(t, flip == 0, n != nil)
	})
}

// whole returns a whole number without the zeros after its point.
func whole(value any) string {
	text, _, _ := strings.Cut(fmt.Sprint(value), ".")
	return bigText(text)
}

func bigText(text string) string {
	value, _ := new(big.Int).SetString(text, 10)
	return value.String()
}

// Whatever arrives at the notify URL and whatever the gateway responds, the function
// gets only a notification with the signature of its order, which the response confirms
// with the same amount.
func FuzzNotificationHandler(f *testing.F) {
	genuine := "order_no=20191118123424&amount=300.00&state=9&sign=" + signature
	f.Add(genuine, []byte(paidResponse))
	f.Add(strings.Replace(genuine, "300.00", "900.00", 1), []byte(paidResponse))
	f.Add(genuine+"&amount=1.00", []byte(paidResponse))
	f.Add(strings.Replace(genuine, "state=9", "state=8", 1), []byte(paidResponse))
	f.Add(genuine, []byte(strings.Replace(paidResponse, `"state":9`, `"state":5`, 1)))
	f.Add(genuine, []byte(samples.Printed(f, "query_not_found.json")))
	f.Add(strings.Replace(genuine, "&sign", "&a=;&sign", 1), []byte(samples.JSON(f, "order.json", "nil", "null")))
	gateway := &samples.Gateway{Status: 200}
	var accepted *ispay.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, query string, response []byte) {
		gateway.Body, accepted = response, nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/notify", RawQuery: query}})
		if accepted == nil {
			require.Contains(t, []int{400, 403, 409, 413, 502}, w.Code)
			require.Equal(t, "fail", w.Body.String())
			return
		}
		require.Equal(t, 200, w.Code)
		require.Equal(t, "success", w.Body.String())
		// The fields begin after a second "?".
		field := max(strings.LastIndex(query, "&order_no="), strings.LastIndex(query, "?order_no="))
		query = query[strings.LastIndexByte(query[:field+1], '?')+1:]
		values, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
		require.NoError(t, err)
		for _, all := range values {
			require.Len(t, all, 1)
		}
		require.True(t, strings.EqualFold(values.Get("sign"), signatureOf(values.Get("order_no"))))
		require.Equal(t, values.Get("order_no"), accepted.OrderNo)
		require.Equal(t, "9", bigText(values.Get("state")))
		require.True(t, samples.IsCents(accepted.Amount, values.Get("amount")))
		var plain plainResponse
		samples.Read(t, response, &plain)
		require.NotNil(t, plain.Order)
		require.Equal(t, "9", whole(plain.Order.State))
		require.True(t, samples.IsCents(accepted.Amount, fmt.Sprint(plain.Order.Amount)))
		require.Equal(t, accepted.Amount, accepted.Order.Amount)
		require.True(t, accepted.Order.Paid())
	})
}

// plainResponse is a response as encoding/json alone reads it.
type plainResponse struct {
	Success any `json:"success"`
	OrderID any `json:"order_id"`
	State   any `json:"state"`
	Order   *struct {
		State   any `json:"state"`
		Amount  any `json:"amount"`
		QRCode  any `json:"qrcode"`
		Timeout any `json:"timeout"`
	} `json:"order"`
}

// A response is read without an error only if it reports success and has the fields that
// decide. There is a result or an error, never both. An error keeps the response and
// prints as one line.
func FuzzResponses(f *testing.F) {
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	readers := [...]func(*testing.T, *ispay.Client, *samples.Gateway){readCreated, readState, readOrder}
	for _, body := range []string{
		samples.JSON(f, "create_success.json", "nil", "null", "{订单 ID}", "424843497502158848"),
		samples.Printed(f, "create_failure.json"),
		samples.Printed(f, "query_not_found.json"),
		samples.JSON(f, "query_state.json", "nil", "null", "{订单状态}", "2"),
		samples.JSON(f, "query_order_issued.json", "nil", "null", "imgtext,", image+","),
		samples.JSON(f, "order.json", "nil", "null"),
		paidResponse,
		"\xef\xbb\xbf" + `{"success":"1","errorCode":"0","state":"9","order_id":1,"order":{"state":"9","amount":"1","timeout":9999999999999}}`,
		`{"success":true,"state":5,"order":{"timeout":-9223372037}}`,
		`{"success":false,"errorCode":1,"order_id":"1","state":9,"order":{"state":9,"amount":"1.00"}}`,
		`{"success":true,"order":{"state":9}}`,
		`{"success":true,"order":{"amount":"1.00"}}`,
		"<html>",
	} {
		for reader := range readers {
			f.Add(uint8(reader), uint8(0), []byte(body))
		}
		f.Add(uint8(0), uint8(3), []byte(body))
	}
	f.Fuzz(func(t *testing.T, reader, status uint8, body []byte) {
		gateway.Respond(status, body)
		readers[int(reader)%len(readers)](t, client, gateway)
	})
}

func readCreated(t *testing.T, client *ispay.Client, gateway *samples.Gateway) {
	t.Helper()
	created, err := client.CreateOrder(context.Background(), request())
	require.Equal(t, err == nil, created != nil)
	if err != nil {
		failed := gateway.RequireError(t, err, 1500)
		require.Equal(t, samples.IsUnclear(failed), errors.Is(failed, paygates.ErrOutcomeUnknown))
		return
	}
	require.NotEmpty(t, created.OrderID)
	require.Equal(t, fmt.Sprint(requireSuccess(t, gateway).OrderID), created.OrderID)
	require.Equal(t, "https://pay.ispay.in/transfer/"+url.PathEscape(created.OrderID), created.PayPageURL)
	require.Equal(t, gateway.Body, []byte(created.Raw.Reveal()))
}

func isNothing(value any) bool { return value == nil || value == "" }

func readState(t *testing.T, client *ispay.Client, gateway *samples.Gateway) {
	t.Helper()
	state, err := client.QueryState(context.Background(), "1")
	require.Equal(t, err == nil, state != nil)
	code, codeErr := client.QueryQRCode(context.Background(), "1")
	require.Equal(t, codeErr == nil, code != nil)
	require.Equal(t, codeErr == nil, state != nil && state.Code != nil)
	if err != nil {
		require.NotErrorIs(t, gateway.RequireError(t, err, 1500), paygates.ErrOutcomeUnknown)
		return
	}
	if slices.Contains(state.Unread, "order") {
		require.Nil(t, state.Code)
		return
	}
	plain := requireSuccess(t, gateway)
	if isNothing(plain.State) {
		plain.State = plain.Order.State
	}
	require.Equal(t, whole(plain.State), fmt.Sprint(int(state.State)))
	if state.Code == nil {
		require.True(t, plain.Order == nil || isNothing(plain.Order.Amount) && isNothing(plain.Order.QRCode))
		return
	}
	if timeout := state.Code.Timeout; timeout != 0 {
		require.Zero(t, timeout%time.Second)
		require.Equal(t, whole(plain.Order.Timeout), fmt.Sprint(int64(timeout/time.Second)))
	}
	image, err := state.Code.Image()
	require.Equal(t, err == nil, len(image) > 0)
}

func readOrder(t *testing.T, client *ispay.Client, gateway *samples.Gateway) {
	t.Helper()
	order, err := client.QueryOrder(context.Background(), "20191118123424")
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		require.NotErrorIs(t, gateway.RequireError(t, err, 1500), paygates.ErrOutcomeUnknown)
		return
	}
	plain := requireSuccess(t, gateway)
	require.Equal(t, whole(plain.Order.State), fmt.Sprint(int(order.State)))
	require.True(t, samples.IsCents(order.Amount, fmt.Sprint(plain.Order.Amount)))
	require.Equal(t, "20191118123424", order.OrderNo)
	kept, err := ispay.DecodeOrder(order.Raw.Reveal())
	require.NoError(t, err)
	kept.OrderNo = order.OrderNo
	require.Equal(t, order, kept)
}

func requireSuccess(t *testing.T, gateway *samples.Gateway) plainResponse {
	t.Helper()
	require.Less(t, gateway.Status, 300)
	var plain plainResponse
	samples.Read(t, gateway.Body, &plain)
	require.Contains(t, []string{"true", "1"}, fmt.Sprint(plain.Success))
	return plain
}
