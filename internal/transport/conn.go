package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
)

// net/http writes to the standard logger what a server sends on a connection on which
// no response is expected. Our own transport keeps such bytes from it: on a connection
// to the gateway, a responseConn passes each response on up to its end and nothing
// else. A connection through a proxy is used once.
type ownTransport struct{ direct, proxied *http.Transport }

func defaultTransport() http.RoundTripper { return ownTransportOf(http.DefaultTransport) }

// ownTransportOf returns an ownTransport with the settings of a program's default, or that
// default if it is no Transport or dials by its old fields, which ours would hide.
func ownTransportOf(standard http.RoundTripper) http.RoundTripper {
	base, ok := standard.(*http.Transport)
	if !ok || base.Dial != nil || base.DialTLS != nil { //nolint:staticcheck // for programs that set them
		return standard
	}
	t := &ownTransport{direct: base.Clone(), proxied: base.Clone()}
	t.proxied.DisableKeepAlives = true
	t.direct.Proxy = nil
	t.direct.MaxIdleConnsPerHost = idleConnections
	if t.direct.DialContext == nil {
		t.direct.DialContext = new(net.Dialer).DialContext
	}
	dial, dialTLS := t.direct.DialContext, t.direct.DialTLSContext
	if dialTLS == nil {
		dialTLS = func(ctx context.Context, network, address string) (net.Conn, error) {
			return startTLS(ctx, t.direct, dial, network, address)
		}
	}
	t.direct.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return newResponseConn(dial(ctx, network, address))
	}
	t.direct.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return newResponseConn(dialTLS(ctx, network, address))
	}
	return t
}

// RoundTrip implements http.RoundTripper.
func (t *ownTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.proxied.Proxy != nil {
		proxy, err := t.proxied.Proxy(r)
		if err != nil { // net/http returns it, and reports to no trace that there is no connection
			if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GetConn != nil {
				trace.GetConn("")
			}
		}
		if proxy != nil || err != nil {
			return t.proxied.RoundTrip(r)
		}
	}
	return t.direct.RoundTrip(r)
}

// CloseIdleConnections is what http.Client calls.
func (t *ownTransport) CloseIdleConnections() {
	t.direct.CloseIdleConnections()
	t.proxied.CloseIdleConnections()
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// startTLS does what net/http does without a DialTLSContext.
func startTLS(ctx context.Context, t *http.Transport, dial dialFunc, network, address string) (net.Conn, error) {
	config := t.TLSClientConfig.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	plain, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if t.TLSHandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.TLSHandshakeTimeout)
		defer cancel()
	}
	conn := tls.Client(plain, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, err
	}
	return conn, nil
}

// responseConn is a connection for HTTP/1 requests, one after the other.
type responseConn struct {
	net.Conn

	in       *bufio.Reader
	expected atomic.Bool // a request was written whose response has not ended
	head     []byte      // of a response or a chunk
	out      []byte      // what is left of head to pass on
	left     int64       // how many bytes of in follow out
	chunked  bool        // a chunk follows them
	err      error       // follows out
}

// newResponseConn wraps the result of a dial function. HTTP/2 needs its *tls.Conn.
func newResponseConn(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	if isHTTP2(conn) {
		return conn, nil
	}
	return &responseConn{Conn: conn, in: bufio.NewReader(conn)}, nil
}

func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// Write implements net.Conn. net/http writes a request in one or more pieces, of which
// the first begins with the method.
func (c *responseConn) Write(p []byte) (int, error) {
	if method, _, ok := bytes.Cut(p[:min(len(p), 8)], []byte(" ")); ok && !bytes.ContainsFunc(method, isNotUpper) {
		c.expected.Store(true)
	}
	return c.Conn.Write(p)
}

func isNotUpper(r rune) bool { return r < 'A' || r > 'Z' }

