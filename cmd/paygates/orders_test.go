package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

// The JSON names are an interface: programs read them.
func TestCreateQueryWait(t *testing.T) {
	t.Parallel()
	const always = "amount channel currency event gateway number order_id order_no paid state"
	const sometimes = "created_at expires_at notes pay_page payable_amount qr_code qr_code_url subject"
	for _, name := range gateway.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, env := startFake(t, name)
			args := createArgs(name)
			code, events := programJSON(t, env, args...)
			require.Zero(t, code, events)
			require.Len(t, events, 1)
			created := events[0]
			assert.Equal(t, "created", created["event"])
			for _, field := range strings.Fields(always) {
				assert.Contains(t, created, field)
			}
			for field := range created {
				assert.Contains(t, strings.Fields(always+" "+sometimes), field)
				if strings.HasSuffix(field, "_at") {
					assert.Regexp(t, `\+08:00$`, created[field], field)
				}
			}
			howToPay := []any{created["pay_page"], created["qr_code"], created["qr_code_url"], created["notes"]}
			assert.NotEqual(t, []any{nil, nil, nil, nil}, howToPay)
			assert.Equal(t, false, created["paid"])
			number, ok := created["number"].(string)
			require.True(t, ok)

			code, events = programJSON(t, env, "query", name, number)
			require.Zero(t, code, events)
			assert.Equal(t, "order", events[0]["event"])
			for _, field := range strings.Fields(always) {
				assert.Contains(t, events[0], field)
			}

			code, events = programJSON(t, env, "wait", name, number, "--timeout", "1ms")
			assert.Equal(t, exitUnknown, code)
			assert.Equal(t, "timeout", events[len(events)-1]["kind"])

			require.NoError(t, fake.PaySilently(number))
			code, events = programJSON(t, env, "wait", name, number)
			require.Zero(t, code, events)
			assert.Equal(t, "paid", events[0]["event"])
			assert.Equal(t, true, events[0]["paid"])

			code, events = programJSON(t, env, "query", name, "100000000000000001")
			assert.Equal(t, exitFailed, code)
			assert.Equal(t, "order_not_found", events[0]["kind"])
		})
	}
}

// createArgs are the arguments that create an order.
func createArgs(name string) []string {
	args := []string{"create", name}
	if known := gateway.Find(name).KnownOrder; known != "" {
		args = append(args, "--order-no", known)
	}
	return args
}

func TestCreateAndWaitOnAFake(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		r := program(t, nil, "", "create", name, "--fake", "--wait", "--pay-after", "1ms")
		assert.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stdout, "created\n", name)
		assert.Contains(t, r.stdout, "\npaid\n", name)
		assert.Contains(t, r.stderr, "Fake gateway at http://127.0.0.1:", name)
		assert.Contains(t, r.stderr, "the payer pays now", name)
		assert.NotContains(t, r.stderr, "add --wait", name)
		r = program(t, nil, "", "create", name, "--fake")
		assert.Contains(t, r.stderr, "The fake gateway ends now, with the order: add --wait, or use paygates sandbox.", name)
	}
	for _, command := range []string{"query", "wait"} {
		r := program(t, nil, "", command, "ispay", "A1", "--fake", "--pay-after=1ms")
		if command == "query" {
			r = program(t, nil, "", command, "ispay", "A1", "--fake")
		}
		assert.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stderr, "order A1 was created")
		assert.Contains(t, r.stdout, "A1")
	}
}

func TestOptionsOfCreate(t *testing.T) {
	t.Parallel()
	fake, env := startFake(t, "ispay")
	env["ISPAY_NOTIFY_URL"] = "https://example.com/notify"
	r := program(t, env, "", "create", "ispay", "--order-no", "A1", "--amount", "300", "--channel", "wechat", "--subject", "Book")
	require.Zero(t, r.code, r.stderr)
	order, ok := fake.Order("A1")
	require.True(t, ok)
	assert.Equal(t, "300.00", order.Amount.String())
	assert.Equal(t, "P902", order.Channel)
	assert.Equal(t, "https://example.com/notify", order.NotifyURL)
	assert.Equal(t, "Book", order.Fields["subject"])
	assert.Contains(t, r.stdout, "▀", "a QR code")

	// An empty option is not the variable.
	r = program(t, env, "", "create", "ispay", "--order-no", "A2", "--notify-url=", "--subject=")
	require.Zero(t, r.code, r.stderr)
	order, _ = fake.Order("A2")
	assert.Empty(t, order.NotifyURL)
	assert.Empty(t, order.Fields["subject"])

	// The same number again is a rejection.
	code, events := programJSON(t, env, "create", "ispay", "--order-no", "A1")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "rejected", events[0]["kind"])
	assert.Equal(t, "1004", events[0]["code"])
}

