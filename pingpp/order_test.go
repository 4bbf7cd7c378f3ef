package pingpp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
)

const (
	createURL = "https://shop.example.com/pay/pay_for_order/"
	chargeID  = "ch_WrHW58Ki5unLCSuf54OuHKCS"
	chargeURL = "https://api.pingxx.com/v1/charges/" + chargeID
)

func request() pingpp.CreateOrderRequest {
	return pingpp.CreateOrderRequest{OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay}
}

// createSuccess is the documented response. In the document the "&not" of "&notify_url"
// became "¬", as a browser shows the HTML entity &not. It is restored here.
func createSuccess(t testing.TB) string {
	t.Helper()
	return samples.JSON(t, "create_success.json", "¬ify_url", "&notify_url")
}

// documentedCharge is the charge in createSuccess.
func documentedCharge(t testing.TB) string {
	t.Helper()
	var response struct {
		Charge json.RawMessage `json:"ch"`
	}
	require.NoError(t, json.Unmarshal([]byte(createSuccess(t)), &response))
	return string(response.Charge)
}

// paidCharge is the documented charge after its payment.
func paidCharge(t testing.TB) string {
	t.Helper()
	return replace(t, documentedCharge(t), `"paid": false`, `"paid": true`, `"time_paid": null`, `"time_paid": 1466149900`)
}

// replace fails the test if a text to be replaced is not there.
func replace(t testing.TB, text string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		require.Contains(t, text, oldNew[i])
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	return text
}

// The request of the document's table, of its JSON sample and of its curl line.
func TestCreateOrderSendsTheDocumentedForm(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var documented struct {
		OrderNo json.Number `json:"order_no"`
		Channel string      `json:"channel"`
	}
	require.NoError(t, json.Unmarshal([]byte(samples.JSON(t, "create_request.json")), &documented))
	curl := samples.Printed(t, "create_request.txt")
	mock.RegisterResponder("PUT", createURL, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "/pay/pay_for_order/", r.URL.RequestURI())
		assert.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
		assert.Equal(t, "Token "+token, r.Header.Get("Authorization"))
		assert.Equal(t, "order_no=12134676899915430002&channel=alipay", string(body))
		assert.Contains(t, curl, "curl -X PUT -H 'Authorization: "+r.Header.Get("Authorization")+"' -d '"+string(body)+"' ")
		assert.Contains(t, curl, r.URL.RequestURI()+"\n")
		return httpmock.NewStringResponse(200, createSuccess(t)), nil
	})
	created, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: documented.OrderNo.String(), Channel: pingpp.Channel(documented.Channel),
	})
	require.NoError(t, err)
	assert.Equal(t, "12134676899915430002", created.Charge.OrderNo)
	assert.Equal(t, createSuccess(t), string(created.Raw.Reveal()))
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestCreateOrderByWeChat(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("PUT", createURL, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "order_no=A-1_b&channel=wx", string(body))
		return httpmock.NewStringResponse(200, replace(t, createSuccess(t),
			`"order_no": "12134676899915430002"`, `"order_no": "A-1_b"`, `"channel": "alipay"`, `"channel": "wx"`)), nil
	})
	created, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: "A-1_b", Channel: pingpp.ChannelWeChat})
	require.NoError(t, err)
	assert.Equal(t, pingpp.ChannelWeChat, created.Charge.Channel)
}

