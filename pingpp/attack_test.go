package pingpp_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/pingpp"
)

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
