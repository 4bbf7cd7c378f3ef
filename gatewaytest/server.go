package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Behavior is what differs from gateway to gateway. The functions run while the
// server's orders are locked, so they must not call its methods.
type Behavior struct {
	// Pay and Expire change the state of an order.
	Pay, Expire func(*Order)
	// Notification returns the notification of an order. A tampered one claims another
	// amount, with the best signature that an attacker can have.
	Notification func(order Order, tampered bool) (Message, error)
	// Accepted reports whether the gateway stops sending the notification after the
	// merchant's response.
	Accepted func(status int, body string) bool
	// RetryDelays are the documented delays before each further attempt.
	RetryDelays []time.Duration
}

var (
	// ErrOrderNotFound is returned when the fake does not know the order.
	ErrOrderNotFound = errors.New("gatewaytest: order not found")
	// ErrAlreadyPaid is returned by Expire when the order is paid.
	ErrAlreadyPaid = errors.New("gatewaytest: already paid")
)

// Server is a fake gateway on a loopback port. It is safe for concurrent use.
type Server struct {
	// URL is the address of the server, such as http://127.0.0.1:34567.
	URL string

	server      *httptest.Server
	behavior    Behavior
	retryDelays []time.Duration
	client      *http.Client
	ctx         context.Context //nolint:containedctx // ends the retries at Close
	cancel      context.CancelFunc
	tasks       sync.WaitGroup

	mu         sync.Mutex
	orders     []*Order
	deliveries []Delivery
	faults     []Fault
	delay      time.Duration
	lastID     int64
}

// Option sets an option of NewServer.
type Option func(*options)

type options struct {
	address     string
	listener    net.Listener
	retryDelays []time.Duration
}

// WithAddress sets the address, such as "127.0.0.1:9001". Default: a free loopback
// port. [Start] panics if the address is in use, as httptest does.
func WithAddress(address string) Option { return func(o *options) { o.address = address } }

// WithListener sets the listener, for a caller that wants an error instead of a panic
// if an address is in use. Close closes it.
func WithListener(listener net.Listener) Option {
	return func(o *options) { o.listener = listener }
}

// WithRetryDelays replaces the delays before each further attempt to deliver a
// notification, which are minutes at the gateways. Without arguments there is one
// attempt.
func WithRetryDelays(delays ...time.Duration) Option {
	return func(o *options) { o.retryDelays = append([]time.Duration{}, delays...) }
}

// Start starts a fake gateway that serves handler. The packages of the fakes call it.
// To use a fake, call its NewServer.
func Start(handler http.Handler, behavior Behavior, opts ...Option) *Server {
	o := options{retryDelays: behavior.RetryDelays}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{
		behavior:    behavior,
		retryDelays: o.retryDelays,
		client: &http.Client{
			Timeout:       10 * time.Second,
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lastID: 424843497502158847,
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server = httptest.NewUnstartedServer(s.withFaults(handler))
	if o.address != "" {
		listener, err := net.Listen("tcp", o.address)
		if err != nil {
			panic("gatewaytest: " + err.Error())
		}
		o.listener = listener
	}
	if o.listener != nil {
		_ = s.server.Listener.Close()
		s.server.Listener = o.listener
	}
	s.server.Start()
	s.URL = s.server.URL
	return s
}

// Close stops the server and the retries of notifications.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.server.CloseClientConnections()
	s.server.Close()
	s.tasks.Wait()
}

// NextID returns a new order number.
func (s *Server) NextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	return s.lastID
}

// Add stores an order. It reports false if there is an order with the same number.
func (s *Server) Add(order Order) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(order.ID) != nil || (order.OrderNo != "" && s.find(order.OrderNo) != nil) {
		return false
	}
	order.CreatedAt = time.Now()
	s.orders = append(s.orders, &order)
	return true
}

// Order returns a copy of the order with the given gateway's or merchant's number. It
// reports false if there is none.
func (s *Server) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if order := s.find(number); order != nil {
		return *order, true
	}
	return Order{}, false
}

// Orders returns copies of all orders, oldest first.
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Order, len(s.orders))
	for i, order := range s.orders {
		all[i] = *order
	}
	return all
}

// Update changes the order with the given gateway's or merchant's number. change runs
// while the orders are locked, so it must not call the server's methods. The error is
// [ErrOrderNotFound].
func (s *Server) Update(number string, change func(*Order)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := s.find(number)
	if order == nil {
		return fmt.Errorf("%w: %q", ErrOrderNotFound, number)
	}
	change(order)
	return nil
}

func (s *Server) find(number string) *Order {
	if number == "" {
		return nil
	}
	for _, order := range s.orders {
		if order.ID == number || order.OrderNo == number {
			return order
		}
	}
	return nil
}

// Reset removes all orders, deliveries and faults, and ends the retries: call it
// between tests that share a fake.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.deliveries, s.faults, s.delay = nil, nil, nil, 0
}
