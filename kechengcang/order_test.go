package kechengcang_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const (
	storeURL = base + "/api/web/pay-orders/store"
	sampleID = "YOw3MgLZ7RWGylz4"
	showURL  = base + "/api/web/pay-orders/show?id=" + sampleID
)

func request() kechengcang.CreateOrderRequest {
	return kechengcang.CreateOrderRequest{
		Subject: "标题",
		Fee:     kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		Remark:  "备注",
	}
}

// sampleOrder is the order of both documented samples, without Raw.
func sampleOrder() *kechengcang.Order {
	return &kechengcang.Order{
		OrderID:        sampleID,
		Subject:        "测试",
		Remark:         "xx",
		Fee:            kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		PayFee:         kechengcang.PayFee{Amount: money.Cents(11111), Currency: kechengcang.PayCurrencyFTM},
		ReceiptAccount: "0xE4758EF12D49893581f71e6abdfB1ddA16a043ab",
		State:          kechengcang.StateWaiting,
		Status:         kechengcang.StatusOpen,
		CallbackStatus: kechengcang.CallbackOpen,
	}
}

// md5Hex and salted are the document's formula, written down a second time.
func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func salted(salt string) string { return md5Hex(md5Hex(salt) + md5Hex(secret)) }

func TestTheFormulaOfTheTestsIsTheDocuments(t *testing.T) {
	t.Parallel()
	// php -r '$salt="0123456789abcdef"; $secureKey="example-secret"; echo md5(md5($salt) . md5($secureKey));'
	// a=$(printf %s 0123456789abcdef | md5sum | cut -c-32); b=$(printf %s example-secret | md5sum | cut -c-32)
	// printf %s "$a$b" | md5sum
	const golden = "81e4aac4baccf7dc811347b42ecf4593"
	assert.Equal(t, golden, salted("0123456789abcdef"))
	digest, err := sign.MD5Salted(sign.NewSecret(secret), "0123456789abcdef")
	require.NoError(t, err)
	assert.Equal(t, golden, digest.String())
}

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
	answer := samples.JSON(t, "create_response.json")
	mock.RegisterResponder("POST", storeURL, func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		body := sent(t, r)
		assert.Regexp(t, "^[0-9a-f]{32}$", body["salt"])
		// What the sample leaves open.
		want["app_id"], want["salt"], want["sign"] = appID, body["salt"], salted(fmt.Sprint(body["salt"]))
		assert.Equal(t, want, body)
		return httpmock.NewStringResponse(200, answer), nil
	})

	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, answer, order.Raw.Reveal())
	order.Raw = sign.Secret{}
	assert.Equal(t, sampleOrder(), order)
	assert.Equal(t, "20.00 USD", order.Fee.String())
	assert.Equal(t, "111.11 FTM", order.PayFee.String())
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestCreateOrderSendsWhatTheServerAlsoTakes(t *testing.T) {
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
		return httpmock.NewStringResponse(200, samples.JSON(t, "create_response.json")), nil
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

func TestCreateOrderRefusesBadInputBeforeSending(t *testing.T) {
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
			require.ErrorIs(t, err, kechengcang.ErrInvalidRequest)
			assert.ErrorContains(t, err, "("+test.field+") must")
			assert.Nil(t, order)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestCreateOrderTakesALongChineseSubject(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(200, samples.JSON(t, "create_response.json")))
	long := request()
	long.Subject = strings.Repeat("课", 255)
	_, err := client.CreateOrder(context.Background(), long)
	assert.NoError(t, err)
}

// The gateway's three kinds of no, and the edition of its source that has a
// fourth. A no that may have come after the order was stored leaves its outcome
// unknown.
func TestCreateOrderThatTheGatewayRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		want    kechengcang.Error
		text    string
		unknown bool
	}{
		"a code": {
			status: 200, body: `{"code":500,"message":"no","result":null}`,
			want: kechengcang.Error{Code: 500, Message: "no"},
			text: "kechengcang: create order: code 500: no",
		},
		"a code, quoted, without a message": {
			status: 200, body: `{"code":"4001","result":[]}`,
			want: kechengcang.Error{Code: 4001},
			text: "kechengcang: create order: code 4001",
		},
		"wrong signature": {
			status: 500, body: `{"message":"签名不正确!"}`,
			want: kechengcang.Error{Message: "签名不正确!"},
			text: "kechengcang: create order: HTTP 500: 签名不正确!",
		},
		"no such application": {
			status: 500, body: `{"message":"应用不存在!","exception":"Exception","trace":[]}`,
			want: kechengcang.Error{Message: "应用不存在!"},
			text: "kechengcang: create order: HTTP 500: 应用不存在!",
		},
		"no price": {
			status: 500, body: `{"message":"价格系统出错!"}`,
			want: kechengcang.Error{Message: "价格系统出错!"},
			text: "kechengcang: create order: HTTP 500: 价格系统出错!",
		},
		"fields": {
			status: 422, body: `{"message":"The title field is required. (and 1 more error)","errors":{"title":["The title field is required."],"fee":["The fee must be an integer.","x"]}}`,
			want: kechengcang.Error{
				Message: "The title field is required. (and 1 more error)",
				Fields:  map[string][]string{"title": {"The title field is required."}, "fee": {"The fee must be an integer.", "x"}},
			},
			text: "kechengcang: create order: HTTP 422: The title field is required. (and 1 more error)",
		},
		"odd fields": {
			status: 422, body: `{"message":"no","errors":{"title":"required"}}`,
			want: kechengcang.Error{Message: "no"},
			text: "kechengcang: create order: HTTP 422: no",
		},
		"empty fields": {
			status: 422, body: `{"message":"no","errors":[]}`,
			want: kechengcang.Error{Message: "no"},
			text: "kechengcang: create order: HTTP 422: no",
		},
		"no such route": {
			status: 404, body: `{"message":"The route api/web/pay-orders/store could not be found."}`,
			want: kechengcang.Error{Message: "The route api/web/pay-orders/store could not be found."},
			text: "kechengcang: create order: HTTP 404: The route api/web/pay-orders/store could not be found.",
		},
		"another exception": {
			status: 500, body: `{"message":"Server Error"}`,
			want: kechengcang.Error{Message: "Server Error"}, unknown: true,
			text: "kechengcang: create order: HTTP 500: Server Error: outcome unknown: the order may exist; look for it, do not create it again (the gateway's answer cannot be read: an exception of the server)",
		},
		"an exception with SQL": {
			status: 500, body: `{"message":"SQLSTATE[HY000] [2002] Connection refused (SQL: insert into pay_orders (title) values (https:\/\/shop.example.com\/notify?key=1))"}`,
			want: kechengcang.Error{Message: "SQLSTATE[HY000] [2002] Connection refused"}, unknown: true,
			text: "kechengcang: create order: HTTP 500: SQLSTATE[HY000] [2002] Connection refused: outcome unknown: the order may exist; look for it, do not create it again (the gateway's answer cannot be read: an exception of the server)",
		},
		"wrong signature, other edition": {
			status: 400, body: `{"code":400,"msg":"签名不正确!","data":null}`,
			want: kechengcang.Error{Code: 400, Message: "签名不正确!"},
			text: "kechengcang: create order: HTTP 400: code 400: 签名不正确!",
		},
		"another exception, other edition": {
			status: 400, body: `{"code":400,"msg":"Connection refused","data":null}`,
			want: kechengcang.Error{Code: 400, Message: "Connection refused"}, unknown: true,
			text: "kechengcang: create order: HTTP 400: code 400: Connection refused: outcome unknown: the order may exist; look for it, do not create it again (the gateway's answer cannot be read: an exception of the server)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, order)
			require.EqualError(t, err, test.text)
			assert.Equal(t, test.unknown, errors.Is(err, kechengcang.ErrOutcomeUnknown))
			var failed *kechengcang.Error
			require.ErrorAs(t, err, &failed)
			test.want.Op, test.want.HTTPStatus, test.want.Body = "create order", test.status, []byte(test.body)
			test.want.Err = failed.Err
			assert.Equal(t, test.want, *failed)
			assert.Equal(t, test.unknown, failed.Err != nil, "a plain no has no cause")
			assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is never repeated")
		})
	}
}

