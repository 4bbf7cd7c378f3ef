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
		for _, want := range prints {
			if !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("no %s in:\n%s", want, out.String())
			}
		}
	})
	for _, name := range variables {
		t.Run("with only "+name, func(t *testing.T) {
			t.Parallel()
			only := func(asked string) string { return map[string]string{name: "1"}[asked] }
			if err := run(context.Background(), []string{"PATH=/bin", name + "=1"}, only, io.Discard); err == nil || !strings.Contains(err.Error(), incomplete) {
				t.Errorf("got %v, expected an error with %q", err, incomplete)
			}
		})
	}
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
