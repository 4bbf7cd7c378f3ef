package kechengcang_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/kechengcang"
)

// Genuine responses and notifications in shapes that are not the documented ones, and
// responses that are not about the order.

// paidWith returns a response with a paid order that has further fields.
func paidWith(fields string) string {
	return `{"code":200,"result":{"id":"` + sampleID + `","fee":2000,"currency":1,"pay_status":3,` + fields + `}}`
}

// A field that does not decide leaves a paid order readable: it is zero, listed and
// logged.
func TestQueryOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields string
		unread []string
	}{
		"status a word":          {`"status":"done"`, []string{"status"}},
		"status an object":       {`"status":{"value":2}`, []string{"status"}},
		"status enormous":        {`"status":` + strings.Repeat("9", 400), []string{"status"}},
		"status with zeros":      {`"status":"2.0"`, nil},
		"pay_fee with a zero":    {`"pay_fee":11111.0`, nil},
		"pay_fee a fraction":     {`"pay_fee":11111.5`, []string{"pay_fee"}},
		"pay_fee an exponent":    {`"pay_fee":1e4`, []string{"pay_fee"}},
		"pay_fee negative":       {`"pay_fee":-1`, []string{"pay_fee"}},
		"pay_fee of 20 digits":   {`"pay_fee":12345678901234567890`, []string{"pay_fee"}},
		"pay_fee a list":         {`"pay_fee":[]`, []string{"pay_fee"}},
		"pay_currency a name":    {`"pay_currency":"FTM"`, []string{"pay_currency"}},
		"callback status a word": {`"callback_status":"gave up","callback_times":"seven"`, []string{"callback_status", "callback_times"}},
		"texts as objects":       {`"title":{},"remark":[],"tv_url":{}`, []string{"title", "remark", "tv_url"}},
		"texts as numbers":       {`"title":1,"remark":2.50,"app_id":null,"tv_url":false`, nil},
		"payer data as objects":  {`"pay_account":{},"receipt_account":[],"txhash":{}`, []string{"pay_account", "receipt_account", "txhash"}},
		"URLs as lists":          {`"callback_url":[],"redirect_url":[]`, []string{"callback_url", "redirect_url"}},
		"app_id a list":          {`"app_id":[]`, []string{"app_id"}},
		"times as words":         {`"callback_at":"today","created_at":"18.11.2022"`, []string{"callback_at", "created_at"}},
		"times as lists":         {`"pay_finish_at":[],"updated_at":{}`, []string{"pay_finish_at", "updated_at"}},
		"time of five digits":    {`"pay_submit_at":12345`, []string{"pay_submit_at"}},
		"no times":               {`"callback_at":"","created_at":0,"updated_at":"0000-00-00 00:00:00","deleted_at":null`, nil},
		"unknown fields":         {`"admin_user":{"id":1,"roles":[]},"application":[],"new":null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, paidWith(test.fields)))
			var log bytes.Buffer
			c := config(mock)
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			client, err := kechengcang.New(c)
			require.NoError(t, err)
			order, err := client.QueryOrder(context.Background(), sampleID)
			require.NoError(t, err)
			assert.True(t, order.Paid())
			assert.Equal(t, "20.00 USD", order.Fee.String())
			assert.ElementsMatch(t, test.unread, order.Unread)
			assert.Equal(t, paidWith(test.fields), string(order.Raw.Reveal()))
			if test.unread == nil {
				assert.Empty(t, log.String())
			} else {
				assert.Contains(t, log.String(), "kechengcang: unreadable fields left empty")
				assert.Contains(t, log.String(), " order_id="+sampleID+" fields=")
				assert.Contains(t, log.String(), test.unread[0])
			}

			// The same order confirms its notification.
			w := httptest.NewRecorder()
			client.NotificationHandler(func(context.Context, *kechengcang.Notification) error { return nil }).
				ServeHTTP(w, post(`{"id":"`+sampleID+`"}`))
			assert.Equal(t, "ok", w.Body.String())
		})
	}
}

func TestAnExactPayFeeWithDecimals(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, paidWith(`"pay_fee":11111.0,"pay_currency":"5"`)))
	order, err := client.QueryOrder(context.Background(), sampleID)
	require.NoError(t, err)
	assert.Equal(t, "111.11 FTM", order.PayFee.String())
}

// The times of Eloquent's record are in UTC, the others in UTC+8, unless they name a zone.
// All are shown in UTC+8.
func TestTimes(t *testing.T) {
	t.Parallel()
	// date -u -d '2022-11-18 10:00:05' +%s; date -u -d '2022-11-18 02:00:05' +%s
	inUTC, inShanghai := time.Unix(1668765605, 0), time.Unix(1668736805, 0)
	for text, want := range map[string]struct{ record, other time.Time }{
		`"2022-11-18 10:00:05"`:              {inUTC, inShanghai},
		`"2022-11-18T10:00:05"`:              {inUTC, inShanghai},
		`"2022-11-18T10:00:05Z"`:             {inUTC, inUTC},
		`"2022-11-18T18:00:05.000000+08:00"`: {inUTC, inUTC},
		`1668765605`:                         {inUTC, inUTC},
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, paidWith(
			`"created_at":`+text+`,"updated_at":`+text+`,"deleted_at":`+text+`,"callback_at":`+text+
				`,"pay_finish_at":`+text+`,"pay_refresh_at":`+text+`,"pay_submit_at":`+text)))
		order, err := client.QueryOrder(context.Background(), sampleID)
		require.NoError(t, err, text)
		assert.Empty(t, order.Unread, text)
		for _, at := range []time.Time{order.CreatedAt, order.UpdatedAt, order.DeletedAt} {
			assert.True(t, want.record.Equal(at), "%s: %s", text, at)
			assert.Equal(t, "Asia/Shanghai", at.Location().String())
		}
		for _, at := range []time.Time{order.CallbackAt, order.PayFinishAt, order.PayRefreshAt, order.PaySubmitAt} {
			assert.True(t, want.other.Equal(at), "%s: %s", text, at)
			assert.Equal(t, "Asia/Shanghai", at.Location().String())
		}
	}
}

// The id of a created order survives fields of another shape beside it.
func TestCreateOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"code":200,"message":{},"result":{"id":"YOw3MgLZ7RWGylz4","fee":"2000","currency":"1","pay_status":1}}`,
		`{"code":"200","msg":[],"errors":"","result":{"id":"YOw3MgLZ7RWGylz4","fee":2000,"currency":1,"pay_status":"1","status":"open"}}`,
		`{"code":200.0,"result":{"id":"YOw3MgLZ7RWGylz4","fee":2000,"currency":1.0,"pay_status":1,"pay_fee":0.5,"created_at":"now"}}`,
		"\ufeff" + `{"code":200,"result":{"id":"YOw3MgLZ7RWGylz4","fee":2000,"currency":1,"pay_status":1,"app_id":"example-app","tv_url":[]}}` + "\r\n",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(200, body))
		order, err := client.CreateOrder(context.Background(), request())
		require.NoError(t, err, body)
		assert.Equal(t, sampleID, order.OrderID)
	}
}