// An answer that is not the documented one is a typed error that keeps what
// arrived; after most of them the order may exist.
func TestCreateOrderWithABadAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		unknown bool
	}{
		"empty":            {200, "", true},
		"blank":            {200, " \n", true},
		"no content":       {204, "", true},
		"HTML":             {200, "<html>ok</html>", true},
		"cut":              {200, `{"code":200,"message":"ok","result":{"id":"YO`, true},
		"not UTF-8":        {200, "{\"code\":200,\"result\":{\"id\":\"\xff\"}}", true},
		"array":            {200, `[]`, true},
		"null":             {200, `null`, true},
		"no code":          {200, `{"message":"ok","result":{}}`, true},
		"odd code":         {200, `{"code":"ok","result":{}}`, true},
		"no result":        {200, `{"code":200,"message":"ok"}`, true},
		"null result":      {200, `{"code":200,"message":"ok","result":null}`, true},
		"result a list":    {200, `{"code":200,"message":"ok","result":[]}`, true},
		"empty result":     {200, `{"code":200,"message":"ok","result":{}}`, true},
		"deep nesting":     {200, `{"result":` + strings.Repeat("[", 100000), true},
		"huge number":      {200, `{"code":` + strings.Repeat("9", 400) + `}`, true},
		"oversized":        {200, `{"code":200,"message":"` + strings.Repeat("1", 3<<20) + `"}`, true},
		"redirect":         {302, "", true},
		"id a path":        {200, `{"code":200,"message":"ok","result":{"id":"../1","fee":1,"currency":1,"pay_status":1}}`, true},
		"code 200 and 404": {404, `{"code":200,"message":"ok","result":{}}`, false},
		"code 200 and 500": {500, `{"code":200,"message":"ok","result":{}}`, true},
		"gateway time-out": {504, "<html>", true},
		"maintenance":      {503, `{"message":"Service Unavailable"}`, true},
		"bad request":      {400, "<html>", false},
		"no words":         {404, `{"message":""}`, false},
		"too many":         {429, `{"message":"Too Many Attempts."}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.CreateOrder(context.Background(), request())
			assert.Nil(t, order)
			var failed *kechengcang.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.status, failed.HTTPStatus)
			assert.Equal(t, test.unknown, errors.Is(err, kechengcang.ErrOutcomeUnknown), err)
			require.ErrorIs(t, err, kechengcang.ErrBadAnswer)
			require.NotErrorIs(t, err, kechengcang.ErrOrderNotFound)
			if len(test.body) < 1<<20 {
				assert.Equal(t, test.body, string(failed.Body))
			}
			assert.Less(t, len(err.Error()), 300)
			assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is never repeated")
		})
	}
}

func TestCreateOrderWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", storeURL, httpmock.NewErrorResponder(io.ErrUnexpectedEOF))
	_, err := client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, kechengcang.ErrOutcomeUnknown)
	require.ErrorIs(t, err, kechengcang.ErrNoAnswer)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NotContains(t, err.Error(), "http")
	assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is never repeated")
}

func TestCreateOrderThatTimesOut(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	c := config(mock)
	c.HTTPClient.Timeout = 20 * time.Millisecond
	client, err := kechengcang.New(c)
	require.NoError(t, err)
	mock.RegisterResponder("POST", storeURL, func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	_, err = client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, kechengcang.ErrOutcomeUnknown)
	assert.Equal(t, 1, mock.GetTotalCallCount(), "a create is never repeated")
}

func TestCreateOrderAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.CreateOrder(ctx, request())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, kechengcang.ErrOutcomeUnknown)
	assert.Zero(t, mock.GetTotalCallCount())
}

func TestQueryOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	answer := samples.JSON(t, "query_response.json")
	mock.RegisterResponder("POST", showURL, func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		assert.Empty(t, r.Header.Get("Content-Type"))
		if r.Body != nil {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Empty(t, body, "a query has no body")
		}
		return httpmock.NewStringResponse(200, answer), nil
	})
	order, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Equal(t, answer, order.Raw.Reveal())
	again, err := kechengcang.DecodeOrder(order.Raw)
	require.NoError(t, err)
	again.Raw, order.Raw = sign.Secret{}, sign.Secret{}
	assert.Equal(t, order, again)
	assert.Equal(t, sampleOrder(), order)
	assert.False(t, order.Paid())
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

// Every field with a value of its own, each scalar in its other form.
func TestQueryOrderWithEveryFieldAndLooseTypes(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", base+"/api/web/pay-orders/show?id=12345678901234567890", httpmock.NewStringResponder(200,
		"\ufeff"+`{"code":"200","message":null,"result":{"id":12345678901234567890,"title":42,"remark":null,
		"fee":"2000","currency":"2","pay_fee":"11111","pay_currency":"3","pay_account":"0x1","receipt_account":"0x2",
		"callback_url":"https:\/\/shop.example.com\/notify","redirect_url":"https://shop.example.com/paid",
		"pay_status":"3","status":"2","callback_status":"3","callback_at":"2022-11-18 10:00:01","callback_times":"7",
		"pay_finish_at":"2022-11-18 10:00:02","pay_refresh_at":"2022-11-18 10:00:03","pay_submit_at":"2022-11-18 10:00:04",
		"created_at":"2022-11-18 10:00:05","updated_at":"2022-11-18 10:00:06","deleted_at":"2022-11-18 10:00:07",
		"app_id":7,"tv_url":"https://pay.example.com/tv","txhash":"0x3","new_field":{"a":[1]}}}`))
	order, err := client.QueryOrder(context.Background(), "12345678901234567890")
	require.NoError(t, err)
	order.Raw = sign.Secret{}
	at := func(second int) time.Time {
		return time.Date(2022, 11, 18, 2, 0, second, 0, time.UTC).In(order.CreatedAt.Location())
	}
	assert.Equal(t, &kechengcang.Order{
		OrderID: "12345678901234567890", Subject: "42",
		Fee:        kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyCNY},
		PayFee:     kechengcang.PayFee{Amount: money.Cents(11111), Currency: kechengcang.PayCurrencyUSDTTRC20},
		PayAccount: "0x1", ReceiptAccount: "0x2",
		NotifyURL: "https://shop.example.com/notify", ReturnURL: "https://shop.example.com/paid",
		State: kechengcang.StateFinished, Status: kechengcang.StatusDone, CallbackStatus: kechengcang.CallbackGaveUp,
		CallbackAt: at(1), CallbackTimes: 7,
		PayFinishAt: at(2), PayRefreshAt: at(3), PaySubmitAt: at(4),
		CreatedAt: at(5), UpdatedAt: at(6), DeletedAt: at(7),
		AppID: "7", PayPageURL: "https://pay.example.com/tv",
	}, order)
	assert.True(t, order.Paid())
}

func TestQueryOrderKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200,
		`{"code":200,"result":{"id":"YOw3MgLZ7RWGylz4","fee":1,"currency":77,"pay_fee":2,"pay_currency":78,"pay_status":79,"status":80,"callback_status":81}}`))
	order, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Equal(t, "0.01 currency 77", order.Fee.String())
	assert.Equal(t, "0.02 pay currency 78", order.PayFee.String())
	assert.Equal(t, "79 (unknown)", order.State.String())
	assert.False(t, order.Paid())
	assert.False(t, order.State.Final())
	assert.Equal(t, kechengcang.Status(80), order.Status)
	assert.Equal(t, kechengcang.CallbackStatus(81), order.CallbackStatus)
}

func TestQueryOrderThatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"null result": {200, `{"code":200,"message":"ok","result":null}`},
		"words":       {400, `{"code":400,"msg":"该订单不存在","data":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.QueryOrder(context.Background(), sampleID)
			require.ErrorIs(t, err, kechengcang.ErrOrderNotFound)
			assert.Nil(t, order)
			var failed *kechengcang.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.body, string(failed.Body))
		})
	}
}

