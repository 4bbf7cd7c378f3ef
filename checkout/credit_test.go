package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

func TestAPaymentIsCreditedOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		assert.Equal(t, AttemptWaiting, a.Status)
		assert.Equal(t, "https://pay.example.com/"+a.No, a.Instructions.PayPageURL)
		for range 3 {
			status, body := s.pay(t, a)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, "success", body)
		}
		state := s.state(t, a.OrderNo)
		assert.Equal(t, OrderPaid, state.Status)
		assert.False(t, state.PaidAt.IsZero())
		assert.Equal(t, AttemptPaid, state.Attempt().Status)
		require.Len(t, state.Payments, 1)
		assert.Equal(t, OutcomeCredited, state.Payments[0].Outcome)
		count, amount := s.sales(t, a.OrderNo)
		assert.Equal(t, 1, count)
		assert.EqualValues(t, 990, amount)
		assert.Empty(t, s.attention(t))
	})
}

func TestConcurrentNotificationsCreditOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		shops := []*shop{newShop(t, d), newShop(t, d)} // two processes on one database
		a := shops[0].buy(t)
		var sending sync.WaitGroup
		start := make(chan struct{})
		errs := make([]error, 60)
		for i := range errs {
			sending.Add(1)
			go func() {
				defer sending.Done()
				<-start
				p := Payment{PaymentNo: "1", AttemptNo: a.No, Amount: 990, Currency: "CNY", PaidAt: time.Now().Truncate(time.Second)}
				_, errs[i] = shops[i%2].record(context.Background(), shops[i%2].gateway, &p)
			}()
		}
		close(start)
		sending.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		shops[0].requireSales(t, a.OrderNo, 1)
		assert.Len(t, shops[0].state(t, a.OrderNo).Payments, 1)
	})
}

func TestConcurrentPaymentsOfOneOrderCreditOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		shops := []*shop{newShop(t, d), newShop(t, d)}
		a := shops[0].buy(t)
		var paying sync.WaitGroup
		outcome, errs := make([]Outcome, 20), make([]error, 20)
		for i := range errs {
			paying.Add(1)
			go func() {
				defer paying.Done()
				p := Payment{PaymentNo: fmt.Sprint(i), AttemptNo: a.No, Amount: 990, Currency: "CNY"}
				outcome[i], errs[i] = shops[i%2].record(context.Background(), shops[i%2].gateway, &p)
			}()
		}
		paying.Wait()
		count := map[Outcome]int{}
		for i, err := range errs {
			require.NoError(t, err)
			count[outcome[i]]++
		}
		assert.Equal(t, map[Outcome]int{OutcomeCredited: 1, OutcomeDuplicate: 19}, count)
		shops[0].requireSales(t, a.OrderNo, 1)
		assert.Len(t, shops[0].attention(t), 19)
	})
}

// A payment number pays one order. The same number for others is kept, in any order.
func TestAReusedPaymentNumberIsKept(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		attempts := make([]*Attempt, 8)
		for i := range attempts {
			attempts[i] = s.buy(t)
		}
		var paying sync.WaitGroup
		for _, a := range attempts {
			paying.Add(1)
			go func() {
				defer paying.Done()
				for range 2 {
					p := Payment{PaymentNo: "same", AttemptNo: a.No, Amount: 990, Currency: "CNY"}
					_, err := s.record(context.Background(), s.gateway, &p)
					assert.NoError(t, err)
				}
			}()
		}
		paying.Wait()
		total := 0
		for _, a := range attempts {
			count, _ := s.sales(t, a.OrderNo)
			total += count
		}
		assert.Equal(t, 1, total)
		reused := s.attention(t)
		require.Len(t, reused, 7)
		for _, p := range reused {
			assert.Equal(t, OutcomeReused, p.Outcome)
			assert.NotEmpty(t, p.OrderNo)
		}
	})
}

