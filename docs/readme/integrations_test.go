package readme

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

// shop is a merchant's program: what the snippets need around them.
type shop struct {
	mux       *http.ServeMux
	notifyURL string
	credited  map[string]string
	payer     func()
	shown     []string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{mux: http.NewServeMux(), credited: map[string]string{}}
	server := httptest.NewServer(s.mux)
	t.Cleanup(server.Close)
	s.notifyURL = server.URL + "/notify"
	return s
}

func (s *shop) credit(_ context.Context, key string, amount money.Amount) error {
	s.credited[key] = amount.String()
	return nil
}

func (s *shop) show(page string) { s.shown = append(s.shown, page) }

func (s *shop) ispay(ctx context.Context, config ispay.Config) error {
	mux, notifyURL, credit, redirect := s.mux, s.notifyURL, s.credit, s.show

	client, err := ispay.New(config) // UserID, Secret
	if err != nil {
		return err
	}
	mux.Handle("/notify", client.NotificationHandler(func(ctx context.Context, n *ispay.Notification) error {
		return credit(ctx, n.OrderNo, n.Order.Amount) // yours: compare with the stored order, credit once
	}))
	order, err := client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), // 300.00 yuan
		PayerIP: "203.0.113.7", NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	redirect(order.PayPageURL)

	return nil
}

func (s *shop) codepay(ctx context.Context, config codepay.Config) error {
	mux, notifyURL, credit, show := s.mux, s.notifyURL, s.credit, s.show

	client, err := codepay.New(config) // UserID, Secret
	if err != nil {
		return err
	}
	mux.Handle("/notify", client.NotificationHandler(func(ctx context.Context, n *codepay.Notification) error {
		return credit(ctx, n.PayNo, n.Money) // n.OrderNo says for what; n.Money is what was really paid
	}))
	order, err := client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo: "20170217200040", Channel: codepay.ChannelAlipay, Amount: money.Cents(10000), NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	show(order.QRCodeURL) // beside order.Money, which may differ by some cents from what was asked

	return nil
}

func (s *shop) gatepay(ctx context.Context, config gatepay.Config) error {
	mux, notifyURL, credit, redirect := s.mux, s.notifyURL, s.credit, s.show

	client, err := gatepay.New(config) // AppKey, Secret
	if err != nil {
		return err
	}
	mux.Handle("/notify", client.NotificationHandler(func(ctx context.Context, n *gatepay.Notification) error {
		return credit(ctx, n.OrderNo, n.Order.Amount) // yours: compare with the stored order, credit once
	}))
	order, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S5cc75a6a0b418E", Channel: gatepay.ChannelWeChat, Amount: money.Cents(188), // 1.88 yuan
		Custom: "user 7", NotifyURL: notifyURL,
	})
	if err != nil {
		return err
	}
	redirect(order.PayPageURL)

	return nil
}

func (s *shop) kechengcang(ctx context.Context, config kechengcang.Config) error {
	credit, redirect := s.credit, func(page string) { s.show(page); s.payer() }

	client, err := kechengcang.New(config) // BaseURL, AppID, Secret
	if err != nil {
		return err
	}
	order, err := client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject: "Example book", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
	})
	if err != nil {
		return err
	}
	redirect(order.PayPageURL) // or show the payer order.PayFee and order.ReceiptAccount
	if order, err = client.WaitForPayment(ctx, order.OrderID, 5*time.Second); err != nil {
		return err // nil means paid, and nothing else does
	}
	return credit(ctx, order.OrderID, order.Fee.Amount)
}

func (s *shop) pingpp(ctx context.Context, config pingpp.Config) error {
	mux, credit, toApp := s.mux, s.credit, s.show

	client, err := pingpp.New(config) // BaseURL, Token; WebhookPublicKey
	if err != nil {
		return err
	}
	mux.Handle("/notify", client.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
		if !n.Paid() { // another event
			return nil
		}
		return credit(ctx, n.Charge.ID, n.Charge.Amount) // n.Charge.OrderNo says for what
	}))
	created, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay})
	if err != nil {
		return err
	}
	toApp(string(created.Charge.Raw)) // untouched, to the Ping++ SDK of the app

	return nil
}

func TestIspay(t *testing.T) {
	t.Parallel()
	gateway, s := ispaytest.NewServer(), newShop(t)
	t.Cleanup(gateway.Close)
	require.NoError(t, s.ispay(context.Background(), gateway.Config()))
	paid, err := gateway.Pay("20191118123424")
	require.NoError(t, err)
	assert.True(t, paid.Accepted)
	assert.Equal(t, map[string]string{"20191118123424": "300.00"}, s.credited)
	assert.Len(t, s.shown, 1)
}

