package trust

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
)

const (
	// shortTimeout is that of the http.Client in the faults that are about it. It
	// is long enough to connect to a loopback port on a busy machine.
	shortTimeout = 1500 * time.Millisecond
	// shortDeadline is that of a caller's context in the faults that are about it.
	shortDeadline = time.Second
	// waiting is the deadline of every wait, which a fault never ends.
	waiting = 300 * time.Millisecond
	// slack is what a busy machine may add.
	slack = 5 * time.Second
	// slowest is what a call without a deadline may take: two pauses between three
	// tries, of 100 and 300 ms at most.
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
	// answer is what the server does with a request that it has read.
	answer func(*cell, http.ResponseWriter, *http.Request)

	// kind is failure.ErrNoAnswer or ErrBadAnswer; nil: the call succeeds.
	kind error
	// unknown: a create may have happened.
	unknown bool
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
	// unreadCall: a call succeeds whose answer is passed on without a look at it.
	unreadCall bool
}

// cell is one call against one fault, on a server and a client of its own.
type cell struct {
	fault   *fault
	gateway *gateway
	call    call
	// bare: the client uses net/http's own transport, and not one wrapped around
	// it, of which a client knows less: whether a request was sent, for one thing.
	bare bool

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

func (c *cell) String() string { return c.gateway.name + "." + c.call.name + ": " + c.fault.name }

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
		c.client.CloseIdleConnections()
		for range 500 {
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
	c.server.Config.ErrorLog = slog.NewLogLogger(transport.Silent().Handler(), slog.LevelError)
	c.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.connections.Add(1)
		case http.StateClosed, http.StateHijacked:
			c.connections.Add(-1)
		}
	}
	c.client = &counting{Transport: &http.Transport{DialContext: c.dial((&net.Dialer{}).DialContext)}}
	if c.fault.network == nil {
		c.server.Start()
	} else {
		c.fault.network(c)
	}
	if c.base == "" {
		c.base = c.server.URL
	}
}

func (c *cell) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.sent(r, string(body))
	if n := c.requests.Add(1); n == 1 && c.fault.used {
		_, _ = io.WriteString(w, c.call.answer)
		return
	}
	c.fault.answer(c, w, r)
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

// The faults before a request is sent.

// Port 1 is nobody's. One that was closed may be the next server's.
func refused(c *cell) {
	c.server.Start()
	c.base = "http://127.0.0.1:1"
}

func unknownHost(c *cell) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no DNS server")
	}}
	c.client.DialContext = c.dial((&net.Dialer{Resolver: resolver}).DialContext)
	c.server.Start()
	c.base = "https://gateway.invalid"
}

func unknownAuthority(c *cell) { c.server.StartTLS() }

func notTLS(c *cell) {
	c.server.Start()
	c.base = "https://" + c.server.Listener.Addr().String()
}

func dialHangs(c *cell) {
	c.client.DialContext = c.dial(func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	c.server.Start()
}

// The faults of an answer.

func hang(_ *cell, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hangAfterHead(_ *cell, w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func drip(c *cell, w http.ResponseWriter, r *http.Request) {
	for _, b := range []byte(c.call.answer) {
		_, _ = w.Write([]byte{b})
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func endless(_ *cell, w http.ResponseWriter, _ *http.Request) {
	chunk := []byte(strings.Repeat(marker, 1000))
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// raw writes bytes to the connection and ends it, with a reset or in order.
func raw(reset bool, text func(call) string) func(*cell, http.ResponseWriter, *http.Request) {
	return func(c *cell, w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(connection, text(c.call))
		if reset {
			// A reset overtakes what was not read yet: let it arrive first.
			time.Sleep(20 * time.Millisecond)
			_ = connection.(*net.TCPConn).SetLinger(0)
		}
		_ = connection.Close()
	}
}

func text(s string) func(call) string { return func(call) string { return s } }

// reply answers with a status, a content type and what change makes of a good
// answer.
func reply(status int, contentType string, change func(good string) string) func(*cell, http.ResponseWriter, *http.Request) {
	return func(c *cell, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, change(c.call.answer))
	}
}

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
)

func good(answer string) string { return answer }

func nothing(string) string { return "" }

func page(string) string {
	return "<!DOCTYPE html><html><body><h1>" + marker + "</h1><p>sign=" + marker + "</p></body></html>"
}

// insert puts a field in front of the others.
func insert(field string) func(string) string {
	return func(answer string) string { return "{" + field + "," + answer[1:] }
}

var (
	numbers = regexp.MustCompile(`:-?[0-9]+(\.[0-9]+)?`)
	decides = regexp.MustCompile(`"(success|code|state|status|order_status|pay_status|paid)":("?[0-9a-z]+"?)`)
)

func everyNumber(number string) func(string) string {
	return func(answer string) string { return numbers.ReplaceAllString(answer, ":"+number) }
}

var bomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, 5<<20))
	_ = w.Close()
	return b.String()
})

