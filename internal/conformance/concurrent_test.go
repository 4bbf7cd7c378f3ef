package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// unsigned reports whether the gateway does not sign its notifications.
func (d *descriptor) unsigned() bool {
	return d.notifications(nil, setup{base: anyHost})[0].unsigned
}

// ledger is what was credited: how often, and how much at each time.
type ledger struct {
	mu       sync.Mutex
	credited map[string][]money.Amount
}

func (l *ledger) credit(order sight) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.credited[order.number] = append(l.credited[order.number], order.amount)
	return nil
}

// One client creates, queries, waits, is notified and is canceled, all at once.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := g.shop(t, io.Discard)
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
						canceled(t, s, number, fmt.Sprintf("GONE%dX%dA", payer, i))
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
			assert.Len(t, book.credited, paid, "only what was paid is credited")
		})
	}
}

// buy creates an order, pays it while a wait is under way, and returns its number.
func buy(t *testing.T, s shop, orderNo, notifyURL string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	created, err := s.create(ctx, orderNo, notifyURL)
	if !assert.NoError(t, err) {
		return ""
	}
	number := created.number
	order, err := s.query(ctx, number)
	assert.NoError(t, err)
	assert.False(t, order.paid)
	waited := make(chan bool)
	go func() {
		order, err := s.wait(ctx, number)
		waited <- order.paid && err == nil
	}()
	delivery, err := s.gateway.Pay(number)
	assert.NoError(t, err)
	assert.True(t, delivery.Accepted, "%d %s", delivery.Status, delivery.Response)
	assert.True(t, <-waited)
	return number
}

// canceled ends a create, a query and a wait while they are under way.
func canceled(t *testing.T, s shop, number, orderNo string) {
	t.Helper()
	for i, call := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := s.create(ctx, orderNo, ""); return err },
		func(ctx context.Context) error { _, err := s.query(ctx, number); return err },
		func(ctx context.Context) error { _, err := s.wait(ctx, number); return err },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i+1)*300*time.Microsecond)
		if err := call(ctx); err != nil {
			var failed *paygates.Error
			assert.ErrorAs(t, err, &failed)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
	}
}

// A gateway repeats a notification from many connections at the same time.
func TestNotificationsForOneOrderAtOnce(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := g.shop(t, io.Discard)
			defer s.gateway.Close()
			book := &ledger{credited: map[string][]money.Amount{}}
			server := httptest.NewServer(s.handler(book.credit))
			defer server.Close()
			order, err := s.create(context.Background(), "ORDER1A", server.URL)
			require.NoError(t, err)
			number := order.number
			require.NoError(t, s.gateway.PaySilently(number))

			const notifications = 20
			var all sync.WaitGroup
			for i := range notifications {
				all.Add(1)
				go func() {
					defer all.Done()
					if i%5 == 0 {
						delivery, err := s.gateway.SendTampered(number)
						assert.NoError(t, err)
						if !g.unsigned() { // of an unsigned one no more than the order number is read
							assert.False(t, delivery.Accepted, "tampered")
						}
						return
					}
					delivery, err := s.gateway.Redeliver(number)
					assert.NoError(t, err)
					assert.True(t, delivery.Accepted, "%d %s", delivery.Status, delivery.Response)
				}()
			}
			all.Wait()
			require.Len(t, book.credited, 1)
			for _, amount := range book.credited[number] {
				assert.Equal(t, price, amount)
			}
			assert.GreaterOrEqual(t, len(book.credited[number]), notifications*4/5)
		})
	}
}
