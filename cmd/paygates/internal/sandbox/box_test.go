package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
)

// box is a running sandbox.
type box struct {
	t       *testing.T
	url     string
	env     map[string]string
	sandbox *Sandbox
	log     *entries
}

// entries are the lines of the live log.
type entries struct {
	mu  sync.Mutex
	all []Entry
}

func (e *entries) add(entry Entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, entry)
}

func (e *entries) of(kind string) []Entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []Entry
	for _, entry := range e.all {
		if entry.Kind == kind {
			found = append(found, entry)
		}
	}
	return found
}

func start(t *testing.T) box {
	t.Helper()
	log := &entries{}
	s, err := Start(Settings{Host: "127.0.0.1", Log: log.add})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	b := box{t: t, url: s.URL, env: map[string]string{}, sandbox: s, log: log}
	for _, g := range s.gateways {
		for _, v := range g.Env {
			b.env[v.Name] = v.Value
		}
	}
	return b
}

// description is openapi.json, against which every request and response of the tests is
// checked.
var description = sync.OnceValues(func() (routers.Router, error) {
	text, err := files.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

func (b box) request(method, path, body string, header http.Header) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	if strings.HasPrefix(path, "/api/") {
		b.checkDescribed(r, body, response, text)
	}
	return response.StatusCode, string(text)
}

// checkDescribed checks a response, and the request if it was accepted.
func (b box) checkDescribed(r *http.Request, body string, response *http.Response, text []byte) {
	b.t.Helper()
	router, err := description()
	require.NoError(b.t, err)
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(strings.NewReader(body))
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		assert.Contains(b.t, []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusForbidden}, response.StatusCode,
			"%s %s is not described: %s", r.Method, r.URL.Path, err)
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route}
	if response.StatusCode < 300 && body != "" {
		assert.NoError(b.t, openapi3filter.ValidateRequest(context.Background(), input), "%s %s", r.Method, r.URL.Path)
	}
	assert.NoError(b.t, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(text)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}), "%s %s: %d %s", r.Method, r.URL.Path, response.StatusCode, text)
}

func (b box) get(path string, into any) {
	b.t.Helper()
	status, text := b.request(http.MethodGet, path, "", nil)
	require.Equal(b.t, http.StatusOK, status, text)
	require.NoError(b.t, json.Unmarshal([]byte(text), into))
}

// post returns the status and the error of the response.
func (b box) post(path, body string, into any) (int, string) {
	b.t.Helper()
	status, text := b.request(http.MethodPost, path, body, nil)
	var failed struct{ Error string }
	require.NoError(b.t, json.Unmarshal([]byte(text), &failed), text)
	if into != nil && failed.Error == "" {
		require.NoError(b.t, json.Unmarshal([]byte(text), into), text)
	}
	return status, failed.Error
}

// shop is a merchant's server. It counts the requests.
type shop struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
}

func startShop(t *testing.T, handler http.HandlerFunc) *shop {
	t.Helper()
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls++
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func succeed(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }

func (b box) ispay() *ispay.Client {
	b.t.Helper()
	client, err := ispay.New(ispay.Config{
		UserID: b.env["ISPAY_USER_ID"], Secret: sign.NewSecret(b.env["ISPAY_SECRET"]), BaseURL: b.env["ISPAY_BASE_URL"],
	})
	require.NoError(b.t, err)
	return client
}

func (b box) createIspay(notifyURL string) *ispay.CreatedOrder {
	b.t.Helper()
	created, err := b.ispay().CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: 300_00, PayerIP: "203.0.113.7", NotifyURL: notifyURL,
	})
	require.NoError(b.t, err)
	return created
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for host, want := range map[string]string{
		"": "http://127.0.0.1:", "0.0.0.0": "http://127.0.0.1:", "::": "http://127.0.0.1:", "::1": "http://[::1]:", "localhost": "http://localhost:",
	} {
		assert.Equal(t, want+port, PublicURL(host, listener))
	}
}

// Programs keep their orders while the sandbox is restarted: a number must not come again.
func TestARestartedSandboxHasOtherNumbers(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 2 {
		for _, g := range start(t).sandbox.gateways {
			for _, o := range g.Orders() {
				ids = append(ids, o.ID)
			}
		}
		time.Sleep(2 * time.Millisecond) // the numbers begin with the time in milliseconds
	}
	require.Len(t, ids, 2)
	assert.NotEqual(t, ids[0], ids[1])
}
