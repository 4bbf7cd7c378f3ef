package pingpp_test

import (
	"bytes"
	"context"
	"encoding/base64"
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
	"github.com/paygates/paygates-go/pingpp"
)

// Genuine responses and notifications in shapes that are not the documented ones, and
// responses about something else.

// logged returns a client that logs to the returned buffer.
func logged(t *testing.T) (*pingpp.Client, *httpmock.MockTransport, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	client, mock := setup(t, func(c *pingpp.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	return client, mock, log
}

// decisive are the fields that decide, of the charge that paidNotification notifies.
const decisive = `"id":"` + chargeID + `","object":"charge","order_no":"12134676899915430002","livemode":true,"paid":true,"amount":9900,"currency":"cny"`

// A field that does not decide leaves a paid charge readable: it is zero, listed and
// logged.
func TestChargesWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	at := time.Unix(1466149900, 0) // date -u -d @1466149900: 2016-06-17 07:51:40
	tests := map[string]struct {
		fields string
		unread []string
		paidAt time.Time
	}{
		"nothing else":          {``, nil, time.Time{}},
		"time_paid in ms":       {`,"time_paid":1466149900000`, nil, at},
		"time_paid a date":      {`,"time_paid":"2016-06-17 15:51:40"`, nil, at},
		"time_paid empty":       {`,"time_paid":""`, nil, time.Time{}},
		"time_paid false":       {`,"time_paid":false`, []string{"time_paid"}, time.Time{}},
		"time_paid a word":      {`,"time_paid":"just now"`, []string{"time_paid"}, time.Time{}},
		"time_paid an object":   {`,"time_paid":{"sec":1}`, []string{"time_paid"}, time.Time{}},
		"other times":           {`,"created":[],"time_expire":"soon","time_settle":-1`, []string{"created", "time_expire", "time_settle"}, time.Time{}},
		"refunds null":          {`,"refunds":null`, nil, time.Time{}},
		"refunds empty":         {`,"refunds":""`, nil, time.Time{}},
		"refunds.data empty":    {`,"refunds":{"data":""}`, nil, time.Time{}},
		"refunds a list":        {`,"refunds":[{"id":"re_1","amount":1}]`, nil, time.Time{}},
		"refunds an empty list": {`,"refunds":[]`, nil, time.Time{}},
		"refunds a text":        {`,"refunds":"none"`, []string{"refunds"}, time.Time{}},
		"refunds a list of IDs": {`,"refunds":["re_1"]`, []string{"refunds.data"}, time.Time{}},
		"refunds.data a text":   {`,"refunds":{"data":"none"}`, []string{"refunds"}, time.Time{}},
		"refunds.has_more":      {`,"refunds":{"has_more":"perhaps","url":[]}`, []string{"refunds.url", "refunds.has_more"}, time.Time{}},
		"amount_settle in yuan": {`,"amount_settle":"98.41"`, []string{"amount_settle"}, time.Time{}},
		"amount_settle < 0":     {`,"amount_settle":-1`, []string{"amount_settle"}, time.Time{}},
		"texts that are lists":  {`,"app":[],"channel":{},"subject":[1],"body":{},"description":[]`, []string{"app", "channel", "subject", "body", "description"}, time.Time{}},
		"app an object":         {`,"app":{"id":"app_example","object":"app"}`, []string{"app"}, time.Time{}},
		"client_ip a list":      {`,"client_ip":["203.0.113.7"],"transaction_no":[]`, []string{"client_ip", "transaction_no"}, time.Time{}},
		"texts that are not":    {`,"subject":1,"body":true,"transaction_no":2016061721001004,"failure_code":0`, nil, time.Time{}},
		"failures":              {`,"failure_code":{},"failure_msg":[]`, []string{"failure_code", "failure_msg"}, time.Time{}},
		"metadata a text":       {`,"metadata":"x","extra":"","credential":null`, nil, time.Time{}},
		"fields not of ours":    {`,"time_reversed":{},"reimburse_list":[{}],"z":[[]]`, nil, time.Time{}},
		"currency in capitals":  {``, nil, time.Time{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := "{" + decisive + test.fields + "}"
			if name == "currency in capitals" {
				body = replace(t, body, `"cny"`, `"CNY"`)
			}
			client, mock, log := logged(t)
			mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200, body))
			charge, err := client.QueryCharge(context.Background(), chargeID)
			require.NoError(t, err)
			assert.True(t, charge.Paid())
			assert.Equal(t, "99.00", charge.Amount.String())
			assert.Equal(t, "cny", charge.Currency)
			assert.Equal(t, test.unread, charge.Unread)
			assert.True(t, test.paidAt.Equal(charge.PaidAt), charge.PaidAt)
			assert.Equal(t, body, string(charge.Raw.Reveal()))
			if test.unread == nil {
				assert.Empty(t, log.String())
			} else {
				assert.Contains(t, log.String(), "pingpp: unreadable fields left empty")
				assert.Contains(t, log.String(), "order_no=12134676899915430002 fields=")
				assert.Contains(t, log.String(), test.unread[0])
			}

			// The same charge in an event is a payment, and confirms it.
			event := `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":{"object":` + body + `}}`
			n, err := client.VerifyNotification([]byte(event), signed(t, event))
			require.NoError(t, err)
			assert.True(t, n.Paid())
			assert.Equal(t, test.unread, n.Unread)
			_, err = client.ConfirmNotification(context.Background(), n)
			require.NoError(t, err)
		})
	}
}

