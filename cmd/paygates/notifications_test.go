package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/gateway"
)

// keyPair returns the environment of a pingpp client whose webhooks trigger can sign.
func keyPair(t *testing.T) gateway.Env {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return gateway.Env{
		"PINGPP_WEBHOOK_PUBLIC_KEY": strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "\n", `\n`),
		"PINGPP_PRIVATE_KEY":        string(private),
	}
}

// merchant serves the SDK's handler of a gateway.
func merchant(t *testing.T, name string, env gateway.Env) *httptest.Server {
	t.Helper()
	client, err := gateway.Find(name).Open(gateway.Settings{Env: env})
	require.NoError(t, err)
	return serve(t, client.Handler(func(*gateway.Payment) {}).ServeHTTP)
}

func TestTrigger(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, env := startFake(t, name)
			set := []string{}
			switch name {
			case "codepay":
				delete(env, "CODEPAY_TOKEN")
			case "pingpp":
				delete(env, "PINGPP_API_KEY")
			default: // the SDK's handler confirms with the gateway: there must be an order
				client, err := gateway.Find(name).Open(gateway.Settings{Env: env})
				require.NoError(t, err)
				created, err := client.Create(context.Background(), gateway.Order{
					OrderNo: "A1", Channel: gateway.Find(name).Channels[0], Amount: 100, Subject: "x", PayerIP: "203.0.113.7",
				})
				require.NoError(t, err)
				require.NoError(t, fake.PaySilently(created.Number))
				order, _ := fake.Order(created.Number)
				set = map[string][]string{
					"ispay":       {"--set", "order_no=A1"},
					"gatepay":     {"--set", "out_order_id=A1", "--set", "order_id=" + order.ID},
					"kechengcang": {"--set", "id=" + order.ID},
				}[name]
			}
			server := merchant(t, name, env)
			args := append([]string{"trigger", name, "--to", server.URL + "/notify"}, set...)
			code, events := programJSON(t, env, args...)
			require.Zero(t, code, events)
			assert.Equal(t, "accepted body event gateway method milliseconds status tampered", events[0].names())
			assert.Equal(t, true, events[0]["accepted"])

			if name == "kechengcang" { // nothing is signed, and the handler uses the confirmed order
				return
			}
			code, events = programJSON(t, env, append(args, "--tamper")...)
			require.Zero(t, code, events)
			assert.Equal(t, false, events[0]["accepted"], events)

			code, events = programJSON(t, env, append(args, "--set", "sign=00000000000000000000000000000000")...)
			assert.Equal(t, exitFailed, code)
			assert.InDelta(t, http.StatusForbidden, events[0]["status"], 0)
			assert.Contains(t, events[0]["hint"], "does your server use the same secret?")
			assert.Equal(t, "unexpected_response", events[1]["kind"])
		})
	}
}

// A handler that takes the amount from the query rightly accepts a notification of a paid
// order with another amount, which no signature covers.
func TestTamperWithAnUnsignedNotification(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	args := []string{"trigger", "kechengcang", "--fake", "--tamper", "--to", server.URL}

	code, events := programJSON(t, nil, append(args, "--set", "id=1000001")...)
	require.Zero(t, code, events)
	assert.Contains(t, events[0]["hint"], "takes the amount from the query")

	r := program(t, nil, "", args...) // the gateway knows no order TEST1
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "it accepted a tampered notification")
}

// With --fake every command runs without a variable.
func TestFakeNeedsNoVariables(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
		r := program(t, nil, "", "trigger", name, "--fake", "--tamper", "--to", server.URL)
		assert.Zero(t, r.code, "%s: %s", name, r.stderr)
		input := "{}"
		if name != "pingpp" {
			input = "salt=1"
		}
		r = program(t, nil, "", "sign", name, "--fake", input)
		assert.Zero(t, r.code, "%s: %s", name, r.stderr)
	}
}

