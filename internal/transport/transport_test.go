package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/sign"
)

// server counts the requests that reach it.
type server struct {
	*httptest.Server
	hits atomic.Int32
}

func serve(t *testing.T, handle http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// client returns a Client with a connection pool that ends with the test.
func client(t *testing.T, timeout time.Duration) *Client {
	t.Helper()
	pool := &http.Transport{}
	t.Cleanup(pool.CloseIdleConnections)
	return New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: pool, Timeout: timeout}})
}

func query(target string) Call { return Call{Op: "query order", Method: http.MethodGet, URL: target} }

func create(target string) Call {
	return Call{
		Op: "create order", Method: http.MethodPost, URL: target,
		ContentType: ContentTypeForm, Body: "order_no=1&sign=63a5bf1f3500791f438c2829da45d037", NoRetry: true,
	}
}

// both asserts how a query and a create with the same response end. attempts is
// how often the query is sent; the create is sent once at most.
func both(t *testing.T, c *Client, s *server, attempts int, want error, unknown bool) *paygates.Error {
	t.Helper()
	response, err := c.Do(context.Background(), query(s.URL+"/query"))
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, want)
	require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown, "a query changes nothing")
	assert.EqualValues(t, attempts, s.hits.Swap(0), "queries")
	assert.Equal(t, failed.HTTPStatus, response.Status)

	_, err = c.Do(context.Background(), create(s.URL+"/create"))
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, want)
	assert.Equal(t, unknown, errors.Is(err, paygates.ErrOutcomeUnknown), err)
	assert.EqualValues(t, min(attempts, 1), s.hits.Load(), "creates")
	return failed
}

func TestDoSendsWhatTheCallSays(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	c := client(t, 0)
	response, err := c.Do(context.Background(), Call{
		Method: http.MethodPut, URL: s.URL + "/pay/%E8%AE%A2?b=2&a=%2F+%20", ContentType: ContentTypeForm, Body: "a=1&b=%26",
		Header:    map[string]string{"Authorization": "Token abc"},
		BasicAuth: sign.Secret{},
	})
	require.NoError(t, err)
	assert.Equal(t, 201, response.Status)
	assert.JSONEq(t, `{"ok":true}`, string(response.Body))
	assert.True(t, response.OK())
	assert.Equal(t, http.MethodPut, got.Method)
	assert.Equal(t, "/pay/%E8%AE%A2?b=2&a=%2F+%20", got.RequestURI, "exactly what was signed")
	assert.Equal(t, "a=1&b=%26", string(body))
	assert.EqualValues(t, 9, got.ContentLength)
	assert.Equal(t, "application/x-www-form-urlencoded", got.Header.Get("Content-Type"))
	assert.Equal(t, "application/json", got.Header.Get("Accept"))
	assert.Equal(t, "paygates-go/"+paygates.Version, got.Header.Get("User-Agent"))
	assert.Equal(t, "Token abc", got.Header.Get("Authorization"))

	for _, once := range []bool{false, true} {
		call := query(s.URL)
		call.BasicAuth, call.NoRetry = sign.NewSecret("sk_test_example"), once
		_, err = c.Do(context.Background(), call)
		require.NoError(t, err)
		user, password, ok := got.BasicAuth()
		assert.True(t, ok)
		assert.Equal(t, "sk_test_example", user)
		assert.Empty(t, password)
		assert.Empty(t, body)
		assert.Zero(t, got.ContentLength)
		assert.Empty(t, got.TransferEncoding)
		assert.NotContains(t, got.Header, "Content-Type")
	}
}

