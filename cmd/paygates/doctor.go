package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/gateway"
	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
)

type doctorCommand struct {
	Gateway   *gatewayName `arg:"" optional:"" help:"One gateway (default: all with a variable in the environment)."`
	Fake      bool         `help:"Use a fake gateway, started for this run."`
	NotifyURL string       `placeholder:"URL" help:"Your notify URL (default: …_NOTIFY_URL)."`
}

// Help returns what --help prints below the summary.
func (*doctorCommand) Help() string {
	return `Checks the environment variables, the shape of the credentials, TLS, the clock against the gateway's, whether the gateway
responds to a query (for an order that does not exist), and whether your notify URL rejects a notification with an invalid
signature. It creates nothing.`
}

// The statuses of a check.
const (
	statusOK      = "ok"
	statusWarning = "warning"
	statusFailed  = "failed"
	statusSkipped = "skipped"
)

// checked is the result of one check.
type checked struct {
	Gateway string `json:"gateway"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// doctor runs the checks of one gateway.
type doctor struct {
	app       *app
	gateway   *gateway.Gateway
	env       gateway.Env
	notifyURL string
	failed    bool
}

// Run runs the checks.
func (c *doctorCommand) Run(ctx context.Context, a *app) error {
	var chosen []*gateway.Gateway
	for _, g := range gateway.All() {
		if c.Gateway != nil && string(*c.Gateway) == g.Name || c.Gateway == nil && (c.Fake || g.InEnv(a.env)) {
			chosen = append(chosen, g)
		}
	}
	if len(chosen) == 0 {
		return usage("no variable of a gateway is set: name a gateway to see what it needs, or use --fake")
	}
	failed := false
	for _, g := range chosen {
		d := doctor{app: a, gateway: g, env: a.env}
		if c.Fake {
			fake := g.Fake("")
			defer fake.Close()
			d.env = fake.Environment()
		}
		d.notifyURL = cmp.Or(c.NotifyURL, d.env[strings.ToUpper(g.Name)+"_NOTIFY_URL"])
		d.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = failed || d.failed
	}
	if failed {
		return errChecks
	}
	return nil
}

func (d *doctor) say(name, status, format string, args ...any) {
	d.failed = d.failed || status == statusFailed
	c := checked{d.gateway.Name, name, status, fmt.Sprintf(format, args...)}
	s := d.app.screen
	color := map[string]string{statusOK: screen.Green, statusWarning: screen.Yellow, statusFailed: screen.Red, statusSkipped: screen.Dim}[status]
	text := fmt.Sprintf("%s %s %s\n    %s", s.Color(color, fmt.Sprintf("%-8s", s.Text(status))), c.Gateway, name, screen.Printable(c.Message))
	s.Shown("check", c, text)
}

func (d *doctor) run(ctx context.Context) {
	if err := d.gateway.Check(d.env, gateway.OpDoctor); err != nil {
		d.say("environment", statusFailed, "%s", withoutPrefix(err, d.gateway))
	} else {
		d.say("environment", statusOK, "%d variables", len(d.variables()))
	}
	d.checkShapes()
	for _, v := range d.gateway.Variables {
		address := cmp.Or(d.env[v.Name], v.Default)
		if strings.HasSuffix(v.Name, "BASE_URL") && address != "" {
			d.checkAddress(ctx, v.Name, address)
		}
	}
	client, err := d.gateway.Open(gateway.Settings{Env: d.env})
	if err != nil {
		d.say("credentials", statusFailed, "%s", withoutPrefix(err, d.gateway))
		client = &gateway.Client{}
	}
	d.checkQuery(ctx, client)
	d.checkNotifyURL(ctx, client)
}

func (d *doctor) variables() []gateway.Variable {
	var set []gateway.Variable
	for _, v := range d.gateway.Variables {
		if d.env[v.Name] != "" {
			set = append(set, v)
		}
	}
	return set
}

// checkShapes looks for secrets that were copied with something around them.
func (d *doctor) checkShapes() {
	for _, v := range d.variables() {
		problem := d.env.Secret(v.Name).Problem()
		isKey := strings.Contains(d.env[v.Name], "-----BEGIN")
		if problem != "" && !isKey {
			d.say("credentials", statusWarning, "%s %s", v.Name, problem)
		}
	}
}

// unknownOrder is the number of an order that no gateway has.
const unknownOrder = "100000000000000001"

// checkQuery queries an order that does not exist.
func (d *doctor) checkQuery(ctx context.Context, client *gateway.Client) {
	const name = "query"
	if client.Query == nil || d.gateway.Check(d.env, gateway.OpQuery) != nil {
		d.say(name, statusSkipped, "the credentials of query are not set")
		return
	}
	_, err := client.Query(ctx, unknownOrder)
	switch {
	case ctx.Err() != nil:
	case err == nil, errors.Is(err, paygates.ErrOrderNotFound):
		d.say(name, statusOK, "the gateway responds to queries")
	case errors.Is(err, paygates.ErrBadResponse) && strings.Contains(err.Error(), "<"):
		d.say(name, statusFailed, "a web page responds in place of the gateway: a firewall (WAF), a login page or a wrong base URL: %s", withoutPrefix(err, d.gateway))
	default:
		d.say(name, statusFailed, "%s", withoutPrefix(err, d.gateway))
	}
}

func withoutPrefix(err error, g *gateway.Gateway) string {
	return strings.TrimPrefix(err.Error(), g.Name+": ")
}
