package checkout

import (
	"context"
	"io"
	"net/http"
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

// fakeServer is what the fake gateways have in common.
type fakeServer interface {
	Pay(number string) (gatewaytest.Delivery, error)
	PaySilently(number string) error
	Redeliver(number string) (gatewaytest.Delivery, error)
	SendTampered(number string) (gatewaytest.Delivery, error)
	Expire(number string) error
	Orders() []gatewaytest.Order
	InjectFault(fault gatewaytest.Fault)
	Close()
}

// realGateway is one of the gateways with its fake.
type realGateway struct {
	Gateway
	fake    fakeServer
	prepare func(o Order) error // tells the merchant backend of Ping++ an order
}

func startGateways(t *testing.T) map[string]*realGateway {
	t.Helper()
	none := gatewaytest.WithRetryDelays()
	all := map[string]*realGateway{}
	add := func(fake fakeServer, gateway Gateway, err error) *realGateway {
		require.NoError(t, err)
		t.Cleanup(fake.Close)
		g := &realGateway{Gateway: gateway, fake: fake, prepare: func(Order) error { return nil }}
		all[gateway.Name()] = g
		return g
	}
	i := ispaytest.NewServer(none)
	gateway, err := Ispay(i.Config())
	add(i, gateway, err)
	c := codepaytest.NewServer(none)
	c.ShiftMoney(-1) // as the real one does
	gateway, err = Codepay(c.Config())
	add(c, gateway, err)
	g := gatepaytest.NewServer(none)
	gateway, err = Gatepay(g.Config())
	add(g, gateway, err)
	k := kechengcangtest.NewServer(none)
	gateway, err = Kechengcang(k.Config())
	add(k, gateway, err)
	p := pingpptest.NewServer(none)
	gateway, err = Pingpp(p.Config())
	add(p, gateway, err).prepare = func(o Order) error { return p.AddOrder(o.No, o.Amount, "Example") }
	return all
}

// onEachGateway runs a test for each gateway on each database.
func onEachGateway(t *testing.T, test func(t *testing.T, s *shop, g *realGateway)) {
	t.Helper()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		gateways := startGateways(t)
		s := newShop(t, d, func(c *Config) {
			c.Gateways = nil
			for _, g := range gateways {
				c.Gateways = append(c.Gateways, g)
			}
		})
		if p, ok := gateways["pingpp"].fake.(*pingpptest.Server); ok {
			p.SetWebhookURL(s.NotifyURL("pingpp"))
		}
		for _, name := range []string{"ispay", "codepay", "gatepay", "kechengcang", "pingpp"} {
			t.Run(name, func(t *testing.T) { test(t, s, gateways[name]) })
		}
	})
}

func (s *shop) buyAt(t *testing.T, g *realGateway) *Attempt {
	t.Helper()
	o := Order{No: newOrderNo(), Gateway: g.Name(), Channel: g.Capabilities().Channels[0], Amount: 990, PayerIP: "203.0.113.7"}
	require.NoError(t, g.prepare(o))
	a, err := s.Create(context.Background(), o)
	require.NoError(t, err)
	return a
}

// number returns the number by which a fake knows an attempt.
func number(a *Attempt) string {
	if a.OrderID != "" {
		return a.OrderID
	}
	return a.No
}

func TestEachGatewayCreditsOnce(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		a := s.buyAt(t, g)
		i := a.Instructions
		assert.NotEmpty(t, i.PayPageURL+i.QRText+i.QRImageURL+i.Address+string(i.AppData.Reveal()), "what the payer needs")
		assert.Positive(t, i.Amount)
		again, err := s.Create(context.Background(), Order{No: a.OrderNo, Gateway: a.Gateway, Channel: a.Channel, Amount: 990})
		require.NoError(t, err)
		assert.Equal(t, i.AppData.Reveal(), again.Instructions.AppData.Reveal())
		assert.Equal(t, i.Amount, again.Instructions.Amount)

		delivery, err := g.fake.SendTampered(number(a))
		if g.Name() != "codepay" { // its fake signs another amount with the key: a wrong amount
			require.NoError(t, err)
			assert.False(t, delivery.Accepted)
			s.requireSales(t, a.OrderNo, 0)
		}
		delivery, err = g.fake.Pay(number(a))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted, delivery)
		delivery, err = g.fake.Redeliver(number(a))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted)
		s.requireSales(t, a.OrderNo, 1)
		_, amount := s.sales(t, a.OrderNo)
		assert.EqualValues(t, 990, amount, "the order's amount")
	})
}

