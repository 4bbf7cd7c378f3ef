package gatewaytest

import (
	"slices"
	"sync"
)

// Secrets holds the merchant's secret at a fake, which a test can change while the fake
// runs. The packages of the fakes embed it. It is safe for concurrent use.
type Secrets struct {
	mu      sync.Mutex
	current string
	also    []string
}

// SetSecret changes the merchant's secret, as the gateway's dashboard does: the fake signs
// notifications and returns with it from now on. Requests must be signed with it, or with
// one of also: gateways differ in whether they accept the old one for a while.
func (s *Secrets) SetSecret(secret string, also ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.also = secret, slices.Clone(also)
}

// CurrentSecret returns the merchant's secret.
func (s *Secrets) CurrentSecret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// AnySecret reports whether accepts returns true for a secret that the fake accepts for
// requests.
func (s *Secrets) AnySecret(accepts func(secret string) bool) bool {
	s.mu.Lock()
	secrets := append([]string{s.current}, s.also...)
	s.mu.Unlock()
	return slices.ContainsFunc(secrets, accepts)
}
