package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// listen serves every connection with handle, which closes it by returning.
func listen(t *testing.T, config *tls.Config, handle func(n int, conn net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	var handlers sync.WaitGroup
	end, ended := context.WithCancel(context.Background())
	t.Cleanup(func() {
		_ = listener.Close()
		ended()
		handlers.Wait()
	})
	handlers.Add(1)
	go func() {
		defer handlers.Done()
		for n := 1; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Add(1)
			go func() {
				defer handlers.Done()
				defer context.AfterFunc(end, func() { _ = conn.Close() })()
				defer func() { _ = conn.Close() }()
				handle(n, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// lockedBuffer collects what several goroutines write.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// captureLog returns what is written to the standard logger during the test.
func captureLog(t *testing.T) *lockedBuffer {
	t.Helper()
	text := &lockedBuffer{}
	before := log.Writer()
	log.SetOutput(text)
	t.Cleanup(func() { log.SetOutput(before) })
	return text
}

const unsolicited = "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"secure_key\":\"private\"}"

// certificate returns the server and client configuration of a test server's TLS.
func certificate(t *testing.T) (server *tls.Config, roots *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Close()
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots
}

//nolint:paralleltest // it changes the standard logger
func TestUnsolicitedResponsesAreNotLogged(t *testing.T) {
	serverTLS, roots := certificate(t)
	const body = `{"ok":true}`
	heads := map[string]string{
		"length":                "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + body,
		"length, in blanks":     "HTTP/1.1 200 OK\r\ncontent-length:  11  \r\n\r\n" + body,
		"length, HTTP/1.0":      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 11\r\n\r\n" + body,
		"length, twice":         "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 11\r\n\r\n" + body,
		"length, line feeds":    "HTTP/1.1 200 OK\nContent-Length: 11\n\n" + body,
		"length, folded":        "HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 11\r\n\r\n" + body,
		"length, folded, blank": "HTTP/1.1 200 OK\r\nX-Folded: a\r\n \r\nContent-Length: 11\r\n\r\n" + body,
		"long line":             "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 10000) + "\r\nContent-Length: 11\r\n\r\n" + body,
		"chunks":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ok\"\r\n6;a=b\r\n:true}\r\n0\r\n\r\n",
		"chunks, trailer":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\n\r\n0B\r\n" + body + "\r\n0\r\nX: 1\r\n\r\n",
		"chunks and length":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 200\r\n\r\nb\r\n" + body + "\r\n0\r\n\r\n",
		"informational":         "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + body,
		"no content":            "HTTP/1.1 204 No Content\r\n\r\n",
		"no content, length":    "HTTP/1.1 204 No Content\r\nContent-Length: 11\r\n\r\n",
		"empty":                 "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	}
	for name, head := range heads {
		want := body
		if strings.HasPrefix(name, "no content") || name == "empty" {
			want = ""
		}
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %t", name, late), func(t *testing.T) {
				requireSilent(t, nil, roots, head, late, want)
				requireSilent(t, serverTLS, roots, head, late, want)
			})
		}
	}
}

// requireSilent asserts that a call which gets response and then an unsolicited one
// returns the body want and writes nothing to the standard logger.
func requireSilent(t *testing.T, config *tls.Config, roots *x509.CertPool, response string, late bool, want string) {
	t.Helper()
	text := captureLog(t)
	scheme := "http://"
	if config != nil {
		scheme = "https://"
	}
	closed := make(chan struct{}, 4)
	address := listen(t, config, func(_ int, conn net.Conn) {
		in := bufio.NewReader(conn)
		_, err := http.ReadRequest(in)
		assert.NoError(t, err)
		if late {
			_, _ = io.WriteString(conn, response)
			time.Sleep(20 * time.Millisecond)
			_, _ = io.WriteString(conn, unsolicited)
		} else {
			_, _ = io.WriteString(conn, response+unsolicited)
		}
		_, _ = io.Copy(io.Discard, in) // until the client closes the connection
		closed <- struct{}{}
	})
	own := defaultTransport().(*ownTransport)
	own.direct.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
	for range 2 {
		got, err := client.Do(context.Background(), create(scheme+address))
		require.NoError(t, err)
		assert.Equal(t, want, string(got.Body))
		select {
		case <-closed: // after which net/http has nothing more to log
		case <-time.After(10 * time.Second):
			t.Fatal("the connection stays open")
		}
	}
	assert.Empty(t, text.String())
}

// A greeting before the request is unsolicited too.
//
//nolint:paralleltest // it changes the standard logger
func TestGreetingIsNotLogged(t *testing.T) {
	text := captureLog(t)
	address := listen(t, nil, func(_ int, conn net.Conn) {
		_, _ = io.WriteString(conn, "220 secure_key=private\r\n"+unsolicited)
		_, _ = io.Copy(io.Discard, conn)
	})
	client := New(Options{Gateway: "ispay", Logger: Silent()})
	for range 20 {
		_, err := client.Do(context.Background(), create("http://"+address))
		require.ErrorIs(t, err, paygates.ErrNoResponse)
		assert.NotContains(t, err.Error(), "private")
	}
	assert.Empty(t, text.String())
}

// What the tests above capture: net/http's own transport logs it.
//
//nolint:paralleltest // it changes the standard logger
func TestNetHTTPLogsUnsolicitedResponses(t *testing.T) {
	text := captureLog(t)
	closed := make(chan struct{})
	address := listen(t, nil, func(_ int, conn net.Conn) {
		in := bufio.NewReader(conn)
		_, _ = http.ReadRequest(in)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"+unsolicited)
		_, _ = io.Copy(io.Discard, in)
		close(closed)
	})
	_, err := client(t, 0).Do(context.Background(), query("http://"+address))
	require.NoError(t, err)
	<-closed
	assert.Contains(t, text.String(), "private")
}

func TestDefaultTransportReusesConnections(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		var connections sync.Map
		lengths := []int{0, 1, 4095, 4096, 4097, 20000, 100000}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			connections.Store(r.RemoteAddr, true)
			var length int
			var flush bool
			_, _ = fmt.Sscanf(r.URL.RawQuery, "%d&%t", &length, &flush)
			if flush { // chunked
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = io.Copy(w, iotest.HalfReader(strings.NewReader(strings.Repeat("x", length))))
		}))
		own := defaultTransport().(*ownTransport)
		if secure {
			s.StartTLS()
			own.direct.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
			own.direct.TLSClientConfig.RootCAs.AddCert(s.Certificate())
		} else {
			s.Start()
		}
		t.Cleanup(s.Close)
		client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
		for _, length := range lengths {
			for _, flush := range []bool{false, true} {
				for _, call := range []Call{query(s.URL), create(s.URL)} {
					call.URL += fmt.Sprintf("/?%d&%t", length, flush)
					response, err := client.Do(context.Background(), call)
					require.NoError(t, err)
					require.Len(t, response.Body, length)
				}
			}
		}
		n := 0
		connections.Range(func(any, any) bool { n++; return true })
		assert.Equal(t, 1, n)
		own.CloseIdleConnections()
	}
}