func TestResponsesWithAnyStatusAreReturned(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 204, 400, 401, 403, 404, 405, 422} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, "words")
			}
		})
		for _, call := range []Call{query(s.URL), create(s.URL)} {
			s.hits.Store(0)
			response, err := client(t, 0).Do(context.Background(), call)
			require.NoError(t, err)
			assert.Equal(t, status, response.Status)
			assert.Equal(t, status < 300, response.OK())
			assert.EqualValues(t, 1, s.hits.Load(), "%d is not retried", status)
		}
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for _, status := range []int{408, 429, 499, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "words")
			})
			c := client(t, 0)
			begin := time.Now()
			response, err := c.Do(context.Background(), query(s.URL))
			require.NoError(t, err)
			assert.Equal(t, status, response.Status)
			assert.Equal(t, "words", string(response.Body))
			assert.EqualValues(t, 3, s.hits.Swap(0))
			assert.GreaterOrEqual(t, time.Since(begin), 200*time.Millisecond, "with a growing backoff")

			response, err = c.Do(context.Background(), create(s.URL))
			require.NoError(t, err)
			assert.Equal(t, status, response.Status)
			assert.EqualValues(t, 1, s.hits.Load(), "a create is never retried")
		})
	}
	t.Run("until it succeeds", func(t *testing.T) {
		t.Parallel()
		var s *server
		s = serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if s.hits.Load() < 2 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		response, err := client(t, 0).Do(context.Background(), query(s.URL))
		require.NoError(t, err)
		assert.Equal(t, 200, response.Status)
		assert.EqualValues(t, 2, s.hits.Load())
	})
	t.Run("with the same body each time", func(t *testing.T) {
		t.Parallel()
		var bodies sync.Map
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies.Store(string(body), true)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		call := create(s.URL)
		call.NoRetry = false
		_, err := client(t, 0).Do(context.Background(), call)
		require.NoError(t, err)
		assert.EqualValues(t, 3, s.hits.Load())
		n := 0
		bodies.Range(func(body, _ any) bool { n++; return assert.Equal(t, call.Body, body) })
		assert.Equal(t, 1, n)
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere := serve(t, func(http.ResponseWriter, *http.Request) {})
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/?sign=63a5bf1f3500791f438c2829da45d037", status)
		})
		follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		failed := both(t, New(Options{Gateway: "ispay", HTTPClient: follow}), s, 1, paygates.ErrBadResponse, true)
		assert.Equal(t, status, failed.HTTPStatus)
		assert.NotContains(t, failed.Error(), "63a5bf1f")
		assert.NotContains(t, failed.Error(), elsewhere.URL)
		assert.Zero(t, elsewhere.hits.Load(), "%d: the redirect is not followed", status)
	}
}

func TestARedirectToNowhere(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "http://[::1/?sign=63a5bf1f3500791f438c2829da45d037", "%zz63a5bf1f3500791f438c2829da45d037"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			failed := both(t, client(t, 0), s, 1, paygates.ErrBadResponse, true)
			assert.Equal(t, status, failed.HTTPStatus)
			assert.NotContains(t, failed.Error(), "63a5bf1f")
		}
	}
}

// stall does not respond until the test or the client ends.
func stall(t *testing.T) *server {
	t.Helper()
	end := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-end:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(end) })
	return s
}

func TestTimeoutAfterSending(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	failed := both(t, client(t, 50*time.Millisecond), stall(t), 3, paygates.ErrNoResponse, true)
	require.ErrorIs(t, failed, context.DeadlineExceeded)
	assert.Zero(t, failed.HTTPStatus)
	assert.Less(t, time.Since(begin), 5*time.Second)
}

func TestTheDefaultTimeout(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 15*time.Second, New(Options{Gateway: "ispay", HTTPClient: nil}).timeout)
	assert.Equal(t, 15*time.Second, New(Options{Gateway: "ispay", HTTPClient: &http.Client{}}).timeout)
	assert.Equal(t, 15*time.Second, New(Options{Gateway: "ispay", HTTPClient: &http.Client{Timeout: -1}}).timeout)
	assert.Equal(t, time.Minute, New(Options{Gateway: "ispay", HTTPClient: &http.Client{Timeout: time.Minute}}).timeout)
}

func TestUnknownCertificateAuthority(t *testing.T) {
	t.Parallel()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.hits.Add(1) }))
	s.Config.ErrorLog = slog.NewLogLogger(Silent().Handler(), slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	failed := both(t, client(t, 0), s, 0, paygates.ErrNoResponse, false)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, failed, &unknown)
}

// reset resets the connection.
func reset(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = connection.(*net.TCPConn).SetLinger(0)
	_ = connection.Close()
}

// net/http sends a GET again by itself when a connection that it used before
// breaks, although the server may have read it: a create by GET must not be.
func TestNetHTTPDoesNotRetryACreate(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(http.ResponseWriter){
		"reset":  reset,
		"closed": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				var creates atomic.Int32
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/create" {
						creates.Add(1)
						end(w)
					}
				})
				c := client(t, 0)
				reused := atomic.Bool{}
				ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
					GotConn: func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
				})
				for range 5 {
					creates.Store(0)
					_, err := c.Do(ctx, query(s.URL+"/warm"))
					require.NoError(t, err)
					call := create(s.URL + "/create")
					if call.Method = method; method == http.MethodGet {
						call.Body = ""
					}
					_, err = c.Do(ctx, call)
					require.ErrorIs(t, err, paygates.ErrNoResponse)
					require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
					require.True(t, reused.Load(), "the test is of a connection that was used before")
					require.EqualValues(t, 1, creates.Load())
				}
			})
		}
	}
}

