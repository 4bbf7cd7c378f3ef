package otelpaygates_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

const (
	orderNo   = "ORDER20260101"
	payerIP   = "198.51.100.77"
	payerName = "payer-of-the-example"
	price     = money.Amount(1234)
)

// shop is what drive makes of one gateway.
type shop struct {
	fake *gatewaytest.Server
	// create creates an order with each call there is, and returns the number of the last.
	create func(t *testing.T, notifyURL string) string
	// query makes every other call.
	query  func(t *testing.T, number string)
	handle http.Handler
	// private are the secrets.
	private []string
}

var gateways = map[string]func(*testing.T, *recorder, paygates.Observer) shop{
	"ispay": ispayShop, "codepay": codepayShop, "gatepay": gatepayShop, "kechengcang": kechengcangShop, "pingpp": pingppShop,
}

func ispayShop(t *testing.T, r *recorder, observer paygates.Observer) shop {
	t.Helper()
	fake := ispaytest.NewServer(gatewaytest.WithRetryDelays())
	config := fake.Config()
	config.HTTPClient, config.Observer, config.Logger = r.client(), observer, silent
	client, err := ispay.New(config)
	require.NoError(t, err)
	var orderID string
	return shop{
		fake: fake.Server, private: []string{config.Secret.Reveal(), config.UserID},
		create: func(t *testing.T, notifyURL string) string {
			t.Helper()
			order, err := client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
				OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: price, PayerIP: payerIP, Subject: payerName, NotifyURL: notifyURL,
			})
			require.NoError(t, err)
			orderID = order.OrderID
			return orderNo
		},
		query: func(t *testing.T, number string) {
			t.Helper()
			query(t, client.QueryOrder, client.WaitForPayment, number, "UNKNOWN99999")
			_, err := client.QueryState(context.Background(), orderID)
			require.NoError(t, err)
			_, _ = client.QueryQRCode(context.Background(), orderID) // none after the payment
		},
		handle: client.NotificationHandler(func(context.Context, *ispay.Notification) error { return nil }),
	}
}

func codepayShop(t *testing.T, r *recorder, observer paygates.Observer) shop {
	t.Helper()
	fake := codepaytest.NewServer(gatewaytest.WithRetryDelays())
	config := fake.Config()
	config.HTTPClient, config.Observer, config.Logger, config.ConfirmByQuery = r.client(), observer, silent, true
	client, err := codepay.New(config)
	require.NoError(t, err)
	return shop{
		fake: fake.Server, private: []string{config.Secret.Reveal(), config.Token.Reveal(), config.UserID},
		create: func(t *testing.T, notifyURL string) string {
			t.Helper()
			order, err := client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
				OrderNo: orderNo, Amount: price, Attach: payerName, NotifyURL: notifyURL,
			})
			require.NoError(t, err)
			return order.OrderID
		},
		query: func(t *testing.T, number string) {
			query(t, client.QueryOrder, client.WaitForPayment, number, "99999999")
		},
		handle: client.NotificationHandler(func(context.Context, *codepay.Notification) error { return nil }),
	}
}

func gatepayShop(t *testing.T, r *recorder, observer paygates.Observer) shop {
	t.Helper()
	fake := gatepaytest.NewServer(gatewaytest.WithRetryDelays())
	config := fake.Config()
	config.HTTPClient, config.Observer, config.Logger = r.client(), observer, silent
	client, err := gatepay.New(config)
	require.NoError(t, err)
	var payPage string
	return shop{
		fake: fake.Server, private: []string{config.Secret.Reveal(), config.AppKey},
		create: func(t *testing.T, notifyURL string) string {
			t.Helper()
			ctx, product := context.Background(), fake.Products()[0].ID
			_, err := client.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{
				OrderNo: orderNo + "-1", Channel: gatepay.ChannelAlipay, Amount: price, Attach: payerName,
			})
			require.NoError(t, err)
			_, err = client.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
				OrderNo: orderNo + "-2", Channel: gatepay.ChannelAlipay, Items: []gatepay.GroupItem{{ProductID: product, Count: 1}}, Attach: payerName,
			})
			require.NoError(t, err)
			_, err = client.CreateProductOrder(ctx, gatepay.CreateProductOrderRequest{
				OrderNo: orderNo + "-3", Channel: gatepay.ChannelAlipay, ProductID: product, Attach: payerName,
			})
			require.NoError(t, err)
			order, err := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
				OrderNo: orderNo, Channel: gatepay.ChannelAlipay, Amount: price, Attach: payerName, NotifyURL: notifyURL,
			})
			require.NoError(t, err)
			payPage = order.PayPageURL
			return orderNo
		},
		query: func(t *testing.T, number string) {
			t.Helper()
			query(t, client.QueryOrder, client.WaitForPayment, number, "UNKNOWN99999")
			_, err := client.QueryPaymentPage(context.Background(), payPage)
			require.NoError(t, err)
		},
		handle: client.NotificationHandler(func(context.Context, *gatepay.Notification) error { return nil }),
	}
}

