package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/examples/internal/cli/clitest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
)

func exec(t *testing.T, env map[string]string, args ...string) clitest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return clitest.Run(ctx, t, program(), env, args...)
}

// start starts a server and returns the environment for it.
func start(t *testing.T) (*kechengcangtest.Server, map[string]string) {
	t.Helper()
	srv := kechengcangtest.NewServer()
	t.Cleanup(srv.Close)
	return srv, map[string]string{
		"KECHENGCANG_APP_ID": kechengcangtest.AppID, "KECHENGCANG_SECRET": kechengcangtest.Secret,
		"KECHENGCANG_BASE_URL": srv.URL,
	}
}

func TestCreateAndWaitOnAFakeServer(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-json", "-amount", "20.00", "-subject", "Course 42", "-wait", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 2)
	created, paid := result.Events[0], result.Events[1]
	assert.True(t, created.Is("created"))
	assert.Equal(t, "20.00", created["fee"])
	assert.Equal(t, "USD", created["currency"])
	assert.Equal(t, "FTM", created["pay_currency"])
	assert.True(t, paid.Is("paid"))
	assert.Equal(t, created["order_id"], paid["order_id"])
	assert.Contains(t, result.Stderr, "this is a FAKE gateway")
}

func TestCreateForPeople(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-explain")
	require.NoError(t, result.Err)
	assert.Contains(t, result.Stdout, "█ ▄▄▄▄▄ █")
	assert.Contains(t, result.Stderr, "md5(md5(salt) + md5(secret))")
	assert.Contains(t, result.Stderr, "[md5 of secret, 29 characters]")
	assert.Contains(t, result.Stderr, "the signature matches")
	assert.NotContains(t, result.Stdout+result.Stderr, kechengcangtest.Secret)
}

func TestQueryAndWaitOnAFakeServer(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "query", "1", "-json")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Equal(t, false, result.Events[0]["paid"])
	result = exec(t, nil, "wait", "1", "-json", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("paid"), 1)
}

// The forged callback claims another fee for the order that was paid: nothing of
// it but the number is believed, so it is a repetition.
func TestServeCreditsOnce(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "serve", "-json", "-listen", "127.0.0.1:0", "-count", "3", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	credited := result.Named("credited")
	require.Len(t, credited, 1)
	assert.Equal(t, "1.00", credited[0]["fee"])
	assert.Len(t, result.Named("callback"), 3)
	assert.Contains(t, result.Stderr, "credited once only")
}

func TestOnTheServerOfTheEnvironment(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	srv.RevealSecret()
	result := exec(t, env, "create", "-json")
	require.NoError(t, result.Err)
	assert.Empty(t, result.Stderr)
	require.Len(t, srv.Orders(), 1)

	number := srv.Orders()[0].ID
	result = exec(t, env, "query", number, "-json")
	require.NoError(t, result.Err)
	assert.NotContains(t, result.Stdout, kechengcangtest.Secret, "the answer has it")

	result = exec(t, env, "query", "0000000000000000", "-json")
	require.ErrorIs(t, result.Err, kechengcang.ErrOrderNotFound)
	assert.Equal(t, "order_not_found", result.Events[0]["kind"])

	require.NoError(t, srv.Expire(number))
	result = exec(t, env, "wait", number, "-json", "-every", "100ms")
	require.ErrorIs(t, result.Err, kechengcang.ErrNotPaid)
}

func TestAWrongSecret(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	env["KECHENGCANG_SECRET"] = "another-secret"
	result := exec(t, env, "create", "-json")
	require.ErrorContains(t, result.Err, "签名不正确")
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	assert.Empty(t, srv.Orders())
	assert.Contains(t, result.Stderr, "-explain shows what is signed")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	clitest.Mistakes(t, program(), map[string]string{
		"KECHENGCANG_APP_ID": "example", "KECHENGCANG_SECRET": "example-secret", "KECHENGCANG_BASE_URL": "https://pay.example.com",
	})
	result := exec(t, map[string]string{
		"KECHENGCANG_APP_ID": "example", "KECHENGCANG_SECRET": "example-secret", "KECHENGCANG_BASE_URL": "http://pay.example.com",
	}, "create")
	require.ErrorIs(t, result.Err, kechengcang.ErrInvalidConfig)
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
