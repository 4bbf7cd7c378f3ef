package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// environment holds the environment variables that are not empty.
type environment map[string]string

func environmentOf(variables []string) environment {
	env := environment{}
	for _, v := range variables {
		if name, value, _ := strings.Cut(v, "="); value != "" {
			env[name] = value
		}
	}
	return env
}

func (e environment) secret(name string) sign.Secret { return sign.NewSecret(e[name]) }

// secrets returns a variable with several secrets, separated by blanks.
func (e environment) secrets(name string) []sign.Secret {
	var all []sign.Secret
	for _, text := range strings.Fields(e[name]) {
		all = append(all, sign.NewSecret(text))
	}
	return all
}

// pem returns a variable with a key. "\n" stands for a line break, because a file of
// variables has one line for each.
func (e environment) pem(name string) string { return strings.ReplaceAll(e[name], `\n`, "\n") }

// pems returns a variable with several keys, one after the other.
func (e environment) pems(name string) []string {
	var all []string
	for rest := []byte(e.pem(name)); len(bytes.TrimSpace(rest)) > 0; {
		block, after := pem.Decode(rest)
		if block == nil {
			return append(all, string(rest)) // no key, which is an error of the configuration
		}
		all, rest = append(all, string(pem.EncodeToMemory(block))), after
	}
	return all
}

// realGateway describes a gateway and the variables that configure it.
type realGateway struct {
	name               string
	required, optional []string
	switches           []string // "1" turns them on
	open               func(env environment, log *slog.Logger) (checkout.Gateway, error)
}

var realGateways = []realGateway{
	{
		name: "ispay", required: []string{"ISPAY_USER_ID", "ISPAY_SECRET"}, optional: []string{"ISPAY_PREVIOUS_SECRETS", "ISPAY_BASE_URL"},
		switches: []string{"ISPAY_ALLOW_PLAIN_HTTP"},
		open: func(env environment, log *slog.Logger) (checkout.Gateway, error) {
			return checkout.Ispay(ispay.Config{
				UserID: env["ISPAY_USER_ID"], Secret: env.secret("ISPAY_SECRET"), PreviousSecrets: env.secrets("ISPAY_PREVIOUS_SECRETS"), BaseURL: env["ISPAY_BASE_URL"],
				AllowPlainHTTP: env["ISPAY_ALLOW_PLAIN_HTTP"] == "1", Logger: log,
			})
		},
	},
	{
		name: "codepay", required: []string{"CODEPAY_USER_ID", "CODEPAY_SECRET"}, optional: []string{"CODEPAY_PREVIOUS_SECRETS", "CODEPAY_TOKEN", "CODEPAY_BASE_URL"},
		switches: []string{"CODEPAY_ALLOW_PLAIN_HTTP"},
		open: func(env environment, log *slog.Logger) (checkout.Gateway, error) {
			return checkout.Codepay(codepay.Config{
				UserID: env["CODEPAY_USER_ID"], Secret: env.secret("CODEPAY_SECRET"), PreviousSecrets: env.secrets("CODEPAY_PREVIOUS_SECRETS"), Token: env.secret("CODEPAY_TOKEN"),
				BaseURL: env["CODEPAY_BASE_URL"], AllowPlainHTTP: env["CODEPAY_ALLOW_PLAIN_HTTP"] == "1", Logger: log,
			})
		},
	},
	{
		name: "gatepay", required: []string{"GATEPAY_APP_KEY", "GATEPAY_SECRET"}, optional: []string{"GATEPAY_PREVIOUS_SECRETS", "GATEPAY_BASE_URL", "GATEPAY_CLOUD_BASE_URL"},
		switches: []string{"GATEPAY_ALLOW_PLAIN_HTTP"},
		open: func(env environment, log *slog.Logger) (checkout.Gateway, error) {
			return checkout.Gatepay(gatepay.Config{
				AppKey: env["GATEPAY_APP_KEY"], Secret: env.secret("GATEPAY_SECRET"), PreviousSecrets: env.secrets("GATEPAY_PREVIOUS_SECRETS"), BaseURL: env["GATEPAY_BASE_URL"],
				CloudBaseURL: env["GATEPAY_CLOUD_BASE_URL"], AllowPlainHTTP: env["GATEPAY_ALLOW_PLAIN_HTTP"] == "1", Logger: log,
			})
		},
	},
	{
		name: "kechengcang", required: []string{"KECHENGCANG_BASE_URL", "KECHENGCANG_APP_ID", "KECHENGCANG_SECRET"},
		switches: []string{"KECHENGCANG_ALLOW_PLAIN_HTTP"},
		open: func(env environment, log *slog.Logger) (checkout.Gateway, error) {
			return checkout.Kechengcang(kechengcang.Config{
				AppID: env["KECHENGCANG_APP_ID"], Secret: env.secret("KECHENGCANG_SECRET"), BaseURL: env["KECHENGCANG_BASE_URL"],
				AllowPlainHTTP: env["KECHENGCANG_ALLOW_PLAIN_HTTP"] == "1", Logger: log,
			})
		},
	},
	{
		name: "pingpp", required: []string{"PINGPP_BASE_URL", "PINGPP_TOKEN", "PINGPP_WEBHOOK_PUBLIC_KEY"},
		optional: []string{"PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS", "PINGPP_API_KEY", "PINGPP_API_BASE_URL", "PINGPP_PRIVATE_KEY"},
		switches: []string{"PINGPP_ALLOW_PLAIN_HTTP", "PINGPP_ALLOW_TEST_MODE"},
		open: func(env environment, log *slog.Logger) (checkout.Gateway, error) {
			return checkout.Pingpp(pingpp.Config{
				BaseURL: env["PINGPP_BASE_URL"], Token: env.secret("PINGPP_TOKEN"), WebhookPublicKey: env.pem("PINGPP_WEBHOOK_PUBLIC_KEY"),
				PreviousWebhookPublicKeys: env.pems("PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS"),
				APIKey:                    env.secret("PINGPP_API_KEY"), APIBaseURL: env["PINGPP_API_BASE_URL"], PrivateKey: sign.NewSecret(env.pem("PINGPP_PRIVATE_KEY")),
				AllowPlainHTTP: env["PINGPP_ALLOW_PLAIN_HTTP"] == "1", AllowTestMode: env["PINGPP_ALLOW_TEST_MODE"] == "1", Logger: log,
			})
		},
	},
}

