package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// observer collects what an Observer is told.
type observer struct {
	mu      sync.Mutex
	infos   []paygates.RequestInfo
	results []paygates.RequestResult
}

type observedKey struct{}

func (o *observer) ObserveRequest(ctx context.Context, info paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.infos = append(o.infos, info)
	return context.WithValue(ctx, observedKey{}, info.Attempt), func(result paygates.RequestResult) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.results = append(o.results, result)
	}
}

func (o *observer) ObserveNotification(ctx context.Context, _ paygates.NotificationInfo) (context.Context, func(paygates.NotificationResult)) {
	return ctx, nil
}

func TestEachAttemptIsObserved(t *testing.T) {
	t.Parallel()
	status := []int{503, 503, 200}
	var seen []any
	o := &observer{}
	c := New(Options{Gateway: "ispay", Observer: o, HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Context().Value(observedKey{}))
		s := status[0]
		status = status[1:]
		return &http.Response{StatusCode: s, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
	})}})
	call := query("https://pay.example.com/order/10001/1/63a5bf1f")
	call.URLTemplate = "/order/{userid}/{order_no}/{md5}"
	_, err := Send(context.Background(), c, call, func(r Response) (*int, error) { return nil, rejectStatus(r) })
	require.NoError(t, err)
	want := paygates.RequestInfo{
		Gateway: "ispay", Op: call.Op, Attempt: 1, Method: "GET", URLTemplate: "/order/{userid}/{order_no}/{md5}",
		ServerAddress: "pay.example.com", ServerPort: 443,
	}
	second, third := want, want
	second.Attempt, third.Attempt = 2, 3
	assert.Equal(t, []paygates.RequestInfo{want, second, third}, o.infos)
	assert.Equal(t, []any{1, 2, 3}, seen, "the context of the request is the observer's")
	require.Len(t, o.results, 3)
	for i, want := range []paygates.RequestResult{{HTTPStatus: 503, ErrorKind: "unavailable"}, {HTTPStatus: 503, ErrorKind: "unavailable"}, {HTTPStatus: 200}} {
		assert.GreaterOrEqual(t, o.results[i].Duration, time.Duration(0))
		o.results[i].Duration = 0
		assert.Equal(t, want, o.results[i])
	}
}

// rejectStatus decodes a response as the providers do: another status than 2xx is an error.
func rejectStatus(r Response) error {
	if r.OK() {
		return nil
	}
	return r.Error("", "", nil)
}

// The kind of error is that of the call, also if only its decoding finds it.
func TestTheKindOfErrorIsObserved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		err    error
		decode func(Response) error
		create bool
		want   string
	}{
		"success":             {status: 200, want: ""},
		"decoded rejection":   {status: 200, decode: func(r Response) error { return r.Error("1004", "", nil) }, want: "rejected"},
		"decoded not found":   {status: 200, decode: func(r Response) error { return r.Fail("", "", paygates.ErrOrderNotFound) }, want: "order_not_found"},
		"unreadable":          {status: 200, decode: func(r Response) error { return r.Bad("why") }, want: "bad_response"},
		"unreadable create":   {status: 200, create: true, decode: func(r Response) error { return r.Bad("why") }, want: "outcome_unknown"},
		"redirect":            {status: 302, want: "bad_response"},
		"status of a query":   {status: 404, want: "rejected"},
		"5xx of a create":     {status: 502, create: true, want: "outcome_unknown"},
		"no response":         {err: errors.New("reset"), want: "no_response"},
		"no response, create": {err: errors.New("reset"), create: true, want: "outcome_unknown"},
		"timeout":             {err: context.DeadlineExceeded, want: "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &observer{}
			c := New(Options{Gateway: "ispay", Observer: o, Logger: Silent(), HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: test.status, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, test.err
			})}})
			call := query("https://pay.example.com/x")
			call.NoRetry = test.create
			if test.decode == nil {
				test.decode = rejectStatus
			}
			_, _ = Send(context.Background(), c, call, func(r Response) (*int, error) { return nil, test.decode(r) })
			require.NotEmpty(t, o.results)
			for _, result := range o.results {
				assert.Equal(t, test.want, result.ErrorKind)
				assert.Equal(t, test.status, result.HTTPStatus)
			}
		})
	}
}

