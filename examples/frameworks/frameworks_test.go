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

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
)

// program is a framework with a middleware that comes to the body first.
type program struct {
	name  string
	serve func(*shop, net.Listener) (stop func() error)
	// lost are the gateways whose callbacks the mounted handlers cannot read any
	// more, lostByHand those that nobody can.
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

// What any middleware of net/http may do to a request.

func untouched(*http.Request)        {}
func parseForm(r *http.Request)      { _ = r.ParseForm() }
func parseMultipart(r *http.Request) { _ = r.ParseMultipartForm(1 << 20) }
func readAway(r *http.Request)       { _, _ = io.Copy(io.Discard, r.Body) }
func readAndCloseAway(r *http.Request) {
	readAway(r)
	_ = r.Body.Close()
}

func putBack(r *http.Request) {
	body := readBody(r)
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// readThenParse loses the body in a way that looks like a parsed form.
func readThenParse(r *http.Request) {
	readAway(r)
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
		{"gin, read", of(readAway), posts, posts},
		{"gin, read and closed", of(readAndCloseAway), posts, posts},
		{"gin, read, ParseForm", of(readThenParse), posts, posts},
	}
}

func echoPrograms() []program {
	with := func(before func(echo.Context)) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error {
			return serve(l, newEcho(s, echoLog(s), func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c echo.Context) error {
					before(c)
					return next(c)
				}
			}))
		}
	}
	of := func(before func(*http.Request)) func(*shop, net.Listener) func() error {
		return with(func(c echo.Context) { before(c.Request()) })
	}
	return []program{
		{"echo", func(s *shop, l net.Listener) func() error { return serve(l, newEcho(s)) }, none, none},
		{"echo, BodyDump", of(untouched), none, none},
		{"echo, BodyLimit", func(s *shop, l net.Listener) func() error {
			return serve(l, newEcho(s, echomiddleware.BodyLimit("1M"), echomiddleware.Gzip(), echomiddleware.Recover()))
		}, none, none},
		{"echo, ParseForm", of(parseForm), none, none},
		{"echo, c.FormValue", with(func(c echo.Context) { c.FormValue("a") }), none, none},
		{"echo, c.FormParams", with(func(c echo.Context) { _, _ = c.FormParams() }), none, none},
		{"echo, c.Bind", with(func(c echo.Context) {
			var body map[string]any
			_ = c.Bind(&body)
		}), jsons, jsons},
		{"echo, kept", with(func(c echo.Context) { c.Set(echoKept, readBody(c.Request())) }), posts, none},
		{"echo, read", of(readAway), posts, posts},
		{"echo, read and closed", of(readAndCloseAway), posts, posts},
		{"echo, read, ParseForm", of(readThenParse), posts, posts},
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
		{"chi, its own middleware", func(s *shop, l net.Listener) func() error {
			return serve(l, newChi(s, middleware.RequestSize(1<<20), middleware.Compress(5), middleware.Recoverer, middleware.CleanPath))
		}, none, none},
		{"chi, ParseForm", of(parseForm), none, none},
		{"chi, ParseMultipartForm", of(parseMultipart), none, none},
		{"chi, kept", with(func(r *http.Request) *http.Request {
			return r.WithContext(context.WithValue(r.Context(), chiKept{}, readBody(r)))
		}), posts, none},
		{"chi, read", of(readAway), posts, posts},
		{"chi, read and closed", of(readAndCloseAway), posts, posts},
		{"chi, read, ParseForm", of(readThenParse), posts, posts},
	}
}

// Nothing is ever lost with fiber.
func fiberPrograms() []program {
	with := func(before func(*fiber.Ctx)) func(*shop, net.Listener) func() error {
		return func(s *shop, l net.Listener) func() error {
			return serveFiber(l, newFiber(s, fiberLog(s), func(c *fiber.Ctx) error {
				before(c)
				return c.Next()
			}))
		}
	}
	reading := adaptor.HTTPMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			readAndCloseAway(r)
			next.ServeHTTP(w, r)
		})
	})
	return []program{
		{"fiber", func(s *shop, l net.Listener) func() error { return serveFiber(l, newFiber(s)) }, none, none},
		{"fiber, c.Body", with(func(c *fiber.Ctx) { _ = c.Body() }), none, none},
		{"fiber, c.BodyParser", with(func(c *fiber.Ctx) {
			var body map[string]any
			_ = c.BodyParser(&body)
		}), none, none},
		{"fiber, c.FormValue", with(func(c *fiber.Ctx) { c.FormValue("a") }), none, none},
		{"fiber, c.MultipartForm", with(func(c *fiber.Ctx) { _, _ = c.MultipartForm() }), none, none},
		{"fiber, a reading middleware of net/http", func(s *shop, l net.Listener) func() error {
			return serveFiber(l, newFiber(s, reading))
		}, none, none},
	}
}

