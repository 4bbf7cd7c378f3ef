package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var testAccount = account{"ispay", "10001"}

// addOrder stores an order that waits for 9.90 yuan and is due to be asked for.
func addOrder(t *testing.T, s *store) order {
	t.Helper()
	ctx, now := context.Background(), time.Now()
	o := order{
		No: newOrderNo(), account: testAccount, Channel: "P901", Price: 990, Currency: "CNY",
		Status: statusCreating, CreatedAt: now, ExpiresAt: now.Add(time.Hour), NextQueryAt: now,
	}
	require.NoError(t, s.add(ctx, o))
	require.NoError(t, s.created(ctx, o.No, created{OrderID: "id-" + o.No}.complete(o), now))
	o, err := s.order(ctx, o.No)
	require.NoError(t, err)
	return o
}

func payFor(o order, no string) payment {
	return payment{account: o.account, No: no, OrderNo: o.No, Amount: 990, Currency: "CNY", PaidAt: time.Now(), Source: fromCallback}
}

func TestTwoShopsCanStartAtOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		var starting sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			starting.Add(1)
			go func() {
				defer starting.Done()
				s, err := openStore(context.Background(), database, time.Minute)
				if err == nil {
					err = s.close()
				}
				errs[i] = err
			}()
		}
		starting.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		addOrder(t, testStore(t, database))
	})
}

func TestOpenStoreDoesNotPrintThePassword(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, database := range []string{"postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable", "postgres://u:hunter2@[::1/x"} {
		_, err := openStore(ctx, database, time.Minute)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestAnOrderIsStoredWhole(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		s, ctx := testStore(t, database), context.Background()
		now := time.UnixMilli(time.Now().UnixMilli())
		o := order{
			No: "S1E", account: testAccount, Channel: "P901", Price: 99999_99, Currency: "CNY",
			Status: statusCreating, CreatedAt: now, ExpiresAt: now.Add(time.Minute), NextQueryAt: now.Add(time.Second),
		}
		require.NoError(t, s.add(ctx, o))
		require.Error(t, s.add(ctx, o), "a number is used once")
		require.NoError(t, s.created(ctx, o.No, created{
			OrderID: "424843497502158848", QRText: "https://pay.example.com/茶", QRImageURL: "https://img.example.com/1.png",
			PayPageURL: "https://pay.example.com/1", PayText: "99999.98 CNY", AppData: `{"id":"1"}`,
			Expected: 99999_98, ExpiresAt: now.Add(2 * time.Minute),
		}, now.Add(3*time.Second)))
		got, err := s.order(ctx, o.No)
		require.NoError(t, err)
		assert.Equal(t, order{
			No: "S1E", account: testAccount, Channel: "P901", Price: 99999_99, Currency: "CNY", Expected: 99999_98,
			Status: statusWaiting, OrderID: "424843497502158848",
			QRText: "https://pay.example.com/茶", QRImageURL: "https://img.example.com/1.png",
			PayPageURL: "https://pay.example.com/1", PayText: "99999.98 CNY", AppData: `{"id":"1"}`,
			CreatedAt: now, ExpiresAt: now.Add(2 * time.Minute), NextQueryAt: now.Add(3 * time.Second), Version: 2,
		}, got)

		_, err = s.order(ctx, "S2E")
		require.ErrorIs(t, err, errNoOrder)
	})
}

// The answer to a create comes after the callback, or after another answer.
func TestALateAnswerToACreateChangesNoStatus(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		s, ctx := testStore(t, database), context.Background()
		o := addOrder(t, s)
		result, err := s.record(ctx, payFor(o, "1"), time.Now())
		require.NoError(t, err)
		require.Equal(t, outcomeCredited, result)

		require.NoError(t, s.created(ctx, o.No, created{OrderID: "new"}.complete(o), time.Now()))
		require.NoError(t, s.unknown(ctx, o.No, time.Now()))
		require.NoError(t, s.refused(ctx, o.No, "no"))
		require.NoError(t, s.found(ctx, o.No, "newer", "qr", "pay"))
		moved, err := s.move(ctx, o.No, statusExpired)
		require.NoError(t, err)
		assert.False(t, moved)
		o, err = s.order(ctx, o.No)
		require.NoError(t, err)
		assert.Equal(t, statusPaid, o.Status)
		assert.Equal(t, "new", o.OrderID)
		assert.True(t, o.NextQueryAt.IsZero())
	})
}

func TestAHundredConcurrentCallbacksCreditOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		// Two shops on one database.
		shops := []*store{testStore(t, database), testStore(t, database)}
		o := addOrder(t, shops[0])
		var calling sync.WaitGroup
		start := make(chan struct{})
		outcomes, errs := make([]outcome, 100), make([]error, 100)
		for i := range outcomes {
			calling.Add(1)
			go func() {
				defer calling.Done()
				<-start
				outcomes[i], errs[i] = shops[i%2].record(context.Background(), payFor(o, "1"), time.Now())
			}()
		}
		close(start)
		calling.Wait()
		for i := range outcomes {
			require.NoError(t, errs[i])
			require.Equal(t, outcomeCredited, outcomes[i], "each callback hears the same")
		}
		assert.Equal(t, 1, credits(t, shops[0], o.No))
		assert.Equal(t, 1, countPayments(t, shops[0]))
	})
}

// A payer who scans twice, on a gateway that calls each scan a payment.
func TestConcurrentPaymentsOfOneOrderCreditOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		shops := []*store{testStore(t, database), testStore(t, database)}
		o := addOrder(t, shops[0])
		var calling sync.WaitGroup
		outcomes, errs := make([]outcome, 20), make([]error, 20)
		for i := range outcomes {
			calling.Add(1)
			go func() {
				defer calling.Done()
				outcomes[i], errs[i] = shops[i%2].record(context.Background(), payFor(o, fmt.Sprint(i)), time.Now())
			}()
		}
		calling.Wait()
		count := map[outcome]int{}
		for i := range outcomes {
			require.NoError(t, errs[i])
			count[outcomes[i]]++
		}
		assert.Equal(t, map[outcome]int{outcomeCredited: 1, outcomeDuplicate: 19}, count)
		assert.Equal(t, 1, credits(t, shops[0], o.No))
		duplicates, err := shops[0].payments(context.Background(), outcomeDuplicate, 100)
		require.NoError(t, err)
		assert.Len(t, duplicates, 19)
	})
}

func TestWhatIsNotCreditedIsKept(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		s, ctx := testStore(t, database), context.Background()
		o := addOrder(t, s)
		record := func(change func(*payment), want outcome) {
			t.Helper()
			p := payFor(o, "payment "+string(want))
			change(&p)
			for range 2 {
				got, err := s.record(ctx, p, time.Now())
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			kept, err := s.payments(ctx, want, 10)
			require.NoError(t, err)
			require.Len(t, kept, 1)
			assert.Equal(t, p.No, kept[0].No)
			assert.Equal(t, p.Amount, kept[0].Amount)
			assert.Equal(t, p.PaidAt.UnixMilli(), kept[0].PaidAt.UnixMilli())
		}
		record(func(p *payment) { p.Amount = 1 }, outcomeMismatch)
		record(func(p *payment) { p.PaidAt = o.ExpiresAt.Add(time.Hour) }, outcomeLate)
		assert.Equal(t, 0, credits(t, s, o.No))
		held, err := s.order(ctx, o.No)
		require.NoError(t, err)
		assert.Equal(t, statusHeld, held.Status)
		assert.Equal(t, "late", held.Note)

		record(func(p *payment) { p.OrderNo = "S1E" }, outcomeOrphan)
		record(func(*payment) {}, outcomeCredited)
		record(func(*payment) {}, outcomeDuplicate)
		assert.Equal(t, 1, credits(t, s, o.No))

		// Another gateway cannot pay the order, and neither can another account.
		other := addOrder(t, s)
		for _, of := range []account{{"codepay", "10001"}, {"ispay", "10002"}} {
			p := payFor(other, "elsewhere")
			p.account = of
			got, err := s.record(ctx, p, time.Now())
			require.NoError(t, err)
			assert.Equal(t, outcomeOrphan, got)
		}
		// By the gateway's number, as kechengcang does.
		p := payFor(other, "by id")
		p.OrderNo, p.OrderID = "", other.OrderID
		got, err := s.record(ctx, p, time.Now())
		require.NoError(t, err)
		assert.Equal(t, outcomeCredited, got)
		assert.Equal(t, 1, credits(t, s, other.No))
	})
}

