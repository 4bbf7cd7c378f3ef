package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// shortTimeout is that of the http.Client in the faults that are about it. It
	// is long enough to connect to a loopback port on a busy machine.
	shortTimeout = 1500 * time.Millisecond
	// shortDeadline is that of a caller's context in the faults that are about it.
	shortDeadline = time.Second
	// waiting is the deadline of every wait, which a fault never ends. A busy machine must
	// get a response within it.
	waiting = 1500 * time.Millisecond
	// slack is what a busy machine may add.
	slack = 5 * time.Second
	// slowest is what a call without a deadline may take: two delays between three
	// attempts, of 100 and 300 ms at most.
	slowest = 400*time.Millisecond + slack
)

// heavyOnes run one after the other: together they would keep the others from
// ending in time.
var heavyOnes sync.Mutex

// workersAtOnce is how many calls are under way: most of them do nothing but wait.
const workersAtOnce = 150

// fault is what goes wrong, and what is then expected of every call.
type fault struct {
	name string
	// network changes the way to the server, and may change its address.
	network func(*cell)
	// respond is what the server does with a request that it has read.
	respond func(*cell, http.ResponseWriter, *http.Request)

	// kind is paygates.ErrNoResponse or ErrBadResponse; nil: the call succeeds.
	kind error
	// unknown: a create may have happened. Otherwise, without a response, it was not sent.
	unknown bool
	// unavailable: a query is ErrUnavailable.
	unavailable bool
	// creates and queries is how often the server reads a request.
	creates, queries int
	// cause is one more error that errors.Is finds.
	cause error
	// timeout and deadline are those of http.Client and context, 0 for none.
	timeout, deadline time.Duration
	// used: the first call succeeds, and the fault meets the second one on the same
	// connection. net/http sends some requests again by itself then.
	used bool
	// heavy: it takes computing, and not only waiting.
	heavy bool
	// opaque: a call succeeds whose response is passed on without a look at it.
	opaque bool
	// numbers: a call succeeds for which no number decides.
	numbers bool
	// http1: it needs the bare connection of HTTP/1.
	http1 bool
}

// cell is one call against one fault, on a separate server and client.
type cell struct {
	fault   *fault
	gateway *descriptor
	call    call
	// bare: the client uses net/http's transport itself, not one wrapped around it.
	bare bool
	// h2: over HTTP/2 and TLS.
	h2 bool

	server *httptest.Server
	client *counting
	base   string
	cancel context.CancelFunc

	requests, dials, connections atomic.Int32

	mu         sync.Mutex
	signatures []string // of the requests that were read

	log    bytes.Buffer
	got    any
	err    error
	warmUp error
	took   time.Duration
	panics any
	bodies int // still open at the end
	conns  int32
}

func (c *cell) String() string {
	protocol := ""
	if c.h2 {
		protocol = " over HTTP/2"
	}
	return c.gateway.name + "." + c.call.name + ": " + c.fault.name + protocol
}

