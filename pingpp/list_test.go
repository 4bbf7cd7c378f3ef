package pingpp_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// The samples of Ping++'s own calls have the documented shape and example data.

const listURL = "https://api.pingxx.com/v1/charges"

func app() pingpp.ListChargesRequest { return pingpp.ListChargesRequest{App: "app_example"} }

// Every parameter of the document's table.
func TestListChargesSendsTheDocumentedParameters(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	yes, no := true, false
	at := time.Unix(1466149800, 0)
	tests := map[string]struct {
		change func(*pingpp.ListChargesRequest)
		query  string
	}{
		"app alone": {func(*pingpp.ListChargesRequest) {}, "app%5Bid%5D=app_example"},
		"selection": {
			func(r *pingpp.ListChargesRequest) {
				r.Channel, r.Paid, r.Refunded, r.Reversed = pingpp.ChannelAlipay, &yes, &no, &no
			},
			"app%5Bid%5D=app_example&channel=alipay&paid=true&refunded=false&reversed=false",
		},
		"times": {
			func(r *pingpp.ListChargesRequest) {
				r.CreatedAfter, r.CreatedFrom = at, at.Add(time.Second)
				r.CreatedBefore, r.CreatedUntil = at.Add(2*time.Second), at.Add(3*time.Second)
			},
			"app%5Bid%5D=app_example&created%5Bgt%5D=1466149800&created%5Bgte%5D=1466149801&created%5Blt%5D=1466149802&created%5Blte%5D=1466149803",
		},
		"fractions": {
			func(r *pingpp.ListChargesRequest) {
				half := at.Add(time.Second / 2)
				r.CreatedAfter, r.CreatedFrom, r.CreatedBefore, r.CreatedUntil = half, half, half, half
			},
			"app%5Bid%5D=app_example&created%5Bgt%5D=1466149800&created%5Bgte%5D=1466149800&created%5Blt%5D=1466149801&created%5Blte%5D=1466149801",
		},
		"next page": {
			func(r *pingpp.ListChargesRequest) { r.Limit, r.StartingAfter = 3, "ch_end" },
			"app%5Bid%5D=app_example&limit=3&starting_after=ch_end",
		},
		"previous page": {
			func(r *pingpp.ListChargesRequest) { r.Limit, r.EndingBefore = 100, "ch_start" },
			"app%5Bid%5D=app_example&limit=100&ending_before=ch_start",
		},
	}
	sent := ""
	mock.RegisterResponder("GET", "=~^"+listURL+`\?`, func(r *http.Request) (*http.Response, error) {
		sent = r.URL.RawQuery
		user, password, _ := r.BasicAuth()
		assert.Equal(t, apiKey, user)
		assert.Empty(t, password)
		timestamp := r.Header.Get("Pingplusplus-Request-Timestamp")
		assertSigned(t, "/v1/charges?"+r.URL.RawQuery+timestamp, r.Header.Get("Pingplusplus-Signature"))
		return httpmock.NewStringResponse(200, samples.Printed(t, "list_charges.json")), nil
	})
	for name, test := range tests {
		request := app()
		test.change(&request)
		_, err := client.ListCharges(context.Background(), request)
		require.NoError(t, err, name)
		assert.Equal(t, test.query, sent, name)
	}
}

func list(t *testing.T, status int, body string, changes ...func(*pingpp.Config)) (*pingpp.ChargeList, error) {
	t.Helper()
	client, mock := setup(t, changes...)
	mock.RegisterResponder("GET", "=~^"+listURL, httpmock.NewStringResponder(status, body))
	return client.ListCharges(context.Background(), app())
}

func TestTheDocumentedListOfCharges(t *testing.T) {
	t.Parallel()
	got, err := list(t, 200, samples.Printed(t, "list_charges.json"))
	require.NoError(t, err)
	assert.True(t, got.HasMore)
	require.Len(t, got.Data, 2)
	assert.Equal(t, "pingpp charge ch_example00000000000000003 for order 12134676899915430003: 1.00 cny, expired", got.Data[0].String())
	paid := got.Data[1]
	assert.Equal(t, "12134676899915430002", paid.OrderNo)
	assert.True(t, paid.Paid())
	assert.Equal(t, money.Cents(100), paid.AmountRefunded)
	assert.Equal(t, "payer@example.com", text(t, paid.Extra.Reveal(), "buyer_account"))
	assert.Equal(t, "pingpp list of 2 charges", fmt.Sprintf("%+v", got))
	assert.NotContains(t, fmt.Sprintf("%#v %s %v", got, got, *got), "payer@example.com")

	none, err := list(t, 200, `{"object":"list","url":"/v1/charges","has_more":false,"data":[]}`)
	require.NoError(t, err)
	assert.Equal(t, &pingpp.ChargeList{}, none)
}

