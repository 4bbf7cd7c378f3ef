package kechengcang_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
)

// sent reads the JSON body of a create.
func sent(t *testing.T, r *http.Request) map[string]any {
	t.Helper()
	var body map[string]any
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&body))
	return body
}

func TestCreateOrderSendsTheDocumentedJSON(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var want map[string]any
	decoder := json.NewDecoder(strings.NewReader(samples.JSON(t, "create_request.json")))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&want))
	response := samples.JSON(t, "create_response.json")
	mock.RegisterResponder("POST", storeURL, func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		body := sent(t, r)
		assert.Regexp(t, "^[0-9a-f]{32}$", body["salt"])
		// What the sample leaves open.
		want["app_id"], want["salt"], want["sign"] = appID, body["salt"], salted(fmt.Sprint(body["salt"]))
		assert.Equal(t, want, body)
		return httpmock.NewStringResponse(200, response), nil
	})

	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, response, string(order.Raw.Reveal()))
	order.Raw = paygates.Private[json.RawMessage]{}
	assert.Equal(t, sampleOrder(), order)
	assert.Equal(t, "20.00 USD", order.Fee.String())
	assert.Equal(t, "111.11 FTM", order.PayFee.String())
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestCreateOrderSendsTheFieldsOfThePublicSource(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", storeURL, func(r *http.Request) (*http.Response, error) {
		body := sent(t, r)
		assert.Equal(t, json.Number("9223372036854775807"), body["fee"])
		assert.Equal(t, json.Number("2"), body["currency"])
		assert.Empty(t, body["remark"])
		assert.Equal(t, "https://shop.example.com/notify?shop=1&a=b", body["callback_url"])
		assert.Equal(t, "https://shop.example.com/paid", body["redirect_url"])
		assert.Equal(t, `一本书 "&" </title>`, body["title"])
		return httpmock.NewStringResponse(200, samples.JSON(t, "create_response.json",
			`"fee":2000`, `"fee":9223372036854775807`, `"currency":1`, `"currency":2`)), nil
	})
	_, err := client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
		Subject:   `一本书 "&" </title>`,
		Fee:       kechengcang.Fee{Amount: money.Max, Currency: kechengcang.CurrencyCNY},
		NotifyURL: "https://shop.example.com/notify?shop=1&a=b",
		ReturnURL: "https://shop.example.com/paid",
	})
	require.NoError(t, err)
}

func TestEveryCreateHasAFreshSalt(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var mu sync.Mutex
	salts := map[any]bool{}
	mock.RegisterResponder("POST", storeURL, func(r *http.Request) (*http.Response, error) {
		body := sent(t, r)
		mu.Lock()
		defer mu.Unlock()
		salts[body["salt"]] = true
		return httpmock.NewStringResponse(200, samples.JSON(t, "create_response.json")), nil
	})
	for range 50 {
		_, err := client.CreateOrder(context.Background(), request())
		require.NoError(t, err)
	}
	assert.Len(t, salts, 50)
}