func TestBodyCutOff(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"success":true,`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	failed := both(t, client(t, 0), s, 3, paygates.ErrBadResponse, true)
	require.ErrorIs(t, failed, io.ErrUnexpectedEOF)
	assert.Equal(t, 200, failed.HTTPStatus)
	assert.Equal(t, `{"success":true,`, string(failed.Body.Reveal()))
}

func TestTheLongestResponse(t *testing.T) {
	t.Parallel()
	length := atomic.Int64{}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), int(length.Load())))
	})
	length.Store(MaxBody)
	response, err := client(t, 0).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.Len(t, response.Body, MaxBody)
	length.Store(MaxBody + 1)
	_, err = client(t, 0).Do(context.Background(), query(s.URL))
	require.ErrorIs(t, err, paygates.ErrBadResponse)
}

func TestGzip(t *testing.T) {
	t.Parallel()
	var bomb, words bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range 16 {
		_, _ = w.Write(zeros)
	}
	require.NoError(t, w.Close())
	w = gzip.NewWriter(&words)
	_, _ = io.WriteString(w, `{"success":true}`)
	require.NoError(t, w.Close())
	require.Less(t, bomb.Len(), MaxBody/8, "it is short until it is unpacked")

	body := &bomb
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Contains(t, r.Header.Get("Accept-Encoding"), "gzip")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body.Bytes())
	})
	failed := both(t, client(t, 0), s, 1, paygates.ErrBadResponse, true)
	assert.Contains(t, failed.Error(), "longer than 2097152 bytes")
	assert.Less(t, cap(failed.Body.Reveal()), 2*MaxBody)

	body = &words
	response, err := client(t, 0).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.JSONEq(t, `{"success":true}`, string(response.Body))
}

// A body that net/http leaves in gzip.
func TestGzipThatNobodyUnpacked(t *testing.T) {
	t.Parallel()
	pack := func(text string) string {
		var packed strings.Builder
		w := gzip.NewWriter(&packed)
		_, _ = io.WriteString(w, text)
		require.NoError(t, w.Close())
		return packed.String()
	}
	packed := pack(`{"success":true}`)
	var body, encoding string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = io.WriteString(w, body)
	})
	asking := roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Accept-Encoding", "gzip, deflate, br")
		return http.DefaultTransport.RoundTrip(r)
	})
	for _, test := range []struct {
		transport      http.RoundTripper
		encoding, body string
	}{
		{nil, "", packed},
		{nil, "x-gzip", packed},
		{nil, "", packed + "\r\n"},
		{asking, "gzip", packed},
		{&http.Transport{DisableCompression: true, DisableKeepAlives: true}, "gzip", packed},
	} {
		encoding, body = test.encoding, test.body
		c := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: test.transport}})
		response, err := c.Do(context.Background(), query(s.URL))
		require.NoError(t, err)
		assert.Equal(t, `{"success":true}`, string(response.Body))
	}
	encoding, body = "", packed[:20]
	response, err := client(t, 0).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.Equal(t, body, string(response.Body), "what is no gzip is not changed")
	body = packed + pack(`{"success":false}`)
	response, err = client(t, 0).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.Equal(t, body, string(response.Body), "its first member is not all of it")
	s.hits.Store(0)
	body = pack(strings.Repeat("x", MaxBody+1))
	assert.ErrorContains(t, both(t, client(t, 0), s, 1, paygates.ErrBadResponse, true), "longer than 2097152 bytes")
}

// roundTripper is a custom transport. It does not support httptrace.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOutcomeWithACustomTransport(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { reset(w) })
	pool := &http.Transport{}
	t.Cleanup(pool.CloseIdleConnections)
	tests := map[string]struct {
		transport roundTripper
		unknown   bool
	}{
		"another error":       {func(*http.Request) (*http.Response, error) { return nil, errors.New("something") }, true},
		"the end of the file": {func(*http.Request) (*http.Response, error) { return nil, io.EOF }, true},
		"while reading":       {func(*http.Request) (*http.Response, error) { return nil, &net.OpError{Op: "read", Err: io.EOF} }, true},
		// It may have sent the request before, on another connection.
		"while dialing":          {func(*http.Request) (*http.Response, error) { return nil, dial }, true},
		"while dialing, wrapped": {func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("own: %w", dial) }, true},
		"sent, then sent again without success": {func(r *http.Request) (*http.Response, error) {
			_, err := pool.RoundTrip(r)
			assert.Error(t, err)
			return nil, dial
		}, true},
	}
	for name, test := range tests {
		_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: test.transport}}).Do(context.Background(), create(s.URL))
		require.ErrorIs(t, err, paygates.ErrNoResponse, name)
		assert.Equal(t, test.unknown, errors.Is(err, paygates.ErrOutcomeUnknown), name)
	}
}

func TestTheCallersClientIsNotChanged(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})

	empty := &http.Client{}
	_, err := New(Options{Gateway: "ispay", HTTPClient: empty}).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.Equal(t, http.Client{}, *empty)

	pool := &http.Transport{MaxIdleConnsPerHost: 3, ResponseHeaderTimeout: time.Minute}
	t.Cleanup(pool.CloseIdleConnections)
	refused := errors.New("own CheckRedirect")
	full := &http.Client{Transport: pool, Timeout: time.Minute, Jar: jar{}, CheckRedirect: func(*http.Request, []*http.Request) error { return refused }}
	_, err = New(Options{Gateway: "ispay", HTTPClient: full}).Do(context.Background(), query(s.URL))
	require.NoError(t, err)
	assert.Same(t, pool, full.Transport)
	assert.Equal(t, time.Minute, full.Timeout)
	assert.Equal(t, jar{}, full.Jar)
	assert.Equal(t, refused, full.CheckRedirect(nil, nil))
	assert.Equal(t, 3, pool.MaxIdleConnsPerHost)
	assert.Equal(t, time.Minute, pool.ResponseHeaderTimeout)
	assert.Nil(t, pool.Proxy)

	shared := http.DefaultTransport.(*http.Transport)
	own := newClient(nil).Transport.(*ownTransport).direct
	assert.Equal(t, idleConnections, own.MaxIdleConnsPerHost)
	assert.Zero(t, shared.MaxIdleConnsPerHost)
	assert.Equal(t, http.Client{}, *http.DefaultClient)
}

type jar struct{}

func (jar) SetCookies(*url.URL, []*http.Cookie) {}
func (jar) Cookies(*url.URL) []*http.Cookie     { return nil }

// The requests share headers. A transport that changes the headers of a request, for
// tracing for example, must not change those of other requests.
func TestRequestsDoNotShareWhatATransportChanges(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Clone())
		for name := range r.Header {
			r.Header[name][0] = "changed"
		}
		r.Header.Set("Added", "1")
		r.Header.Del("Accept")
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport}})
	calls := []Call{
		{Method: http.MethodGet, URL: "https://pay.example.com", Header: map[string]string{"X-Own": "1", "Accept": "text/plain"}},
		{Method: http.MethodGet, URL: "https://pay.example.com"},
		{Method: http.MethodPost, URL: "https://pay.example.com"},
		{Method: http.MethodPost, URL: "https://pay.example.com", ContentType: ContentTypeForm, Body: "a=1"},
		{Method: http.MethodPost, URL: "https://pay.example.com", ContentType: ContentTypeJSON, Body: "{}", BasicAuth: sign.NewSecret("example-user")},
	}
	for range 2 {
		seen = nil
		for _, call := range calls {
			_, err := client.Do(context.Background(), call)
			require.NoError(t, err)
		}
		const agent, accept = "paygates-go/" + paygates.Version, "application/json"
		assert.Equal(t, []http.Header{
			{"User-Agent": {agent}, "Accept": {"text/plain"}, "X-Own": {"1"}},
			{"User-Agent": {agent}, "Accept": {accept}},
			{"User-Agent": {agent}, "Accept": {accept}},
			{"User-Agent": {agent}, "Accept": {accept}, "Content-Type": {ContentTypeForm}},
			{"User-Agent": {agent}, "Accept": {accept}, "Content-Type": {ContentTypeJSON}, "Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("example-user:"))}},
		}, seen)
	}
}

// A custom transport can put anything into its errors.
func TestErrorsHoldNothingOfTheRequest(t *testing.T) {
	t.Parallel()
	const signature, user, token = "63a5bf1f3500791f438c2829da45d037", "sk_test_example1", "login-token"
	call := Call{
		Op: "create order", Method: http.MethodPost,
		URL:         "https://pay.example.com/order/10001/" + signature + "?token=888888&param=%E4%BD%A0+100%25&sign=" + signature,
		ContentType: ContentTypeJSON, Body: `{"title":"手机 \"a\"","payer":"203.0.113.7","sign":"` + signature + `"}`,
		Header:    map[string]string{"X-Token": token},
		BasicAuth: sign.NewSecret(user),
		NoRetry:   true,
	}
	form := call
	form.ContentType, form.Body = ContentTypeForm, "ip=203.0.113.7&return_url=https%3A%2F%2Fshop.example.com%2Fr&sign="+signature
	hidden := []string{
		signature, user, token, base64.StdEncoding.EncodeToString([]byte(user + ":")), "888888",
		"%E4%BD%A0", "你 100%", "%3A%2F%2Fshop", "手机", "203.0.113.7", "shop.example.com",
	}
	texts := map[string]func(r *http.Request, body string) string{
		"URL":         func(r *http.Request, _ string) string { return r.URL.String() },
		"URL, quoted": func(r *http.Request, _ string) string { return fmt.Sprintf("%q", r.URL.String()) },
		"URL, %#v":    func(r *http.Request, _ string) string { return fmt.Sprintf("%#v", *r.URL) },
		"request URI": func(r *http.Request, _ string) string { return r.URL.RequestURI() },
		"path":        func(r *http.Request, _ string) string { return r.URL.Path },
		"query":       func(r *http.Request, _ string) string { return r.URL.RawQuery },
		"raw parameters": func(r *http.Request, body string) string {
			return strings.Join(strings.Split(r.URL.RawQuery+"&"+body, "&"), " and ")
		},
		"parsed query":   func(r *http.Request, _ string) string { return fmt.Sprint(r.URL.Query()) },
		"header":         func(r *http.Request, _ string) string { return fmt.Sprint(r.Header) },
		"body":           func(_ *http.Request, body string) string { return body },
		"body, quoted":   func(_ *http.Request, body string) string { return fmt.Sprintf("%q", body) },
		"unescaped body": func(_ *http.Request, body string) string { text, _ := url.QueryUnescape(body); return text },
		"request": func(r *http.Request, body string) string {
			r.Body = io.NopCloser(strings.NewReader(body))
			dump, err := httputil.DumpRequestOut(r, true)
			assert.NoError(t, err)
			return string(dump)
		},
	}
	for name, text := range texts {
		for _, call := range []Call{call, form} {
			why := errors.New("why")
			fail := roundTripper(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: fmt.Errorf("cannot send %s: %w", text(r, string(body)), why)}
			})
			_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: fail}}).Do(context.Background(), call)
			require.ErrorIs(t, err, why, "the cause stays reachable")
			for _, private := range hidden {
				require.NotContains(t, err.Error(), private, name)
			}
			assert.Contains(t, err.Error(), "cannot send", "the rest stays")
			assert.Contains(t, err.Error(), "why")
		}
	}
}

// net/http quotes in its errors the address of a proxy, with its password, and what an
// HTTP/2 server says when it closes a connection.
func TestErrorsHoldNothingOfTheProxyAndTheServer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`invalid proxy address "http://user:example-password@bad host:80": parse "http://user:example-password@bad host:80": invalid character`: "invalid proxy address",
		"invalid proxy address \"http://user:example\\\"password@h\": \nexample-password":                                                       "invalid proxy address",
		`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug="payer 203.0.113.7, example-password"`:    "http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR",
		`proxy http://user:example-password@proxy.example.com:3128 does not respond`:                                                            "proxy http://[redacted]@proxy.example.com:3128 does not respond",
		`proxy //user:p@ss/example-password@proxy.example.com`:                                                                                  "proxy //[redacted]@proxy.example.com",
	} {
		why := errors.New(text)
		fail := roundTripper(func(*http.Request) (*http.Response, error) { return nil, why })
		_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: fail}}).Do(context.Background(), create("https://pay.example.com/gateway"))
		require.EqualError(t, err, "ispay: create order: outcome unknown: query the order, do not create it again (no response: "+want+")")
		assert.Equal(t, strings.HasPrefix(text, "proxy"), errors.Is(err, why), "the cause stays reachable where it is a custom transport's")
	}
}

