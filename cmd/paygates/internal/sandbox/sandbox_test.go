package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// box is a running sandbox.
type box struct {
	t       *testing.T
	url     string
	env     map[string]string
	sandbox *sandbox
}

func start(t *testing.T) box {
	t.Helper()
	listeners, err := listenAll(make([]int, 1+len(starters)))
	require.NoError(t, err)
	s := newSandbox(listeners[0].Addr().String(), listeners[1:])
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listeners[0], s.handler()) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
		s.close()
	})
	b := box{t: t, url: "http://" + s.address, env: map[string]string{}, sandbox: s}
	for _, g := range s.gateways {
		for _, v := range g.variables {
			b.env[v.Name] = v.Value
		}
	}
	return b
}

func (b box) request(method, path, body string, header http.Header) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
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
	return response.StatusCode, string(text)
}

func (b box) get(path string, into any) {
	b.t.Helper()
	status, text := b.request(http.MethodGet, path, "", nil)
	require.Equal(b.t, http.StatusOK, status, text)
	require.NoError(b.t, json.Unmarshal([]byte(text), into))
}

// post returns the status, and what stands in error.
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

// shop answers callbacks and remembers them.
type shop struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
}

func startShop(t *testing.T, handler http.Handler) *shop {
	t.Helper()
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls++
		s.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (b box) ispay() *ispay.Client {
	b.t.Helper()
	client, err := ispay.New(ispay.Config{
		UserID: b.env["ISPAY_USER_ID"], Secret: sign.NewSecret(b.env["ISPAY_SECRET"]), BaseURL: b.env["ISPAY_BASE_URL"],
	})
	require.NoError(b.t, err)
	return client
}

func TestAnOrderOfTheSDK(t *testing.T) {
	t.Parallel()
	b := start(t)
	client := b.ispay()
	merchant := startShop(t, client.NotificationHandler(func(context.Context, *ispay.Notification) error { return nil }))
	created, err := client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7", NotifyURL: merchant.URL,
	})
	require.NoError(t, err)

	var orders []order
	b.get("/api/orders?gateway=ispay", &orders)
	require.Len(t, orders, 1)
	assert.Equal(t, created.OrderID, orders[0].ID)
	assert.Equal(t, "A1", orders[0].OrderNo)
	assert.Equal(t, "300.00", orders[0].Amount.String())
	assert.Equal(t, "1 (accepted)", orders[0].StateText)
	assert.Equal(t, created.PayPageURL, orders[0].PayPage)
	assert.Nil(t, orders[0].PaidAt)
	b.get("/api/orders?gateway=codepay", &orders)
	assert.Empty(t, orders)
	var deliveries []delivery
	b.get("/api/deliveries", &deliveries)
	assert.Empty(t, deliveries)

	_, why := b.post("/api/orders/ispay/A1/redeliver", "", nil)
	assert.Contains(t, why, "not paid")
	var paid done
	status, why := b.post("/api/orders/ispay/A1/pay", "", &paid)
	require.Equal(t, http.StatusOK, status, why)
	assert.True(t, paid.Order.Paid)
	assert.NotNil(t, paid.Order.PaidAt)
	assert.Equal(t, "9 (confirmed)", paid.Order.StateText)
	require.NotNil(t, paid.Delivery)
	assert.True(t, paid.Delivery.Accepted)
	assert.Equal(t, "success", paid.Delivery.Reply)

	for _, action := range []string{"pay", "pay-silently", "expire"} {
		status, why = b.post("/api/orders/ispay/"+created.OrderID+"/"+action, "", nil)
		assert.Equal(t, http.StatusConflict, status, action)
		assert.Equal(t, "the order is paid already", why)
	}
	status, _ = b.post("/api/orders/ispay/A1/redeliver", "", &paid)
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, paid.Delivery.Accepted)
	status, _ = b.post("/api/orders/ispay/A1/tamper", "", &paid)
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, paid.Delivery.Tampered)
	assert.False(t, paid.Delivery.Accepted)
	assert.Equal(t, http.StatusConflict, paid.Delivery.Status)

	b.get("/api/deliveries?gateway=ispay", &deliveries)
	require.Len(t, deliveries, 3)
	assert.Equal(t, []bool{true, true, false}, []bool{deliveries[0].Accepted, deliveries[1].Accepted, deliveries[2].Accepted})
	assert.Equal(t, 3, merchant.count())
	var single order
	b.get("/api/orders/ispay/"+created.OrderID, &single)
	assert.Equal(t, "A1", single.OrderNo)
}

