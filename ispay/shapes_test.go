package ispay_test

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
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
)

// Genuine responses and notifications in shapes that are not the documented ones.

// A field that does not decide leaves a paid order readable: it is zero, listed and
// logged.
func TestQueryOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	at := time.Date(2019, 10, 15, 17, 4, 0, 0, time.FixedZone("", 8*60*60))
	const order = `"state":9,"amount":300.00`
	tests := map[string]struct {
		body    string
		unread  []string
		created time.Time
	}{
		"time":               {`{"success":true,"order":{` + order + `,"create_time":"2019-10-15 17:04:00"}}`, nil, at},
		"time in seconds":    {`{"success":true,"order":{` + order + `,"create_time":1571130240}}`, nil, at},
		"time a word":        {`{"success":true,"order":{` + order + `,"create_time":"today"}}`, []string{"create_time"}, time.Time{}},
		"time a list":        {`{"success":true,"order":{` + order + `,"create_time":[]}}`, []string{"create_time"}, time.Time{}},
		"returning 2":        {`{"success":true,"order":{` + order + `,"returning":2}}`, []string{"returning"}, time.Time{}},
		"returning yes":      {`{"success":true,"order":{` + order + `,"returning":"yes"}}`, []string{"returning"}, time.Time{}},
		"paytype an object":  {`{"success":true,"order":{` + order + `,"paytype":{"id":1}}}`, []string{"paytype"}, time.Time{}},
		"paytype a number":   {`{"success":true,"order":{` + order + `,"paytype":1}}`, nil, time.Time{}},
		"ip a list":          {`{"success":true,"order":{` + order + `,"ip":["203.0.113.7"]}}`, []string{"ip"}, time.Time{}},
		"qrcode a list":      {`{"success":true,"order":{` + order + `,"qrcode":[],"imgtext":{}}}`, []string{"qrcode", "imgtext"}, time.Time{}},
		"URLs an object":     {`{"success":true,"order":{` + order + `,"notifyurl":{},"returnurl":[]}}`, []string{"notifyurl", "returnurl"}, time.Time{}},
		"sn a list":          {`{"success":true,"order":{` + order + `,"sn":[]}}`, []string{"sn"}, time.Time{}},
		"code a text":        {`{"success":true,"errorCode":"none","errorMsg":{},"order":{` + order + `}}`, nil, time.Time{}},
		"code enormous":      {`{"success":true,"errorCode":` + strings.Repeat("9", 400) + `,"order":{` + order + `}}`, nil, time.Time{}},
		"more zeros":         {`{"success":1,"order":{"state":"9.0","amount":"300.0000"}}`, nil, time.Time{}},
		"fields not of ours": {`{"success":true,"data":[],"order":{` + order + `,"timeout":{},"more":[{}]}}`, nil, time.Time{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, test.body))
			var log bytes.Buffer
			client, err := ispay.New(ispay.Config{
				UserID: "10001", Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			require.NoError(t, err)
			order, err := client.QueryOrder(context.Background(), "20191118123424")
			require.NoError(t, err)
			assert.True(t, order.Paid())
			assert.Equal(t, "300.00", order.Amount.String())
			assert.Equal(t, test.unread, order.Unread)
			assert.True(t, test.created.Equal(order.CreatedAt), order.CreatedAt)
			assert.Equal(t, test.body, string(order.Raw.Reveal()))
			if test.unread == nil {
				assert.Empty(t, log.String())
			} else {
				assert.Contains(t, log.String(), "ispay: unreadable fields left empty")
				assert.Contains(t, log.String(), "order_no=20191118123424 fields=")
				assert.Contains(t, log.String(), test.unread[0])
			}

			// The same order confirms its notification.
			w := httptest.NewRecorder()
			client.NotificationHandler(func(context.Context, *ispay.Notification) error { return nil }).
				ServeHTTP(w, httptest.NewRequest("GET", "/notify?"+notification(t, "300.00", "9", signature), nil))
			assert.Equal(t, "success", w.Body.String())
		})
	}
}

func TestQueryStateWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body   string
		code   bool
		unread []string
	}{
		"order null":       {`{"success":true,"state":5,"order":null}`, false, nil},
		"order a list":     {`{"success":true,"state":5,"order":[]}`, false, []string{"order"}},
		"order empty":      {`{"success":true,"state":"5","order":""}`, false, []string{"order"}},
		"order false":      {`{"success":true,"state":5,"order":false}`, false, []string{"order"}},
		"order {}":         {`{"success":true,"state":5,"order":{}}`, false, nil},
		"order of nothing": {`{"success":true,"state":5,"order":{"qrcode":"","imgtext":"","amount":"","sn":"","timeout":0}}`, false, nil},
		"order of nulls":   {`{"success":true,"order":{"state":5,"qrcode":null,"amount":null}}`, false, nil},
		"timeout a text":   {`{"success":true,"state":5,"order":{"amount":300,"timeout":"15 minutes"}}`, true, []string{"timeout"}},
		"timeout negative": {`{"success":true,"state":5,"order":{"amount":300,"timeout":-1}}`, true, []string{"timeout"}},
		"timeout decimals": {`{"success":true,"state":5,"order":{"amount":300,"timeout":900.0}}`, true, nil},
		"qrcode an object": {`{"success":true,"state":5,"order":{"amount":"300.000","qrcode":{},"alipayuid":[]}}`, true, []string{"qrcode", "alipayuid"}},
		"code a text":      {`{"success":true,"errorCode":"OK","state":5,"order":{"amount":300}}`, true, nil},
	} {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder("GET", "https://pay.ispay.in/query/1", httpmock.NewStringResponder(200, test.body))
		var log bytes.Buffer
		client, err := ispay.New(ispay.Config{
			UserID: "10001", Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.NoError(t, err, name)
		state, err := client.QueryState(context.Background(), "1")
		require.NoError(t, err, name)
		assert.Equal(t, ispay.StateAwaitingPayment, state.State, name)
		assert.Equal(t, test.unread, state.Unread, name)
		assert.Equal(t, test.unread != nil, strings.Contains(log.String(), " order_id=1 fields="), "%s: %s", name, log.String())
		assert.Equal(t, test.code, state.Code != nil, name)
		if test.code {
			assert.Equal(t, "300.00", state.Code.Amount.String(), name)
		}
	}
}

// The state beside the order decides. Without it the one in the order does.
func TestQueryStateReadsOneOfTwoStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]ispay.State{
		`9`: 9, `"9"`: 9, `null`: 5, `""`: 5, `[]`: 0, `{}`: 0, `[9]`: 0, `false`: 0,
	} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", "https://pay.ispay.in/query/1",
			httpmock.NewStringResponder(200, `{"success":true,"state":`+state+`,"order":{"amount":300,"state":5}}`))
		got, err := client.QueryState(context.Background(), "1")
		if want == 0 {
			require.ErrorIs(t, err, paygates.ErrBadResponse, state)
			require.ErrorContains(t, err, "state is not a whole number", state)
			continue
		}
		require.NoError(t, err, state)
		assert.Equal(t, want, got.State, state)
	}
}

// The order ID of a created order survives whatever stands beside it.
func TestCreateOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"success":true,"errorCode":0,"errorMsg":null,"order_id":"424843497502158848"}`,
		`{"success":true,"errorCode":0,"errorMsg":null,"order_id":424843497502158848}`,
		`{"success":"true","errorCode":"OK","errorMsg":[],"order_id":"424843497502158848"}`,
		`{"success":1,"errorCode":{},"order_id":"424843497502158848","order":[]}`,
		"\ufeff" + `{"success":"1","errorCode":` + strings.Repeat("9", 400) + `,"order_id":424843497502158848}` + "\r\n",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", "https://pay.ispay.in/gateway", httpmock.NewStringResponder(200, body))
		order, err := client.CreateOrder(context.Background(), request())
		require.NoError(t, err, body)
		assert.Equal(t, "424843497502158848", order.OrderID)
	}
}

// What decides and cannot be read is named.
func TestUnreadableResponsesNameTheReason(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"success":true,"order":{"state":{},"amount":1}}`:      "unexpected response: state is not a whole number",
		`{"success":true,"order":{"state":"paid","amount":1}}`:  "unexpected response: state is not a whole number",
		`{"success":true,"order":{"amount":1}}`:                 "unexpected response: no state",
		`{"success":true,"order":{"state":9,"amount":"1.001"}}`: "unexpected response: amount is not an amount with at most two decimals",
		`{"success":true,"order":{"state":9,"amount":[]}}`:      "unexpected response: amount is not an amount with at most two decimals",
		`{"success":"maybe"}`:                                   "unexpected response: success is not true or false",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, body))
		_, err := client.QueryOrder(context.Background(), "20191118123424")
		require.ErrorIs(t, err, paygates.ErrBadResponse, body)
		assert.ErrorContains(t, err, "ispay: query order: "+want, body)
	}
}

