package ispay_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// printf %s '1000120191118123424example-secret' | md5sum
const signature = "63a5bf1f3500791f438c2829da45d037"

const paidResponse = `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"20191118123424","state":9,"amount":300.00}}`

// notification returns the query of the documented notification.
func notification(t *testing.T, amount, state, signature string) string {
	t.Helper()
	_, query, _ := strings.Cut(strings.TrimSpace(samples.Printed(t, "callback.txt")), "?")
	return strings.NewReplacer("{order_no}", "20191118123424", "{amount}", amount, "{state}", state, "{sign}", signature).Replace(query)
}

func TestParseNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	query := notification(t, "300.00", "9", signature)
	n, err := client.ParseNotification(httptest.NewRequest("GET", "/notify?"+query, nil))
	require.NoError(t, err)
	assert.Equal(t, &ispay.Notification{
		OrderNo: "20191118123424",
		Amount:  money.Cents(30000),
		State:   ispay.StateConfirmed,
		Raw:     paygates.NewPrivate(url.Values{"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"}, "sign": {signature}}),
	}, n)
	assert.Zero(t, mock.GetTotalCallCount(), "parsing sends nothing")

	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	same, err := client.VerifyNotification(values)
	require.NoError(t, err)
	assert.Equal(t, n, same)
}

func TestParseNotificationKeepsAnUnknownState(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	n, err := client.ParseNotification(httptest.NewRequest("GET", "/notify?"+notification(t, "300", "77", signature), nil))
	require.NoError(t, err)
	assert.Equal(t, ispay.State(77), n.State)
	assert.False(t, n.State.Paid())
}

func TestParseNotificationRejects(t *testing.T) {
	t.Parallel()
	good := notification(t, "300.00", "9", signature)
	// printf %s '1000120191118123424P901300.00https://shop.example.com/paidexample-secret' | md5sum
	const createSignature = "3827ee59a5ea310311a10e5e91fa62ba"
	tests := map[string]struct {
		method, query string
		want          error
	}{
		"another order":      {"GET", strings.Replace(good, "20191118123424", "20191118123425", 1), paygates.ErrInvalidSignature},
		"sign of the create": {"GET", "order_no=" + url.QueryEscape("20191118123424P901300.00https://shop.example.com/paid") + "&amount=300.00&state=9&sign=" + createSignature, paygates.ErrInvalidNotification},
		"no order_no":        {"GET", "amount=300.00&state=9&sign=" + signature, paygates.ErrInvalidNotification},
		"order_no a path":    {"GET", "order_no=../1&amount=300.00&state=9&sign=" + signature, paygates.ErrInvalidNotification},
		"no amount":          {"GET", strings.Replace(good, "amount=300.00", "amount=", 1), paygates.ErrInvalidNotification},
		"amount of nothing":  {"GET", strings.Replace(good, "amount=300.00", "amount=0.00", 1), paygates.ErrInvalidNotification},
		"negative amount":    {"GET", strings.Replace(good, "amount=300.00", "amount=-300.00", 1), paygates.ErrInvalidNotification},
		"no state":           {"GET", strings.Replace(good, "state=9", "state=", 1), paygates.ErrInvalidNotification},
		"state a word":       {"GET", strings.Replace(good, "state=9", "state=paid", 1), paygates.ErrInvalidNotification},
		"a method not used":  {"POST", good, paygates.ErrInvalidNotification},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			n, err := client.ParseNotification(httptest.NewRequest(test.method, "/notify?"+test.query, nil))
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, n)
			assert.NotContains(t, err.Error(), signature)
		})
	}
}

// serve sends one notification to a handler whose gateway responds with confirm.
func serve(t *testing.T, query string, confirm httpmock.Responder, handle func(context.Context, *ispay.Notification) error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", orderURL, confirm)
	var log bytes.Buffer
	client, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	client.NotificationHandler(handle).ServeHTTP(w, httptest.NewRequest("GET", "/notify?"+query, nil))
	return w, log.String()
}

func TestNotificationHandlerRejects(t *testing.T) {
	t.Parallel()
	respond := func(body string) httpmock.Responder { return httpmock.NewStringResponder(200, body) }
	genuine := notification(t, "300.00", "9", signature)
	tests := map[string]struct {
		query   string
		confirm httpmock.Responder
		status  int
	}{
		"forged sign":     {notification(t, "300.00", "9", strings.Repeat("0", 32)), respond(paidResponse), 403},
		"tampered amount": {notification(t, "900.00", "9", signature), respond(paidResponse), 409},
		"tampered state":  {genuine, respond(strings.Replace(paidResponse, `"state":9`, `"state":5`, 1)), 409},
		"only paid":       {notification(t, "300.00", "8", signature), respond(paidResponse), 409},
		"unknown order":   {genuine, respond(samples.JSON(t, "query_not_found.json")), 409},
		"gateway is down": {genuine, httpmock.NewErrorResponder(io.ErrUnexpectedEOF), 502},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := serve(t, test.query, test.confirm, func(context.Context, *ispay.Notification) error {
				t.Error("the function was called")
				return nil
			})
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log, "notification rejected")
			assert.NotContains(t, log, signature)
			assert.NotContains(t, log, secret)
		})
	}
}

func TestConfirmNotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, paidResponse))
	n := &ispay.Notification{OrderNo: "20191118123424", Amount: money.Cents(30000), State: ispay.StateConfirmed}
	order, err := client.ConfirmNotification(context.Background(), n)
	require.NoError(t, err)
	assert.Same(t, order, n.Order)

	n = &ispay.Notification{OrderNo: "20191118123424", Amount: money.Cents(30001), State: ispay.StateConfirmed}
	_, err = client.ConfirmNotification(context.Background(), n)
	require.ErrorIs(t, err, paygates.ErrNotConfirmed)
	require.EqualError(t, err, "ispay: confirm notification: not confirmed by the gateway: the gateway says 300.00 yuan, the notification 300.01")
	assert.Nil(t, n.Order)

	_, err = client.ConfirmNotification(context.Background(), nil)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
}

// The attacks of docs/security.md that no other test covers.

// The URL of a query, which an access log contains, has the signature of the order's
// notification.
func TestTheSignatureInAQueryURLIsNotAPayment(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	seen := ""
	mock.RegisterResponder("GET", orderURL, func(r *http.Request) (*http.Response, error) {
		seen = path.Base(r.URL.Path)
		return httpmock.NewStringResponse(200, strings.Replace(paidResponse, `"state":9`, `"state":5`, 1)), nil
	})
	_, err := client.QueryOrder(context.Background(), "20191118123424")
	require.NoError(t, err)

	forged := "/notify?" + notification(t, "300.00", "9", seen)
	n, err := client.ParseNotification(httptest.NewRequest("GET", forged, nil))
	require.NoError(t, err, "the signature is valid")
	assert.True(t, n.State.Paid(), "and the state is the sender's claim")

	w := httptest.NewRecorder()
	client.NotificationHandler(func(context.Context, *ispay.Notification) error {
		t.Error("the function was called")
		return nil
	}).ServeHTTP(w, httptest.NewRequest("GET", forged, nil))
	assert.Equal(t, 409, w.Code)
	assert.Equal(t, "fail", w.Body.String())
}

// The amount in a create is not a part of an order number.
func TestTheSignatureOfACreateIsNotANotification(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for _, returnURL := range []string{"", "https://shop.example.com/paid"} {
		var sent url.Values
		mock.RegisterResponder("POST", "https://pay.ispay.in/gateway", func(r *http.Request) (*http.Response, error) {
			assert.NoError(t, r.ParseForm())
			sent = r.PostForm
			return httpmock.NewStringResponse(500, ""), nil
		})
		order := request()
		order.ReturnURL = returnURL
		_, err := client.CreateOrder(context.Background(), order)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		longer := sent.Get("order_no") + sent.Get("order_type") + sent.Get("amount") + returnURL
		require.Equal(t, signatureOf(longer), sent.Get("sign"), "the signature is that of a longer order number")
		_, err = client.VerifyNotification(url.Values{"order_no": {longer}, "amount": {"300.00"}, "state": {"9"}, "sign": {sent.Get("sign")}})
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	}
}

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	explained := func(secret string, values url.Values) explain.Explanation {
		client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret(secret)})
		require.NoError(t, err)
		return client.ExplainNotification(values)
	}
	values := url.Values{
		"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"},
		// printf %s 1000120191118123424example-secret | md5sum
		"sign": {"63a5bf1f3500791f438c2829da45d037"},
	}
	e := explained("example-secret", values)
	assert.True(t, e.Matches)
	assert.Equal(t, `signature = md5(userid + order_no + secret)
  1  "userid"    "10001"           5 bytes
  2  "order_no"  "20191118123424"  14 bytes
  -  "amount"    "300.00"          skipped: not covered by the signature
  -  "state"     "9"               skipped: not covered by the signature
  hashed: "1000120191118123424[secret, 14 characters]"
  the signature matches
`, e.String())

	e = explained("example-secret2", values)
	assert.False(t, e.Matches)
	assert.NotContains(t, e.String(), "example-secret")
	assert.NotContains(t, e.String(), "63a5bf1f3500791f438c2829da45d037")

	// It does not panic without values.
	assert.False(t, explained("example-secret", nil).Received)
}