func text(t *testing.T, raw json.RawMessage, name string) string {
	t.Helper()
	var fields map[string]string
	require.NoError(t, json.Unmarshal(raw, &fields))
	return fields[name]
}

func TestListChargesRejectsBadInputBeforeSending(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	tests := map[string]struct {
		change func(*pingpp.ListChargesRequest)
		field  string
	}{
		"limit":         {func(r *pingpp.ListChargesRequest) { r.Limit = 101 }, "Limit (limit) must be 1 to 100"},
		"limit < 0":     {func(r *pingpp.ListChargesRequest) { r.Limit = -1 }, "Limit (limit) must be 1 to 100"},
		"both pointers": {func(r *pingpp.ListChargesRequest) { r.StartingAfter, r.EndingBefore = "a", "b" }, "EndingBefore (ending_before) is not allowed"},
	}
	for name, test := range tests {
		request := app()
		test.change(&request)
		_, err := client.ListCharges(context.Background(), request)
		require.ErrorIs(t, err, paygates.ErrInvalidRequest, name)
		require.ErrorContains(t, err, test.field, name)
		for _, err := range client.Charges(context.Background(), request) {
			require.ErrorIs(t, err, paygates.ErrInvalidRequest, name)
		}
	}
	request := app()
	request.EndingBefore = "ch_1"
	for _, err := range client.Charges(context.Background(), request) {
		require.ErrorIs(t, err, paygates.ErrInvalidRequest)
	}
	_, err := client.FindCharges(context.Background(), "1", app())
	require.ErrorIs(t, err, paygates.ErrInvalidRequest)
	require.ErrorContains(t, err, "CreatedFrom or CreatedAfter is required")
	request = app()
	request.CreatedAfter = time.Unix(1466149800, 0)
	_, err = client.FindCharges(context.Background(), "a b", request)
	require.ErrorContains(t, err, "orderNo must")
	assert.Zero(t, mock.GetTotalCallCount())
}

// A page with one charge that is missing or unreadable is no page: what is left out would
// pass for a charge that does not exist.
func TestListChargesWithABadResponse(t *testing.T) {
	t.Parallel()
	const whole = `{"object":"list","url":"/v1/charges","has_more":false,"data":[` +
		`{"id":"ch_1","object":"charge","order_no":"1","livemode":true,"paid":false,"amount":100,"currency":"cny","app":"app_example"}]}`
	got, err := list(t, 200, whole)
	require.NoError(t, err)
	require.Len(t, got.Data, 1)
	tests := map[string][2]string{
		"no object":          {`"object":"list",`, ``},
		"a charge":           {`"object":"list"`, `"object":"charge"`},
		"no has_more":        {`"has_more":false,`, ``},
		"has_more null":      {`"has_more":false`, `"has_more":null`},
		"has_more a word":    {`"has_more":false`, `"has_more":"perhaps"`},
		"has_more an object": {`"has_more":false`, `"has_more":{}`},
		"has_more twice":     {`"has_more":false`, `"has_more":true,"has_more":false`},
		"data null":          {whole[strings.Index(whole, `[`):], `null}`},
		"data a text":        {whole[strings.Index(whole, `[`):], `"none"}`},
		"data an object":     {whole[strings.Index(whole, `[`):], `{}}`},
		"data of IDs":        {whole[strings.Index(whole, `[`):], `["ch_1"]}`},
		"data of null":       {whole[strings.Index(whole, `[`):], `[null]}`},
		"empty, but more":    {whole[strings.Index(whole, `"has_more"`):], `"has_more":true,"data":[]}`},
		"a refund":           {`"object":"charge"`, `"object":"refund"`},
		"of another app":     {`"app":"app_example"`, `"app":"app_other"`},
		"not JSON":           {`"object":"list"`, `object`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := list(t, 200, replace(t, whole, test[0], test[1]))
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			assert.Nil(t, got)
		})
	}
	got, err = list(t, 200, replace(t, whole, `"app":"app_example"`, `"app":{"id":"app_example"}`))
	require.NoError(t, err, "an app that is expanded")
	assert.Equal(t, []string{"app"}, got.Data[0].Unread)
}

func TestListChargesThatPingppRejects(t *testing.T) {
	t.Parallel()
	got, err := list(t, 404, `{"error":{"type":"invalid_request_error","message":"No such app","param":"app[id]","code":"resource_missing"}}`)
	assert.Nil(t, got)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "pingpp: list charges: HTTP 404: code resource_missing: No such app: Ping++ error invalid_request_error (param app[id])", err.Error())
	require.NotErrorIs(t, err, paygates.ErrOrderNotFound, "an unknown app says nothing about an order")

	_, err = list(t, 429, `{"error":{"type":"rate_limit_error","message":"slow down"}}`)
	require.ErrorIs(t, err, paygates.ErrUnavailable)
}