func TestRefundsOfAnotherShape(t *testing.T) {
	t.Parallel()
	charge, err := query(t, "{"+decisive+`,"refunds":[{"id":"re_1","amount":1,"succeed":"perhaps","created":"2016-06-17 15:51:40","status":[]}]}`)
	require.NoError(t, err)
	require.Len(t, charge.Refunds.Data, 1)
	refund := charge.Refunds.Data[0]
	assert.Equal(t, "re_1", refund.ID)
	assert.Equal(t, "0.01", refund.Amount.String())
	assert.Equal(t, unix(1466149900), refund.CreatedAt)
	assert.Equal(t, []string{"succeed", "status"}, refund.Unread)
}

// Names that differ in case only are genuine where the merchant or a channel chooses
// them. PHP writes both.
func TestNamesThatDifferInCase(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := "{" + decisive + `,"metadata":{"a":1,"A":2},"extra":{"open_id":"x","Open_ID":"y","list":[{"b":1,"B":2}]},
		"credential":{"wx":{"sign":"right","SIGN":"wrong","appId":"wx1","appid":"wx2"},"WX":{"sign":"other"}}}`
	mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200, body))
	charge, err := client.QueryCharge(context.Background(), chargeID)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "A": "2"}, charge.Metadata.Reveal())
	credential, err := charge.WeChatCredential()
	require.NoError(t, err)
	assert.Equal(t, "right", credential.Sign.Reveal())
	assert.Equal(t, "wx1", credential.AppID)

	event := `{"object":"event","type":"charge.succeeded","livemode":true,"data":{"object":` + body + `}}`
	n, err := client.VerifyNotification([]byte(event), signed(t, event))
	require.NoError(t, err)
	assert.True(t, n.Paid())
}

// Where names decide, one that occurs twice has no one meaning.
func TestRepeatedNamesThatDecide(t *testing.T) {
	t.Parallel()
	for _, repeated := range []string{
		`"paid":false`, `"PAID":false`, `"Amount":1`, `"amount":9900`, `"order_no":"1"`, `"p\u0061id":false`,
		`"amount_refunded":0,"AMOUNT_REFUNDED":9900`, `"metadata":{},"metadata":{}`,
	} {
		body := "{" + decisive + "," + repeated + "}"
		_, err := query(t, body)
		require.ErrorIs(t, err, paygates.ErrBadResponse, repeated)
		require.ErrorContains(t, err, "a name occurs twice")

		client, _ := setup(t)
		event := `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":{"object":` + body + `}}`
		_, err = client.VerifyNotification([]byte(event), signed(t, event))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, repeated)
	}
	client, _ := setup(t)
	for _, event := range []string{
		`{"object":"event","type":"x","livemode":true,"livemode":false,"data":{"object":{}}}`,
		`{"object":"event","type":"x","Type":"charge.succeeded","livemode":true,"data":{"object":{` + decisive + `}}}`,
	} {
		_, err := client.VerifyNotification([]byte(event), signed(t, event))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	}
}