// Read implements net.Conn.
func (c *responseConn) Read(p []byte) (int, error) {
	for len(c.out) == 0 && c.left == 0 && c.err == nil {
		c.head = c.head[:0]
		if c.chunked {
			c.err = c.readChunkHead()
		} else {
			c.err = c.readHead()
		}
		c.out = c.head
	}
	switch {
	case len(c.out) > 0:
		n := copy(p, c.out)
		c.out = c.out[n:]
		return n, nil
	case c.err != nil:
		return 0, c.err
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left == 0 && !c.chunked {
		c.err = c.end()
	}
	return n, err
}

// end marks the end of a response. The error is io.EOF if bytes have arrived beyond it.
func (c *responseConn) end() error {
	c.expected.Store(false)
	if c.in.Buffered() > 0 {
		return io.EOF
	}
	return nil
}

var (
	errHead  = errors.New("malformed response header")
	errChunk = errors.New("malformed chunked encoding")
)

const maxHead = 256 << 10

// readLine appends a line to head and returns it.
func (c *responseConn) readLine() ([]byte, error) {
	begin := len(c.head)
	for {
		part, err := c.in.ReadSlice('\n')
		c.head = append(c.head, part...)
		switch {
		case len(c.head) > maxHead:
			return nil, errHead
		case err == nil:
			return c.head[begin:], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// readHead reads the head of a response and finds out where its body ends. A
// head that leaves room for interpretation gets a "Connection: close", after which
// net/http does not use the connection again.
func (c *responseConn) readHead() error {
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	if !c.expected.Load() {
		return io.EOF
	}
	line, err := c.readLine()
	if err != nil {
		return err
	}
	f, ok := framingOf(line)
	if !ok {
		c.head = nil
		return errHead
	}
	first := len(line)
	if err := c.readFields(&f); err != nil {
		return err
	}
	switch informational := f.status/100 == 1 && f.status != http.StatusSwitchingProtocols; {
	case informational && !f.plain:
		c.head = nil
		return errHead
	case informational: // the response follows
	case f.plain && f.isEmpty():
		return c.end()
	case f.plain && f.fields == 1 && f.chunked:
		c.chunked = true
	case f.plain && f.fields == 1:
		c.left = f.length
	default:
		c.head = bytes.Join([][]byte{c.head[:first], c.head[first:]}, []byte("Connection: close\r\n"))
		c.left = math.MaxInt64
	}
	return nil
}

// readFields reads the fields of a head.
func (c *responseConn) readFields(f *framing) error {
	for first := true; ; first = false {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		if first && (line[0] == ' ' || line[0] == '\t') { // it would continue our "Connection: close"
			c.head = nil
			return errHead
		}
		text, crlf := bytes.CutSuffix(line, []byte("\r\n"))
		f.plain = f.plain && crlf
		if len(bytes.TrimRight(text, "\n")) == 0 {
			return nil
		}
		f.readField(text)
	}
}

// framing is what a head says about the length of the body.
type framing struct {
	version byte
	status  int
	fields  int // that say something
	length  int64
	chunked bool
	plain   bool // the head leaves no room for interpretation
}

// framingOf reads a status line: "HTTP/1.1 200 OK".
func framingOf(line []byte) (f framing, ok bool) {
	f.plain = bytes.HasSuffix(line, []byte("\r\n"))
	line = bytes.TrimRight(line, "\r\n")
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return f, false
	}
	n, err := strconv.ParseUint(string(line[9:12]), 10, 16)
	f.version, f.status = line[7], int(n)
	return f, err == nil && n >= 100 && (f.version == '0' || f.version == '1')
}

func (f *framing) readField(line []byte) {
	name, value, found := bytes.Cut(line, []byte(":"))
	f.plain = f.plain && found && isToken(name)
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseUint(string(value), 10, 40)
		f.fields++
		f.length, f.plain = int64(n), f.plain && err == nil
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		f.fields++
		f.chunked = true
		f.plain = f.plain && f.version == '1' && bytes.EqualFold(value, []byte("chunked"))
	}
}

func (f *framing) isEmpty() bool {
	return f.status == http.StatusNoContent || f.status == http.StatusNotModified ||
		f.fields == 1 && !f.chunked && f.length == 0
}

func isToken(name []byte) bool {
	for _, c := range name {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(name) > 0
}

// readChunkHead reads the size of a chunk. The last chunk is passed on without
// trailers.
func (c *responseConn) readChunkHead() error {
	line, err := c.readLine()
	if err != nil {
		return err
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 40)
	switch {
	case err != nil || !bytes.HasSuffix(line, []byte("\r\n")):
		c.head = nil
		return errChunk
	case n > 0:
		c.left = int64(n) + 2
		return nil
	}
	last := len(c.head)
	for {
		line, err := c.readLine()
		switch {
		case err != nil:
			return err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			c.head = append(c.head[:last], "\r\n"...)
			c.chunked = false
			return c.end()
		}
	}
}
