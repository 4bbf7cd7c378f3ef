package main

import (
	"context"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/pingpp"
)

func onEachGateway(t *testing.T, test func(t *testing.T, s *shop, gateway string)) {
	t.Helper()
	for _, gateway := range allGateways {
		t.Run(gateway, func(t *testing.T) {
			t.Parallel()
			test(t, openShop(t, filepath.Join(t.TempDir(), "shop.db")), gateway)
		})
	}
}

func TestAPaymentIsCreditedByItsCallback(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		o := buy(t, s, gateway, 990)
		assert.Equal(t, statusWaiting, o.Status)
		assert.NotEmpty(t, o.QRText+o.QRImageURL)
		delivery, err := s.fakes.of(gateway).Pay(numberAt(o))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted, delivery.Response)
		o = stored(t, s, o.No)
		assert.Equal(t, statusPaid, o.Status)
		assert.WithinDuration(t, time.Now(), o.PaidAt, time.Minute)
		assert.Equal(t, 1, credits(t, s.store, o.No))
	})
}

// Over real HTTP, through the SDK's handlers.
func TestAHundredConcurrentCallbacksOverHTTP(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		o := buy(t, s, gateway, 990)
		fake := s.fakes.of(gateway)
		require.NoError(t, fake.PaySilently(numberAt(o)))
		var calling sync.WaitGroup
		deliveries, errs := make([]gatewaytest.Delivery, 100), make([]error, 100)
		for i := range deliveries {
			calling.Add(1)
			go func() {
				defer calling.Done()
				deliveries[i], errs[i] = fake.Redeliver(numberAt(o))
			}()
		}
		calling.Wait()
		for i := range deliveries {
			require.NoError(t, errs[i])
			assert.True(t, deliveries[i].Accepted, deliveries[i].Response+deliveries[i].Err)
		}
		assert.Equal(t, 1, credits(t, s.store, o.No))
		assert.Equal(t, 1, countPayments(t, s.store))
	})
}

func TestAForgedCallbackCreditsNothing(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		o := buy(t, s, gateway, 990)
		delivery, err := s.fakes.of(gateway).SendTampered(numberAt(o))
		require.NoError(t, err)
		assert.False(t, delivery.Accepted)
		assert.Equal(t, statusWaiting, stored(t, s, o.No).Status)
		assert.Equal(t, 0, credits(t, s.store, o.No))
		assert.Equal(t, 0, countPayments(t, s.store))
	})
}

func TestALostCallbackIsFoundByQuery(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		o := buy(t, s, gateway, 990)
		fake := s.fakes.of(gateway)
		require.NoError(t, fake.PaySilently(numberAt(o)))
		if gateway == "codepay" {
			work(t, s, o.No, statusUnconfirmed)
			assert.Equal(t, 0, credits(t, s.store, o.No), "its query says no amount")
		} else {
			work(t, s, o.No, statusPaid)
			assert.Equal(t, 1, credits(t, s.store, o.No))
		}
		// The callback comes after all.
		delivery, err := fake.Redeliver(numberAt(o))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted)
		assert.Equal(t, statusPaid, stored(t, s, o.No).Status)
		assert.Equal(t, 1, credits(t, s.store, o.No))
		assert.Equal(t, 1, countPayments(t, s.store), "query and callback speak of one payment")
	})
}

// The gateway carries the create out, and the answer is lost.
func TestALostAnswerToACreate(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		fake := s.fakes.of(gateway)
		fake.InjectFault(gatewaytest.Fault{Processed: true, Reset: true, Times: 1})
		o := buy(t, s, gateway, 990)
		require.Equal(t, statusUnknown, o.Status)
		require.Len(t, fake.Orders(), 1, "it was made nevertheless, and once")
		switch gateway {
		case "ispay":
			o = work(t, s, o.No, statusWaiting)
			assert.NotEmpty(t, o.QRText, "the query brings the code too")
		case "gatepay":
			o = work(t, s, o.No, statusWaiting)
			assert.Empty(t, o.QRText)
		default:
			s.askedOnce(t, o.No)
			assert.Equal(t, statusUnknown, stored(t, s, o.No).Status, "there is no number to ask by")
		}
		require.Len(t, fake.Orders(), 1, "it is never created again")

		// Whoever has paid nevertheless is credited, or seen.
		_, err := fake.Pay(fake.Orders()[0].ID)
		require.NoError(t, err)
		switch gateway {
		case "kechengcang":
			orphans, err := s.store.payments(context.Background(), outcomeOrphan, 10)
			require.NoError(t, err)
			assert.Len(t, orphans, 1, "nothing but the lost id leads to the order")
		case "codepay":
			held, err := s.store.payments(context.Background(), outcomeMismatch, 10)
			require.NoError(t, err)
			assert.Len(t, held, 1, "the cent that the gateway shifted was lost with the answer")
		default:
			assert.Equal(t, 1, credits(t, s.store, o.No))
		}
	})
}

