package checkout

import (
	"errors"
	"sync"
	"time"

	"github.com/paygates/paygates-go"
)

const (
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// backoff keeps a worker from querying a gateway that does not respond.
type backoff struct {
	mu    sync.Mutex
	delay time.Duration
	until time.Time
}

// note takes note of how a query ended.
func (b *backoff) note(err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !isDown(err) {
		b.delay, b.until = 0, time.Time{}
		return
	}
	if now.Before(b.until) {
		return // queries that began together count once
	}
	b.delay = min(max(2*b.delay, firstBackoff), mostBackoff)
	b.until = now.Add(b.delay)
}

// remaining returns how long not to query.
func (b *backoff) remaining(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until.Sub(now)
}

// isDown reports whether the gateway as a whole does not respond.
func isDown(err error) bool {
	return errors.Is(err, paygates.ErrUnavailable) || errors.Is(err, paygates.ErrNoResponse)
}
