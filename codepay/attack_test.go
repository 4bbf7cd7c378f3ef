package codepay_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
)

// The attacks of docs/security.md that no other test covers.

// A payer can type any amount. The notification is genuine.
func TestAPaymentOfAnotherAmountReachesTheMerchant(t *testing.T) {
	t.Parallel()
	// printf %s 'money=0.01&pay_id=admin&pay_no=2&price=100.00example-key' | md5sum
	const form = "money=0.01&pay_id=admin&pay_no=2&price=100.00&sign=6cc8c54284b265c24e3a2b009dcacab0"
	var got *codepay.Notification
	w, log := handle(t, post(form), nil, func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	assert.Equal(t, "0.01", got.PaidAmount.String())
	assert.Equal(t, "100.00", got.Amount.String())
	assert.True(t, got.AmountDiffers())
}

// An empty parameter is not signed, so an attacker can add one. It changes nothing and
// cannot replace a signed one.
func TestAnEmptyParameterChangesNothing(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	genuine, err := client.ParseNotification(post(sample(t)))
	require.NoError(t, err)
	more, err := client.ParseNotification(post("price=&param=&order_id=&pay_tag=&other=&" + sample(t)))
	require.NoError(t, err)
	more.Raw = genuine.Raw
	assert.Equal(t, genuine, more)
	for _, name := range []string{"money", "pay_no", "pay_id", "status"} {
		_, err = client.ParseNotification(post(name + "=&" + sample(t)))
		require.ErrorIs(t, err, paygates.ErrInvalidNotification, name)
	}
}

// With a leaked key an attacker signs a notification without an order_id, which is not
// confirmed. Only the merchant can reject it, by its nil Order.
func TestALeakedKeyNeedsNoOrderID(t *testing.T) {
	t.Parallel()
	var got *codepay.Notification
	w, log := handle(t, post(sample(t)), respond(`{"status":0,"msg":"unpaid"}`),
		func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	require.NotNil(t, got)
	assert.Nil(t, got.Order)
}

// The response to a create is not signed: one that came through the payer's browser may
// have another amount and the QR code of another account.
func TestAResponseProvesNothing(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(`"money": "100.00"`, `"money": "0.01"`, "codepay.fateqq.com", "attacker.example.com").
		Replace(samples.Printed(t, "create_reply.json"))
	order, err := codepay.DecodeCreatedOrder([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, "0.01", order.PayableAmount.String())
	assert.Equal(t, "https://attacker.example.com/qr/1/3/100/0.png", order.QRCodeURL)
}

// The payer sees the token of a TokenURL and can change every parameter.
func TestATokenURLShowsTheTokenAndIsNotSigned(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.TokenURL(minimal())
	require.NoError(t, err)
	u, err := url.Parse(page)
	require.NoError(t, err)
	assert.Equal(t, token, u.Query().Get("token"))
	assert.False(t, u.Query().Has("sign"))
	assert.NotContains(t, page, secret)
}
