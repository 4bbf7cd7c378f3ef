package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The keys of a rotation: the one before, the new one and an attacker's.
const (
	before = iota
	after
	attackers
)

var rotated = []string{"example-secret-before", "example-secret-after", "example-secret-of-an-attacker"}

func texts(keys []int) []string {
	all := make([]string, len(keys))
	for i, key := range keys {
		all[i] = rotated[key]
	}
	return all
}

func secretsOf(texts []string) []sign.Secret {
	all := make([]sign.Secret, len(texts))
	for i, text := range texts {
		all[i] = sign.NewSecret(text)
	}
	return all
}

// fields returns the parameters of a notification that is a form.
func fields(r *http.Request) url.Values {
	_ = r.ParseForm()
	return r.Form
}

// rotation is a gateway whose key is changed.
type rotation struct {
	gateway *gatewaytest.Server
	// useKey makes the gateway sign with a key. It accepts requests with it and with also.
	useKey func(key int, also ...int)
	// merchant returns a merchant whose client has a current key and previous ones.
	merchant func(key int, previous ...int) shop
}

// instance is the merchant's server. It is exchanged as by a rolling restart: the old one
// finishes its requests, and the new one takes those that follow.
type instance struct {
	mu      sync.RWMutex
	handler http.Handler
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	i.handler.ServeHTTP(w, r)
}

func (i *instance) use(handler http.Handler) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.handler = handler
}

// load repeats deliveries until its end.
type load struct {
	stop   chan struct{}
	ticks  []chan struct{} // one for each worker
	all    sync.WaitGroup
	number atomic.Int64
}

func (l *load) add(deliver func() bool) {
	tick := make(chan struct{}, 1)
	l.ticks = append(l.ticks, tick)
	l.all.Add(1)
	go func() {
		defer l.all.Done()
		defer close(tick)
		for deliver() {
			l.number.Add(1)
			select {
			case tick <- struct{}{}:
			default:
			}
			select {
			case <-l.stop:
				return
			default:
			}
		}
	}()
}

// settle returns once every worker has begun and ended deliveries since the call.
func (l *load) settle() {
	const deliveries = 3 // the first may be that of a delivery before the call
	for _, tick := range l.ticks {
		for range deliveries {
			<-tick
		}
	}
}

// The documented steps of a rotation, while notifications arrive: none that is genuine is
// rejected, and none that is forged is accepted.
//
//nolint:paralleltest // its load would delay the calls that other tests measure
func TestRotationUnderLoad(t *testing.T) {
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			gateway, forger := g.rotation(t), g.rotation(t)
			defer gateway.gateway.Close()
			defer forger.gateway.Close()
			book := &ledger{credited: map[string][]money.Amount{}}
			merchant := &instance{}
			use := func(key int, previous ...int) { merchant.use(gateway.merchant(key, previous...).handler(book.credit)) }
			server := httptest.NewServer(merchant)
			defer server.Close()
			gateway.useKey(before)
			use(before)
			forger.useKey(attackers)

			numbers := ordersAt(t, gateway.gateway, gateway.merchant(before), server.URL)
			forged := ordersAt(t, forger.gateway, forger.merchant(attackers), server.URL)
			l := &load{stop: make(chan struct{})}
			for _, number := range numbers {
				l.add(func() bool { return delivered(t, true, gateway.gateway.Redeliver, number) })
			}
			if !g.unsigned() { // anyone can send one, and the query decides
				l.add(func() bool { return delivered(t, false, gateway.gateway.SendTampered, numbers[0]) })
				l.add(func() bool { return delivered(t, false, forger.gateway.Redeliver, forged[0]) })
			}
			l.settle()
			use(before, after) // the next key verifies
			l.settle()
			gateway.useKey(after, before)
			l.settle()
			use(after, before) // the new key signs
			l.settle()
			gateway.useKey(after)
			l.settle()
			use(after)
			l.settle()
			// Who has the old key is an attacker now.
			forger.useKey(before)
			l.settle()
			close(l.stop)
			l.all.Wait()
			t.Logf("%d deliveries, %d credited", l.number.Load(), credits(book))
			assert.Len(t, book.credited, len(numbers), "only what was paid is credited")
		})
	}
}

func credits(book *ledger) (total int) {
	for _, amounts := range book.credited {
		total += len(amounts)
	}
	return total
}

