// Package sandbox runs the fake gateways on fixed ports, with a page and a JSON API.
package sandbox

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
)

// DefaultPort is the port of the page. The gateways have the ports after it.
const DefaultPort = 9100

// Settings says where a Sandbox listens.
type Settings struct {
	// Host is the address to listen on.
	Host string
	// Port is the port of the page. The gateways have the ports after it. 0 is any free
	// port, for the gateways too.
	Port int
	// GatewayPorts are the ports of single gateways, by name.
	GatewayPorts map[string]int
	// Language is that of errors.
	Language text.Language
	// Log receives every request, response and notification.
	Log func(Entry)
}

// Sandbox is the running fake gateways with their page.
type Sandbox struct {
	// URL is the address of the page.
	URL string

	gateways []*running
	servers  []*http.Server
	failed   chan error
	tasks    sync.WaitGroup
	log      func(Entry)

	mu   sync.Mutex
	busy map[string]bool // orders that are being paid
}

// running is one fake gateway of the sandbox.
type running struct {
	*gateway.Gateway
	*gateway.Fake
	url string

	mu        sync.Mutex
	delay     time.Duration
	notifyURL string
	faults    int // that were injected since the last reset
}

// Gateways returns the names and the addresses of the gateways.
func (b *Sandbox) Gateways() []gateway.Field {
	var all []gateway.Field
	for _, g := range b.gateways {
		all = append(all, gateway.Field{Name: g.Name, Value: g.url})
	}
	return all
}

// IsLoopback reports whether only this machine reaches the host.
func IsLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Start starts a Sandbox. Stop it with Close.
func Start(s Settings) (*Sandbox, error) {
	all := gateway.All()
	ports := []int{s.Port}
	for i, g := range all {
		port := s.GatewayPorts[g.Name]
		if port == 0 && s.Port != 0 {
			port = s.Port + 1 + i
		}
		ports = append(ports, port)
	}
	listeners, err := listenAll(s.Language, s.Host, ports)
	if err != nil {
		return nil, err
	}
	box := &Sandbox{
		URL:  PublicURL(s.Host, listeners[0]),
		busy: map[string]bool{}, failed: make(chan error, len(listeners)), log: s.Log,
	}
	box.serve(listeners[0], box.handler())
	// Programs keep their orders while the sandbox is restarted.
	issued := gatewaytest.WithIssued(time.Now().UnixMilli())
	for i, g := range all {
		url := PublicURL(s.Host, listeners[i+1])
		r := &running{Gateway: g, Fake: g.Fake(url, gatewaytest.WithAddress("127.0.0.1:0"), issued), url: url}
		box.gateways = append(box.gateways, r)
	}
	for i, r := range box.gateways {
		box.serve(listeners[i+1], box.front(r))
	}
	return box, nil
}

// PublicURL returns the address for links to a listener of the given host: one of this
// machine if it listens on all. Requests to the sandbox that name another address get links
// with that: see front.
func PublicURL(host string, listener net.Listener) string {
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// listenAll opens all ports or none.
func listenAll(l text.Language, host string, ports []int) ([]net.Listener, error) {
	listeners := make([]net.Listener, 0, len(ports))
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			listeners = append(listeners, listener)
			continue
		}
		for _, opened := range listeners {
			_ = opened.Close()
		}
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, l.Error(err, "sandbox: port %d is in use, perhaps by another sandbox: stop it, or choose others with --port", port)
		case errors.Is(err, syscall.EACCES):
			return nil, l.Error(err, "sandbox: port %d needs more rights: choose one above 1023 with --port", port)
		default:
			return nil, l.Error(err, "sandbox: cannot listen on %s port %d: %s", host, port, errors.Unwrap(err))
		}
	}
	return listeners, nil
}

func (b *Sandbox) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	b.servers = append(b.servers, server)
	b.tasks.Add(1)
	go func() {
		defer b.tasks.Done()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			b.failed <- err
		}
	}()
}

// Run reports notifications to the log until ctx ends, which is no error.
func (b *Sandbox) Run(ctx context.Context) error {
	const interval = 200 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var seen map[string]bool
	for {
		select {
		case <-ctx.Done():
			b.logDeliveries(seen)
			return nil
		case err := <-b.failed:
			return err
		case <-ticker.C:
			seen = b.logDeliveries(seen)
		}
	}
}

// Close stops the servers and the fakes.
func (b *Sandbox) Close() {
	for _, server := range b.servers {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		cancel()
	}
	for _, g := range b.gateways {
		g.Close()
	}
	b.tasks.Wait()
}