func TestCreateOrderRejectsBadInputBeforeSending(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*pingpp.CreateOrderRequest)
		field  string
	}{
		"no order number":         {func(r *pingpp.CreateOrderRequest) { r.OrderNo = "" }, "order_no"},
		"order number too long":   {func(r *pingpp.CreateOrderRequest) { r.OrderNo = strings.Repeat("1", 65) }, "order_no"},
		"order number with space": {func(r *pingpp.CreateOrderRequest) { r.OrderNo = "1 2" }, "order_no"},
		"order number not ASCII":  {func(r *pingpp.CreateOrderRequest) { r.OrderNo = "１２" }, "order_no"},
		"no channel":              {func(r *pingpp.CreateOrderRequest) { r.Channel = "" }, "channel"},
		"unknown channel":         {func(r *pingpp.CreateOrderRequest) { r.Channel = "wx_pub" }, "channel"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			bad := request()
			test.change(&bad)
			created, err := client.CreateOrder(context.Background(), bad)
			require.ErrorIs(t, err, paygates.ErrInvalidRequest)
			assert.ErrorContains(t, err, "("+test.field+") must")
			assert.Nil(t, created)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestCreateOrderThatTheBackendRejects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, message string
		want, other   error
	}{
		"invalid channel": {"create_invalid_channel.json", "无效的支付通道", pingpp.ErrInvalidChannel, pingpp.ErrPaymentRequestFailed},
		"payment failed":  {"create_payment_failed.json", "支付请求失败", pingpp.ErrPaymentRequestFailed, pingpp.ErrInvalidChannel},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			body := samples.JSON(t, test.file)
			mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, body))
			created, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, created)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, &paygates.Error{
				Gateway: "pingpp", Op: "create order", HTTPStatus: 200, Code: "-4", Message: test.message, Body: paygates.NewPrivate([]byte(body)), Err: test.want,
			}, failed)
			assert.EqualError(t, err, "pingpp: create order: code -4: "+test.message+": "+test.want.Error())
			require.ErrorIs(t, err, test.want)
			require.NotErrorIs(t, err, test.other)
			assert.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		})
	}
}

func TestCreateOrderWithABadResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		want    error // nil: a plain rejection
		unknown bool
	}{
		"another rejection": {200, `{"status":-7,"message":"订单已支付"}`, nil, false},
		"a status quoted":   {200, `{"status":"-4","message":"无效的支付通道"}`, pingpp.ErrInvalidChannel, false},
		"above 0, a charge": {200, replace(t, createSuccess(t), `"status": 0`, `"status": 1`), nil, false},
		"no status":         {200, replace(t, createSuccess(t), `"status": 0,`, ``), paygates.ErrBadResponse, true},
		"a charge above":    {200, `{"status":0,"ch":{"metadata":` + createSuccess(t) + `}}`, paygates.ErrBadResponse, true},
		"token rejected":    {401, `{"detail":"Invalid token."}`, paygates.ErrBadResponse, false},
		"no such path":      {404, `<html>`, paygates.ErrBadResponse, false},
		"rejection and 500": {500, `{"status":-4,"message":"支付请求失败"}`, pingpp.ErrPaymentRequestFailed, true},
		// What a float would make of the order number.
		"rounded number": {200, strings.ReplaceAll(createSuccess(t), "12134676899915430002", "12134676899915430000"), paygates.ErrBadResponse, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(test.status, test.body))
			created, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, created)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.body, string(failed.Body.Reveal()))
			assert.Equal(t, test.status, failed.HTTPStatus)
			if test.want == nil {
				require.NoError(t, failed.Err)
			} else {
				require.ErrorIs(t, err, test.want)
			}
			assert.Equal(t, test.unknown, errors.Is(err, paygates.ErrOutcomeUnknown), err)
			assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is sent once")
		})
	}
}

func TestCreateOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	respond := func(body string) { mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, body)) }
	respond(replace(t, createSuccess(t), `"message": ""`, `"message": []`, `"subject": 1`, `"subject": {}`))
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, []string{"subject"}, created.Charge.Unread, "the message is no field of the charge")
	for _, body := range []string{`{"status":0}`, `{"status":0,"ch":null}`, `{"status":0,"ch":[]}`, `{"status":0,"ch":"x"}`} {
		respond(body)
		_, err = client.CreateOrder(context.Background(), request())
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown, body)
		require.ErrorContains(t, err, "unexpected response: no ch", body)
	}
}

func TestCreateOrderNamesTheReasonForARejectedToken(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(401, `{"detail":"Invalid token `+token+`"}`))
	_, err := client.CreateOrder(context.Background(), request())
	assert.EqualError(t, err, "pingpp: create order: HTTP 401: Invalid token [redacted]: unexpected response: no status")
}