// ordersAt creates and pays orders. It returns their numbers.
func ordersAt(t *testing.T, gateway *gatewaytest.Server, s shop, notifyURL string) []string {
	t.Helper()
	const orders = 2
	numbers := make([]string, orders)
	for i := range numbers {
		order, err := s.create(context.Background(), fmt.Sprintf("ORDER%dA", i), notifyURL)
		require.NoError(t, err)
		require.NoError(t, gateway.PaySilently(order.number))
		numbers[i] = order.number
	}
	return numbers
}

func delivered(t *testing.T, accepted bool, deliver func(string) (gatewaytest.Delivery, error), number string) bool {
	delivery, err := deliver(number)
	return assert.NoError(t, err) && assert.Equal(t, accepted, delivery.Accepted, "%d %s %s", delivery.Status, delivery.Response, delivery.Err)
}

// A fake behaves as a gateway that switches at once, or as one that accepts the old secret
// for a while.
func TestAFakeRejectsRequestsWithTheOldSecret(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		if g.name == "pingpp" {
			continue // SetKey signs events only
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			gateway := g.rotation(t)
			defer gateway.gateway.Close()
			create := func(key int, orderNo string) error {
				_, err := gateway.merchant(key).create(context.Background(), orderNo, "")
				return err
			}
			gateway.useKey(before)
			require.NoError(t, create(before, "ORDER1A"))
			require.Error(t, create(after, "ORDER2A"))
			gateway.useKey(after, before)
			require.NoError(t, create(before, "ORDER3A"))
			require.NoError(t, create(after, "ORDER4A"))
			gateway.useKey(after)
			require.Error(t, create(before, "ORDER5A"))
			require.NoError(t, create(after, "ORDER6A"))
		})
	}
}

// The notification tells which key verified it, and the explanation names a previous one.
func TestTheKeyIndexOfANotification(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		if g.withPrevious == nil {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			gateway := g.rotation(t)
			defer gateway.gateway.Close()
			gateway.useKey(before)
			number := ordersAt(t, gateway.gateway, gateway.merchant(before), "")[0]
			request := func() *http.Request {
				r, err := gateway.gateway.NotificationRequest(number)
				require.NoError(t, err)
				return r
			}
			for want, previous := range [][]int{{before}, {after, before}, {after, attackers, before}} {
				s := gateway.merchant(previous[0], previous[1:]...)
				got, err := s.keyIndex(request())
				require.NoError(t, err)
				assert.Equal(t, want, got)
				e := s.explain(request())
				assert.True(t, e.Matches)
				hint := fmt.Sprintf("[%d], not with the current one.", want-1)
				assert.Equal(t, want > 0, strings.Contains(strings.Join(e.Hints, " "), hint), e.Hints)
			}
			s := gateway.merchant(after, attackers)
			_, err := s.keyIndex(request())
			require.ErrorIs(t, err, paygates.ErrInvalidSignature)
			_, alone := gateway.merchant(after).keyIndex(request())
			assert.EqualError(t, err, alone.Error(), "the error does not tell that there are previous keys")
			assert.False(t, s.explain(request()).Matches)
		})
	}
}

// A previous key is checked as the current one is.
func TestPreviousKeysAreChecked(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		if g.withPrevious == nil {
			continue
		}
		field, current, good := "PreviousSecrets", "example-secret", rotated[:2]
		tooMany := []string{"example-1", "example-2", "example-3", "example-4", "example-5"}
		if g.name == "pingpp" {
			field, current = "PreviousWebhookPublicKeys", pkixPEM(&privateKey().PublicKey)
			good = []string{pkixPEM(&rotatedKeys()[1].PublicKey), pkixPEM(&rotatedKeys()[2].PublicKey)}
			tooMany = make([]string, 5)
		}
		require.NoError(t, g.withPrevious(), g.name)
		require.NoError(t, g.withPrevious(good...), g.name)
		for want, all := range map[string][]string{
			field + "[0]":             {""},
			field + "[1]":             {good[0], " "},
			field + "[0] ":            {"\"" + good[0][:20]},
			field + "[0] must differ": {current},
			field + "[2] must differ": {good[0], good[1], good[0]},
			field + " must hold":      tooMany,
		} {
			err := g.withPrevious(all...)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig, "%s: %s", g.name, want)
			assert.ErrorContains(t, err, strings.TrimSpace(want), g.name)
			assert.NotContains(t, err.Error(), "example-", g.name)
		}
	}
}
