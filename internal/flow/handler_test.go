package flow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/notify"
)

const target = "/notify?sign=63a5bf1f3500791f438c2829da45d037&order_no=20191118123424"

// handler returns a handler that parses the order number of the query.
func handler(confirm, handle func(context.Context, string) error) Handler[string, string] {
	h := Handler[string, string]{
		Accepted: "success", Handle: handle,
		Parse: func(r *http.Request) (string, error) {
			values, err := notify.Query(r)
			return values.Get("order_no"), err
		},
		OrderNo: func(no string) string { return no },
	}
	if confirm != nil {
		h.Confirm = func(ctx context.Context, no string) (string, error) { return no, confirm(ctx, no) }
	}
	return h
}

func returns(err error) func(context.Context, string) error {
	return func(context.Context, string) error { return err }
}

func TestServeNeedsAFunction(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	assert.PanicsWithValue(t, "example: NotificationHandler needs a function", func() { handler(nil, nil).Serve(c) })
}

func TestServe(t *testing.T) {
	t.Parallel()
	database := errors.New("database is down")
	tests := map[string]struct {
		method          string
		confirm, handle error
		status          int
		reason          string
	}{
		"accepted":                 {"GET", nil, nil, 200, ""},
		"method":                   {"POST", nil, nil, 405, "invalid notification: method must be GET"},
		"signature":                {"GET", paygates.ErrInvalidSignature, nil, 403, "invalid signature"},
		"not confirmed":            {"GET", paygates.ErrNotConfirmed, nil, 409, "not confirmed by the gateway"},
		"unknown order":            {"GET", paygates.ErrOrderNotFound, nil, 409, "order not found"},
		"busy":                     {"GET", paygates.ErrBusy, nil, 503, "too many notifications are being confirmed"},
		"no response":              {"GET", paygates.ErrNoResponse, nil, 502, "no response"},
		"bad response":             {"GET", paygates.ErrBadResponse, nil, 502, "unexpected response"},
		"other":                    {"GET", errors.New("other"), nil, 502, "other"},
		"handler":                  {"GET", nil, database, 500, "notification handler: database is down"},
		"handler, not found":       {"GET", nil, paygates.ErrOrderNotFound, 500, "notification handler: order not found"},
		"handler, signature":       {"GET", nil, paygates.ErrInvalidSignature, 500, "notification handler: invalid signature"},
		"handler, its own gateway": {"GET", nil, &paygates.Error{Err: paygates.ErrBusy}, 500, "notification handler: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, log := client(nil)
			handled := false
			h := handler(returns(test.confirm), func(context.Context, string) error { handled = true; return test.handle }).Serve(c)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(test.method, target, nil))
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			assert.Equal(t, test.status == 200 || test.status == 500, handled)
			allow, number := "", " order_no=20191118123424"
			if test.status == 405 {
				allow, number = "GET", ""
			}
			assert.Equal(t, allow, w.Header().Get("Allow"))
			assert.NotContains(t, log.String(), "63a5bf1f")
			if test.status == 200 {
				assert.Equal(t, "success", w.Body.String())
				assert.Empty(t, log.String())
				return
			}
			assert.Equal(t, "fail", w.Body.String())
			assert.Contains(t, log.String(), fmt.Sprintf(
				`level=WARN msg="example: notification rejected" gateway=example op="handle notification"%s status=%d reason=`, number, test.status))
			assert.Contains(t, log.String(), test.reason)
		})
	}
}

// A router's fallback handler may have set another status before.
// The number that a notification claims is in its log line, not in its error.
func TestServeLogsTheClaimedNumber(t *testing.T) {
	t.Parallel()
	for number, logged := range map[string]bool{
		"20191118123424": true, "a-b_C": true, "": false, "a b": false, "买家": false, "a\nb": false, strings.Repeat("1", 65): false,
	} {
		c, log := client(nil)
		h := handler(nil, returns(nil))
		h.Parse = func(*http.Request) (string, error) {
			return "", fmt.Errorf("example: %w", Claimed(paygates.ErrInvalidSignature, number))
		}
		w := httptest.NewRecorder()
		h.Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		assert.Equal(t, http.StatusForbidden, w.Code)
		assert.Contains(t, log.String(), `reason="example: invalid signature"`)
		assert.Equal(t, logged, strings.Contains(log.String(), "order_no="), number)
		if logged {
			assert.Contains(t, log.String(), " order_no="+number+" ")
		}
	}
}

