package pingpp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
)

// webhook returns a body of about one KiB and its signature, made by
//
//	openssl dgst -sha256 -sign test_only_private.pem webhook_charge_succeeded.json | base64 -w0
//
// The body has no newline at its end.
func webhook(t testing.TB) (body, signature string) {
	t.Helper()
	return samples.Printed(t, "webhook_charge_succeeded.json"), strings.TrimSpace(samples.Printed(t, "webhook_charge_succeeded.sig"))
}

// signed signs a body as Ping++ does, for bodies other than the one that openssl
// has signed.
func signed(t testing.TB, body string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(samples.Printed(t, "test_only_private.pem")))
	require.NotNil(t, block)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	key, ok := parsed.(*rsa.PrivateKey)
	require.True(t, ok)
	sum := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(signature)
}

// assertSigned compares with what the key makes: PKCS #1 v1.5 is deterministic.
func assertSigned(t *testing.T, message, signature string) {
	t.Helper()
	assert.Equal(t, signed(t, message), signature, message)
}

func post(body, signature string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if signature != "" {
		r.Header.Set("X-Pingplusplus-Signature", signature)
	}
	return r
}

func paidNotification() *pingpp.Notification {
	return &pingpp.Notification{Event: pingpp.Event{
		ID: "evt_1", Type: pingpp.EventChargeSucceeded, LiveMode: true,
		Charge: &pingpp.Charge{
			ID: chargeID, OrderNo: "12134676899915430002", LiveMode: true, PaidOnce: true,
			Amount: money.Cents(9900), Currency: "cny", ClientIP: paygates.NewPrivate("203.0.113.7"),
		},
		Raw: paygates.NewPrivate(json.RawMessage("203.0.113.7")),
	}}
}

func TestParseNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body, signature := webhook(t)
	assertSigned(t, body, signature)
	n, err := client.ParseNotification(post(body, signature))
	require.NoError(t, err)
	assert.Equal(t, "evt_example0000000000000001", n.ID)
	assert.Equal(t, pingpp.EventChargeSucceeded, n.Type)
	assert.True(t, n.LiveMode)
	assert.True(t, n.Paid())
	assert.Equal(t, unix(1466149900), n.CreatedAt)
	assert.Zero(t, n.PendingWebhooks)
	assert.Equal(t, "iar_example0000000000000001", n.RequestID)
	assert.Equal(t, body, string(n.Raw.Reveal()))
	assert.Contains(t, body, `"data":{"object":`+string(n.Object.Reveal())+`}`)
	require.NotNil(t, n.Charge)
	assert.Equal(t, "ch_example00000000000000001", n.Charge.ID)
	assert.Equal(t, "12134676899915430002", n.Charge.OrderNo)
	assert.Equal(t, pingpp.ChannelWeChat, n.Charge.Channel)
	assert.Equal(t, money.Cents(9900), n.Charge.Amount)
	assert.Equal(t, money.Cents(9841), n.Charge.AmountSettle)
	assert.Equal(t, unix(1466149899), n.Charge.PaidAt)
	assert.Equal(t, "课程 collection", n.Charge.Subject)
	assert.Equal(t, "1014400031201606170000000001", n.Charge.TransactionNo)
	assert.Nil(t, n.Charge.Metadata.Reveal())
	assert.JSONEq(t, `{"open_id":"example"}`, string(n.Charge.Extra.Reveal()))
	assert.Equal(t, "pingpp notification evt_example0000000000000001: charge.succeeded: "+
		"pingpp charge ch_example00000000000000001 for order 12134676899915430002: 99.00 cny, paid", n.String())
	assert.Zero(t, mock.GetTotalCallCount(), "parsing sends nothing")

	same, err := client.VerifyNotification([]byte(body), signature)
	require.NoError(t, err)
	assert.Equal(t, n, same)
}

func TestParseNotificationRejects(t *testing.T) {
	t.Parallel()
	body, signature := webhook(t)
	tests := map[string]struct {
		body, signature string
		want            error
	}{
		"one byte changed":     {strings.Replace(body, `"amount":9900`, `"amount":9901`, 1), signature, paygates.ErrInvalidSignature},
		"a newline at the end": {body + "\n", signature, paygates.ErrInvalidSignature},
		"a space":              {strings.Replace(body, ":", ": ", 1), signature, paygates.ErrInvalidSignature},
		"body cut":             {body[:len(body)-1], signature, paygates.ErrInvalidSignature},
		"signature of another": {body, signed(t, body+" "), paygates.ErrInvalidSignature},
		"no signature":         {body, "", paygates.ErrInvalidSignature},
		"empty body":           {"", signature, paygates.ErrInvalidNotification},
		"body too long":        {strings.Repeat(" ", 1<<20) + body, signature, paygates.ErrInvalidNotification},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			r := post(test.body, "")
			r.Header["X-Pingplusplus-Signature"] = []string{test.signature}
			n, err := client.ParseNotification(r)
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, n)
			assert.ErrorContains(t, err, "pingpp: ")
			assert.NotContains(t, err.Error(), signature[:20])
		})
	}
}

