package checkout

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygates/paygates-go"
)

// machine drives a shop through random sequences of what payers, gateways, attackers and
// crashes do, beside a model of the money.
type machine struct {
	t       *testing.T
	r       *rapid.T
	d       testDB
	gateway *fakeGateway
	s       *shop
	fail    bool // OnPaid fails

	orders   []string
	expires  map[string]time.Time
	attempts map[string]string    // order by attempt
	paid     map[string]modelPaid // by payment number
	resolved map[string]bool      // orders that a person has credited
	told     map[string]bool      // payment numbers that were accepted
	credited map[string]bool      // orders seen as paid
}

type modelPaid struct {
	Payment
	order string
	good  bool // right amount, in time, not refunded
}

func newMachine(t *testing.T, r *rapid.T, dialect Dialect) *machine {
	m := &machine{
		t: t, r: r, d: newDatabase(t, dialect), gateway: newFake("fake"),
		expires: map[string]time.Time{}, attempts: map[string]string{}, paid: map[string]modelPaid{},
		resolved: map[string]bool{}, told: map[string]bool{}, credited: map[string]bool{},
	}
	m.s = newShop(t, m.d, m.config)
	return m
}

func (m *machine) config(c *Config) {
	c.Gateways = []Gateway{m.gateway}
	c.UnconfirmedAfter = 5 * time.Minute
	c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
		if err := m.d.sell(ctx, tx, p); err != nil {
			return err
		}
		if m.fail {
			return errMerchant
		}
		return nil
	}
}

func (m *machine) anAttempt(r *rapid.T) string {
	if len(m.attempts) == 0 {
		r.Skip("no attempts yet")
	}
	order := rapid.SampledFrom(m.orders).Draw(r, "order")
	var all []string
	for _, a := range m.s.state(m.r, order).Attempts {
		if a.Status != AttemptRejected {
			all = append(all, a.No)
		}
	}
	if len(all) == 0 {
		r.Skip("no attempt of this order")
	}
	return rapid.SampledFrom(all).Draw(r, "attempt")
}

// Create makes an order, or another attempt of one, and the gateway responds in any way.
func (m *machine) Create(r *rapid.T) {
	o := Order{Channel: rapid.SampledFrom([]string{"app", "web"}).Draw(r, "channel"), Amount: 990, Gateway: "fake"}
	if len(m.orders) > 0 && (len(m.orders) == 4 || rapid.Bool().Draw(r, "again")) {
		o.No = rapid.SampledFrom(m.orders).Draw(r, "order")
	} else {
		o.No = newOrderNo()
	}
	how := rapid.SampledFrom([]string{"ok", "ok", "lost", "never arrived", "rejected"}).Draw(r, "response")
	m.gateway.set(func() {
		m.gateway.onCreate = func(c CreateRequest) (*Created, error) {
			switch how {
			case "lost":
				return nil, paygates.ErrOutcomeUnknown
			case "never arrived":
				m.gateway.set(func() { delete(m.gateway.created, c.AttemptNo) })
				return nil, paygates.ErrOutcomeUnknown
			case "rejected":
				m.gateway.set(func() { delete(m.gateway.created, c.AttemptNo) })
				return nil, &paygates.Error{Gateway: "fake", Op: "create order", Code: "1"}
			}
			return &Created{OrderID: "id-" + c.AttemptNo}, nil
		}
	})
	before, _ := m.gateway.count()
	a, err := m.s.Create(context.Background(), o)
	after, _ := m.gateway.count()
	require.LessOrEqual(m.r, after-before, 1)
	if _, known := m.expires[o.No]; !known {
		m.orders = append(m.orders, o.No)
		m.expires[o.No] = m.s.state(m.r, o.No).ExpiresAt.Add(m.s.config.ClockTolerance)
	}
	if a != nil {
		m.attempts[a.No] = o.No
		return
	}
	require.Error(m.r, err)
}

