package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

// result is what a run of the program leaves behind.
type result struct {
	code           int
	stdout, stderr string
}

// buffer is a bytes.Buffer for several goroutines. It calls each after each write.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	each func(written string)
}

// Write implements io.Writer.
func (b *buffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	n, err := b.text.Write(data)
	written, each := b.text.String(), b.each
	b.mu.Unlock()
	if each != nil {
		each(written)
	}
	return n, err
}

// String returns what was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// program runs the program with nothing in its environment but env.
func program(t *testing.T, env gateway.Env, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var stdout, stderr buffer
	code := run(ctx, args, environ(env), streams{in: strings.NewReader(stdin), out: &stdout, err: &stderr})
	return result{code, stdout.String(), stderr.String()}
}

func environ(env gateway.Env) []string {
	var all []string
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	return all
}

// event is one line of JSON output.
type event map[string]any

// programJSON runs the program with --json.
func programJSON(t *testing.T, env gateway.Env, args ...string) (code int, events []event) {
	t.Helper()
	r := program(t, env, "", append(args, "--json")...)
	for _, line := range strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n") {
		var e event
		require.NoError(t, json.Unmarshal([]byte(line), &e), "%q of %v", line, args)
		assert.True(t, strings.HasPrefix(line, `{"event":"`), line)
		events = append(events, e)
	}
	return r.code, events
}