func TestCodepay(t *testing.T) {
	t.Parallel()
	gateway, s := codepaytest.NewServer(), newShop(t)
	t.Cleanup(gateway.Close)
	require.NoError(t, s.codepay(context.Background(), gateway.Config()))
	paid, err := gateway.Pay("20170217200040")
	require.NoError(t, err)
	assert.True(t, paid.Accepted)
	assert.Len(t, s.credited, 1)
	assert.Len(t, s.shown, 1)
}

func TestGatepay(t *testing.T) {
	t.Parallel()
	gateway, s := gatepaytest.NewServer(), newShop(t)
	t.Cleanup(gateway.Close)
	require.NoError(t, s.gatepay(context.Background(), gateway.Config()))
	paid, err := gateway.Pay("S5cc75a6a0b418E")
	require.NoError(t, err)
	assert.True(t, paid.Accepted)
	assert.Equal(t, map[string]string{"S5cc75a6a0b418E": "1.88"}, s.credited)
	assert.Len(t, s.shown, 1)
}

func TestKechengcang(t *testing.T) {
	t.Parallel()
	gateway, s := kechengcangtest.NewServer(), newShop(t)
	t.Cleanup(gateway.Close)
	s.payer = func() { assert.NoError(t, gateway.PaySilently(gateway.Orders()[0].ID)) }
	require.NoError(t, s.kechengcang(context.Background(), gateway.Config()))
	assert.Len(t, s.credited, 1)
	assert.Len(t, s.shown, 1)
}

func TestPingpp(t *testing.T) {
	t.Parallel()
	gateway, s := pingpptest.NewServer(), newShop(t)
	t.Cleanup(gateway.Close)
	gateway.SetWebhookURL(s.notifyURL)
	require.NoError(t, gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example book"))
	require.NoError(t, s.pingpp(context.Background(), gateway.Config()))
	paid, err := gateway.Pay("12134676899915430002")
	require.NoError(t, err)
	assert.True(t, paid.Accepted)
	assert.Len(t, s.credited, 1)
	assert.Len(t, s.shown, 1)
}

func explainError(err error) string {
	ask, wait, fix := "query the order", "try again later", "fix the argument"

	var failed *ispay.Error
	switch {
	case err == nil:
		return "created"
	case errors.Is(err, ispay.ErrInvalidRequest): // nothing was sent; the text names the field
		return fix
	case errors.Is(err, ispay.ErrOutcomeUnknown): // the order may exist: never create it again unasked
		return ask
	case errors.Is(err, ispay.ErrNoAnswer): // it certainly does not exist
		return wait
	case errors.As(err, &failed): // the gateway said no, or something unreadable: see failed.Body
		return failed.Message
	}

	return err.Error()
}

func TestExplainError(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "fix the argument", explainError(ispay.ErrInvalidRequest))
	assert.Equal(t, "query the order", explainError(&ispay.Error{Err: ispay.ErrOutcomeUnknown}))
	assert.Equal(t, "try again later", explainError(&ispay.Error{Err: ispay.ErrNoAnswer}))
	assert.Equal(t, "订单创建失败!", explainError(&ispay.Error{Message: "订单创建失败!"}))
	assert.Equal(t, "created", explainError(nil))
	assert.Equal(t, "x", explainError(errors.New("x")))
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
	assert.Equal(t, "success", paid.Reply)
	forged, err := gateway.SendTampered("1") // another amount under a valid signature
	require.NoError(t, err)
	assert.Equal(t, "fail", forged.Reply)
}

func ownClient(config ispay.Config, roundTripper http.RoundTripper, logger *slog.Logger) (*ispay.Client, error) {
	config.HTTPClient = &http.Client{
		Transport: roundTripper,    // a proxy, tracing, metrics, mutual TLS, …
		Timeout:   5 * time.Second, // of each request with its answer; 15 s if it is zero
	}
	config.Logger = logger

	return ispay.New(config)
}

func TestOwnClient(t *testing.T) {
	t.Parallel()
	gateway := ispaytest.NewServer()
	t.Cleanup(gateway.Close)
	traced := 0
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		traced++
		return http.DefaultTransport.RoundTrip(r)
	})
	client, err := ownClient(gateway.Config(), transport, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.NoError(t, err)
	_, err = client.QueryOrder(context.Background(), "1")
	require.ErrorIs(t, err, ispay.ErrOrderNotFound)
	assert.Equal(t, 1, traced)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestExplain(t *testing.T) {
	t.Parallel()
	client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret(" example-secret")})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/notify?order_no=20191118123424&amount=300.00&state=9"+
		// printf %s '1000120191118123424example-secret' | md5sum
		"&sign=63a5bf1f3500791f438c2829da45d037", nil)
	var out strings.Builder

	if _, err := client.ParseNotification(r); errors.Is(err, ispay.ErrInvalidSignature) {
		fmt.Fprintln(&out, client.ExplainNotification(r.URL.Query())) // to your terminal, never to the sender
	}

	assert.Contains(t, out.String(), "It matches without what stands around the secret")
}
