package kechengcang_test

import (
	"bytes"
	"context"
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

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/kechengcang"
)

func fuzzClient(f *testing.F, gateway *samples.Gateway) *kechengcang.Client {
	f.Helper()
	c := config(nil)
	c.HTTPClient = &http.Client{Transport: gateway}
	client, err := kechengcang.New(c)
	require.NoError(f, err)
	return client
}

var idShape = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// said is a response as encoding/json reads it.
type said struct {
	Code   any `json:"code"`
	Result *struct {
		ID       any `json:"id"`
		Fee      any `json:"fee"`
		Currency any `json:"currency"`
		PayFee   any `json:"pay_fee"`
		State    any `json:"pay_status"`
		AppID    any `json:"app_id"`
	} `json:"result"`
}

func number(t *testing.T, value any) int64 {
	t.Helper()
	text := fmt.Sprint(value)
	if whole, decimals, ok := strings.Cut(text, "."); ok && strings.Trim(decimals, "0") == "" {
		text = whole
	}
	n, ok := new(big.Int).SetString(text, 10)
	require.True(t, ok && n.IsInt64(), "%v", value)
	return n.Int64()
}

// Only the id of a notification is read, and only if it has the shape of one.
func FuzzVerifyNotification(f *testing.F) {
	f.Add(sampleID, []byte(`{"id":"YOw3MgLZ7RWGylz4","pay_status":3,"fee":2000}`))
	f.Add("12345678901234567890", []byte("\xef\xbb\xbf"+`{"id":12345678901234567890}`))
	f.Add("../store", []byte(`{"id":{"a":1}}`))
	f.Add("a&id=b", []byte(`[{"id":"a"}]`))
	f.Add("a\u0000", []byte(`null`))
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		whole, err := json.Marshal(map[string]any{"id": id, "pay_status": 3, "fee": 90000})
		require.NoError(t, err)
		n, err := client.VerifyNotification(whole)
		require.Equal(t, idShape.MatchString(id), err == nil)
		require.Equal(t, err == nil, n != nil)
		if err == nil {
			require.Equal(t, id, n.OrderID)
		}

		n, err = client.VerifyNotification(body)
		require.Equal(t, err == nil, n != nil)
		if err != nil {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), "%q", err.Error())
			return
		}
		var claimed struct {
			ID any `json:"id"`
		}
		samples.Read(t, body, &claimed)
		require.Equal(t, fmt.Sprint(claimed.ID), n.OrderID)
		require.Regexp(t, idShape, n.OrderID)
		require.Nil(t, n.Order)
		require.Equal(t, string(body), string(n.Raw.Reveal()))
		require.Equal(t, "kechengcang notification for order "+n.OrderID, fmt.Sprintf("%#v", n))
	})
}

// Whatever arrives at the notify URL and whatever the gateway responds, the function gets
// only an order that the response reports as paid, with the id of the query, of this
// application.
func FuzzNotificationHandler(f *testing.F) {
	response := samples.JSON(f, "query_response.json", `"pay_status":1`, `"pay_status":3`)
	claim := []byte(`{"id":"` + sampleID + `","pay_status":3,"fee":90000}`)
	f.Add(claim, []byte(response))
	f.Add(claim, []byte(strings.Replace(response, `"app_id":""`, `"app_id":"example-app"`, 1)))
	f.Add(claim, []byte(strings.Replace(response, `"app_id":""`, `"app_id":"other-app"`, 1)))
	f.Add(claim, []byte(samples.JSON(f, "query_response.json")))
	f.Add([]byte(`{"id":"another"}`), []byte(response))
	f.Add(claim, []byte(`{"code":200,"message":"ok","result":null}`))
	f.Add([]byte("id="+sampleID), []byte(response))
	gateway := &samples.Gateway{Status: 200}
	var accepted *kechengcang.Notification
	handler := fuzzClient(f, gateway).NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
		accepted = n
		return nil
	})
	f.Fuzz(func(t *testing.T, body, response []byte) {
		gateway.Body, accepted = response, nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, &http.Request{
			Method: http.MethodPost, URL: &url.URL{Path: "/notify"},
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		})
		if accepted == nil {
			require.Contains(t, []int{400, 409, 413, 502}, w.Code)
			require.Equal(t, "fail", w.Body.String())
			return
		}
		require.Equal(t, 200, w.Code)
		require.Equal(t, "ok", w.Body.String())
		var claimed struct {
			ID any `json:"id"`
		}
		samples.Read(t, body, &claimed)
		var s said
		samples.Read(t, response, &s)
		require.NotNil(t, s.Result)
		require.Equal(t, fmt.Sprint(claimed.ID), accepted.OrderID)
		require.Equal(t, fmt.Sprint(s.Result.ID), accepted.OrderID)
		require.Equal(t, accepted.Order.OrderID, accepted.OrderID)
		require.EqualValues(t, 200, number(t, s.Code))
		require.EqualValues(t, 3, number(t, s.Result.State))
		require.Equal(t, accepted.Order.Fee.Amount.Cents(), number(t, s.Result.Fee))
		require.Contains(t, []any{nil, "", appID}, s.Result.AppID)
		require.True(t, accepted.Order.Paid())
	})
}

