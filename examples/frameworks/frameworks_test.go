package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
)

// program is a framework with a middleware that runs before the handler.
type program struct {
	name  string
	serve func(*shop, net.Listener) (stop func() error)
	// lost lists the gateways whose notifications the mounted handlers cannot read because
	// the middleware consumed the body, lostByHand those that the handlers written by hand
	// cannot read either.
	lost, lostByHand []string
}

var (
	none  []string
	jsons = []string{"kechengcang", "pingpp"}
	posts = []string{"codepay", "gatepay", "kechengcang", "pingpp"}
)

func programs() []program {
	return slices.Concat(ginPrograms(), echoPrograms(), chiPrograms(), fiberPrograms())
}

// The functions below are what a middleware of net/http may do to a request.

func untouched(*http.Request)        {}
func parseForm(r *http.Request)      { _ = r.ParseForm() }
func parseMultipart(r *http.Request) { _ = r.ParseMultipartForm(1 << 20) }
func consume(r *http.Request)        { _, _ = io.Copy(io.Discard, r.Body) }
func consumeAndClose(r *http.Request) {
	consume(r)
	_ = r.Body.Close()
}

func putBack(r *http.Request) {
	body := readBody(r)
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// consumeThenParse loses the body, but leaves a PostForm that is parsed and empty.
func consumeThenParse(r *http.Request) {
	consume(r)
	_ = r.ParseForm()
}

func ginPrograms() []program {
	with := func(before gin.HandlerFunc) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error { return serve(l, newGin(s, ginLog(s), before)) }
	}
	of := func(before func(*http.Request)) func(*shop, net.Listener) func() error {
		return with(func(c *gin.Context) { before(c.Request) })
	}
	return []program{
		{"gin", func(s *shop, l net.Listener) func() error { return serve(l, newGin(s)) }, none, none},
		{"gin, logged", of(untouched), none, none},
		{"gin, logged twice", of(putBack), none, none},
		{"gin, ParseForm", of(parseForm), none, none},
		{"gin, ParseMultipartForm", of(parseMultipart), none, none},
		{"gin, c.PostForm", with(func(c *gin.Context) { c.PostForm("a") }), none, none},
		{"gin, ShouldBind", with(func(c *gin.Context) {
			var form struct {
				A string `form:"a" json:"a"`
			}
			_ = c.ShouldBind(&form)
		}), jsons, jsons},
		{"gin, ShouldBindJSON", with(func(c *gin.Context) {
			var body any
			_ = c.ShouldBindJSON(&body)
		}), posts, posts},
		{"gin, ShouldBindBodyWith", with(func(c *gin.Context) {
			var body any
			_ = c.ShouldBindBodyWith(&body, binding.JSON)
		}), posts, none},
		{"gin, ShouldBindBodyWith, put back", with(func(c *gin.Context) {
			var body any
			_ = c.ShouldBindBodyWith(&body, binding.JSON)
			c.Request.Body = io.NopCloser(bytes.NewReader(ginBody(c)))
		}), none, none},
		{"gin, consumed", of(consume), posts, posts},
		{"gin, consumed and closed", of(consumeAndClose), posts, posts},
		{"gin, consumed, ParseForm", of(consumeThenParse), posts, posts},
	}
}

func echoPrograms() []program {
	with := func(before func(*echo.Context)) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error {
			return serve(l, newEcho(s, echoLog(s), func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c *echo.Context) error {
					before(c)
					return next(c)
				}
			}))
		}
	}
	of := func(before func(*http.Request)) func(*shop, net.Listener) func() error {
		return with(func(c *echo.Context) { before(c.Request()) })
	}
	return []program{
		{"echo", func(s *shop, l net.Listener) func() error { return serve(l, newEcho(s)) }, none, none},
		{"echo, BodyDump", of(untouched), none, none},
		{"echo, BodyLimit", func(s *shop, l net.Listener) func() error {
			return serve(l, newEcho(s, echomiddleware.BodyLimit(1<<20), echomiddleware.Gzip(), echomiddleware.Recover()))
		}, none, none},
		{"echo, ParseForm", of(parseForm), none, none},
		{"echo, c.FormValue", with(func(c *echo.Context) { c.FormValue("a") }), none, none},
		{"echo, c.FormValues", with(func(c *echo.Context) { _, _ = c.FormValues() }), none, none},
		{"echo, c.Bind", with(func(c *echo.Context) {
			var body map[string]any
			_ = c.Bind(&body)
		}), jsons, jsons},
		{"echo, kept", with(func(c *echo.Context) { c.Set(echoKept, readBody(c.Request())) }), posts, none},
		{"echo, consumed", of(consume), posts, posts},
		{"echo, consumed and closed", of(consumeAndClose), posts, posts},
		{"echo, consumed, ParseForm", of(consumeThenParse), posts, posts},
	}
}