func (g realGateway) variables() []string { return slices.Concat(g.required, g.optional, g.switches) }

// variablesHelp lists the variables of all gateways.
func variablesHelp() string {
	var b strings.Builder
	for _, g := range realGateways {
		optional := slices.Clone(g.optional)
		for _, name := range g.switches {
			optional = append(optional, name+"=1")
		}
		fmt.Fprintf(&b, "  %s\n    [%s]\n", strings.Join(g.required, ", "), strings.Join(optional, ", "))
	}
	return b.String()
}

var errNoGateway = errors.New("no gateway has credentials: set those of at least one (-h lists the variables), or use -demo for fake gateways")

// openGateways returns the gateways that have credentials. A variable that is misspelled,
// missing or malformed is an error: a shop without one of its gateways would go unnoticed.
func openGateways(env environment, log *slog.Logger) ([]checkout.Gateway, error) {
	if err := env.checkNames(); err != nil {
		return nil, err
	}
	var gateways []checkout.Gateway
	for _, g := range realGateways {
		set, err := g.isSet(env)
		if err != nil {
			return nil, err
		}
		if !set {
			continue
		}
		gateway, err := g.open(env, log)
		if err != nil {
			return nil, fmt.Errorf("%w (variables: %s)", err, strings.Join(g.variables(), ", "))
		}
		gateways = append(gateways, gateway)
	}
	if len(gateways) == 0 {
		return nil, errNoGateway
	}
	return gateways, nil
}

