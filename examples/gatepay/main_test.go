package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/examples/internal/cli"
	"github.com/paygates/paygates-go/examples/internal/cli/clitest"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
)

func exec(t *testing.T, env map[string]string, args ...string) clitest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return clitest.Run(ctx, t, program(), env, args...)
}

// start starts a gateway and returns the environment for it.
func start(t *testing.T) (*gatepaytest.Server, map[string]string) {
	t.Helper()
	srv := gatepaytest.NewServer()
	t.Cleanup(srv.Close)
	return srv, map[string]string{
		"GATEPAY_APPKEY": gatepaytest.AppKey, "GATEPAY_APPSECRET": gatepaytest.Secret,
		"GATEPAY_BASE_URL": srv.URL, "GATEPAY_CLOUD_BASE_URL": srv.URL,
	}
}

func TestCreateAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "create", "-json", "-amount", "1.88", "-order-no", "A1", "-channel", "wechat", "-wait", "-pay-after", "10ms")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 2)
	created, paid := result.Events[0], result.Events[1]
	assert.True(t, created.Is("created"))
	assert.Equal(t, "A1", created["order_no"])
	assert.True(t, paid.Is("paid"))
	assert.Equal(t, "1.88", paid["amount"])
	assert.Equal(t, "wechat", paid["channel"])
	assert.Contains(t, result.Stderr, "this is a FAKE gateway")
}

func TestCreateOfEveryKind(t *testing.T) {
	t.Parallel()
	for kind, test := range map[string]struct {
		args []string
		form string
	}{
		"any amount": {nil, "md5(md5(appkey + price + type + out_order_id + custom) + secret)"},
		"cloud":      {[]string{"-cloud"}, "md5(md5(appkey + price + type + out_order_id + custom) + secret)"},
		"product":    {[]string{"-product", "7"}, "md5(md5(appkey + product_id + type + out_order_id + custom) + secret)"},
		"basket":     {[]string{"-basket", "8:1,7:2"}, "md5(md5(appkey + fields + type + out_order_id + custom) + secret)"},
	} {
		result := exec(t, nil, append([]string{"create", "-explain"}, test.args...)...)
		require.NoError(t, result.Err, kind)
		assert.Contains(t, result.Stdout, "█ ▄▄▄▄▄ █", kind)
		assert.Contains(t, result.Stderr, test.form, kind)
		assert.Contains(t, result.Stderr, "[secret, 28 characters]", kind)
		assert.Contains(t, result.Stderr, "the signature matches", kind)
		assert.NotContains(t, result.Stdout+result.Stderr, gatepaytest.Secret, kind)
	}
	for _, args := range [][]string{
		{"-cloud", "-product", "7"}, {"-basket", "8:1", "-product", "7"}, {"-basket", "8:x"},
		{"-cloud", "-notify-url", "https://shop.example.com/notify"},
	} {
		result := exec(t, nil, append([]string{"create"}, args...)...)
		assert.Equal(t, 2, cli.ExitStatus(result.Err), args)
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "link", gatepaytest.Token, "-json", "-amount", "1.88", "-fixed")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Contains(t, result.Events[0]["url"], "/pay/any?appkey="+gatepaytest.AppKey+"&token=exampletoken&price=1.88&stable=1")
}

func TestQueryAndWaitOnAFakeGateway(t *testing.T) {
	t.Parallel()
	result := exec(t, nil, "query", "A1", "-json")
	require.NoError(t, result.Err)
	require.Len(t, result.Events, 1)
	assert.Equal(t, false, result.Events[0]["paid"])
	result = exec(t, nil, "wait", "A1", "-json", "-pay-after", "10ms")
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

	result = exec(t, env, "query", "A2", "-json")
	require.ErrorIs(t, result.Err, gatepay.ErrOrderNotFound)
	require.Len(t, result.Events, 1)
	assert.Equal(t, "order_not_found", result.Events[0]["kind"])

	require.NoError(t, srv.Expire("A1"))
	result = exec(t, env, "wait", "A1", "-json", "-every", "100ms")
	require.ErrorIs(t, result.Err, gatepay.ErrNotPaid)
	assert.Len(t, result.Named("not_paid"), 1)
}

func TestAWrongSecret(t *testing.T) {
	t.Parallel()
	srv, env := start(t)
	env["GATEPAY_APPSECRET"] = "another-secret"
	result := exec(t, env, "create", "-json")
	require.ErrorIs(t, result.Err, gatepay.ErrSignatureRefused)
	assert.Equal(t, 1, cli.ExitStatus(result.Err))
	assert.Empty(t, srv.Orders())
	assert.Contains(t, result.Stderr, "-explain shows what is signed")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	clitest.Mistakes(t, program(), map[string]string{"GATEPAY_APPKEY": "example", "GATEPAY_APPSECRET": "example-secret"})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	// printf %s "$(printf %s example0appkey0of0gatepay00000011A11.881.88alipay1574048000x | md5sum | cut -c1-32)example-appsecret-of-gatepay" | md5sum
	const callback = "order_id=1&out_order_id=A1&price=1.88&realprice=1.88&type=alipay&paytime=1574048000&extend=x&sign=60da5fabef23e374e1a01a72228d1d4d"
	result := exec(t, nil, "verify", callback, "-json")
	require.NoError(t, result.Err)
	assert.Len(t, result.Named("signature_right"), 1)
	result = exec(t, nil, "verify", "order_id=2&"+callback[len("order_id=1&"):])
	require.ErrorIs(t, result.Err, gatepay.ErrInvalidSignature)
	assert.Contains(t, result.Stderr, "the signature DOES NOT match")
}

func TestCtrlC(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"wait", "A1", "-pay-after", "0"}, {"serve", "-listen", "127.0.0.1:0", "-pay-after", "0"}} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		result := clitest.Run(ctx, t, program(), nil, args...)
		assert.Equal(t, 130, cli.ExitStatus(result.Err), args)
	}
}
