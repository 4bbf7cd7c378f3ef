package pingpptest_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/pingpp"
)

// The client reads responses and notifications with unknown fields, and its handler works
// in memory. The times are those of the fake's clock.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	srv, client := setup(t, gatewaytest.WithClock(func() time.Time { return begin }))
	srv.AddFields(
		map[string]any{"new_text": "新", "new_object": map[string]any{"a": []int{1}}},
		map[string]any{"new_text": "新 & more", "new_number": 7, "sign": "other"},
	)
	ctx := context.Background()
	created, err := client.CreateOrder(ctx, request())
	require.NoError(t, err)
	require.NotEmpty(t, created.Raw.Reveal())
	assert.Contains(t, string(created.Raw.Reveal()), "new_object")
	number := created.Charge.ID
	srv.Advance(time.Minute)
	require.NoError(t, srv.PaySilently(number))

	var got *pingpp.Notification
	handler := client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error {
		got = n
		return nil
	})
	r, err := srv.NotificationRequest(number)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code, w.Body)
	require.NotNil(t, got)
	assert.True(t, begin.Add(time.Minute).Equal(got.Charge.PaidAt))
	assert.Contains(t, string(got.Raw.Reveal()), "new_number")

	got = nil
	r, err = srv.TamperedNotificationRequest(number)
	require.NoError(t, err)
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.NotEqual(t, 200, w.Code)
	assert.Nil(t, got)
	assert.Empty(t, srv.Deliveries())

	charge, err := client.QueryCharge(ctx, number)
	require.NoError(t, err)
	assert.Contains(t, string(charge.Raw.Reveal()), "new_object")
}
