package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/sign"
)

// requireNotSent asserts that a create and a query to target, through transport bare
// and wrapped as for tracing, end with ErrNotSent and ErrNoResponse.
func requireNotSent(t *testing.T, transport *http.Transport, target string) {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	wrapper := roundTripper(func(r *http.Request) (*http.Response, error) {
		traced := r.Clone(context.WithValue(r.Context(), wrapperKey{}, true))
		traced.Header.Set("Traceparent", "00-1-1-00")
		response, err := transport.RoundTrip(traced)
		if err != nil {
			return nil, fmt.Errorf("tracing: %w", err)
		}
		return response, nil
	})
	for name, transport := range map[string]http.RoundTripper{"bare": transport, "wrapped": wrapper} {
		client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport, Timeout: 5 * time.Second}})
		for _, call := range []Call{create(target), {Op: "create order", Method: http.MethodGet, URL: target, NoRetry: true}} {
			_, err := client.Do(context.Background(), call)
			require.ErrorIs(t, err, paygates.ErrNotSent, name)
			require.ErrorIs(t, err, paygates.ErrNoResponse, name)
			require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown, name)
		}
		_, err := client.Do(context.Background(), query(target))
		require.NotErrorIs(t, err, paygates.ErrNotSent, name)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown, name)
	}
}

type wrapperKey struct{}

func proxyTo(target string) func(*http.Request) (*url.URL, error) {
	u, err := url.Parse(target)
	return func(*http.Request) (*url.URL, error) { return u, err }
}

func TestNotSent(t *testing.T) {
	t.Parallel()
	const refused = "http://127.0.0.1:1" // a port that was closed may be the next server's
	proxy := func(status int) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }).URL
	}
	t.Run("DNS", func(t *testing.T) {
		t.Parallel()
		requireNotSent(t, &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "pay.example.com", IsNotFound: true}
		}}, "https://pay.example.com/gateway")
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		requireNotSent(t, &http.Transport{}, refused)
	})
	t.Run("unknown CA", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent") }))
		s.Config.ErrorLog = slog.NewLogLogger(Silent().Handler(), slog.LevelError)
		s.StartTLS()
		t.Cleanup(s.Close)
		requireNotSent(t, &http.Transport{}, s.URL)
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		address := listen(t, nil, func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })
		requireNotSent(t, &http.Transport{}, "https://"+address)
	})
	t.Run("closed handshake", func(t *testing.T) {
		t.Parallel()
		address := listen(t, nil, func(int, net.Conn) {})
		requireNotSent(t, &http.Transport{}, "https://"+address)
	})
	t.Run("proxy that rejects a tunnel", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{403, 407, 502} {
			requireNotSent(t, &http.Transport{Proxy: proxyTo(proxy(status))}, "https://pay.example.com/gateway")
		}
	})
	t.Run("proxy without a tunnel", func(t *testing.T) {
		t.Parallel()
		requireNotSent(t, &http.Transport{Proxy: proxyTo(refused)}, "https://pay.example.com/gateway")
		requireNotSent(t, &http.Transport{Proxy: proxyTo(refused)}, "http://pay.example.com/gateway")
	})
	t.Run("proxy that requires authentication", func(t *testing.T) {
		t.Parallel()
		requireNotSent(t, &http.Transport{Proxy: proxyTo(proxy(407))}, "http://pay.example.com/gateway")
	})
}

// A 407 that does not come from a proxy is the gateway's: the request reached it.
func TestProxyAuthRequiredFromTheGateway(t *testing.T) {
	t.Parallel()
	respond := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) })
	plain, secure := httptest.NewServer(respond), httptest.NewTLSServer(respond)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for _, s := range []*httptest.Server{plain, secure} {
		response, err := New(Options{Gateway: "ispay", HTTPClient: s.Client()}).Do(context.Background(), create(s.URL))
		require.NoError(t, err)
		assert.Equal(t, 407, response.Status)
	}
}

func TestCertainlyNotSent(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		asked, got, wrote bool
		want, wantEnded   bool
	}{
		{false, false, false, false, false}, // no httptrace
		{true, false, false, true, true},
		{true, true, false, true, false},
		{true, true, true, false, false},
	} {
		var sent trace
		if test.asked {
			sent.firstHop.Store(new(string))
		}
		sent.got.Store(test.got)
		sent.wrote.Store(test.wrote)
		assert.Equal(t, test.want, sent.certainlyNotSent(context.Background()), "%+v", test)
		assert.Equal(t, test.wantEnded, sent.certainlyNotSent(ended), "%+v", test)
	}
}

