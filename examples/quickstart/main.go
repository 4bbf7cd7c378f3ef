// Quickstart takes one payment through each gateway, from the order to the
// credited callback, and then shows a forged callback being refused. It runs
// against the fake gateways of the SDK: no credentials, no network.
//
//	go run ./examples/quickstart          all gateways
//	go run ./examples/quickstart ispay    the named ones
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/examples/internal/terminal"
)

// A gateway joins the quickstart with one line here and one file.
type gateway struct {
	name, title string
	run         func(context.Context, *terminal.Story) error
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
			return fmt.Errorf("no gateway %q: there are %s", name, strings.Join(known, ", "))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	story := &terminal.Story{Out: out}
	for _, g := range all {
		if len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		story.Title(g.title)
		if err := g.run(ctx, story); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	_, _ = fmt.Fprintln(out, "\nEvery payment was credited once, and every forged callback refused.")
	return nil
}

// serve starts the merchant's web server with its callback handler and returns
// the notify URL.
func serve(notify http.Handler) (notifyURL string, stop func()) {
	mux := http.NewServeMux()
	mux.Handle("/notify", notify)
	server := httptest.NewServer(mux)
	return server.URL + "/notify", server.Close
}

// fetch returns the image at a URL that a gateway gave.
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
