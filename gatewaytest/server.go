package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Message is a callback on its way to the merchant.
type Message struct {
	// Method, URL, ContentType and Body are those of the HTTP request. Without a
	// ContentType it has no such header.
	Method, URL, ContentType, Body string
	// Header holds further headers, by name.
	Header map[string]string
}

// Behaviour is what one gateway does in its own way. The functions run while the
// server's orders are locked and must not call its methods.
type Behaviour struct {
	// Pay and Expire change the state of an order.
	Pay, Expire func(*Order)
	// Callback makes the callback for an order; a tampered one claims another
	// amount, under whatever signature an attacker could have.
	Callback func(order Order, tampered bool) (Message, error)
	// Accepted reports whether the merchant's reply ends the repetitions.
	Accepted func(status int, reply string) bool
	// Repeats are the documented pauses before each repetition.
	Repeats []time.Duration
}

var (
	// ErrOrderNotFound is returned for an order that the fake does not know.
	ErrOrderNotFound = errors.New("gatewaytest: order not found")
	// ErrAlreadyPaid is returned by Expire for an order that is paid.
	ErrAlreadyPaid = errors.New("gatewaytest: already paid")
)

// Server is a fake gateway on a loopback port. It is safe for concurrent use.
type Server struct {
	// URL is where it listens, such as http://127.0.0.1:34567.
	URL string

	server    *httptest.Server
	behaviour Behaviour
	repeats   []time.Duration
	client    *http.Client
	ctx       context.Context //nolint:containedctx // ends the background callbacks at Close
	cancel    context.CancelFunc
	tasks     sync.WaitGroup

	mu         sync.Mutex
	orders     []*Order
	deliveries []Delivery
	faults     []Fault
	delay      time.Duration
	lastID     int64
}

// Option changes how a fake is started.
type Option func(*options)

type options struct {
	address  string
	listener net.Listener
	repeats  []time.Duration
}

// WithAddress listens on a fixed address such as "127.0.0.1:9001", where the
// default is a free loopback port. [Start] panics if it is taken, as httptest
// does.
func WithAddress(address string) Option { return func(o *options) { o.address = address } }

// WithListener listens on a listener that the caller has opened, which gets an
// error and not a panic for an address that is taken. Close closes it.
func WithListener(listener net.Listener) Option {
	return func(o *options) { o.listener = listener }
}

// WithRepeats replaces the pauses before each repetition of a callback, which
// are minutes on the real gateways. Without arguments nothing is repeated.
func WithRepeats(pauses ...time.Duration) Option {
	return func(o *options) { o.repeats = append([]time.Duration{}, pauses...) }
}

// Start serves handler with the given behaviour. The fake gateways call it; who
// uses one calls its NewServer.
func Start(handler http.Handler, behaviour Behaviour, opts ...Option) *Server {
	o := options{repeats: behaviour.Repeats}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{
		behaviour: behaviour,
		repeats:   o.repeats,
		client: &http.Client{
			Timeout:       10 * time.Second,
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lastID: 424843497502158847,
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server = httptest.NewUnstartedServer(s.misbehaving(handler))
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

// Close ends the callbacks that are still to be repeated and the server.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.server.CloseClientConnections()
	s.server.Close()
	s.tasks.Wait()
}

// NextID returns a number that no order has had.
func (s *Server) NextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	return s.lastID
}

// Add stores an order. It reports false if one with the same ID or OrderNo is
// there already.
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

// Order returns a copy of an order by the gateway's or the merchant's number. It
// reports false for one that the fake does not know.
func (s *Server) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if order := s.find(number); order != nil {
		return *order, true
	}
	return Order{}, false
}

// Orders returns copies of all orders, the oldest first.
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Order, len(s.orders))
	for i, order := range s.orders {
		all[i] = *order
	}
	return all
}

// Update changes an order by either number. change runs while the orders are
// locked and must not call the server's methods. The error is [ErrOrderNotFound].
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

// Reset forgets all orders, callbacks and faults: a long-running fake can be
// emptied between tests. Callbacks that are still to be repeated end.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.deliveries, s.faults, s.delay = nil, nil, nil, 0
}

// Pay plays the payer: the order, by either number, becomes paid, and the
// merchant is called back. It returns the first try when the merchant has
// answered it, or a zero Delivery if the order has no notify URL. Callbacks that
// are not accepted are repeated in the background. Paying an order that has
// expired plays a late payer, paying one again a payer who pays twice. The error
// is [ErrOrderNotFound]; what the merchant answers is none.
func (s *Server) Pay(number string) (Delivery, error) {
	err := s.Update(number, func(order *Order) {
		order.Paid, order.PaidAt = true, time.Now()
		s.behaviour.Pay(order)
	})
	if err != nil {
		return Delivery{}, err
	}
	return s.series(number)
}

// PaySilently is Pay without a callback: as if it were lost on the way. The error
// is [ErrOrderNotFound].
func (s *Server) PaySilently(number string) error {
	return s.Update(number, func(order *Order) {
		order.Paid, order.PaidAt = true, time.Now()
		s.behaviour.Pay(order)
	})
}