// So can the body of its response.
func TestErrorsOfABodyHoldNothingOfTheRequest(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		broken := io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, fmt.Errorf("reading %s: %w", r.URL, why) }))
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: broken, Request: r}, nil
	})
	call := create("https://pay.example.com/?sign=63a5bf1f3500791f438c2829da45d037")
	_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport}}).Do(context.Background(), call)
	require.ErrorIs(t, err, paygates.ErrBadResponse)
	require.ErrorIs(t, err, why)
	assert.NotContains(t, err.Error(), "63a5bf1f")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestErrorsThatHoldNothingPrivateStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"https://pay.example.com", "https://pay.example.com/", "https://pay.example.com/gateway?a=1&b="} {
		transport := roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("tls/http: a=b: 1 connection/s (https://docs.example.com/)")
		})
		_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport}}).Do(context.Background(), Call{Op: "create order", Method: "GET", URL: target, NoRetry: true})
		assert.EqualError(t, err, "ispay: create order: outcome unknown: query the order, do not create it again (no response: tls/http: a=b: 1 connection/s (https://docs.example.com/))")
	}
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	t.Run("while waiting for the response", func(t *testing.T) {
		t.Parallel()
		for _, once := range []bool{false, true} {
			s := stall(t)
			why := errors.New("shutting down")
			ctx, cancel := context.WithCancelCause(context.Background())
			call := create(s.URL)
			call.NoRetry = once
			began := make(chan time.Time, 1)
			go func() {
				for s.hits.Load() == 0 {
					time.Sleep(time.Millisecond)
				}
				began <- time.Now()
				cancel(why)
			}()
			_, err := client(t, 0).Do(ctx, call)
			assert.Less(t, time.Since(<-began), time.Second)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorContains(t, err, "no response: context canceled: shutting down")
			require.ErrorIs(t, err, why)
			assert.Equal(t, once, errors.Is(err, paygates.ErrOutcomeUnknown))
			assert.EqualValues(t, 1, s.hits.Load())
		}
	})
	t.Run("while reading the body", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		why := errors.New("too slow for us")
		ctx, cancel := context.WithTimeoutCause(context.Background(), 100*time.Millisecond, why)
		defer cancel()
		_, err := client(t, 0).Do(ctx, query(s.URL))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, why)
	})
	t.Run("between two attempts", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			time.AfterFunc(20*time.Millisecond, cancel)
		})
		begin := time.Now()
		response, err := client(t, 0).Do(ctx, query(s.URL))
		require.NoError(t, err, "the last response is returned")
		assert.Equal(t, 503, response.Status)
		assert.EqualValues(t, 1, s.hits.Load())
		assert.Less(t, time.Since(begin), time.Second)
	})
}

