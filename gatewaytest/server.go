package gatewaytest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// Behavior is what differs from gateway to gateway. The functions run while the
// server's orders are locked, so of its methods they must call only Now and
// NotificationFields.
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
	// Objects names the fields whose JSON objects also receive the response fields of
	// AddFields, such as "data".
	Objects []string
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

	options
	behavior Behavior
	server   *httptest.Server
	advanced atomic.Int64 // by Advance, in nanoseconds
	added    atomic.Pointer[fields]
	client   *http.Client
	ctx      context.Context //nolint:containedctx // ends the retries at Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	mu         sync.Mutex
	orders     []*record          // oldest first
	byNumber   map[string]*record // by ID and by OrderNo
	deliveries []*stored          // oldest first
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
	clock       func() time.Time
	limit       int
}

// WithAddress sets the address, such as "127.0.0.1:9001". Default: a free loopback
// port. [Start] panics if the address is in use, as httptest does.
func WithAddress(address string) Option { return func(o *options) { o.address = address } }

// WithListener sets the listener, for a caller that wants an error instead of a panic
// if an address is in use. Close closes it.
func WithListener(listener net.Listener) Option { return func(o *options) { o.listener = listener } }

// WithRetryDelays replaces the delays before each further attempt to deliver a
// notification, which are minutes at the gateways. Without arguments there is one
// attempt.
func WithRetryDelays(delays ...time.Duration) Option {
	return func(o *options) { o.retryDelays = append([]time.Duration{}, delays...) }
}

// DefaultLimit is how many orders, and how many deliveries, a fake keeps without
// WithLimit.
const DefaultLimit = 10_000

// WithLimit sets how many orders and how many deliveries the fake keeps. When there are
// more, it forgets the oldest: their numbers are no longer found, can be used again, and
// their notifications are not retried. Default, also for n below 1: [DefaultLimit].
func WithLimit(n int) Option {
	return func(o *options) {
		if n < 1 {
			n = DefaultLimit
		}
		o.limit = n
	}
}

// Start starts a fake gateway that serves handler. The packages of the fakes call it.
// To use a fake, call its NewServer.
func Start(handler http.Handler, behavior Behavior, opts ...Option) *Server {
	s := &Server{
		options:  options{retryDelays: behavior.RetryDelays, clock: time.Now, limit: DefaultLimit},
		behavior: behavior,
		byNumber: map[string]*record{},
		client: &http.Client{
			Timeout:       10 * time.Second,
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lastID: 424843497502158847,
	}
	for _, opt := range opts {
		opt(&s.options)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server = httptest.NewUnstartedServer(s.withFaults(s.withFields(handler)))
	if s.address != "" {
		listener, err := net.Listen("tcp", s.address)
		if err != nil {
			panic("gatewaytest: " + err.Error())
		}
		s.listener = listener
	}
	if s.listener != nil {
		_ = s.server.Listener.Close()
		s.server.Listener = s.listener
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