// playground is a program that runs, and its fake gateways.
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

// credited returns what has been credited for a gateway.
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

// buffer is a log that several goroutines write.
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

func TestEveryProgramTakesWhatIsGenuineOnce(t *testing.T) {
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
						running.takeOnce(t, c, number)
						continue
					}
					genuine, err := c.fake.Pay(number)
					require.NoError(t, err)
					assert.Equal(t, "fail", genuine.Response, c.gateway)
					assert.Empty(t, running.credited(c.gateway), c.gateway)
					if path == "/by-hand/" {
						continue // what it takes for wrong depends on the gateway
					}
					assert.Equal(t, http.StatusBadRequest, genuine.Status, c.gateway)
					assert.Contains(t, running.logs.String(), c.gateway+": invalid notification: its body was already read")
				}
				assert.NotContains(t, running.logs.String(), "sign=")
			})
		}
	}
}

func (p *playground) takeOnce(t *testing.T, c checkout, number string) {
	t.Helper()
	answered := func(delivery gatewaytest.Delivery, err error, status int, reply string) {
		t.Helper()
		require.NoError(t, err)
		require.Empty(t, delivery.Err, c.gateway)
		require.Equal(t, status, delivery.Status, "%s\n%s", c.gateway, p.logs)
		require.Equal(t, reply, delivery.Response, c.gateway)
		require.Equal(t, reply != "fail", delivery.Accepted, c.gateway)
	}
	forged, err := c.fake.SendTampered(number)
	answered(forged, err, c.refusal, "fail")
	require.Empty(t, p.credited(c.gateway), c.gateway)

	genuine, err := c.fake.Pay(number)
	answered(genuine, err, http.StatusOK, c.reply)
	again, err := c.fake.Redeliver(number)
	answered(again, err, http.StatusOK, c.reply)

	forged, err = c.fake.SendTampered(number)
	if c.gateway == "kechengcang" {
		// By now the order is paid, and the gateway says so itself, with the true fee.
		answered(forged, err, http.StatusOK, c.reply)
	} else {
		answered(forged, err, c.refusal, "fail")
	}
	currency := "CNY"
	if c.gateway == "kechengcang" {
		currency = "USD"
	}
	assert.Equal(t, []price{{300, currency}}, p.credited(c.gateway), c.gateway)
}

// plain are the four frameworks without anything before the handlers.
func plain() []program {
	return []program{ginPrograms()[0], echoPrograms()[0], chiPrograms()[0], fiberPrograms()[0]}
}

// No framework may choose one of two values.
func TestRepeatedParametersAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range plain() {
		for _, path := range []string{"/notify/", "/by-hand/"} {
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop)[:3] { // those of fields
					// The genuine callback goes nowhere, the attacker sends it with more.
					number, err := c.create(context.Background(), "http://127.0.0.1:1/"+c.gateway)
					require.NoError(t, err)
					genuine, err := c.fake.Pay(number)
					require.NoError(t, err)
					require.NotEmpty(t, genuine.Err)
					fields := genuine.Body
					if genuine.Method == http.MethodGet {
						_, fields, _ = strings.Cut(genuine.URL, "?")
					}
					name, value, _ := strings.Cut(strings.Split(fields, "&")[0], "=")
					for more, want := range map[string]int{"": 200, "&" + name + "=" + value: 400, "&" + name + "=1": 400} {
						status, reply := send(t, genuine.Method, running.base+path+c.gateway, fields+more)
						assert.Equal(t, want, status, "%s %q", c.gateway, more)
						assert.Equal(t, want == 200, reply == "success", "%s %q", c.gateway, more)
					}
				}
			})
		}
	}
}

