package gatewaytest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Behavior is what differs from gateway to gateway.
type Behavior struct {
	// PaidState and ExpiredState are the states after Pay and Expire.
	PaidState, ExpiredState string
	// CanceledStates are further states in which an order has ended without a payment.
	CanceledStates []string
	// BeforePay, if it is set, may change an order before it is paid. Its error prevents the
	// payment, and Pay returns it. It runs as the change of Update does.
	BeforePay func(*Order) error
	// Notification returns the notification of an order. A tampered one claims another
	// amount, with the best signature that an attacker can have.
	Notification func(order Order, tampered bool) Message
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

	behavior Behavior
	clock    func() time.Time
	limit    int
	server   *httptest.Server
	advanced atomic.Int64 // by Advance, in nanoseconds
	issued   atomic.Int64 // by NextID, and WithIssued
	client   *http.Client
	ctx      context.Context //nolint:containedctx // ends the retries at Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	mu         sync.Mutex
	orders     []*Order          // oldest first
	byNumber   map[string]*Order // by ID and by OrderNo
	deliveries []Delivery        // oldest first
	faults     []Fault
	delay      time.Duration
	// What AddFields has added. The maps are replaced, never changed.
	toResponses, toNotifications map[string]any
}

// Option sets an option of NewServer.
type Option func(*Server)

// WithAddress sets the address, such as "127.0.0.1:9001". Default: a free loopback
// port. [Start] panics if the address is in use, as httptest does.
func WithAddress(address string) Option {
	return func(s *Server) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			panic("gatewaytest: " + err.Error())
		}
		_ = s.server.Listener.Close()
		s.server.Listener = listener
	}
}

// WithRetryDelays replaces the delays before each further attempt to deliver a
// notification, which are minutes at the gateways. Without arguments there is one
// attempt.
func WithRetryDelays(delays ...time.Duration) Option {
	return func(s *Server) { s.behavior.RetryDelays = slices.Clone(delays) }
}

// DefaultLimit is how many orders, and how many deliveries, a fake keeps without
// WithLimit.
const DefaultLimit = 10_000

// WithLimit sets how many orders and how many deliveries the fake keeps. When there are
// more, it forgets the oldest: their numbers are no longer found, can be used again, and
// their notifications are not retried. Default, also for n below 1: [DefaultLimit].
func WithLimit(n int) Option {
	if n < 1 {
		n = DefaultLimit
	}
	return func(s *Server) { s.limit = n }
}

// WithIssued sets how many order numbers the fake has issued before it starts. Default: 0.
// A program that keeps its orders longer than the fake sees other numbers after a restart
// if each fake starts with another n, such as the Unix time in milliseconds.
func WithIssued(n int64) Option { return func(s *Server) { s.issued.Store(n) } }

// Start starts a fake gateway that serves handler. The packages of the fakes call it.
// To use a fake, call its NewServer.
func Start(handler http.Handler, behavior Behavior, opts ...Option) *Server {
	s := &Server{
		behavior: behavior, clock: time.Now, limit: DefaultLimit,
		byNumber: map[string]*Order{},
		client: &http.Client{
			Timeout:       10 * time.Second,
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server = httptest.NewUnstartedServer(s.serve(handler))
	for _, opt := range opts {
		opt(s)
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

// NextID returns a new order number, of digits.
func (s *Server) NextID() string { return strconv.FormatInt(424843497502158847+s.issued.Add(1), 10) }