func TestCreateOrderRejectsBadInputBeforeSending(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*kechengcang.CreateOrderRequest)
		field  string
	}{
		"no subject":           {func(r *kechengcang.CreateOrderRequest) { r.Subject = "" }, "title"},
		"blank subject":        {func(r *kechengcang.CreateOrderRequest) { r.Subject = "  　" }, "title"},
		"subject too long":     {func(r *kechengcang.CreateOrderRequest) { r.Subject = strings.Repeat("课", 256) }, "title"},
		"subject not UTF-8":    {func(r *kechengcang.CreateOrderRequest) { r.Subject = "\xff" }, "title"},
		"subject with NUL":     {func(r *kechengcang.CreateOrderRequest) { r.Subject = "a\x00b" }, "title"},
		"no fee":               {func(r *kechengcang.CreateOrderRequest) { r.Fee.Amount = 0 }, "fee"},
		"negative fee":         {func(r *kechengcang.CreateOrderRequest) { r.Fee.Amount = -1 }, "fee"},
		"no currency":          {func(r *kechengcang.CreateOrderRequest) { r.Fee.Currency = 0 }, "currency"},
		"unknown currency":     {func(r *kechengcang.CreateOrderRequest) { r.Fee.Currency = 3 }, "currency"},
		"remark too long":      {func(r *kechengcang.CreateOrderRequest) { r.Remark = strings.Repeat("x", 256) }, "remark"},
		"remark not UTF-8":     {func(r *kechengcang.CreateOrderRequest) { r.Remark = "\xff" }, "remark"},
		"relative notify URL":  {func(r *kechengcang.CreateOrderRequest) { r.NotifyURL = "/notify" }, "callback_url"},
		"notify URL too long":  {func(r *kechengcang.CreateOrderRequest) { r.NotifyURL = "https://a.example/" + strings.Repeat("a", 255) }, "callback_url"},
		"notify URL blank":     {func(r *kechengcang.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/a b" }, "callback_url"},
		"notify URL fragment":  {func(r *kechengcang.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/notify#a" }, "callback_url"},
		"return URL a script":  {func(r *kechengcang.CreateOrderRequest) { r.ReturnURL = "javascript:alert(1)" }, "redirect_url"},
		"return URL with user": {func(r *kechengcang.CreateOrderRequest) { r.ReturnURL = "https://u:p@shop.example.com/" }, "redirect_url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			bad := request()
			test.change(&bad)
			order, err := client.CreateOrder(context.Background(), bad)
			require.ErrorIs(t, err, paygates.ErrInvalidRequest)
			assert.ErrorContains(t, err, "("+test.field+") must")
			assert.Nil(t, order)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestCreateOrderAcceptsALongChineseSubject(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(200, samples.JSON(t, "create_response.json")))
	long := request()
	long.Subject = strings.Repeat("课", 255)
	_, err := client.CreateOrder(context.Background(), long)
	assert.NoError(t, err)
}

// The three forms of a rejection, and a fourth of an edition of the public source. A
// rejection that may have come after the order was stored leaves the outcome unknown.
func TestCreateOrderThatTheGatewayRejects(t *testing.T) {
	t.Parallel()
	const maybe = "outcome unknown: query the order, do not create it again "
	tests := map[string]struct {
		status                    int
		body, code, message, text string
	}{
		"a code":              {200, `{"code":500,"message":"no","result":null}`, "500", "no", "code 500: no"},
		"a code, quoted":      {200, `{"code":"4001","result":[]}`, "4001", "", "code 4001"},
		"wrong signature":     {500, `{"message":"签名不正确!"}`, "", "签名不正确!", "HTTP 500: 签名不正确!"},
		"no such application": {500, `{"message":"应用不存在!","exception":"Exception","trace":[]}`, "", "应用不存在!", "HTTP 500: 应用不存在!"},
		"no price":            {500, `{"message":"价格系统出错!"}`, "", "价格系统出错!", "HTTP 500: 价格系统出错!"},
		"fields": {
			422, `{"message":"Two are wrong.","errors":{"title":["The title field is required."],"fee":["The fee must be an integer.","x"]}}`,
			"", "Two are wrong.", "HTTP 422: Two are wrong.: rejected fields: fee, title",
		},
		"odd fields":    {422, `{"message":"no","errors":{"title":"required"}}`, "", "no", "HTTP 422: no"},
		"empty fields":  {422, `{"message":"no","errors":[]}`, "", "no", "HTTP 422: no"},
		"no such route": {404, `{"message":"The route could not be found."}`, "", "The route could not be found.", "HTTP 404: The route could not be found."},
		"an exception":  {500, `{"message":"Server Error"}`, "", "Server Error", "HTTP 500: Server Error: " + maybe + "(unexpected response: server exception)"},
		"an exception with SQL": {
			500, `{"message":"SQLSTATE[HY000] [2002] Connection refused (SQL: insert into pay_orders (title) values (https:\/\/shop.example.com\/notify?key=1))"}`,
			"", "SQLSTATE[HY000] [2002] Connection refused",
			"HTTP 500: SQLSTATE[HY000] [2002] Connection refused: " + maybe + "(unexpected response: server exception)",
		},
		"wrong signature, other edition": {400, `{"code":400,"msg":"签名不正确!","data":null}`, "400", "签名不正确!", "HTTP 400: code 400: 签名不正确!"},
		"an exception, other edition": {
			400, `{"code":400,"msg":"Connection refused","data":null}`,
			"400", "Connection refused", "HTTP 400: code 400: Connection refused: " + maybe + "(unexpected response: server exception)",
		},
		"no such order, other edition": {
			400, `{"code":400,"msg":"该订单不存在","data":null}`,
			"400", "该订单不存在", "HTTP 400: code 400: 该订单不存在: " + maybe + "(order not found)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, order)
			require.EqualError(t, err, "kechengcang: create order: "+test.text)
			assert.Equal(t, strings.Contains(test.text, maybe), errors.Is(err, paygates.ErrOutcomeUnknown))
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, paygates.Error{
				Gateway: "kechengcang", Op: "create order", HTTPStatus: test.status, Code: test.code, Message: test.message,
				Body: paygates.NewPrivate([]byte(test.body)), Err: failed.Err,
			}, *failed)
			var fields kechengcang.FieldErrors
			if errors.As(err, &fields) || name == "fields" {
				assert.Equal(t, kechengcang.FieldErrors{"title": {"The title field is required."}, "fee": {"The fee must be an integer.", "x"}}, fields)
			}
			assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is sent once")
		})
	}
}

// A response that is not the documented one is a typed error that keeps the body. After
// most of them the order may exist.
func TestCreateOrderWithABadResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		unknown bool
	}{
		"maintenance": {503, `{"message":"Service Unavailable"}`, true},
		"no message":  {404, `{"message":""}`, false},
		"too many":    {429, `{"message":"Too Many Attempts."}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, order)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.status, failed.HTTPStatus)
			assert.Equal(t, test.unknown, errors.Is(err, paygates.ErrOutcomeUnknown), err)
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			require.NotErrorIs(t, err, paygates.ErrOrderNotFound)
			assert.Equal(t, test.body, string(failed.Body.Reveal()))
			assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is sent once")
		})
	}
}