// careless panics, or returns nothing.
type careless struct{ when string }

func (o careless) ObserveRequest(ctx context.Context, _ paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	switch o.when {
	case "begin":
		panic("begin")
	case "end":
		return ctx, func(paygates.RequestResult) { panic("end") }
	default:
		return nil, nil
	}
}

func (careless) ObserveNotification(ctx context.Context, _ paygates.NotificationInfo) (context.Context, func(paygates.NotificationResult)) {
	return ctx, nil
}

// A create has its result, whatever the Observer does.
func TestAPanicInAnObserverLosesNoResult(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"begin", "end", ""} {
		var log bytes.Buffer
		c := New(Options{
			Gateway: "ispay", Observer: careless{when}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader([]byte("created"))), Request: r}, nil
			})},
		})
		response, err := c.Do(context.Background(), create("https://pay.example.com/gateway"))
		require.NoError(t, err, when)
		assert.Equal(t, "created", string(response.Body), when)
		if when != "" {
			assert.Contains(t, log.String(), `level=ERROR msg="ispay: panic in the Observer" gateway=ispay op="create order" reason=`+when)
		}
	}
}

func TestServerOf(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]struct {
		address string
		port    int
	}{
		"https://pay.example.com/x?a=b":   {"pay.example.com", 443},
		"http://pay.example.com":          {"pay.example.com", 80},
		"https://pay.example.com:8443/x":  {"pay.example.com", 8443},
		"http://[::1]:9101/order?token=1": {"::1", 9101},
		"%zz":                             {"", 0},
	} {
		address, port := serverOf(target)
		assert.Equal(t, want.address, address, target)
		assert.Equal(t, want.port, port, target)
	}
}

// A create of unknown outcome is logged, others are not.
func TestACreateWithUnknownOutcomeIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := New(Options{Gateway: "ispay", Logger: slog.New(slog.NewTextHandler(&log, nil)), HTTPClient: &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 502, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
		}),
	}})
	call := create("https://pay.example.com/gateway?sign=63a5bf1f")
	call.OrderNo = "20191118123424"
	bad := func(r Response) (*int, error) { return nil, r.Bad("no JSON") }
	_, err := Send(context.Background(), c, call, bad)
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	assert.Contains(t, log.String(), `level=WARN msg="ispay: create with unknown outcome" gateway=ispay op="create order"`+
		` order_no=20191118123424 status=502 reason="ispay: create order: HTTP 502: outcome unknown`)
	assert.NotContains(t, log.String(), "63a5bf1f")
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")))

	log.Reset()
	call.OrderNo = ""
	_, err = Send(context.Background(), c, call, bad)
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	assert.NotContains(t, log.String(), "order_no")

	log.Reset()
	_, err = Send(context.Background(), c, call, func(r Response) (*int, error) { return nil, r.Fail("1", "", nil) })
	require.Error(t, err)
	assert.Empty(t, log.String())
}

// The default logger is read for each line, so that slog.SetDefault works after New.
//
//nolint:paralleltest // it changes the default logger
func TestTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	c := New(Options{Gateway: "ispay"})
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	c.Log(context.Background(), slog.LevelWarn, "query order", "a line")
	assert.Contains(t, log.String(), "a line")
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const own = "paygates-go/" + paygates.Version
	for want, app := range map[string]paygates.AppInfo{
		own:                       {},
		own + " example-shop":     {Name: "example-shop"},
		own + " example-shop/2.3": {Name: "example-shop", Version: "2.3"},
	} {
		c := New(Options{Gateway: "ispay", AppInfo: app})
		for _, kind := range []string{"", ContentTypeForm, ContentTypeJSON} {
			assert.Equal(t, want, c.headers[kind].Get("User-Agent"))
		}
	}
}

// Without an Observer nothing is added.
func BenchmarkObserver(b *testing.B) {
	for name, o := range map[string]paygates.Observer{"none": nil, "nothing done": careless{}} {
		b.Run(name, func(b *testing.B) {
			c := New(Options{Gateway: "ispay", Observer: o, HTTPClient: &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
				}),
			}})
			call := query("https://pay.example.com/order/10001/1/63a5bf1f")
			b.ReportAllocs()
			for range b.N {
				if _, err := c.Do(context.Background(), call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
