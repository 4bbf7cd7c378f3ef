package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/examples/internal/cli/clitest"
)

func exec(t *testing.T, env map[string]string, args ...string) clitest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return clitest.Run(ctx, t, program(), env, args...)
}

// start starts a gateway and returns the environment for it.
func start(t *testing.T) (*codepaytest.Server, map[string]string) {
	t.Helper()
	srv := codepaytest.NewServer()
	t.Cleanup(srv.Close)
	return srv, map[string]string{
		"CODEPAY_USER_ID": codepaytest.UserID, "CODEPAY_SECRET": codepaytest.Secret,
		"CODEPAY_TOKEN": codepaytest.Token, "CODEPAY_BASE_URL": srv.URL,
	}
}

func TestCreateAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-json", "-amount", "100", "-order-no", "A1", "-channel", "qq", "-wait", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 2)
	created, paid := result.Events[0], result.Events[1]
	assert.True(t, created.Is("created"))
	assert.Equal(t, "A1", created["order_no"])
	assert.Equal(t, "100.00", created["money"])
	assert.True(t, paid.Is("paid"))
	assert.Equal(t, created["order_id"], paid["order_id"])
	assert.Contains(t, result.Stderr, "this is a FAKE gateway")
}

func TestCreateForPeople(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-explain")
	require.NoError(t, result.Err)
	// Drawn from the image that the gateway sends.
	assert.Contains(t, result.Stdout, "█ ▄▄▄▄▄ █")
	assert.Contains(t, result.Stderr, "&page=4&")
	assert.Contains(t, result.Stderr, "[secret, 22 characters]")
	assert.Contains(t, result.Stderr, "the signature matches")
	assert.NotContains(t, result.Stdout+result.Stderr, codepaytest.Secret)
}

func TestCashier(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "cashier", "-json", "-order-no", "A1")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Contains(t, result.Events[0]["url"], "/creat_order/?id=10041&")
}

func TestQueryAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "query", "1", "-json")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Equal(t, false, result.Events[0]["paid"])
	result = exec(t, nil, "wait", "1", "-json", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("paid"), 1)
}

func TestServeCreditsOnceAndRefusesTheForgedCallback(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "serve", "-json", "-explain", "-listen", "127.0.0.1:0", "-count", "3", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	credited := result.Named("credited")
	require.Len(t, credited, 1)
	assert.Equal(t, "1.00", credited[0]["money"])
	assert.Len(t, result.Named("explanation"), 3)
	callbacks := result.Named("callback")
	require.Len(t, callbacks, 3)
	assert.Equal(t, "success", callbacks[0]["reply"])
	assert.Equal(t, "success", callbacks[1]["reply"], "the repeated one, credited once all the same")
	assert.InDelta(t, 403, callbacks[2]["status"], 0)
}

func TestOnTheGatewayOfTheEnvironment(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	result := exec(t, env, "create", "-order-no", "A1", "-json")
	require.NoError(t, result.Err)
	assert.Empty(t, result.Stderr)
	require.Len(t, srv.Orders(), 1)

	result = exec(t, env, "query", "1", "-json")
	require.ErrorIs(t, result.Err, codepay.ErrOrderNotFound)
	require.Len(t, result.Events, 1)
	assert.Equal(t, "order_not_found", result.Events[0]["kind"])

	result = exec(t, env, "wait", srv.Orders()[0].ID, "-json", "-timeout", "200ms", "-every", "100ms")
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	assert.Equal(t, "timeout", result.Named("error")[0]["kind"])

	srv.AnswerCreates(-8, "offline")
	result = exec(t, env, "create", "-order-no", "A2", "-json")
	require.ErrorIs(t, result.Err, codepay.ErrListenerOffline)
	assert.Len(t, result.Named("created"), 1)
}

func TestAWrongSecret(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	env["CODEPAY_SECRET"] = "another-secret"
	result := exec(t, env, "create", "-json")
	require.ErrorContains(t, result.Err, "sign fail")
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	assert.Empty(t, srv.Orders())
	assert.Contains(t, result.Stderr, "-explain shows what is signed")
	assert.Equal(t, "failed", result.Named("error")[0]["kind"])
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	credentials := map[string]string{"CODEPAY_USER_ID": "10041", "CODEPAY_SECRET": "example-secret"}
	clitest.Mistakes(t, program(), credentials)
	for _, args := range [][]string{{"query", "1"}, {"wait", "1"}, {"create", "-wait"}} {
		result := exec(t, credentials, args...)
		require.ErrorContains(t, result.Err, "CODEPAY_TOKEN", args)
		assert.Equal(t, 2, cli.ExitStatus(result.Err), args)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	// printf %s 'money=100.00&pay_id=A1&pay_no=7&price=100.00&type=1example-key-of-codepay' | md5sum
	const callback = "pay_id=A1&money=100.00&price=100.00&type=1&pay_no=7&param=&sign=c6c40025cd2ac52a781c8038d3ab2071"
	result := exec(t, nil, "verify", callback, "-json")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("signature_right"), 1)
	result = exec(t, nil, "verify", "pay_no=8&"+callback[len("pay_id=A1&"):])
	require.Error(t, result.Err)
}

func TestCtrlC(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"wait", "1", "-pay-after", "0"}, {"serve", "-listen", "127.0.0.1:0", "-pay-after", "0"}} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		result := clitest.Run(ctx, t, program(), nil, args...)
		assert.Equal(t, 130, cli.ExitStatus(result.Err), args)
	}
}
