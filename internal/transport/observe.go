package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/redact"
)

// observe tells the Observer of an attempt, if there is one. end tells it the result.
func (c *Client) observe(ctx context.Context, call Call, n int) (
	observed context.Context, end func(response Response, took time.Duration, err error),
) {
	if c.Observer == nil {
		return ctx, func(Response, time.Duration, error) {}
	}
	info := paygates.RequestInfo{Gateway: c.Gateway, Op: call.Op, Attempt: n, Method: call.Method, URLTemplate: call.URLTemplate}
	info.ServerAddress, info.ServerPort = serverOf(call.URL)
	observed, done := Observe(ctx, c, call.Op, func() (context.Context, func(paygates.RequestResult)) {
		return c.Observer.ObserveRequest(ctx, info)
	})
	return observed, func(response Response, took time.Duration, err error) {
		done(paygates.RequestResult{HTTPStatus: response.Status, Duration: took, ErrorKind: paygates.ErrorKind(err)})
	}
}

// Observe calls begin, which is a method of the Observer, and returns its context and its
// function for the result. It returns ctx and a function that does nothing in place of a
// nil one. A panic in the Observer is logged.
func Observe[R any](
	ctx context.Context, c *Client, op string, begin func() (context.Context, func(R)),
) (observed context.Context, end func(R)) {
	observed, end = ctx, func(R) {}
	c.guard(ctx, op, func() {
		made, done := begin()
		if made != nil {
			observed = made
		}
		if done != nil {
			end = func(result R) { c.guard(ctx, op, func() { done(result) }) }
		}
	})
	return observed, end
}

// guard calls the Observer in do, and logs a panic in it.
func (c *Client) guard(ctx context.Context, op string, do func()) {
	defer func() {
		if p := recover(); p != nil {
			c.Log(ctx, slog.LevelError, op, "panic in the Observer", slog.String("reason", redact.Message(fmt.Sprint(p))))
		}
	}()
	do()
}

// serverOf returns the host and port of a URL.
func serverOf(target string) (address string, port int) {
	u, err := url.Parse(target)
	if err != nil {
		return "", 0
	}
	port, _ = strconv.Atoi(portOf(u))
	return u.Hostname(), port
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