func TestQueryOrderWithABadAnswer(t *testing.T) {
	t.Parallel()
	order := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(`{"code":200,"result":{"id":"YOw3MgLZ7RWGylz4","fee":1,"currency":1,"pay_fee":1,"pay_status":3,"callback_at":null}}`)
	}
	for name, body := range map[string]string{
		"no result":          `{"code":200}`,
		"result a list":      `{"code":200,"result":[]}`,
		"no id":              order(`"id":"YOw3MgLZ7RWGylz4",`, ""),
		"another order":      order("YOw3", "YOw4"),
		"id in other case":   order("YOw3", "yOw3"),
		"id a path":          order("YOw3MgLZ7RWGylz4", "../1"),
		"no fee":             order(`"fee":1,`, ``),
		"null fee":           order(`"fee":1,`, `"fee":null,`),
		"fee with decimals":  order(`"fee":1,`, `"fee":1.00,`),
		"fee with exponent":  order(`"fee":1,`, `"fee":1e3,`),
		"negative fee":       order(`"fee":1,`, `"fee":-1,`),
		"fee of 20 digits":   order(`"fee":1,`, `"fee":12345678901234567890,`),
		"negative pay_fee":   order(`"pay_fee":1`, `"pay_fee":-1`),
		"no currency":        order(`"currency":1,`, ``),
		"odd currency":       order(`"currency":1,`, `"currency":"USD",`),
		"no pay_status":      order(`"pay_status":3`, `"pay_status":null`),
		"odd pay_status":     order(`"pay_status":3`, `"pay_status":"paid"`),
		"pay_status a list":  order(`"pay_status":3`, `"pay_status":[3]`),
		"odd time":           order(`"callback_at":null`, `"callback_at":"today"`),
		"time without clock": order(`"callback_at":null`, `"callback_at":"2022-11-18"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, body))
			order, err := client.QueryOrder(context.Background(), sampleID)
			require.ErrorIs(t, err, kechengcang.ErrBadAnswer)
			assert.Nil(t, order)
			var failed *kechengcang.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, body, string(failed.Body))
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
	// The order that all of these are variations of is a good one.
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, order()))
	_, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
}

func TestQueryOrderIsRepeated(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(500, `{"message":"Server Error"}`).
		Then(httpmock.NewErrorResponder(io.ErrUnexpectedEOF)).
		Then(httpmock.NewStringResponder(200, samples.JSON(t, "query_response.json"))))
	_, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Equal(t, 3, mock.GetTotalCallCount())
}

func TestQueryOrderFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(302, "").
		HeaderSet(http.Header{"Location": {"https://elsewhere.example.com/?id=" + sampleID}}))
	_, err := client.QueryOrder(context.Background(), sampleID)
	require.ErrorIs(t, err, kechengcang.ErrBadAnswer)
	assert.NotContains(t, err.Error(), "elsewhere")
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestQueryOrderRefusesAnIDThatIsNone(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for _, id := range []string{"", "../store", "a b", "a&id=b", "a-b", "a_b", "课", "a\x00", strings.Repeat("a", 65)} {
		_, err := client.QueryOrder(context.Background(), id)
		require.ErrorIs(t, err, kechengcang.ErrInvalidRequest, "%q", id)
		assert.EqualError(t, err, "kechengcang: invalid request: orderID must be 1 to 64 letters or digits")
	}
	assert.Zero(t, mock.GetTotalCallCount())
}

// The document says POST, the public source GET: what worked is remembered.
func TestQueryOrderByTheOtherMethod(t *testing.T) {
	t.Parallel()
	const words = "The POST method is not supported for this route. Supported methods: GET, HEAD."
	for name, no := range map[string]httpmock.Responder{
		"405":           httpmock.NewStringResponder(405, `{"message":"`+words+`"}`),
		"405 HTML":      httpmock.NewStringResponder(405, "<html>"),
		"other edition": httpmock.NewStringResponder(400, `{"code":400,"msg":"`+words+`","data":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			yes := httpmock.NewStringResponder(200, samples.JSON(t, "query_response.json"))
			calls := func() [2]int {
				info := mock.GetCallCountInfo()
				return [2]int{info["POST "+showURL], info["GET "+showURL]}
			}
			mock.RegisterResponder("POST", showURL, no)
			mock.RegisterResponder("GET", showURL, yes)
			for i := range 3 {
				order, err := client.QueryOrder(context.Background(), sampleID)
				require.NoError(t, err)
				assert.Equal(t, sampleID, order.OrderID)
				assert.Equal(t, [2]int{1, i + 1}, calls(), "POST is tried once")
			}
			// The server is brought up to its document.
			mock.RegisterResponder("POST", showURL, yes)
			mock.RegisterResponder("GET", showURL, no)
			mock.ZeroCallCounters()
			for i := range 3 {
				_, err := client.QueryOrder(context.Background(), sampleID)
				require.NoError(t, err)
				assert.Equal(t, [2]int{i + 1, 1}, calls(), "GET is tried once")
			}
		})
	}
}