// The handlers of GatePay's PHP and node SDKs take the appkey from the notification and
// compute the signature with it.
func TestTriggerSendsTheAppKey(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "gatepay")
	var received url.Values
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		received = r.PostForm
		_, _ = io.WriteString(w, "success")
	})
	r := program(t, env, "", "trigger", "gatepay", "--to", server.URL, "--set", "paytime=1700000000")
	require.Zero(t, r.code, r.stderr)
	assert.Equal(t, env["GATEPAY_APP_KEY"], received.Get("appkey"))
	// m() { printf %s "$1" | md5sum | cut -d' ' -f1; }
	// m "$(m "${appkey}1000001TEST11.001.00alipay1700000000test")$appsecret"
	assert.Equal(t, "eeb0460cc86cf02d1422bf03a6b78a13", received.Get("sign"))
}

func TestTriggerResponses(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "ispay")
	for status, want := range map[int]string{
		301: "do not follow redirects", 400: "rejected a field", 401: "behind a login", 404: "no handler at this path",
		405: "the handler must accept GET", 409: "does not confirm the order", 415: "Content-Type", 500: "see its log",
		200: "the gateway expects success and nothing else",
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "SUCCESS!")
		})
		r := program(t, env, "", "trigger", "ispay", "--to", server.URL)
		assert.Equal(t, exitFailed, r.code)
		assert.Contains(t, r.stdout, want)
	}
	page := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>\n"+strings.Repeat("log in ", 100))
	})
	web := program(t, env, "", "trigger", "ispay", "--to", page.URL)
	assert.Contains(t, web.stdout, "a web page responds in place of your handler")
	assert.Contains(t, web.stdout, "  body            <html> log in log in ")
	assert.Less(t, len(web.stdout), 700, "a long body is cut")
	everything := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") })
	r := program(t, env, "", "trigger", "ispay", "--to", everything.URL, "--tamper")
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "it accepted a tampered notification")

	code, events := programJSON(t, env, "trigger", "ispay", "--to", refused)
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "no_response", events[0]["kind"])
	assert.Contains(t, events[0]["message"], "connection refused: is your server running, and on this port?")
	assert.NotContains(t, events[0]["message"], "sign")
	r = program(t, env, "", "trigger", "ispay", "--to", strings.Replace(everything.URL, "http:", "https:", 1))
	assert.Contains(t, r.stderr, "it does not speak TLS: use http://")
}

func TestListenOnAFake(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, events := programJSON(t, nil, "listen", name, "--fake", "--address", "127.0.0.1:0", "--pay-after", "1ms", "--explain")
			require.Zero(t, code, events)
			var genuine []any
			for _, e := range events {
				if e["event"] == "notification" {
					genuine = append(genuine, e["genuine"])
					delete(e, "hint")
					assert.Equal(t, "body event forwarded gateway genuine method path status verdict", e.names())
				}
			}
			assert.Equal(t, []any{true, true, false}, genuine)
		})
	}
}

var notifyURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+/notify`)

// listening runs listen until it has received one notification, which send sends.
func listening(t *testing.T, env gateway.Env, send func(notifyURL string), args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	address := make(chan string, 1)
	var stdout, stderr buffer
	stderr.each = func(written string) {
		if found := notifyURL.FindString(written); found != "" {
			select {
			case address <- found:
			default:
			}
		}
	}
	args = append([]string{"listen", args[0], "--address", "127.0.0.1:0", "--count", "1"}, args[1:]...)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, environ(env), streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	}()
	select {
	case found := <-address:
		send(found)
	case <-ctx.Done():
		t.Fatal("it does not listen: " + stderr.String())
	}
	return result{<-ended, stdout.String(), stderr.String()}
}

func TestForward(t *testing.T) {
	t.Parallel()
	fake, env := startFake(t, "ispay")
	r := program(t, env, "", "create", "ispay", "--order-no", "A1")
	require.Zero(t, r.code, r.stderr)
	require.NoError(t, fake.PaySilently("A1"))
	requests := make(chan *http.Request, 1)
	bodies := make(chan string, 1)
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- r
		bodies <- string(body)
		w.Header().Set("X-Merchant", "yes")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "mine")
	})
	const query = "a=%7e&b=1;2&order_no=A1"
	r = listening(t, env, func(notifyURL string) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, notifyURL+"?"+query, strings.NewReader("the body\r\n"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "text/odd")
		request.Header.Set("X-Signature", "as it was")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusAccepted, response.StatusCode)
		assert.Equal(t, "mine", string(text))
		assert.Equal(t, "yes", response.Header.Get("X-Merchant"))
	}, "ispay", "--forward", target.URL+"/my/path")
	assert.Zero(t, r.code, r.stderr)
	got := <-requests
	assert.Equal(t, http.MethodPost, got.Method)
	assert.Equal(t, "/my/path", got.URL.Path)
	assert.Equal(t, query, got.URL.RawQuery)
	assert.Equal(t, "text/odd", got.Header.Get("Content-Type"))
	assert.Equal(t, "as it was", got.Header.Get("X-Signature"))
	assert.Equal(t, "the body\r\n", <-bodies)
	assert.Contains(t, r.stdout, "genuine         no")
	assert.Contains(t, r.stdout, "forwarded       yes")
	assert.Contains(t, r.stdout, "verdict         405", "the SDK's handler accepts GET only")

	// Nothing listens behind it.
	r = listening(t, env, func(notifyURL string) {
		response, err := http.Get(notifyURL)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusBadGateway, response.StatusCode)
	}, "ispay", "--forward", refused)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "connection refused: is your server running, and on this port?")
}

// A genuine notification passes through to a server that verifies it itself.
func TestForwardToTheSDK(t *testing.T) {
	t.Parallel()
	fake, env := startFake(t, "gatepay")
	server := merchant(t, "gatepay", env)
	r := listening(t, env, func(notifyURL string) {
		created := program(t, env, "", "create", "gatepay", "--order-no", "A1", "--notify-url", notifyURL)
		require.Zero(t, created.code, created.stderr)
		delivery, err := fake.Pay("A1")
		require.NoError(t, err)
		assert.True(t, delivery.Accepted, delivery)
	}, "gatepay", "--forward", server.URL)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "confirmed\n")
	assert.Contains(t, r.stdout, "genuine         yes")
}

func TestNothingPrivateIsPrinted(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		fake, env := startFake(t, name)
		var secrets []string
		for _, v := range gateway.Find(name).Variables {
			if v.Secret && env[v.Name] != "" {
				secrets = append(secrets, env[v.Name])
			}
		}
		require.NotEmpty(t, secrets)
		outputs := []result{
			program(t, nil, "", "create", name, "--fake", "--wait", "--pay-after=1ms"),
			program(t, nil, "", "create", name, "--fake", "--json"),
			program(t, nil, "", "listen", name, "--fake", "--address=127.0.0.1:0", "--pay-after=1ms", "--explain"),
			program(t, env, "", "doctor", name, "--notify-url", fake.Target),
		}
		input := "order_no=A1&order_type=P901&amount=1.00&salt=x&pay_id=1&out_order_id=1&custom=" + secrets[0]
		if name != "pingpp" {
			outputs = append(outputs, program(t, env, "", "sign", name, input))
		}
		for _, r := range outputs {
			for _, secret := range secrets {
				assert.NotContains(t, r.stdout+r.stderr, secret, name)
			}
			// The hash before the secret is no signature, nor is a payment number.
			for _, hex := range regexp.MustCompile(`\b[0-9a-f]{32}\b([^[]|$)`).FindAllString(r.stdout+r.stderr, -1) {
				assert.Regexp(t, `^[0-9]{32}`, hex, name+": a signature")
			}
		}
	}
}