func TestEventsOfAnotherShape(t *testing.T) {
	t.Parallel()
	payment := `"data":{"object":{` + decisive + `}}`
	tests := map[string]struct {
		event  string
		id     string
		paid   bool
		unread []string
	}{
		"no id":                {`{"object":"event","type":"charge.succeeded","livemode":true,` + payment + `}`, "", true, nil},
		"id null":              {`{"id":null,"object":"event","type":"charge.succeeded","livemode":true,` + payment + `}`, "", true, nil},
		"id a number":          {`{"id":12134676899915430002,"object":"event","type":"charge.succeeded","livemode":true,` + payment + `}`, "12134676899915430002", true, nil},
		"id a list":            {`{"id":[],"object":"event","type":"charge.succeeded","livemode":true,` + payment + `}`, "", true, []string{"id"}},
		"an agreement, no id":  {`{"object":"event","type":"agreement.succeeded","livemode":true,"created":1,"data":{"object":{"id":"1"}}}`, "", false, []string{"created"}},
		"created a date":       {`{"id":"1","object":"event","type":"charge.succeeded","livemode":true,"created":"2016-06-17 15:51:40",` + payment + `}`, "1", true, nil},
		"created a word":       {`{"id":"1","object":"event","type":"charge.succeeded","livemode":true,"created":"now",` + payment + `}`, "1", true, []string{"created"}},
		"pending_webhooks":     {`{"id":"1","object":"event","type":"charge.succeeded","livemode":true,"pending_webhooks":"none",` + payment + `}`, "1", true, []string{"pending_webhooks"}},
		"request an object":    {`{"id":"1","object":"event","type":"charge.succeeded","livemode":true,"request":{"id":"iar_1"},` + payment + `}`, "1", true, []string{"request"}},
		"livemode 1":           {`{"id":"1","object":"event","type":"charge.succeeded","livemode":1,` + payment + `}`, "1", true, nil},
		"a byte order mark":    {"\ufeff" + `{"id":"1","object":"event","type":"charge.succeeded","livemode":true,` + payment + "}\r\n", "1", true, nil},
		"another type, list":   {`{"id":"1","object":"event","type":"x","livemode":true,"data":{"object":[{"id":1}]}}`, "1", false, nil},
		"another type, text":   {`{"id":"1","object":"event","type":"x","livemode":true,"data":{"object":"ch_1"}}`, "1", false, nil},
		"another type, no":     {`{"id":"1","object":"event","type":"x","livemode":true}`, "1", false, nil},
		"another type, data":   {`{"id":"1","object":"event","type":"x","livemode":true,"data":[]}`, "1", false, []string{"data"}},
		"an unreadable charge": {`{"id":"1","object":"event","type":"charge.new","livemode":true,"data":{"object":{"object":"charge"}}}`, "1", false, []string{"data.object"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, log := logged(t)
			var got *pingpp.Notification
			w := httptest.NewRecorder()
			client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error { got = n; return nil }).
				ServeHTTP(w, post(test.event, signed(t, test.event)))
			require.Equal(t, 200, w.Code, log.String())
			assert.Equal(t, "success", w.Body.String())
			assert.Equal(t, test.id, got.ID)
			assert.Equal(t, test.paid, got.Paid())
			assert.Equal(t, test.unread, got.Unread)
			assert.Equal(t, len(test.unread) > 0, strings.Contains(log.String(), "unreadable fields left empty"))
		})
	}
}

// The Content-Type of a webhook does not matter, as its body is signed.
func TestAWebhookOfAnyContentType(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, signature := webhook(t)
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset", "a; b; c"} {
		r := post(body, signature)
		r.Header.Set("Content-Type", contentType)
		_, err := client.ParseNotification(r)
		require.NoError(t, err, contentType)
	}
}