// As a program in another language does it.
func TestAnOrderByARawForm(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }))
	sum := md5.Sum([]byte(b.env["ISPAY_USER_ID"] + "A1" + "P901" + "300.00" + b.env["ISPAY_SECRET"]))
	response, err := http.PostForm(b.env["ISPAY_BASE_URL"]+"/gateway", url.Values{
		"userid": {b.env["ISPAY_USER_ID"]}, "order_no": {"A1"}, "order_type": {"P901"}, "amount": {"300.00"},
		"ip": {"203.0.113.7"}, "notify_url": {merchant.URL}, "sign": {hex.EncodeToString(sum[:])},
	})
	require.NoError(t, err)
	var created struct {
		Success bool
		OrderID string `json:"order_id"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&created))
	require.NoError(t, response.Body.Close())
	require.True(t, created.Success)

	require.NoError(t, b.sandbox.gateways[0].Expire("A1"))
	var result done
	status, _ := b.post("/api/orders/ispay/"+created.OrderID+"/pay-silently", "", &result)
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, result.Order.Paid)
	assert.Nil(t, result.Delivery)
	assert.Zero(t, merchant.count())
	status, _ = b.post("/api/orders/ispay/A1/redeliver", "", &result)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, 1, merchant.count())
}

// Every gateway takes an order and calls back to its SDK.
func TestEveryGateway(t *testing.T) {
	t.Parallel()
	b := start(t)
	ctx := context.Background()
	accepted := startShop(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, map[string]string{"/kechengcang": "ok"}[r.URL.Path]+map[bool]string{true: "success"}[r.URL.Path != "/kechengcang"])
	}))

	_, err := b.ispay().CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: 100, PayerIP: "203.0.113.7", NotifyURL: accepted.URL + "/ispay",
	})
	require.NoError(t, err)
	cp, err := codepay.New(codepay.Config{UserID: b.env["CODEPAY_USER_ID"], Secret: sign.NewSecret(b.env["CODEPAY_SECRET"]), BaseURL: b.env["CODEPAY_BASE_URL"]})
	require.NoError(t, err)
	_, err = cp.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "A1", Amount: 100, NotifyURL: accepted.URL + "/codepay"})
	require.NoError(t, err)
	gp, err := gatepay.New(gatepay.Config{
		AppKey: b.env["GATEPAY_APPKEY"], Secret: sign.NewSecret(b.env["GATEPAY_APPSECRET"]),
		BaseURL: b.env["GATEPAY_BASE_URL"], CloudBaseURL: b.env["GATEPAY_CLOUD_BASE_URL"],
	})
	require.NoError(t, err)
	status, why := b.post("/api/gateways/gatepay/notify-url", fmt.Sprintf(`{"url":%q}`, accepted.URL+"/gatepay"), nil)
	require.Equal(t, http.StatusOK, status, why)
	_, err = gp.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{OrderNo: "A1", Channel: gatepay.ChannelAlipay, Amount: 100, Custom: "x"})
	require.NoError(t, err)
	kc, err := kechengcang.New(kechengcang.Config{AppID: b.env["KECHENGCANG_APP_ID"], Secret: sign.NewSecret(b.env["KECHENGCANG_SECRET"]), BaseURL: b.env["KECHENGCANG_BASE_URL"]})
	require.NoError(t, err)
	_, err = kc.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Example", Fee: kechengcang.Fee{Amount: 100, Currency: kechengcang.CurrencyUSD}, NotifyURL: accepted.URL + "/kechengcang",
	})
	require.NoError(t, err)
	pp, err := pingpp.New(pingpp.Config{
		BaseURL: b.env["PINGPP_BASE_URL"], Token: sign.NewSecret(b.env["PINGPP_TOKEN"]), APIKey: sign.NewSecret(b.env["PINGPP_API_KEY"]),
		APIBaseURL: b.env["PINGPP_API_BASE_URL"], WebhookPublicKey: b.env["PINGPP_PUBLIC_KEY"],
	})
	require.NoError(t, err)
	status, why = b.post("/api/orders/pingpp", `{"order_no":"A1","amount":"99.00","subject":"Example"}`, nil)
	require.Equal(t, http.StatusCreated, status, why)
	status, why = b.post("/api/orders/pingpp", `{"order_no":"A1","amount":"99.00","subject":"Example"}`, nil)
	assert.Equal(t, http.StatusConflict, status, why)
	status, why = b.post("/api/orders/pingpp/A1/pay?background=1", "", nil)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, why, "no charge yet")
	status, why = b.post("/api/gateways/pingpp/notify-url", fmt.Sprintf(`{"url":%q}`, accepted.URL+"/pingpp"), nil)
	require.Equal(t, http.StatusOK, status, why)
	for _, number := range []string{"A1", firstPingppOrder} {
		_, err = pp.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: number, Channel: pingpp.ChannelAlipay})
		require.NoError(t, err, number)
	}

	var orders []order
	b.get("/api/orders", &orders)
	require.Len(t, orders, 6)
	assert.Equal(t, firstPingppOrder, orders[0].OrderNo, "the oldest first")
	for _, o := range orders {
		if o.PayPage != "" {
			response, err := http.Get(o.PayPage)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusOK, response.StatusCode, o.PayPage)
		} else {
			assert.Equal(t, "pingpp", o.Gateway)
		}
		var result done
		status, why := b.post("/api/orders/"+o.Gateway+"/"+url.PathEscape(o.ID)+"/pay", "", &result)
		require.Equal(t, http.StatusOK, status, why)
		assert.True(t, result.Order.Paid, o.Gateway)
		require.NotNil(t, result.Delivery, o.Gateway)
		assert.True(t, result.Delivery.Accepted, "%s: %s", o.Gateway, result.Delivery.Reply)
		assert.True(t, strings.HasPrefix(result.Delivery.URL, accepted.URL+"/"+o.Gateway), result.Delivery.URL)
	}
}

func TestADelayedCallback(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }))
	_, err := b.ispay().CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: 100, PayerIP: "203.0.113.7", NotifyURL: merchant.URL,
	})
	require.NoError(t, err)
	status, _ := b.post("/api/gateways/ispay/delay", `{"seconds":600}`, nil)
	assert.Equal(t, http.StatusOK, status)
	var gateways []struct {
		Name         string
		DelaySeconds float64 `json:"delay_seconds"`
	}
	b.get("/api/gateways", &gateways)
	assert.InDelta(t, 600, gateways[0].DelaySeconds, 0)
	assert.InDelta(t, 0, gateways[1].DelaySeconds, 0)

	var result done
	status, _ = b.post("/api/orders/ispay/A1/pay?background=1", "", &result)
	assert.Equal(t, http.StatusAccepted, status)
	assert.Nil(t, result.Delivery)
	status, why := b.post("/api/orders/ispay/A1/tamper", "", nil)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, why, "busy")
	assert.Zero(t, merchant.count())
	// The end of the test ends the waiting.
}

func TestAFault(t *testing.T) {
	t.Parallel()
	b := start(t)
	status, _ := b.post("/api/gateways/ispay/fault", `{"path":"/order/","times":3,"status":503}`, nil)
	assert.Equal(t, http.StatusOK, status)
	_, err := b.ispay().QueryOrder(context.Background(), "A1")
	var failed *ispay.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, 503, failed.HTTPStatus)
	_, err = b.ispay().QueryOrder(context.Background(), "A1")
	require.ErrorIs(t, err, ispay.ErrOrderNotFound)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, test := range []struct {
		path, body string
		status     int
		why        string
	}{
		{"/api/orders/isspay/1/pay", "", 404, `there is no gateway "isspay"`},
		{"/api/orders/ispay/1/pay", "", 404, "there is no such order"},
		{"/api/orders/pingpp/" + firstPingppOrder + "/payy", "", 404, "want pay, pay-silently, expire, redeliver or tamper"},
		{"/api/orders/pingpp", `{"order_no":"1","amount":"1.234"}`, 400, "want JSON"},
		{"/api/orders/pingpp", `{"no":"1"}`, 400, "unknown field"},
		{"/api/orders/pingpp", `{"order_no":"1","amount":"0.00","subject":"x"}`, 409, "amount above zero"},
		{"/api/orders/pingpp", `{"order_no":"` + strings.Repeat("1", 70<<10) + `"}`, 400, "want JSON"},
		{"/api/gateways/isspay/delay", "", 404, "there is no gateway"},
		{"/api/gateways/ispay/speed", "", 404, "want delay, notify-url or fault"},
		{"/api/gateways/ispay/delay", `{"seconds":-1}`, 400, "0 to 600"},
		{"/api/gateways/ispay/delay", `{"seconds":1e300}`, 400, "0 to 600"},
		{"/api/gateways/ispay/notify-url", `{"url":"http://127.0.0.1/"}`, 409, "with each order"},
		{"/api/gateways/pingpp/notify-url", `{"url":"javascript:x"}`, 400, "http or https"},
		{"/api/gateways/ispay/fault", `{"status":99}`, 400, "200 to 599"},
		{"/api/gateways/ispay/fault", `{"delay_seconds":1e9}`, 400, "delay_seconds"},
	} {
		status, why := b.post(test.path, test.body, nil)
		assert.Equal(t, test.status, status, "%s %s", test.path, why)
		assert.Contains(t, why, test.why, test.path)
	}
	status, _ := b.request(http.MethodGet, "/api/orders?gateway=isspay", "", nil)
	assert.Equal(t, 404, status)
	status, _ = b.request(http.MethodGet, "/api/deliveries?gateway=isspay", "", nil)
	assert.Equal(t, 404, status)
	status, _ = b.request(http.MethodGet, "/api/orders/ispay/1", "", nil)
	assert.Equal(t, 404, status)
	status, _ = b.request(http.MethodGet, "/api/orders/isspay/1", "", nil)
	assert.Equal(t, 404, status)
	status, _ = b.request(http.MethodDelete, "/api/orders", "", nil)
	assert.Equal(t, 405, status)
}

func TestOtherPagesAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	post := func(header http.Header) int {
		status, _ := b.request(http.MethodPost, "/api/orders/pingpp/"+firstPingppOrder+"/expire", "", header)
		return status
	}
	_, port, err := net.SplitHostPort(b.sandbox.address)
	require.NoError(t, err)
	for name, header := range map[string]http.Header{
		"another origin": {"Origin": {"https://evil.example.com"}},
		"no origin":      {"Origin": {"null"}},
		"another port":   {"Origin": {"http://127.0.0.1:1"}},
		"cross-site":     {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":      {"Origin": {b.url}, "Sec-Fetch-Site": {"same-site"}},
		"rebinding":      {"Host": {"evil.example.com:" + port}, "Origin": {"http://evil.example.com:" + port}},
		"without a port": {"Host": {"127.0.0.1"}},
	} {
		assert.Equal(t, http.StatusForbidden, post(header), name)
	}
	status, _ := b.request(http.MethodGet, "/api/orders", "", http.Header{"Host": {"evil.example.com:" + port}})
	assert.Equal(t, http.StatusForbidden, status, "rebinding could read")

	assert.Equal(t, http.StatusOK, post(nil), "a program")
	assert.Equal(t, http.StatusOK, post(http.Header{"Origin": {b.url}, "Sec-Fetch-Site": {"same-origin"}}), "the page")
	assert.Equal(t, http.StatusOK, post(http.Header{"Host": {"localhost:" + port}, "Origin": {"http://localhost:" + port}}))
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	b := start(t)
	elsewhere := regexp.MustCompile(`(?i)(src|href|action)\s*=\s*["']?(https?:)?//|@import|url\(`)
	for path, want := range map[string]string{"/": "支付网关沙箱", "/page.js": "伪造回调 Forge", "/page.css": "color-scheme"} {
		response, err := http.Get(b.url + path)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, path)
		assert.Contains(t, string(text), want)
		assert.NotRegexp(t, elsewhere, string(text), path)
		assert.NotContains(t, string(text), "innerHTML", "what came over the wire is only ever text")
		assert.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
	}
	status, text := b.request(http.MethodGet, "/", "", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, `name="viewport" content="width=device-width`)
	status, _ = b.request(http.MethodGet, "/none", "", nil)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestTheConfigurationCanBePasted(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, script := b.request(http.MethodGet, "/env", "", nil)
	for name, value := range b.env {
		command := exec.CommandContext(context.Background(), "sh", "-c", script+`printf %s "$`+name+`"`)
		command.Env = []string{"PATH=" + os.Getenv("PATH")}
		got, err := command.Output()
		require.NoError(t, err)
		assert.Equal(t, value, string(got), name)
	}
	_, script = b.request(http.MethodGet, "/env?shell=powershell", "", nil)
	assert.Contains(t, script, "$env:ISPAY_USER_ID = '10001'\n")
	var out bytes.Buffer
	b.sandbox.describe(&out)
	assert.Contains(t, out.String(), "export ISPAY_BASE_URL='"+b.env["ISPAY_BASE_URL"]+"'\n")
	assert.Contains(t, out.String(), b.url+"\n")
}

// The programs in the neighbourhood understand the same variables.
func TestTheProgramsUnderstandTheConfiguration(t *testing.T) {
	t.Parallel()
	b := start(t)
	dir := t.TempDir()
	build := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, g := range b.sandbox.gateways {
		build = append(build, "../"+g.name)
	}
	output, err := exec.CommandContext(context.Background(), "go", build...).CombinedOutput()
	require.NoError(t, err, string(output))
	for _, g := range b.sandbox.gateways {
		args := []string{"create", "-json"}
		if g.name == "pingpp" {
			args = append(args, firstPingppOrder)
		}
		before := len(g.Orders())
		command := exec.CommandContext(context.Background(), filepath.Join(dir, g.name), args...)
		for name, value := range b.env {
			command.Env = append(command.Env, name+"="+value)
		}
		var stderr strings.Builder
		command.Stderr = &stderr
		output, err := command.Output()
		require.NoError(t, err, "%s: %s", g.name, stderr.String())
		assert.NotContains(t, stderr.String(), "FAKE", g.name)
		assert.Contains(t, string(output), `{"event":"created",`, g.name)
		if g.name != "pingpp" {
			assert.Len(t, g.Orders(), before+1, g.name)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-port", "0"}, write)
		_ = write.Close()
	}()
	first := make([]byte, 512)
	_, err := read.Read(first)
	require.NoError(t, err)
	assert.Contains(t, string(first), "Five fake payment gateways. No money moves.")
	go func() { _, _ = io.Copy(io.Discard, read) }()
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err, "Ctrl-C is no error")
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	for _, args := range [][]string{{"-port", port}, {"-port", "0", "-gatepay-port", port}} {
		err = run(context.Background(), args, io.Discard)
		require.EqualError(t, err, "port "+port+" is taken, perhaps by another sandbox: end it, or choose others with -port")
	}
	require.Error(t, run(context.Background(), []string{"-prot", "1"}, io.Discard))
	require.ErrorContains(t, run(context.Background(), []string{"now"}, io.Discard), `unexpected argument "now"`)
	require.ErrorContains(t, run(context.Background(), []string{"-port", "99999"}, io.Discard), "cannot listen")
	var out strings.Builder
	require.NoError(t, run(context.Background(), []string{"-h"}, &out))
	assert.Contains(t, out.String(), "-kechengcang-port")
}
