package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/money"
)

// gatewayArgs are what every command that uses a gateway takes.
type gatewayArgs struct {
	Gateway string `arg:"" help:"{gateways}."`
	Fake    bool   `help:"Use a fake gateway, started for this run."`
}

// gateway returns the gateway with the given name.
func (a *app) gateway(name string) (*gateway.Gateway, error) {
	if g := gateway.Find(name); g != nil {
		return g, nil
	}
	names := gateway.Names()
	return nil, a.usage("unknown gateway %q: did you mean %s? (%s)", fmt.Sprintf("%.40s", name), nearest(name, names),
		strings.Join(names, ", "))
}

// session is a client of a gateway, and the fake gateway behind it if there is one.
type session struct {
	*gateway.Gateway
	client *gateway.Client
	env    gateway.Env
	fake   *gateway.Fake
	app    *app
	tasks  sync.WaitGroup
}

// open returns a session for an operation. Close it.
func (a *app) open(args gatewayArgs, op string) (*session, error) {
	g, err := a.gateway(args.Gateway)
	if err != nil {
		return nil, err
	}
	s := &session{Gateway: g, env: a.env, app: a}
	if args.Fake {
		s.fake = s.Gateway.Fake("", gatewaytest.WithRetryDelays())
		s.env = s.fake.Environment()
		a.screen.Note("Fake gateway at %s.", s.fake.Target)
	}
	if err := checkEnv(a.screen.Language(), s.Gateway, s.env, op); err != nil {
		s.close()
		return nil, err
	}
	client, err := s.Open(gateway.Settings{Env: s.env, Logger: a.screen.Logger()})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("%w%s", err, a.screen.Text(" (variables: %s)", strings.Join(g.VariableNames(), ", ")))
	}
	s.client = client
	return s, nil
}

func (s *session) close() {
	if s.fake != nil {
		s.fake.Close()
	}
	s.tasks.Wait()
}

// notifyURL returns the notify URL of the environment.
func (s *session) notifyURL() string { return s.env[strings.ToUpper(s.Name)+"_NOTIFY_URL"] }

// prepare creates an order in the fake gateway, so that there is one, and returns the
// number to query it by. Without a fake it returns the number.
func (s *session) prepare(ctx context.Context, number, notifyURL string) (string, error) {
	if s.fake == nil {
		return number, nil
	}
	o := gateway.Order{
		OrderNo: number, Channel: s.Channels[0], Amount: money.Cents(100), Subject: "Example",
		PayerIP: examplePayerIP, NotifyURL: notifyURL,
	}
	if s.KnownOrder != "" {
		o.OrderNo = s.KnownOrder
	}
	if s.fake.SetNotifyURL != nil {
		s.fake.SetNotifyURL(notifyURL)
	}
	created, err := s.client.Create(ctx, o)
	if err != nil {
		return "", err
	}
	s.app.screen.Note("Fake gateway: order %s was created.", created.Number)
	return created.Number, nil
}

// payLater pays an order of the fake gateway after a while, unless ctx ends first.
func (s *session) payLater(ctx context.Context, number string, after time.Duration) {
	if s.fake == nil || after <= 0 {
		return
	}
	s.tasks.Add(1)
	go func() {
		defer s.tasks.Done()
		if !sleep(ctx, after) {
			return
		}
		s.app.screen.Note("Fake gateway: the payer pays now.")
		if _, err := s.fake.Pay(number); err != nil {
			s.app.screen.Note("Note: %s", err)
		}
	}()
}

func sleep(ctx context.Context, delay time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(delay):
		return true
	}
}

// examplePayerIP is an address for documentation (RFC 5737).
const examplePayerIP = "203.0.113.7"

// newOrderNo returns a new order number between two letters, which suits all gateways:
// a notification of gatepay cannot be cut differently then.
func newOrderNo() string {
	chance, err := rand.Int(rand.Reader, big.NewInt(10_000))
	if err != nil {
		chance = new(big.Int)
	}
	return fmt.Sprintf("S%s%04dE", time.Now().Format("20060102150405"), chance.Int64())
}
