package kechengcangtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
)

func setup(t *testing.T, opts ...gatewaytest.Option) (*kechengcangtest.Server, *kechengcang.Client) {
	t.Helper()
	srv := kechengcangtest.NewServer(opts...)
	t.Cleanup(srv.Close)
	client, err := kechengcang.New(srv.Config())
	require.NoError(t, err)
	return srv, client
}

func request() kechengcang.CreateOrderRequest {
	return kechengcang.CreateOrderRequest{
		Subject: "标题", Remark: "备注",
		Fee:       kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		ReturnURL: "https://shop.example.com/paid",
	}
}

// send sends a request without the client and follows no redirect.
func send(t *testing.T, method, target, accept, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(text)
}

const asJSON = "application/json"

// php -r '$salt="0123456789abcdef"; $secureKey="example-secret-of-kechengcang"; echo md5(md5($salt) . md5($secureKey));'
const goodSign = "f41d16b4cfeea2deb46da45c34040c52"

func storeBody(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"title":"标题","fee":2000,"remark":"备注","app_id":"` +
		kechengcangtest.AppID + `","salt":"0123456789abcdef","sign":"` + goodSign + `","currency":1}`)
}

// The requests are sent without the client, so that the two cannot share a mistake.
func TestTheFakeRejectsWhatTheSourceForbids(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	store := srv.URL + "/api/web/pay-orders/store"
	unprocessable := func(field, why string) string {
		return `{"message":"The given data was invalid.","errors":{"` + field + `":["` + why + `"]}}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"another salt":        {storeBody("0123456789abcdef", "0123456789abcdeF"), 500, `{"message":"签名不正确!"}`},
		"no salt":             {storeBody(`"0123456789abcdef"`, "null"), 500, `{"message":"签名不正确!"}`},
		"wrong sign":          {storeBody(goodSign, strings.Repeat("0", 32)), 500, `{"message":"签名不正确!"}`},
		"another application": {storeBody(kechengcangtest.AppID, "x"), 500, `{"message":"应用不存在!"}`},
		"no title":            {storeBody("标题", " "), 422, unprocessable("title", "The title field is required.")},
		"no fee":              {storeBody("2000", "null"), 422, unprocessable("fee", "The fee field is required.")},
		"fee with decimals":   {storeBody("2000", "20.00"), 422, unprocessable("fee", "The fee must be an integer.")},
		"currency a name":     {storeBody(`"currency":1`, `"currency":"USD"`), 422, unprocessable("currency", "The currency must be an integer.")},
		"not JSON":            {"title=1", 500, `{"message":"Syntax error"}`},
	} {
		status, _, body := send(t, "POST", store, asJSON, test.body)
		assert.Equal(t, test.status, status, name)
		assert.JSONEq(t, test.want, body, name)
	}
	assert.Empty(t, srv.Orders())

	status, header, body := send(t, "GET", store, asJSON, "")
	assert.Equal(t, 405, status)
	assert.Equal(t, "POST", header.Get("Allow"))
	assert.Contains(t, body, "The GET method is not supported")

	status, header, body = send(t, "POST", store, asJSON, storeBody())
	assert.Equal(t, 200, status)
	assert.Equal(t, "application/json", header.Get("Content-Type"), "as Laravel, without a charset")
	assert.Contains(t, body, `"code":200`)
	assert.Len(t, srv.Orders(), 1)
}

// Laravel reads JSON only if the Content-Type says so.
func TestTheFakeReadsJSONByItsContentType(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	for contentType, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "application/vnd.api+json": 200,
		"": 422, "text/plain": 422, "application/x-www-form-urlencoded": 422,
	} {
		r, err := http.NewRequest(http.MethodPost, srv.URL+"/api/web/pay-orders/store", strings.NewReader(storeBody()))
		require.NoError(t, err)
		r.Header.Set("Accept", asJSON)
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, contentType)
	}
}

// Laravel finds the number of a query in the URL, a form or JSON.
func TestTheQueryTakesTheNumberFromEverywhere(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	show, id := srv.URL+"/api/web/pay-orders/show", created.OrderID
	for _, test := range []struct{ target, contentType, body string }{
		{show + "?id=" + id, "", ""}, {show + "?id=" + id, asJSON, ""}, {show, asJSON, `{"id":"` + id + `"}`},
		{show + "?id=other", asJSON, `{"id":"` + id + `"}`}, {show, "application/x-www-form-urlencoded", "id=" + id},
	} {
		response, err := http.Post(test.target, test.contentType, strings.NewReader(test.body))
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, string(body), `"id":"`+id+`"`, test)
	}
}

func TestTheFakeSendsHTMLErrorsWithoutAcceptJSON(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	store := srv.URL + "/api/web/pay-orders/store"
	for _, accept := range []string{"", "*/*", "text/html,application/json"} {
		status, header, body := send(t, "POST", store, accept, storeBody(goodSign, ""))
		assert.Equal(t, 500, status, accept)
		assert.Contains(t, header.Get("Content-Type"), "text/html")
		assert.NotContains(t, body, "签名不正确")
		status, header, _ = send(t, "POST", store, accept, storeBody("标题", ""))
		assert.Equal(t, 302, status, accept)
		assert.Equal(t, "/", header.Get("Location"))
	}
}

func TestTheFakeShowsAnOrder(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Regexp(t, "^[0-9A-Za-z]{16}$", created.OrderID)
	show := srv.URL + "/api/web/pay-orders/show?id="

	status, _, body := send(t, "POST", show+created.OrderID, asJSON, "")
	assert.Equal(t, 200, status)
	var response struct {
		Code    int            `json:"code"`
		Message string         `json:"message"`
		Result  map[string]any `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &response))
	assert.Equal(t, 200, response.Code)
	assert.Equal(t, "ok", response.Message)
	assert.NotEmpty(t, response.Result["receipt_account"])
	at, err := time.ParseInLocation(time.DateTime, fmt.Sprint(response.Result["created_at"]), time.UTC)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, time.Minute, "created_at is in UTC")
	for _, name := range []string{"receipt_account", "created_at", "updated_at"} {
		delete(response.Result, name)
	}
	assert.Equal(t, map[string]any{
		"id": created.OrderID, "title": "标题", "remark": "备注", "fee": 2000.0, "currency": 1.0,
		"pay_fee": 11111.0, "pay_currency": 5.0, "pay_account": "", "txhash": nil,
		"callback_url": "", "redirect_url": "https://shop.example.com/paid",
		"pay_status": 1.0, "status": 1.0, "callback_status": 1.0, "callback_at": nil, "callback_times": 0.0,
		"pay_finish_at": nil, "pay_refresh_at": nil, "pay_submit_at": nil, "deleted_at": nil,
		"app_id": kechengcangtest.AppID, "tv_url": srv.URL + "/pay/" + created.OrderID,
	}, response.Result)

	_, _, body = send(t, "POST", show+"unknown", asJSON, "")
	assert.JSONEq(t, `{"code":200,"message":"ok","result":null}`, body)
	status, _, body = send(t, "POST", show, asJSON, "")
	assert.Equal(t, 422, status)
	assert.JSONEq(t, `{"message":"The given data was invalid.","errors":{"id":["The id field is required."]}}`, body)
	status, _, _ = send(t, "GET", show+created.OrderID, asJSON, "")
	assert.Equal(t, 405, status)
}

