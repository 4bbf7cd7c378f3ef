package gateway

import (
	"bytes"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
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
	switch strings.ToLower(e[name]) {
	case "1", "true", "yes", "on":
		return true
	default:
		return false
	}
}

// set returns the names of the variables that begin with the gateway's name, sorted: those
// of its own, and misspelled ones such as ISPAYSECRET or ispay_secret.
func (g *Gateway) set(env Env) []string {
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
func (g *Gateway) InEnv(env Env) bool { return len(g.set(env)) > 0 }

// Check returns an error for a variable that does not exist, for half a group, and for
// a missing variable that the operation needs. The error is paygates.ErrInvalidConfig.
func (g *Gateway) Check(l text.Language, env Env, op string) error {
	var problems []string
	set := g.set(env)
	for _, name := range set {
		if !slices.ContainsFunc(g.Variables, func(v Variable) bool { return v.Name == name }) {
			problems = append(problems, l.Text("unknown variable %s: did you mean %s?", name, g.nearest(name)))
		}
	}
	missing := g.missing(env, op)
	for _, group := range g.Groups {
		var has, lacks []string
		for _, name := range group {
			if env[name] != "" {
				has = append(has, name)
			} else {
				lacks = append(lacks, name)
			}
		}
		if len(has) == 0 || len(lacks) == 0 {
			continue
		}
		problems = append(problems, l.Text("%s set, %s missing", l.And(has), l.And(lacks)))
		missing = slices.DeleteFunc(missing, func(name string) bool { return slices.Contains(lacks, name) })
	}
	switch {
	case len(missing) > 0 && len(set) == 0:
		problems = append(problems, l.Text("no credentials: set %s, or use --fake for a fake gateway", l.And(missing)))
	case len(missing) > 0:
		problems = append(problems, l.Text("%s needs %s", op, l.And(missing)))
	}
	if len(problems) == 0 {
		return nil
	}
	return l.Error(paygates.ErrInvalidConfig, "%s: invalid configuration: %s", g.Name, strings.Join(problems, l.Text("; ")))
}

func (g *Gateway) missing(env Env, op string) []string {
	var names []string
	for _, v := range g.Variables {
		if env[v.Name] == "" && slices.Contains(v.For, op) {
			names = append(names, v.Name)
		}
	}
	return names
}

func (g *Gateway) nearest(name string) string {
	return Nearest(strings.ToUpper(name), g.VariableNames())
}

// VariableNames returns the names of all variables.
func (g *Gateway) VariableNames() []string {
	var names []string
	for _, v := range g.Variables {
		names = append(names, v.Name)
	}
	return names
}

// Nearest returns the name that takes the fewest changes to make from the given one.
func Nearest(name string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance counts the insertions and deletions that make b from a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 2 // a deletion and an insertion
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
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
