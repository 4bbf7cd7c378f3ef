// Package clitest runs the command-line programs in their tests.
package clitest

import (
	"bufio"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/paygates/paygates-go/examples/internal/cli"
)

// Result is what a run of a program left behind.
type Result struct {
	Stdout, Stderr string
	Err            error
	// Events are the lines of Stdout of a run with -json.
	Events []Event
}

// Event is one line of JSON.
type Event map[string]any

// Is reports whether the event has this name.
func (e Event) Is(name string) bool { return e["event"] == name }

// Named returns the events with a name.
func (r Result) Named(name string) []Event {
	var named []Event
	for _, event := range r.Events {
		if event.Is(name) {
			named = append(named, event)
		}
	}
	return named
}

// Run runs a program with nothing in its environment but env.
func Run(ctx context.Context, t testing.TB, program *cli.Program, env map[string]string, args ...string) Result {
	t.Helper()
	var stdout, stderr buffer
	err := program.Run(ctx, args, &stdout, &stderr, func(name string) string { return env[name] })
	result := Result{Stdout: stdout.String(), Stderr: stderr.String(), Err: err}
	for _, arg := range args {
		if arg == "-json" {
			result.Events = events(t, result.Stdout)
		}
	}
	return result
}

func events(t testing.TB, stdout string) []Event {
	t.Helper()
	var all []Event
	lines := bufio.NewScanner(strings.NewReader(stdout))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event Event
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("with -json a line of stdout is not JSON: %q", lines.Text())
		}
		if name, _ := event["event"].(string); name == "" {
			t.Fatalf("an event without a name: %q", lines.Text())
		}
		all = append(all, event)
	}
	return all
}

// Mistakes calls a program in wrong ways, and checks that each is refused with
// the words that help, as a mistake of the caller, and that nothing else happens.
// credentials are those that a real gateway needs.
func Mistakes(t *testing.T, program *cli.Program, credentials map[string]string) {
	t.Helper()
	refused := func(want string, env map[string]string, args ...string) {
		t.Helper()
		result := Run(context.Background(), t, program, env, args...)
		if status := cli.ExitStatus(result.Err); status != 2 || !strings.Contains(result.Err.Error(), want) {
			t.Errorf("%v: exit status %d, error %v, want 2 and %q", args, status, result.Err, want)
		}
		if result.Stdout != "" || strings.Contains(result.Stderr, "FAKE") {
			t.Errorf("%v: something was done: %q %q", args, result.Stdout, result.Stderr)
		}
	}
	refused("want a command", nil)
	refused(`unknown command "creat": there are create, `, nil, "creat")
	for _, command := range program.Commands {
		args := append([]string{command.Name, "-tiemout", "1s"}, strings.Fields(command.Args)...)
		refused("flag provided but not defined: -tiemout", nil, args...)
		refused("usage: "+program.Name+" "+command.Name, nil, append(args[:1:1], "one", "two", "three")...)
	}
	for missing := range credentials {
		if len(credentials) == 1 {
			break
		}
		partial := map[string]string{}
		for name, value := range credentials {
			if name != missing {
				partial[name] = value
			}
		}
		create := program.Commands[0]
		args := append([]string{create.Name}, strings.Fields(create.Args)...)
		refused("is set, but not "+missing+":", partial, args...)
	}

	for _, args := range [][]string{{"-h"}, {"help"}, {"create", "-h"}, {"serve", "-help"}} {
		result := Run(context.Background(), t, program, nil, args...)
		if result.Err != nil || result.Stderr != "" {
			t.Errorf("%v: error %v, stderr %q", args, result.Err, result.Stderr)
		}
		for _, variable := range program.Variables {
			if !strings.Contains(result.Stdout, variable.Name) {
				t.Errorf("%v does not name %s", args, variable.Name)
			}
		}
	}
}

// buffer is a strings.Builder for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (b *buffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

// String returns what was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
