package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/sandbox"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

type triggerCommand struct {
	gatewayArgs
	To     string            `required:"" placeholder:"URL" help:"Your notify URL."`
	Set    map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"Sets a field of the notification, by the gateway's name. Repeat it for more."`
	Tamper bool              `help:"Change the amount after signing. Your server must reject it."`
}

// Help returns what --help prints below the summary.
func (*triggerCommand) Help() string {
	return `The notification is signed with your own secret (pingpp: with PINGPP_PRIVATE_KEY; give its public half to your server).

A handler that confirms with the gateway rejects it with 409, because the gateway does not know the order: test the
whole path in the sandbox.

    paygates trigger ispay --to http://127.0.0.1:8080/notify --set amount=2.50
    paygates trigger codepay --to http://127.0.0.1:8080/notify --tamper

Fields:

{fields}`
}

// sent is the response to a notification.
type sent struct {
	Gateway      string `json:"gateway"`
	Method       string `json:"method"`
	Tampered     bool   `json:"tampered"`
	Status       int    `json:"status"`
	Body         string `json:"body"`
	Accepted     bool   `json:"accepted"`
	Milliseconds int64  `json:"milliseconds"`
	Hint         string `json:"hint,omitempty"`
}

// Run sends a notification.
func (c *triggerCommand) Run(ctx context.Context, a *app) error {
	target, err := url.Parse(c.To)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return a.usage("--to must be an http or https URL, such as http://127.0.0.1:8080/notify")
	}
	s, err := a.open(c.gatewayArgs, gateway.OpTrigger)
	if err != nil {
		return err
	}
	defer s.close()
	fields, err := override(a.screen.Language(), s.Event(), c.Set, s.AnyField)
	if err != nil {
		return err
	}
	message, err := s.client.Trigger(c.To, fields, c.Tamper)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	stop := a.screen.Progress("Waiting for your server")
	result, err := a.deliver(ctx, s.Gateway, message)
	stop()
	if err != nil {
		return err
	}
	result.Tampered = c.Tamper
	result.Hint = a.hint(result, s.Gateway)
	// Without a signature the amount means nothing, and the order with the given id may be paid.
	unsigned := c.Tamper && s.client.Verify == nil && c.Set["id"] != ""
	switch {
	case c.Tamper && !result.Accepted:
		result.Hint = ""
	case unsigned:
		result.Hint = a.screen.Text("correct if the order is paid and your server takes the amount from the query: notifications of %s are not signed", s.Name)
	}
	a.screen.Result("response", result)
	switch {
	case unsigned:
		return nil
	case c.Tamper && result.Accepted:
		return a.fail(errResponse, "unexpected response of your server: it accepted a tampered notification")
	case !c.Tamper && !result.Accepted:
		return a.fail(errResponse, "unexpected response of your server: it did not accept the notification")
	default:
		return nil
	}
}

// longestResponse is how much of a response is shown.
const longestResponse = 2000

// deliver sends a notification as the gateway does: once, without following redirects.
func (a *app) deliver(ctx context.Context, g *gateway.Gateway, message gatewaytest.Message) (sent, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, message.Method, message.URL, strings.NewReader(message.Body))
	if err != nil {
		return sent{}, a.usage("--to is not a valid URL")
	}
	if message.ContentType != "" {
		request.Header.Set("Content-Type", message.ContentType)
	}
	for name, value := range message.Header {
		request.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return sent{}, unreachable(a.screen.Language(), request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestResponse))
	if err != nil {
		return sent{}, unreachable(a.screen.Language(), request.URL.Host, err)
	}
	return sent{
		Gateway: g.Name, Method: message.Method, Status: response.StatusCode, Body: sandbox.Mask(string(body)),
		Accepted: g.Accepted(response.StatusCode, string(body)), Milliseconds: time.Since(start).Milliseconds(),
	}, nil
}

// unreachable describes why a server did not respond, without the URL, which may hold a
// signature.
func unreachable(l text.Language, host string, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return l.Error(paygates.ErrNoResponse, "no response from %s: connection refused: is your server running, and on this port?", host)
	case errors.Is(err, context.DeadlineExceeded):
		return l.Error(paygates.ErrNoResponse, "no response from %s within 30 s", host)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return l.Error(paygates.ErrNoResponse, "no response from %s: it does not speak TLS: use http://", host)
	default:
		return l.Error(paygates.ErrNoResponse, "no response from %s: %s", host, err)
	}
}

// hint says what to check after a response to a genuine notification.
func (a *app) hint(result sent, g *gateway.Gateway) string {
	status := result.Status
	switch {
	case result.Accepted:
		return ""
	case status >= 300 && status < 400:
		return a.screen.Text("gateways do not follow redirects: register the final URL")
	case status == http.StatusUnauthorized:
		return a.screen.Text("the URL is behind a login: gateways cannot log in")
	case status == http.StatusForbidden:
		return a.screen.Text("signature rejected: does your server use the same secret? Or a firewall blocks the request")
	case status == http.StatusNotFound:
		return a.screen.Text("no handler at this path")
	case status == http.StatusMethodNotAllowed:
		return a.screen.Text("the handler must accept %s", result.Method)
	case status == http.StatusConflict:
		return a.screen.Text("the gateway does not confirm the order: expected for a test notification (use the sandbox for the whole path)")
	case status == http.StatusUnsupportedMediaType:
		return a.screen.Text("the handler does not accept the Content-Type that the gateway sends")
	case status == http.StatusBadRequest:
		return a.screen.Text("the handler rejected a field: compare the values with your own orders")
	case status >= http.StatusInternalServerError:
		return a.screen.Text("your server failed: see its log")
	case strings.HasPrefix(strings.TrimSpace(result.Body), "<"):
		return a.screen.Text("a web page responds in place of your handler: a firewall (WAF) or a login page?")
	default:
		return a.screen.Text("the gateway expects %s and nothing else", g.Accepts)
	}
}
