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

	"github.com/paygates/paygates-go/cmd/paygates/internal/gateway"
)

var export = regexp.MustCompile(`(?s)export (\w+)='([^']*)'`)

// The sandbox is used with the variables that it prints, and ends by Ctrl-C.
func TestSandbox(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var stdout, stderr buffer
	started := make(chan string, 1)
	stdout.each = func(written string) {
		line, rest, found := strings.Cut(written, "\n")
		_ = rest
		if !found {
			return
		}
		var e struct{ Event, Page string }
		if json.Unmarshal([]byte(line), &e) == nil && e.Event == "sandbox" {
			select {
			case started <- e.Page:
			default:
			}
		}
	}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"sandbox", "--port", "0", "--json"}, nil, streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	}()
	var page string
	select {
	case page = <-started:
	case <-ctx.Done():
		t.Fatal("it does not start: " + stderr.String())
	}
	response, err := http.Get(page + "/env")
	require.NoError(t, err)
	script, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	env := gateway.Env{}
	for _, match := range export.FindAllStringSubmatch(string(script), -1) {
		env[match[1]] = match[2]
	}
	for _, name := range gateway.Names() {
		code, events := programJSON(t, env, createArgs(name)...)
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
	assert.Zero(t, <-ended)
	assert.Contains(t, stdout.String(), `{"event":"request",`)
	assert.NotContains(t, stdout.String(), env["CODEPAY_TOKEN"])
	assert.Empty(t, stderr.String())
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
