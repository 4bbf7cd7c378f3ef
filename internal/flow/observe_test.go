package flow

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

type observedKey struct{}

// observer passes on how a notification ended.
type observer struct {
	ended  func(paygates.NotificationResult)
	panics bool
}

func (o observer) ObserveRequest(ctx context.Context, _ paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	return ctx, nil
}

func (o observer) ObserveNotification(
	ctx context.Context, info paygates.NotificationInfo,
) (context.Context, func(paygates.NotificationResult)) {
	if o.panics {
		panic("private")
	}
	return context.WithValue(ctx, observedKey{}, info.Gateway), o.ended
}

func TestANotificationIsObserved(t *testing.T) {
	t.Parallel()
	panicking := func(context.Context, order) error { panic("merchant") }
	for name, test := range map[string]struct {
		parse, confirm error
		handle         func(context.Context, order) error
		status         int
		kind           string
	}{
		"accepted":                     {status: 200},
		"signature":                    {parse: paygates.ErrInvalidSignature, status: 403, kind: "invalid_signature"},
		"not confirmed":                {confirm: paygates.ErrNotConfirmed, status: 409, kind: "not_confirmed"},
		"no response":                  {confirm: paygates.ErrNoResponse, status: 502, kind: "no_response"},
		"busy":                         {confirm: paygates.ErrBusy, status: 503, kind: "busy"},
		"the merchant's own error":     {handle: func(context.Context, order) error { return paygates.ErrBusy }, status: 500, kind: "handler_failed"},
		"the merchant's function died": {handle: panicking, kind: "handler_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var results []paygates.NotificationResult
			c, _ := client(func(s *settings) {
				s.Observer = observer{ended: func(r paygates.NotificationResult) { results = append(results, r) }}
			})
			seen := []any{}
			h := Handler[order, order]{
				Parse: func(*http.Request) (order, error) { return order{}, test.parse },
				Confirm: func(ctx context.Context, o order) (order, error) {
					seen = append(seen, ctx.Value(observedKey{}))
					return o, test.confirm
				},
				Handle: func(ctx context.Context, o order) error {
					seen = append(seen, ctx.Value(observedKey{}))
					if test.handle == nil {
						return nil
					}
					return test.handle(ctx, o)
				},
				OrderNo: func(o order) string { return o.No },
			}
			serve := func() { h.Serve(c).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) }
			if test.status == 0 {
				assert.PanicsWithValue(t, "merchant", serve)
			} else {
				serve()
			}
			require.Len(t, results, 1)
			assert.Positive(t, results[0].Duration)
			assert.Equal(t, test.status, results[0].HTTPStatus)
			assert.Equal(t, test.kind, results[0].ErrorKind)
			for _, value := range seen {
				assert.Equal(t, "example", value)
			}
		})
	}
}

// What the merchant's function did is not lost for a trace.
func TestAPanicInAnObserverLosesNoNotification(t *testing.T) {
	t.Parallel()
	for _, o := range []observer{{panics: true}, {ended: func(paygates.NotificationResult) { panic("end") }}, {}} {
		c, log := client(func(s *settings) { s.Observer = o })
		h := Handler[order, order]{
			Accepted: "success",
			Parse:    func(*http.Request) (order, error) { return order{}, nil },
			Handle:   func(context.Context, order) error { return nil },
			OrderNo:  func(o order) string { return o.No },
		}
		w := httptest.NewRecorder()
		h.Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "success", w.Body.String())
		if o.panics || o.ended != nil {
			assert.Contains(t, log.String(), "panic in the Observer")
		}
	}
}

func TestTheErrorOfTheMerchantHasItsOwnKind(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "handler_failed", paygates.ErrorKind(&handleError{errors.New("database is down")}))
	assert.Equal(t, "handler_failed", paygates.ErrorKind(&handleError{paygates.ErrInvalidSignature}))
}
