package ispay_test

import (
	"context"
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
	"github.com/paygates/paygates-go/ispay"
)

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