func TestQueryChargeSendsTheKeyAndASignature(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", chargeURL, func(r *http.Request) (*http.Response, error) {
		assert.Nil(t, r.Body)
		user, password, ok := r.BasicAuth()
		assert.True(t, ok)
		assert.Equal(t, apiKey, user)
		assert.Empty(t, password)
		timestamp := r.Header.Get("Pingplusplus-Request-Timestamp")
		assert.Regexp(t, `^\d{10}$`, timestamp)
		assertSigned(t, "/v1/charges/"+chargeID+timestamp, r.Header.Get("Pingplusplus-Signature"))
		return httpmock.NewStringResponse(200, documentedCharge(t)), nil
	})
	charge, err := client.QueryCharge(context.Background(), chargeID)
	require.NoError(t, err)
	assert.Equal(t, chargeID, charge.ID)
	assert.False(t, charge.Paid())
	assert.Equal(t, documentedCharge(t), string(charge.Raw.Reveal()))
}

// The signed URI is the one that is sent, behind a proxy with a path as well.
func TestQueryChargeSignsThePathOfTheBaseURL(t *testing.T) {
	t.Parallel()
	client, mock := setup(t, func(c *pingpp.Config) { c.APIBaseURL = "https://proxy.example.com/ping/" })
	mock.RegisterResponder("GET", "https://proxy.example.com/ping/v1/charges/"+chargeID, func(r *http.Request) (*http.Response, error) {
		assertSigned(t, r.URL.RequestURI()+r.Header.Get("Pingplusplus-Request-Timestamp"), r.Header.Get("Pingplusplus-Signature"))
		return httpmock.NewStringResponse(200, documentedCharge(t)), nil
	})
	_, err := client.QueryCharge(context.Background(), chargeID)
	assert.NoError(t, err)
}

func TestQueryChargeWithoutAPrivateKeyIsNotSigned(t *testing.T) {
	t.Parallel()
	client, mock := setup(t, func(c *pingpp.Config) { c.PrivateKey = pingpp.Config{}.PrivateKey })
	mock.RegisterResponder("GET", chargeURL, func(r *http.Request) (*http.Response, error) {
		assert.NotContains(t, r.Header, "Pingplusplus-Signature")
		assert.NotContains(t, r.Header, "Pingplusplus-Request-Timestamp")
		return httpmock.NewStringResponse(200, documentedCharge(t)), nil
	})
	_, err := client.QueryCharge(context.Background(), chargeID)
	assert.NoError(t, err)
}

func TestQueryChargeThatPingppRejects(t *testing.T) {
	t.Parallel()
	const notFound = `{"error":{"type":"invalid_request_error","message":"No such charge: ch_x","param":"id"}}`
	client, mock := setup(t)
	mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(404, notFound))
	_, err := client.QueryCharge(context.Background(), chargeID)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, &paygates.Error{
		Gateway: "pingpp", Op: "query charge", HTTPStatus: 404,
		Message: "No such charge: ch_x", Body: paygates.NewPrivate([]byte(notFound)), Err: failed.Err,
	}, failed)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	var apiError *pingpp.APIError
	require.ErrorAs(t, err, &apiError)
	assert.Equal(t, pingpp.APIError{Type: "invalid_request_error", Param: "id"}, *apiError)
	assert.EqualError(t, err, "pingpp: query charge: HTTP 404: No such charge: ch_x: order not found: Ping++ error invalid_request_error (param id)")
}

func TestQueryChargeWithABadResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   error // nil: a plain rejection
		calls  int
	}{
		"key rejected":         {401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: ` + apiKey + `"}}`, nil, 1},
		"rejected by the card": {402, `{"error":{"type":"card_error","code":"card_declined","message":"declined"}}`, nil, 1},
		"missing by its code":  {400, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"x"}}`, paygates.ErrOrderNotFound, 1},
		"a code alone":         {400, `{"error":{"code":"resource_missing"}}`, paygates.ErrOrderNotFound, 1},
		"a message alone":      {404, `{"error":{"message":"x"}}`, paygates.ErrOrderNotFound, 1},
		"a type alone":         {404, `{"error":{"type":"invalid_request_error","code":[]}}`, paygates.ErrOrderNotFound, 1},
		"a parameter alone":    {404, `{"error":{"param":"id"}}`, paygates.ErrBadResponse, 1},
		"rate limit":           {429, `{"error":{"type":"api_error","code":"rate_limit","message":"x"}}`, paygates.ErrUnavailable, 3},
		"Ping++ fails":         {500, `{"error":{"type":"api_error","message":"x"}}`, paygates.ErrBadResponse, 3},
		"an empty error":       {400, `{"error":{}}`, paygates.ErrBadResponse, 1},
		"an error with 200":    {200, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`, nil, 1},
		"missing with 200":     {200, `{"error":{"code":"resource_missing"}}`, paygates.ErrOrderNotFound, 1},
		"no error with 200":    {200, `{"object":"other","error":{"code":"resource_missing"}}`, paygates.ErrBadResponse, 1},
		"an error as a text":   {400, `{"error":"key"}`, paygates.ErrBadResponse, 1},
		"404 without an error": {404, `{}`, paygates.ErrBadResponse, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(test.status, test.body))
			charge, err := client.QueryCharge(context.Background(), chargeID)
			assert.Nil(t, charge)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.body, string(failed.Body.Reveal()))
			assert.Equal(t, test.status, failed.HTTPStatus)
			if test.want == nil {
				var apiError *pingpp.APIError
				require.ErrorAs(t, err, &apiError)
				assert.NotEmpty(t, apiError.Type)
			} else {
				require.ErrorIs(t, err, test.want)
			}
			assert.NotContains(t, err.Error(), apiKey)
			assert.Equal(t, test.calls, mock.GetTotalCallCount())
		})
	}
}

func TestErrorIsPrintedWithoutItsBody(t *testing.T) {
	t.Parallel()
	err := &paygates.Error{
		Gateway: "pingpp", Op: "query charge", HTTPStatus: 402, Code: "card_declined", Body: paygates.NewPrivate([]byte("payer")), Message: "no",
		Err: &pingpp.APIError{Type: "card_error\n", Code: "card_declined", Param: "number"},
	}
	assert.Equal(t, "pingpp: query charge: HTTP 402: code card_declined: no: Ping++ error card_error? (param number)", err.Error())
	assert.Equal(t, err.Error(), fmt.Sprintf("%#v", err))
}

func TestWaitForPaymentThatEndsOtherwise(t *testing.T) {
	t.Parallel()
	soon := replace(t, documentedCharge(t), `"time_expire": 1466236251`, `"time_expire": null`)
	tests := map[string]struct {
		status int
		body   string
		want   error
		text   string
	}{
		"expired":   {200, documentedCharge(t), paygates.ErrNotPaid, "state expired"},
		"failed":    {200, replace(t, soon, `"failure_code": null`, `"failure_code": "channel_error"`), paygates.ErrNotPaid, "state failed"},
		"reversed":  {200, replace(t, soon, `"refunded": false`, `"refunded": false, "reversed": true`), paygates.ErrNotPaid, "state reversed"},
		"test mode": {200, replace(t, paidCharge(t), `"livemode": true`, `"livemode": false`), pingpp.ErrTestMode, "AllowTestMode"},
		"not found": {404, `{"error":{"type":"invalid_request_error","message":"x"}}`, paygates.ErrOrderNotFound, "query charge"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(test.status, test.body))
			charge, err := client.WaitForPayment(context.Background(), chargeID, time.Millisecond)
			require.ErrorIs(t, err, test.want)
			assert.ErrorContains(t, err, test.text)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, errors.Is(test.want, paygates.ErrNotPaid), charge != nil)
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
}

func TestFinalLeavesGraceAfterTheExpiry(t *testing.T) {
	t.Parallel()
	charge := pingpp.Charge{Amount: money.Cents(1), ExpiresAt: time.Now().Add(-time.Minute)}
	assert.False(t, charge.Final())
	charge.ExpiresAt = time.Now().Add(-6 * time.Minute)
	assert.True(t, charge.Final())
	charge.ExpiresAt = time.Time{}
	assert.False(t, charge.Final())
	charge.PaidOnce = true
	assert.True(t, charge.Final())
}
