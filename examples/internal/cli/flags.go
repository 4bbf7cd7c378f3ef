package cli

import (
	"crypto/rand"
	"flag"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Waiting holds the flags of commands that wait for a payment.
type Waiting struct {
	Timeout, Every, PayAfter time.Duration
}

// AddWaiting defines the flags of commands that wait for a payment.
func AddWaiting(flags *flag.FlagSet) *Waiting {
	w := &Waiting{}
	flags.DurationVar(&w.Timeout, "timeout", 5*time.Minute, "how long to wait")
	flags.DurationVar(&w.Every, "every", 0, "how long to pause between two queries (default: 3s)")
	AddPayAfter(flags, &w.PayAfter)
	return w
}

// AddPayAfter defines the flag for when the payer of the fake gateway pays.
func AddPayAfter(flags *flag.FlagSet, after *time.Duration) {
	flags.DurationVar(after, "pay-after", 2*time.Second, "with the fake gateway: when the payer pays; 0: never")
}

// Choice defines a flag whose values have names of their own: it takes either.
func Choice[T ~string | ~int](flags *flag.FlagSet, into *T, name, help string, choices ...Named[T]) {
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = choice.Name
	}
	*into = choices[0].Value
	flags.Func(name, fmt.Sprintf("%s: `%s` (default %s)", help, strings.Join(names, "|"), names[0]), func(text string) error {
		for _, choice := range choices {
			if text == choice.Name || text == fmt.Sprint(choice.Value) {
				*into = choice.Value
				return nil
			}
		}
		return fmt.Errorf("want %s", strings.Join(names, ", "))
	})
}

// Named is a value of a [Choice] and its name.
type Named[T any] struct {
	Name  string
	Value T
}

// NewOrderNo returns a new order number: the time and some chance, between two
// letters, which suits all gateways.
func NewOrderNo() string {
	chance, err := rand.Int(rand.Reader, big.NewInt(10_000))
	if err != nil {
		chance = new(big.Int)
	}
	return fmt.Sprintf("S%s%04dE", time.Now().Format("20060102150405"), chance.Int64())
}
