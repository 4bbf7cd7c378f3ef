package codepay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func TestParseReturn(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	// printf %s 'money=99.99&param=一本书&pay_id=admin&pay_no=2017021720&price=100.00&target=get&type=3example-key' | md5sum
	const signature = "d819c4dbe008cdbd5a7f6aa3bec53425"
	values := url.Values{
		"money": {"99.99"}, "param": {"一本书"}, "pay_id": {"admin"}, "pay_no": {"2017021720"}, "price": {"100.00"},
		"target": {"get"}, "type": {"3"}, "sign": {signature},
	}
	got, err := client.ParseReturn(get("shop=7&" + values.Encode()))
	require.NoError(t, err)
	raw := got.Raw.Reveal()
	assert.Equal(t, "7", raw.Get("shop"))
	assert.Equal(t, &codepay.Return{
		OrderNo: "admin", PaymentNo: "2017021720", Channel: codepay.ChannelWeChat,
		PaidAmount: money.Cents(9999), Amount: money.Cents(10000), Attach: "一本书", Raw: got.Raw,
	}, got)
	assert.Equal(t, "codepay return of the payer of payment 2017021720", got.String())
	assert.Zero(t, mock.GetTotalCallCount())

	verified, err := client.VerifyReturn(values)
	require.NoError(t, err)
	verified.Raw = got.Raw
	assert.Equal(t, got, verified)

	values.Set("money", "999.00")
	_, err = client.VerifyReturn(values)
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
	_, err = client.ParseReturn(get(values.Encode()))
	require.ErrorIs(t, err, paygates.ErrInvalidSignature)
}

// A return is for a page, so most of it may be missing.
func TestParseReturnWithTheLeast(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	got, err := client.ParseReturn(get(signed(t, url.Values{"pay_id": {"admin"}, "pay_no": {"0"}, "money": {"free"}}).Encode()))
	require.NoError(t, err)
	assert.Equal(t, "admin", got.OrderNo)
	assert.Empty(t, got.PaymentNo)
	assert.Equal(t, []string{"money"}, got.Unread)

	for _, values := range []url.Values{
		{"pay_no": {"1"}}, {"pay_id": {"a\nb"}}, {"pay_id": {"1"}, "param": {"1&pay_no=2"}},
	} {
		_, err = client.VerifyReturn(signed(t, values))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	}
	_, err = client.VerifyReturn(url.Values{"pay_id": {"1", "2"}})
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	_, err = client.ParseReturn(get("pay_id=1&pay_id=2"))
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
}

// A payer comes back with a signature that was made before the key was changed.
func TestParseReturnWithAPreviousSecret(t *testing.T) {
	t.Parallel()
	c := config()
	c.Secret, c.PreviousSecrets = sign.NewSecret("example-key-that-is-new"), []sign.Secret{sign.NewSecret("example-key")}
	client, err := codepay.New(c)
	require.NoError(t, err)
	// printf %s 'pay_id=admin&pay_no=1example-key' | md5sum
	got, err := client.ParseReturn(get("pay_id=admin&pay_no=1&sign=b6ad35579a0c181f7f0fdcf2052c8f8a"))
	require.NoError(t, err)
	assert.Equal(t, 1, got.KeyIndex)
	// printf %s 'pay_id=admin&pay_no=1example-key-that-is-new' | md5sum
	got, err = client.ParseReturn(get("pay_id=admin&pay_no=1&sign=f371a61b9634d2d1b1634a3888a24c4f"))
	require.NoError(t, err)
	assert.Zero(t, got.KeyIndex)

	c.PreviousSecrets = []sign.Secret{sign.NewSecret("short")}
	_, err = codepay.New(c)
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
	assert.ErrorContains(t, err, "PreviousSecrets[0] must be 6 to 100 bytes long")
}
