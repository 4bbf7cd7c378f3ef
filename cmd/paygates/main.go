// Sandbox runs the fake gateways of all five providers on fixed loopback ports,
// for developing and testing a shop in any language. A page shows orders and
// callbacks as they happen and plays the payer; a small JSON API does the same
// for tests.
//
//	go run ./examples/sandbox
//	go run ./examples/sandbox -port 9200
//
// The page is on the given port (9100), the gateways on the five after it. The
// API, all of it on the page's port:
//
//	GET  /env                                 the configuration, for a shell; ?shell=powershell
//	GET  /api/gateways                        URLs, configuration, settings
//	GET  /api/orders                          all orders; ?gateway=ispay
//	GET  /api/orders/{gateway}/{number}       one order, by either number
//	GET  /api/deliveries                      all callbacks; ?gateway=ispay
//	POST /api/orders/{gateway}/{number}/pay           the payer pays, and it calls back
//	POST /api/orders/{gateway}/{number}/pay-silently  the same, but the callback is lost
//	POST /api/orders/{gateway}/{number}/expire        it ends without a payment
//	POST /api/orders/{gateway}/{number}/redeliver     it calls back once more
//	POST /api/orders/{gateway}/{number}/tamper        an attacker sends a forged callback
//	POST /api/orders/pingpp                   {"order_no":"1","amount":"99.00","subject":"Example"}:
//	                                          an order that the merchant backend knows
//	POST /api/gateways/{gateway}/delay        {"seconds":5}: every callback waits so long
//	POST /api/gateways/{gateway}/notify-url   {"url":"http://…"}: the account's own (gatepay, pingpp)
//	POST /api/gateways/{gateway}/fault        {"path":"/gateway","times":1,"status":500}: misbehave;
//	                                          {} ends it. Also processed, delay_seconds, reset,
//	                                          redirect, cut, content_type, body
//
// An action answers {"order":…,"delivery":…} once the shop has answered the
// callback; with ?background=1 it does not wait for a shop that is slow, and
// answers 202. An error is {"error":"…"}.
//
// It listens on loopback only, and refuses requests that a page of another
// origin makes a browser send.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, which is no error.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stdout)
	port := flags.Int("port", 9100, "port of the page; 0 is any free one, for the gateways too")
	ports := make([]int, len(starters))
	for i, s := range starters {
		flags.IntVar(&ports[i], s.name+"-port", 0, fmt.Sprintf("port of %s (default: that of the page + %d)", s.name, i+1))
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for i := range ports {
		if ports[i] == 0 && *port != 0 {
			ports[i] = *port + i + 1
		}
	}
	listeners, err := listenAll(append([]int{*port}, ports...))
	if err != nil {
		return err
	}
	box := newSandbox(listeners[0].Addr().String(), listeners[1:])
	defer box.close()
	box.describe(stdout)
	return serve(ctx, listeners[0], box.handler())
}

// listenAll opens all ports or none.
func listenAll(ports []int) ([]net.Listener, error) {
	listeners := make([]net.Listener, 0, len(ports))
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			for _, opened := range listeners {
				_ = opened.Close()
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("port %d is taken, perhaps by another sandbox: end it, or choose others with -port", port)
			}
			return nil, fmt.Errorf("cannot listen on port %d: %w", port, err)
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Whoever is waiting for a delayed callback is not waited for.
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if err := server.Shutdown(ending); err != nil {
		return server.Close()
	}
	return nil
}

// newSandbox starts the gateways on their listeners.
func newSandbox(address string, listeners []net.Listener) *sandbox {
	box := &sandbox{address: address, busy: map[string]bool{}}
	for i, s := range starters {
		g := s.start(gatewaytest.WithListener(listeners[i]))
		g.name, g.title = s.name, s.title
		box.gateways = append(box.gateways, g)
	}
	return box
}