func TestEachGatewayFindsALostNotification(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		a := s.buyAt(t, g)
		require.NoError(t, g.fake.PaySilently(number(a)))
		s.advance(time.Minute)
		state, err := s.Refresh(context.Background(), a.OrderNo)
		require.NoError(t, err)
		if !g.Capabilities().QueryTellsAmount {
			assert.Equal(t, AttemptUnconfirmed, state.Attempt().Status)
			s.advance(11 * time.Minute)
			s.work(t)
			require.Len(t, s.attention(t), 1)
			assert.Equal(t, OutcomeUnconfirmed, s.attention(t)[0].Outcome)
			_, err = g.fake.Redeliver(number(a))
			require.NoError(t, err)
			assert.Empty(t, s.attention(t))
			state = s.state(t, a.OrderNo)
		}
		assert.Equal(t, OrderPaid, state.Status)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// The response to the create is lost, but the gateway has the order, and the payer pays.
func TestEachGatewayAfterALostResponse(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		g.fake.InjectFault(gatewaytest.Fault{Processed: true, Reset: true, Times: 1})
		o := Order{No: newOrderNo(), Gateway: g.Name(), Channel: g.Capabilities().Channels[0], Amount: 990, PayerIP: "203.0.113.7"}
		require.NoError(t, g.prepare(o))
		a, err := s.Create(context.Background(), o)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		orders := g.fake.Orders()
		last := orders[len(orders)-1]
		delivery, err := g.fake.Pay(last.ID)
		require.NoError(t, err)
		assert.True(t, delivery.Accepted, delivery)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// After a lost response the payer still gets something to pay with: what a query tells, or
// another attempt.
func TestEachGatewayHasSomethingToPayWithAfterALostResponse(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		g.fake.InjectFault(gatewaytest.Fault{Processed: true, Reset: true, Times: 1})
		o := Order{No: newOrderNo(), Gateway: g.Name(), Channel: g.Capabilities().Channels[0], Amount: 990, PayerIP: "203.0.113.7"}
		require.NoError(t, g.prepare(o))
		_, err := s.Create(context.Background(), o)
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		s.advance(time.Minute)
		s.work(t)
		a, err := s.Create(context.Background(), o)
		require.NoError(t, err)
		i := a.Instructions
		assert.NotEmpty(t, i.PayPageURL+i.QRText+i.QRImageURL+i.Address+string(i.AppData.Reveal()), a.No)
		again, err := s.Create(context.Background(), o)
		require.NoError(t, err)
		assert.Equal(t, a.No, again.No)
		delivery, err := g.fake.Pay(number(a))
		require.NoError(t, err)
		assert.True(t, delivery.Accepted, delivery)
		s.requireSales(t, a.OrderNo, 1)
	})
}

func TestEachGatewayTakesEveryExpiry(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		for _, expires := range []time.Duration{time.Second, 1500 * time.Millisecond, 24 * time.Hour, 90 * 24 * time.Hour} {
			o := Order{No: newOrderNo(), Gateway: g.Name(), Channel: g.Capabilities().Channels[0], Amount: 990, PayerIP: "203.0.113.7", ExpiresIn: expires}
			require.NoError(t, g.prepare(o))
			_, err := s.Create(context.Background(), o)
			require.NoError(t, err, expires)
		}
	})
}

func TestEachGatewayExpires(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		a := s.buyAt(t, g)
		require.NoError(t, g.fake.Expire(number(a)))
		s.advance(time.Hour)
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		s.requireSales(t, a.OrderNo, 0)
	})
}

