// Frameworks shows the notification handlers of paygates-go in an existing program with
// gin, echo, chi or fiber. It takes one payment through each fake gateway and ends.
//
//	go run -C examples/frameworks . -framework gin
//	go run -C examples/frameworks . -framework fiber -by-hand
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

// To add a framework, write one file and add one line to frameworks.
type framework struct {
	name  string
	serve func(*shop, net.Listener) (stop func() error)
}

func frameworks() []framework {
	return []framework{
		{"gin", func(s *shop, l net.Listener) func() error { return serve(l, newGin(s, ginLog(s))) }},
		{"echo", func(s *shop, l net.Listener) func() error { return serve(l, newEcho(s, echoLog(s))) }},
		{"chi", func(s *shop, l net.Listener) func() error { return serve(l, newChi(s, chiLog(s))) }},
		{"fiber", func(s *shop, l net.Listener) func() error { return serveFiber(l, newFiber(s, fiberLog(s))) }},
	}
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	switch err := run(os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "frameworks:", err)
		os.Exit(1)
	}
}

func run(args []string, out, logs io.Writer) error {
	flags := flag.NewFlagSet("frameworks", flag.ContinueOnError)
	flags.SetOutput(logs)
	name := flags.String("framework", "gin", "gin, echo, chi or fiber")
	byHand := flags.Bool("by-hand", false, "use the handlers that are written by hand")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: name a framework with -framework", flags.Arg(0))
	}
	path := "/notify/"
	if *byHand {
		path = "/by-hand/"
	}
	for _, f := range frameworks() {
		if f.name == *name {
			return play(f, path, out, logs)
		}
	}
	return fmt.Errorf("unknown framework %q: expected gin, echo, chi or fiber", *name)
}

// play sends a forged and a genuine notification of each gateway.
func play(f framework, path string, out, logs io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fakes := startFakes()
	defer fakes.close()
	s, err := fakes.newShop(slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stop := f.serve(s, listener)
	defer func() { _ = stop() }()
	base := "http://" + listener.Addr().String() + path
	_, _ = fmt.Fprintf(out, "%s listens, and the fake gateways send notifications to %s….\n", f.name, base)
	for _, c := range fakes.checkouts(s) {
		number, err := c.create(ctx, base+c.gateway)
		if err != nil {
			return err
		}
		forged, err := c.fake.SendTampered(number)
		if err != nil {
			return err
		}
		genuine, err := c.fake.Pay(number)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "%-11s  forged: %d %-4s  genuine: %d %s\n", c.gateway, forged.Status, forged.Response, genuine.Status, genuine.Response)
		if forged.Status != c.forgedStatus || forged.Response != "fail" || !genuine.Accepted {
			return fmt.Errorf("%s: unexpected response to a notification", c.gateway)
		}
	}
	_, _ = fmt.Fprintf(out, "%d payments were credited, each once.\n", len(s.credited))
	return nil
}

// serve serves gin, echo and chi, which implement http.Handler.
func serve(listener net.Listener, handler http.Handler) (stop func() error) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return server.Close
}