// What decides and cannot be read is named.
func TestUnreadableResponsesNameTheReason(t *testing.T) {
	t.Parallel()
	order := func(oldNew ...string) string { return strings.NewReplacer(oldNew...).Replace(paidWith(`"status":2`)) }
	for body, want := range map[string]string{
		order(`"fee":2000,`, ""):                        "no fee",
		order(`"fee":2000`, `"fee":[]`):                 "fee is not an amount in hundredths",
		order(`"fee":2000`, `"fee":20.00`):              "fee is not an amount in hundredths",
		order(`"fee":2000`, `"fee":"twenty"`):           "fee is not an amount in hundredths",
		order(`"currency":1`, `"currency":"USD"`):       "currency is not a whole number",
		order(`"currency":1`, `"currency":""`):          "no currency",
		order(`"pay_status":3`, `"pay_status":{}`):      "pay_status is not a whole number",
		order(`"pay_status":3`, `"pay_status":"paid"`):  "pay_status is not a whole number",
		order(`"id":"`+sampleID+`"`, `"id":null`):       "no id",
		order(`"id":"`+sampleID+`"`, `"id":{}`):         "id is not a single value",
		order(`"id":"`+sampleID+`"`, `"id":"../store"`): "id is not 1 to 64 letters or digits",
		`{"code":200}`:                                           "no result",
		`{"code":200,"result":[]}`:                               "result is not an object",
		`{"code":200,"result":"none"}`:                           "result is not an object",
		`{"code":"ok","result":null}`:                            "code is not a whole number",
		`{"code":[],"result":null}`:                              "code is not a whole number",
		`{"result":null}`:                                        "no code",
		order(`"pay_status":3`, `"pay_status":1,"Pay_Status":3`): "a name occurs twice in one object",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, body))
		_, err := client.QueryOrder(context.Background(), sampleID)
		require.ErrorIs(t, err, paygates.ErrBadResponse, body)
		require.NotErrorIs(t, err, paygates.ErrOrderNotFound, body)
		assert.ErrorContains(t, err, "kechengcang: query order: unexpected response: "+want, body)
	}
}