// send sends the fields of a callback in the way of its method.
func send(t *testing.T, method, target, fields string) (status int, reply string) {
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

// The notify URL may carry a query of its own, which is not part of the form.
func TestQueryOfTheNotifyURL(t *testing.T) {
	t.Parallel()
	for _, p := range programs() {
		for path, lost := range map[string][]string{"/notify/": p.lost, "/by-hand/": p.lostByHand} {
			if slices.Contains(lost, "codepay") {
				continue
			}
			t.Run(p.name+path, func(t *testing.T) {
				t.Parallel()
				running := start(t, p)
				for _, c := range running.checkouts(running.shop)[1:3] { // the forms
					number, err := c.create(context.Background(), running.base+path+c.gateway+"?money=1.00")
					require.NoError(t, err)
					running.takeOnce(t, c, number)
				}
			})
		}
	}
}

// A codepay deployment may call back by GET, and PHP's curl sends an array as
// multipart: the mounted handlers take both.
func TestOtherFormsOfCodepay(t *testing.T) {
	t.Parallel()
	for _, p := range slices.DeleteFunc(programs(), func(p program) bool { return len(p.lost) > 0 }) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			running := start(t, p)
			c := running.checkouts(running.shop)[1]
			running.codepay.CallBackByGET()
			number, err := c.create(context.Background(), running.base+"/notify/codepay")
			require.NoError(t, err)
			running.takeOnce(t, c, number)

			deliveries := running.codepay.Deliveries()
			genuine, err := url.Parse(deliveries[1].URL)
			require.NoError(t, err)
			status, reply := sendMultipart(t, running.base+"/notify/codepay", genuine.Query())
			assert.Equal(t, 200, status, running.logs)
			assert.Equal(t, "success", reply)
			changed := genuine.Query()
			changed.Set("money", "903.00")
			status, reply = sendMultipart(t, running.base+"/notify/codepay", changed)
			assert.Equal(t, 403, status)
			assert.Equal(t, "fail", reply)
		})
	}
}

func sendMultipart(t *testing.T, target string, values url.Values) (status int, reply string) {
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
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// What the program cannot take in comes again, and its monitoring sees why.
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

func TestRefuse(t *testing.T) {
	t.Parallel()
	s := &shop{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	tests := map[int]error{
		http.StatusBadRequest: paygates.ErrInvalidNotification,
		http.StatusForbidden:  paygates.ErrInvalidSignature,
		http.StatusConflict:   paygates.ErrNotConfirmed,
		http.StatusBadGateway: paygates.ErrNoResponse,
	}
	for status, err := range tests {
		assert.Equal(t, answer{status, "fail"}, s.refuse(fmt.Errorf("wrapped: %w", err)), err)
	}
	credit := s.credit("ispay", "20191118123424", "20191118123424", price{300, "CNY"})
	require.Error(t, credit)
	assert.Equal(t, answer{http.StatusInternalServerError, "fail"}, s.fail(credit))
}

func TestFiberBodyIsACopy(t *testing.T) {
	t.Parallel()
	var kept []byte
	app := fiber.New()
	app.Post("/", func(c *fiber.Ctx) error {
		kept = fiberBody(c)
		return nil
	})
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&fasthttp.Request{}, nil, nil)
	ctx.Request.Header.SetMethod(fiber.MethodPost)
	ctx.Request.SetBodyString(`{"id":1}`)
	app.Handler()(ctx)
	ctx.Request.SetBodyString(`{"id":2}`) // the next request
	assert.Equal(t, `{"id":1}`, string(kept))
}

// received is a callback that an app has handled.
func received(app *fiber.App, query string) *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&fasthttp.Request{}, nil, nil)
	ctx.Request.SetRequestURI("/notify?" + query)
	app.Handler()(ctx)
	return ctx
}

// A notification that the program keeps must not change when fiber uses the
// memory of its request for the next one.
func TestFiberNotificationsCanBeKept(t *testing.T) {
	t.Parallel()
	handlers := map[string]func(http.Handler) fiber.Handler{
		"toFiber": toFiber, "adaptor.HTTPHandler": adaptor.HTTPHandler,
	}
	for name, mount := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fakes := startFakes()
			t.Cleanup(fakes.close)
			s, err := fakes.newShop(slog.New(slog.NewTextHandler(io.Discard, nil)))
			require.NoError(t, err)
			const no = "20191118123424"
			c := fakes.checkouts(s)[0]
			_, err = c.create(context.Background(), "http://127.0.0.1:1/notify")
			require.NoError(t, err)
			delivery, err := c.fake.Pay(no)
			require.NoError(t, err)
			_, query, _ := strings.Cut(delivery.URL, "?")

			var kept *ispay.Notification
			app := fiber.New()
			app.Get("/notify", mount(s.ispay.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
				kept = n
				return nil
			})))
			ctx := received(app, query)
			require.Equal(t, 200, ctx.Response.StatusCode())
			require.Equal(t, no, kept.OrderNo)
			ctx.Request.SetRequestURI("/" + strings.Repeat("x", len(query))) // the next request
			assert.Equal(t, no, kept.OrderNo)
		})
	}
}
