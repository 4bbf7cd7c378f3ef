package trust

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

const price = money.Amount(1234)

// shop is a merchant with one client of one gateway, and the gateway.
type shop struct {
	gateway *gatewaytest.Server
	isError func(error) bool
	// create makes an order of price and returns the number to query it by.
	create func(ctx context.Context, orderNo, notifyURL string) (string, error)
	// query asks, wait waits, and both say whether the order is paid.
	query, wait func(ctx context.Context, number string) (bool, error)
	// handler credits what callbacks say of an order, by the number that it is
	// queried by.
	handler func(credit func(number string, amount money.Amount)) http.Handler
}

var shops = map[string]func(*testing.T) shop{
	"ispay": ispayShop, "codepay": codepayShop, "gatepay": gatepayShop, "kechengcang": kechengcangShop, "pingpp": pingppShop,
}

func ispayShop(t *testing.T) shop {
	t.Helper()
	server := ispaytest.NewServer(gatewaytest.WithRepeats())
	config := server.Config()
	config.Logger = logger(io.Discard)
	c, err := ispay.New(config)
	require.NoError(t, err)
	return shop{
		server.Server, isA[*ispay.Error],
		func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			_, err := c.CreateOrder(ctx, ispay.CreateOrderRequest{
				OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: price, PayerIP: "203.0.113.7", NotifyURL: notifyURL,
			})
			return orderNo, err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.QueryOrder(ctx, number)
			return err == nil && order.State.Paid(), err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.WaitForPayment(ctx, number, every)
			return err == nil && order.State.Paid(), err
		},
		func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
				credit(n.OrderNo, n.Order.Amount)
				return nil
			})
		},
	}
}

func codepayShop(t *testing.T) shop {
	t.Helper()
	server := codepaytest.NewServer(gatewaytest.WithRepeats())
	config := server.Config()
	config.Logger = logger(io.Discard)
	c, err := codepay.New(config)
	require.NoError(t, err)
	return shop{
		server.Server, isA[*codepay.Error],
		func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			order, err := c.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: orderNo, Amount: price, NotifyURL: notifyURL})
			if err != nil {
				return "", err
			}
			return order.OrderID, nil
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.QueryOrder(ctx, number)
			return err == nil && order.State.Paid(), err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.WaitForPayment(ctx, number, every)
			return err == nil && order.State.Paid(), err
		},
		func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
				credit(n.OrderID, n.Money)
				return nil
			})
		},
	}
}

func gatepayShop(t *testing.T) shop {
	t.Helper()
	server := gatepaytest.NewServer(gatewaytest.WithRepeats())
	config := server.Config()
	config.Logger = logger(io.Discard)
	c, err := gatepay.New(config)
	require.NoError(t, err)
	return shop{
		server.Server, isA[*gatepay.Error],
		func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			_, err := c.CreateOrder(ctx, gatepay.CreateOrderRequest{
				OrderNo: orderNo, Channel: gatepay.ChannelWeChat, Amount: price, Custom: "example", NotifyURL: notifyURL,
			})
			return orderNo, err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.QueryOrder(ctx, number)
			return err == nil && order.State.Paid(), err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.WaitForPayment(ctx, number, every)
			return err == nil && order.State.Paid(), err
		},
		func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
				credit(n.OrderNo, n.Order.Amount)
				return nil
			})
		},
	}
}

func kechengcangShop(t *testing.T) shop {
	t.Helper()
	server := kechengcangtest.NewServer(gatewaytest.WithRepeats())
	// The client learns on the way that the query is a GET.
	server.ShowByGet()
	config := server.Config()
	config.Logger = logger(io.Discard)
	c, err := kechengcang.New(config)
	require.NoError(t, err)
	return shop{
		server.Server, isA[*kechengcang.Error],
		func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			order, err := c.CreateOrder(ctx, kechengcang.CreateOrderRequest{
				Subject: orderNo, Fee: kechengcang.Fee{Amount: price, Currency: kechengcang.CurrencyUSD}, NotifyURL: notifyURL,
			})
			if err != nil {
				return "", err
			}
			return order.OrderID, nil
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.QueryOrder(ctx, number)
			return err == nil && order.State.Paid(), err
		},
		func(ctx context.Context, number string) (bool, error) {
			order, err := c.WaitForPayment(ctx, number, every)
			return err == nil && order.State.Paid(), err
		},
		func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
				credit(n.OrderID, n.Order.Fee.Amount)
				return nil
			})
		},
	}
}

