package conformance

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
)

// A client reads responses and notifications with unknown fields, and its handler works
// in memory. The times are those of the fake's clock.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now().Add(-time.Hour).Truncate(time.Second)
			s := g.shop(t, io.Discard, gatewaytest.WithClock(func() time.Time { return begin }))
			defer s.gateway.Close()
			s.gateway.AddFields(
				map[string]any{"new_text": "新", "new_object": map[string]any{"a": []int{1}}},
				map[string]any{"new_text": "新 & more", "new_number": 7, "sign": "other"},
			)
			look := func(order sight, err error, field string) {
				t.Helper()
				require.NoError(t, err)
				assert.Contains(t, order.raw, field)
				if order.created != nil {
					assert.True(t, begin.Equal(*order.created), order.created)
				}
				if order.later != nil && s.gateway.Now().After(begin) {
					assert.True(t, begin.Add(time.Minute).Equal(*order.later), order.later)
				}
			}
			order, err := s.create(context.Background(), "ORDER1A", "")
			look(order, err, "new_object")
			s.gateway.Advance(time.Minute)
			require.NoError(t, s.gateway.PaySilently(order.number))

			credited := []sight{}
			handle := func(r *http.Request, err error) int {
				require.NoError(t, err)
				w := httptest.NewRecorder()
				s.handler(func(order sight) error { credited = append(credited, order); return nil }).ServeHTTP(w, r)
				return w.Code
			}
			assert.Equal(t, 200, handle(s.gateway.NotificationRequest(order.number)))
			require.Len(t, credited, 1)
			look(credited[0], nil, "new_number")
			assert.NotContains(t, credited[0].raw, "sign=other")
			if g.notifications(t, setup{base: anyHost})[0].body == "" {
				assert.Contains(t, credited[0].raw, "new_number=7&new_text=%E6%96%B0+%26+more")
			}
			tampered := handle(s.gateway.TamperedNotificationRequest(order.number))
			if g.unsigned() { // it still names a paid order
				assert.Len(t, credited, 2)
			} else {
				assert.NotEqual(t, 200, tampered)
				assert.Len(t, credited, 1)
			}
			assert.Empty(t, s.gateway.Deliveries())

			paid, err := s.query(context.Background(), order.number)
			look(paid, err, "new_object")
			assert.True(t, paid.paid)
		})
	}
}

// After a create whose response is lost the order exists, once.
func TestACreateWhoseResponseIsLost(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := g.shop(t, io.Discard)
			defer s.gateway.Close()
			s.gateway.InjectFault(gatewaytest.Fault{Path: "/", Times: 1, Processed: true, Reset: true})
			_, err := s.create(context.Background(), "ORDER1A", "")
			require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
			orders := s.gateway.Orders()
			require.Len(t, orders, 1)
			order, err := s.query(context.Background(), orders[0].ID)
			if err != nil { // the gateway is queried by the merchant's number
				order, err = s.query(context.Background(), orders[0].OrderNo)
			}
			require.NoError(t, err)
			assert.False(t, order.paid)
		})
	}
}