func TestFailuresOfOrders(t *testing.T) {
	t.Parallel()
	fake, env := startFake(t, "ispay")
	fake.InjectFault(gatewaytest.Fault{Path: "/gateway", Times: 1, Reset: true, Processed: true})
	code, events := programJSON(t, env, "create", "ispay", "--order-no", "A1")
	assert.Equal(t, exitUnknown, code)
	assert.Equal(t, "outcome_unknown", events[0]["kind"])
	assert.Equal(t, "A1", events[0]["order_no"])

	require.NoError(t, fake.Expire("A1"))
	code, events = programJSON(t, env, "wait", "ispay", "A1")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "not_paid", events[0]["event"])
	assert.Equal(t, "not_paid", events[1]["kind"])

	fake.InjectFault(gatewaytest.Fault{Path: "/order/", Body: "<html>busy</html>", ContentType: "text/html"})
	code, events = programJSON(t, env, "query", "ispay", "A1")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "bad_response", events[0]["kind"])

	// A wait that ends says why its last query failed.
	fake.InjectFault(gatewaytest.Fault{})
	fake.InjectFault(gatewaytest.Fault{Path: "/order/", Status: 503})
	r := program(t, env, "", "wait", "ispay", "A1", "--timeout", "1s", "--interval", "10ms")
	assert.Equal(t, exitUnknown, r.code)
	assert.Regexp(t, `paygates: ispay: not paid at the end of the timeout: 1s; .* \(last query: ispay: query order: HTTP 503: `, r.stderr)

	env["ISPAY_BASE_URL"] = refused
	code, events = programJSON(t, env, "create", "ispay")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "not_sent", events[0]["kind"])
	code, events = programJSON(t, env, "query", "ispay", "A1")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "no_response", events[0]["kind"])
	assert.Contains(t, events[0]["message"], "connection refused")

	// A wrong token and a wrong secret.
	_, env = startFake(t, "codepay")
	env["CODEPAY_TOKEN"] = "wrong-token-of-codepay"
	r = program(t, env, "", "query", "codepay", "100000000000000001")
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "token error")
	assert.NotContains(t, r.stderr, "wrong-token-of-codepay")
	env["CODEPAY_SECRET"] = "wrong-secret-of-codepay"
	r = program(t, env, "", "create", "codepay")
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "sign fail")
	_, env = startFake(t, "pingpp")
	env["PINGPP_TOKEN"] = "wrong-token-of-pingpp"
	r = program(t, env, "", "create", "pingpp", "--order-no", gateway.Find("pingpp").KnownOrder)
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "401")
	assert.NotContains(t, r.stderr, "wrong-token-of-pingpp")
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	fake, env := startFake(t, "ispay")
	r := program(t, env, "", "create", "ispay", "--order-no", "A1")
	require.Zero(t, r.code, r.stderr)
	for _, args := range [][]string{
		{"wait", "ispay", "A1"},
		{"listen", "ispay", "--address", "127.0.0.1:0"},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		var stdout, stderr buffer
		stderr.each = func(string) { cancel() } // Ctrl-C once it has begun
		code := run(ctx, args, environ(env), streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
		assert.Equal(t, exitInterrupted, code, args)
		assert.Contains(t, stderr.String(), "paygates: interrupted\n")
		cancel()
	}
	_, ok := fake.Order("A1")
	assert.True(t, ok)
}

// endless is an input that has no end and calls begun when it is read, as a terminal that
// nobody types on.
type endless struct {
	begun func()
	ended <-chan struct{}
}

func (e endless) Read([]byte) (int, error) {
	e.begun()
	<-e.ended
	return 0, io.EOF
}

func TestInterruptWhileReading(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"verify", "sign"} {
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(context.Background())
		var stdout, stderr buffer
		code := run(ctx, []string{command, "ispay", "--fake"}, nil, streams{in: endless{cancel, ended}, out: &stdout, err: &stderr})
		close(ended)
		assert.Equal(t, exitInterrupted, code, command)
		assert.Contains(t, stderr.String(), "paygates: interrupted\n")
	}
}

// A create that is interrupted while the gateway works may have made an order.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	env := gateway.Env{"ISPAY_USER_ID": "10001", "ISPAY_SECRET": "example-secret-of-ispay", "ISPAY_BASE_URL": server.URL}
	var stdout, stderr buffer
	code := run(ctx, []string{"create", "ispay"}, environ(env), streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	assert.Equal(t, exitUnknown, code)
	assert.Equal(t, 1, strings.Count(stderr.String(), "outcome unknown: query the order, do not create it again"))
	assert.Regexp(t, `The order number is S\d{18}E\.\n$`, stderr.String())
}

// Ctrl-C before the fake gateway's payer pays ends the command, and nobody pays.
func TestInterruptBeforeThePayment(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stdout, stderr buffer
	stderr.each = func(written string) {
		if strings.Contains(written, "was created") {
			cancel()
		}
	}
	args := []string{"listen", "ispay", "--fake", "--address", "127.0.0.1:0", "--pay-after", "1h"}
	code := run(ctx, args, nil, streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	assert.Equal(t, exitInterrupted, code)
	assert.NotContains(t, stderr.String(), "the payer pays now")
	assert.Empty(t, stdout.String())
}