// Pay pays an attempt, with the right amount or another one, and tells of it or not.
func (m *machine) Pay(r *rapid.T) {
	no := m.anAttempt(r)
	m.gateway.mu.Lock()
	_, exists := m.gateway.created[no]
	first, paidBefore := m.gateway.payments[no]
	m.gateway.mu.Unlock()
	if !exists {
		r.Skip("the gateway does not know it")
	}
	wrong := rapid.IntRange(0, 4).Draw(r, "wrong") == 0
	refunded := rapid.IntRange(0, 9).Draw(r, "refunded") == 0
	p := Payment{PaymentNo: newOrderNo(), AttemptNo: no, Amount: 990, Currency: "CNY", PaidAt: m.s.clock(), Refunded: refunded}
	if wrong {
		p.Amount = 989
	}
	order := m.attempts[no]
	m.paid[p.PaymentNo] = modelPaid{p, order, !wrong && !refunded && !p.PaidAt.After(m.expires[order])}
	if !paidBefore {
		m.gateway.set(func() { m.gateway.payments[no] = p })
	}
	times := rapid.IntRange(0, 3).Draw(r, "notifications")
	if paidBefore {
		// The query tells of the first payment only, and no worker sends it once the second
		// is credited.
		times = max(times, 1)
		m.tell(first, http.StatusOK)
		m.told[first.PaymentNo] = true
	}
	var sending sync.WaitGroup
	for range times {
		sending.Add(1)
		go func() {
			defer sending.Done()
			m.tell(p, http.StatusOK)
		}()
	}
	sending.Wait()
	if times > 0 {
		m.told[p.PaymentNo] = true
	}
}

func (m *machine) tell(p Payment, want int) {
	status, _ := m.s.notify(m.r, p)
	if status != want {
		m.r.Errorf("status %d for a notification, expected %d", status, want)
	}
}

// Repeat sends a notification again, after a crash for example.
func (m *machine) Repeat(r *rapid.T) {
	if len(m.paid) == 0 {
		r.Skip("nothing was paid")
	}
	all := make([]string, 0, len(m.paid))
	for no := range m.paid {
		all = append(all, no)
	}
	no := rapid.SampledFrom(sorted(all)).Draw(r, "payment")
	m.tell(m.paid[no].Payment, http.StatusOK)
	m.told[no] = true
}

// Fail lets OnPaid fail for one notification.
func (m *machine) Fail(r *rapid.T) {
	no := m.anAttempt(r)
	p, ok := m.gateway.payments[no]
	if !ok {
		r.Skip("not paid")
	}
	m.fail = true
	status, _ := m.s.notify(m.r, p)
	m.fail = false
	if status == http.StatusOK {
		m.told[p.PaymentNo] = true
	}
}

// Tamper sends what an attacker could.
func (m *machine) Tamper(r *rapid.T) {
	no := m.anAttempt(r)
	request := m.s.notification(Payment{})
	request.Body = http.NoBody
	response, err := http.DefaultClient.Do(request)
	require.NoError(m.r, err)
	require.NoError(m.r, response.Body.Close())
	require.Equal(m.r, http.StatusForbidden, response.StatusCode)
	// A genuine payment of the attacker's own account pays nobody's order.
	other := newFake("fake")
	other.account = "attacker"
	p := Payment{PaymentNo: newOrderNo(), AttemptNo: no, Amount: 990, Currency: "CNY"}
	outcome, err := m.s.record(context.Background(), other, &p)
	require.NoError(m.r, err)
	require.Equal(m.r, OutcomeOrphan, outcome)
	require.NoError(m.r, m.s.Resolve(context.Background(), p.ID, Resolution{By: "mei", Reason: "forged", Action: ActionDismiss}))
}

// Unconfirmed lets the gateway see a payment that it does not confirm, or not anymore.
func (m *machine) Unconfirmed(r *rapid.T) {
	no := m.anAttempt(r)
	m.gateway.set(func() { m.gateway.unsure[no] = !m.gateway.unsure[no] })
}

// Wait lets time pass and the worker work.
func (m *machine) Wait(r *rapid.T) {
	m.s.advance(time.Duration(rapid.IntRange(1, 20*60).Draw(r, "seconds")) * time.Second)
	m.s.work(m.r)
}

// Down lets time pass while the gateway does not respond.
func (m *machine) Down(*rapid.T) {
	m.gateway.set(func() { m.gateway.onQuery = func(QueryRequest) error { return errDown } })
	m.s.advance(time.Minute)
	m.s.work(m.r)
	m.gateway.set(func() { m.gateway.onQuery = nil })
}

// Refresh is a payer who comes back.
func (m *machine) Refresh(r *rapid.T) {
	if len(m.orders) == 0 {
		r.Skip("no orders yet")
	}
	m.s.advance(3 * time.Second)
	_, err := m.s.Service.Refresh(context.Background(), rapid.SampledFrom(m.orders).Draw(r, "order"))
	require.NoError(m.r, err)
}

