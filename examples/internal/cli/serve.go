package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/sign"
)

// Serving holds the flags of commands that receive callbacks.
type Serving struct {
	Listen, Path string
	Count        int
	PayAfter     time.Duration
}

// AddServing defines the flags of commands that receive callbacks.
func AddServing(flags *flag.FlagSet) *Serving {
	s := &Serving{}
	flags.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "address to listen on; \":8080\" is every interface, port 0 any free one")
	flags.StringVar(&s.Path, "path", "/notify", "path of the callbacks")
	flags.IntVar(&s.Count, "count", 0, "end after that many callbacks, 0: go on until Ctrl-C")
	AddPayAfter(flags, &s.PayAfter)
	return s
}

// Serve answers callbacks by handler until ctx ends or there were enough of them.
// ready is called with the URL of the callbacks once it listens, beside it. With
// -explain each callback is explained before it is handled.
func (c *Call) Serve(ctx context.Context, s *Serving, handler http.Handler, explain func(*http.Request, []byte) sign.Explanation, ready func(context.Context, string) error) error {
	if !strings.HasPrefix(s.Path, "/") {
		return Usagef("-path must begin with /")
	}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	counter := &counter{after: s.Count, enough: func() { cancel(errEnough) }}
	mux := http.NewServeMux()
	mux.Handle(s.Path, c.watched(handler, explain, counter))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	notifyURL := "http://" + listener.Addr().String() + s.Path
	c.Note("Callbacks are received at %s (Ctrl-C ends it).", notifyURL)
	c.tasks.Add(1)
	go func() {
		defer c.tasks.Done()
		if err := ready(ctx, notifyURL); err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}()
	select {
	case <-ctx.Done():
		err = context.Cause(ctx)
	case err = <-failed:
	}
	// A callback that is being answered gets its answer.
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if shutdown := server.Shutdown(ending); shutdown != nil && err == nil {
		err = shutdown
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

var errEnough = errors.New("enough callbacks")

type counter struct {
	mu     sync.Mutex
	n      int
	after  int
	enough func()
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.after {
		c.enough()
	}
}

const maxBody = 1 << 20

// watched shows each callback and how it was answered.
func (c *Call) watched(next http.Handler, explain func(*http.Request, []byte) sign.Explanation, counter *counter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.explain && explain != nil {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err != nil {
				http.Error(w, "fail", http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			c.Explain(explain(r, body))
		}
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		c.Show("callback",
			Field{Name: "method", Value: r.Method},
			Field{Name: "status", Value: answer.status, Text: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status))},
			Field{Name: "reply", Value: answer.reply.String()})
		counter.add()
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	reply  bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(data []byte) (int, error) {
	r.reply.Write(data)
	return r.ResponseWriter.Write(data)
}

// Values returns the parameters of a callback: those of its body, or those of
// its query if it is a GET.
func Values(r *http.Request, body []byte) url.Values {
	text := string(body)
	if r.Method == http.MethodGet {
		text = r.URL.RawQuery
	}
	values, _ := url.ParseQuery(text)
	return values
}

// Fields returns the named parameters, the absent ones too, which are empty.
func Fields(values url.Values, names ...string) []sign.Field {
	fields := make([]sign.Field, len(names))
	for i, name := range names {
		fields[i] = sign.Field{Name: name, Value: values.Get(name)}
	}
	return fields
}

// AllFields returns all parameters, by name.
func AllFields(values url.Values) []sign.Field {
	return Fields(values, slices.Sorted(maps.Keys(values))...)
}

// Once remembers what has been credited. A shop asks its database.
type Once struct {
	mu   sync.Mutex
	seen map[string]bool
}

// First reports whether a number has not been seen before.
func (o *Once) First(number string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	first := !o.seen[number]
	o.seen[number] = true
	return first
}

// Received returns a callback that was written down: a query, a form, or the URL
// that ends in one. "@name" is read from a file.
func Received(argument string) (url.Values, error) {
	body, err := ReceivedBody(argument)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(body))
	if _, query, ok := strings.Cut(text, "?"); ok && strings.HasPrefix(text, "http") {
		text = query
	}
	values, err := url.ParseQuery(text)
	if err != nil || len(values) == 0 {
		return nil, Usagef("want the callback as it came: a query such as 'a=1&sign=…', its URL, or @file")
	}
	return values, nil
}

// ReceivedBody is Received for a body of any kind.
func ReceivedBody(argument string) ([]byte, error) {
	name, ok := strings.CutPrefix(argument, "@")
	if !ok {
		return []byte(argument), nil
	}
	body, err := os.ReadFile(name) //nolint:gosec // whoever calls the program names the file
	if err != nil {
		return nil, Usagef("cannot read the callback: %w", err)
	}
	return body, nil
}