// A gateway that is told the order's number only, not the attempt's, names a payment by it. Its
// payment stays that of the attempt under which it is stored, whatever attempts are made later.
func TestAPaymentKnownByItsOrderStaysWithItsAttempt(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		s.gateway.can.QueryByOrderNo = false // a create of unknown outcome makes room for another attempt
		s.gateway.onCreate = func(CreateRequest) (*Created, error) { return nil, paygates.ErrOutcomeUnknown }
		o := Order{No: "A1", Channel: "app", Amount: 990}
		record := func(amount money.Amount) Outcome {
			p := Payment{PaymentNo: "ch_1", OrderID: "ch_1", OrderNo: o.No, Amount: amount, Currency: "CNY"}
			outcome, err := s.record(ctx, s.gateway, &p)
			require.NoError(t, err)
			return outcome
		}
		first, err := s.Create(ctx, o)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.Equal(t, OutcomeMismatch, record(1))
		second, err := s.Create(ctx, o)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.NotEqual(t, first.No, second.No)
		assert.Equal(t, OutcomeMismatch, record(1))
		assert.Equal(t, []Outcome{OutcomeMismatch}, outcomes(s.attention(t)))

		assert.Equal(t, OutcomeCredited, record(990), "the gateway reports the right amount after all")
		assert.Empty(t, s.attention(t))
		s.requireSales(t, o.No, 1)
		state := s.state(t, o.No)
		assert.Equal(t, first.No, state.Credited().AttemptNo)
		assert.Equal(t, AttemptPaid, state.Attempts[0].Status)
	})
}

func TestWhatIsNotCreditedIsKeptWithItsReason(t *testing.T) {
	t.Parallel()
	late := func(p *Payment) { p.PaidAt = time.Now().Add(3 * time.Hour) }
	for name, test := range map[string]struct {
		change func(*Payment)
		wait   time.Duration
		want   Outcome
	}{
		"another amount":      {change: func(p *Payment) { p.Amount = 989 }, want: OutcomeMismatch},
		"another currency":    {change: func(p *Payment) { p.Currency = "USD" }, want: OutcomeMismatch},
		"less received":       {change: func(p *Payment) { p.Received = 500 }, want: OutcomeMismatch},
		"late":                {change: late, wait: 2 * time.Hour, want: OutcomeLate},
		"unknown order":       {change: func(p *Payment) { p.AttemptNo = "S0" }, want: OutcomeOrphan},
		"refunded":            {change: func(p *Payment) { p.Refunded = true }, want: OutcomeRefunded},
		"an odd order number": {change: func(p *Payment) { p.AttemptNo = "\x00\xff" }, want: OutcomeOrphan},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachDatabase(t, func(t *testing.T, d testDB) {
				s := newShop(t, d)
				a := s.buy(t)
				s.advance(test.wait)
				for range 2 {
					status, body := s.pay(t, a, test.change)
					assert.Equal(t, http.StatusOK, status)
					assert.Equal(t, "success", body, "stored, so it need not arrive again")
				}
				s.requireSales(t, a.OrderNo, 0)
				kept := s.attention(t)
				require.Len(t, kept, 1)
				assert.Equal(t, test.want, kept[0].Outcome)
				assert.Equal(t, "pay-"+a.No, kept[0].PaymentNo)
				if test.want != OutcomeOrphan {
					assert.True(t, s.state(t, a.OrderNo).Held)
				}
			})
		})
	}
}

// Another gateway, another account, another gateway's number.
func TestAnotherAccountDoesNotPayAnOrder(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		other := newFake("other")
		s := newShop(t, d, func(c *Config) { c.Gateways = append(c.Gateways, other) })
		a := s.buy(t)
		moved := newFake("fake")
		moved.account = "10002"
		for i, gateway := range []Gateway{other, moved} {
			p := Payment{PaymentNo: fmt.Sprint(i), AttemptNo: a.No, Amount: 990, Currency: "CNY"}
			outcome, err := s.record(context.Background(), gateway, &p)
			require.NoError(t, err)
			assert.Equal(t, OutcomeOrphan, outcome)
		}
		s.requireSales(t, a.OrderNo, 0)
		p := Payment{PaymentNo: "by id", OrderID: "id-" + a.No, Amount: 990, Currency: "CNY"}
		outcome, err := s.record(context.Background(), s.gateway, &p)
		require.NoError(t, err)
		assert.Equal(t, OutcomeCredited, outcome)
		s.requireSales(t, a.OrderNo, 1)
	})
}

func TestTheRightAmountAfterAWrongOneIsCredited(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		for _, no := range []string{"the same number", ""} {
			a := s.buy(t)
			number := func(p *Payment) {
				if no != "" {
					p.PaymentNo = no
				} else {
					p.PaymentNo = randomText()
				}
			}
			s.pay(t, a, number, func(p *Payment) { p.Amount = 1 })
			s.requireSales(t, a.OrderNo, 0)
			s.work(t)
			s.pay(t, a, number)
			s.requireSales(t, a.OrderNo, 1)
			assert.Equal(t, OrderPaid, s.state(t, a.OrderNo).Status)
		}
		assert.Equal(t, []Outcome{OutcomeMismatch}, outcomes(s.attention(t)), "only the money with a different number")
	})
}