// Each byte of the body is signed, and so is each bit of the signature.
func TestParseNotificationRejectsEveryChangedByte(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, signature := webhook(t)
	changed := []byte(body)
	for i := range changed {
		changed[i] ^= 1
		_, err := client.VerifyNotification(changed, signature)
		require.ErrorIs(t, err, paygates.ErrInvalidSignature, i)
		changed[i] ^= 1
	}
	_, err := client.VerifyNotification(changed, signature)
	require.NoError(t, err)
}

func TestParseNotificationWithoutTheHeader(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, _ := webhook(t)
	_, err := client.ParseNotification(post(body, ""))
	require.EqualError(t, err, "pingpp: invalid signature: no header X-Pingplusplus-Signature")
	for _, cut := range []string{"mock!", "a b=", "%2B", signed(t, body)[1:]} {
		_, err = client.ParseNotification(post(body, cut))
		require.ErrorIs(t, err, paygates.ErrInvalidSignature)
		require.EqualError(t, err, "pingpp: invalid signature: header X-Pingplusplus-Signature is not base64")
	}
	_, err = client.ParseNotification(post(body, signed(t, body+" ")))
	assert.EqualError(t, err, "pingpp: invalid signature")
}

// A signed body need not be a readable event.
func TestVerifyNotificationRejectsASignedBodyOfAnotherShape(t *testing.T) {
	t.Parallel()
	whole, _ := webhook(t)
	tests := map[string]string{
		"empty object":       "{}",
		"not UTF-8":          replace(t, whole, "课程", "\xff"),
		"object not event":   replace(t, whole, `"object":"event"`, `"object":"charge"`),
		"no type":            replace(t, whole, `"type":"charge.succeeded",`, ``),
		"no livemode":        replace(t, whole, `"created":1466149900,"livemode":true,`, `"created":1466149900,`),
		"livemode a word":    replace(t, whole, `1466149900,"livemode":true`, `1466149900,"livemode":"yes"`),
		"data is a list":     `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":[]}`,
		"no data":            `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true}`,
		"data.object a list": `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":{"object":[]}}`,
		"data.object a text": `{"id":"evt_1","object":"event","type":"charge.succeeded","livemode":true,"data":{"object":"ch_1"}}`,
		"not a charge":       replace(t, whole, `"object":"charge"`, `"object":"refund"`),
		"charge no amount":   replace(t, whole, `"amount":9900,`, ``),
		"amount not whole":   replace(t, whole, `"amount":9900,`, `"amount":99.00,`),
		"amount negative":    replace(t, whole, `"amount":9900,`, `"amount":-9900,`),
		"no paid":            replace(t, whole, `"paid":true,`, ``),
		"no charge id":       replace(t, whole, `"id":"ch_example00000000000000001",`, ``),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			n, err := client.VerifyNotification([]byte(body), signed(t, body))
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.NotErrorIs(t, err, pingpp.ErrTestMode)
			assert.Nil(t, n)
		})
	}
}

func TestVerifyNotificationOfOtherTypes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want          pingpp.EventType
		object        string
		pendingHooks  string
		request       string
		wantPending   int
		wantRequestID string
	}{
		"refund.succeeded":          {pingpp.EventRefundSucceeded, "refund", "2", `"iar_1"`, 2, "iar_1"},
		"transfer.succeeded":        {pingpp.EventTransferSucceeded, "transfer", "0", "null", 0, ""},
		"red_envelope.sent":         {pingpp.EventRedEnvelopeSent, "red_envelope", "0", "null", 0, ""},
		"red_envelope.received":     {pingpp.EventRedEnvelopeReceived, "red_envelope", "0", "null", 0, ""},
		"batch_transfer.succeeded":  {pingpp.EventBatchTransferSucceeded, "batch_transfer", "0", "null", 0, ""},
		"batch_refund.succeeded":    {pingpp.EventBatchRefundSucceeded, "batch_refund", "0", "null", 0, ""},
		"customs.succeeded":         {pingpp.EventCustomsSucceeded, "customs", "0", "null", 0, ""},
		"summary.daily.available":   {pingpp.EventSummaryDailyAvailable, "app_daily_summary", "0", "null", 0, ""},
		"summary.weekly.available":  {pingpp.EventSummaryWeeklyAvailable, "app_weekly_summary", "0", "null", 0, ""},
		"summary.monthly.available": {pingpp.EventSummaryMonthlyAvailable, "app_monthly_summary", "0", "null", 0, ""},
		"order.succeeded":           {pingpp.EventOrderSucceeded, "order", "0", "null", 0, ""},
		"order_refund.succeeded":    {pingpp.EventOrderRefundSucceeded, "order_refund", "0", "null", 0, ""},
		"something.new":             {"something.new", "thing", "0", "null", 0, ""},
		"charge.new":                {"charge.new", "not a charge", "0", "null", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			object := `{"id":"x_1","object":"` + test.object + `","amount":"anything","paid":true}`
			body := `{"id":"evt_1","created":1466150000,"livemode":true,"type":"` + name + `","data":{"object":` + object +
				`},"object":"event","pending_webhooks":` + test.pendingHooks + `,"request":` + test.request + `}`
			n, err := client.VerifyNotification([]byte(body), signed(t, body))
			require.NoError(t, err)
			var unread []string
			if name == "charge.new" {
				unread = []string{"data.object"}
			}
			assert.Equal(t, &pingpp.Notification{Event: pingpp.Event{
				ID: "evt_1", Unread: unread, Type: test.want, LiveMode: true, CreatedAt: unix(1466150000), Object: paygates.NewPrivate(json.RawMessage(object)),
				PendingWebhooks: test.wantPending, RequestID: test.wantRequestID, Raw: paygates.NewPrivate(json.RawMessage(body)),
			}, Signature: paygates.NewPrivate(signed(t, body))}, n)
			assert.False(t, n.Paid())
			assert.Equal(t, "pingpp notification evt_1: "+name, n.String())
		})
	}
}