func TestQueryOrderThatNeitherMethodAnswers(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	no := httpmock.NewStringResponder(405, `{"message":"The method is not supported for this route."}`)
	mock.RegisterResponder("POST", showURL, no)
	mock.RegisterResponder("GET", showURL, no)
	for range 2 {
		mock.ZeroCallCounters()
		_, err := client.QueryOrder(context.Background(), sampleID)
		require.EqualError(t, err, "kechengcang: query order: HTTP 405: The method is not supported for this route.")
		info := mock.GetCallCountInfo()
		assert.Equal(t, 1, info["POST "+showURL])
		assert.Equal(t, 1, info["GET "+showURL])
	}
}

func TestManyQueriesAtOnceByTheOtherMethod(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(405, ""))
	mock.RegisterResponder("GET", showURL, httpmock.NewStringResponder(200, samples.JSON(t, "query_response.json")))
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := client.QueryOrder(context.Background(), sampleID)
			assert.NoError(t, err)
		}()
	}
	all.Wait()
}

// The public source answers a query with the record of the application.
func TestTheSecretInAnAnswerIsPrintedNowhere(t *testing.T) {
	t.Parallel()
	const leak = `"application":{"app_id":"example-app","secure_key":"` + secret + `"},"pay_account":"0xpayer",`
	mock := httpmock.NewMockTransport()
	var log bytes.Buffer
	c := config(mock)
	c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := kechengcang.New(c)
	require.NoError(t, err)
	good := strings.Replace(samples.JSON(t, "query_response.json"), `"pay_account":"",`, leak, 1)
	bad := strings.Replace(good, `"pay_status":1`, `"pay_status":"x"`, 1)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, good).Then(httpmock.NewStringResponder(200, bad)))

	order, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Contains(t, order.Raw.Reveal(), secret, "the answer holds it")
	_, err = client.QueryOrder(context.Background(), sampleID)
	var failed *kechengcang.Error
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, string(failed.Body), secret, "the answer holds it")

	var texts []string
	values := []any{order, *order, order.Raw, struct{ hidden *kechengcang.Order }{order}, struct{ hidden kechengcang.Order }{*order}, failed, err}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, value))
		}
		text, err := json.Marshal(value)
		require.NoError(t, err)
		texts = append(texts, string(text))
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
	}
	hexed := fmt.Sprintf("%x", secret)
	decimal := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	for _, text := range append(texts, log.String()) {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, hexed)
		assert.NotContains(t, text, decimal)
	}
	assert.Equal(t, "kechengcang order YOw3MgLZ7RWGylz4: 20.00 USD, state 1 (waiting)", fmt.Sprintf("%+v", order))
	assert.Equal(t, "kechengcang order YOw3MgLZ7RWGylz4: 20.00 USD, state 1 (waiting)", order.LogValue().String(), "no payer data")
	assert.Equal(t, "kechengcang order of 20.00 USD", fmt.Sprintf("%#v", request()))
}

func TestStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[kechengcang.State]struct {
		text        string
		paid, final bool
	}{
		kechengcang.StateWaiting:   {"1 (waiting)", false, false},
		kechengcang.StateSubmitted: {"2 (submitted)", false, false},
		kechengcang.StateFinished:  {"3 (finished)", true, true},
		kechengcang.StateTimedOut:  {"4 (timed out)", false, true},
		5:                          {"5 (unknown)", false, false},
		0:                          {"0 (unknown)", false, false},
		-1:                         {"-1 (unknown)", false, false},
	} {
		assert.Equal(t, want.text, state.String())
		assert.Equal(t, want.paid, state.Paid(), want.text)
		assert.Equal(t, want.final, state.Final(), want.text)
	}
	assert.Equal(t, "1 (open) 2 (done) 3 (unknown)",
		fmt.Sprint(kechengcang.StatusOpen, kechengcang.StatusDone, kechengcang.Status(3)))
	assert.Equal(t, "1 (open) 2 (done) 3 (gave up) 4 (unknown)",
		fmt.Sprint(kechengcang.CallbackOpen, kechengcang.CallbackDone, kechengcang.CallbackGaveUp, kechengcang.CallbackStatus(4)))
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "USD CNY currency 3", fmt.Sprint(kechengcang.CurrencyUSD, kechengcang.CurrencyCNY, kechengcang.Currency(3)))
	assert.Equal(t, "pay currency 1 USDT-ERC20 USDT-TRC20 MATIC FTM pay currency 6", fmt.Sprint(
		kechengcang.PayCurrencyUnknown, kechengcang.PayCurrencyUSDTERC20, kechengcang.PayCurrencyUSDTTRC20,
		kechengcang.PayCurrencyMATIC, kechengcang.PayCurrencyFTM, kechengcang.PayCurrency(6)))
	// The numbers on the wire.
	assert.EqualValues(t, 1, kechengcang.CurrencyUSD)
	assert.EqualValues(t, 2, kechengcang.CurrencyCNY)
	assert.EqualValues(t, 5, kechengcang.PayCurrencyFTM)
}