// askedOnce lets the worker ask for an order once more.
func (s *shop) askedOnce(t *testing.T, no string) {
	t.Helper()
	before := stored(t, s, no).Queries
	eventually(t, func() bool {
		s.workOnce(context.Background(), "test worker")
		return stored(t, s, no).Queries > before
	}, "order "+no+" is asked for")
}

func TestARefusedCreate(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		s.fakes.of(gateway).InjectFault(gatewaytest.Fault{Status: http.StatusBadRequest, Times: 1})
		o := buy(t, s, gateway, 990)
		assert.Equal(t, statusRefused, o.Status)
		assert.Contains(t, o.Note, "HTTP 400")
		assert.NotContains(t, o.Note, "http://")
		assert.True(t, o.NextQueryAt.IsZero())
	})
}

func TestAnUnpaidOrderExpiresAndALatePaymentIsHeld(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		s.settings.expires, s.settings.grace, s.store.grace = time.Second, 0, 0
		o := buy(t, s, gateway, 990)
		o = work(t, s, o.No, statusExpired)
		assert.False(t, time.Now().Before(o.ExpiresAt))
		// The gateways tell the time of a payment in whole seconds.
		eventually(t, func() bool { return time.Since(o.ExpiresAt) > time.Second }, "a second has passed")
		delivery, err := s.fakes.of(gateway).Pay(numberAt(o))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted)
		late, err := s.store.payments(context.Background(), outcomeLate, 10)
		require.NoError(t, err)
		if assert.Len(t, late, 1) {
			assert.Equal(t, o.No, late[0].OrderNo)
		}
		assert.Equal(t, statusHeld, stored(t, s, o.No).Status)
		assert.Equal(t, 0, credits(t, s.store, o.No))
	})
}

func TestAnOrderThatTheGatewayClosesIsClosed(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		if gateway == "codepay" {
			t.Skip("its query does not tell expired from unpaid")
		}
		o := buy(t, s, gateway, 990)
		require.NoError(t, s.fakes.of(gateway).Expire(numberAt(o)))
		o = work(t, s, o.No, statusExpired)
		assert.True(t, o.NextQueryAt.After(time.Now()), "a late payment's callback may be lost too")
	})
}

func TestALatePaymentWithoutACallbackIsFound(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		s.settings.expires, s.settings.grace, s.store.grace = time.Second, 0, 0
		o := buy(t, s, gateway, 990)
		o = work(t, s, o.No, statusExpired)
		assert.WithinDuration(t, o.ExpiresAt.Add(afterExpiry[0]), o.NextQueryAt, time.Second)
		eventually(t, func() bool { return time.Since(o.ExpiresAt) > time.Second }, "a second has passed")
		require.NoError(t, s.fakes.of(gateway).PaySilently(numberAt(o)))
		_, err := s.store.db.ExecContext(context.Background(), `UPDATE orders SET next_query_at = 1`) // the time has come
		require.NoError(t, err)
		if gateway == "codepay" {
			work(t, s, o.No, statusUnconfirmed)
			return
		}
		work(t, s, o.No, statusHeld)
		late, err := s.store.payments(context.Background(), outcomeLate, 10)
		require.NoError(t, err)
		assert.Len(t, late, 1)
		assert.Equal(t, 0, credits(t, s.store, o.No))
	})
}

// The shop was down when the payer paid in time, and until the order had expired.
func TestAPaymentInTimeIsCreditedAfterTheExpiry(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		s.settings.expires, s.settings.grace, s.store.grace = 3*time.Second, 0, 0
		o := buy(t, s, gateway, 990)
		fake := s.fakes.of(gateway)
		require.NoError(t, fake.PaySilently(numberAt(o)))
		eventually(t, func() bool { return time.Now().After(o.ExpiresAt) }, "the order expires")
		if gateway == "codepay" {
			_, err := fake.Redeliver(numberAt(o))
			require.NoError(t, err)
		}
		work(t, s, o.No, statusPaid)
		assert.Equal(t, 1, credits(t, s.store, o.No))
	})
}

func TestAGatewayThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, gateway string) {
		o := buy(t, s, gateway, 990)
		s.fakes.of(gateway).InjectFault(gatewaytest.Fault{Status: http.StatusBadRequest, Body: "<html>"})
		s.askedOnce(t, o.No)
		o = stored(t, s, o.No)
		assert.Equal(t, statusWaiting, o.Status)
		assert.WithinDuration(t, time.Now().Add(troublePause), o.NextQueryAt, 10*time.Second)
	})
}