func chiPrograms() []program {
	with := func(before func(*http.Request) *http.Request) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error {
			return serve(l, newChi(s, chiLog(s), func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, before(r)) })
			}))
		}
	}
	of := func(before func(*http.Request)) func(*shop, net.Listener) func() error {
		return with(func(r *http.Request) *http.Request {
			before(r)
			return r
		})
	}
	return []program{
		{"chi", func(s *shop, l net.Listener) func() error { return serve(l, newChi(s)) }, none, none},
		{"chi, logged", of(untouched), none, none},
		{"chi, built-in middleware", func(s *shop, l net.Listener) func() error {
			return serve(l, newChi(s, middleware.RequestSize(1<<20), middleware.Compress(5), middleware.Recoverer, middleware.CleanPath))
		}, none, none},
		{"chi, ParseForm", of(parseForm), none, none},
		{"chi, ParseMultipartForm", of(parseMultipart), none, none},
		{"chi, kept", with(func(r *http.Request) *http.Request {
			return r.WithContext(context.WithValue(r.Context(), chiKept{}, readBody(r)))
		}), posts, none},
		{"chi, consumed", of(consume), posts, posts},
		{"chi, consumed and closed", of(consumeAndClose), posts, posts},
		{"chi, consumed, ParseForm", of(consumeThenParse), posts, posts},
	}
}

// A middleware of fiber cannot consume the body.
func fiberPrograms() []program {
	with := func(before func(fiber.Ctx)) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error {
			return serveFiber(l, newFiber(s, fiberLog(s), func(c fiber.Ctx) error {
				before(c)
				return c.Next()
			}))
		}
	}
	consuming := adaptor.HTTPMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			consumeAndClose(r)
			next.ServeHTTP(w, r)
		})
	})
	return []program{
		{"fiber", func(s *shop, l net.Listener) func() error { return serveFiber(l, newFiber(s)) }, none, none},
		{"fiber, c.Body", with(func(c fiber.Ctx) { _ = c.Body() }), none, none},
		{"fiber, c.Bind", with(func(c fiber.Ctx) {
			var body map[string]any
			_ = c.Bind().Body(&body)
		}), none, none},
		{"fiber, c.FormValue", with(func(c fiber.Ctx) { c.FormValue("a") }), none, none},
		{"fiber, c.MultipartForm", with(func(c fiber.Ctx) { _, _ = c.MultipartForm() }), none, none},
		{"fiber, consumed by a middleware of net/http", func(s *shop, l net.Listener) func() error {
			return serveFiber(l, newFiber(s, consuming))
		}, none, none},
	}
}

// playground is a running program with its fake gateways.
type playground struct {
	*fakes
	shop *shop
	base string
	logs *buffer
}

func start(t *testing.T, p program) *playground {
	t.Helper()
	logs := &buffer{}
	fakes := startFakes()
	t.Cleanup(fakes.close)
	s, err := fakes.newShop(slog.New(slog.NewTextHandler(logs, nil)))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	stop := p.serve(s, listener)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	return &playground{fakes, s, "http://" + listener.Addr().String(), logs}
}

// credited returns the payments that the shop credited for a gateway.
func (p *playground) credited(gateway string) (all []price) {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	for k, paid := range p.shop.credited {
		if k.gateway == gateway {
			all = append(all, paid)
		}
	}
	return all
}