func TestDefaultTransportUsesHTTP2(t *testing.T) {
	t.Parallel()
	var proto atomic.Value
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { proto.Store(r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	own := defaultTransport().(*ownTransport)
	own.direct.TLSClientConfig.RootCAs = x509.NewCertPool()
	own.direct.TLSClientConfig.RootCAs.AddCert(s.Certificate())
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
	_, err := client.Do(context.Background(), create(s.URL))
	require.NoError(t, err)
	assert.Equal(t, "HTTP/2.0", proto.Load())
}

func TestDefaultTransportVerifiesCertificates(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	address := listen(t, config, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	_, err := New(Options{Gateway: "ispay"}).Do(context.Background(), create("https://"+address))
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
	require.ErrorIs(t, err, paygates.ErrNotSent)
}

// A server that accepts the connection and never finishes the handshake.
func TestDefaultTransportLimitsTheHandshake(t *testing.T) {
	t.Parallel()
	address := listen(t, nil, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	own := defaultTransport().(*ownTransport)
	own.direct.TLSHandshakeTimeout = 50 * time.Millisecond
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
	begin := time.Now()
	_, err := client.Do(context.Background(), create("https://"+address))
	require.ErrorIs(t, err, paygates.ErrNotSent)
	assert.Less(t, time.Since(begin), 5*time.Second)
}

func TestDefaultTransportThroughAProxy(t *testing.T) {
	t.Parallel()
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "pay.example.com", r.URL.Host)
		assert.True(t, r.Close, "the connection is used once")
		_, _ = io.WriteString(w, "through the proxy")
	})
	own := defaultTransport().(*ownTransport)
	target, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	own.proxied.Proxy = http.ProxyURL(target)
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
	response, err := client.Do(context.Background(), query("http://pay.example.com/"))
	require.NoError(t, err)
	assert.Equal(t, "through the proxy", string(response.Body))
}

// A program may have replaced http.DefaultTransport, to verify certificates otherwise or to
// dial another way.
func TestDefaultTransportDialsAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	var dials atomic.Int32
	refuse := func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		return nil, errors.New("refused")
	}
	old := func(network, address string) (net.Conn, error) { return refuse(context.Background(), network, address) }
	for name, standard := range map[string]http.RoundTripper{
		"DialContext":    &http.Transport{DialContext: refuse},
		"DialTLSContext": &http.Transport{DialTLSContext: refuse},
		"Dial":           &http.Transport{Dial: old},    //nolint:staticcheck // a program may set it
		"DialTLS":        &http.Transport{DialTLS: old}, //nolint:staticcheck // a program may set it
		"RoundTripper": roundTripper(func(*http.Request) (*http.Response, error) {
			_, err := refuse(context.Background(), "", "")
			return nil, err
		}),
	} {
		dials.Store(0)
		client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: ownTransportOf(standard)}})
		_, err := client.Do(context.Background(), create("https://127.0.0.1:1/"))
		require.ErrorContains(t, err, "refused", name)
		assert.EqualValues(t, 1, dials.Load(), name)
	}
}

