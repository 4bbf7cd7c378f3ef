package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/paygates/paygates-go/cmd/paygates/internal/sandbox"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/sign"
)

// largestSkew is how far clocks may differ: signed requests to Ping++ are valid for
// five minutes.
const largestSkew = time.Minute

// checkAddress connects to a base URL: TLS, and the clock by the header Date.
func (d *doctor) checkAddress(ctx context.Context, variable, address string) {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		d.say(variable, statusFailed, "not a URL")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		d.say(variable, statusFailed, "not a URL")
		return
	}
	client := http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	start := time.Now()
	response, err := client.Do(request)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		d.say(variable, statusFailed, "no response from %s: connection refused: check the address and the port", target.Host)
		return
	case err != nil:
		d.say(variable, statusFailed, "%s", unreachable(d.app.screen.Language(), target.Host, err))
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	_ = response.Body.Close()
	elapsed := time.Since(start)
	switch {
	case response.TLS != nil:
		d.checkTLS(variable, response.TLS, elapsed)
	case sandbox.IsLoopback(target.Hostname()):
		d.say(variable, statusOK, "responds after %d ms, without TLS on loopback", elapsed.Milliseconds())
	default:
		d.say(variable, statusWarning, "without TLS: anyone on the network path can read and alter everything")
	}
	if !slices.Contains(d.clocks, target.Host) {
		d.clocks = append(d.clocks, target.Host)
		d.checkClock(target.Host, response.Header.Get("Date"), start.Add(elapsed/2))
	}
}

func (d *doctor) checkTLS(variable string, state *tls.ConnectionState, elapsed time.Duration) {
	const soon = 14 * 24 * time.Hour
	expires := state.PeerCertificates[0].NotAfter
	status := statusOK
	if time.Until(expires) < soon {
		status = statusWarning
	}
	d.say(variable, status, "responds after %d ms with %s, certificate valid until %s",
		elapsed.Milliseconds(), tls.VersionName(state.Version), expires.Format(time.DateOnly))
}

func (d *doctor) checkClock(host, date string, now time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		d.say("clock", statusSkipped, "%s sends no date", host)
		return
	}
	skew := now.Sub(theirs)
	if skew.Abs() > largestSkew {
		d.say("clock", statusFailed, "this machine differs from %s by %s: synchronize it", host, skew.Round(time.Second))
		return
	}
	d.say("clock", statusOK, "within a minute of %s", host)
}

// checkNotifyURL sends a notification with an invalid signature to the merchant.
func (d *doctor) checkNotifyURL(ctx context.Context, client *gateway.Client) {
	const name = "notify URL"
	if d.notifyURL == "" {
		d.say(name, statusSkipped, "not set: --notify-url or %s_NOTIFY_URL", strings.ToUpper(d.gateway.Name))
		return
	}
	target, err := url.Parse(d.notifyURL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		d.say(name, statusFailed, "not an http or https URL")
		return
	}
	switch ip := net.ParseIP(target.Hostname()); {
	case d.onThisMachine(): // reaches what this machine reaches, and nobody reads along
	case sandbox.IsLoopback(target.Hostname()), ip != nil && ip.IsPrivate():
		d.say(name, statusWarning, "the gateway cannot reach a private address")
	case target.Scheme == "http":
		d.say(name, statusWarning, "without TLS: anyone on the network path can read notifications")
	}
	result, err := d.app.deliver(ctx, d.gateway, d.forged(client))
	if err != nil {
		d.say(name, statusFailed, "%s", err)
		return
	}
	status, message := d.judge(result)
	d.say(name, status, "HTTP %d: %s", result.Status, message)
}

// onThisMachine reports whether the gateway is a fake on this machine.
func (d *doctor) onThisMachine() bool {
	return slices.ContainsFunc(d.variables(), func(v gateway.Variable) bool {
		address, err := url.Parse(d.env[v.Name])
		return strings.HasSuffix(v.Name, "BASE_URL") && err == nil && sandbox.IsLoopback(address.Hostname())
	})
}

// forged returns a notification that is not genuine.
func (d *doctor) forged(client *gateway.Client) gatewaytest.Message {
	if client.Trigger != nil {
		fields, err := override(text.English, d.gateway.Event(), map[string]string{sign.FieldName: strings.Repeat("0", 32)}, true)
		if err == nil {
			if message, err := client.Trigger(d.notifyURL, fields, false); err == nil {
				return message
			}
		}
	}
	return gatewaytest.Message{Method: http.MethodPost, URL: d.notifyURL, ContentType: "application/json", Body: "{}"}
}

// judge returns what the response to a forged notification says about a notify URL.
func (d *doctor) judge(result sent) (status, message string) {
	body := strings.TrimSpace(result.Body)
	switch {
	case result.Accepted:
		return statusFailed, d.app.screen.Text("accepted a notification with an invalid signature: anyone can credit orders")
	case strings.HasPrefix(body, "<"):
		return statusFailed, d.app.screen.Text("a web page responds in place of your handler: a firewall (WAF) or a login page?")
	case result.Status == http.StatusBadRequest, result.Status == http.StatusForbidden, result.Status == http.StatusConflict:
		return statusOK, d.app.screen.Text("rejects a notification that is not genuine")
	case result.Status >= 200 && result.Status < 300:
		return statusOK, d.app.screen.Text("rejects a notification that is not genuine")
	case result.Status == http.StatusBadGateway, result.Status == http.StatusServiceUnavailable:
		return statusWarning, d.app.screen.Text("the handler could not confirm with the gateway, or it is not running")
	default:
		return statusFailed, d.app.hint(result, d.gateway)
	}
}
