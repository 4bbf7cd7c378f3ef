package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygates/paygates-go/cmd/paygates/internal/sandbox"
	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
)

type sandboxCommand struct {
	Host        string         `default:"127.0.0.1" help:"Address to listen on. 0.0.0.0 lets containers and phones in, and everybody else on the network."`
	Port        int            `default:"9100" help:"Port of the page. The gateways have the ports after it. 0: any free ports."`
	GatewayPort map[string]int `placeholder:"NAME=PORT" mapsep:"," help:"Port of one gateway."`
}

// Help returns what --help prints below the summary.
func (*sandboxCommand) Help() string {
	return `The page is http://127.0.0.1:9100, its API is described by http://127.0.0.1:9100/openapi.json.

{ports}

The page and the API pay orders, lose and tamper with notifications, and make the gateways fail:

    eval "$(curl -fsS 127.0.0.1:9100/env)"
    curl -X POST 127.0.0.1:9100/api/orders/ispay/A1/pay

No money moves. Ctrl-C ends the sandbox and its orders.`
}

// Run runs the sandbox until Ctrl-C.
func (c *sandboxCommand) Run(ctx context.Context, a *app) error {
	if c.Host == "" { // every interface, to the network
		return a.usage("--host must be an address such as 127.0.0.1 or 0.0.0.0")
	}
	for name := range c.GatewayPort {
		if _, err := a.gateway(name); err != nil {
			return err
		}
	}
	box, err := sandbox.Start(sandbox.Settings{
		Host: c.Host, Port: c.Port, GatewayPorts: c.GatewayPort,
		Language: a.screen.Language(),
		Log:      func(e sandbox.Entry) { a.screen.Shown(e.Kind, e, logLines(a.screen, e)) },
	})
	if err != nil {
		return err
	}
	defer box.Close()
	if !sandbox.IsLoopback(c.Host) {
		a.screen.Note("Warning: everybody who reaches %s can use this sandbox.", c.Host)
	}
	a.describe(box)
	return box.Run(ctx)
}

// describe prints what a person needs to begin.
func (a *app) describe(box *sandbox.Sandbox) {
	type address struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	started := struct {
		Page     string    `json:"page"`
		OpenAPI  string    `json:"openapi"`
		Gateways []address `json:"gateways"`
	}{Page: box.URL, OpenAPI: box.URL + "/openapi.json"}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "%s\n  %s%s\n", a.screen.Color(screen.Bold, a.screen.Text("Sandbox: fake gateways. No money moves.")), pad(a.screen.Text("page")), box.URL)
	for _, g := range box.Gateways() {
		started.Gateways = append(started.Gateways, address{g.Name, g.Value})
		_, _ = fmt.Fprintf(&text, "  %s%s\n", pad(g.Name), g.Value)
	}
	_, _ = fmt.Fprintf(&text, "\n%s\n  eval \"$(curl -fsS %s/env)\"\n", a.screen.Text("Credentials for your shell:"), box.URL)
	_, _ = fmt.Fprintf(&text, "%s\n  curl -X POST %s/api/orders/ispay/A1/pay\n", a.screen.Text("Pay the order A1:"), box.URL)
	_, _ = fmt.Fprintf(&text, "%s\n", a.screen.Text("Ctrl-C ends the sandbox."))
	a.screen.Shown("sandbox", started, text.String())
}

// pad fills a name up to the column of the addresses.
func pad(name string) string {
	const column = 13
	return name + strings.Repeat(" ", max(1, column-screen.Width(name)))
}

// logLines returns a line of the live log, with the bodies below it.
func logLines(s *screen.Screen, e sandbox.Entry) string {
	var b strings.Builder
	at, arrow, color := e.At.Format("15:04:05"), "→", screen.Green
	status := fmt.Sprint(e.Status)
	if e.Error != "" {
		status = s.Language().Foreign(e.Error)
	}
	what := ""
	if e.Kind == "notification" {
		arrow = "⇒"
		what = s.Text(" (attempt %d)", e.Attempt)
		if e.Tampered {
			what = s.Text(" (tampered)")
		}
		if !e.Accepted {
			color = screen.Yellow
		}
	}
	if e.Status >= 400 || e.Status == 0 {
		color = screen.Red
	}
	_, _ = fmt.Fprintf(&b, "%s %s %s %s%s %s %s\n", s.Color(screen.Dim, at), e.Gateway, e.Method, e.URL, what, arrow, s.Color(color, status))
	for _, body := range []struct{ mark, text string }{{"  > ", e.Body}, {"  < ", e.Response}} {
		if text := screen.Short(strings.TrimSpace(screen.Printable(body.text))); text != "" {
			b.WriteString(s.Color(screen.Dim, body.mark+text) + "\n")
		}
	}
	return b.String()
}