// names returns the names of an event's fields, sorted.
func (e event) names() string {
	var names []string
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// startFake starts a fake gateway and returns it with the environment of its client.
func startFake(t *testing.T, name string) (*gateway.Fake, gateway.Env) {
	t.Helper()
	fake := gateway.Find(name).Fake("", gatewaytest.WithRetryDelays())
	t.Cleanup(fake.Close)
	return fake, fake.Environment()
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// refused is an address on which nothing listens. A port that was closed may be the next
// server's.
const refused = "http://127.0.0.1:1"

func TestHelp(t *testing.T) {
	t.Parallel()
	r := program(t, nil, "", "--help")
	assert.Zero(t, r.code)
	assert.Empty(t, r.stderr)
	assert.Contains(t, r.stdout, "  2: wrong usage or configuration\n")
	for _, g := range gateway.All() {
		assert.Contains(t, r.stdout, "  "+g.Name+": "+g.Needed()[0]+", ")
	}
	assert.Equal(t, r, program(t, nil, ""), "without arguments")
	for _, command := range []string{"sandbox", "create", "query", "wait", "listen", "trigger", "verify", "sign", "doctor"} {
		assert.Contains(t, r.stdout, "\n  "+command+" ")
		help := program(t, nil, "", command, "--help")
		assert.Zero(t, help.code, command)
		assert.Empty(t, help.stderr, command)
		assert.Contains(t, help.stdout, "Usage: paygates "+command, command)
	}
	sandbox := program(t, nil, "", "sandbox", "--help").stdout
	for i, name := range gateway.Names() {
		assert.Contains(t, sandbox, fmt.Sprintf("  %d %s\n", 9101+i, name))
	}
	for _, want := range []string{"9100", "curl -X POST 127.0.0.1:9100/api/orders/ispay/A1/pay", "openapi.json"} {
		assert.Contains(t, sandbox, want)
	}
	assert.Contains(t, program(t, nil, "", "--version").stdout, "paygates ")
	assert.Equal(t, program(t, nil, "", "--version"), program(t, nil, "", "version"))
	assert.Equal(t, r, program(t, nil, "", "help"))
	assert.Equal(t, program(t, nil, "", "create", "--help"), program(t, nil, "", "help", "create"))
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	ispay := gateway.Env{"ISPAY_USER_ID": "10001", "ISPAY_SECRET": "example-secret-of-ispay"}
	for _, test := range []struct {
		env  gateway.Env
		args string
		want string
	}{
		{nil, "frobnicate", "unexpected argument frobnicate (see paygates --help)"},
		{nil, "creat ispay", `did you mean "create"?`},
		{nil, "create", "missing argument <gateway> (see paygates create --help)"},
		{nil, "create isspay", `unknown gateway "isspay": did you mean ispay? (` + strings.Join(gateway.Names(), ", ") + ")"},
		{nil, "create ispay --amonut 1", `unknown flag --amonut, did you mean "--amount"?`},
		{nil, "create ispay --amount 1.234", "--amount must be an amount such as 9.90, with at most two decimals (see"},
		{nil, "create ispay --fake --attach x", "ispay has no --attach: it has --order-no"},
		{nil, "create ispay --fake --channel bitcoin", "--channel of ispay must be alipay, wechat, unionpay"},
		{nil, "create ispay --amount", "--amount needs a value"},
		{nil, "create ispay --fake --amount 0", "ispay: invalid request: Amount (amount) must be"},
		{gateway.Env{"ISPAY_USER_ID": "ten", "ISPAY_SECRET": "example-secret"}, "query ispay A1", "UserID must be 1 to 20 digits (variables: ISPAY_USER_ID, "},
		{gateway.Env{"PINGPP_BASE_URL": "https://b.example.com", "PINGPP_TOKEN": "t", "PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS": "x"}, "create pingpp", "WebhookPublicKey is required with PreviousWebhookPublicKeys"},
		{nil, "create codepay --fake --expires 1", `--expires must be a duration such as 30s or 5m, not "1"`},
		{nil, "sandbox --port x", `--port must be a whole number, not "x"`},
		{nil, "trigger ispay --fake --to http://x --set amount", `--set must be NAME=VALUE, not "amount"`},
		{nil, "query ispay", "missing argument <number>"},
		{nil, "query ispay A/1 --fake", "OrderNo (order_no)"},
		{nil, "trigger ispay --fake", "missing flag --to=URL"},
		{nil, "trigger ispay --fake --to 127.0.0.1:80/x", "--to must be an http or https URL"},
		{nil, "trigger ispay --fake --to http://x --set amout=1", `unknown field "amout": did you mean "amount"?`},
		{nil, "trigger ispay --fake --to http://x --tamper --set amount=x", `amount "x"`},
		{nil, "trigger pingpp --to http://x", "no credentials: set PINGPP_PRIVATE_KEY"},
		{nil, "listen ispay --fake --forward x", "--forward must be an http or https URL"},
		{nil, "listen ispay --fake --address x", `--address must be HOST:PORT, such as 127.0.0.1:8080, and not "x"`},
		{nil, "listen ispay --fake --address 127.0.0.1:x", `--address "127.0.0.1:x"`},
		{nil, "verify kechengcang --fake x=1", "notifications of kechengcang are not signed"},
		{nil, "verify ispay --fake hello", "the input is not a form"},
		{nil, "verify ispay --fake {}", "ispay sends a query or a form, not JSON"},
		{nil, "verify pingpp --fake a=1", "pingpp sends JSON"},
		{nil, "verify pingpp --fake {}", "add --signature with the value of X-Pingplusplus-Signature"},
		{nil, "verify ispay --fake @/does/not/exist", "cannot read the input"},
		{nil, "verify ispay --fake -", "the input is empty"},
		{nil, "doctor", "no variable of a gateway is set"},
		{nil, "sandbox --gateway-port ipsay=1", `unknown gateway "ipsay": did you mean ispay?`},
		// The environment.
		{nil, "verify ispay order_no=1", "no credentials: set ISPAY_USER_ID and ISPAY_SECRET, or use --fake for a fake gateway"},
		{gateway.Env{"ISPAY_USER_ID": "1"}, "create ispay", "ISPAY_USER_ID set, ISPAY_SECRET missing"},
		{gateway.Env{"ISPAY_USERID": "1", "ISPAY_SECRET": "x"}, "create ispay", "unknown variable ISPAY_USERID: did you mean ISPAY_USER_ID?"},
		{gateway.Env{"ISPAYSECRET": "x"}, "create ispay", "unknown variable ISPAYSECRET: did you mean ISPAY_SECRET?"},
		{gateway.Env{"ispay_user_id": "1"}, "create ispay", "unknown variable ispay_user_id: did you mean ISPAY_USER_ID?"},
		{gateway.Env{"ISPAY_USER_ID": "1", "ISPAY_SECRET": "x", "ISPAY_ALLOW_PLAIN_HTTP": "y"}, "create ispay", "ISPAY_ALLOW_PLAIN_HTTP must be 1 or 0"},
		{gateway.Env{"PINGPP_PRIVATE_KEY": "x", "PINGPP_ALLOW_TEST_MODE": "ture"}, "sign pingpp", "PINGPP_ALLOW_TEST_MODE must be 1 or 0"},
		{gateway.Env{"GATEPAY_APPKEY": "1", "GATEPAY_APPSECRET": "x"}, "create gatepay", "unknown variable GATEPAY_APPSECRET: did you mean GATEPAY_SECRET?"},
		{gateway.Env{"CODEPAY_USER_ID": "1", "CODEPAY_SECRET": "example"}, "query codepay 1", "query needs CODEPAY_TOKEN"},
		{gateway.Env{"KECHENGCANG_APP_ID": "1"}, "wait kechengcang 1", "KECHENGCANG_SECRET and KECHENGCANG_BASE_URL missing"},
		{gateway.Env{"PINGPP_BASE_URL": "https://example.com", "PINGPP_TOKEN": "x"}, "create pingpp", "create pingpp needs --order-no"},
		{gateway.Env{"PINGPP_TOKEN": "x"}, "query pingpp ch_1", "PINGPP_TOKEN set, PINGPP_BASE_URL missing; query needs PINGPP_API_KEY"},
		{gateway.Env{"ISPAY_USER_ID": "one", "ISPAY_SECRET": "x"}, "create ispay", "UserID"},
		{gateway.Env{"ISPAY_USER_ID": "1", "ISPAY_SECRET": "x", "ISPAY_BASE_URL": "http://example.com"}, "create ispay", "BaseURL"},
		{ispay, "create ispay --wait --order-no A/1", "OrderNo (order_no)"},
		// An empty option, as of an unset variable of a script, is no option left out.
		{nil, "create ispay --fake --order-no=", "OrderNo (order_no)"},
		{nil, "create pingpp --fake --order-no=", "create pingpp needs --order-no"},
		{nil, "create ispay --fake --channel=", "--channel of ispay must be"},
		{nil, "create ispay --fake --payer-ip=", "PayerIP (ip)"},
		{nil, "create ispay --fake --attach=", "ispay has no --attach"},
		{nil, "listen ispay --fake --forward=", "--forward must be an http or https URL"},
		{nil, "listen ispay --fake --address=", "--address must be HOST:PORT"},
		{nil, "trigger ispay --fake --to=", "--to must be an http or https URL"},
		{nil, "sandbox --host=", "--host must be an address such as 127.0.0.1 or 0.0.0.0"},
	} {
		r := program(t, test.env, "", strings.Fields(test.args)...)
		assert.Equal(t, exitUsage, r.code, test.args)
		assert.Contains(t, r.stderr, test.want, test.args)
		assert.Empty(t, r.stdout, test.args)
		assert.Contains(t, r.stderr, "paygates: ", test.args)
		assert.NotContains(t, r.stderr, "example-secret", test.args)

		r = program(t, test.env, "", append(strings.Fields(test.args), "--json")...)
		var failed struct{ Event, Kind, Message string }
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &failed), test.args)
		assert.Equal(t, "error", failed.Event, test.args)
		assert.Contains(t, []string{"usage", "invalid_config", "invalid_request"}, failed.Kind, test.args)
		assert.Contains(t, failed.Message, test.want, test.args)
	}
}

