package gateway

import (
	"strconv"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// Server is what the fake gateways have in common.
type Server interface {
	Order(number string) (gatewaytest.Order, bool)
	Orders() []gatewaytest.Order
	Deliveries() []gatewaytest.Delivery
	Pay(number string) (gatewaytest.Delivery, error)
	PaySilently(number string) error
	Expire(number string) error
	Redeliver(number string) (gatewaytest.Delivery, error)
	SendTampered(number string) (gatewaytest.Delivery, error)
	DelayNotifications(delay time.Duration)
	InjectFault(fault gatewaytest.Fault)
	Close()
}

// Fake is a running fake gateway. Its own address and the public one differ if
// requests reach it through a proxy: links then hold the public one.
type Fake struct {
	Server
	// Target is the address on which the fake listens.
	Target string
	// Env is the environment of a client for this fake.
	Env []Field
	// PayPage returns the page on which the payer pays, "" for a gateway without one.
	PayPage func(gatewaytest.Order) string
	// StateText describes a state of an order.
	StateText func(state string) string
	// AddOrder tells a merchant backend about an order, and SetNotifyURL sets the notify
	// URL of the merchant's account. They are nil for a gateway without one.
	AddOrder     func(orderNo string, amount money.Amount, subject string) error
	SetNotifyURL func(string)
	// ShiftAmount adds to what has to be paid. It is nil for a gateway that does not tell
	// payers apart by cents.
	ShiftAmount func(money.Amount)
}

// Environment returns Env as an Env.
func (f *Fake) Environment() Env {
	env := Env{}
	for _, field := range f.Env {
		env[field.Name] = field.Value
	}
	return env
}

// publish sets the address that the fake writes into links and returns the address on
// which it listens.
func publish(server *gatewaytest.Server, public string) (target string) {
	target = server.URL
	if public != "" {
		server.URL = public
	}
	return target
}

// numbered describes a state that is a number.
func numbered[State interface {
	~int
	String() string
}](text string) string {
	n, err := strconv.Atoi(text)
	if err != nil {
		return text
	}
	return State(n).String()
}

// env returns variables from names and values in turn.
func env(pairs ...string) []Field {
	var all []Field
	for ; len(pairs) > 1; pairs = pairs[2:] {
		all = append(all, Field{pairs[0], pairs[1]})
	}
	return all
}