// The gateway's clock is ahead, or the news comes late: the money came in time.
func TestMoneyInTimeIsNotLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait, clock time.Duration
		zero        bool
		want        Outcome
	}{
		"clock a day ahead, news in time":        {clock: 24 * time.Hour, want: OutcomeCredited},
		"news after the expiry, paid in time":    {wait: 2 * time.Hour, want: OutcomeCredited},
		"clock a minute off, news after":         {wait: 2 * time.Hour, clock: 15*time.Minute + 50*time.Second, want: OutcomeCredited},
		"paid after the expiry":                  {wait: 2 * time.Hour, clock: 17 * time.Minute, want: OutcomeLate},
		"no time told, attempt not closed yet":   {wait: 2 * time.Hour, zero: true, want: OutcomeCredited},
		"no time told, queried unpaid and ended": {wait: 2 * time.Hour, zero: true, want: OutcomeLate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachDatabase(t, func(t *testing.T, d testDB) {
				s := newShop(t, d)
				a := s.buy(t)
				s.advance(test.wait)
				if test.zero && test.want == OutcomeLate {
					s.work(t)
					assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
				}
				s.pay(t, a, func(p *Payment) {
					p.PaidAt = time.Now().Add(test.clock)
					if test.zero {
						p.PaidAt = time.Time{}
					}
				})
				state := s.state(t, a.OrderNo)
				require.Len(t, state.Payments, 1)
				assert.Equal(t, test.want, state.Payments[0].Outcome)
			})
		})
	}
}

func TestOnPaidFailsAndNothingIsCredited(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		fail := "error"
		s := newShop(t, d, func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				if err := d.sell(ctx, tx, p); err != nil {
					return err
				}
				switch fail {
				case "error":
					return errMerchant
				case "panic":
					panic(errMerchant)
				case "rollback":
					return tx.Rollback()
				}
				return nil
			}
		})
		a := s.buy(t)
		for _, fail = range []string{"error", "panic", "rollback"} {
			status, body := s.pay(t, a)
			assert.Equal(t, http.StatusInternalServerError, status)
			assert.Equal(t, "fail", body)
			s.requireSales(t, a.OrderNo, 0)
			assert.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
			assert.Empty(t, s.state(t, a.OrderNo).Payments)
		}
		fail = ""
		status, _ := s.pay(t, a)
		assert.Equal(t, http.StatusOK, status)
		s.requireSales(t, a.OrderNo, 1)
		require.NoError(t, s.Flush(context.Background()))
		journal, err := s.Journal(context.Background(), JournalQuery{OrderNo: a.OrderNo})
		require.NoError(t, err)
		require.Len(t, journal, 4)
		assert.Equal(t, OutcomeCredited, journal[0].Outcome)
		assert.Equal(t, "OnPaid failed", journal[3].Reason)
	})
}

// After a deadlock MySQL has rolled back the whole transaction, and COMMIT succeeds. If OnPaid
// ignores the error, the payment must not be accepted as if it were stored.
func TestOnPaidIgnoresThatItsTransactionEnded(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		calls := 0
		s := newShop(t, d, func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				if err := d.sell(ctx, tx, p); err != nil {
					return err
				}
				var paid int // OnPaid may look at the order
				row := tx.QueryRowContext(ctx, dialects[d.dialect].sqlText(d.prefix, "SELECT COUNT(*) FROM {orders} WHERE order_no = ? AND status = 'paid' AND paid_at > 0"), p.OrderNo)
				if err := row.Scan(&paid); err != nil || paid != 1 {
					return fmt.Errorf("not paid: %w", err)
				}
				if calls++; calls%2 == 1 {
					_, err := tx.ExecContext(ctx, "ROLLBACK") // as the database does
					return err
				}
				return nil
			}
		})
		a, b, c := s.buy(t), s.buy(t), s.buy(t)
		status, _ := s.pay(t, a)
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, OrderPaid, s.state(t, a.OrderNo).Status)
		s.requireSales(t, a.OrderNo, 1)

		s.pay(t, b, func(p *Payment) { p.Amount = 1 })
		require.NoError(t, s.Resolve(context.Background(), s.attention(t)[0].ID, Resolution{By: "mei", Reason: "seen", Action: ActionCredit}))
		assert.Equal(t, OrderPaid, s.state(t, b.OrderNo).Status)
		s.requireSales(t, b.OrderNo, 1)

		s.notify(t, Payment{PaymentNo: "orphan", AttemptNo: "unknown", Amount: 990, Currency: "CNY"})
		require.NoError(t, s.Resolve(context.Background(), s.attention(t)[0].ID, Resolution{By: "mei", Reason: "seen", Action: ActionCredit, OrderNo: c.OrderNo}))
		assert.Equal(t, OrderPaid, s.state(t, c.OrderNo).Status)
		s.requireSales(t, c.OrderNo, 1)
	})
}

