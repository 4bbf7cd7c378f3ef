package sandbox

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

func TestOtherSitesAreRejected(t *testing.T) {
	t.Parallel()
	b := start(t)
	post := func(header http.Header) int {
		status, _ := b.request(http.MethodPost, "/api/orders/pingpp/"+gateway.Find("pingpp").KnownOrder+"/expire", "", header)
		return status
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(b.url, "http://"))
	require.NoError(t, err)
	for name, header := range map[string]http.Header{
		"another origin": {"Origin": {"https://evil.example.com"}},
		"no origin":      {"Origin": {"null"}},
		"another port":   {"Origin": {"http://127.0.0.1:1"}},
		"cross-site":     {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":      {"Origin": {b.url}, "Sec-Fetch-Site": {"same-site"}},
		"rebinding":      {"Host": {"evil.example.com:" + port}, "Origin": {"http://evil.example.com:" + port}},
	} {
		assert.Equal(t, http.StatusForbidden, post(header), name)
	}
	status, _ := b.request(http.MethodGet, "/api/orders", "", http.Header{"Host": {"evil.example.com:" + port}})
	assert.Equal(t, http.StatusForbidden, status, "rebinding could read")

	assert.Equal(t, http.StatusOK, post(nil), "a program")
	assert.Equal(t, http.StatusOK, post(http.Header{"Origin": {b.url}, "Sec-Fetch-Site": {"same-origin"}}), "the page")
	for _, host := range []string{"localhost:" + port, "sandbox:" + port, "host.docker.internal:" + port, "192.0.2.1:" + port} {
		assert.Equal(t, http.StatusOK, post(http.Header{"Host": {host}, "Origin": {"http://" + host}}), host)
	}
}

// getAs sends a request to a gateway under another name.
func (b box) getAs(address, host string) (header http.Header, body string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	r.Host = host
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.Header, string(text)
}

// Links and QR codes have the address that was requested.
func TestLinksHaveTheRequestedAddress(t *testing.T) {
	t.Parallel()
	b := start(t)
	created := b.createIspay("")
	base := b.env["ISPAY_BASE_URL"]
	_, port, err := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	require.NoError(t, err)
	const name = "192.0.2.7"
	requested := "http://" + name + ":" + port
	for _, path := range []string{"/qrcode/" + created.OrderID, "/query/" + created.OrderID} {
		_, text := b.getAs(base+path, name+":"+port)
		assert.Contains(t, text, requested+"/transfer/"+created.OrderID)
		assert.NotContains(t, text, base)
		assert.Contains(t, text, image64(requested+"/transfer/"+created.OrderID), "the image")
	}
	_, page := b.getAs(base+"/transfer/"+created.OrderID, name+":"+port)
	assert.Contains(t, page, image64InHTML(requested+"/transfer/"+created.OrderID))
	_, text := b.getAs(base+"/qrcode/"+created.OrderID, strings.TrimPrefix(base, "http://"))
	assert.Contains(t, text, base+"/transfer/"+created.OrderID)

	// The page's port, and the gateway's port behind the same name.
	_, env := b.getAs(b.url+"/env", "sandbox:9100")
	assert.Contains(t, env, "export ISPAY_BASE_URL='http://sandbox:"+port+"'\n")
	_, text = b.getAs(b.url+"/api/orders", "sandbox:9100")
	assert.Contains(t, text, "http://sandbox:"+port+"/transfer/")

	// An image of this test.
	client, err := gateway.Find("codepay").Open(gateway.Settings{Env: b.env})
	require.NoError(t, err)
	payment, err := client.Create(context.Background(), gateway.Order{OrderNo: "A1", Channel: "alipay", Amount: 100})
	require.NoError(t, err)
	_, port, err = net.SplitHostPort(strings.TrimPrefix(b.env["CODEPAY_BASE_URL"], "http://"))
	require.NoError(t, err)
	_, image := b.getAs(payment.QRCodeURL, "sandbox:"+port)
	assert.Equal(t, string(gatewaytest.QRCode("http://sandbox:"+port+"/cashier/"+payment.OrderID)), image)

	_, text = b.getAs(base+"/query/"+created.OrderID, "evil.example.com:"+port)
	assert.Contains(t, text, "host name is not allowed")
}

func TestTheLog(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, succeed)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.sandbox.Run(ctx) }()
	b.createIspay(merchant.URL)
	status, _ := b.post("/api/orders/ispay/A1/pay", "", nil)
	require.Equal(t, http.StatusOK, status)
	_, _ = b.ispay().QueryOrder(context.Background(), "A1")
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("Run does not end")
	}
	requests, notifications := b.log.of("request"), b.log.of("notification")
	require.Len(t, requests, 2)
	assert.Equal(t, "/gateway", requests[0].URL)
	assert.Contains(t, requests[0].Body, "order_no=A1")
	assert.Contains(t, requests[0].Response, `"order_id"`)
	assert.Contains(t, requests[1].Response, "[base64]")
	require.Len(t, notifications, 1)
	assert.Equal(t, "success", notifications[0].Response)
	assert.True(t, notifications[0].Accepted)
	for _, entry := range append(requests, notifications...) {
		assert.NotRegexp(t, `[0-9a-f]{32}`, entry.URL+entry.Body+entry.Response, "a signature in the log")
	}
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	b := start(t)
	elsewhere := regexp.MustCompile(`(?i)(src|href|action)\s*=\s*["']?(https?:)?//|@import|url\(`)
	for path, want := range map[string]string{"/": "支付网关沙箱", "/page.js": "faultForm", "/texts.js": "noNotifications", "/page.css": "color-scheme"} {
		response, err := http.Get(b.url + path)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, path)
		assert.Contains(t, string(text), want)
		assert.NotRegexp(t, elsewhere, string(text), path)
		assert.NotContains(t, string(text), "innerHTML", "values of requests are only ever text")
		assert.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
	}
	status, text := b.request(http.MethodGet, "/", "", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, `name="viewport" content="width=device-width`)
	status, _ = b.request(http.MethodGet, "/none", "", nil)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestTheEnvironmentCanBePasted(t *testing.T) {
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
}

