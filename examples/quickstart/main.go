// Command quickstart takes one payment through each gateway, from the order to the
// credited notification, and then shows how a forged notification is rejected. It runs
// on the fake gateways of the SDK, without credentials and without a network.
//
//	go run ./examples/quickstart          all gateways
//	go run ./examples/quickstart ispay    the named ones
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"
)

// A gateway joins the quickstart with one line here and one file.
type gateway struct {
	name, title string
	run         func(context.Context, *story) error
}

func gateways() []gateway {
	return []gateway{
		{"ispay", "ispay 就付", runIspay},
		{"codepay", "codepay 码支付", runCodepay},
		{"gatepay", "GatePay", runGatepay},
		{"kechengcang", "kechengcang", runKechengcang},
		{"pingpp", "pingpp 益安 / Ping++", runPingpp},
	}
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, names []string) error {
	all := gateways()
	known := make([]string, len(all))
	for i, g := range all {
		known[i] = g.name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown gateway %q: use %s", name, strings.Join(known, ", "))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tell := &story{out: out}
	for _, g := range all {
		if len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		tell.title(g.title)
		if err := g.run(ctx, tell); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	_, _ = fmt.Fprintln(out, "\nEvery payment was credited once, and every forged notification was rejected.")
	return nil
}

// quiet is the Logger of the clients: the story tells what they would log.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// serve starts the merchant's web server with its notification handler and returns the
// notify URL.
func serve(notify http.Handler) (notifyURL string, stop func()) {
	mux := http.NewServeMux()
	mux.Handle("/notify", notify)
	server := httptest.NewServer(mux)
	return server.URL + "/notify", server.Close
}

// fetch returns the image at a URL of a gateway.
func fetch(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(io.LimitReader(response.Body, 1<<20))
}

// expect ends the quickstart if something is not as the story tells it.
func expect(ok bool, what string, got any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("expected %s, got %v", what, got)
}
