package pingpp_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

const (
	refundedID = "ch_example00000000000000002"
	refundID   = "re_example00000000000000001"
	refundsURL = "https://api.pingxx.com/v1/charges/" + refundedID + "/refunds"
)

func queryRefund(t *testing.T, status int, body string, changes ...func(*pingpp.Config)) (*pingpp.Refund, error) {
	t.Helper()
	client, mock := setup(t, changes...)
	mock.RegisterResponder("GET", refundsURL+"/"+refundID, func(r *http.Request) (*http.Response, error) {
		assertSigned(t, r.URL.RequestURI()+r.Header.Get("Pingplusplus-Request-Timestamp"), r.Header.Get("Pingplusplus-Signature"))
		return httpmock.NewStringResponse(status, body), nil
	})
	return client.QueryRefund(context.Background(), refundedID, refundID)
}

func TestTheDocumentedRefundFieldByField(t *testing.T) {
	t.Parallel()
	body := samples.Printed(t, "query_refund.json")
	refund, err := queryRefund(t, 200, body)
	require.NoError(t, err)
	assert.Equal(t, body, string(refund.Raw.Reveal()))
	assert.Equal(t, "payer@example.com", text(t, refund.Extra.Reveal(), "refund_account"))
	want := pingpp.Refund{
		ID: refundID, OrderNo: "0000000000000001", ChargeID: refundedID, ChargeOrderNo: "12134676899915430002",
		Amount: money.Cents(100), Succeeded: true, Status: "succeeded", Description: private("returned"),
		CreatedAt: unix(1466150000), SucceededAt: unix(1466150001),
		TransactionNo: "2016000000000000000000000002", FundingSource: "unsettled_funds",
		Metadata: paygates.NewPrivate(map[string]string{"buyer": "example"}), Extra: refund.Extra, Raw: refund.Raw,
	}
	assert.Equal(t, &want, refund)
	assert.Equal(t, "pingpp refund "+refundID+": 1.00, succeeded", fmt.Sprintf("%+v", refund))
}

// The numbers, the amount and the success decide; nothing else makes a refund unreadable.
func TestQueryRefundReadsWhatDecidesStrictly(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"` + refundID + `","object":"refund","charge":"` + refundedID + `","amount":100,"succeed":true}`
	marked, err := queryRefund(t, 200, "\ufeff"+whole+"\r\n")
	require.NoError(t, err)
	assert.Equal(t, "\ufeff"+whole+"\r\n", string(marked.Raw.Reveal()), "as it arrived")
	for name, test := range map[string][2]string{
		"no object":       {`"object":"refund",`, ``},
		"a charge":        {`"object":"refund"`, `"object":"charge"`},
		"no id":           {`"id":"` + refundID + `",`, ``},
		"another refund":  {refundID, "re_other"},
		"no charge":       {`"charge":"` + refundedID + `",`, ``},
		"another charge":  {refundedID, "ch_other"},
		"charge expanded": {`"` + refundedID + `"`, `{"id":"` + refundedID + `"}`},
		"no amount":       {`"amount":100,`, ``},
		"amount in yuan":  {`"amount":100`, `"amount":1.00`},
		"amount < 0":      {`"amount":100`, `"amount":-100`},
		"no succeed":      {`,"succeed":true`, ``},
		"succeed a word":  {`"succeed":true`, `"succeed":"pending"`},
		"amount twice":    {`"amount":100`, `"amount":100,"amount":1`},
		"truncated":       {`true}`, `true`},
	} {
		refund, err := queryRefund(t, 200, replace(t, whole, test[0], test[1]))
		require.ErrorIs(t, err, paygates.ErrBadResponse, name)
		assert.Nil(t, refund, name)
	}
	_, err = queryRefund(t, 200, replace(t, whole, `"charge":"`+refundedID+`",`, ``))
	require.ErrorContains(t, err, "no charge")
	refund, err := queryRefund(t, 200, replace(t, whole, `"amount"`, `"created":[],"time_succeed":"soon","status":{},"order_no":[],
		"transaction_no":[],"funding_source":{},"charge_order_no":[],"description":{},"failure_code":{},"failure_msg":[],"metadata":[],"extra":[],"amount"`))
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"created", "time_succeed", "status", "order_no", "transaction_no", "funding_source", "charge_order_no",
		"description", "failure_code", "failure_msg",
	}, refund.Unread)
	assert.Equal(t, money.Cents(100), refund.Amount)
}

func TestAnUnknownRefund(t *testing.T) {
	t.Parallel()
	_, err := queryRefund(t, 404, `{"error":{"type":"invalid_request_error","message":"No such refund","param":"id"}}`)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	_, err = queryRefund(t, 401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key"}}`)
	require.NotErrorIs(t, err, paygates.ErrOrderNotFound)
	var apiError *pingpp.APIError
	require.ErrorAs(t, err, &apiError)
}