// A code other than 200 is a rejection, also with an order beside it.
func TestAnotherCodeIsNoOrder(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"500", `"500"`, "400", "0", "201", "-200", `"2000"`, "20"} {
		body := strings.Replace(paidWith(`"app_id":"example-app"`), `"code":200`, `"code":`+code+`,"message":"no"`, 1)
		text := "code " + strings.Trim(code, `"`) + ": no"
		client, mock := setup(t)
		mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(200, body))
		mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, body))
		order, err := client.CreateOrder(context.Background(), request())
		assert.Nil(t, order, code)
		require.EqualError(t, err, "kechengcang: create order: "+text)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		order, err = client.QueryOrder(context.Background(), sampleID)
		assert.Nil(t, order, code)
		require.EqualError(t, err, "kechengcang: query order: "+text)
		order, err = client.WaitForPayment(context.Background(), sampleID, time.Millisecond)
		assert.Nil(t, order, code)
		require.EqualError(t, err, "kechengcang: query order: "+text)
		_, err = kechengcang.DecodeOrder([]byte(body))
		require.EqualError(t, err, "kechengcang: decode order: "+text)

		n := &kechengcang.Notification{OrderID: sampleID}
		_, err = client.ConfirmNotification(context.Background(), n)
		require.EqualError(t, err, "kechengcang: query order: "+text)
		assert.Nil(t, n.Order)
		w, _ := handle(t, post(orderFields(t)), httpmock.NewStringResponder(200, body),
			func(context.Context, *kechengcang.Notification) error {
				t.Error("the function was called")
				return nil
			})
		assert.Equal(t, 502, w.Code)
		assert.Equal(t, "fail", w.Body.String())
	}
}

// A response about another order confirms nothing. The error names both.
func TestResponsesAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"YOw3MgLZ7RWGylz5", "yOw3MgLZ7RWGylz4", "YOw3MgLZ7RWGylz", "1"} {
		body := strings.Replace(paidWith(`"status":2`), sampleID, id, 1)
		client, mock := setup(t)
		mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, body))
		_, err := client.QueryOrder(context.Background(), sampleID)
		require.ErrorIs(t, err, paygates.ErrBadResponse, id)
		assert.EqualError(t, err, fmt.Sprintf(
			"kechengcang: query order: unexpected response: response is about something else: id is %q, not %q", id, sampleID))

	}
	w, log := handle(t, post(orderFields(t)), httpmock.NewStringResponder(200, paidWith(`"app_id":"other-app"`)),
		func(context.Context, *kechengcang.Notification) error {
			t.Error("the function was called")
			return nil
		})
	assert.Equal(t, 409, w.Code)
	assert.Contains(t, log, "other-app")
	assert.Contains(t, log, appID)
}