// A response about another order confirms nothing. The error names both.
func TestResponsesAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	const other = `{"success":true,"order":{"sn":%s,"state":9,"amount":300.00}}`
	for _, sn := range []string{`"20191118123425"`, `20191118123425`, `"2019111812342"`, `"0"`, `" 20191118123424"`} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, fmt.Sprintf(other, sn)))
		_, err := client.QueryOrder(context.Background(), "20191118123424")
		require.ErrorIs(t, err, paygates.ErrBadResponse, sn)
		assert.EqualError(t, err, fmt.Sprintf(
			"ispay: query order: unexpected response: response is about something else: sn is %q, not \"20191118123424\"", strings.Trim(sn, `"`)))

	}
	for _, sn := range []string{`"20191118123424"`, `20191118123424`, `""`, `null`} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, fmt.Sprintf(other, sn)))
		_, err := client.QueryOrder(context.Background(), "20191118123424")
		require.NoError(t, err, sn)
	}
	client, mock := setup(t)
	for _, order := range []string{`{"amount":1,"sn":"424843497502158849"}`, `{"sn":"424843497502158849"}`} { // paid: nothing to pay
		mock.RegisterResponder("GET", "https://pay.ispay.in/query/424843497502158848", httpmock.NewStringResponder(200,
			`{"success":true,"state":9,"order":`+order+`}`))
		_, err := client.QueryState(context.Background(), "424843497502158848")
		require.EqualError(t, err,
			`ispay: query state: unexpected response: response is about something else: sn is "424843497502158849", not "424843497502158848"`)
	}
}

// Confirmation compares the amounts, so the notified one may be written loosely.
func TestNotifiedAmounts(t *testing.T) {
	t.Parallel()
	for text, amount := range map[string]string{
		"1.90": "1.90", "1.9": "1.90", "10": "10.00", "300.0000": "300.00", "300.000": "300.00", "0.050": "0.05", "007": "7.00",
	} {
		w, _ := serve(t, notification(t, text, "9", signature),
			httpmock.NewStringResponder(200, `{"success":true,"order":{"state":9,"amount":`+amount+`}}`),
			func(_ context.Context, n *ispay.Notification) error {
				assert.Equal(t, amount, n.Amount.String())
				return nil
			})
		assert.Equal(t, "success", w.Body.String(), text)
	}
}

// The document appends "?order_no=…" to the notify URL unchanged, so an order created
// elsewhere with a query in its notify URL has a second "?".
func TestNotificationWithASecondQuestionMark(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	query := notification(t, "300.00", "9", signature)
	for _, before := range []string{"shop=7?", "?", "a=1&b=2?", "order_no=1?", "a=?b=?"} {
		n, err := client.ParseNotification(httptest.NewRequest("GET", "/notify?"+before+query, nil))
		require.NoError(t, err, before)
		assert.Equal(t, "20191118123424", n.OrderNo)
		assert.Len(t, n.Raw.Reveal(), 4, "nothing is merged")
	}
	// A "?" in another value means nothing.
	n, err := client.ParseNotification(httptest.NewRequest("GET", "/notify?"+query+"&from=/a?b=1", nil))
	require.NoError(t, err)
	assert.Equal(t, "/a?b=1", n.Raw.Reveal().Get("from"))
}