// Expire ends an order without a payment. The error is [ErrAlreadyPaid] for a
// paid one, or [ErrOrderNotFound].
func (s *Server) Expire(number string) error {
	paid := false
	err := s.Update(number, func(order *Order) {
		if paid = order.Paid; !paid {
			s.behaviour.Expire(order)
		}
	})
	if paid {
		return fmt.Errorf("%w: %q", ErrAlreadyPaid, number)
	}
	return err
}

// Redeliver calls back once more, as gateways do now and then after a reply that
// they accepted. The error is [ErrOrderNotFound].
func (s *Server) Redeliver(number string) (Delivery, error) { return s.series(number) }

// SendTampered plays the attacker: it sends a callback that claims another
// amount, under the best signature an attacker could have. It is sent once. The
// error is [ErrOrderNotFound].
func (s *Server) SendTampered(number string) (Delivery, error) { return s.deliver(number, 1, true) }

// DelayCallbacks lets every callback from now on wait before it is sent.
func (s *Server) DelayCallbacks(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// Deliveries returns all tries to call the merchant back, the oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// Misbehave adds a fault to those that are on; the zero Fault ends them all.
func (s *Server) Misbehave(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault.isZero() {
		s.faults = nil
		return
	}
	s.faults = append(s.faults, fault)
}

func (s *Server) series(number string) (Delivery, error) {
	first, err := s.deliver(number, 1, false)
	if err != nil || first.Accepted || first.Attempt == 0 {
		return first, err
	}
	if !s.begin() {
		return first, nil
	}
	go func() {
		defer s.tasks.Done()
		for i, pause := range s.repeats {
			if !s.sleep(pause) {
				return
			}
			if again, err := s.deliver(number, i+2, false); err != nil || again.Accepted {
				return
			}
		}
	}()
	return first, nil
}

// begin counts a background task, unless the server is closed.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.tasks.Add(1)
	return true
}

func (s *Server) sleep(pause time.Duration) bool {
	select {
	case <-s.ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

func (s *Server) deliver(number string, attempt int, tampered bool) (Delivery, error) {
	s.mu.Lock()
	order := s.find(number)
	if order == nil {
		s.mu.Unlock()
		return Delivery{}, fmt.Errorf("%w: %q", ErrOrderNotFound, number)
	}
	if order.NotifyURL == "" {
		s.mu.Unlock()
		return Delivery{}, nil
	}
	delivery := Delivery{OrderID: order.ID, OrderNo: order.OrderNo, Attempt: attempt, Tampered: tampered}
	delay := s.delay
	message, err := s.behaviour.Callback(*order, tampered)
	s.mu.Unlock()
	if err != nil {
		return Delivery{}, err
	}
	if delay > 0 && !s.sleep(delay) {
		return Delivery{}, context.Cause(s.ctx)
	}
	delivery.At = time.Now()
	delivery.Method, delivery.URL, delivery.Body = message.Method, message.URL, message.Body
	delivery.Status, delivery.Reply, err = s.send(message)
	if err != nil {
		delivery.Err = withoutURL(err).Error()
	} else {
		delivery.Accepted = s.behaviour.Accepted(delivery.Status, delivery.Reply)
	}
	s.mu.Lock()
	s.deliveries = append(s.deliveries, delivery)
	s.mu.Unlock()
	return delivery, nil
}

// withoutURL drops net/http's mention of the URL, which holds a signature.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

func (s *Server) send(message Message) (status int, reply string, err error) {
	request, err := http.NewRequestWithContext(s.ctx, message.Method, message.URL, strings.NewReader(message.Body))
	if err != nil {
		return 0, "", err
	}
	if message.ContentType != "" {
		request.Header.Set("Content-Type", message.ContentType)
	}
	for name, value := range message.Header {
		request.Header.Set(name, value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, string(body), err
}

// misbehaving answers as the faults say.
func (s *Server) misbehaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A page that a developer happens to look at must not order and pay here:
		// the fake would call back any address that it names.
		if r.Method != http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			http.Error(w, "cross-site requests are refused", http.StatusForbidden)
			return
		}
		fault, ok := s.fault(r.URL.Path)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		if fault.Processed || !fault.refuses() {
			next.ServeHTTP(answer, r)
		}
		if fault.Delay > 0 {
			// The caller's hanging up is noticed once the body has been read.
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case <-time.After(fault.Delay):
			case <-r.Context().Done():
			case <-s.ctx.Done():
			}
		}
		switch {
		case fault.Reset:
			panic(http.ErrAbortHandler)
		case fault.Redirect != "":
			http.Redirect(w, r, fault.Redirect, http.StatusTemporaryRedirect)
		case fault.Cut:
			whole := answer.Body.Bytes()
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			w.WriteHeader(answer.Code)
			_, _ = w.Write(whole[:len(whole)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case fault.Status != 0 || fault.Body != "":
			if fault.ContentType != "" {
				w.Header().Set("Content-Type", fault.ContentType)
			}
			w.WriteHeader(max(fault.Status, http.StatusOK))
			_, _ = io.WriteString(w, fault.Body)
		default:
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		}
	})
}

func (s *Server) fault(path string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		fault := s.faults[i]
		if !strings.HasPrefix(path, fault.Path) {
			continue
		}
		if fault.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		} else if fault.Times > 1 {
			s.faults[i].Times--
		}
		return fault, true
	}
	return Fault{}, false
}