func pingppShop(t *testing.T) shop {
	t.Helper()
	server := pingpptest.NewServer(gatewaytest.WithRepeats())
	config := server.Config()
	config.Logger = logger(io.Discard)
	c, err := pingpp.New(config)
	require.NoError(t, err)
	return shop{
		server.Server, isA[*pingpp.Error],
		func(ctx context.Context, orderNo, notifyURL string) (string, error) {
			if notifyURL != "" {
				server.SetWebhookURL(notifyURL) // of all orders
			}
			if err := server.AddOrder(orderNo, price, "Example book"); err != nil {
				panic(err)
			}
			order, err := c.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
			if err != nil {
				return "", err
			}
			return order.Charge.ID, nil
		},
		func(ctx context.Context, number string) (bool, error) {
			charge, err := c.QueryCharge(ctx, number)
			return err == nil && charge.Paid, err
		},
		func(ctx context.Context, number string) (bool, error) {
			charge, err := c.WaitForPayment(ctx, number, every)
			return err == nil && charge.Paid, err
		},
		func(credit func(string, money.Amount)) http.Handler {
			return c.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
				charge, err := c.ConfirmNotification(ctx, n)
				if err == nil {
					credit(charge.ID, charge.Amount)
				}
				return err
			})
		},
	}
}

// ledger is what was credited: how often, and how much at each time.
type ledger struct {
	mu       sync.Mutex
	credited map[string][]money.Amount
}

func (l *ledger) credit(number string, amount money.Amount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.credited[number] = append(l.credited[number], amount)
}

// One client creates, queries, waits, is called back and is cancelled, all at once.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for name, open := range shops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			defer s.gateway.Close()
			book := &ledger{credited: map[string][]money.Amount{}}
			server := httptest.NewServer(s.handler(book.credit))
			defer server.Close()

			const payers, orders = 6, 5
			var numbers sync.Map
			var all sync.WaitGroup
			for payer := range payers {
				all.Add(1)
				go func() {
					defer all.Done()
					for i := range orders {
						number := buy(t, s, fmt.Sprintf("ORDER%dX%dA", payer, i), server.URL)
						numbers.Store(number, true)
						cancelled(t, s, number, fmt.Sprintf("GONE%dX%dA", payer, i))
					}
				}()
			}
			all.Wait()
			paid := 0
			numbers.Range(func(number, _ any) bool {
				paid++
				assert.Equal(t, []money.Amount{price}, book.credited[number.(string)], "order %s", number)
				return true
			})
			assert.Equal(t, payers*orders, paid)
			assert.Len(t, book.credited, paid, "what was not paid is not credited")
		})
	}
}

// buy makes an order, pays it while it is being waited for, and returns its number.
func buy(t *testing.T, s shop, orderNo, notifyURL string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	number, err := s.create(ctx, orderNo, notifyURL)
	if !assert.NoError(t, err) {
		return ""
	}
	paid, err := s.query(ctx, number)
	assert.NoError(t, err)
	assert.False(t, paid)
	waited := make(chan bool)
	go func() {
		paid, err := s.wait(ctx, number)
		waited <- paid && err == nil
	}()
	delivery, err := s.gateway.Pay(number)
	assert.NoError(t, err)
	assert.True(t, delivery.Accepted, "%d %s", delivery.Status, delivery.Reply)
	assert.True(t, <-waited)
	return number
}

// cancelled ends a create, a query and a wait while they are under way.
func cancelled(t *testing.T, s shop, number, orderNo string) {
	t.Helper()
	for i, call := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := s.create(ctx, orderNo, ""); return err },
		func(ctx context.Context) error { _, err := s.query(ctx, number); return err },
		func(ctx context.Context) error { _, err := s.wait(ctx, number); return err },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i+1)*300*time.Microsecond)
		if err := call(ctx); err != nil {
			assert.True(t, s.isError(err), "%v", err)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
	}
}

// A gateway repeats a callback from many connections at the same time.
func TestCallbacksForOneOrderAtOnce(t *testing.T) {
	t.Parallel()
	for name, open := range shops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			defer s.gateway.Close()
			book := &ledger{credited: map[string][]money.Amount{}}
			server := httptest.NewServer(s.handler(book.credit))
			defer server.Close()
			number, err := s.create(context.Background(), "ORDER1A", server.URL)
			require.NoError(t, err)
			require.NoError(t, s.gateway.PaySilently(number))

			const callbacks = 20
			var all sync.WaitGroup
			for i := range callbacks {
				all.Add(1)
				go func() {
					defer all.Done()
					if i%5 == 0 {
						delivery, err := s.gateway.SendTampered(number)
						assert.NoError(t, err)
						if name != "kechengcang" { // takes no more than the id from a callback
							assert.False(t, delivery.Accepted, "tampered")
						}
						return
					}
					delivery, err := s.gateway.Redeliver(number)
					assert.NoError(t, err)
					assert.True(t, delivery.Accepted, "%d %s", delivery.Status, delivery.Reply)
				}()
			}
			all.Wait()
			require.Len(t, book.credited, 1)
			for _, amount := range book.credited[number] {
				assert.Equal(t, price, amount)
			}
			assert.GreaterOrEqual(t, len(book.credited[number]), callbacks*4/5)
		})
	}
}