// buffer is a log that is safe for concurrent use.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestGenuineNotificationsAreCreditedOnce(t *testing.T) {
	t.Parallel()
	for _, p := range programs() {
		for path, lost := range map[string][]string{"/notify/": p.lost, "/by-hand/": p.lostByHand} {
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop) {
					number, err := c.create(context.Background(), running.base+path+c.gateway)
					require.NoError(t, err)
					if !slices.Contains(lost, c.gateway) {
						running.requireCreditedOnce(t, c, number)
						continue
					}
					genuine, err := c.fake.Pay(number)
					require.NoError(t, err)
					assert.Equal(t, "fail", genuine.Response, c.gateway)
					assert.Empty(t, running.credited(c.gateway), c.gateway)
					if path == "/by-hand/" {
						continue // the status depends on the gateway
					}
					assert.Equal(t, http.StatusBadRequest, genuine.Status, c.gateway)
					assert.Contains(t, running.logs.String(), c.gateway+": invalid notification: body was already read")
				}
				assert.NotContains(t, running.logs.String(), "sign=")
			})
		}
	}
}

func (p *playground) requireCreditedOnce(t *testing.T, c checkout, number string) {
	t.Helper()
	requireResponse := func(delivery gatewaytest.Delivery, err error, status int, response string) {
		t.Helper()
		require.NoError(t, err)
		require.Empty(t, delivery.Err, c.gateway)
		require.Equal(t, status, delivery.Status, "%s\n%s", c.gateway, p.logs)
		require.Equal(t, response, delivery.Response, c.gateway)
		require.Equal(t, response != "fail", delivery.Accepted, c.gateway)
	}
	forged, err := c.fake.SendTampered(number)
	requireResponse(forged, err, c.forgedStatus, "fail")
	require.Empty(t, p.credited(c.gateway), c.gateway)

	genuine, err := c.fake.Pay(number)
	requireResponse(genuine, err, http.StatusOK, c.accepted)
	again, err := c.fake.Redeliver(number)
	requireResponse(again, err, http.StatusOK, c.accepted)

	forged, err = c.fake.SendTampered(number)
	if c.gateway == "kechengcang" {
		// The order is paid by now, and the handler takes the fee from the query alone.
		requireResponse(forged, err, http.StatusOK, c.accepted)
	} else {
		requireResponse(forged, err, c.forgedStatus, "fail")
	}
	currency := "CNY"
	if c.gateway == "kechengcang" {
		currency = "USD"
	}
	assert.Equal(t, []price{{300, currency}}, p.credited(c.gateway), c.gateway)
}

// plain returns the four frameworks without a middleware.
func plain() []program {
	return []program{ginPrograms()[0], echoPrograms()[0], chiPrograms()[0], fiberPrograms()[0]}
}

// A framework must not choose one of two values.
func TestRepeatedParametersAreRejected(t *testing.T) {
	t.Parallel()
	for _, p := range plain() {
		for _, path := range []string{"/notify/", "/by-hand/"} {
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop)[:3] { // the gateways that send fields
					genuine := c.notification(t) // an attacker sends it with another field
					fields := genuine.Body
					if genuine.Method == http.MethodGet {
						_, fields, _ = strings.Cut(genuine.URL, "?")
					}
					name, value, _ := strings.Cut(strings.Split(fields, "&")[0], "=")
					for more, want := range map[string]int{"": 200, "&" + name + "=" + value: 400, "&" + name + "=1": 400} {
						status, response := send(t, genuine.Method, running.base+path+c.gateway, fields+more)
						assert.Equal(t, want, status, "%s %q", c.gateway, more)
						assert.Equal(t, want == 200, response == "success", "%s %q", c.gateway, more)
					}
				}
			})
		}
	}
}

// notification returns a genuine notification that did not arrive.
func (c checkout) notification(t *testing.T) gatewaytest.Delivery {
	t.Helper()
	number, err := c.create(context.Background(), "http://127.0.0.1:1/"+c.gateway)
	require.NoError(t, err)
	genuine, err := c.fake.Pay(number)
	require.NoError(t, err)
	require.NotEmpty(t, genuine.Err)
	return genuine
}

