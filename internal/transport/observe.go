package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/redact"
)

// observe tells the Observer of an attempt. end tells it the result.
func (c *Client) observe(ctx context.Context, call Call, n int) (
	observed context.Context, end func(response Response, took time.Duration, err error),
) {
	info := paygates.RequestInfo{Gateway: c.gateway, Op: call.Op, Attempt: n, Method: call.Method, URLTemplate: call.URLTemplate}
	info.ServerAddress, info.ServerPort = serverOf(call.URL)
	var done func(paygates.RequestResult)
	observed = ctx
	c.Guard(ctx, func() {
		var made context.Context
		if made, done = c.observer.ObserveRequest(ctx, info); made != nil {
			observed = made
		}
	})
	return observed, func(response Response, took time.Duration, err error) {
		if done == nil {
			return
		}
		result := paygates.RequestResult{HTTPStatus: response.Status, Duration: took, ErrorKind: paygates.ErrorKind(err)}
		if result.ErrorKind == "" {
			result.ErrorKind = kindOf(response)
		}
		c.Guard(ctx, func() { done(result) })
	}
}

// kindOf returns the kind of error of a response that was not decoded.
func kindOf(response Response) string {
	switch {
	case response.create && response.Status >= http.StatusInternalServerError:
		return paygates.ErrorKind(paygates.ErrOutcomeUnknown)
	case !response.create && response.isUnavailable():
		return paygates.ErrorKind(paygates.ErrUnavailable)
	case !response.OK():
		return "rejected"
	default:
		return ""
	}
}

// Guard calls the Observer in do, and logs a panic in it.
func (c *Client) Guard(ctx context.Context, do func()) {
	defer func() {
		if p := recover(); p != nil {
			c.Log().LogAttrs(ctx, slog.LevelError, c.gateway+": panic in the Observer", slog.String("gateway", c.gateway),
				slog.String("reason", redact.Message(fmt.Sprint(p))))
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
	port, err = strconv.Atoi(u.Port())
	switch {
	case err == nil:
	case u.Scheme == "https":
		port = 443
	default:
		port = 80
	}
	return u.Hostname(), port
}
