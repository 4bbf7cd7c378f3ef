package readme

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func whatToDo(err error) string {
	const created, fix, retry, query = "created", "fix the request", "retry", "query the order"

	var failed *paygates.Error
	switch {
	case err == nil:
		return created
	case errors.Is(err, paygates.ErrInvalidRequest): // nothing was sent; the text names the field
		return fix
	case errors.Is(err, paygates.ErrNotSent): // the order does not exist
		return retry
	case errors.Is(err, paygates.ErrOutcomeUnknown): // the order may exist: do not create it again
		return query
	case errors.As(err, &failed): // the gateway rejected the order
		return failed.Code + " " + failed.Message
	}

	return err.Error()
}

// Every order of the cases gives the same, because no error of a create is two of them.
func TestWhatToDo(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "created", whatToDo(nil))
	assert.Equal(t, "fix the request", whatToDo(fmt.Errorf("x: %w", paygates.ErrInvalidRequest)))
	assert.Equal(t, "retry", whatToDo(&paygates.Error{Err: paygates.ErrNotSent}))
	assert.Equal(t, "query the order", whatToDo(&paygates.Error{Err: paygates.ErrOutcomeUnknown}))
	assert.Equal(t, "1004 订单创建失败!", whatToDo(&paygates.Error{Code: "1004", Message: "订单创建失败!"}))
	assert.Equal(t, "x", whatToDo(errors.New("x")))
}

func TestYourCode(t *testing.T) {
	t.Parallel()
	yourHandler := func(config ispay.Config) http.Handler {
		client, err := ispay.New(config)
		require.NoError(t, err)
		return client.NotificationHandler(func(context.Context, *ispay.Notification) error { return nil })
	}

	gateway := ispaytest.NewServer() // a fake on a loopback port; every package has one
	defer gateway.Close()
	shop := httptest.NewServer(yourHandler(gateway.Config()))
	defer shop.Close()

	client, err := ispay.New(gateway.Config())
	require.NoError(t, err)
	_, err = client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "1", Channel: ispay.ChannelWeChat, Amount: money.Cents(100), PayerIP: "203.0.113.7", NotifyURL: shop.URL,
	})
	require.NoError(t, err)
	paid, err := gateway.Pay("1") // your handler has run when it returns
	require.NoError(t, err)
	assert.Equal(t, "success", paid.Response)
	forged, err := gateway.SendTampered("1") // another amount under a valid signature
	require.NoError(t, err)
	assert.Equal(t, "fail", forged.Response)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret("example-secret")})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/notify?order_no=20191118123424&amount=300.00&state=9"+
		// printf %s '1000220191118123424example-secret' | md5sum
		"&sign=6f4f6df112627725f6530bc049b4dd4b", nil)
	var out strings.Builder

	if _, err := client.ParseNotification(r); errors.Is(err, paygates.ErrInvalidSignature) {
		fmt.Fprintln(&out, client.ExplainNotification(r.URL.Query())) // to your terminal, never to the sender
	}

	assert.Contains(t, out.String(), "20191118123424")
	assert.NotContains(t, out.String(), "example-secret")
}