// send sends the fields of a notification, in the query of a GET or the body of a POST.
func send(t *testing.T, method, target, fields string) (status int, text string) {
	t.Helper()
	if method == http.MethodGet {
		target, fields = target+"?"+fields, ""
	}
	request, err := http.NewRequest(method, target, strings.NewReader(fields))
	require.NoError(t, err)
	if method != http.MethodGet {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

// The notify URL may have a query, which is not part of the form.
func TestNotifyURLWithAQuery(t *testing.T) {
	t.Parallel()
	for _, p := range programs() {
		for path, lost := range map[string][]string{"/notify/": p.lost, "/by-hand/": p.lostByHand} {
			if slices.Contains(lost, "codepay") {
				continue
			}
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop)[1:3] { // the gateways that send forms
					// The test sends what the gateway would, because codepay allows no query.
					status, response := send(t, http.MethodPost, running.base+path+c.gateway+"?money=1.00", c.notification(t).Body)
					assert.Equal(t, http.StatusOK, status, "%s\n%s", c.gateway, running.logs)
					assert.Equal(t, c.accepted, response, c.gateway)
					assert.Equal(t, []price{{300, "CNY"}}, running.credited(c.gateway), c.gateway)
				}
			})
		}
	}
}

// Some codepay deployments send a GET, and PHP's curl sends an array as multipart. The
// mounted handlers accept both.
func TestOtherFormsOfCodepay(t *testing.T) {
	t.Parallel()
	for _, p := range slices.DeleteFunc(programs(), func(p program) bool { return len(p.lost) > 0 }) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			running := start(t, p)
			c := running.checkouts(running.shop)[1]
			running.codepay.NotifyByGET()
			number, err := c.create(context.Background(), running.base+"/notify/codepay")
			require.NoError(t, err)
			running.requireCreditedOnce(t, c, number)

			deliveries := running.codepay.Deliveries()
			genuine, err := url.Parse(deliveries[1].URL)
			require.NoError(t, err)
			status, response := sendMultipart(t, running.base+"/notify/codepay", genuine.Query())
			assert.Equal(t, 200, status, running.logs)
			assert.Equal(t, "success", response)
			changed := genuine.Query()
			changed.Set("money", "903.00")
			status, response = sendMultipart(t, running.base+"/notify/codepay", changed)
			assert.Equal(t, 403, status)
			assert.Equal(t, "fail", response)
		})
	}
}

func sendMultipart(t *testing.T, target string, values url.Values) (status int, text string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name := range values {
		require.NoError(t, w.WriteField(name, values.Get(name)))
	}
	require.NoError(t, w.Close())
	response, err := http.Post(target, w.FormDataContentType(), &body)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}

// A payment that cannot be credited gets a 500, so that the gateway sends it again.
func TestAnotherPriceIsNotCredited(t *testing.T) {
	t.Parallel()
	for _, p := range plain() {
		for _, path := range []string{"/notify/", "/by-hand/"} {
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop) {
					number, err := c.create(context.Background(), running.base+path+c.gateway)
					require.NoError(t, err)
					running.shop.mu.Lock()
					clear(running.shop.orders)
					running.shop.mu.Unlock()
					genuine, err := c.fake.Pay(number)
					require.NoError(t, err)
					assert.Equal(t, http.StatusInternalServerError, genuine.Status, c.gateway)
					assert.Equal(t, "fail", genuine.Response, c.gateway)
					assert.Empty(t, running.credited(c.gateway), c.gateway)
				}
			})
		}
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	s := &shop{log: slog.New(slog.DiscardHandler)}
	tests := map[int]error{
		http.StatusBadRequest:         paygates.ErrInvalidNotification,
		http.StatusForbidden:          paygates.ErrInvalidSignature,
		http.StatusConflict:           paygates.ErrNotConfirmed,
		http.StatusServiceUnavailable: paygates.ErrBusy,
		http.StatusBadGateway:         paygates.ErrNoResponse,
	}
	for status, err := range tests {
		assert.Equal(t, response{status, "fail"}, s.reject(fmt.Errorf("wrapped: %w", err)), err)
	}
	err := s.credit("ispay", "20191118123424", "20191118123424", price{300, "CNY"})
	require.EqualError(t, err, "ispay: no stored order has the paid amount 3.00 CNY")
	assert.Equal(t, response{http.StatusInternalServerError, "fail"}, s.notCredited(err))
}

