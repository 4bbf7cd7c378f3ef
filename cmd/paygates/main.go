// Command paygates is a tool for developing with the gateways of this SDK: a
// sandbox of fake gateways, orders, notifications, signatures and a check of your setup.
//
//	paygates sandbox
//	paygates create ispay --amount 1.00 --wait
//	paygates trigger ispay --to http://127.0.0.1:8080/notify
//	paygates verify ispay 'order_no=A1&amount=1.00&state=9&sign=…'
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/internal/gateway"
)

// cli are the commands and the flags of all of them.
type cli struct {
	JSON    bool             `help:"Print one JSON object per line on standard output."`
	Version kong.VersionFlag `help:"Print the version."`

	Sandbox sandboxCommand `cmd:"" help:"Run the fake gateways, with a page and a JSON API."`
	Create  createCommand  `cmd:"" help:"Create an order and show how to pay."`
	Query   queryCommand   `cmd:"" help:"Query an order."`
	Wait    waitCommand    `cmd:"" help:"Wait until an order is paid or has ended."`
	Listen  listenCommand  `cmd:"" help:"Receive notifications, verify and confirm them."`
	Trigger triggerCommand `cmd:"" help:"Send a signed test notification to your server."`
	Verify  verifyCommand  `cmd:"" help:"Verify and explain the signature of a notification."`
	Sign    signCommand    `cmd:"" help:"Explain how a request or a notification is signed."`
	Doctor  doctorCommand  `cmd:"" help:"Check credentials, network, clock and notify URL."`
}

// Help returns what --help prints below the summary.
func (*cli) Help() string {
	return `Credentials are environment variables. With --fake a command uses a fake gateway and needs none.

{variables}

Exit codes:

  0: done
  1: rejected or failed
  2: wrong usage or configuration
  3: outcome unknown, or not paid at the end of the timeout
  4: not genuine, or not confirmed by the gateway
  130: interrupted`
}

// streams are what the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is what the commands share.
type app struct {
	env    gateway.Env
	screen *screen.Screen
	in     io.Reader
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], os.Environ(), streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// exit is what kong's exit function panics with, after --help and --version.
type exit int

// run runs a command and returns the exit code.
func run(ctx context.Context, args, environ []string, s streams) (code int) {
	env := gateway.ParseEnv(environ)
	var c cli
	a := &app{
		env: env, in: s.in,
		screen: screen.New(screen.Settings{Stdout: s.out, Stderr: s.err, JSON: wantsJSON(args), Env: env}),
	}
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case exit:
			code = int(ended)
		default:
			panic(ended)
		}
	}()
	parser, err := kong.New(&c,
		kong.Name("paygates"), kong.Description("Develop with payment gateways: a sandbox, orders, notifications and signatures."),
		kong.Vars{"version": version()},
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.Help(a.printHelp),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		panic(err) // the struct tags are wrong
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	case args[0] == "version":
		args = []string{"--version"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return a.report(a.usage("%s (see paygates %s--help)", reword(a.screen.Language(), err.Error()), commandOf(err)))
	}
	err = a.interruptedIf(ctx, parsed.Run(a))
	if failed := a.screen.Err(); err == nil && failed != nil {
		err = a.fail(failed, "cannot write the output: %s", failed)
	}
	return a.report(err)
}

// wantsJSON reports whether --json is among the flags, before they are parsed: an error of
// the parser is written as JSON too.
func wantsJSON(args []string) (wants bool) {
	for _, arg := range args {
		switch arg {
		case "--":
			return wants
		case "--json", "--json=true", "--json=1", "--json=yes":
			wants = true
		}
	}
	return wants
}

// commandOf returns the command of a parse error with a blank, "" for none.
func commandOf(err error) string {
	if parsed, ok := err.(*kong.ParseError); ok && parsed.Context.Command() != "" { //nolint:errorlint // not wrapped
		return parsed.Context.Selected().Name + " "
	}
	return ""
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return "paygates " + info.Main.Version
	}
	return "paygates (devel)"
}
