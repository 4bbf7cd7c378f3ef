package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// Histories of concurrent notifications, with failures of OnPaid and contexts that end at
// any moment, must be linearizable: as if each had happened at one instant between its
// beginning and its end. The model is what one order and its payments may do.

const (
	resultFailed  = "failed"  // OnPaid failed: nothing is stored
	resultUnknown = "unknown" // the context ended: stored or not
)

type notifyInput struct{ order, payment string }

// creditModel is nondeterministic, because an operation whose context ended may have been
// committed.
var creditModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byOrder := map[string][]porcupine.Operation{}
		for _, op := range history {
			order := op.Input.(notifyInput).order
			byOrder[order] = append(byOrder[order], op)
		}
		return slices.Collect(maps.Values(byOrder))
	},
	// The state is the decided payments, such as "|p1=credited|p2=duplicate".
	Init: func() []any { return []any{""} },
	Step: func(state, input, output any) []any {
		decided, payment := state.(string), input.(notifyInput).payment
		outcome := known(decided, payment)
		next := decided
		if outcome == "" {
			outcome = string(OutcomeCredited)
			if strings.Contains(decided, "=credited") {
				outcome = string(OutcomeDuplicate)
			}
			next += "|" + payment + "=" + outcome
		}
		switch output {
		case resultFailed:
			if next != decided && outcome == string(OutcomeCredited) {
				return []any{decided} // only a credit runs OnPaid
			}
			return nil
		case resultUnknown:
			return []any{decided, next}
		case outcome:
			return []any{next}
		default:
			return nil
		}
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%v -> %v", input, output)
	},
}

func known(decided, payment string) string {
	_, rest, ok := strings.Cut(decided, "|"+payment+"=")
	if !ok {
		return ""
	}
	outcome, _, _ := strings.Cut(rest, "|")
	return outcome
}

func TestConcurrentCreditsAreLinearizable(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		fail := func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				if rand.IntN(3) == 0 {
					return errMerchant
				}
				return d.sell(ctx, tx, p)
			}
		}
		shops := []*shop{newShop(t, d, fail), newShop(t, d, fail)}
		var orders []string
		for range 4 {
			orders = append(orders, shops[0].buy(t).No)
		}
		begin := time.Now()
		var mu sync.Mutex
		var history []porcupine.Operation
		var clients sync.WaitGroup
		for client := range 6 {
			clients.Add(1)
			go func() {
				defer clients.Done()
				for range 14 {
					in := notifyInput{orders[rand.IntN(len(orders))], fmt.Sprintf("p%d", rand.IntN(3))}
					called := time.Since(begin).Nanoseconds()
					out := notifyOnce(shops[client%2], in)
					op := porcupine.Operation{ClientId: client, Input: in, Call: called, Output: out, Return: time.Since(begin).Nanoseconds()}
					mu.Lock()
					history = append(history, op)
					mu.Unlock()
				}
			}()
		}
		clients.Wait()
		result, _ := porcupine.CheckOperationsVerbose(creditModel.ToModel(), history, 30*time.Second)
		require.Equal(t, porcupine.Ok, result, "%v", history)
		for _, no := range orders {
			count, _ := shops[0].sales(t, no)
			require.LessOrEqual(t, count, 1)
		}
	})
}

// notifyOnce records a payment, now and then with a context that ends meanwhile.
func notifyOnce(s *shop, in notifyInput) string {
	ctx := context.Background()
	if rand.IntN(4) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(8000))*time.Microsecond)
		defer cancel()
	}
	p := Payment{PaymentNo: in.order + in.payment, AttemptNo: in.order, Amount: 990, Currency: "CNY"}
	outcome, err := s.record(ctx, s.gateway, &p)
	switch {
	case err == nil:
		return string(outcome)
	case errors.Is(err, errMerchant) && ctx.Err() == nil:
		return resultFailed
	default:
		return resultUnknown
	}
}

// The model must reject what must not happen.
func TestTheModelRejectsWrongHistories(t *testing.T) {
	t.Parallel()
	op := func(client int, payment, output string, call, ret int64) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Input: notifyInput{"A", payment}, Output: output, Call: call, Return: ret}
	}
	for name, history := range map[string][]porcupine.Operation{
		"two credits":                {op(0, "p1", "credited", 0, 10), op(1, "p2", "credited", 0, 10)},
		"a decision that changes":    {op(0, "p1", "credited", 0, 1), op(0, "p1", "duplicate", 2, 3)},
		"a duplicate without credit": {op(0, "p1", "duplicate", 0, 1)},
		"failed, but known":          {op(0, "p1", "credited", 0, 1), op(0, "p1", resultFailed, 2, 3)},
	} {
		require.False(t, porcupine.CheckOperations(creditModel.ToModel(), history), name)
	}
	require.True(t, porcupine.CheckOperations(creditModel.ToModel(), []porcupine.Operation{
		op(0, "p1", resultUnknown, 0, 10), op(1, "p2", "duplicate", 5, 10), op(0, "p1", "credited", 11, 12),
	}))
}
