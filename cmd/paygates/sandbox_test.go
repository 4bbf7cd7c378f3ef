package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/gateway"
)

var export = regexp.MustCompile(`(?s)export (\w+)='([^']*)'`)

// startedSandbox is a sandbox that runs until ctx ends.
type startedSandbox struct {
	page           string
	env            gateway.Env // what it prints for a shell
	ended          chan int    // receives the exit code
	stdout, stderr *buffer
}

func startSandbox(ctx context.Context, t *testing.T) startedSandbox {
	t.Helper()
	s := startedSandbox{env: gateway.Env{}, ended: make(chan int, 1), stdout: &buffer{}, stderr: &buffer{}}
	started := make(chan string, 1)
	s.stdout.each = func(written string) {
		line, _, found := strings.Cut(written, "\n")
		var e struct{ Event, Page string }
		if found && json.Unmarshal([]byte(line), &e) == nil && e.Event == "sandbox" {
			select {
			case started <- e.Page:
			default:
			}
		}
	}
	go func() {
		s.ended <- run(ctx, []string{"sandbox", "--port", "0", "--json"}, nil, streams{in: strings.NewReader(""), out: s.stdout, err: s.stderr})
	}()
	select {
	case s.page = <-started:
	case <-ctx.Done():
		t.Fatal("it does not start: " + s.stderr.String())
	}
	response, err := http.Get(s.page + "/env")
	require.NoError(t, err)
	script, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	for _, match := range export.FindAllStringSubmatch(string(script), -1) {
		s.env[match[1]] = match[2]
	}
	return s
}

// The sandbox is used with the variables that it prints, and ends by Ctrl-C.
func TestSandbox(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	s := startSandbox(ctx, t)
	page, env := s.page, s.env
	for _, name := range gateway.Names() {
		code, events := programJSON(t, env, "create", name) // pingpp: the order of PINGPP_ORDER_NO
		require.Zero(t, code, events)
		number, ok := events[0]["number"].(string)
		require.True(t, ok)
		response, err := http.Post(page+"/api/orders/"+name+"/"+number+"/pay", "", nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, name)
		code, events = programJSON(t, env, "wait", name, number)
		require.Zero(t, code, events)
	}
	r := program(t, env, "", "doctor")
	assert.Zero(t, r.code, r.stdout)
	cancel()
	assert.Zero(t, <-s.ended)
	assert.Contains(t, s.stdout.String(), `{"event":"request",`)
	assert.NotContains(t, s.stdout.String(), env["CODEPAY_TOKEN"])
	assert.Empty(t, s.stderr.String())
}

func TestSandboxText(t *testing.T) {
	t.Parallel()
	for host, warns := range map[string]bool{"127.0.0.1": false, "0.0.0.0": true} {
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		var stdout, stderr buffer
		stdout.each = func(string) { cancel() }
		code := run(ctx, []string{"sandbox", "--port", "0", "--host", host}, nil, streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
		cancel()
		assert.Zero(t, code, stderr.String())
		assert.Regexp(t, `page +http://127\.0\.0\.1:\d+\n +ispay +http://127\.0\.0\.1:\d+\n`, stdout.String())
		assert.Contains(t, stdout.String(), "curl -X POST http://127.0.0.1:")
		assert.Equal(t, warns, strings.Contains(stderr.String(), "Warning: "), host)
	}
}
