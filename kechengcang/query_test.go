package kechengcang_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
)

func TestQueryOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	response := samples.JSON(t, "query_response.json")
	mock.RegisterResponder("POST", showURL, func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		assert.Empty(t, r.Header.Get("Content-Type"))
		if r.Body != nil {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Empty(t, body, "a query has no body")
		}
		return httpmock.NewStringResponse(200, response), nil
	})
	order, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Equal(t, response, string(order.Raw.Reveal()))
	again, err := kechengcang.DecodeOrder(order.Raw.Reveal())
	require.NoError(t, err)
	again.Raw, order.Raw = paygates.Private[json.RawMessage]{}, paygates.Private[json.RawMessage]{}
	assert.Equal(t, order, again)
	assert.Equal(t, sampleOrder(), order)
	assert.False(t, order.Paid())
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

// Every field with a different value, each scalar in its other form.
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
	order.Raw = paygates.Private[json.RawMessage]{}
	at := func(second int) time.Time {
		return time.Date(2022, 11, 18, 2, 0, second, 0, time.UTC).In(order.CreatedAt.Location())
	}
	assert.Equal(t, &kechengcang.Order{
		OrderID: "12345678901234567890", Subject: "42",
		Fee:        kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyCNY},
		PayFee:     kechengcang.PayFee{Amount: money.Cents(11111), Currency: kechengcang.PayCurrencyUSDTTRC20},
		PayAccount: paygates.NewPrivate("0x1"), ReceiptAccount: "0x2", TxHash: "0x3",
		NotifyURL: "https://shop.example.com/notify", ReturnURL: "https://shop.example.com/paid",
		State: kechengcang.StateFinished, Status: kechengcang.StatusDone, CallbackStatus: kechengcang.CallbackGaveUp,
		CallbackAt: at(1), CallbackTimes: 7,
		PayFinishAt: at(2), PayRefreshAt: at(3), PaySubmitAt: at(4),
		CreatedAt: at(5).Add(8 * time.Hour), UpdatedAt: at(6).Add(8 * time.Hour), DeletedAt: at(7).Add(8 * time.Hour),
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

func TestQueryOrderThatIsNotFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"null result": {200, `{"code":200,"message":"ok","result":null}`},
		"a code":      {200, `{"code":404,"message":"订单不存在","result":null}`},
		"HTTP 404":    {404, `{"message":"订单不存在"}`},
		"HTTP 500":    {500, `{"message":"该订单不存在!"}`},
		"a message":   {400, `{"code":400,"msg":"该订单不存在","data":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(test.status, test.body))
			order, err := client.QueryOrder(context.Background(), sampleID)
			require.ErrorIs(t, err, paygates.ErrOrderNotFound)
			assert.Nil(t, order)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.body, string(failed.Body.Reveal()))
		})
	}
}

// The document has POST, the public source GET: what worked is remembered.
func TestQueryOrderByTheOtherMethod(t *testing.T) {
	t.Parallel()
	const message = "The POST method is not supported for this route. Supported methods: GET, HEAD."
	for name, rejected := range map[string]httpmock.Responder{
		"405":           httpmock.NewStringResponder(405, `{"message":"`+message+`"}`),
		"405 HTML":      httpmock.NewStringResponder(405, "<html>"),
		"other edition": httpmock.NewStringResponder(400, `{"code":400,"msg":"`+message+`","data":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			served := httpmock.NewStringResponder(200, samples.JSON(t, "query_response.json"))
			calls := func() [2]int {
				info := mock.GetCallCountInfo()
				return [2]int{info["POST "+showURL], info["GET "+showURL]}
			}
			mock.RegisterResponder("POST", showURL, rejected)
			mock.RegisterResponder("GET", showURL, served)
			for i := range 3 {
				order, err := client.QueryOrder(context.Background(), sampleID)
				require.NoError(t, err)
				assert.Equal(t, sampleID, order.OrderID)
				assert.Equal(t, [2]int{1, i + 1}, calls(), "POST is tried once")
			}
			// The server is brought in line with its document.
			mock.RegisterResponder("POST", showURL, served)
			mock.RegisterResponder("GET", showURL, rejected)
			mock.ZeroCallCounters()
			for i := range 3 {
				_, err := client.QueryOrder(context.Background(), sampleID)
				require.NoError(t, err)
				assert.Equal(t, [2]int{i + 1, 1}, calls(), "GET is tried once")
			}
		})
	}
}

func TestQueryOrderThatNeitherMethodServes(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	rejected := httpmock.NewStringResponder(405, `{"message":"The method is not supported for this route."}`)
	mock.RegisterResponder("POST", showURL, rejected)
	mock.RegisterResponder("GET", showURL, rejected)
	for range 2 {
		mock.ZeroCallCounters()
		_, err := client.QueryOrder(context.Background(), sampleID)
		require.EqualError(t, err, "kechengcang: query order: HTTP 405: The method is not supported for this route.")
		info := mock.GetCallCountInfo()
		assert.Equal(t, 1, info["POST "+showURL])
		assert.Equal(t, 1, info["GET "+showURL])
	}
}

// A gateway that is busy does not end a wait.
func TestWaitForPayment(t *testing.T) {
	t.Parallel()
	response := func(state string) httpmock.Responder {
		return httpmock.NewStringResponder(200, `{"code":200,"result":{"id":"`+sampleID+`","fee":2000,"currency":1,"pay_status":`+state+`}}`)
	}
	client, mock := setup(t)
	busy := httpmock.NewStringResponder(429, `{"message":"Too Many Attempts."}`)
	mock.RegisterResponder("POST", showURL, response("1").Then(httpmock.NewStringResponder(200, "<html>")).
		Then(busy).Then(busy).Then(busy).
		Then(httpmock.NewStringResponder(400, `{"code":400,"msg":"Too Many Attempts.","data":null}`)).
		Then(response("2")).Then(response("3")))
	order, err := client.WaitForPayment(context.Background(), sampleID, time.Millisecond)
	require.NoError(t, err)
	assert.True(t, order.Paid())
	assert.Equal(t, 8, mock.GetTotalCallCount())
}

func TestDecodeOrderRejects(t *testing.T) {
	t.Parallel()
	_, err := kechengcang.DecodeOrder([]byte(`{"code":200,"result":null}`))
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	_, err = kechengcang.DecodeOrder(nil)
	require.ErrorIs(t, err, paygates.ErrBadResponse)
}
