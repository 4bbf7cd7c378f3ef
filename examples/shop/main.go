// Shop is a small web shop that takes payments through the gateways of
// paygates-go: choose a gateway, pay an amount, see the receipt. README.md says
// how to run it and what it shows.
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
	err := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run opens the shop and closes it again when ctx ends.
func run(ctx context.Context, args []string, env environment, out io.Writer) error {
	settings, err := readSettings(args, env, out)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	listener, err := net.Listen("tcp", settings.addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // does nothing once it has been served
	if settings.publicURL == "" {
		settings.publicURL = defaultPublicURL(listener.Addr())
	}
	store, err := openStore(ctx, settings.database, settings.grace)
	if err != nil {
		return err
	}
	defer func() { _ = store.close() }()
	s := &shop{settings: settings, store: store, log: log}
	if err := s.stock(env); err != nil {
		return err
	}
	if s.fakes != nil {
		defer s.fakes.close()
	}
	return s.serve(ctx, listener)
}

// stock puts the gateways on sale: those with credentials, or the fakes.
func (s *shop) stock(env environment) error {
	var err error
	if s.offers, err = realOffers(env, s.log); err != nil || len(s.offers) > 0 {
		return err
	}
	s.log.Info("no credentials in the environment: the gateways are fakes, and no money moves")
	s.fakes = startFakes()
	s.offers, err = s.fakes.offers(s.settings.publicURL, s.log)
	return err
}

// serve answers requests and asks for orders until ctx ends. Then it lets what
// is under way come to its end.
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
		WriteTimeout:      s.settings.timeout + 45*time.Second, // a callback may ask its gateway three times
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	var background sync.WaitGroup
	background.Add(1)
	go func() {
		defer background.Done()
		s.reconcile(ctx)
	}()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.log.Info("the shop is open", "url", s.settings.publicURL)

	var failed error
	select {
	case failed = <-served:
	case <-ctx.Done():
		s.log.Info("the shop closes")
		patience, done := context.WithTimeout(context.WithoutCancel(ctx), s.settings.timeout+5*time.Second)
		failed = server.Shutdown(patience)
		done()
	}
	cancel()
	background.Wait()
	return failed
}