func TestTheBodyIsClosed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 307, 404} {
		for _, length := range []int{0, 10, MaxBody + 1} {
			closed := 0
			transport := roundTripper(func(r *http.Request) (*http.Response, error) {
				body := closeCounter{strings.NewReader(strings.Repeat("x", length)), &closed}
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, Request: r}, nil
			})
			_, _ = New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport}}).Do(context.Background(), query("https://pay.example.com/"))
			assert.Equal(t, 1, closed)
		}
	}
}

type closeCounter struct {
	io.Reader
	closed *int
}

func (c closeCounter) Close() error { *c.closed++; return nil }

func TestTheLogHoldsNothingPrivate(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "payer data")
	})
	var log bytes.Buffer
	c := New(Options{Gateway: "ispay", Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	call := query(s.URL + "/order/63a5bf1f3500791f438c2829da45d037")
	call.BasicAuth = sign.NewSecret("sk_test_example")
	call.Header = map[string]string{"X-Token": "login-token"}
	_, err := c.Do(context.Background(), call)
	require.NoError(t, err)
	text := log.String()
	assert.Equal(t, 3, strings.Count(text, `level=DEBUG msg="ispay: response" gateway=ispay op="query order" status=503 bytes=10 took=`))
	assert.Contains(t, text, `level=DEBUG msg="ispay: retrying" gateway=ispay op="query order" attempt=1 status=503`)
	for _, private := range []string{"63a5bf1f", "127.0.0.1", "payer data", "sk_test", "login-token", "http"} {
		assert.NotContains(t, text, private)
	}
	assert.False(t, Silent().Enabled(context.Background(), slog.LevelError))
}
