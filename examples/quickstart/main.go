// Command quickstart takes one payment through each gateway, from the order to the
// credited notification, and then shows how a forged notification is rejected. It runs
// on the fake gateways of the SDK, without credentials and without a network.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/internal/gateway"
)

const usage = `quickstart takes one payment through each gateway, from the order to the credited
notification, and then shows how a forged notification is rejected. It runs on the fake
gateways of the SDK, without credentials and without a network.

  go run ./examples/quickstart          all gateways
  go run ./examples/quickstart ispay    the named ones
`

func main() {
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), usage) }
	flag.Parse()
	for _, name := range flag.Args() {
		if !slices.Contains(gateway.Names(), name) {
			fmt.Fprintf(os.Stderr, "quickstart: unknown gateway %q, known are %s\n", name, strings.Join(gateway.Names(), ", "))
			os.Exit(2)
		}
	}
	if err := run(os.Stdout, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, names []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tell := &story{out: out}
	for _, g := range gateway.All() {
		if len(names) > 0 && !slices.Contains(names, g.Name) {
			continue
		}
		tell.title(g.Title)
		if err := play(ctx, g, tell); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	_, _ = fmt.Fprintln(out, "\nEvery payment was credited once, and every forged notification was rejected.")
	return nil
}

// quiet is the Logger of the clients: the story tells what they would log.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
