package checkout

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// observer keeps what it is told of notifications.
type observer struct {
	infos   []paygates.NotificationInfo
	results []paygates.NotificationResult
	panics  string // "begin" or "end"
}

type observedKey struct{}

func (*observer) ObserveRequest(ctx context.Context, _ paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	return ctx, nil
}

func (o *observer) ObserveNotification(
	ctx context.Context, info paygates.NotificationInfo,
) (context.Context, func(paygates.NotificationResult)) {
	if o.panics == "begin" {
		panic("of the Observer")
	}
	o.infos = append(o.infos, info)
	return context.WithValue(ctx, observedKey{}, true), func(result paygates.NotificationResult) {
		if o.panics == "end" {
			panic("of the Observer")
		}
		o.results = append(o.results, result)
	}
}

func TestNotificationsAreObserved(t *testing.T) {
	t.Parallel()
	var o observer
	var fails error
	inside := false
	d := newDatabase(t, SQLite)
	s := newShop(t, d, func(c *Config) {
		c.Observer = &o
		c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
			inside = ctx.Value(observedKey{}) != nil
			if fails != nil {
				return fails
			}
			return d.sell(ctx, tx, p)
		}
	})
	send := func(body string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/notify/fake", strings.NewReader(body))
		s.NotificationHandler().ServeHTTP(w, r)
		return w.Code
	}
	genuine := func() string { return encodePayment(s.gateway.pay(s.buy(t).No)) }
	for _, test := range []struct {
		kind, body string
		err        error // of OnPaid
	}{
		{"", genuine(), nil},
		{"invalid_signature", "sign=forged", nil},
		{"handler_failed", genuine(), paygates.ErrNotPaid}, // it says nothing of this notification
	} {
		o, fails = observer{}, test.err
		status := send(test.body)
		if assert.Len(t, o.results, 1, test.kind) {
			assert.Equal(t, status, o.results[0].HTTPStatus, test.kind)
			assert.Equal(t, test.kind, o.results[0].ErrorKind)
			assert.Positive(t, o.results[0].Duration)
			assert.Equal(t, paygates.NotificationInfo{Gateway: "fake"}, o.infos[0])
		}
	}
	fails = nil
	assert.True(t, inside, "OnPaid is within the observed context")
	for _, o.panics = range []string{"begin", "end"} {
		assert.Equal(t, http.StatusOK, send(genuine()))
		assert.Contains(t, s.log.String(), "Observer panicked")
	}
}