// full is an output on a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatIsLost(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"query", "ispay", "A1", "--fake"}, {"query", "ispay", "A1", "--fake", "--json"}, {"doctor", "--fake"}} {
		var stderr buffer
		code := run(context.Background(), args, nil, streams{in: strings.NewReader(""), out: full{}, err: &stderr})
		assert.Equal(t, exitFailed, code)
		assert.Contains(t, stderr.String(), "paygates: cannot write the output: no space left on device")
	}
}

func TestJSONFlag(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"--json doctor": true, "doctor --json": true, "doctor --json=true": true, "--json=false doctor": false, "verify ispay -- --json": false,
	} {
		r := program(t, nil, "", strings.Fields(args)...)
		assert.Equal(t, want, strings.HasPrefix(r.stdout, `{"event":"error"`), args)
		assert.Equal(t, !want, strings.HasPrefix(r.stderr, "paygates: "), args)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	r := program(t, nil, "", "listen", "ispay", "--fake", "--address", "127.0.0.1:"+port)
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, "127.0.0.1:"+port+" is in use: stop the other program, or choose another --address")
	r = program(t, nil, "", "sandbox", "--port", port)
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stderr, fmt.Sprintf("port %s is in use, perhaps by another sandbox: stop it, or choose others with --port", port))
}
