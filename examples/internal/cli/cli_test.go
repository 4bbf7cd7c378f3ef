package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func one(command func(*flag.FlagSet) Run, args string) *Program {
	return &Program{
		Name: "example", Title: "an example",
		Variables: []Variable{{Name: "EXAMPLE_ID", Required: true}, {Name: "EXAMPLE_SECRET", Required: true}, {Name: "EXAMPLE_TOKEN"}},
		Commands:  []Command{{Name: "do", Args: args, Explains: true, Needs: []string{"EXAMPLE_TOKEN"}, New: command}},
	}
}

func none(string) string { return "" }

func TestFlagsAndArgumentsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-n", "3", "a", "b"}, {"a", "-n", "3", "b"}, {"a", "b", "-n=3"}, {"-n", "3", "--", "a", "b"},
	} {
		var n int
		var got []string
		program := one(func(flags *flag.FlagSet) Run {
			flags.IntVar(&n, "n", 0, "")
			return func(_ context.Context, call *Call) error {
				got = call.Args
				return nil
			}
		}, "A B")
		require.NoError(t, program.Run(context.Background(), append([]string{"do"}, args...), io.Discard, io.Discard, none))
		assert.Equal(t, 3, n, args)
		assert.Equal(t, []string{"a", "b"}, got, args)
	}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	positional, err := parse(flags, []string{"--", "-x"})
	require.NoError(t, err)
	assert.Equal(t, []string{"-x"}, positional, "an order number may begin with a dash")
}

func TestTheEnvironmentDecides(t *testing.T) {
	t.Parallel()
	run := func(env map[string]string) (demo bool, err error) {
		program := one(func(*flag.FlagSet) Run {
			return func(_ context.Context, call *Call) error {
				demo = call.Demo()
				return nil
			}
		}, "")
		err = program.Run(context.Background(), []string{"do"}, io.Discard, io.Discard, func(name string) string { return env[name] })
		return demo, err
	}
	demo, err := run(nil)
	require.NoError(t, err)
	assert.True(t, demo)
	demo, err = run(map[string]string{"EXAMPLE_ID": "1", "EXAMPLE_SECRET": "s", "EXAMPLE_TOKEN": "t"})
	require.NoError(t, err)
	assert.False(t, demo)
	_, err = run(map[string]string{"EXAMPLE_ID": "1"})
	require.EqualError(t, err, "EXAMPLE_ID is set, but not EXAMPLE_SECRET, EXAMPLE_TOKEN: "+
		"set all of them for the real gateway, or none for a fake one")
	_, err = run(map[string]string{"EXAMPLE_ID": "1", "EXAMPLE_SECRET": "the-secret"})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "the-secret")
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 0, ExitStatus(nil))
	assert.Equal(t, 1, ExitStatus(errors.New("no")))
	assert.Equal(t, 2, ExitStatus(fmt.Errorf("do: %w", Usagef("no"))))
	assert.Equal(t, 130, ExitStatus(interrupted{}))
	assert.Equal(t, 1, ExitStatus(context.DeadlineExceeded))
}

func TestResults(t *testing.T) {
	t.Parallel()
	fields := []Field{
		{Name: "order_no", Value: "A&1"},
		{Name: "amount", Value: money.Cents(30000)},
		{Name: "state", Value: 9, Text: "9 (confirmed)"},
		{Name: "subject", Value: "red \x1b[31m\u009b31m"},
		{Name: "empty", Value: ""},
		{Name: "raw", Value: json.RawMessage(`{"a":1}`)},
	}
	var out bytes.Buffer
	writeJSON(&out, "paid", fields)
	assert.Equal(t, `{"event":"paid","order_no":"A&1","amount":"300.00","state":9,"subject":"red \u001b[31m`+"\u009b"+
		`31m","empty":"","raw":{"a":1}}`+"\n", out.String())
	out.Reset()
	writeText(&out, "not_paid", fields)
	assert.Equal(t, "not paid\n  order no       A&1\n  amount         300.00\n  state          9 (confirmed)\n  subject        red ?[31m?31m\n", out.String())
	out.Reset()
	writeJSON(&out, "paid", []Field{{Name: "raw", Value: json.RawMessage(`{`)}})
	assert.True(t, json.Valid(out.Bytes()), "whatever the gateway sent: %s", out.String())
}

func TestChoice(t *testing.T) {
	t.Parallel()
	type channel string
	for text, want := range map[string]channel{"": "P901", "wechat": "P902", "P902": "P902"} {
		var got channel
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		Choice(flags, &got, "channel", "how", Named[channel]{"alipay", "P901"}, Named[channel]{"wechat", "P902"})
		args := []string{}
		if text != "" {
			args = []string{"-channel", text}
		}
		require.NoError(t, flags.Parse(args))
		assert.Equal(t, want, got)
	}
}

func TestNewOrderNo(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `^S[0-9]{18}E$`, NewOrderNo())
}