// A sender that closes the connection must not end what a handler written by hand began.
func TestDetach(t *testing.T) {
	t.Parallel()
	type key struct{}
	ended, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	cancel()
	ctx, cancel := detach(ended)
	require.NoError(t, ctx.Err())
	assert.Equal(t, "value", ctx.Value(key{}))
	deadline, ok := ctx.Deadline()
	assert.True(t, ok)
	assert.InDelta(t, time.Minute, time.Until(deadline), float64(10*time.Second))
	cancel()
	assert.Error(t, ctx.Err())
}

func TestFiberBodyIsACopy(t *testing.T) {
	t.Parallel()
	var kept []byte
	app := fiber.New()
	app.Post("/", func(c fiber.Ctx) error {
		kept = fiberBody(c)
		return nil
	})
	ctx := newRequestCtx()
	ctx.Request.Header.SetMethod(fiber.MethodPost)
	ctx.Request.SetBodyString(`{"id":1}`)
	app.Handler()(ctx)
	ctx.Request.SetBodyString(`{"id":2}`) // the next request
	assert.Equal(t, `{"id":1}`, string(kept))
}

func newRequestCtx() *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&fasthttp.Request{}, nil, nil)
	return ctx
}

// contextKey is the key of the value that a middleware adds to the context of a request.
type contextKey struct{}

// A notification and its context may be kept: fiber reuses the memory of a request for the
// next one, and adaptor.HTTPHandler passes it on in r.URL and r.Context(). The SDK copies
// the fields, and toFiber replaces the context.
func TestFiberReusesTheRequest(t *testing.T) {
	t.Parallel()
	for name, mount := range map[string]func(http.Handler) fiber.Handler{"toFiber": toFiber, "adaptor": adaptor.HTTPHandler} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fakes := startFakes()
			t.Cleanup(fakes.close)
			s, err := fakes.newShop(slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			const no = "20191118123424"
			_, query, _ := strings.Cut(fakes.checkouts(s)[0].notification(t).URL, "?")

			var kept *ispay.Notification
			var keptContext context.Context
			app := fiber.New()
			app.Use(func(c fiber.Ctx) error {
				trace := strings.Clone(c.Get("X-Trace"))
				c.SetContext(context.WithValue(c.Context(), contextKey{}, trace)) // toFiber
				c.RequestCtx().SetUserValue(contextKey{}, trace)                  // adaptor
				return c.Next()
			})
			app.Get("/notify", mount(s.ispay.NotificationHandler(func(ctx context.Context, n *ispay.Notification) error {
				kept, keptContext = n, context.WithoutCancel(ctx)
				assert.Equal(t, "first", ctx.Value(contextKey{}))
				return nil
			})))
			ctx := newRequestCtx()
			ctx.Request.SetRequestURI("/notify?" + query)
			ctx.Request.Header.Set("X-Trace", "first")
			app.Handler()(ctx)
			require.Equal(t, 200, ctx.Response.StatusCode())
			require.Equal(t, no, kept.OrderNo)

			ctx.Request.SetRequestURI("/" + strings.Repeat("x", len(query)))
			ctx.Request.Header.Set("X-Trace", "other")
			app.Handler()(ctx)
			assert.Equal(t, no, kept.OrderNo)
			if name == "toFiber" {
				assert.Equal(t, "first", keptContext.Value(contextKey{}))
			} else {
				assert.Equal(t, "other", keptContext.Value(contextKey{}), "toFiber is not needed any more")
			}
		})
	}
}