func TestAnnouncedPaymentsAreNotGivenUp(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	s.settings.expires, s.settings.grace, s.store.grace = time.Second, 0, 0
	o := buy(t, s, "ispay", 990)
	require.NoError(t, s.fakes.ispay.SetState(o.No, 8))
	work(t, s, o.No, statusUnconfirmed)
	eventually(t, func() bool { return time.Now().After(o.ExpiresAt) }, "the order expires")
	_, err := s.fakes.ispay.Pay(o.No)
	require.NoError(t, err)
	assert.Equal(t, statusPaid, stored(t, s, o.No).Status, "it was announced in time")

	o = buy(t, s, "kechengcang", 990)
	require.NoError(t, s.fakes.kechengcang.Submit(o.OrderID))
	work(t, s, o.No, statusUnconfirmed)
	require.NoError(t, s.fakes.kechengcang.Expire(o.OrderID))
	s.askedOnce(t, o.No)
	assert.Equal(t, statusUnconfirmed, stored(t, s, o.No).Status, "a person has to look for the transfer")
}

func TestARealPriceOfGatepay(t *testing.T) {
	t.Parallel()
	for realPrice, want := range map[string]status{"9.87": statusPaid, "10.02": statusPaid, "5.00": statusHeld} {
		s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
		o := buy(t, s, "gatepay", 990)
		require.NoError(t, s.fakes.gatepay.Update(o.No, func(order *gatewaytest.Order) {
			order.Fields = maps.Clone(order.Fields)
			order.Fields["realprice"] = realPrice
		}))
		delivery, err := s.fakes.gatepay.Pay(o.No)
		require.NoError(t, err)
		assert.True(t, delivery.Accepted)
		assert.Equal(t, want, stored(t, s, o.No).Status, realPrice)
	}
}

func TestABackendThatAsksForAnotherAmount(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	offer, ok := s.offerOf("pingpp")
	require.True(t, ok)
	o := order{No: newOrderNo(), Channel: "wx", Price: 990, Currency: "CNY"}
	require.NoError(t, s.fakes.pingpp.AddOrder(o.No, 1990, "Tea"))
	_, err := offer.gateway.(backendOfPingpp).gateway.Create(context.Background(), o, urls{})
	require.ErrorIs(t, err, errOtherAmount)
	o.Price, o.Currency = 1990, "USD"
	_, err = offer.gateway.(backendOfPingpp).gateway.Create(context.Background(), o, urls{})
	require.ErrorIs(t, err, errOtherAmount)
}

// In test mode no money moves: neither the create nor the webhook gets through.
func TestAPaymentOfTestModeCreditsNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	s.fakes.pingpp.SetLiveMode(false)
	offer, ok := s.offerOf("pingpp")
	require.True(t, ok)
	o := order{No: newOrderNo(), Channel: "wx", Price: 990, Currency: "CNY"}
	require.NoError(t, s.fakes.pingpp.AddOrder(o.No, o.Price, "Tea"))
	_, err := offer.gateway.(backendOfPingpp).gateway.Create(context.Background(), o, urls{})
	require.ErrorIs(t, err, pingpp.ErrTestMode)
	delivery, err := s.fakes.pingpp.Pay(o.No)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, delivery.Status)
	assert.Equal(t, 0, countPayments(t, s.store))
}

func TestThePricesOfCoinsAreKeptUpToDate(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	o := buy(t, s, "kechengcang", 990)
	assert.Equal(t, "55.00 FTM", o.PayText)
	require.NoError(t, s.fakes.kechengcang.Reprice(o.OrderID, 6000))
	eventually(t, func() bool {
		s.workOnce(context.Background(), "test worker")
		return stored(t, s, o.No).PayText == "60.00 FTM"
	}, "the page shows the new price")
}

func TestTheNextQuery(t *testing.T) {
	t.Parallel()
	s := &shop{settings: settings{requery: 3 * time.Second, grace: time.Minute}}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := order{ExpiresAt: now.Add(5 * time.Minute)}
	pause := func(queries int, at time.Time) time.Duration {
		o.Queries = queries
		return s.nextWhileOpen(o, at).Sub(at)
	}
	assert.Equal(t, 3*time.Second, pause(0, now))
	assert.Equal(t, 6*time.Second, pause(1, now))
	assert.Equal(t, 15*time.Second, pause(5, now))
	assert.Equal(t, 15*time.Second, pause(1000, now))
	closing := now.Add(6 * time.Minute)
	assert.Equal(t, time.Second+time.Millisecond, pause(9, closing.Add(-time.Second)), "exactly when it is over")

	assert.Equal(t, 2*time.Minute, nextAfterExpiry(o, o.ExpiresAt).Sub(o.ExpiresAt))
	assert.Equal(t, time.Hour, nextAfterExpiry(o, o.ExpiresAt.Add(10*time.Minute)).Sub(o.ExpiresAt))
	assert.True(t, nextAfterExpiry(o, o.ExpiresAt.Add(24*time.Hour)).IsZero())

	assert.Equal(t, troublePause, nextInTrouble(o, now).Sub(now))
	later := o.ExpiresAt.Add(24 * time.Hour)
	assert.Equal(t, 6*time.Hour, nextInTrouble(o, later).Sub(later))
}