// The order in the response to a create is the one that was created.
func TestCreateOrderComparesTheOrder(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`"fee":2001,"currency":1`:                       `fee is "20.01 USD", not "20.00 USD"`,
		`"fee":20,"currency":1`:                         `fee is "0.20 USD", not "20.00 USD"`,
		`"fee":2000,"currency":2`:                       `fee is "20.00 CNY", not "20.00 USD"`,
		`"fee":2000,"currency":1,"app_id":"other-app"`:  `app_id is "other-app", not "example-app"`,
		`"fee":2000,"currency":1,"app_id":"example-ap"`: `app_id is "example-ap", not "example-app"`,
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(200,
			`{"code":200,"result":{"id":"`+sampleID+`","pay_status":1,`+fields+`}}`))
		order, err := client.CreateOrder(context.Background(), request())
		assert.Nil(t, order)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		assert.ErrorContains(t, err, "response is about something else: "+want)
	}
}

// Only the JSON counts, whatever the Content-Type and the white space around it.
func TestParseNotificationWithOtherHeadersAndWhiteSpace(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for _, contentType := range []string{
		"", "application/json; charset=UTF-8", "application/json;", "text/plain", "text/html; charset: utf-8",
		"application/x-www-form-urlencoded; text/html; charset=UTF-8", "APPLICATION/JSON, */*", "nonsense; ;",
	} {
		for _, around := range []string{"", "\r\n", " \t\n"} {
			r := post("\ufeff" + around + `{"id":"` + sampleID + `","title":"\u003c&"}` + around)
			r.Header.Set("Content-Type", contentType)
			n, err := client.ParseNotification(r)
			require.NoError(t, err, "%q %q", contentType, around)
			assert.Equal(t, sampleID, n.OrderID)
		}
	}
}

// No more notifications than MaxConfirmations are confirmed at once. The others are
// rejected, and the gateway sends them again.
func TestNotificationHandlerLimitsItsQueries(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	c := config(mock)
	c.MaxConfirmations = 1
	client, err := kechengcang.New(c)
	require.NoError(t, err)
	began, finish := make(chan struct{}), make(chan struct{})
	mock.RegisterResponder("POST", showURL, func(*http.Request) (*http.Response, error) {
		close(began)
		<-finish
		return httpmock.NewStringResponse(200, paidWith(`"status":2`)), nil
	})
	handler := client.NotificationHandler(func(context.Context, *kechengcang.Notification) error { return nil })
	serve := func(id string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, post(`{"id":"`+id+`"}`))
		return w
	}
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- serve(sampleID) }()
	<-began
	for i := range 100 {
		w := serve(fmt.Sprint("forged", i))
		assert.Equal(t, 503, w.Code)
		assert.Equal(t, "fail", w.Body.String())
	}
	assert.Equal(t, 1, mock.GetTotalCallCount())
	close(finish)
	assert.Equal(t, "ok", (<-first).Body.String())
}

// The names and reasons of rejected fields are the gateway's, and may repeat the secret.
func TestAnEchoedSecretIsMaskedInFieldErrors(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", storeURL, httpmock.NewStringResponder(422,
		`{"message":"x `+secret+`","errors":{"`+secret+`":["`+secret+`"]}}`))
	_, err := client.CreateOrder(context.Background(), request())
	var fields kechengcang.FieldErrors
	require.ErrorAs(t, err, &fields)
	assert.Equal(t, kechengcang.FieldErrors{"[redacted]": {"[redacted]"}}, fields)
	assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), secret)
}

// 2³² + 3 is StateFinished, and 2³² + 1 CurrencyUSD, only to an int of 32 bits that
// overflows.
func TestNumbersThatAnIntMayNotHold(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{{`"pay_status":3`, `"pay_status":4294967299`}, {`"currency":1`, `"currency":4294967297`}} {
		order, err := kechengcang.DecodeOrder([]byte(strings.Replace(paidWith(`"callback_times":4294967297`), change[0], change[1], 1)))
		if err != nil {
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			continue
		}
		assert.False(t, order.Paid() && order.Fee.Currency == kechengcang.CurrencyUSD)
		assert.NotEqual(t, 1, order.CallbackTimes)
	}
}
