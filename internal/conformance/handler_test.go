package conformance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// paidShop returns a shop with an order that is paid and of which no notification was sent.
func paidShop(t *testing.T, g *descriptor, log *strings.Builder) (s shop, number string) {
	t.Helper()
	s = g.shop(t, log)
	t.Cleanup(s.gateway.Close)
	order, err := s.create(context.Background(), "ORDER1A", "")
	require.NoError(t, err)
	require.NoError(t, s.gateway.PaySilently(order.number))
	return s, order.number
}

// A notification does not say whether it is new: the merchant credits an order once.
func TestARepeatedNotificationIsHandledAgain(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			s, number := paidShop(t, g, &log)
			var handled []string
			handler := s.handler(func(order sight) error {
				handled = append(handled, order.number)
				assert.WithinDuration(t, time.Now().Add(notificationTimeout), order.deadline, time.Minute)
				return nil
			})
			for range 2 {
				r, err := s.gateway.NotificationRequest(number)
				require.NoError(t, err)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				assert.Equal(t, http.StatusOK, w.Code)
			}
			assert.Equal(t, []string{number, number}, handled)
		})
	}
}

// An error of this module that the merchant's function returns is still the function's.
func TestAHandlerWhoseFunctionFails(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, own := range []error{errors.New("database is down"), paygates.ErrInvalidSignature, paygates.ErrNotConfirmed} {
				var log strings.Builder
				s, number := paidShop(t, g, &log)
				r, err := s.gateway.NotificationRequest(number)
				require.NoError(t, err)
				w := httptest.NewRecorder()
				s.handler(func(sight) error { return own }).ServeHTTP(w, r)
				assert.Equal(t, http.StatusInternalServerError, w.Code)
				assert.Equal(t, "fail", w.Body.String())
				assert.Contains(t, log.String(), own.Error())
			}
		})
	}
}

func TestAHandlerRejectsOtherMethods(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, method := range []string{"PUT", "DELETE", "GET"} {
			for _, n := range g.notifications(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: logger(io.Discard)}) {
				if n.handler == nil || method == "GET" && n.body == "" {
					continue // a form may come by GET
				}
				w := httptest.NewRecorder()
				n.handler.ServeHTTP(w, httptest.NewRequest(method, "/notify", strings.NewReader("x")))
				assert.Equal(t, http.StatusMethodNotAllowed, w.Code, "%s %s", g.name, method)
				assert.Contains(t, []string{"GET", "POST", "GET, POST"}, w.Header().Get("Allow"), g.name)
				assert.NotContains(t, w.Header().Get("Allow"), method)
				assert.Equal(t, "fail", w.Body.String(), g.name)
			}
		}
	}
}

// An order that is not paid confirms no notification, whatever that claims.
func TestAnUnpaidOrderConfirmsNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for i, call := range g.calls(t, setup{base: anyHost, unsigned: true}) {
			if call.kind != handler && call.name != "ConfirmNotification" {
				continue
			}
			for _, body := range []string{g.unpaid, g.ended} {
				if body == "" {
					continue
				}
				got, err := g.do(context.Background(), t, i, &script{replies: []reply{{200, body, nil}}}, io.Discard)
				if o, ok := got.(*outcome); ok {
					assert.Equal(t, outcome{status: http.StatusConflict, body: "fail"}, *o, g.name)
					continue
				}
				require.ErrorIs(t, err, paygates.ErrNotConfirmed, g.name)
				assert.Nil(t, got, g.name)
			}
		}
	}
}

// A response that cannot be read, or is about another order, confirms nothing.
func TestABadResponseConfirmsNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		calls := g.calls(t, setup{base: anyHost, unsigned: true})
		for i, each := range calls {
			if each.kind != handler && each.name != "ConfirmNotification" || g.signed {
				continue
			}
			query := calls[slices.IndexFunc(calls, func(c call) bool { return c.name == "QueryOrder" || c.name == "QueryCharge" })]
			require.NotEmpty(t, query.bad, g.name)
			for _, body := range query.bad {
				got, err := g.do(context.Background(), t, i, &script{replies: []reply{{200, body, nil}}}, io.Discard)
				if o, ok := got.(*outcome); ok {
					assert.Equal(t, outcome{status: http.StatusBadGateway, body: "fail"}, *o, "%s: %s", g.name, body)
					continue
				}
				require.ErrorIs(t, err, paygates.ErrBadResponse, "%s: %s", g.name, body)
				assert.Nil(t, got, g.name)
			}
		}
	}
}
