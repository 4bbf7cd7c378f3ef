package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/sign"
)

// checkEnv returns an error for a variable that does not exist, for half a group, and for
// a missing variable that the operation needs. The error is paygates.ErrInvalidConfig.
func checkEnv(l text.Language, g *gateway.Gateway, env gateway.Env, op string) error {
	var problems []string
	set := g.Set(env)
	for _, name := range set {
		if !slices.ContainsFunc(g.Variables, func(v gateway.Variable) bool { return v.Name == name }) {
			problems = append(problems, l.Text("unknown variable %s: did you mean %s?", name, nearest(strings.ToUpper(name), g.VariableNames())))
		}
	}
	for _, v := range g.Variables {
		if _, ok := env.Switch(v.Name); v.Switch && !ok {
			problems = append(problems, l.Text("%s must be 1 or 0", v.Name))
		}
	}
	missing := missing(g, env, op)
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

func missing(g *gateway.Gateway, env gateway.Env, op string) []string {
	var names []string
	for _, v := range g.Variables {
		if env[v.Name] == "" && slices.Contains(v.For, op) {
			names = append(names, v.Name)
		}
	}
	return names
}

// nearest returns the name that takes the fewest changes to make from the given one.
func nearest(name string, names []string) string {
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

// override returns the fields of a notification with the values that the user set.
// "sign" may always be set. open allows fields that the gateway's document does not
// have.
func override(l text.Language, fields []gateway.Field, set map[string]string, open bool) ([]gateway.Field, error) {
	fields = slices.Clone(fields)
	var names []string
	for _, field := range fields {
		names = append(names, field.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		i := slices.Index(names, name)
		switch {
		case i >= 0:
			fields[i].Value = set[name]
		case open || name == sign.FieldName:
			fields = append(fields, gateway.Field{Name: name, Value: set[name]})
		default:
			return nil, l.Error(paygates.ErrInvalidRequest, "invalid request: unknown field %q: did you mean %q?", name, nearest(name, names))
		}
	}
	return fields, nil
}
