// Package cli is what the five command-line programs share: sub-commands and
// their flags, the environment, output for people and for programs, waiting,
// receiving callbacks, and Ctrl-C.
//
// A program without any of its environment variables runs on a fake gateway that
// it starts itself, and says so.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/paygates/paygates-go/ispay"
)

// Program is one program.
type Program struct {
	// Name is what it is called, Title what it is for.
	Name, Title string
	Variables   []Variable
	Commands    []Command
}

// Variable is an environment variable that a program reads.
type Variable struct {
	Name, Help string
	// Required is set for what every command needs.
	Required bool
}

// Command is a sub-command.
type Command struct {
	Name, Help string
	// Args names its arguments, as in "ORDER_NO". All of them are required.
	Args string
	// Needs names variables that it needs beside the required ones.
	Needs []string
	// Explains gives it the flag -explain.
	Explains bool
	// New defines its flags and returns what it does.
	New func(*flag.FlagSet) Run
}

// Run is what a command does.
type Run func(context.Context, *Call) error

// The exit statuses, as the usage text says them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// interrupted is what Ctrl-C leads to.
type interrupted struct{}

func (interrupted) Error() string { return "interrupted" }
func (interrupted) Unwrap() error { return context.Canceled }

// Usagef returns an error for a mistake in how the program was called.
func Usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs the program and ends the process. The first Ctrl-C ends it cleanly,
// a second one at once.
func Main(p *Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", strings.TrimPrefix(err.Error(), p.Name+": "))
	}
	os.Exit(ExitStatus(err))
}

// ExitStatus returns the exit status for the error of Run.
func ExitStatus(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}

// Run runs the command that the arguments name. Without an error it has done
// what was asked.
func (p *Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer, env func(string) string) error {
	if len(args) == 0 {
		p.usage(stderr)
		return Usagef("want a command")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		p.usage(stdout)
		return nil
	}
	i := slices.IndexFunc(p.Commands, func(c Command) bool { return c.Name == args[0] })
	if i < 0 {
		return Usagef("unknown command %q: there are %s (%s -h says more)", args[0], p.names(), p.Name)
	}
	command := p.Commands[i]
	flags := flag.NewFlagSet(command.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	call := &Call{command: command.Name, env: env, screen: newScreen(stdout, stderr, env)}
	flags.BoolVar(&call.json, "json", false, "print one JSON object a line on stdout, and nothing else there")
	if command.Explains {
		flags.BoolVar(&call.explain, "explain", false, "show field by field what is signed, with the secret masked")
	}
	run := command.New(flags)
	positional, err := parse(flags, args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.commandUsage(stdout, command, flags)
		return nil
	case err != nil:
		call.json = call.json || slices.Contains(args, "-json") || slices.Contains(args, "--json")
		err = Usagef("%s: %w (%s %s -h lists the flags)", command.Name, err, p.Name, command.Name)
	case len(positional) != len(strings.Fields(command.Args)):
		err = Usagef("usage: %s", p.line(command))
	default:
		call.Args = positional
		err = p.carryOut(ctx, command, run, call)
	}
	if err != nil && call.json {
		call.Show("error", Field{Name: "kind", Value: kind(err)}, Field{Name: "message", Value: err.Error()})
	}
	return err
}

func (p *Program) carryOut(ctx context.Context, command Command, run Run, call *Call) error {
	if err := p.checkEnvironment(command, call); err != nil {
		return err
	}
	defer call.end()
	err := run(ctx, call)
	// What a context that was canceled leaves behind reads in many ways.
	if err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return interrupted{}
	}
	if command.Explains && !call.explain && refused(err) {
		call.Note("If the gateway refuses the signature, -explain shows what is signed.")
	}
	return err
}

// refused reports whether the gateway said no.
func refused(err error) bool {
	var usage usageError
	return err != nil && !errors.As(err, &usage) && !errors.Is(err, ispay.ErrInvalidRequest) &&
		!errors.Is(err, ispay.ErrInvalidConfig) && !errors.Is(err, ispay.ErrNoAnswer) && !errors.Is(err, ispay.ErrNotPaid)
}

