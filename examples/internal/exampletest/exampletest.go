// Package exampletest tests the programs of examples.
package exampletest

import (
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paygates/paygates-go/internal/gateway"
)

// Program is the run function of an example.
type Program func(ctx context.Context, environ []string, getenv func(string) string, out io.Writer) error

// Run runs a program on its fake, without variables, and looks for what it must print, as
// regular expressions. With only one of its variables, or a misspelled one, it must return an
// error with the text incomplete. The usage must name every variable that it reads.
func Run(t *testing.T, run Program, usage, incomplete string, variables, prints []string) {
	t.Helper()
	t.Run("on the fake", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		var out lines
		unset := func(name string) string {
			if !slices.Contains(strings.FieldsFunc(usage, isNoName), name) {
				t.Errorf("the usage does not name %s", name)
			}
			return ""
		}
		if err := run(ctx, []string{"PATH=/bin"}, unset, &out); err != nil {
			t.Fatal(err)
		}
		expect(t, out.String(), prints)
	})
	for _, name := range variables {
		t.Run("with only "+name, func(t *testing.T) {
			t.Parallel()
			only := func(variable string) string { return map[string]string{name: "1"}[variable] }
			if err := run(context.Background(), []string{"PATH=/bin", name + "=1"}, only, io.Discard); err == nil || !strings.Contains(err.Error(), incomplete) {
				t.Errorf("got %v, expected an error with %q", err, incomplete)
			}
		})
	}
}

// RunInSandbox runs a program with the variables that the sandbox gives out, and pays its
// order. It looks for what the program must print, as regular expressions.
func RunInSandbox(t *testing.T, name string, run Program, prints []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	fake := gateway.Find(name).Fake("")
	defer fake.Close()
	environ := []string{"PATH=/bin"}
	for _, variable := range fake.Env {
		environ = append(environ, variable.Name+"="+variable.Value)
	}
	env := fake.Environment()
	paying := make(chan error, 1)
	go func() { paying <- payFirst(ctx, fake) }()
	var out lines
	if err := run(ctx, environ, func(name string) string { return env[name] }, &out); err != nil {
		t.Fatal(err)
	}
	if err := <-paying; err != nil {
		t.Fatal(err)
	}
	expect(t, out.String(), prints)
}

func expect(t *testing.T, printed string, patterns []string) {
	t.Helper()
	for _, want := range patterns {
		if !regexp.MustCompile(want).MatchString(printed) {
			t.Errorf("no %s in:\n%s", want, printed)
		}
	}
}

// payFirst pays the first order of a fake gateway.
func payFirst(ctx context.Context, fake *gateway.Fake) error {
	for ctx.Err() == nil {
		if orders := fake.Orders(); len(orders) > 0 {
			_, err := fake.Pay(orders[0].ID)
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ctx.Err()
}

// isNoName reports whether a character is not one of a variable's name.
func isNoName(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }

// lines collects what several goroutines print.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