// A container or another machine reaches the sandbox by its name, and without TLS.
func TestTheEnvironmentOfAnotherMachine(t *testing.T) {
	t.Parallel()
	b := start(t)
	for host, isOther := range map[string]bool{"127.0.0.1:9100": false, "localhost:9100": false, "[::1]:9100": false, "host.docker.internal:9100": true, "192.0.2.7:9100": true} {
		_, script := b.request(http.MethodGet, "/env", "", http.Header{"Host": {host}})
		env := gateway.Env{}
		for _, command := range strings.Split(strings.TrimSpace(script), "\nexport ") {
			name, value, _ := strings.Cut(strings.TrimPrefix(command, "export "), "=")
			env[name] = strings.Trim(value, "'")
		}
		for _, g := range gateway.All() {
			name, _, _ := net.SplitHostPort(host)
			assert.Contains(t, env[strings.ToUpper(g.Name)+"_BASE_URL"], name)
			assert.Equal(t, isOther, env.Flag(strings.ToUpper(g.Name)+"_ALLOW_PLAIN_HTTP"), host)
			_, err := g.Open(gateway.Settings{Env: env})
			require.NoError(t, err, host)
		}
	}
}

func TestPortsInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	address, ok := taken.Addr().(*net.TCPAddr)
	require.True(t, ok)
	for _, s := range []Settings{{Host: "127.0.0.1", Port: address.Port}, {Host: "127.0.0.1", GatewayPorts: map[string]int{"gatepay": address.Port}}} {
		_, err = Start(s)
		require.ErrorContains(t, err, "is in use, perhaps by another sandbox: stop it, or choose others with --port")
	}
	_, err = Start(Settings{Host: "127.0.0.1", Port: 99999})
	require.ErrorContains(t, err, "cannot listen")
	_, err = Start(Settings{Host: "192.0.2.1", Port: 0})
	require.ErrorContains(t, err, "cannot listen on 192.0.2.1")
}

// The Chinese page has a word for each state that the fakes can have.
func TestStatesHaveTexts(t *testing.T) {
	t.Parallel()
	texts, err := files.ReadFile("page/texts.js")
	require.NoError(t, err)
	for name, states := range map[string][]string{
		"ispay":       {"1", "2", "3", "4", "5", "6", "7", "8", "9"},
		"codepay":     {"0", "1", "2", "expired"},
		"gatepay":     {"inprogress", "expired", "paid", "unsettled", "settled"},
		"kechengcang": {"1", "2", "3", "4"},
		"pingpp":      {"new", "waiting", "paid", "expired"},
	} {
		fake := gateway.Find(name).Fake("")
		t.Cleanup(fake.Close)
		for _, state := range states {
			text := regexp.MustCompile(`^\S+ \((.*)\)$`).ReplaceAllString(fake.StateText(state), "$1")
			assert.NotEqual(t, "unknown", text)
			assert.Contains(t, string(texts), `"`+text+`": "`, name)
		}
	}
}

// PHP's curl sends a multipart form for an array.
func TestTheLogShowsMultipartFormsAsForms(t *testing.T) {
	t.Parallel()
	body := "--x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n1;2\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" +
		"0123456789abcdef0123456789abcdef\r\n--x--\r\n"
	assert.Equal(t, "a=***&b=1%3B2", loggable("multipart/form-data; boundary=x", []byte(body)))
	assert.Empty(t, loggable("multipart/form-data", []byte(body)))
}

// ReverseProxy would remove a parameter with a semicolon from the query, which is signed.
//
//	printf %s 'id=10041&page=4&param=a;b&pay_id=m2&price=1.00&type=1example-key-of-codepay' | md5sum
func TestTheQueryStaysAsItIs(t *testing.T) {
	t.Parallel()
	b := start(t)
	const query = "id=10041&page=4&param=a;b&pay_id=m2&price=1.00&type=1&sign=ad678d0afd1e724712ed22e8119f0528"
	response, err := http.Get(b.env["CODEPAY_BASE_URL"] + "/creat_order/?" + query)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), `"msg":"ok"`)
	order, ok := b.sandbox.gateways[1].Order("m2")
	require.True(t, ok)
	assert.Equal(t, "a;b", order.Fields["param"])
}