// run makes the call. All goroutines that it starts carry the cell's name.
func (c *cell) run(t *testing.T) {
	t.Helper()
	if c.fault.heavy {
		heavyOnes.Lock()
		defer heavyOnes.Unlock()
	}
	pprof.Do(context.Background(), pprof.Labels("cell", c.String()), func(ctx context.Context) {
		c.start()
		defer c.server.Close()
		c.connect(t)
		if c.fault.used {
			_, c.warmUp = c.call.do(ctx)
		}
		ctx, c.cancel = context.WithCancel(ctx)
		if deadline := c.deadline(); deadline > 0 {
			ctx, c.cancel = context.WithTimeout(ctx, deadline)
		}
		defer c.cancel()
		c.do(ctx)
		c.bodies = c.client.add(0)
		for range 500 {
			// A connection of HTTP/2 is idle once a canceled stream is acknowledged.
			c.client.CloseIdleConnections()
			if c.conns = c.connections.Load(); c.conns == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// start starts the server, and makes the way to it.
func (c *cell) start() {
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	c.server.Config.ErrorLog = slog.NewLogLogger(silent.Handler(), slog.LevelError)
	c.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.connections.Add(1)
		case http.StateClosed, http.StateHijacked:
			c.connections.Add(-1)
		}
	}
	c.client = &counting{Transport: &http.Transport{DialContext: c.dial((&net.Dialer{}).DialContext)}}
	switch {
	case c.fault.network != nil:
		c.fault.network(c)
	case c.h2:
		c.server.EnableHTTP2 = true
		c.server.StartTLS()
		c.client.TLSClientConfig = c.server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		c.client.ForceAttemptHTTP2 = true
	default:
		c.server.Start()
	}
	if c.base == "" {
		c.base = c.server.URL
	}
}

func (c *cell) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.sent(r, string(body))
	if c.h2 != (r.ProtoMajor == 2) {
		panic(r.Proto)
	}
	if n := c.requests.Add(1); n == 1 && c.fault.used {
		_, _ = io.WriteString(w, c.call.response)
		return
	}
	c.fault.respond(c, w, r)
}

func (c *cell) deadline() time.Duration {
	if c.call.kind == wait && c.fault.kind != nil {
		return waiting
	}
	return c.fault.deadline
}

// connect makes the client, and with it the call.
func (c *cell) connect(t *testing.T) {
	t.Helper()
	s := setup{base: c.base, http: &http.Client{Transport: c.client, Timeout: c.fault.timeout}, log: logger(&c.log)}
	if c.bare {
		s.http.Transport = c.client.Transport
	}
	for _, same := range c.gateway.calls(t, s) {
		if same.name == c.call.name {
			c.call = same
		}
	}
}

func (c *cell) do(ctx context.Context) {
	begin := time.Now()
	defer func() { c.took, c.panics = time.Since(begin), recover() }()
	c.got, c.err = c.call.do(ctx)
}

func (c *cell) sent(r *http.Request, body string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signatures = append(c.signatures, signaturesIn(r, body)...)
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (c *cell) dial(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c.dials.Add(1)
		return dial(ctx, network, address)
	}
}

type results struct {
	cells     []*cell
	elsewhere int32  // requests that followed a redirect
	left      string // goroutines that are left, by the name of their cell
}

// matrix runs every call against every fault.
func matrix(t *testing.T) results {
	t.Helper()
	var r results
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	all := faults(other.URL)
	for i := range all {
		for _, g := range descriptors {
			r.cells = append(r.cells, cellsOf(t, &all[i], g)...)
		}
	}
	next := make(chan *cell)
	var workers sync.WaitGroup
	for range workersAtOnce {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for c := range next {
				c.run(t)
			}
		}()
	}
	for _, c := range r.cells {
		if c.fault.timeout+c.fault.deadline > 0 {
			// Not all at once, or a request is not sent before its time is over.
			time.Sleep(2 * time.Millisecond)
		}
		next <- c
	}
	close(next)
	workers.Wait()
	r.elsewhere = elsewhere.Load()
	for range 500 {
		if r.left = labeled(); r.left == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return r
}

// cellsOf returns the cells of a fault and a gateway.
func cellsOf(t *testing.T, f *fault, g *descriptor) []*cell {
	t.Helper()
	var cells []*cell
	done := map[kind]bool{}
	for _, call := range g.calls(t, setup{base: anyHost, log: silent}) {
		first := !done[call.kind]
		done[call.kind] = true
		// The race detector needs to see one of each kind; the others are tested
		// without it. So does HTTP/2.
		if raced && !first {
			continue
		}
		// A handler finishes what it began, so it does not end its query with the caller's
		// context. internal/flow tests that.
		if call.kind == handler && (f.deadline > 0 || errors.Is(f.cause, context.Canceled)) {
			continue
		}
		cells = append(cells, &cell{fault: f, gateway: g, call: call})
		if !f.heavy && !raced && (call.kind == create || f.network != nil) {
			cells = append(cells, &cell{fault: f, gateway: g, call: call, bare: true})
		}
		if first && f.network == nil && !f.http1 && !f.heavy && !raced {
			cells = append(cells, &cell{fault: f, gateway: g, call: call, h2: true})
		}
	}
	return cells
}

// labeled returns the stacks of the goroutines of cells.
func labeled() string {
	runtime.Gosched()
	var all bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
	var left []string
	for _, stack := range strings.Split(all.String(), "\n\n") {
		if strings.Contains(stack, `# labels: {"cell"`) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	r := matrix(t)
	require.Greater(t, len(r.cells), 1000)
	for i, c := range r.cells {
		r.cells[i] = settled(t, c)
		judge(t, r.cells[i])
	}
	assert.Zero(t, r.elsewhere, "a redirect was followed")
	assert.Empty(t, r.left, "goroutines are left behind")
	showNothing(t, r.cells)
}