// After a statement that failed PostgreSQL refuses the others: nothing is credited, and the journal
// says that it was OnPaid.
func TestOnPaidIgnoresAnErrorOnPostgreSQL(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, PostgreSQL)
	s := newShop(t, d, func(c *Config) {
		c.OnPaid = func(ctx context.Context, tx *sql.Tx, _ Payment) error {
			_, _ = tx.ExecContext(ctx, "INSERT INTO a_table_that_is_not_there VALUES (1)")
			return nil
		}
	})
	a := s.buy(t)
	status, _ := s.pay(t, a)
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
	require.NoError(t, s.Flush(context.Background()))
	journal, err := s.Journal(context.Background(), JournalQuery{OrderNo: a.OrderNo})
	require.NoError(t, err)
	require.Len(t, journal, 1)
	assert.Equal(t, "OnPaid failed", journal[0].Reason)
}

// The merchant has deleted old orders by hand, and uses their numbers again: the money is held, and
// not rejected for ever.
func TestAnOrderThatWasDeletedAndStoredAgain(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		a, b := s.buy(t), s.buy(t)
		s.pay(t, a)
		for _, no := range []string{a.OrderNo, b.OrderNo} {
			for _, query := range []string{"DELETE FROM {attempts} WHERE order_no = ?", "DELETE FROM {orders} WHERE order_no = ?"} {
				_, err := s.db.ExecContext(ctx, s.sql(query), no)
				require.NoError(t, err)
			}
		}
		for _, old := range []*Attempt{a, b} {
			status, _ := s.pay(t, old)
			assert.Equal(t, http.StatusOK, status)
		}
		assert.Equal(t, []Outcome{OutcomeOrphan}, outcomes(s.attention(t)))
		s.requireSales(t, a.OrderNo, 1)

		again := s.buy(t, func(o *Order) { o.No = a.OrderNo })
		status, _ := s.pay(t, again, func(p *Payment) { p.PaymentNo = "new" })
		assert.Equal(t, http.StatusOK, status)
		kept := s.attention(t)
		require.Equal(t, []Outcome{OutcomeOrphan, OutcomeDuplicate}, outcomes(kept))
		s.requireSales(t, a.OrderNo, 1)
		decision := Resolution{By: "mei", Reason: "seen", Action: ActionCredit}
		require.ErrorIs(t, s.Resolve(ctx, kept[1].ID, decision), ErrOrderPaid)
		decision.OrderNo = s.buy(t).OrderNo
		require.NoError(t, s.Resolve(ctx, kept[1].ID, decision))
		s.requireSales(t, decision.OrderNo, 1)
	})
}

// A person can credit money whose attempt the merchant has deleted.
func TestMoneyOfAnAttemptThatWasDeleted(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		a := s.buy(t)
		s.pay(t, a, func(p *Payment) { p.Amount = 1 })
		_, err := s.db.ExecContext(ctx, s.sql("DELETE FROM {attempts} WHERE order_no = ?"), a.OrderNo)
		require.NoError(t, err)
		require.NoError(t, s.Resolve(ctx, s.attention(t)[0].ID, Resolution{By: "mei", Reason: "seen", Action: ActionCredit}))
		assert.Equal(t, OrderPaid, s.state(t, a.OrderNo).Status)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// The database itself rejects a second credit.
func TestTheTablesRefuseASecondCredit(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a, b := s.buy(t), s.buy(t)
		insert := func(id, no, credited string) error {
			_, err := s.db.ExecContext(context.Background(), s.sql(qInsertPayment), id, "fake", "10001", no, id, "",
				nil, nil, 990, "CNY", 0, nil, 1, "query", "credited", nullText(credited), nil)
			return err
		}
		require.NoError(t, insert("1", "p1", a.OrderNo))
		require.True(t, isDuplicate(insert("2", "p2", a.OrderNo)), "one order twice")
		require.True(t, isDuplicate(insert("3", "p1", b.OrderNo)), "one payment for two orders")
	})
}