func kechengcangShop(t *testing.T, r *recorder, observer paygates.Observer) shop {
	t.Helper()
	fake := kechengcangtest.NewServer(gatewaytest.WithRetryDelays())
	config := fake.Config()
	config.HTTPClient, config.Observer, config.Logger = r.client(), observer, silent
	client, err := kechengcang.New(config)
	require.NoError(t, err)
	return shop{
		fake: fake.Server, private: []string{config.Secret.Reveal(), config.AppID},
		create: func(t *testing.T, notifyURL string) string {
			t.Helper()
			order, err := client.CreateOrder(context.Background(), kechengcang.CreateOrderRequest{
				Subject: payerName, Fee: kechengcang.Fee{Amount: price, Currency: kechengcang.CurrencyUSD}, NotifyURL: notifyURL,
			})
			require.NoError(t, err)
			return order.OrderID
		},
		query: func(t *testing.T, number string) {
			query(t, client.QueryOrder, client.WaitForPayment, number, "UNKNOWN99999")
		},
		handle: client.NotificationHandler(func(context.Context, *kechengcang.Notification) error { return nil }),
	}
}

func pingppShop(t *testing.T, r *recorder, observer paygates.Observer) shop {
	t.Helper()
	fake := pingpptest.NewServer(gatewaytest.WithRetryDelays())
	config := fake.Config()
	config.HTTPClient, config.Observer, config.Logger = r.client(), observer, silent
	client, err := pingpp.New(config)
	require.NoError(t, err)
	return shop{
		fake: fake.Server, private: []string{config.Token.Reveal(), config.APIKey.Reveal()},
		create: func(t *testing.T, notifyURL string) string {
			t.Helper()
			fake.SetWebhookURL(notifyURL)
			require.NoError(t, fake.AddOrder(orderNo, price, payerName))
			order, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
			require.NoError(t, err)
			return order.Charge.ID
		},
		query: func(t *testing.T, number string) {
			query(t, client.QueryCharge, client.WaitForPayment, number, "ch_unknown99999")
			ctx := context.Background()
			refundID, err := fake.Refund(number, 1)
			require.NoError(t, err)
			_, err = client.QueryRefund(ctx, number, refundID)
			require.NoError(t, err)
			_, err = client.QueryEvent(ctx, strings.Replace(refundID, "re_", "evt_", 1))
			require.NoError(t, err)
			_, err = client.ListRefunds(ctx, pingpp.ListRefundsRequest{ChargeID: number})
			require.NoError(t, err)
			_, err = client.FindCharges(ctx, orderNo, pingpp.ListChargesRequest{App: pingpptest.App, CreatedFrom: fake.Now().Add(-time.Hour)})
			require.NoError(t, err)
		},
		handle: client.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
			_, err := client.ConfirmNotification(ctx, n)
			return err
		}),
	}
}

// query queries an order, waits for its payment, and queries one that does not exist.
func query[O any](
	t *testing.T, get func(context.Context, string) (O, error), wait func(context.Context, string, time.Duration) (O, error), number, unknown string,
) {
	t.Helper()
	_, err := get(context.Background(), number)
	require.NoError(t, err)
	_, err = wait(context.Background(), number, 0)
	require.NoError(t, err)
	_, err = get(context.Background(), unknown)
	require.Error(t, err)
}

// drive takes a payment: every call, a genuine and a forged notification, and a gateway
// that is down.
func drive(t *testing.T, r *recorder, s shop) {
	t.Helper()
	t.Cleanup(s.fake.Close)
	merchant := httptest.NewServer(r.received(s.handle))
	t.Cleanup(merchant.Close)
	number := s.create(t, merchant.URL+"/notify-"+payerName)
	delivery, err := s.fake.Pay(number)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, delivery.Status)
	_, err = s.fake.SendTampered(number)
	require.NoError(t, err)
	forged, err := http.Post(merchant.URL+"?order_no=FORGED99999&sign="+payerName, "application/json", strings.NewReader(`{"id":"FORGED99999"}`))
	require.NoError(t, err)
	require.NoError(t, forged.Body.Close())
	assert.NotEqual(t, http.StatusOK, forged.StatusCode)
	s.query(t, number)
	s.fake.InjectFault(gatewaytest.Fault{Status: http.StatusServiceUnavailable, Times: 1})
	s.query(t, number)
	r.add(number, orderNo, payerName, payerIP, merchant.URL)
	r.add(s.private...)
}