// A malformed HTTP_PROXY: nothing is sent.
func TestDefaultTransportWithAnInvalidProxy(t *testing.T) {
	t.Parallel()
	own := defaultTransport().(*ownTransport)
	own.proxied.Proxy = proxyTo("http://user:password@[::1")
	client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: own}})
	_, err := client.Do(context.Background(), create("http://pay.example.com/"))
	require.ErrorIs(t, err, paygates.ErrNotSent)
	require.ErrorIs(t, err, paygates.ErrNoResponse)
	assert.NotContains(t, err.Error(), "password")
	_, err = client.Do(context.Background(), query("http://pay.example.com/"))
	require.ErrorIs(t, err, paygates.ErrNoResponse)
}

// readAll passes a server's bytes through a responseConn, as after a request.
func readAll(text string, size int) (string, error) {
	server, client := net.Pipe()
	conn, _ := newResponseConn(client, nil)
	go func() {
		_, _ = io.ReadFull(server, make([]byte, len("GET /")))
		_, _ = io.WriteString(server, text)
		_ = server.Close()
	}()
	_, _ = io.WriteString(conn, "GET /")
	defer func() { _ = client.Close() }()
	got, buffer := strings.Builder{}, make([]byte, size)
	for {
		n, err := conn.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			return got.String(), err
		}
	}
}