func TestTheFakeChangesItsStates(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	ctx := context.Background()
	query := func(id string) *kechengcang.Order {
		order, err := client.QueryOrder(ctx, id)
		require.NoError(t, err)
		return order
	}
	created, err := client.CreateOrder(ctx, request())
	require.NoError(t, err)
	id := created.OrderID
	assert.Equal(t, kechengcang.StateWaiting, created.State)
	assert.WithinDuration(t, time.Now(), created.CreatedAt, time.Minute)

	require.NoError(t, srv.Reprice(id, money.Cents(12000)))
	order := query(id)
	assert.Equal(t, "120.00 FTM", order.PayFee.String())
	assert.Equal(t, "20.00 USD", order.Fee.String())
	assert.WithinDuration(t, time.Now(), order.PayRefreshAt, time.Minute)
	assert.True(t, order.PaySubmitAt.IsZero())

	require.NoError(t, srv.Submit(id))
	order = query(id)
	assert.Equal(t, kechengcang.StateSubmitted, order.State)
	assert.WithinDuration(t, time.Now(), order.PaySubmitAt, time.Minute)
	require.NoError(t, srv.Reprice(id, money.Cents(1)))
	assert.Equal(t, "120.00 FTM", query(id).PayFee.String(), "the price is fixed once the transfer is reported")

	require.NoError(t, srv.PaySilently(id))
	order = query(id)
	assert.Equal(t, kechengcang.StateFinished, order.State)
	assert.Equal(t, kechengcang.StatusDone, order.Status)
	assert.Regexp(t, "^0x", order.TxHash)
	assert.Empty(t, order.Unread)
	assert.WithinDuration(t, time.Now(), order.PayFinishAt, time.Minute)
	assert.Equal(t, kechengcang.CallbackOpen, order.CallbackStatus)

	require.NoError(t, srv.Submit(id))
	assert.Equal(t, kechengcang.StateFinished, query(id).State)

	second, err := client.CreateOrder(ctx, request())
	require.NoError(t, err)
	assert.NotEqual(t, id, second.OrderID)
	require.NoError(t, srv.Expire(second.OrderID))
	_, err = client.WaitForPayment(ctx, second.OrderID, time.Millisecond)
	require.ErrorIs(t, err, paygates.ErrNotPaid)

	require.ErrorIs(t, srv.Submit("unknown"), gatewaytest.ErrOrderNotFound)
	require.ErrorIs(t, srv.Reprice("unknown", 1), gatewaytest.ErrOrderNotFound)
}