// The money of a wholly refunded charge is not there. That of a partly refunded one is,
// and it says so.
func TestRefundedCharges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields string
		paid   bool
		state  string
	}{
		"not refunded":    {`"refunded":false,"amount_refunded":0`, true, "paid"},
		"no fields":       {`"refunded":null,"amount_refunded":null`, true, "paid"},
		"pending":         {`"refunded":true,"amount_refunded":0`, true, "paid"},
		"in part":         {`"refunded":true,"amount_refunded":1`, true, "paid, partly refunded (0.01)"},
		"almost":          {`"refunded":true,"amount_refunded":9899`, true, "paid, partly refunded (98.99)"},
		"in part, quoted": {`"refunded":"1","amount_refunded":"9899"`, true, "paid, partly refunded (98.99)"},
		"in part, no":     {`"refunded":false,"amount_refunded":1`, true, "paid, partly refunded (0.01)"},
		"wholly":          {`"refunded":true,"amount_refunded":9900`, false, "refunded"},
		"wholly, quoted":  {`"refunded":"true","amount_refunded":"9900"`, false, "refunded"},
		"wholly, no":      {`"refunded":false,"amount_refunded":9900`, false, "refunded"},
		"more":            {`"refunded":true,"amount_refunded":10000`, false, "refunded"},
		"reversed":        {`"reversed":true`, false, "reversed"},
		"reversed, 1":     {`"reversed":1,"refunded":false,"amount_refunded":0`, false, "reversed"},
		"reversed, whole": {`"reversed":"true","refunded":true,"amount_refunded":9900`, false, "reversed"},
		"not reversed":    {`"reversed":false`, true, "paid"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			body := "{" + decisive + "," + test.fields + "}"
			mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200, body))

			charge, err := client.WaitForPayment(context.Background(), chargeID, time.Millisecond)
			require.NotNil(t, charge)
			assert.Equal(t, test.paid, charge.Paid())
			assert.True(t, charge.PaidOnce)
			assert.True(t, charge.Final())
			assert.Equal(t, "pingpp charge "+chargeID+" for order 12134676899915430002: 99.00 cny, "+test.state, charge.String())
			if test.paid {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, paygates.ErrNotPaid)
				assert.EqualError(t, err, "pingpp: wait for payment: order ended without a payment: state "+test.state)
			}

			event := `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":{"object":` + body + `}}`
			n, err := client.VerifyNotification([]byte(event), signed(t, event))
			require.NoError(t, err)
			assert.Equal(t, test.paid, n.Paid())

			// An old event, from before the refund.
			confirmed, err := client.ConfirmNotification(context.Background(), paidNotification())
			if test.paid {
				require.NoError(t, err)
				assert.Equal(t, charge.AmountRefunded, confirmed.AmountRefunded)
			} else {
				require.ErrorIs(t, err, paygates.ErrNotConfirmed)
				assert.ErrorContains(t, err, "state "+test.state)
			}
		})
	}
}

// The identity in a response is that of the request. The error names both.
func TestResponsesAboutSomethingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ from, to, want string }{
		"order":   {`"order_no": "12134676899915430002"`, `"order_no": "12134676899915430003"`, `response is about something else: order_no is "12134676899915430003", not "12134676899915430002"`},
		"channel": {`"channel": "alipay"`, `"channel": "wx"`, `response is about something else: channel is "wx", not "alipay"`},
	} {
		client, mock := setup(t)
		mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, strings.Replace(createSuccess(t), test.from, test.to, 1)))
		_, err := client.CreateOrder(context.Background(), request())
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown, name)
		require.ErrorIs(t, err, paygates.ErrBadResponse, name)
		assert.ErrorContains(t, err, test.want)
	}
	for _, id := range []string{"ch_other", strings.ToLower(chargeID), chargeID + "0"} {
		_, err := query(t, strings.Replace("{"+decisive+"}", chargeID, id, 1))
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		assert.ErrorContains(t, err, fmt.Sprintf("response is about something else: id is %q, not %q", id, chargeID))
	}
}

// A field that decides and cannot be read is named, and HTML is named as what it is.
func TestUnreadableResponsesNameTheReason(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"{" + strings.Replace(decisive, `"paid":true`, `"paid":"maybe"`, 1) + "}":      "paid is not true or false",
		"{" + strings.Replace(decisive, `"amount":9900`, `"amount":"99.00"`, 1) + "}":  "amount is not an amount in hundredths",
		"{" + strings.Replace(decisive, `"livemode":true`, `"livemode":null`, 1) + "}": "no livemode",
		"{" + strings.Replace(decisive, `"order_no":`, `"no":`, 1) + "}":               "no order_no",
		"{" + decisive + `,"reversed":"yes"}`:                                          "reversed is not true or false",
		"{" + decisive + `,"amount_refunded":"1.00"}`:                                  "amount_refunded is not an amount in hundredths",
	} {
		_, err := query(t, body)
		require.ErrorIs(t, err, paygates.ErrBadResponse, body)
		assert.EqualError(t, err, "pingpp: query charge: unexpected response: "+want)
	}
}