func TestIsAddressOf(t *testing.T) {
	t.Parallel()
	for target, address := range map[string]string{
		"https://pay.example.com/x":       "pay.example.com:443",
		"http://Pay.example.com":          "pay.example.com:80",
		"https://pay.example.com:51888/x": "pay.example.com:51888",
		"http://[::1]:8080/":              "[::1]:8080",
	} {
		assert.True(t, isAddressOf(address, target), target)
		assert.False(t, isAddressOf("proxy.example.com:3128", target), target)
	}
	assert.False(t, isAddressOf("", "%zz"))
}

// A transport that sends a request again, as some for retries do.
func TestACreateThroughARetryingTransport(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	pool := &http.Transport{}
	t.Cleanup(pool.CloseIdleConnections)
	retrying := roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := pool.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(strings.NewReader(create(s.URL).Body))
		return pool.RoundTrip(again)
	})
	c := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: retrying}, Logger: Silent()})
	for n := range 300 { // a canceled request is written now and then
		_, err := c.Do(context.Background(), create(s.URL))
		require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, paygates.ErrNotSent)
		require.EqualValues(t, n+1, s.hits.Load())
	}
}

// A transport that does not report to a trace must not be able to send a create again: it
// gets a body that it cannot rewind, and cannot take for none. A query may be sent again.
func TestATransportCannotRewindACreate(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	keep := roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = r
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})
	c := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: keep}})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, text := range []string{"", "order_no=1"} {
			call := create("https://pay.example.com")
			if call.Method, call.Body = method, text; method == http.MethodGet {
				call.Body = ""
			}
			for _, call.NoRetry = range []bool{true, false, true} {
				_, err := c.Do(context.Background(), call)
				require.NoError(t, err)
				if !call.NoRetry {
					assert.Equal(t, call.Body == "", seen.Body == nil || seen.Body == http.NoBody)
					assert.Equal(t, call.Method == http.MethodPost, seen.GetBody != nil)
					continue
				}
				assert.Nil(t, seen.GetBody)
				require.NotNil(t, seen.Body)
				assert.NotEqual(t, http.NoBody, seen.Body)
				body, err := io.ReadAll(seen.Body)
				require.NoError(t, err)
				assert.Equal(t, call.Body, string(body))
				assert.Equal(t, call.Body != "", seen.Header.Get("Content-Type") != "")
			}
		}
	}
}

// A request in the pool would keep the secrets of a call in memory.
func TestAReleasedRequestIsEmpty(t *testing.T) {
	t.Parallel()
	c := New(Options{Gateway: "ispay"})
	call := create("https://pay.example.com")
	call.BasicAuth, call.Header = sign.NewSecret("example-user"), map[string]string{"Authorization": "Token example"}
	for _, call.NoRetry = range []bool{true, false} {
		request := c.request(context.Background(), call)
		require.NotZero(t, *request)
		c.release(request)
		assert.Zero(t, *request)
	}
}