// Crash ends the process, in the middle of a create or of a query, and starts another.
func (m *machine) Crash(r *rapid.T) {
	ctx := context.Background()
	switch rapid.SampledFrom([]string{"create", "query", "idle"}).Draw(r, "during") {
	case "create":
		if len(m.orders) < 4 {
			p := m.s.storeOnly(m.r, Order{Channel: "app", Amount: 990})
			_, err := p.start(ctx, randomText())
			require.NoError(m.r, err)
			o := p.order
			m.orders = append(m.orders, o.No)
			m.attempts[o.No] = o.No
			m.expires[o.No] = m.s.state(m.r, o.No).ExpiresAt.Add(m.s.config.ClockTolerance)
			if rapid.Bool().Draw(r, "sent") {
				m.gateway.set(func() { m.gateway.created[o.No] = CreateRequest{} })
			}
		}
	case "query":
		m.s.advance(time.Minute)
		_, err := (&worker{Service: m.s.Service, gateway: m.gateway}).lease(ctx, 10)
		require.NoError(m.r, err)
	}
	offset := m.s.offset
	m.s.server.Close()
	require.NoError(m.r, m.s.db.Close())
	m.s = newShop(m.t, m.d, m.config)
	m.s.offset = offset
}

// Resolve is a person who decides about a payment.
func (m *machine) Resolve(r *rapid.T) {
	open := m.s.attention(m.r)
	if len(open) == 0 {
		r.Skip("nothing to decide")
	}
	p := open[rapid.IntRange(0, len(open)-1).Draw(r, "payment")]
	action := rapid.SampledFrom([]Action{ActionCredit, ActionDismiss, ActionRefunded}).Draw(r, "action")
	err := m.s.Service.Resolve(context.Background(), p.ID, Resolution{By: "mei", Reason: "test", Action: action})
	switch {
	case err == nil && action == ActionCredit:
		require.False(m.r, m.credited[p.OrderNo])
		m.resolved[p.OrderNo] = true
	case err != nil:
		require.ErrorIs(m.r, err, ErrOrderPaid)
		require.Equal(m.r, ActionCredit, action)
	}
}

// Check holds at every moment.
func (m *machine) Check(*rapid.T) {
	for _, no := range m.orders {
		state := m.s.state(m.r, no)
		count, _ := m.s.sales(m.r, no)
		require.Equal(m.r, state.Status == OrderPaid, count == 1, "order %s is %s and was credited %d times", no, state.Status, count)
		require.LessOrEqual(m.r, count, 1)
		if m.credited[no] {
			require.Equal(m.r, OrderPaid, state.Status, "a paid order stays paid")
		}
		m.credited[no] = state.Status == OrderPaid
		stored := map[string]int{}
		for _, p := range state.Payments {
			stored[p.PaymentNo]++
			require.Equal(m.r, 1, stored[p.PaymentNo])
		}
		for number, p := range m.paid {
			if p.order == no && m.told[number] {
				require.Equal(m.r, 1, stored[number], "a payment that was accepted is stored: %s of %s", number, no)
			}
		}
	}
}

// finish lets everything come to its end: then all money is credited or listed.
func (m *machine) finish() {
	m.gateway.set(func() { clear(m.gateway.unsure) })
	for range 40 {
		m.s.advance(3 * time.Hour)
		m.s.work(m.r)
	}
	m.Check(nil)
	listed := map[string]Outcome{}
	for _, p := range m.s.attention(m.r) {
		listed[p.PaymentNo] = p.Outcome
	}
	for _, no := range m.orders {
		state := m.s.state(m.r, no)
		good := false
		stored := map[string]Payment{}
		for _, p := range state.Payments {
			stored[p.PaymentNo] = p
		}
		for number, p := range m.paid {
			if p.order != no {
				continue
			}
			good = good || p.good
			kept, ok := stored[number]
			// A person credited it before the gateway confirmed it: a paid attempt is not queried.
			early := stored["unconfirmed:"+p.AttemptNo].Resolution
			if !ok && early != nil && early.Action == ActionCredit {
				continue
			}
			require.True(m.r, ok, "the payment %s of %s is stored", number, no)
			if kept.Outcome != OutcomeCredited && kept.Resolution == nil {
				require.Equal(m.r, kept.Outcome, listed[number])
			}
		}
		require.NotEqual(m.r, OrderPending, state.Status, "%+v", state)
		require.Equal(m.r, good || m.resolved[no], state.Status == OrderPaid, "order %s: %+v", no, state)
	}
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for _, dialect := range []Dialect{SQLite, PostgreSQL, MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			newDatabase(t, dialect) // skips
			rapid.Check(t, func(r *rapid.T) {
				m := newMachine(t, r, dialect)
				r.Repeat(map[string]func(*rapid.T){
					"": m.Check, "create": m.Create, "pay": m.Pay, "repeat": m.Repeat, "fail": m.Fail, "tamper": m.Tamper,
					"unconfirmed": m.Unconfirmed, "wait": m.Wait, "down": m.Down, "refresh": m.Refresh, "crash": m.Crash, "resolve": m.Resolve,
				})
				m.finish()
			})
		})
	}
}
