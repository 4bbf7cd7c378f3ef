package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/examples/internal/cli/clitest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
)

func exec(t *testing.T, env map[string]string, args ...string) clitest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return clitest.Run(ctx, t, program(), env, args...)
}

// start starts a gateway and returns the environment for it.
func start(t *testing.T) (*ispaytest.Server, map[string]string) {
	t.Helper()
	srv := ispaytest.NewServer()
	t.Cleanup(srv.Close)
	return srv, map[string]string{
		"ISPAY_USER_ID": ispaytest.UserID, "ISPAY_SECRET": ispaytest.Secret, "ISPAY_BASE_URL": srv.URL,
	}
}

func TestCreateAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-json", "-amount", "300", "-order-no", "A1", "-channel", "wechat", "-wait", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 3)
	created, code, paid := result.Events[0], result.Events[1], result.Events[2]
	assert.True(t, created.Is("created"))
	assert.Equal(t, "A1", created["order_no"])
	assert.Equal(t, "300.00", created["amount"])
	assert.True(t, code.Is("qr_code"))
	assert.Equal(t, created["pay_page"], code["text"])
	assert.True(t, paid.Is("paid"))
	assert.InDelta(t, 9, paid["state"], 0)
	assert.Equal(t, "P902", paid["channel"])
	assert.Contains(t, result.Stderr, "this is a FAKE gateway")
	assert.Contains(t, result.Stderr, "waiting for payment")
	assert.Contains(t, result.Stderr, "state 9 (confirmed)")
}

func TestCreateForPeople(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-explain")
	require.NoError(t, result.Err)
	assert.Contains(t, result.Stdout, "created\n  order no       S")
	assert.Contains(t, result.Stdout, "█ ▄▄▄▄▄ █")
	assert.NotContains(t, result.Stdout, `"`)
	assert.Contains(t, result.Stderr, "md5(userid + order_no + order_type + amount + return_url + secret)")
	assert.Contains(t, result.Stderr, "[secret, 23 characters]")
	assert.Contains(t, result.Stderr, "the signature matches")
	assert.Contains(t, result.Stderr, "examples/sandbox")
	assert.NotContains(t, result.Stdout+result.Stderr, ispaytest.Secret)
}

func TestQueryAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "query", "A1", "-json")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Equal(t, false, result.Events[0]["paid"])
	result = exec(t, nil, "wait", "-pay-after", "10ms", "A1")
	require.NoError(t, result.Err)
	assert.True(t, strings.HasPrefix(result.Stdout, "paid\n  order no       A1\n"), result.Stdout)
}

func TestServeCreditsOnceAndRefusesTheForgedCallback(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "serve", "-json", "-explain", "-listen", "127.0.0.1:0", "-count", "3", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("credited"), 1)
	assert.Len(t, result.Named("explanation"), 3)
	callbacks := result.Named("callback")
	require.Len(t, callbacks, 3)
	assert.Equal(t, "success", callbacks[0]["reply"])
	assert.Equal(t, "success", callbacks[1]["reply"], "the repeated one, credited once all the same")
	assert.InDelta(t, 409, callbacks[2]["status"], 0)
	assert.Contains(t, result.Stderr, "an attacker sends a forged callback now")
}

func TestOnTheGatewayOfTheEnvironment(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	result := exec(t, env, "create", "-order-no", "A1", "-json")
	require.NoError(t, result.Err)
	assert.Empty(t, result.Stderr)
	require.Len(t, srv.Orders(), 1)

	result = exec(t, env, "query", "A2", "-json")
	require.ErrorIs(t, result.Err, ispay.ErrOrderNotFound)
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	require.Len(t, result.Events, 1)
	assert.Equal(t, "order_not_found", result.Events[0]["kind"])

	require.NoError(t, srv.Expire("A1"))
	result = exec(t, env, "wait", "A1", "-json", "-every", "100ms")
	require.ErrorIs(t, result.Err, ispay.ErrNotPaid)
	assert.Len(t, result.Named("not_paid"), 1)
	assert.Equal(t, "not_paid", result.Named("error")[0]["kind"])
}

func TestAWrongSecret(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	env["ISPAY_SECRET"] += "\n"
	result := exec(t, env, "create")
	require.Error(t, result.Err)
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	assert.Empty(t, srv.Orders())
	assert.Contains(t, result.Stderr, "Warning: ISPAY_SECRET begins or ends with a blank.")
	assert.Contains(t, result.Stderr, "-explain shows what is signed")

	result = exec(t, env, "create", "-explain")
	require.Error(t, result.Err)
	assert.Contains(t, result.Stderr, "The secret has a line break in it")
	assert.NotContains(t, result.Stderr, ispaytest.Secret)
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	clitest.Mistakes(t, program(), map[string]string{"ISPAY_USER_ID": "10001", "ISPAY_SECRET": "example-secret"})
	result := exec(t, nil, "create", "-amount", "1.234")
	assert.Equal(t, 2, cli.ExitStatus(result.Err))
	result = exec(t, nil, "create", "-channel", "cash")
	require.ErrorContains(t, result.Err, "want alipay, wechat, unionpay")
	result = exec(t, nil, "create", "-payer-ip", "nobody")
	require.ErrorIs(t, result.Err, ispay.ErrInvalidRequest)
}

func TestVerify(t *testing.T) {
	t.Parallel()
	// printf %s 10001A1example-secret-of-ispay | md5sum
	const callback = "order_no=A1&amount=300.00&state=9&sign=SIGN"
	right := strings.Replace(callback, "SIGN", "3ff76a4e876465f5d85614196aa09119", 1)
	result := exec(t, nil, "verify", "https://shop.example.com/notify?"+right, "-json")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("signature_right"), 1)

	file := filepath.Join(t.TempDir(), "callback")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(right, "A1", "A2", 1)+"\n"), 0o600))
	result = exec(t, nil, "verify", "@"+file)
	require.ErrorIs(t, result.Err, ispay.ErrInvalidSignature)
	assert.Contains(t, result.Stderr, "the signature DOES NOT match")

	result = exec(t, nil, "verify", "")
	assert.Equal(t, 2, cli.ExitStatus(result.Err))
}

func TestCtrlC(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"wait", "A1", "-pay-after", "0"}, {"serve", "-listen", "127.0.0.1:0", "-pay-after", "0"}} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		result := clitest.Run(ctx, t, program(), nil, args...)
		assert.Equal(t, 130, cli.ExitStatus(result.Err), args)
		assert.EqualError(t, result.Err, "interrupted")
	}
}
