package gatewaytest

import (
	"fmt"
	"maps"
	"time"

	"github.com/paygates/paygates-go/money"
)

// Order is an order of a fake gateway.
type Order struct {
	// ID is the gateway's order number, OrderNo the merchant's. OrderNo is "" on a
	// gateway that has no merchant order numbers.
	ID, OrderNo string
	// Amount is the amount of the create, in hundredths of Currency.
	Amount   money.Amount
	Currency string // "CNY", "USD"
	// Channel and State are in the gateway's own terms.
	Channel, State string
	// Paid reports whether the payer has paid.
	Paid bool
	// CreatedAt and PaidAt are by the clock of the fake (see [WithClock]). PaidAt is zero
	// before the payment.
	CreatedAt, PaidAt time.Time
	// NotifyURL receives the notifications, none are sent if it is empty. ReturnURL is
	// the page to which the cashier page sends the payer.
	NotifyURL, ReturnURL string
	// Fields holds the other fields of the create, by the gateway's names.
	Fields map[string]string
}

// Add stores an order. It reports false if there is an order with the same number.
func (s *Server) Add(order Order) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byNumber[order.ID] != nil || s.byNumber[order.OrderNo] != nil {
		return false
	}
	order.CreatedAt = s.Now()
	added := &order
	s.orders = append(s.orders, added)
	s.index(added)
	if len(s.orders) > s.limit {
		s.unindex(s.orders[0])
		s.orders = s.orders[1:]
	}
	return true
}

// Order returns a copy of the order with the given gateway's or merchant's number. It
// reports false if there is none.
func (s *Server) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.byNumber[number]; found != nil {
		return *found, true
	}
	return Order{}, false
}

// Orders returns copies of the orders, oldest first: see [WithLimit].
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Order, len(s.orders))
	for i, kept := range s.orders {
		all[i] = *kept
	}
	return all
}

// Update changes the order with the given gateway's or merchant's number. change runs
// while the orders are locked, so it must not call the server's methods, except Now. It
// may write to the order's Fields. If change sets a number that another order has, the
// other order keeps it. The error is [ErrOrderNotFound].
func (s *Server) Update(number string, change func(*Order)) error {
	return s.change(number, func(order *Order) error {
		change(order)
		return nil
	})
}

// change is Update. It changes nothing if do returns an error.
func (s *Server) change(number string, do func(*Order) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byNumber[number]
	if found == nil {
		return notFound(number)
	}
	changed := *found
	changed.Fields = maps.Clone(found.Fields) // copies of the order hold the old map
	if err := do(&changed); err != nil {
		return err
	}
	s.unindex(found)
	*found = changed
	s.index(found)
	return nil
}

// find returns the order that the server keeps, which s.mu guards.
func (s *Server) find(number string) (*Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.byNumber[number]; found != nil {
		return found, nil
	}
	return nil, notFound(number)
}

func notFound(number string) error { return fmt.Errorf("%w: %q", ErrOrderNotFound, number) }

func (s *Server) index(order *Order) {
	for _, number := range []string{order.ID, order.OrderNo} {
		if number != "" && s.byNumber[number] == nil {
			s.byNumber[number] = order
		}
	}
}

func (s *Server) unindex(order *Order) {
	for _, number := range []string{order.ID, order.OrderNo} {
		if s.byNumber[number] == order {
			delete(s.byNumber, number)
		}
	}
}

// Deliveries returns the deliveries, oldest first: see [WithLimit].
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.deliveries...)
}

// DeliveriesOf returns the deliveries of the order with the given gateway's or merchant's
// number, oldest first. It returns none for an unknown order.
func (s *Server) DeliveriesOf(number string) []Delivery {
	order, _ := s.Order(number)
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Delivery
	for _, delivery := range s.deliveries {
		if delivery.OrderID == order.ID {
			found = append(found, delivery)
		}
	}
	return found
}

// Reset removes all orders, deliveries, faults and added fields, ends the retries, and
// undoes DelayNotifications and Advance: call it between tests that share a fake.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.byNumber, s.deliveries = nil, map[string]*Order{}, nil
	s.faults, s.delay, s.toResponses, s.toNotifications = nil, 0, nil, nil
	s.advanced.Store(0)
}

// WithClock sets the clock of the fake, for tests that move the time. Default: time.Now.
// The fake takes all times of orders, payments, deliveries and responses from it. Delays
// and retries take real time. now must be safe for concurrent use.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.clock = now } }

// Now returns the time by the clock of the fake: see [WithClock] and [Server.Advance].
func (s *Server) Now() time.Time { return s.clock().Add(time.Duration(s.advanced.Load())) }

// Advance moves the clock of the fake forward, or back if d is negative. The times of
// existing orders do not change. No order expires and no notification is retried
// because of it: call Expire or Redeliver.
func (s *Server) Advance(d time.Duration) { s.advanced.Add(int64(d)) }
