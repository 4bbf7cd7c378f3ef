package ispaytest_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
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
	number := request().OrderNo
	srv.Advance(time.Minute)
	require.NoError(t, srv.PaySilently(number))

	var got *ispay.Notification
	handler := client.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		got = n
		return nil
	})
	r, err := srv.NotificationRequest(number)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code, w.Body)
	require.NotNil(t, got)
	assert.Equal(t, "新 & more", got.Raw.Reveal().Get("new_text"))
	assert.Equal(t, "7", got.Raw.Reveal().Get("new_number"))
	assert.NotEqual(t, "other", got.Raw.Reveal().Get("sign"))

	got = nil
	r, err = srv.TamperedNotificationRequest(number)
	require.NoError(t, err)
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.NotEqual(t, 200, w.Code)
	assert.Nil(t, got)
	assert.Empty(t, srv.Deliveries())

	order, err := client.QueryOrder(ctx, number)
	require.NoError(t, err)
	assert.True(t, begin.Equal(order.CreatedAt))
	assert.Contains(t, string(order.Raw.Reveal()), "new_object")
}