// A gateway that repeats a secret in any of its words does not put it into an error, a log
// or the error's fields.
func TestAnEchoedSecretIsMasked(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(apiKey + ":"))
	for _, secret := range []string{apiKey, encoded, "Basic " + encoded, token} {
		words := fmt.Sprintf(`{"error":{"type":"t %[1]s","code":"c %[1]s","param":"p %[1]s","message":"m %[1]s"}}`, secret)
		client, mock, log := logged(t)
		mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(400, words))
		_, err := client.WaitForPayment(context.Background(), chargeID, time.Millisecond)
		var failed *paygates.Error
		require.ErrorAs(t, err, &failed)
		var apiError *pingpp.APIError
		require.ErrorAs(t, err, &apiError)
		masked := strings.Replace(secret, encoded, "[redacted]", 1)
		masked = strings.NewReplacer(apiKey, "[redacted]", token, "[redacted]").Replace(masked)
		assert.Equal(t, pingpp.APIError{Type: "t " + masked, Code: "c " + masked, Param: "p " + masked}, *apiError)
		assert.Equal(t, "c "+masked, failed.Code)
		assert.Equal(t, "m "+masked, failed.Message)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", failed, *apiError), log.String()} {
			assert.NotContains(t, text, strings.TrimPrefix(secret, "Basic "))
		}
	}
}

// No money moves in test mode, whatever the call.
func TestTestModeOfCalls(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		client, mock := setup(t, func(c *pingpp.Config) { c.AllowTestMode = allowed })
		mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, replace(t, createSuccess(t), `"livemode": true`, `"livemode": false`)))
		mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200, replace(t, paidCharge(t), `"livemode": true`, `"livemode": false`)))
		_, createErr := client.CreateOrder(context.Background(), request())
		charge, queryErr := client.QueryCharge(context.Background(), chargeID)
		if allowed {
			require.NoError(t, createErr)
			require.NoError(t, queryErr)
			assert.Equal(t, "pingpp charge "+chargeID+" for order 12134676899915430002: 99.00 cny, paid, test mode", charge.String())
			continue
		}
		for _, err := range []error{createErr, queryErr} {
			require.ErrorIs(t, err, pingpp.ErrTestMode)
			require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		}
	}
}

// A test payment does not confirm a notification of live mode, or the other way round,
// although test mode is allowed.
func TestConfirmNotificationComparesTheMode(t *testing.T) {
	t.Parallel()
	for _, live := range []bool{false, true} {
		client, mock := setup(t, func(c *pingpp.Config) { c.AllowTestMode = true })
		mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200,
			replace(t, paidCharge(t), `"livemode": true`, fmt.Sprintf(`"livemode": %t`, !live))))
		n := paidNotification()
		n.LiveMode, n.Charge.LiveMode = live, live
		_, err := client.ConfirmNotification(context.Background(), n)
		require.ErrorIs(t, err, paygates.ErrNotConfirmed)
		require.ErrorContains(t, err, "another mode")

		n.LiveMode, n.Charge.LiveMode = !live, !live
		_, err = client.ConfirmNotification(context.Background(), n)
		require.NoError(t, err)
	}
}

// Ping++ is queried with basic authentication only: another header would carry the token of
// the merchant backend to it.
func TestTheTokenIsNotSentToPingpp(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", chargeURL, func(r *http.Request) (*http.Response, error) {
		for name, values := range r.Header {
			assert.NotContains(t, strings.Join(values, " "), token, name)
		}
		return httpmock.NewStringResponse(200, paidCharge(t)), nil
	})
	mock.RegisterResponder("PUT", createURL, func(r *http.Request) (*http.Response, error) {
		for name, values := range r.Header {
			assert.NotContains(t, strings.Join(values, " "), apiKey, name)
			assert.NotContains(t, name, "Pingplusplus")
		}
		return httpmock.NewStringResponse(200, createSuccess(t)), nil
	})
	_, err := client.QueryCharge(context.Background(), chargeID)
	require.NoError(t, err)
	_, err = client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
}