// The database itself refuses a second credit, were the program to try.
func TestTheLedgerRefusesASecondRow(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		s, ctx := testStore(t, database), context.Background()
		o := addOrder(t, s)
		insert := func(orderNo, paymentNo string) error {
			_, err := s.db.ExecContext(ctx, `INSERT INTO credits (order_no, gateway, account, payment_no, amount, currency, credited_at)
				VALUES ($1, 'ispay', '10001', $2, 990, 'CNY', 1)`, orderNo, paymentNo)
			return err
		}
		require.NoError(t, insert(o.No, "1"))
		require.Error(t, insert(o.No, "2"), "one order twice")
		require.Error(t, insert(addOrder(t, s).No, "1"), "one payment for two orders")
		require.Error(t, insert("S1E", "3"), "an order that is none")
	})
}

func TestAClaimIsHeldByOneWorker(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		shops := []*store{testStore(t, database), testStore(t, database)}
		ctx, now := context.Background(), time.Now().Add(time.Second)
		due := map[string]bool{}
		for range 10 {
			due[addOrder(t, shops[0]).No] = true
		}
		var working sync.WaitGroup
		claimed := make(chan string, 100)
		errs := make([]error, 20)
		for i := range errs {
			working.Add(1)
			go func() {
				defer working.Done()
				for {
					o, ok, err := shops[i%2].claim(ctx, []account{testAccount}, fmt.Sprint(i), now, time.Minute)
					if errs[i] = err; err != nil || !ok {
						return
					}
					claimed <- o.No
				}
			}()
		}
		working.Wait()
		close(claimed)
		for _, err := range errs {
			require.NoError(t, err)
		}
		count := map[string]int{}
		for no := range claimed {
			count[no]++
			assert.True(t, due[no])
		}
		// A worker that lost all its races leaves orders to the next look.
		for no, n := range count {
			assert.Equal(t, 1, n, no)
		}
		assert.NotEmpty(t, count)
	})
}

func TestALeaseEnds(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		s, ctx := testStore(t, database), context.Background()
		o := addOrder(t, s)
		now := time.Now().Add(time.Second)
		claim := func(owner string, at time.Time) bool {
			t.Helper()
			_, ok, err := s.claim(ctx, []account{{"codepay", "1"}, testAccount}, owner, at, time.Minute)
			require.NoError(t, err)
			return ok
		}
		_, ok, err := s.claim(ctx, []account{{"ispay", "10002"}}, "another shop", now, time.Minute)
		require.NoError(t, err)
		assert.False(t, ok, "whose account it is not")

		assert.True(t, claim("first", now))
		assert.False(t, claim("second", now))
		assert.False(t, claim("second", now.Add(59*time.Second)))
		assert.True(t, claim("second", now.Add(61*time.Second)), "the first one is dead")

		require.NoError(t, s.release(ctx, o.No, "first", now), "it was only slow, but the order is not its any more")
		assert.False(t, claim("third", now.Add(62*time.Second)))
		require.NoError(t, s.release(ctx, o.No, "second", now.Add(2*time.Hour)))
		assert.False(t, claim("third", now.Add(time.Hour)))
		assert.True(t, claim("third", now.Add(3*time.Hour)))

		// Credited while the third was asking: never asked for again.
		_, err = s.record(ctx, payFor(o, "1"), time.Now())
		require.NoError(t, err)
		require.NoError(t, s.release(ctx, o.No, "third", now.Add(4*time.Hour)))
		assert.False(t, claim("fourth", now.Add(100*time.Hour)))
	})
}

func countPayments(t *testing.T, s *store) int {
	t.Helper()
	var n int
	require.NoError(t, s.db.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM payments`).Scan(&n))
	return n
}