// The line that moves is one for terminals; elsewhere each state is a line.
func TestProgress(t *testing.T) {
	t.Parallel()
	for _, moves := range []bool{true, false} {
		var stdout, stderr bytes.Buffer
		s := &screen{stdout: &stdout, stderr: &stderr, moves: moves}
		call := &Call{screen: s}
		log := call.Logger()
		log.Info("ispay: waiting for payment", "state", "1")
		assert.Contains(t, stderr.String(), "ispay: waiting for payment state=\"1\"\n", "nobody waits yet")
		err := call.Wait(context.Background(), time.Minute, func(context.Context) error {
			log.Info("ispay: waiting for payment", "state", "5 (awaiting payment)")
			log.Debug("ispay: waiting for payment", "state", "never shown")
			log.With("gateway", "x").WithGroup("g").Warn("ispay: no answer")
			call.Show("result")
			s.beat()
			return nil
		})
		require.NoError(t, err)
		text := stderr.String()
		assert.Equal(t, "result\n", stdout.String())
		assert.Contains(t, text, "0 s: state 5 (awaiting payment)")
		assert.Contains(t, text, "ispay: no answer gateway=\"x\"\n")
		assert.NotContains(t, text, "never shown")
		if moves {
			assert.True(t, strings.HasSuffix(text, clearLine), "the line is gone at the end: %q", text)
		} else {
			assert.NotContains(t, text, "\x1b")
			assert.NotContains(t, text, "\r")
		}
	}
}

func TestWaitEndsInTime(t *testing.T) {
	t.Parallel()
	call := &Call{screen: newScreen(io.Discard, io.Discard, none)}
	err := call.Wait(context.Background(), time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("whatever a query says that was cut off")
	})
	require.EqualError(t, err, "not paid in time: 1ms are over")
	assert.Equal(t, "timeout", kind(err))
}

func TestServe(t *testing.T) {
	t.Parallel()
	call := &Call{screen: newScreen(io.Discard, io.Discard, none)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	ready := func(ctx context.Context, target string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader("a=1"))
		if err != nil {
			return err
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	err = call.Serve(context.Background(), &Serving{Listen: listener.Addr().String(), Path: "/n"}, handler, nil, ready)
	require.ErrorContains(t, err, "cannot listen", "the port is taken")
	err = call.Serve(context.Background(), &Serving{Listen: "127.0.0.1:0", Path: "n"}, handler, nil, ready)
	require.ErrorContains(t, err, "-path must begin with /")
	err = call.Serve(context.Background(), &Serving{Listen: "127.0.0.1:0", Path: "/n", Count: 1}, handler, nil, ready)
	require.NoError(t, err)
	failing := errors.New("no order")
	err = call.Serve(context.Background(), &Serving{Listen: "127.0.0.1:0", Path: "/n"}, handler, nil,
		func(context.Context, string) error { return failing })
	require.ErrorIs(t, err, failing)
}

// The handler finds the body that was explained.
func TestAnExplainedCallbackArrivesWhole(t *testing.T) {
	t.Parallel()
	call := &Call{explain: true, screen: newScreen(io.Discard, io.Discard, none)}
	var explained, handled string
	handler := call.watched(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		handled = string(body)
	}), func(r *http.Request, body []byte) sign.Explanation {
		explained = Values(r, body).Get("a")
		return sign.Explanation{}
	}, &counter{})
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/?a=2", strings.NewReader("a=1")))
	assert.Equal(t, "1", explained)
	assert.Equal(t, "a=1", handled)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/?a=2", nil))
	assert.Equal(t, "2", explained)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("a", maxBody+1))))
	assert.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
}

func TestReceived(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a=1&b=%20", "https://shop.example.com/n?a=1&b=%20", " a=1&b=+\n"} {
		values, err := Received(text)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"a": {"1"}, "b": {" "}}, values, text)
	}
	for _, text := range []string{"", "a=%zz", "@/no/such/file"} {
		_, err := Received(text)
		assert.Equal(t, exitUsage, ExitStatus(err), text)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	var once Once
	assert.True(t, once.First("1"))
	assert.False(t, once.First("1"))
	assert.True(t, once.First("2"))
}

func TestFetch(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/0.png" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "image")
	}))
	defer server.Close()
	image, err := Fetch(context.Background(), server.URL+"/0.png")
	require.NoError(t, err)
	assert.Equal(t, "image", string(image))
	_, err = Fetch(context.Background(), server.URL+"/1.png")
	require.EqualError(t, err, "the image cannot be fetched: HTTP 404")
	_, err = Fetch(context.Background(), "\x00")
	require.Error(t, err)
}

func TestTheLoggerTakesWhatAPersonWouldSee(t *testing.T) {
	t.Parallel()
	log := (&Call{screen: newScreen(io.Discard, io.Discard, none)}).Logger()
	assert.True(t, log.Enabled(context.Background(), slog.LevelInfo))
	assert.False(t, log.Enabled(context.Background(), slog.LevelDebug))
}

func TestAQRCodeIsDarkOnLightOnATerminal(t *testing.T) {
	t.Parallel()
	s := &screen{colours: true}
	assert.Equal(t, "   \x1b[97;40m█▄\x1b[0m\n   \x1b[97;40m▀ \x1b[0m\n", string(s.coloured([]byte("   █▄\n   ▀ \n"))))
	s.colours = false
	assert.Equal(t, "   █▄\n", string(s.coloured([]byte("   █▄\n"))))
}
