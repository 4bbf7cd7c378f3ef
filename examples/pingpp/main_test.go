package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/examples/internal/cli/clitest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

const orderNo = "12134676899915430002"

func exec(t *testing.T, env map[string]string, args ...string) clitest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return clitest.Run(ctx, t, program(), env, args...)
}

// start starts a backend with Ping++ and returns the environment for them.
func start(t *testing.T) (*pingpptest.Server, map[string]string) {
	t.Helper()
	srv := pingpptest.NewServer()
	t.Cleanup(srv.Close)
	require.NoError(t, srv.AddOrder(orderNo, money.Cents(9900), "Example"))
	return srv, map[string]string{
		"PINGPP_BASE_URL": srv.URL, "PINGPP_TOKEN": pingpptest.Token,
		"PINGPP_API_KEY": pingpptest.APIKey, "PINGPP_API_BASE_URL": srv.URL,
		"PINGPP_PUBLIC_KEY": strings.ReplaceAll(srv.PublicKeyPEM(), "\n", `\n`),
	}
}

func TestCreateAndWaitOnAFake(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-json", orderNo, "-channel", "wechat", "-wait", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 2)
	created, paid := result.Events[0], result.Events[1]
	assert.True(t, created.Is("created"))
	assert.Equal(t, orderNo, created["order_no"])
	assert.Equal(t, "99.00", created["amount"])
	assert.Equal(t, "wx", created["channel"])
	require.IsType(t, map[string]any{}, created["raw"])
	assert.Contains(t, created["raw"], "credential", "the app needs it")
	assert.True(t, paid.Is("paid"))
	assert.Contains(t, result.Stderr, "this is a FAKE gateway")
}

func TestCreateForPeople(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", orderNo)
	require.NoError(t, result.Err)
	assert.Contains(t, result.Stdout, "  order no       "+orderNo+"\n")
	assert.NotContains(t, result.Stdout, "credential")
	assert.Contains(t, result.Stderr, "There is no QR code")
}

func TestQueryAndWaitOnAFake(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "query", "ch_1", "-json")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Equal(t, false, result.Events[0]["paid"])
	result = exec(t, nil, "wait", "ch_1", "-json", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("paid"), 1)
}

func TestServeCreditsOnceAndRefusesTheForgedCallback(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "serve", "-json", "-explain", "-listen", "127.0.0.1:0", "-count", "3", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("credited"), 1)
	assert.Len(t, result.Named("explanation"), 3)
	callbacks := result.Named("callback")
	require.Len(t, callbacks, 3)
	assert.InDelta(t, 200, callbacks[0]["status"], 0)
	assert.InDelta(t, 200, callbacks[1]["status"], 0, "the repeated one, credited once all the same")
	assert.InDelta(t, 403, callbacks[2]["status"], 0)
}

func TestOnTheBackendOfTheEnvironment(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	result := exec(t, env, "create", orderNo, "-json")
	require.NoError(t, result.Err)
	number, ok := result.Events[0]["charge_id"].(string)
	require.True(t, ok)
	require.NoError(t, srv.PaySilently(orderNo))
	result = exec(t, env, "wait", number, "-json")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("paid"), 1)

	result = exec(t, env, "query", "ch_none", "-json")
	require.ErrorIs(t, result.Err, pingpp.ErrOrderNotFound)
	assert.Equal(t, "order_not_found", result.Events[0]["kind"])
	result = exec(t, env, "create", "1", "-json")
	require.ErrorIs(t, result.Err, pingpp.ErrPaymentRequestFailed)
}

// Each part can be used alone.
func TestPartOfTheEnvironment(t *testing.T) {
	t.Parallel()
	_, env := start(t)
	only := func(names ...string) map[string]string {
		part := map[string]string{}
		for _, name := range names {
			part[name] = env[name]
		}
		return part
	}
	result := exec(t, only("PINGPP_BASE_URL", "PINGPP_TOKEN"), "create", orderNo)
	require.NoError(t, result.Err)
	for missing, args := range map[string][]string{
		"PINGPP_API_KEY":    {"query", "ch_1"},
		"PINGPP_PUBLIC_KEY": {"serve"},
	} {
		result = exec(t, only("PINGPP_BASE_URL", "PINGPP_TOKEN"), args...)
		require.ErrorContains(t, result.Err, "is set, but not "+missing)
		assert.Equal(t, 2, cli.ExitStatus(result.Err))
	}
	result = exec(t, only("PINGPP_BASE_URL", "PINGPP_TOKEN"), "create", orderNo, "-wait")
	require.ErrorContains(t, result.Err, "-wait needs PINGPP_API_KEY")
	result = exec(t, only("PINGPP_API_KEY"), "create", orderNo)
	require.ErrorContains(t, result.Err, "is set, but not PINGPP_BASE_URL, PINGPP_TOKEN")
}

func TestAWrongToken(t *testing.T) {
	t.Parallel()
	_, env := start(t)
	env["PINGPP_TOKEN"] = "another-token"
	result := exec(t, env, "create", orderNo, "-json")
	require.ErrorContains(t, result.Err, "Invalid token.")
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	env["PINGPP_API_KEY"] = "sk_live_another"
	result = exec(t, env, "query", "ch_1", "-json")
	require.ErrorContains(t, result.Err, "Invalid API Key")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	clitest.Mistakes(t, program(), map[string]string{"PINGPP_BASE_URL": "https://shop.example.com", "PINGPP_TOKEN": "example"})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	const body = `{"id":"evt_1","object":"event","type":"summary.daily.available","livemode":true,"created":1574048000,` +
		`"data":{"object":{}},"pending_webhooks":0,"request":""}`
	result := exec(t, env, "verify", srv.Sign([]byte(body)), body, "-json")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("signature_right"), 1)
	result = exec(t, env, "verify", srv.Sign([]byte(body)), body+"\n")
	require.ErrorIs(t, result.Err, pingpp.ErrInvalidSignature)
	assert.Contains(t, result.Stderr, "It matches without the blanks, line breaks or byte order mark around the body")
}

func TestCtrlC(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"wait", "ch_1", "-pay-after", "0"}, {"serve", "-listen", "127.0.0.1:0", "-pay-after", "0"}} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		result := clitest.Run(ctx, t, program(), nil, args...)
		assert.Equal(t, 130, cli.ExitStatus(result.Err), args)
	}
}
