package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

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

// The faults of a response.

func hang(_ *cell, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hangAfterHead(_ *cell, w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func drip(c *cell, w http.ResponseWriter, r *http.Request) {
	for _, b := range []byte(c.call.response) {
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

// with responds with a status, a content type and what change makes of a good
// body.
func with(status int, contentType string, change func(good string) string) func(*cell, http.ResponseWriter, *http.Request) {
	return func(c *cell, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, change(c.call.response))
	}
}

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
)

func good(body string) string { return body }

func nothing(string) string { return "" }

func page(string) string {
	return "<!DOCTYPE html><html><body><h1>" + marker + "</h1><p>sign=" + marker + "</p></body></html>"
}

// insert puts a field in front of the others.
func insert(field string) func(string) string {
	return func(body string) string { return "{" + field + "," + body[1:] }
}

var (
	number  = regexp.MustCompile(`:-?[0-9]+(\.[0-9]+)?`)
	decides = regexp.MustCompile(`"(success|code|state|status|order_status|pay_status|paid)":("?[0-9a-z]+"?)`)
)

func everyNumber(text string) func(string) string {
	return func(body string) string { return number.ReplaceAllString(body, ":"+text) }
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

// switching makes the connection the body of the response, and then says nothing.
func switching(_ *cell, w http.ResponseWriter, r *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+marker+"\r\n\r\n")
	_, _ = io.Copy(io.Discard, connection) // until the client closes it
	_ = connection.Close()
}

// flood sends informational responses until the client gives up.
func flood(_ *cell, w http.ResponseWriter, _ *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	for err == nil {
		_, err = io.WriteString(connection, "HTTP/1.1 103 Early Hints\r\nLink: "+marker+"\r\n\r\n")
	}
	_ = connection.Close()
}

// cutShort announces a body and sends half of it.
func cutShort(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = io.WriteString(w, body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
