package gatewaytest

import (
	"fmt"
	"time"
)

// record is an order that the server keeps.
type record struct {
	order      Order
	deliveries []*stored // oldest first
	forgotten  bool
}

// stored is a delivery that the server keeps, with its order.
type stored struct {
	delivery Delivery
	of       *record
}

// Add stores an order. It reports false if there is an order with the same number. The
// server keeps a limited number of orders: see [WithLimit].
func (s *Server) Add(order Order) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(order.ID) != nil || s.find(order.OrderNo) != nil {
		return false
	}
	order.CreatedAt = s.Now()
	added := &record{order: order}
	s.orders = append(s.orders, added)
	s.index(added)
	if len(s.orders) > s.limit {
		oldest := s.orders[0]
		s.orders[0] = nil // for the garbage collector
		s.orders = s.orders[1:]
		s.unindex(oldest, oldest.order.ID, oldest.order.OrderNo)
		oldest.forgotten = true
	}
	return true
}

// Order returns a copy of the order with the given gateway's or merchant's number. It
// reports false if there is none.
func (s *Server) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(number); found != nil {
		return found.order, true
	}
	return Order{}, false
}

// Orders returns copies of all orders, oldest first. The server keeps a limited number:
// see [WithLimit].
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Order, len(s.orders))
	for i, kept := range s.orders {
		all[i] = kept.order
	}
	return all
}

// Update changes the order with the given gateway's or merchant's number. change runs
// while the orders are locked, so it must not call the server's methods, except Now. If
// change sets a number that another order has, the other order keeps it. The error is
// [ErrOrderNotFound].
func (s *Server) Update(number string, change func(*Order)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(number)
	if found == nil {
		return notFound(number)
	}
	id, orderNo := found.order.ID, found.order.OrderNo
	change(&found.order)
	if found.order.ID != id || found.order.OrderNo != orderNo {
		s.unindex(found, id, orderNo)
		s.index(found)
	}
	return nil
}

// find returns the order with a number, or nil. The caller holds s.mu.
func (s *Server) find(number string) *record { return s.byNumber[number] }

func notFound(number string) error { return fmt.Errorf("%w: %q", ErrOrderNotFound, number) }

func (s *Server) index(r *record) {
	for _, number := range []string{r.order.ID, r.order.OrderNo} {
		if number != "" && s.byNumber[number] == nil {
			s.byNumber[number] = r
		}
	}
}

func (s *Server) unindex(r *record, numbers ...string) {
	for _, number := range numbers {
		if s.byNumber[number] == r {
			delete(s.byNumber, number)
		}
	}
}

// Deliveries returns all deliveries, oldest first. The server keeps a limited number: see
// [WithLimit].
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copies(s.deliveries)
}

// DeliveriesOf returns the deliveries of the order with the given gateway's or merchant's
// number, oldest first. It returns none for an unknown order.
func (s *Server) DeliveriesOf(number string) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(number); found != nil {
		return copies(found.deliveries)
	}
	return nil
}

func copies(kept []*stored) []Delivery {
	all := make([]Delivery, len(kept))
	for i, one := range kept {
		all[i] = one.delivery
	}
	return all
}

// keep stores a delivery of an order. The caller holds s.mu.
func (s *Server) keep(of *record, delivery Delivery) {
	added := &stored{delivery, of}
	s.deliveries = append(s.deliveries, added)
	of.deliveries = append(of.deliveries, added)
	if len(s.deliveries) > s.limit {
		oldest := s.deliveries[0]
		s.deliveries[0] = nil // for the garbage collector
		s.deliveries = s.deliveries[1:]
		// The oldest of all deliveries is the oldest of its order.
		oldest.of.deliveries[0] = nil
		oldest.of.deliveries = oldest.of.deliveries[1:]
	}
}

// Reset removes all orders, deliveries, faults and added fields, ends the retries, and
// undoes DelayNotifications and Advance: call it between tests that share a fake.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range s.orders {
		kept.forgotten = true
	}
	for _, kept := range s.deliveries {
		kept.of.deliveries = nil
	}
	s.orders, s.byNumber = nil, map[string]*record{}
	s.deliveries, s.faults, s.delay = nil, nil, 0
	s.advanced.Store(0)
	s.added.Store(nil)
}

// WithClock sets the clock of the fake, for tests that move the time. Default: time.Now.
// The fake takes all times of orders, payments, deliveries and responses from it. Delays
// and retries take real time. now must be safe for concurrent use.
func WithClock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// Now returns the time by the clock of the fake: see [WithClock] and [Server.Advance].
func (s *Server) Now() time.Time { return s.clock().Add(time.Duration(s.advanced.Load())) }

// Advance moves the clock of the fake forward, or back if d is negative. The times of
// existing orders stay as they are. No order expires and no notification is retried
// because of it: call Expire or Redeliver.
func (s *Server) Advance(d time.Duration) { s.advanced.Add(int64(d)) }