func TestEachGatewayThatIsDownIsQueriedAgain(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		a := s.buyAt(t, g)
		g.fake.InjectFault(gatewaytest.Fault{Status: http.StatusBadRequest, Body: "<html>"})
		s.advance(time.Minute)
		s.work(t)
		assert.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
		g.fake.InjectFault(gatewaytest.Fault{})
		require.NoError(t, g.fake.PaySilently(number(a)))
		s.advance(time.Minute)
		s.work(t)
		if g.Capabilities().QueryTellsAmount {
			s.requireSales(t, a.OrderNo, 1)
		}
	})
}

// A notification of one gateway sent to another one's URL credits nothing.
func TestNotificationsAtTheWrongURL(t *testing.T) {
	t.Parallel()
	s := newShop(t, newDatabase(t, SQLite), func(c *Config) {
		gateways := startGateways(t)
		c.Gateways = nil
		for _, g := range gateways {
			c.Gateways = append(c.Gateways, g)
		}
	})
	for _, name := range []string{"ispay", "codepay", "gatepay", "kechengcang", "pingpp"} {
		for _, body := range []string{"", "{}", "order_no=1&sign=x", strings.Repeat("a=b&", 1000)} {
			response, err := http.Post(s.NotifyURL(name), "application/x-www-form-urlencoded", strings.NewReader(body))
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.GreaterOrEqual(t, response.StatusCode, 400)
			assert.Equal(t, "fail", string(text))
		}
	}
	for _, name := range []string{"renamed", "%0Aforged", strings.Repeat("x", 33)} {
		response, err := http.Get(s.NotifyURL(name))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusNotFound, response.StatusCode)
	}
	assert.Contains(t, s.log.String(), "gateway=renamed")
	assert.Equal(t, 1, strings.Count(s.log.String(), "not configured"))
}

func TestPingppWithAnotherAmount(t *testing.T) {
	t.Parallel()
	onEachGateway(t, func(t *testing.T, s *shop, g *realGateway) {
		fake, ok := g.fake.(*pingpptest.Server)
		if !ok {
			return
		}
		require.NoError(t, fake.AddOrder("A1", money.Cents(1990), "Example"))
		_, err := s.Create(context.Background(), Order{No: "A1", Gateway: "pingpp", Channel: "wx", Amount: 990})
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		_, err = fake.Pay("A1")
		require.NoError(t, err)
		s.requireSales(t, "A1", 0)
		require.Len(t, s.attention(t), 1)
		assert.Equal(t, OutcomeMismatch, s.attention(t)[0].Outcome)
	})
}

// The public source of kechengcang knows one order under several ids.
func TestARemarkCountsOnlyIfTheGatewaysNumberIsUnknown(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		p := Payment{PaymentNo: "alias", OrderID: "alias", AttemptNo: a.No, Amount: 990, Currency: "CNY"}
		outcome, err := s.record(context.Background(), s.gateway, &p)
		require.NoError(t, err)
		assert.Equal(t, OutcomeOrphan, outcome)
		s.requireSales(t, a.OrderNo, 0)
	})
}

func TestGatewaysRejectAnInvalidConfig(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (Gateway, error){
		"ispay":       func() (Gateway, error) { return Ispay(ispay.Config{}) },
		"codepay":     func() (Gateway, error) { return Codepay(codepay.Config{}) },
		"gatepay":     func() (Gateway, error) { return Gatepay(gatepay.Config{}) },
		"kechengcang": func() (Gateway, error) { return Kechengcang(kechengcang.Config{}) },
		"pingpp":      func() (Gateway, error) { return Pingpp(pingpp.Config{}) },
	} {
		gateway, err := make()
		require.ErrorIs(t, err, paygates.ErrInvalidConfig, name)
		assert.Nil(t, gateway)
	}
	fake := ispaytest.NewServer()
	defer fake.Close()
	gateway, err := Ispay(fake.Config(), WithName("ispay-2"), WithAccount("old"))
	require.NoError(t, err)
	assert.Equal(t, []string{"ispay-2", "old"}, []string{gateway.Name(), gateway.Account()})
}