func gzipBomb(_ *cell, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = io.WriteString(w, bomb())
}

// cutShort announces an answer and sends half of it.
func cutShort(w http.ResponseWriter, answer string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = io.WriteString(w, answer[:len(answer)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// faults lists them. elsewhere is where redirects lead.
func faults(elsewhere string) []fault {
	no, bad := failure.ErrNoAnswer, failure.ErrBadAnswer
	all := []fault{
		{name: "none", answer: reply(200, typeJSON, good), creates: 1, queries: 1},
		// PHP says text/html unless it is told otherwise, so the type is not looked at.
		{name: "JSON as HTML", answer: reply(200, typeHTML, good), creates: 1, queries: 1},
		{name: "JSON without a type", answer: reply(200, "", good), creates: 1, queries: 1},

		// Time-outs first: they take longest.
		{
			name: "time-out before sending", network: dialHangs,
			kind: no, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "time-out after sending", answer: hang,
			kind: no, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "time-out after the head", answer: hangAfterHead,
			kind: bad, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "slow drip", answer: drip,
			kind: bad, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline before sending", network: dialHangs,
			kind: no, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline after sending", answer: hang,
			kind: no, unknown: true, creates: 1, queries: 1, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline in a slow drip", answer: drip,
			kind: bad, unknown: true, creates: 1, queries: 1, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "cancelled after sending",
			answer: func(c *cell, w http.ResponseWriter, r *http.Request) {
				c.cancel()
				hang(c, w, r)
			},
			kind: no, unknown: true, creates: 1, queries: 1, cause: context.Canceled,
		},

		{name: "refused", network: refused, kind: no},
		{name: "unknown host", network: unknownHost, kind: no},
		{name: "unknown certificate authority", network: unknownAuthority, kind: no},
		{name: "no TLS there", network: notTLS, kind: no},

		{name: "reset before the answer", answer: raw(true, text("")), kind: no, unknown: true, creates: 1, queries: 3},
		{name: "closed before the answer", answer: raw(false, text("")), kind: no, unknown: true, creates: 1, queries: 3},
		{
			name: "reset in the head", answer: raw(true, text("HTTP/1.1 200 OK\r\nContent-Le")),
			kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "reset in the body",
			answer: raw(true, func(c call) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(c.answer), c.answer[:len(c.answer)/2])
			}),
			kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "shorter than its length",
			answer: func(c *cell, w http.ResponseWriter, _ *http.Request) { cutShort(w, c.call.answer) },
			kind:   bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "chunks without an end",
			answer: raw(false, func(c call) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(c.answer), c.answer)
			}),
			kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "reset of a used connection", answer: raw(true, text("")), used: true,
			kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "end of a used connection", answer: raw(false, text("")), used: true,
			kind: no, unknown: true, creates: 1, queries: 3,
		},
		// The answer stands where the status line should.
		{
			name:   "no HTTP",
			answer: raw(false, func(c call) string { return c.answer + "\r\n\r\n" }),
			kind:   no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "a broken status",
			answer: raw(false, text("HTTP/1.1 "+marker+" OK\r\n\r\n")),
			kind:   no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "a broken header",
			answer: raw(false, text("HTTP/1.1 200 OK\r\n"+marker+"\r\n\r\n")),
			kind:   no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "a broken length",
			answer: raw(false, text("HTTP/1.1 200 OK\r\nContent-Length: "+marker+"\r\n\r\n")),
			kind:   no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "an unknown transfer encoding",
			answer: raw(false, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: "+marker+"\r\n\r\n")),
			kind:   no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "a broken chunk",
			answer: raw(false, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+marker+"\r\n")),
			kind:   bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name:   "gzip that is none",
			answer: raw(false, text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+strings.Repeat(marker, 10))),
			kind:   bad, unknown: true, creates: 1, queries: 3,
		},

		badAnswer("endless", endless, heavy),
		badAnswer("gzip bomb", gzipBomb, heavy),

		badAnswer("empty 200", reply(200, typeJSON, nothing)),
		badAnswer("204", reply(204, typeJSON, nothing)),
		badAnswer("HTML", reply(200, typeHTML, page)),
		badAnswer("HTML as JSON", reply(200, typeJSON, page)),
		badAnswer("cut JSON", reply(200, typeJSON, func(answer string) string { return answer[:len(answer)/2] })),
		badAnswer("JSON and more", reply(200, typeJSON, func(answer string) string { return answer + answer })),
		badAnswer("invalid UTF-8", reply(200, typeJSON, insert("\"zz\":\"\xff\xfe\""))),
		badAnswer("deep nesting", reply(200, typeJSON, insert(`"zz":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)))),
		badAnswer("deep objects", reply(200, typeJSON, insert(`"zz":`+strings.Repeat(`{"a":`, 20_000)+"1"+strings.Repeat("}", 20_000)))),
		badAnswer("a field twice", reply(200, typeJSON, func(answer string) string { return decides.ReplaceAllString(answer, `"$1":9,$0`) })),
		badAnswer("a field twice, the second in capitals", reply(200, typeJSON, func(answer string) string {
			return decides.ReplaceAllStringFunc(answer, func(field string) string { return field + "," + strings.ToUpper(field) })
		})),
		badAnswer("null", reply(200, typeJSON, always("null")), unread),
		badAnswer("an empty object", reply(200, typeJSON, always("{}")), unread),
		badAnswer("a list", reply(200, typeJSON, always("[]")), unread),
		badAnswer("huge numbers", reply(200, typeJSON, everyNumber(strings.Repeat("9", 400))), unread),
		badAnswer("huge exponents", reply(200, typeJSON, everyNumber("1e400")), unread),
		badAnswer("fractions of a cent", reply(200, typeJSON, everyNumber("1.005")), unread),
	}
	redirects, failures := []int{301, 302, 303, 307, 308}, []int{500, 501, 502, 503, 504}
	if raced {
		redirects, failures = []int{301, 307}, []int{500, 503}
	}
	for _, status := range redirects {
		for what, location := range map[string]string{
			"": elsewhere + "/" + marker, " with a broken address": "http://" + marker + ":port/%zz",
		} {
			all = append(all, redirect(fmt.Sprint(status, what), status, location))
		}
	}
	for _, status := range failures {
		for what, change := range map[string]func(string) string{"": page, " empty": nothing, " with a good answer": good} {
			all = append(all, fault{
				name: fmt.Sprint(status, what), answer: reply(status, typeHTML, change),
				kind: bad, unknown: true, creates: 1, queries: 3,
			})
		}
	}
	// These say that nothing was done.
	for status, queries := range map[int]int{400: 1, 403: 1, 404: 1, 429: 3} {
		all = append(all, fault{name: fmt.Sprint(status), answer: reply(status, typeHTML, page), kind: bad, creates: 1, queries: queries})
	}
	return all
}

func always(s string) func(string) string { return func(string) string { return s } }

func badAnswer(name string, answer func(*cell, http.ResponseWriter, *http.Request), options ...func(*fault)) fault {
	f := fault{name: name, answer: answer, kind: failure.ErrBadAnswer, unknown: true, creates: 1, queries: 1}
	for _, option := range options {
		option(&f)
	}
	return f
}

func heavy(f *fault) { f.heavy = true }

func unread(f *fault) { f.unreadCall = true }

func redirect(name string, status int, location string) fault {
	f := badAnswer(name, func(_ *cell, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	})
	return f
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
		for g := range gateways {
			r.cells = append(r.cells, cellsOf(t, &all[i], &gateways[g])...)
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
		if r.left = labelled(); r.left == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return r
}

// cellsOf returns the cells of a fault and a gateway.
func cellsOf(t *testing.T, f *fault, g *gateway) []*cell {
	t.Helper()
	var cells []*cell
	done := map[kind]bool{}
	for _, call := range g.calls(t, setup{base: "https://gateway.example.com", log: transport.Silent()}) {
		// The race detector needs to see one of each kind; that the others are right
		// is found out without it.
		if raced && done[call.kind] {
			continue
		}
		done[call.kind] = true
		if f.network == nil {
			cells = append(cells, &cell{fault: f, gateway: g, call: call})
		}
		if f.network != nil || call.kind == create && !f.heavy && !raced {
			cells = append(cells, &cell{fault: f, gateway: g, call: call, bare: true})
		}
	}
	return cells
}

// labelled returns the stacks of the goroutines of cells.
func labelled() string {
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
	for _, c := range r.cells {
		judge(t, c)
	}
	assert.Zero(t, r.elsewhere, "a redirect was followed")
	assert.Empty(t, r.left, "goroutines are left behind")
	showNothing(t, r.cells)
}

func judge(t *testing.T, c *cell) {
	t.Helper()
	f := c.fault
	assert.Nil(t, c.panics, "%s panicked", c)
	assert.Zero(t, c.bodies, "%s left a body open", c)
	assert.Zero(t, c.conns, "%s left a connection open", c)
	assert.Less(t, c.took, bound(c), "%s took too long", c)
	judgeRequests(t, c)
	if f.network != nil {
		most := map[kind]int32{create: 1, query: 3, callback: 3, wait: 30}[c.call.kind]
		assert.LessOrEqual(t, c.dials.Load(), most, "%s: connections", c)
	}
	if f.kind == nil || f.unreadCall && c.call.unread {
		judgeSuccess(t, c)
		return
	}
	if c.call.kind == callback {
		// The callback has to come again, and nobody has been credited.
		o := c.got.(*outcome)
		assert.Equal(t, outcome{status: http.StatusBadGateway, body: "fail"}, *o, "%s", c)
		return
	}
	if !assert.Error(t, c.err, "%s", c) {
		return
	}
	assert.Nil(t, c.got, "%s: a result beside an error", c)
	assert.True(t, c.gateway.isError(c.err), "%s: no *Error: %v", c, c.err)
	if c.call.kind == wait {
		want := context.DeadlineExceeded
		if f.cause != nil {
			want = f.cause
		}
		assert.ErrorIs(t, c.err, want, "%s", c)
	} else {
		judgeKind(t, c)
	}
	for _, verdict := range []error{
		failure.ErrOrderNotFound, failure.ErrNotPaid, failure.ErrNotConfirmed, failure.ErrInvalidSignature,
		failure.ErrInvalidRequest, failure.ErrInvalidConfig, failure.ErrInvalidNotification,
	} {
		assert.NotErrorIs(t, c.err, verdict, "%s", c)
	}
}

func judgeRequests(t *testing.T, c *cell) {
	t.Helper()
	requests := int(c.requests.Load())
	if c.fault.used {
		assert.NoError(t, c.warmUp, "%s: the first call", c)
		requests--
	}
	switch {
	case c.call.kind == wait:
	case c.call.kind == create:
		assert.Equal(t, c.fault.creates, requests, "%s: requests", c)
		if c.fault.used {
			assert.EqualValues(t, 1, c.dials.Load(), "%s: it was another connection", c)
		}
	case c.fault.used:
		// A GET is sent once more by net/http.
		assert.Contains(t, []int{c.fault.queries, c.fault.queries + 1}, requests, "%s: requests", c)
	default:
		assert.Equal(t, c.fault.queries, requests, "%s: requests", c)
	}
}

func judgeKind(t *testing.T, c *cell) {
	t.Helper()
	f := c.fault
	for _, kind := range []error{failure.ErrNoAnswer, failure.ErrBadAnswer} {
		assert.Equal(t, errors.Is(f.kind, kind), errors.Is(c.err, kind), "%s: is %q: %v", c, kind, c.err)
	}
	unknown := f.unknown && c.call.kind == create
	assert.Equal(t, unknown, errors.Is(c.err, failure.ErrOutcomeUnknown), "%s: outcome unknown: %v", c, c.err)
	if f.cause != nil {
		assert.ErrorIs(t, c.err, f.cause, "%s", c)
	}
}

func judgeSuccess(t *testing.T, c *cell) {
	t.Helper()
	assert.NoError(t, c.err, "%s", c)
	assert.NotNil(t, c.got, "%s", c)
	if o, ok := c.got.(*outcome); ok {
		assert.True(t, o.accepted, "%s", c)
		assert.Equal(t, http.StatusOK, o.status, "%s", c)
	}
}

// bound is how long a call may take.
func bound(c *cell) time.Duration {
	switch {
	case c.call.kind == wait:
		return waiting + slack
	case c.fault.deadline > 0:
		return c.fault.deadline + slack
	case c.fault.timeout > 0 && c.call.kind == create:
		return c.fault.timeout + slack
	case c.fault.timeout > 0:
		return 3*c.fault.timeout + slowest
	default:
		return slowest
	}
}
