package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// observed is what an Observer was told.
type observed struct {
	mu            sync.Mutex
	requests      []paygates.RequestInfo
	results       []paygates.RequestResult
	notifications []paygates.NotificationInfo
	ends          []paygates.NotificationResult
	children      int // requests in the context of a notification
}

type notificationKey struct{}

func (o *observed) ObserveRequest(ctx context.Context, info paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, info)
	if ctx.Value(notificationKey{}) != nil {
		o.children++
	}
	return ctx, func(result paygates.RequestResult) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.results = append(o.results, result)
	}
}

func (o *observed) ObserveNotification(
	ctx context.Context, info paygates.NotificationInfo,
) (context.Context, func(paygates.NotificationResult)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notifications = append(o.notifications, info)
	return context.WithValue(ctx, notificationKey{}, true), func(result paygates.NotificationResult) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.ends = append(o.ends, result)
	}
}

// String returns all of it.
func (o *observed) String() string {
	return fmt.Sprintf("%+v %+v %+v %+v", o.requests, o.results, o.notifications, o.ends)
}

// numbers are those of orders and payments, which are no attributes of a metric.
var numbers = []string{orderNo, gatewayNo, chargeID, appKey, "10001"}

var template = regexp.MustCompile(`^(/[a-z0-9_.-]+|/\{[a-z0-9_]+\})+/?$`)

// Every call names its URL template, and an Observer sees nothing private, whatever the
// gateway responds.
func TestEveryCallIsObserved(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for name, test := range map[string]struct {
			status int
			body   func(call) string
			kinds  []string // of a create and of a query
		}{
			"success":     {200, func(c call) string { return c.response }, []string{"", ""}},
			"page":        {200, func(call) string { return "<html>" + marker }, []string{"outcome_unknown", "bad_response"}},
			"unavailable": {503, func(call) string { return marker }, []string{"outcome_unknown", "unavailable"}},
			"rejected":    {401, g.reject, []string{"rejected", "rejected"}},
		} {
			t.Run(g.name+" "+name, func(t *testing.T) {
				t.Parallel()
				var response string
				o := &observed{}
				fake := roundTrip(func(r *http.Request) *http.Response { return respond(r, test.status, response) })
				s := setup{base: anyHost, http: &http.Client{Transport: fake}, log: silent, observer: o}
				for _, call := range g.calls(t, s) {
					if call.kind == wait && name != "success" || call.opaque && name != "unavailable" {
						continue
					}
					response = test.body(call)
					before := len(o.requests)
					_, _ = call.do(context.Background())
					require.Greater(t, len(o.requests), before, call.name)
					for i, info := range o.requests[before:] {
						checkObserved(t, g, call, info, o.results[before+i], test.kinds)
					}
					if call.kind == handler {
						assert.Equal(t, len(o.requests)-before, o.children, "the confirmation is a child of its notification")
					}
				}
				assert.Empty(t, shown(o.String(), numbers...))
			})
		}
	}
}

// reject returns a response that rejects a call.
func (d *descriptor) reject(c call) string {
	if c.kind == create {
		return fmt.Sprintf(d.rejection, marker)
	}
	return fmt.Sprintf(d.queryRejection, marker)
}

func checkObserved(t *testing.T, g *descriptor, c call, info paygates.RequestInfo, result paygates.RequestResult, kinds []string) {
	t.Helper()
	assert.Equal(t, g.name, info.Gateway, c.name)
	assert.NotEmpty(t, info.Op, c.name)
	assert.Regexp(t, template, info.URLTemplate, c.name)
	assert.Equal(t, strings.TrimPrefix(anyHost, "https://"), info.ServerAddress, c.name)
	assert.Equal(t, 443, info.ServerPort, c.name)
	kind := kinds[min(int(c.kind), 1)]
	if c.opaque && kind == "bad_response" {
		return
	}
	assert.Equal(t, kind, result.ErrorKind, "%s: %+v", c.name, info)
}

// Notifications end with the kind of what is wrong with them.
func TestNotificationsAreObserved(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			o := &observed{}
			s := setup{base: anyHost, http: &http.Client{Transport: roundTrip(unknownOrder)}, log: silent, observer: o}
			var kinds []string
			for _, genuine := range g.notifications(t, s) {
				for _, n := range append([]notification{genuine}, forged(genuine)...) {
					if n.handler == nil {
						continue
					}
					before := len(o.ends)
					w := httptest.NewRecorder()
					n.handler.ServeHTTP(w, n.request())
					require.Len(t, o.ends, before+1)
					end := o.ends[before]
					assert.Equal(t, w.Code, end.HTTPStatus)
					assert.Equal(t, g.name, o.notifications[before].Gateway)
					kinds = append(kinds, end.ErrorKind)
				}
			}
			assert.Empty(t, shown(o.String(), numbers...))
			for _, kind := range kinds {
				assert.Contains(t, []string{"not_confirmed", "rejected", "handler_failed", "invalid_signature", "invalid_notification"}, kind)
			}
			assert.Contains(t, kinds, "invalid_notification")
		})
	}
}

// forged returns a notification with each of its parts broken.
func forged(n notification) (all []notification) {
	for _, broken := range brokenNotifications(n) {
		all = append(all, broken)
	}
	return all
}
