package gateway

import (
	"bytes"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/paygates/paygates-go/sign"
)

// Env holds environment variables.
type Env map[string]string

// ParseEnv returns the variables of os.Environ. A variable with an empty value counts
// as unset.
func ParseEnv(environ []string) Env {
	env := Env{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			env[name] = value
		}
	}
	return env
}

// Secret returns a variable that is a secret.
func (e Env) Secret(name string) sign.Secret { return sign.NewSecret(e[name]) }

// PEM returns a variable that is a key. "\n" stands for a line break, because a file
// of variables has one line for each.
func (e Env) PEM(name string) string { return strings.ReplaceAll(e[name], `\n`, "\n") }

// Secrets returns a variable with several secrets, separated by blanks.
func (e Env) Secrets(name string) []sign.Secret {
	var all []sign.Secret
	for _, text := range strings.Fields(e[name]) {
		all = append(all, sign.NewSecret(text))
	}
	return all
}

// PEMs returns a variable with several public keys, one after the other.
func (e Env) PEMs(name string) []string {
	var all []string
	for rest := []byte(e.PEM(name)); len(bytes.TrimSpace(rest)) > 0; {
		block, after := pem.Decode(rest)
		if block == nil {
			return append(all, string(rest)) // no key, which is an error of the configuration
		}
		all, rest = append(all, string(pem.EncodeToMemory(block))), after
	}
	return all
}

// Flag reports whether a variable is switched on.
func (e Env) Flag(name string) bool {
	on, _ := e.Switch(name)
	return on
}

// Switch reports whether a variable is switched on. It reports !ok for a value that says
// neither on nor off.
func (e Env) Switch(name string) (on, ok bool) {
	switch strings.ToLower(e[name]) {
	case "1", "true", "yes", "on":
		return true, true
	case "", "0", "false", "no", "off":
		return false, true
	default:
		return false, false
	}
}

// Set returns the names of the variables that begin with the gateway's name, sorted: its
// variables, and misspelled ones such as ISPAYSECRET or ispay_secret.
func (g *Gateway) Set(env Env) []string {
	var names []string
	for name := range env {
		if strings.HasPrefix(strings.ToLower(name), g.Name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// InEnv reports whether a variable of the gateway is set.
func (g *Gateway) InEnv(env Env) bool { return len(g.Set(env)) > 0 }

// VariableNames returns the names of all variables.
func (g *Gateway) VariableNames() []string {
	var names []string
	for _, v := range g.Variables {
		names = append(names, v.Name)
	}
	return names
}

// Needed returns the names of the variables that an operation needs.
func (g *Gateway) Needed() []string {
	var names []string
	for _, v := range g.Variables {
		if len(v.For) > 0 {
			names = append(names, v.Name)
		}
	}
	return names
}

// complete reports whether all groups are set.
func (g *Gateway) complete(env Env) bool {
	for _, group := range g.Groups {
		for _, name := range group {
			if env[name] == "" {
				return false
			}
		}
	}
	return true
}
