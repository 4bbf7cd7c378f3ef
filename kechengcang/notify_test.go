package kechengcang_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/kechengcang"
)

// orderFields returns the order of the documented sample with changed texts: the
// document says that a notification holds all fields of the order.
func orderFields(t *testing.T, oldNew ...string) string {
	t.Helper()
	var response struct {
		Result json.RawMessage `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(samples.JSON(t, "query_response.json", oldNew...)), &response))
	return string(response.Result)
}

func paidResponse(t *testing.T) string {
	t.Helper()
	return samples.JSON(t, "query_response.json", `"pay_status":1`, `"pay_status":3`)
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/notify", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestParseNotificationReadsTheIDAlone(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := orderFields(t, `"pay_status":1`, `"pay_status":3`)
	n, err := client.ParseNotification(post(body))
	require.NoError(t, err)
	assert.Equal(t, sampleID, n.OrderID)
	assert.Nil(t, n.Order)
	assert.Equal(t, body, string(n.Raw.Reveal()))
	assert.Zero(t, mock.GetTotalCallCount(), "parsing sends nothing")

	same, err := client.VerifyNotification([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, n.OrderID, same.OrderID)
	assert.Equal(t, n.Raw.Reveal(), same.Raw.Reveal())
}

func TestParseNotificationAcceptsANumberAsTheID(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	n, err := client.ParseNotification(post("\ufeff" + `{"id":12345678901234567890}`))
	require.NoError(t, err)
	assert.Equal(t, "12345678901234567890", n.OrderID)
}

func TestParseNotificationRejects(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":         "",
		"a form":        "id=" + sampleID,
		"a list":        `[{"id":"YOw3MgLZ7RWGylz4"}]`,
		"no id":         `{"pay_status":3}`,
		"null id":       `{"id":null}`,
		"empty id":      `{"id":""}`,
		"id an object":  `{"id":{"a":1}}`,
		"id a path":     `{"id":"../store"}`,
		"id with query": `{"id":"a&id=b"}`,
		"id with NUL":   `{"id":"a\u0000"}`,
		"id too long":   `{"id":"` + strings.Repeat("a", 65) + `"}`,
		"id negative":   `{"id":-1}`,
		"too long":      `{"id":"a","x":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			n, err := client.ParseNotification(post(body))
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			assert.Nil(t, n)
			assert.Less(t, len(err.Error()), 200)
			n, err = client.VerifyNotification([]byte(body))
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			assert.Nil(t, n)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

// handle sends one notification to a handler whose gateway responds with confirm.
func handle(t *testing.T, r *http.Request, confirm httpmock.Responder, handle func(context.Context, *kechengcang.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("POST", showURL, confirm)
	var log bytes.Buffer
	c := config(mock)
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := kechengcang.New(c)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	client.NotificationHandler(handle).ServeHTTP(w, r)
	return w, log.String()
}

// The function gets what the gateway says, whatever the notification claims.
func TestNotificationHandlerAcceptsAConfirmedPayment(t *testing.T) {
	t.Parallel()
	var got *kechengcang.Notification
	claims := orderFields(t, `"pay_status":1`, `"pay_status":3`, `"fee":2000`, `"fee":90000`, `"title":"\u6d4b\u8bd5"`, `"title":"forged"`)
	w, _ := handle(t, post(claims), httpmock.NewStringResponder(200, paidResponse(t)),
		func(_ context.Context, n *kechengcang.Notification) error { got = n; return nil })
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "ok", w.Body.String())
	require.NotNil(t, got)
	assert.Equal(t, sampleID, got.OrderID)
	assert.True(t, got.Order.Paid())
	assert.Equal(t, "20.00 USD", got.Order.Fee.String())
	assert.Equal(t, "测试", got.Order.Subject)
	assert.Empty(t, got.Order.AppID, "the document's sample has no application")
}

func TestNotificationHandlerRejects(t *testing.T) {
	t.Parallel()
	response := func(body string) httpmock.Responder { return httpmock.NewStringResponder(200, body) }
	paid := paidResponse(t)
	tests := map[string]struct {
		body    string
		confirm httpmock.Responder
		status  int
	}{
		"too long":            {`{"id":"` + strings.Repeat("a", 1<<20) + `"}`, response(paid), 413},
		"not paid":            {orderFields(t, `"pay_status":1`, `"pay_status":3`), response(samples.JSON(t, "query_response.json")), 409},
		"submitted only":      {orderFields(t), response(strings.Replace(paid, `"pay_status":3`, `"pay_status":2`, 1)), 409},
		"unknown state":       {orderFields(t), response(strings.Replace(paid, `"pay_status":3`, `"pay_status":33`, 1)), 409},
		"another application": {orderFields(t), response(strings.Replace(paid, `"app_id":""`, `"app_id":"other-app"`, 1)), 409},
		"unknown order":       {orderFields(t), response(`{"code":200,"message":"ok","result":null}`), 409},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := handle(t, post(test.body), test.confirm, func(context.Context, *kechengcang.Notification) error {
				t.Error("the function was called")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "notification rejected")
			assert.NotContains(t, log, "0xE4758EF12D49893581f71e6abdfB1ddA16a043ab")
		})
	}
}

func TestNotificationHandlerAcceptsItsOwnApplication(t *testing.T) {
	t.Parallel()
	own := strings.Replace(paidResponse(t), `"app_id":""`, `"app_id":"`+appID+`"`, 1)
	w, _ := handle(t, post(orderFields(t)), httpmock.NewStringResponder(200, own),
		func(context.Context, *kechengcang.Notification) error { return nil })
	assert.Equal(t, "ok", w.Body.String())
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, paidResponse(t)).
		Then(httpmock.NewStringResponder(200, samples.JSON(t, "query_response.json"))))
	n := &kechengcang.Notification{OrderID: sampleID}
	order, err := client.ConfirmNotification(context.Background(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n = &kechengcang.Notification{OrderID: sampleID}
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.EqualError(t, err, "kechengcang: confirm notification: not confirmed by the gateway: the gateway says state 1 (waiting)")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(context.Background(), nil)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
}

// The attacks of docs/security.md that no other test covers.

// Only a query tells a forged notification from a genuine one. One after the other, each
// sends a query; at the same time they share one.
func TestEveryForgedNotificationQueriesTheGateway(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, `{"code":200,"message":"ok","result":null}`))
	handler := client.NotificationHandler(func(context.Context, *kechengcang.Notification) error {
		t.Error("the function was called")
		return nil
	})
	for range 10 {
		handler.ServeHTTP(httptest.NewRecorder(), post(`{"id":"`+sampleID+`"}`))
	}
	assert.Equal(t, 10, mock.GetTotalCallCount())
}