// isSet reports whether a gateway has credentials.
func (g realGateway) isSet(env environment) (bool, error) {
	var set, missing []string
	for _, name := range g.variables() {
		switch {
		case env[name] != "":
			set = append(set, name)
		case slices.Contains(g.required, name):
			missing = append(missing, name)
		}
	}
	switch {
	case len(set) == 0:
		return false, nil
	case len(missing) > 0:
		return false, fmt.Errorf("%s: %s is set, but not %s", g.name, set[0], strings.Join(missing, ", "))
	}
	for _, name := range g.switches {
		if v := env[name]; v != "" && v != "1" {
			return false, fmt.Errorf("%s must be 1 or not be set", name)
		}
	}
	return true, nil
}

// checkNames returns an error for a variable that looks like one of the shop's but is not.
func (e environment) checkNames() error {
	known := []string{"SHOP_ADMIN_TOKEN", "PINGPP_ORDER_NO"} // the last one is of other programs, as are the notify URLs
	var prefixes []string
	for _, g := range realGateways {
		known = append(append(known, g.variables()...), strings.ToUpper(g.name)+"_NOTIFY_URL")
		prefixes = append(prefixes, strings.ToUpper(g.name)+"_")
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if slices.Contains(known, name) {
			continue
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a, 3) - distance(name, b, 3) })
		similar := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if similar || distance(name, nearest, 1) <= 2 {
			return fmt.Errorf("unknown environment variable %s: did you mean %s?", name, nearest)
		}
	}
	return nil
}

// remote returns the names of the gateways that are not on this machine, as those of the
// sandbox are.
func (e environment) remote(gateways []checkout.Gateway) []string {
	var names []string
	for _, g := range gateways {
		isLocal := false
		for name, value := range e {
			base, err := url.Parse(value)
			isBase := strings.HasPrefix(name, strings.ToUpper(g.Name())+"_") && strings.HasSuffix(name, "BASE_URL")
			isLocal = isLocal || isBase && err == nil && isLoopback(base.Host)
		}
		if !isLocal {
			names = append(names, g.Name())
		}
	}
	return names
}

// distance returns how many letters must be added to and removed from a to get b. A removed
// one counts as removal letters: what was written is usually a part of the name.
func distance(a, b string, removal int) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] += removal
		for j := range len(b) {
			best := min(row[j]+1, row[j+1]+removal)
			if a[i] == b[j] {
				best = diagonal
			}
			diagonal, row[j+1] = row[j+1], best
		}
	}
	return row[len(b)]
}

// prefer returns the gateways with the given names, in this order; all without names.
func prefer(gateways []checkout.Gateway, names []string) ([]checkout.Gateway, error) {
	if len(names) == 0 {
		return gateways, nil
	}
	preferred := make([]checkout.Gateway, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(gateways, func(g checkout.Gateway) bool { return g.Name() == name })
		if i < 0 {
			var known []string
			for _, g := range gateways {
				known = append(known, g.Name())
			}
			return nil, fmt.Errorf("-gateways: there is no gateway %q, or it has no credentials: there are %s", name, strings.Join(known, ", "))
		}
		preferred = append(preferred, gateways[i])
	}
	return preferred, nil
}

// method is what the payer chooses. Which gateway receives the payment is the shop's
// choice: the first one that does not reject the order.
type method struct {
	Name, Currency string
	routes         []route
}

type route struct{ gateway, channel string }

// methodOf maps the channels of all gateways.
var methodOf = map[string]string{
	"P901": "alipay", "P902": "wechat", "P904": "unionpay", // ispay
	"alipay": "alipay", "wechat": "wechat", "qq": "qq", // codepay, gatepay
	"wx":     "wechat", // pingpp
	"crypto": "crypto", // kechengcang
}

func methodsOf(gateways []checkout.Gateway) []method {
	var methods []method
	for _, name := range []string{"alipay", "wechat", "unionpay", "qq", "crypto"} {
		m := method{Name: name}
		for _, g := range gateways {
			can := g.Capabilities()
			for _, channel := range can.Channels {
				if methodOf[channel] == name {
					m.Currency = can.Currency
					m.routes = append(m.routes, route{g.Name(), channel})
				}
			}
		}
		if len(m.routes) > 0 {
			methods = append(methods, m)
		}
	}
	return methods
}
