package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/paygates/paygates-go/cmd/paygates/internal/sandbox"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
)

type listenCommand struct {
	gatewayArgs
	Address  string        `default:"127.0.0.1:8080" help:"Address to listen on. :8080 is every interface, port 0 any free one."`
	Forward  *string       `placeholder:"URL" help:"Passes each request on unchanged and returns the response of this server."`
	Count    int           `placeholder:"NUMBER" help:"End after this many notifications (default: none; with --fake: 3)."`
	Explain  bool          `help:"Explain the signature of each notification."`
	PayAfter time.Duration `default:"2s" help:"With --fake: when the payer pays."`
}

// Help returns what --help prints below the summary.
func (*listenCommand) Help() string {
	return `Any path is a notify URL. Without --forward the gateway gets the response of the SDK's handler: a genuine and confirmed
notification is accepted and does not arrive again. Gateways must reach the address: use a tunnel, or the sandbox.

    paygates listen ispay --forward http://127.0.0.1:3000/notify`
}

// notified is a notification that arrived.
type notified struct {
	Gateway string `json:"gateway"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	// Genuine reports whether it was verified, and confirmed where the gateway has a query.
	Genuine bool `json:"genuine"`
	// Verdict is the status of the SDK's handler.
	Verdict int    `json:"verdict"`
	Status  int    `json:"status"`
	Body    string `json:"body"`
	// Forwarded reports whether Status and Body are those of the server of --forward.
	Forwarded bool   `json:"forwarded"`
	Hint      string `json:"hint,omitempty"`
}

// listener handles the requests of one listen command.
type listener struct {
	*session
	forward http.Handler // nil without --forward
	explain bool
	seen    atomic.Int64
	count   int
	enough  context.CancelCauseFunc
}

var errEnough = errors.New("enough notifications")

// Run receives notifications until Ctrl-C or --count.
func (c *listenCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpListen)
	if err != nil {
		return err
	}
	defer s.close()
	forward, err := a.forwarder(c.Forward)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return a.usage("--address must be HOST:PORT, such as 127.0.0.1:8080, and not %q", c.Address)
	}
	socket, err := net.Listen("tcp", c.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return a.fail(nil, "listen: %s is in use: stop the other program, or choose another --address", c.Address)
	case err != nil:
		return a.usage("--address %q: %s", c.Address, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := &listener{session: s, forward: forward, explain: c.Explain, count: c.Count, enough: cancel}
	if s.fake != nil && l.count == 0 {
		l.count = 3
	}
	server := &http.Server{Handler: l, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(socket) }()
	notifyURL := sandbox.PublicURL(host, socket) + "/notify"
	a.screen.Note("Notifications are received at %s (Ctrl-C ends).", notifyURL)
	if s.fake != nil {
		s.tasks.Add(1)
		go func() {
			defer s.tasks.Done()
			if err := l.playStory(ctx, notifyURL, c.PayAfter); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		}()
	}
	select {
	case <-ctx.Done():
		err = context.Cause(ctx)
	case err = <-failed:
	}
	// A notification that is being handled gets its response.
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

// playStory pays an order of the fake gateway, repeats its notification and sends a
// tampered one.
func (l *listener) playStory(ctx context.Context, notifyURL string, after time.Duration) error {
	number, err := l.prepare(ctx, newOrderNo(), notifyURL)
	if err != nil {
		return err
	}
	if !sleep(ctx, after) {
		return ctx.Err()
	}
	note := l.app.screen.Note
	note("Fake gateway: the payer pays now.")
	if _, err := l.fake.Pay(number); err != nil || ctx.Err() != nil {
		return err
	}
	note("Fake gateway: the notification is repeated.")
	if _, err := l.fake.Redeliver(number); err != nil || ctx.Err() != nil {
		return err
	}
	if l.Story.Unpaid { // nothing can be tampered with after the payment
		if number, err = l.prepare(ctx, newOrderNo(), notifyURL); err != nil {
			return err
		}
	}
	note("Fake gateway: an attacker sends a tampered notification.")
	_, err = l.fake.SendTampered(number)
	return err
}

const longestNotification = 1 << 20

// ServeHTTP verifies a notification, shows it, and responds as the SDK's handler or the
// server of --forward does.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestNotification))
	if err != nil {
		http.Error(w, "fail", http.StatusRequestEntityTooLarge)
		return
	}
	if l.explain && l.client.Explain != nil {
		l.app.explain(l.client.Explain(l.receivedBy(r, body)))
	}
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	verdict := httptest.NewRecorder()
	l.client.Handler(func(payment *gateway.Payment) { l.app.screen.Result("confirmed", payment) }).ServeHTTP(verdict, copied)
	response := verdict
	if l.forward != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		response = httptest.NewRecorder()
		l.forward.ServeHTTP(response, r)
	}
	n := notified{
		Gateway: l.Name, Method: r.Method, Path: r.URL.Path,
		Genuine: verdict.Code == http.StatusOK, Verdict: verdict.Code, Status: response.Code,
		Body: sandbox.Mask(short(response.Body.String())), Forwarded: l.forward != nil,
	}
	if verdict.Code == http.StatusForbidden {
		n.Hint = l.app.screen.Text("invalid signature: --explain shows what is signed")
	}
	l.app.screen.Result("notification", n)
	for name, values := range response.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Code)
	_, _ = w.Write(response.Body.Bytes())
	if l.seen.Add(1) == int64(l.count) {
		l.enough(errEnough)
	}
}

func short(text string) string {
	if len(text) > longestResponse {
		return strings.ToValidUTF8(text[:longestResponse], "") + "…"
	}
	return text
}

// receivedBy returns a notification for an explanation. The parameters are those of the
// body, or of the query if there is no body.
func (s *session) receivedBy(r *http.Request, body []byte) gateway.Received {
	form := string(body)
	if len(body) == 0 {
		form = r.URL.RawQuery
	}
	values, _ := s.form(form)
	return gateway.Received{Values: values, Body: body, Signature: r.Header.Get(s.SignatureHeader)}
}

// forwarder returns a handler that passes requests on unchanged. The path is that of the
// target, the query that of the request.
func (a *app) forwarder(target *string) (http.Handler, error) {
	if target == nil {
		return nil, nil //nolint:nilnil // no forwarding
	}
	to, err := url.Parse(*target)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, a.usage("--forward must be an http or https URL, such as http://127.0.0.1:3000/notify")
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			query := r.In.URL.RawQuery
			r.Out.URL = &url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath, RawQuery: query}
			r.Out.Host = to.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, unreachable(text.English, to.Host, err).Error(), http.StatusBadGateway)
		},
	}, nil
}