func TestWaitForPayment(t *testing.T) {
	t.Parallel()
	answer := func(state string) httpmock.Responder {
		return httpmock.NewStringResponder(200, `{"code":200,"result":{"id":"`+sampleID+`","fee":2000,"currency":1,"pay_status":`+state+`}}`)
	}
	t.Run("until paid, over a gateway that fails for a while", func(t *testing.T) {
		t.Parallel()
		client, mock := setup(t)
		busy := httpmock.NewStringResponder(429, `{"message":"Too Many Attempts."}`)
		mock.RegisterResponder("POST", showURL, answer("1").Then(httpmock.NewStringResponder(200, "<html>")).
			Then(busy).Then(busy).Then(busy).
			Then(httpmock.NewStringResponder(400, `{"code":400,"msg":"Too Many Attempts.","data":null}`)).
			Then(answer("2")).Then(answer("3")))
		order, err := client.WaitForPayment(context.Background(), sampleID, time.Millisecond)
		require.NoError(t, err)
		assert.True(t, order.Paid())
		assert.Equal(t, 8, mock.GetTotalCallCount())
	})
	t.Run("until it timed out", func(t *testing.T) {
		t.Parallel()
		client, mock := setup(t)
		mock.RegisterResponder("POST", showURL, answer("4"))
		order, err := client.WaitForPayment(context.Background(), sampleID, time.Millisecond)
		require.EqualError(t, err, "kechengcang: wait for payment: the order ended without a payment: state 4 (timed out)")
		require.ErrorIs(t, err, kechengcang.ErrNotPaid)
		assert.Equal(t, kechengcang.StateTimedOut, order.State)
	})
	t.Run("until the gateway says no", func(t *testing.T) {
		t.Parallel()
		client, mock := setup(t)
		mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, `{"code":200,"message":"ok","result":null}`))
		order, err := client.WaitForPayment(context.Background(), sampleID, time.Millisecond)
		require.ErrorIs(t, err, kechengcang.ErrOrderNotFound)
		assert.Nil(t, order)
	})
	t.Run("until the context ends", func(t *testing.T) {
		t.Parallel()
		client, mock := setup(t)
		ctx, cancel := context.WithCancel(context.Background())
		mock.RegisterResponder("POST", showURL, func(*http.Request) (*http.Response, error) {
			response, err := answer("1")(nil)
			return samples.AfterRead(response, cancel), err
		})
		order, err := client.WaitForPayment(ctx, sampleID, time.Hour)
		require.ErrorIs(t, err, context.Canceled)
		assert.EqualError(t, err, "kechengcang: wait for payment: context canceled")
		assert.Equal(t, kechengcang.StateWaiting, order.State)
	})
	t.Run("not for a malformed id", func(t *testing.T) {
		t.Parallel()
		client, mock := setup(t)
		_, err := client.WaitForPayment(context.Background(), "", time.Millisecond)
		require.ErrorIs(t, err, kechengcang.ErrInvalidRequest)
		assert.Zero(t, mock.GetTotalCallCount())
	})
}

func TestDecodeOrderRefuses(t *testing.T) {
	t.Parallel()
	_, err := kechengcang.DecodeOrder(sign.NewSecret(`{"code":200,"result":null}`))
	require.ErrorIs(t, err, kechengcang.ErrOrderNotFound)
	_, err = kechengcang.DecodeOrder(sign.Secret{})
	require.ErrorIs(t, err, kechengcang.ErrBadAnswer)
}