func TestPaidIsTrueForASucceededChargeOnly(t *testing.T) {
	t.Parallel()
	assert.True(t, paidNotification().Paid())
	for name, change := range map[string]func(*pingpp.Notification){
		"another type": func(n *pingpp.Notification) { n.Type = pingpp.EventRefundSucceeded },
		"a new type":   func(n *pingpp.Notification) { n.Type = "charge.new" },
		"not paid":     func(n *pingpp.Notification) { n.Charge.PaidOnce = false },
		"no charge":    func(n *pingpp.Notification) { n.Charge = nil },
	} {
		n := paidNotification()
		change(n)
		assert.False(t, n.Paid(), name)
	}
}

func TestTestModeIsRejectedUnlessAllowed(t *testing.T) {
	t.Parallel()
	whole, _ := webhook(t)
	careful, _ := setup(t)
	open, _ := setup(t, func(c *pingpp.Config) { c.AllowTestMode = true })
	for name, body := range map[string]string{
		"both":   replace(t, whole, `"livemode":true`, `"livemode":false`),
		"event":  replace(t, whole, `1466149900,"livemode":true`, `1466149900,"livemode":false`),
		"charge": replace(t, whole, `1466149851,"livemode":true`, `1466149851,"livemode":false`),
		"refund": `{"id":"evt_1","object":"event","type":"refund.succeeded","livemode":false,"data":{"object":{"object":"refund"}}}`,
	} {
		n, err := careful.VerifyNotification([]byte(body), signed(t, body))
		require.ErrorIs(t, err, pingpp.ErrTestMode, name)
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, name)
		assert.Nil(t, n)

		n, err = open.VerifyNotification([]byte(body), signed(t, body))
		require.NoError(t, err, name)
		assert.Equal(t, name == "charge", n.LiveMode, name)
		assert.Equal(t, name != "refund", n.Paid(), name)
	}
}