// serveHTTP2 responds to the first warm requests of each connection with 200, and calls
// end for the next, which counts as a create.
func serveHTTP2(t *testing.T, config *tls.Config, end func(conn net.Conn, stream uint32)) (address string, creates *atomic.Int32) {
	t.Helper()
	const (
		headers, settings = 1, 4
		warm              = 1
	)
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	creates = &atomic.Int32{}
	address = listen(t, config, func(_ int, conn net.Conn) {
		in := bufio.NewReader(conn)
		if _, err := io.ReadFull(in, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
			return
		}
		writeFrame(conn, settings, 0, 0, nil)
		seen := 0
		for {
			head := make([]byte, 9)
			if _, err := io.ReadFull(in, head); err != nil {
				return
			}
			length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
			if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
				return
			}
			stream := binary.BigEndian.Uint32(head[5:])
			switch {
			case head[3] == settings && head[4] == 0:
				writeFrame(conn, settings, 1, 0, nil)
			case head[3] == headers && seen < warm:
				seen++
				writeFrame(conn, headers, 1|4, stream, []byte{0x88}) // ":status: 200" of the static table
			case head[3] == headers:
				creates.Add(1)
				end(conn, stream)
			}
		}
	})
	return address, creates
}

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload []byte) {
	frame := []byte{0, 0, byte(len(payload)), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	_, _ = w.Write(append(frame, payload...))
}

// net/http sends a request again after these, if it can rewind the body.
func TestACreateIsSentOnceOverHTTP2(t *testing.T) {
	t.Parallel()
	config, roots := certificate(t)
	const resetStream, goAway = 3, 7
	ends := map[string]func(conn net.Conn, stream uint32){
		"REFUSED_STREAM": func(conn net.Conn, stream uint32) {
			writeFrame(conn, resetStream, 0, stream, []byte{0, 0, 0, 7})
		},
		"GOAWAY": func(conn net.Conn, _ uint32) {
			writeFrame(conn, goAway, 0, 0, []byte{0, 0, 0, 0, 0, 0, 0, 0})
			_ = conn.Close()
		},
		"GOAWAY of an earlier stream": func(conn net.Conn, stream uint32) {
			payload := binary.BigEndian.AppendUint32(nil, stream-2)
			writeFrame(conn, goAway, 0, 0, append(payload, 0, 0, 0, 0))
		},
		"close": func(conn net.Conn, _ uint32) { _ = conn.Close() },
	}
	for name, end := range ends {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, ours := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, own transport %t", name, method, ours), func(t *testing.T) {
					t.Parallel()
					address, creates := serveHTTP2(t, config, end)
					own := defaultTransport().(*ownTransport)
					own.direct.TLSClientConfig.RootCAs = roots
					transport := http.RoundTripper(own)
					if !ours {
						transport = &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
					}
					client := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport, Timeout: 2 * time.Second}})
					_, err := client.Do(context.Background(), query("https://"+address+"/warm"))
					require.NoError(t, err)
					call := create("https://" + address + "/create")
					if call.Method = method; method == http.MethodGet {
						call.Body = ""
					}
					_, err = client.Do(context.Background(), call)
					require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
					require.NotErrorIs(t, err, paygates.ErrNotSent)
					assert.EqualValues(t, 1, creates.Load())
				})
			}
		}
	}
}

// A call ends at its deadline, whatever a server sends.
func TestCallsEnd(t *testing.T) {
	t.Parallel()
	const timeout = 200 * time.Millisecond
	drip := func(conn net.Conn, text string) {
		for {
			for i := range len(text) {
				if _, err := conn.Write([]byte{text[i]}); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	flood := func(conn net.Conn, text string) {
		text = strings.Repeat(text, 100)
		for {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	}
	servers := map[string]func(net.Conn){
		"101": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		},
		"101, silent": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		},
		"101, no upgrade": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 X\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		},
		"flood of 100":     func(conn net.Conn) { flood(conn, "HTTP/1.1 100 Continue\r\n\r\n") },
		"flood of 103":     func(conn net.Conn) { flood(conn, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") },
		"slow 103":         func(conn net.Conn) { drip(conn, "HTTP/1.1 103 Early Hints\r\n\r\n") },
		"flood of headers": func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); flood(conn, "X: y\r\n") },
		"slow headers":     func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); drip(conn, "X: y\r\n") },
		"slow body":        func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); drip(conn, "x") },
		"slow chunks": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			drip(conn, "1\r\nx\r\n")
		},
		"slow trailers": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
			drip(conn, "X: y\r\n")
		},
	}
	for name, handle := range servers {
		for _, ours := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, own transport %t", name, ours), func(t *testing.T) {
				t.Parallel()
				address := listen(t, nil, func(_ int, conn net.Conn) {
					_, _ = http.ReadRequest(bufio.NewReader(conn))
					handle(conn)
				})
				hc := &http.Client{Timeout: timeout}
				if !ours {
					pool := &http.Transport{}
					t.Cleanup(pool.CloseIdleConnections)
					hc.Transport = pool
				}
				begin := time.Now()
				_, err := New(Options{Gateway: "ispay", HTTPClient: hc}).Do(context.Background(), create("http://"+address))
				require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
				assert.Less(t, time.Since(begin), 10*timeout)
			})
		}
	}
}

// The body of a custom transport may not know the context. It is closed.
func TestABodyThatIgnoresTheContext(t *testing.T) {
	t.Parallel()
	for _, call := range []Call{query("https://pay.example.com"), create("https://pay.example.com")} {
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			body, _ := io.Pipe()
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		_, err := New(Options{Gateway: "ispay", HTTPClient: &http.Client{Transport: transport}}).Do(ctx, call)
		cancel()
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		assert.Equal(t, call.NoRetry, errors.Is(err, paygates.ErrOutcomeUnknown))
	}
}