// checkEnvironment decides between the real gateway and a fake one. Half an
// environment is an error: nobody means a fake gateway by it.
func (p *Program) checkEnvironment(command Command, call *Call) error {
	var set, missing []string
	for _, variable := range p.Variables {
		value := call.env(variable.Name)
		switch {
		case value != "":
			set = append(set, variable.Name)
			if strings.TrimSpace(value) != value && !strings.Contains(value, "-----") {
				call.Note("Warning: %s begins or ends with a blank.", variable.Name)
			}
		case variable.Required || slices.Contains(command.Needs, variable.Name):
			missing = append(missing, variable.Name)
		}
	}
	call.demo = len(set) == 0
	if len(set) > 0 && len(missing) > 0 {
		return Usagef("%s is set, but not %s: set all of them for the real gateway, or none for a fake one",
			strings.Join(set, ", "), strings.Join(missing, ", "))
	}
	return nil
}

// parse takes flags and arguments in any order; "--" ends the flags.
func parse(flags *flag.FlagSet, args []string) (positional []string, err error) {
	var last []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, last = args[:i], args[i+1:]
	}
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return append(positional, last...), nil
		}
		positional = append(positional, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// kind names an error for programs. The five provider packages share these
// values, whichever of them names them.
func kind(err error) string {
	var usage usageError
	if errors.As(err, &usage) {
		return "usage"
	}
	kinds := []struct {
		err  error
		name string
	}{
		{ispay.ErrOutcomeUnknown, "outcome_unknown"},
		{ispay.ErrNotConfirmed, "not_confirmed"},
		{ispay.ErrOrderNotFound, "order_not_found"},
		{ispay.ErrNotPaid, "not_paid"},
		{ispay.ErrInvalidConfig, "invalid_config"},
		{ispay.ErrInvalidRequest, "invalid_request"},
		{ispay.ErrInvalidSignature, "invalid_signature"},
		{ispay.ErrInvalidNotification, "invalid_notification"},
		{ispay.ErrNoAnswer, "no_answer"},
		{ispay.ErrBadAnswer, "bad_answer"},
		{errTimeout, "timeout"},
		{context.Canceled, "interrupted"},
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return "failed"
}

func (p *Program) names() string {
	names := make([]string, len(p.Commands))
	for i, command := range p.Commands {
		names[i] = command.Name
	}
	return strings.Join(names, ", ")
}

func (p *Program) line(command Command) string {
	line := p.Name + " " + command.Name + " [flags]"
	if command.Args != "" {
		line += " " + command.Args
	}
	return line
}

func (p *Program) usage(out io.Writer) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	say("%s: %s\n\nCommands:\n", p.Name, p.Title)
	for _, command := range p.Commands {
		say("  %s\n        %s\n", p.line(command), command.Help)
	}
	say("\n%s <command> -h lists the flags of a command.\n", p.Name)
	p.environment(out)
	say("\nExit status: 0 done, %d failed or not paid, %d called in a wrong way, %d ended by Ctrl-C.\n",
		exitFailed, exitUsage, exitInterrupted)
}

func (p *Program) commandUsage(out io.Writer, command Command, flags *flag.FlagSet) {
	_, _ = fmt.Fprintf(out, "Usage: %s\n%s\n\nFlags:\n", p.line(command), command.Help)
	flags.SetOutput(out)
	flags.PrintDefaults()
	p.environment(out)
}

func (p *Program) environment(out io.Writer) {
	_, _ = fmt.Fprint(out, "\nEnvironment (if none of these is set, a fake gateway is started and used):\n")
	for _, variable := range p.Variables {
		required := ""
		if variable.Required {
			required = " Required."
		}
		_, _ = fmt.Fprintf(out, "  %s\n        %s%s\n", variable.Name, variable.Help, required)
	}
	_, _ = fmt.Fprint(out, "examples/sandbox is a fake gateway that stays: it prints these variables for itself.\n")
}
