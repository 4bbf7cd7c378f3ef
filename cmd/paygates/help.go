package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/paygates/paygates-go/cmd/paygates/internal/sandbox"
	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
)

// help writes --help in the user's language.
type help struct {
	language text.Language
	width    int
	out      strings.Builder
}

// row is a name and what it means.
type row struct{ name, meaning string }

// printHelp implements kong.HelpPrinter.
func (a *app) printHelp(_ kong.HelpOptions, ctx *kong.Context) error {
	h := help{language: a.screen.Language(), width: a.screen.Columns()}
	node := ctx.Selected()
	if node == nil {
		node = ctx.Model.Node
	}
	h.paragraph(h.language.Text("Usage: paygates %s", strings.TrimSpace(node.Summary())))
	for _, part := range strings.Split(h.text(node.Help)+"\n\n"+h.text(node.Detail), "\n\n") {
		h.paragraph(part)
	}
	var arguments, commands, flags []row
	for _, argument := range node.Positional {
		arguments = append(arguments, row{argument.Summary(), h.text(argument.Help)})
	}
	for _, command := range node.Children {
		commands = append(commands, row{command.Name, h.text(command.Help)})
	}
	groups := node.AllFlags(true)
	slices.Reverse(groups) // those of the command first
	for _, group := range groups {
		for _, flag := range group {
			flags = append(flags, row{flagName(flag), h.text(flag.Help)})
		}
	}
	h.table(h.language.Text("Arguments:"), arguments)
	h.table(h.language.Text("Commands:"), commands)
	h.table(h.language.Text("Flags:"), flags)
	if len(commands) > 0 {
		h.paragraph(h.language.Text("paygates COMMAND --help shows the flags of a command."))
	}
	_, err := fmt.Fprint(ctx.Stdout, strings.TrimRight(h.out.String(), "\n")+"\n")
	return err
}

// text returns a text in the user's language with what the table of gateways says.
func (h *help) text(english string) string { return expand(h.language, h.language.Text(english)) }

func flagName(flag *kong.Flag) string {
	name := "--" + flag.Name
	switch {
	case flag.Short != 0:
		return "-" + string(flag.Short) + ", " + name
	case flag.IsBool():
		return name
	case flag.HasDefault:
		return name + "=" + flag.Default
	default:
		return name + "=" + flag.PlaceHolder
	}
}

// paragraph writes lines that fit on the screen, and a blank line. Lines with four blanks
// before them are commands and stay whole. Those with two are the items of a list.
func (h *help) paragraph(paragraph string) {
	paragraph = strings.Trim(paragraph, "\n")
	switch {
	case paragraph == "":
		return
	case strings.HasPrefix(paragraph, "    "):
		h.out.WriteString(paragraph + "\n")
	case strings.HasPrefix(paragraph, "  "):
		for _, item := range strings.Split(paragraph, "\n") {
			h.out.WriteString("  " + strings.Join(screen.Wrap(strings.TrimSpace(item), h.width-4), "\n    ") + "\n")
		}
	default:
		joined := strings.ReplaceAll(paragraph, "\n", h.language.Text(" "))
		h.out.WriteString(strings.Join(screen.Wrap(joined, h.width), "\n") + "\n")
	}
	h.out.WriteString("\n")
}

// table writes rows as two columns. A name that is too long, and every name on a narrow
// screen, gets a separate line.
func (h *help) table(title string, rows []row) {
	const indent, widest, gap = 2, 20, 2
	if len(rows) == 0 {
		return
	}
	left := 0
	for _, row := range rows {
		left = max(left, min(widest, screen.Width(row.name)))
	}
	left += indent + gap
	if h.width < 2*left {
		left = 2 * indent
	}
	h.out.WriteString(title + "\n")
	for _, row := range rows {
		name := strings.Repeat(" ", indent) + row.name
		separator := "\n" + strings.Repeat(" ", left)
		meaning := strings.Join(screen.Wrap(row.meaning, h.width-left), separator)
		if pad := left - screen.Width(name); pad >= gap {
			separator = strings.Repeat(" ", pad)
		}
		h.out.WriteString(name + separator + meaning + "\n")
	}
	h.out.WriteString("\n")
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// expand fills in what the table of gateways says.
func expand(l text.Language, english string) string {
	return placeholder.ReplaceAllStringFunc(english, func(found string) string {
		name, argument, _ := strings.Cut(strings.Trim(found, "{}"), " ")
		switch name {
		case "gateways":
			return l.Or(gateway.Names())
		case "with": // an option of create
			return strings.Join(namesOf(func(g *gateway.Gateway) bool { return slices.Contains(g.Options, argument) }), l.Text(", "))
		case "number": // that orders are queried by
			return l.And(namesOf(func(g *gateway.Gateway) bool { return g.Number == argument }))
		case "known": // orders of a backend
			return strings.Join(each(func(_ int, g *gateway.Gateway) string { return withName(g, g.OrderVariable) }), l.Text(", "))
		case "headers": // with the signature of a notification
			return strings.Join(each(func(_ int, g *gateway.Gateway) string { return withName(g, g.SignatureHeader) }), l.Text(", "))
		case "channels":
			return strings.Join(each(func(_ int, g *gateway.Gateway) string { return g.Name + ": " + strings.Join(g.Channels, ", ") }), l.Text("; "))
		case "ports":
			return strings.Join(each(func(i int, g *gateway.Gateway) string { return fmt.Sprintf("  %d %s", sandbox.DefaultPort+1+i, g.Name) }), "\n")
		case "variables": // that an operation needs
			return strings.Join(each(func(_ int, g *gateway.Gateway) string { return "  " + g.Name + ": " + strings.Join(g.Needed(), ", ") }), "\n")
		case "fields": // of a notification
			return strings.Join(each(func(_ int, g *gateway.Gateway) string {
				return "  " + g.Name + ": " + strings.Join(fieldNames(g.Event()), " ")
			}), "\n")
		default:
			return found
		}
	})
}

// withName returns "value (gateway)", "" for no value.
func withName(g *gateway.Gateway, value string) string {
	if value == "" {
		return ""
	}
	return value + " (" + g.Name + ")"
}

func namesOf(has func(*gateway.Gateway) bool) []string {
	var names []string
	for _, g := range gateway.All() {
		if has(g) {
			names = append(names, g.Name)
		}
	}
	return names
}

func each(describe func(int, *gateway.Gateway) string) []string {
	var all []string
	for i, g := range gateway.All() {
		if described := describe(i, g); described != "" {
			all = append(all, described)
		}
	}
	return all
}

func fieldNames(fields []gateway.Field) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return names
}