func TestServeSetsTheStatus(t *testing.T) {
	t.Parallel()
	c, _ := client(nil)
	w := &fallback{header: http.Header{}, status: http.StatusNotFound}
	handler(nil, returns(nil)).Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	assert.Equal(t, http.StatusOK, w.status)
}

type fallback struct {
	header http.Header
	status int
}

func (f *fallback) Header() http.Header         { return f.header }
func (f *fallback) WriteHeader(status int)      { f.status = status }
func (f *fallback) Write(p []byte) (int, error) { return len(p), nil }

func TestHandleGetsTheValuesOfTheRequest(t *testing.T) {
	t.Parallel()
	c, _ := client(func(s *settings) { s.NotificationTimeout = time.Hour })
	type key struct{}
	see := func(ctx context.Context, no string) error {
		assert.Equal(t, "20191118123424", no)
		assert.Equal(t, "value", ctx.Value(key{}))
		deadline, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.InDelta(t, time.Hour, time.Until(deadline), float64(time.Minute))
		return ctx.Err()
	}
	ended, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	cancel()
	w := httptest.NewRecorder()
	handler(see, see).Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil).WithContext(ended))
	assert.Equal(t, http.StatusOK, w.Code, "the sender's leaving ends nothing")
}

// Confirm and Handle share the notification timeout.
func TestHandleEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	c, _ := client(func(s *settings) { s.NotificationTimeout = 50 * time.Millisecond })
	until := func(ctx context.Context, _ string) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Second):
			return nil
		}
	}
	for _, h := range []Handler[string, string]{handler(until, returns(nil)), handler(nil, until)} {
		begin := time.Now()
		w := httptest.NewRecorder()
		h.Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		assert.GreaterOrEqual(t, w.Code, 500)
		assert.Equal(t, "fail", w.Body.String())
		assert.Less(t, time.Since(begin), 5*time.Second)
	}
}

func TestPanicsPassThrough(t *testing.T) {
	t.Parallel()
	c, log := client(nil)
	boom := func(context.Context, string) error { panic("boom") }
	for _, h := range []Handler[string, string]{handler(boom, returns(nil)), handler(nil, boom)} {
		w := httptest.NewRecorder()
		assert.PanicsWithValue(t, "boom", func() {
			h.Serve(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		})
		assert.Empty(t, w.Body.String(), "nothing is accepted")
	}
	assert.Empty(t, log.String())
}

// A sender that closes or half-closes the connection does not end the handling, and a
// half-closed one gets its response.
func TestSendersThatDoNotWait(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*net.TCPConn) error{
		"closed":      func(conn *net.TCPConn) error { return conn.Close() },
		"reset":       func(conn *net.TCPConn) error { return errors.Join(conn.SetLinger(0), conn.Close()) },
		"half-closed": func(conn *net.TCPConn) error { return conn.CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(nil)
			confirming, left, handled := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			h := handler(
				func(ctx context.Context, _ string) error {
					close(confirming)
					<-left
					return ctx.Err()
				},
				func(ctx context.Context, _ string) error {
					handled <- ctx.Err()
					return nil
				})
			gone := make(chan struct{}, 1)
			served := h.Serve(c)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				stop := context.AfterFunc(r.Context(), func() { gone <- struct{}{} })
				defer stop()
				served.ServeHTTP(w, r)
			}))
			t.Cleanup(s.Close)
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: shop.example.com\r\n\r\n")
			require.NoError(t, err)
			<-confirming
			require.NoError(t, leave(conn.(*net.TCPConn)))
			select {
			case <-gone: // net/http has noticed and canceled the request's own context
			case <-time.After(10 * time.Second):
				t.Fatal("net/http does not notice")
			}
			close(left)
			require.NoError(t, <-handled)
			if name == "half-closed" {
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				defer func() { _ = response.Body.Close() }()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, 200, response.StatusCode)
				assert.Equal(t, "success", string(body))
			}
		})
	}
}