// A refund does not tell its mode, the key does.
func TestRefundsInTestMode(t *testing.T) {
	t.Parallel()
	testKey := func(c *pingpp.Config) { c.APIKey = sign.NewSecret("sk_test_example") }
	_, err := queryRefund(t, 200, samples.Printed(t, "query_refund.json"), testKey)
	require.ErrorIs(t, err, pingpp.ErrTestMode)
	_, err = listRefunds(t, samples.Printed(t, "list_refunds.json"), testKey)
	require.ErrorIs(t, err, pingpp.ErrTestMode)
	refund, err := queryRefund(t, 200, samples.Printed(t, "query_refund.json"), testKey, func(c *pingpp.Config) { c.AllowTestMode = true })
	require.NoError(t, err)
	assert.True(t, refund.Succeeded)
}

func TestTheLimitOfAListOfRefunds(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	_, err := client.ListRefunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: refundedID, Limit: 101})
	require.ErrorContains(t, err, "Limit (limit) must be 1 to 100")
	assert.Zero(t, mock.GetTotalCallCount())
}

func listRefunds(t *testing.T, body string, changes ...func(*pingpp.Config)) (*pingpp.RefundList, error) {
	t.Helper()
	client, mock := setup(t, changes...)
	mock.RegisterResponder("GET", "=~^"+refundsURL, httpmock.NewStringResponder(200, body))
	return client.ListRefunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: refundedID})
}

func TestTheDocumentedListOfRefunds(t *testing.T) {
	t.Parallel()
	got, err := listRefunds(t, samples.Printed(t, "list_refunds.json"))
	require.NoError(t, err)
	assert.Equal(t, "/v1/charges/"+refundedID+"/refunds", got.URL)
	assert.False(t, got.HasMore)
	require.Len(t, got.Data, 2)
	assert.Equal(t, "pending", got.Data[0].Status)
	assert.False(t, got.Data[0].Succeeded)
	assert.True(t, got.Data[1].Succeeded)
	for name, change := range map[string][2]string{
		"of another charge": {`"charge": "` + refundedID + `"`, `"charge": "ch_other"`},
		"amount a word":     {`"amount": 100`, `"amount": "all"`},
		"no has_more":       {`"has_more": false,`, ``},
	} {
		_, err = listRefunds(t, replace(t, samples.Printed(t, "list_refunds.json"), change[0], change[1]))
		require.ErrorIs(t, err, paygates.ErrBadResponse, name)
	}
}

func TestRefundsGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var sent []string
	mock.RegisterResponder("GET", "=~^"+refundsURL, func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.RawQuery)
		if len(sent) == 1 {
			return httpmock.NewStringResponse(200, replace(t, samples.Printed(t, "list_refunds.json"), `"has_more": false`, `"has_more": true`)), nil
		}
		return httpmock.NewStringResponse(200, `{"object":"list","url":"x","has_more":false,"data":[]}`), nil
	})
	var ids []string
	for refund, err := range client.Refunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: refundedID}) {
		require.NoError(t, err)
		ids = append(ids, refund.ID)
	}
	assert.Equal(t, []string{"re_example00000000000000002", refundID}, ids)
	assert.Equal(t, []string{"limit=100", "limit=100&starting_after=" + refundID}, sent)
}

func TestRefundsThatDoNotGoOn(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := replace(t, samples.Printed(t, "list_refunds.json"), `"has_more": false`, `"has_more": true`)
	mock.RegisterResponder("GET", "=~^"+refundsURL, httpmock.NewStringResponder(200, body))
	request := pingpp.ListRefundsRequest{ChargeID: refundedID, EndingBefore: refundID}
	_, err := client.ListRefunds(context.Background(), request)
	require.ErrorIs(t, err, paygates.ErrBadResponse)
	request = pingpp.ListRefundsRequest{ChargeID: refundedID}
	seen := 0
	for _, err = range client.Refunds(context.Background(), request) {
		seen++
	}
	assert.Equal(t, 3, seen, "two refunds and the error")
	require.ErrorIs(t, err, paygates.ErrBadResponse)
	require.ErrorContains(t, err, "list does not go on")
}

func TestQueryRefundRejectsBadNumbersBeforeSending(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for field, numbers := range map[string][2]string{"chargeID": {"../events", refundID}, "refundID": {refundedID, "re/1"}} {
		_, err := client.QueryRefund(context.Background(), numbers[0], numbers[1])
		require.ErrorIs(t, err, paygates.ErrInvalidRequest)
		assert.ErrorContains(t, err, field+" must be 1 to 64 letters, digits")
	}
	assert.Zero(t, mock.GetTotalCallCount())
}
