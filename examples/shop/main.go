// Shop is a small web shop on top of the package checkout: choose a payment method, pay an
// amount, see the receipt. README.md says how to run it and what it shows.
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
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], environmentOf(os.Environ()), os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run serves the shop until ctx ends.
func run(ctx context.Context, args []string, env environment, out io.Writer) error {
	settings, err := readSettings(args, env, out)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	listener, err := net.Listen("tcp", settings.addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use: stop the other program, or choose another -addr", settings.addr)
	case err != nil:
		return fmt.Errorf("-addr %q: %w", settings.addr, err)
	}
	defer func() { _ = listener.Close() }() // does nothing after the server has closed it
	if settings.publicURL == "" {
		settings.publicURL = defaultPublicURL(listener.Addr())
	}
	s, err := openShop(ctx, settings, env, log)
	if err != nil {
		return err
	}
	defer s.close()
	return s.serve(ctx, listener)
}

// serve serves requests and runs checkout's worker until ctx ends. It then waits for the
// requests that have begun.
func (s *shop) serve(ctx context.Context, listener net.Listener) error {
	handler, err := s.handler()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      90 * time.Second, // a notification has 60 s
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	var background sync.WaitGroup
	background.Go(func() { s.checkout.Run(ctx) })
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.log.Info("shop is open", "url", s.settings.publicURL)

	var failed error
	select {
	case failed = <-served:
	case <-ctx.Done():
		s.log.Info("shop is closing")
		limited, done := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		failed = server.Shutdown(limited)
		done()
	}
	cancel()
	background.Wait()
	limited, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	return errors.Join(failed, s.checkout.Flush(limited))
}
