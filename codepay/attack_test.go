package codepay_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
)

// The attacks of docs/security.md that no other test shows.

// Nothing in a callback says that it is new: the merchant keeps the record.
func TestACallbackSentAgainReachesTheMerchantAgain(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	var payments []string
	handler := client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		payments = append(payments, n.PayNo)
		return nil
	})
	for range 2 {
		handler.ServeHTTP(httptest.NewRecorder(), post(sample(t)))
	}
	assert.Equal(t, []string{payNo, payNo}, payments)
}

// A payer can type any amount. The callback of it is genuine.
func TestAPaymentOfAnotherAmountReachesTheMerchant(t *testing.T) {
	t.Parallel()
	// printf %s 'money=0.01&pay_id=admin&pay_no=2&price=100.00example-key' | md5sum
	const form = "money=0.01&pay_id=admin&pay_no=2&price=100.00&sign=6cc8c54284b265c24e3a2b009dcacab0"
	var got *codepay.Notification
	w, log := handle(t, post(form), nil, func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	assert.Equal(t, "0.01", got.Money.String())
	assert.Equal(t, "100.00", got.Price.String())
	assert.True(t, got.Differs())
}

// An empty parameter is not signed, so anybody can add one. It says nothing, and
// it cannot take the place of one that is signed.
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
		require.ErrorIs(t, err, codepay.ErrInvalidNotification, name)
	}
}

// Whoever has the key signs a callback without an order_id, and then the query is
// not asked: only the merchant can refuse such a callback, by its nil Order.
func TestALeakedKeyNeedsNoOrderID(t *testing.T) {
	t.Parallel()
	var got *codepay.Notification
	w, log := handle(t, post(sample(t)), answer(`{"status":0,"msg":"unpaid"}`),
		func(_ context.Context, n *codepay.Notification) error { got = n; return nil })
	require.Equal(t, 200, w.Code, log)
	require.NotNil(t, got)
	assert.Nil(t, got.Order)
}

// The reply to a create is not signed: one that came by the payer's browser may
// say another amount and lead to another's QR code.
func TestAReplyProvesNothing(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(`"money": "100.00"`, `"money": "0.01"`, "codepay.fateqq.com", "attacker.example.com").
		Replace(samples.Printed(t, "create_reply.json"))
	order, err := codepay.ParseReply([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, "0.01", order.Money.String())
	assert.Equal(t, "https://attacker.example.com/qr/1/3/100/0.png", order.QRCodeURL)
}

// The payer sees the token of a TokenURL, and any parameter of it can be changed.
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
