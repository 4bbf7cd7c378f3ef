package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
)

type doctorCommand struct {
	Gateway   string  `arg:"" optional:"" help:"One gateway. Default: all with a variable in the environment."`
	Fake      bool    `help:"Use a fake gateway, started for this run."`
	NotifyURL *string `placeholder:"URL" help:"Your notify URL. Default: the variable …_NOTIFY_URL."`
}

// Help returns what --help prints below the summary.
func (*doctorCommand) Help() string {
	return `Checks the environment variables, the shape of the credentials, TLS, the clock against the gateway's, whether the gateway
responds to a query (for an order that does not exist), and whether your notify URL rejects a notification with an invalid
signature. It creates nothing. Which credentials a query checks depends on the gateway; doctor lists the others as not checked.`
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
	clocks    []string // the hosts whose clocks were checked
	failed    bool
}

// Run runs the checks.
func (c *doctorCommand) Run(ctx context.Context, a *app) error {
	var chosen []*gateway.Gateway
	if c.Gateway != "" {
		g, err := a.gateway(c.Gateway)
		if err != nil {
			return err
		}
		chosen = append(chosen, g)
	}
	for _, g := range gateway.All() {
		if c.Gateway == "" && (c.Fake || g.InEnv(a.env)) {
			chosen = append(chosen, g)
		}
	}
	if len(chosen) == 0 {
		return a.usage("no variable of a gateway is set: name a gateway to see what it needs, or use --fake")
	}
	failed := false
	for _, g := range chosen {
		d := doctor{app: a, gateway: g, env: a.env}
		if c.Fake {
			fake := g.Fake("")
			defer fake.Close()
			d.env = fake.Environment()
		}
		d.notifyURL = or(c.NotifyURL, d.env[strings.ToUpper(g.Name)+"_NOTIFY_URL"])
		d.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = failed || d.failed
	}
	if failed {
		return a.fail(errChecks, "a check failed")
	}
	return nil
}

// say reports a check. The name of a check is one of the program or that of a variable.
func (d *doctor) say(name, status, english string, args ...any) {
	d.failed = d.failed || status == statusFailed
	s := d.app.screen
	c := checked{d.gateway.Name, name, status, s.Text(english, args...)}
	color := map[string]string{statusOK: screen.Green, statusWarning: screen.Yellow, statusFailed: screen.Red, statusSkipped: screen.Dim}[status]
	label := s.Language().Label(status)
	label += strings.Repeat(" ", max(1, 9-screen.Width(label)))
	title := s.Color(color, label) + c.Gateway + " " + s.Language().Label(name)
	message := strings.Join(screen.Wrap(screen.Printable(c.Message), s.Columns()-4), "\n    ")
	s.Shown("check", c, title+"\n    "+message)
}

func (d *doctor) run(ctx context.Context) {
	if err := checkEnv(d.app.screen.Language(), d.gateway, d.env, gateway.OpDoctor); err != nil {
		d.say("environment", statusFailed, "%s", d.withoutPrefix(err))
	} else {
		d.say("environment", statusOK, "variables set: %d", len(d.variables()))
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
		d.say("credentials", statusFailed, "%s", d.withoutPrefix(err))
		client = &gateway.Client{}
	} else {
		d.checkQuery(ctx, client)
	}
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
			d.say("credentials", statusWarning, "%s %s", v.Name, d.app.screen.Language().Foreign(problem))
		}
	}
}

// unknownOrder is the number of an order that no gateway has.
const unknownOrder = "100000000000000001"

// checkQuery queries an order that does not exist.
func (d *doctor) checkQuery(ctx context.Context, client *gateway.Client) {
	const name = "query"
	if client.Query == nil || checkEnv(text.English, d.gateway, d.env, gateway.OpQuery) != nil {
		d.say(name, statusSkipped, "the credentials of query are not set")
		d.sayAccepted(nil)
		return
	}
	_, err := client.Query(ctx, unknownOrder)
	switch {
	case ctx.Err() != nil:
	case err == nil, errors.Is(err, paygates.ErrOrderNotFound):
		d.say(name, statusOK, "the gateway responds to queries")
		d.sayAccepted(d.gateway.QueryChecks)
	case errors.Is(err, paygates.ErrBadResponse) && strings.Contains(err.Error(), "<"):
		d.say(name, statusFailed, "a web page responds in place of the gateway: a firewall (WAF), a login page or a wrong base URL: %s", d.withoutPrefix(err))
	default:
		d.say(name, statusFailed, "%s", d.withoutPrefix(err))
	}
}

// sayAccepted says which credentials the gateway has accepted, and which of the others are
// set: they may be wrong.
func (d *doctor) sayAccepted(accepted []string) {
	const name = "credentials"
	var unchecked []string
	for _, v := range d.variables() {
		isCredential := (v.Secret || len(v.For) > 0) && !strings.HasSuffix(v.Name, "BASE_URL")
		if isCredential && !slices.Contains(accepted, v.Name) {
			unchecked = append(unchecked, v.Name)
		}
	}
	language := d.app.screen.Language()
	if len(accepted) > 0 {
		d.say(name, statusOK, "the gateway accepts %s", language.And(accepted))
	}
	if len(unchecked) > 0 {
		d.say(name, statusSkipped, "not checked: %s", language.And(unchecked))
	}
}

// withoutPrefix returns the text of an error without the gateway's name, which is
// before the check.
func (d *doctor) withoutPrefix(err error) string {
	return strings.TrimPrefix(d.app.explained(err), d.app.screen.Text("%s: ", d.gateway.Name))
}