// An response is an order only if it says code 200 with HTTP's success and holds
// what decides; there is an order or an error, never both, and an error keeps the
// response and prints in one line.
func FuzzResponses(f *testing.F) {
	documented := samples.JSON(f, "query_response.json")
	for _, body := range []string{
		documented, samples.JSON(f, "create_response.json"),
		strings.NewReplacer(`"code":200`, `"code":"200"`, `"fee":2000`, `"fee":"2000"`).Replace(documented),
		strings.Replace(documented, `"fee":2000`, `"fee":-1`, 1),
		`{"code":200,"message":"ok","result":null}`, `{"code":200,"result":[]}`, `{"code":400,"msg":"x"}`,
		`{"message":"签名不正确!"}`, `{"message":"x","errors":{"fee":["y"]}}`, `{"message":"The POST method is not supported"}`,
		`{"message":"SQLSTATE[HY000] (SQL: insert)"}`, "<html>",
	} {
		for _, status := range []uint8{0, 3} {
			f.Add(true, status, []byte(body))
			f.Add(false, status, []byte(body))
		}
	}
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, create bool, status uint8, body []byte) {
		gateway.Respond(status, body)
		var order *kechengcang.Order
		var err error
		if create {
			order, err = client.CreateOrder(context.Background(), request())
		} else {
			order, err = client.QueryOrder(context.Background(), sampleID)
		}
		require.Equal(t, err == nil, order != nil)
		if err != nil {
			failed := gateway.RequireError(t, err, 1500)
			isUnknown := errors.Is(err, paygates.ErrOutcomeUnknown)
			require.False(t, !create && isUnknown)
			require.False(t, create && failed.HTTPStatus < 400 && errors.Is(err, paygates.ErrBadResponse) && !isUnknown)
			return
		}
		require.Less(t, gateway.Status, 300)
		var s said
		samples.Read(t, body, &s)
		require.EqualValues(t, 200, number(t, s.Code))
		require.Equal(t, fmt.Sprint(s.Result.ID), order.OrderID)
		require.Regexp(t, idShape, order.OrderID)
		require.True(t, create || order.OrderID == sampleID)
		require.Equal(t, number(t, s.Result.Fee), order.Fee.Amount.Cents())
		require.Equal(t, number(t, s.Result.Currency), int64(order.Fee.Currency))
		require.Equal(t, number(t, s.Result.State), int64(order.State))
		require.GreaterOrEqual(t, order.Fee.Amount.Cents(), int64(0))
		require.GreaterOrEqual(t, order.PayFee.Amount.Cents(), int64(0))
		kept, err := kechengcang.DecodeOrder(order.Raw.Reveal())
		require.NoError(t, err)
		kept.Raw, order.Raw = paygates.Private[json.RawMessage]{}, paygates.Private[json.RawMessage]{}
		require.Equal(t, order, kept)
	})
}