// handle sends one webhook to a handler.
func handle(t *testing.T, r *http.Request, handle func(context.Context, *pingpp.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	client, mock := setup(t, func(c *pingpp.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	w := httptest.NewRecorder()
	client.NotificationHandler(handle).ServeHTTP(w, r)
	assert.Zero(t, mock.GetTotalCallCount())
	return w, log.String()
}

func TestNotificationHandlerPassesOnOtherEvents(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","object":"event","type":"something.new","livemode":true,"data":{"object":{}}}`
	var got *pingpp.Notification
	w, _ := handle(t, post(body, signed(t, body)), func(_ context.Context, n *pingpp.Notification) error { got = n; return nil })
	assert.Equal(t, 200, w.Code)
	require.NotNil(t, got)
	assert.Equal(t, pingpp.EventType("something.new"), got.Type)
	assert.False(t, got.Paid())
}

func TestNotificationHandlerRejects(t *testing.T) {
	t.Parallel()
	body, signature := webhook(t)
	testMode := replace(t, body, `"livemode":true`, `"livemode":false`)
	tests := map[string]struct {
		request *http.Request
		status  int
	}{
		"one byte changed": {post(replace(t, body, `"amount":9900`, `"amount":1900`), signature), 403},
		"no header":        {post(body, ""), 403},
		"empty":            {post("", signature), 400},
		"not an event":     {post("{}", signed(t, "{}")), 400},
		"test mode":        {post(testMode, signed(t, testMode)), 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := handle(t, test.request, func(context.Context, *pingpp.Notification) error {
				t.Error("the merchant's function ran")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "notification rejected")
			assert.NotContains(t, log, signature)
		})
	}
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*pingpp.Notification)
		status int
		body   string
		want   error
		text   string
	}{
		"genuine":       {nil, 200, paidCharge(t), nil, ""},
		"not paid":      {nil, 200, documentedCharge(t), paygates.ErrNotConfirmed, "Ping++ says state expired"},
		"refunded":      {nil, 200, replace(t, paidCharge(t), `"amount_refunded": 0`, `"amount_refunded": 9900`), paygates.ErrNotConfirmed, "refunded"},
		"another order": {func(n *pingpp.Notification) { n.Charge.OrderNo = "1" }, 200, paidCharge(t), paygates.ErrNotConfirmed, `says order "12134676899915430002", the notification "1"`},
		"amount":        {func(n *pingpp.Notification) { n.Charge.Amount++ }, 200, paidCharge(t), paygates.ErrNotConfirmed, "Ping++ says 99.00 cny, the notification 99.01 cny"},
		"currency":      {func(n *pingpp.Notification) { n.Charge.Currency = "usd" }, 200, paidCharge(t), paygates.ErrNotConfirmed, "99.00 usd"},
		"mode":          {nil, 200, replace(t, paidCharge(t), `"livemode": true`, `"livemode": false`), pingpp.ErrTestMode, "AllowTestMode"},
		"not found":     {nil, 404, `{"error":{"type":"invalid_request_error","message":"x"}}`, paygates.ErrOrderNotFound, "not confirmed"},
		"no response":   {nil, 502, "<html>", paygates.ErrBadResponse, "HTTP 502"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(test.status, test.body))
			n := paidNotification()
			if test.change != nil {
				test.change(n)
			}
			charge, err := client.ConfirmNotification(context.Background(), n)
			if test.want == nil {
				require.NoError(t, err)
				assert.Equal(t, chargeID, charge.ID)
				return
			}
			require.ErrorIs(t, err, test.want)
			assert.ErrorContains(t, err, test.text)
			assert.Equal(t, name != "no response", errors.Is(err, paygates.ErrNotConfirmed))
			assert.Nil(t, charge)
		})
	}
}

func TestConfirmNotificationOfAnotherEvent(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	_, err := client.ConfirmNotification(context.Background(), nil)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	n := paidNotification()
	n.Type = pingpp.EventRefundSucceeded
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	assert.Zero(t, mock.GetTotalCallCount())
}

// The attacks of docs/security.md that no other test shows.

// The handler accepts an old event after a refund. ConfirmNotification rejects it.
func TestAnOldEventAfterARefund(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body, signature := webhook(t)
	var got *pingpp.Notification
	handler := client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error { got = n; return nil })
	handler.ServeHTTP(httptest.NewRecorder(), post(body, signature))
	require.NotNil(t, got)
	assert.True(t, got.Paid())

	refunded := replace(t, string(got.Object.Reveal()), `"amount_refunded":0`, `"amount_refunded":9900`, `"refunded":false`, `"refunded":true`)
	mock.RegisterResponder("GET", "https://api.pingxx.com/v1/charges/"+got.Charge.ID, httpmock.NewStringResponder(200, refunded))
	_, err := client.ConfirmNotification(context.Background(), got)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
}

// One key signs the events of every application of the Ping++ account.
func TestAnEventOfAnotherApplicationIsAccepted(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, _ := webhook(t)
	body = replace(t, body, `"app":"app_example"`, `"app":"app_another"`)
	n, err := client.VerifyNotification([]byte(body), signed(t, body))
	require.NoError(t, err)
	assert.True(t, n.Paid())
	assert.Equal(t, "app_another", n.Charge.App)
}

// The merchant backend alone sets the amount of a charge.
func TestAChargeOfASmallerAmountReachesTheMerchant(t *testing.T) {
	t.Parallel()
	body, _ := webhook(t)
	body = replace(t, body, `"amount":9900`, `"amount":1`)
	var got *pingpp.Notification
	w, _ := handle(t, post(body, signed(t, body)), func(_ context.Context, n *pingpp.Notification) error { got = n; return nil })
	assert.Equal(t, 200, w.Code)
	assert.True(t, got.Paid())
	assert.Equal(t, "0.01", got.Charge.Amount.String())

	client, mock := setup(t)
	mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, replace(t, createSuccess(t), `"amount": 9900`, `"amount": 1`)))
	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, "0.01", order.Charge.Amount.String())
}

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, signature := webhook(t)
	assert.True(t, client.ExplainNotification([]byte(body), signature).Matches)

	explanation := client.ExplainNotification([]byte(body+"\n"), signature)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "Matches after trimming whitespace or a byte order mark from the body")
	assert.NotContains(t, explanation.String(), signature)
}