func TestTheCashierPagePays(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	status, _, page := send(t, "GET", created.PayPageURL, "", "")
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "data:image/png;base64,")
	assert.Contains(t, page, `action="/pay/`+created.OrderID+`"`)
	assert.Contains(t, page, `<p class="price">`+created.PayFee.Amount.String()+` FTM</p>`, "the coin, not dollars")

	status, header, _ := send(t, "POST", created.PayPageURL, "", "")
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, "https://shop.example.com/paid", header.Get("Location"))
	order, err := client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.True(t, order.Paid())
	assert.False(t, order.PaySubmitAt.IsZero(), "it went through state 2")

	status, _, _ = send(t, "GET", srv.URL+"/pay/unknown", "", "")
	assert.Equal(t, http.StatusNotFound, status)
}

// shop responds to the notifications with the given bodies, and with the last one from then
// on.
func shop(t *testing.T, responses ...string) (target string, bodies chan string) {
	t.Helper()
	bodies = make(chan string, 100)
	var attempts atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "POST", r.Method)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		bodies <- string(body)
		_, _ = io.WriteString(w, responses[min(int(attempts.Add(1)), len(responses))-1])
	}))
	t.Cleanup(server.Close)
	return server.URL + "/notify?shop=7", bodies
}

func TestTheFakeRetriesUntilOK(t *testing.T) {
	t.Parallel()
	delay := time.Millisecond
	srv, client := setup(t, gatewaytest.WithRetryDelays(delay, delay, delay, delay, delay, delay))
	target, bodies := shop(t, "fail", "OK", "ok\n", "ok")
	order := request()
	order.NotifyURL = target
	created, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	first, err := srv.Pay(created.OrderID)
	require.NoError(t, err)
	assert.Equal(t, "fail", first.Response)
	assert.False(t, first.Accepted)
	require.Eventually(t, func() bool {
		all := srv.Deliveries()
		return len(all) == 4 && all[3].Accepted
	}, 5*time.Second, time.Millisecond)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(<-bodies), &fields))
	assert.Equal(t, created.OrderID, fields["id"])
	assert.Equal(t, 3.0, fields["pay_status"])
	assert.Equal(t, 2000.0, fields["fee"])
	assert.Len(t, fields, 25, "all fields of the order")

	found, err := client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.Equal(t, kechengcang.CallbackDone, found.CallbackStatus)
	assert.Equal(t, 4, found.CallbackTimes)
	assert.WithinDuration(t, time.Now(), found.CallbackAt, time.Minute)
}

func TestTheFakeGivesUpAfterSevenNotifications(t *testing.T) {
	t.Parallel()
	delay := time.Millisecond
	srv, client := setup(t, gatewaytest.WithRetryDelays(delay, delay, delay, delay, delay, delay))
	order := request()
	order.NotifyURL, _ = shop(t, "fail")
	created, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	_, err = srv.Pay(created.OrderID)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(srv.Deliveries()) == 7 }, 5*time.Second, time.Millisecond)
	found, err := client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.Equal(t, kechengcang.CallbackGaveUp, found.CallbackStatus)
	assert.Equal(t, 7, found.CallbackTimes)
}

func TestATamperedNotificationClaimsAPaymentAndAnotherFee(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	target, bodies := shop(t, "fail")
	order := request()
	order.NotifyURL = target
	created, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	delivery, err := srv.SendTampered(created.OrderID)
	require.NoError(t, err)
	assert.True(t, delivery.Tampered)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(<-bodies), &fields))
	assert.Equal(t, 3.0, fields["pay_status"])
	assert.Equal(t, 92000.0, fields["fee"])

	found, err := client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.Equal(t, kechengcang.StateWaiting, found.State)
	assert.Zero(t, found.CallbackTimes, "the gateway did not send it")
}

func TestTheFakeRevealsTheSecretLikeThePublicSource(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	order := request()
	target, bodies := shop(t, "ok")
	order.NotifyURL = target
	created, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	found, err := client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.NotContains(t, string(found.Raw.Reveal()), kechengcangtest.Secret)

	srv.RevealSecret()
	found, err = client.QueryOrder(context.Background(), created.OrderID)
	require.NoError(t, err)
	assert.Contains(t, string(found.Raw.Reveal()), `"secure_key":"`+kechengcangtest.Secret+`"`)
	_, err = srv.Pay(created.OrderID)
	require.NoError(t, err)
	assert.Contains(t, <-bodies, kechengcangtest.Secret)
}