func TestResponseConn(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\n"
	closing := "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	tests := map[string]struct {
		sent, want string
		err        error
	}{
		"nothing":             {"", "", io.EOF},
		"truncated status":    {"HTTP/1.1 2", "HTTP/1.1 2", io.EOF},
		"truncated head":      {head + "Content-Le", head + "Content-Le", io.EOF},
		"truncated body":      {head + "Content-Length: 5\r\n\r\nab", head + "Content-Length: 5\r\n\r\nab", io.EOF},
		"truncated chunk":     {head + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", head + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", io.EOF},
		"surplus":             {head + "Content-Length: 2\r\n\r\nabSURPLUS", head + "Content-Length: 2\r\n\r\nab", io.EOF},
		"surplus after 304":   {"HTTP/1.1 304 Not Modified\r\n\r\nSURPLUS", "HTTP/1.1 304 Not Modified\r\n\r\n", io.EOF},
		"surplus of a 204":    {"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n", io.EOF},
		"surplus of chunks":   {head + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nSURPLUS", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", io.EOF},
		"until the end":       {head + "\r\nabc", closing + "\r\nabc", io.EOF},
		"negative length":     {head + "Content-Length: -1\r\n\r\nab", closing + "Content-Length: -1\r\n\r\nab", io.EOF},
		"length with a sign":  {head + "Content-Length: +2\r\n\r\nab", closing + "Content-Length: +2\r\n\r\nab", io.EOF},
		"length and a blank":  {head + "Content-Length : 2\r\n\r\nab", closing + "Content-Length : 2\r\n\r\nab", io.EOF},
		"two codings":         {head + "Transfer-Encoding: gzip, chunked\r\n\r\nab", closing + "Transfer-Encoding: gzip, chunked\r\n\r\nab", io.EOF},
		"switching":           {"HTTP/1.1 101 X\r\n\r\nab", "HTTP/1.1 101 X\r\nConnection: close\r\n\r\nab", io.EOF},
		"no HTTP":             {"220 ready\r\n", "", errHead},
		"two blanks":          {"HTTP/1.1  200 OK\r\n\r\n", "", errHead},
		"HTTP/2":              {"HTTP/2.0 200 OK\r\n\r\n", "", errHead},
		"odd informational":   {"HTTP/1.1 103 X\r\nno colon\r\n\r\n", "", errHead},
		"endless head":        {head + strings.Repeat("X: y\r\n", 100000), head, errHead},
		"endless line":        {head + "X: " + strings.Repeat("y", 1<<20), head, errHead},
		"chunk size of words": {head + "Transfer-Encoding: chunked\r\n\r\nsize\r\n", head + "Transfer-Encoding: chunked\r\n\r\n", errChunk},
		"signed chunk size":   {head + "Transfer-Encoding: chunked\r\n\r\n+5\r\n", head + "Transfer-Encoding: chunked\r\n\r\n", errChunk},
		"chunk line feed":     {head + "Transfer-Encoding: chunked\r\n\r\n5\nabcde\r\n", head + "Transfer-Encoding: chunked\r\n\r\n", errChunk},
	}
	for name, test := range tests {
		for _, size := range []int{1, 7, 4096, 100000} {
			got, err := readAll(test.sent, size)
			require.ErrorIs(t, err, test.err, name)
			if strings.HasPrefix(name, "endless") {
				assert.Less(t, len(got), 2*maxHead, name)
				continue
			}
			assert.Equal(t, test.want, got, name)
		}
	}
}

// The next request must not get what was sent before it.
func TestResponseConnDropsSurplusBeforeTheNextRequest(t *testing.T) {
	t.Parallel()
	server, client := net.Pipe()
	conn, _ := newResponseConn(client, nil)
	go func() {
		_, _ = io.ReadFull(server, make([]byte, len("GET /")))
		_, _ = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"+unsolicited)
		_, _ = io.Copy(io.Discard, server)
	}()
	buffer := make([]byte, 4096)
	for got := 0; got < len("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"); {
		if got == 0 {
			_, _ = io.WriteString(conn, "GET /")
		}
		n, err := conn.Read(buffer)
		require.NoError(t, err)
		got += n
	}
	_, err := io.WriteString(conn, "GET /")
	require.NoError(t, err)
	_, err = conn.Read(buffer)
	require.ErrorIs(t, err, io.EOF)
	_ = conn.Close()
}

// Whatever arrives, what net/http reads from it is a beginning of what it would read
// without a responseConn, and nothing is left behind a response that it accepts and
// after which it would use the connection again.
func FuzzResponseConn(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabSURPLUS", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nSURPLUS",
		"HTTP/1.1 103 X\r\n\r\nHTTP/1.1 204 X\r\n\r\nSURPLUS", "HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 1\n\nabc", "HTTP/1.1 200 OK\r\n\r\nab",
		"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", "HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
		"HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 3\r\nContent-Length: 1\r\n\r\nabc",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		passed, _ := readAll(text, 4096)
		in := bufio.NewReader(strings.NewReader(passed))
		for {
			response, err := http.ReadResponse(in, nil) //nolint:bodyclose // there is no connection
			if err != nil {
				return
			}
			body, err := io.ReadAll(response.Body)
			informational := response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols
			if err != nil || response.Close || response.StatusCode == http.StatusSwitchingProtocols {
				return
			}
			if informational {
				continue
			}
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Empty(t, rest, "%q leaves %q behind %q", text, rest, body)
			return
		}
	})
}