// One charge of test mode makes the list an error.
func TestListChargesInTestMode(t *testing.T) {
	t.Parallel()
	body := strings.Replace(samples.Printed(t, "list_charges.json"), `"livemode": true`, `"livemode": false`, 1)
	got, err := list(t, 200, body)
	require.ErrorIs(t, err, pingpp.ErrTestMode)
	assert.Nil(t, got)
	got, err = list(t, 200, body, func(c *pingpp.Config) { c.AllowTestMode = true })
	require.NoError(t, err)
	assert.False(t, got.Data[0].LiveMode)
}

// chargePages responds with pages of a list of charges ch_9 to ch_1, whose order numbers
// are the last digit modulo 3.
func chargePages(t *testing.T, mock *httpmock.MockTransport, requests *[]string) {
	t.Helper()
	mock.RegisterResponder("GET", "=~^"+listURL, func(r *http.Request) (*http.Response, error) {
		*requests = append(*requests, r.URL.Query().Get("limit")+" after "+r.URL.Query().Get("starting_after"))
		assert.Equal(t, "app_example", r.URL.Query().Get("app[id]"))
		assert.Equal(t, "1466149800", r.URL.Query().Get("created[gte]"))
		first := 9
		_, _ = fmt.Sscanf(r.URL.Query().Get("starting_after"), "ch_%d", &first)
		if r.URL.Query().Has("starting_after") {
			first--
		}
		var data []string
		for n := first; n > max(0, first-4); n-- {
			data = append(data, fmt.Sprintf(`{"id":"ch_%d","object":"charge","order_no":"%d","livemode":true,"paid":%t,"amount":100,"currency":"cny"}`, n, n%3, n == 5))
		}
		return httpmock.NewStringResponse(200, fmt.Sprintf(`{"object":"list","has_more":%t,"data":[%s]}`, first > 4, strings.Join(data, ","))), nil
	})
}

func TestChargesGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var requests []string
	chargePages(t, mock, &requests)
	request := app()
	request.CreatedFrom = time.Unix(1466149800, 0)
	all := client.Charges(context.Background(), request)
	for range 2 { // an iterator can be used again
		requests = nil
		var ids []string
		for charge, err := range all {
			require.NoError(t, err)
			ids = append(ids, charge.ID)
		}
		assert.Equal(t, "ch_9 ch_8 ch_7 ch_6 ch_5 ch_4 ch_3 ch_2 ch_1", strings.Join(ids, " "))
		assert.Equal(t, []string{"100 after ", "100 after ch_6", "100 after ch_2"}, requests)
	}

	requests = nil
	request.Limit, request.StartingAfter = 4, "ch_8"
	for charge, err := range client.Charges(context.Background(), request) {
		require.NoError(t, err)
		if charge.ID == "ch_5" {
			break
		}
	}
	assert.Equal(t, []string{"4 after ch_8"}, requests, "a page that is not needed is not requested")
}

func TestFindChargesReturnsAllOfAnOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var requests []string
	chargePages(t, mock, &requests)
	request := app()
	request.CreatedFrom = time.Unix(1466149800, 0)
	found, err := client.FindCharges(context.Background(), "2", request)
	require.NoError(t, err)
	var ids []string
	for _, charge := range found.Data {
		ids = append(ids, fmt.Sprint(charge.ID, " ", charge.Paid()))
	}
	assert.Equal(t, []string{"ch_8 false", "ch_5 true", "ch_2 false"}, ids)

	found, err = client.FindCharges(context.Background(), "3", request)
	require.NoError(t, err)
	assert.Equal(t, &pingpp.ChargeList{}, found)
	found, err = client.FindCharges(context.Background(), "02", request)
	require.NoError(t, err)
	assert.Empty(t, found.Data, "the number is compared as a text")
}

// An error on a later page is the error of the search: what was found before is not all.
func TestFindChargesWhenAPageFails(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", "=~^"+listURL, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Has("starting_after") {
			return httpmock.NewStringResponse(403, `{"error":{"type":"invalid_request_error","message":"no"}}`), nil
		}
		return httpmock.NewStringResponse(200, samples.Printed(t, "list_charges.json")), nil
	})
	request := app()
	request.CreatedFrom = time.Unix(1466149800, 0)
	found, err := client.FindCharges(context.Background(), "12134676899915430002", request)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Nil(t, found)
}

// A gateway that ignores starting_after would get requests for the same page without end.
func TestAListThatDoesNotGoOn(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", "=~^"+listURL, httpmock.NewStringResponder(200, samples.Printed(t, "list_charges.json")))
	seen := 0
	var last error
	for _, err := range client.Charges(context.Background(), app()) {
		seen, last = seen+1, err
	}
	assert.Equal(t, 3, seen, "two charges and the error")
	require.ErrorIs(t, last, paygates.ErrBadResponse)
	require.ErrorContains(t, last, "list does not go on")
	assert.Equal(t, 2, mock.GetTotalCallCount())
}
