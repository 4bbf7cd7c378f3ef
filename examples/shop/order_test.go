package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/money"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	expires := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const grace = time.Minute
	waiting := order{Expected: 990, Currency: "CNY", Status: statusWaiting, ExpiresAt: expires}
	expired := waiting
	expired.Status = statusExpired
	paid := func(amount money.Amount, at time.Time) payment {
		return payment{Amount: amount, Currency: "CNY", PaidAt: at}
	}
	inTime, never := expires.Add(-time.Second), time.Time{}
	dollars := paid(990, inTime)
	dollars.Currency = "USD"
	received := func(amount money.Amount) payment {
		p := paid(990, inTime)
		p.Received = amount
		return p
	}
	for name, test := range map[string]struct {
		order    order
		payment  payment
		credited bool
		want     outcome
	}{
		"in time":                            {waiting, paid(990, inTime), false, outcomeCredited},
		"in time, no time told":              {waiting, paid(990, never), false, outcomeCredited},
		"in time, callback after the expiry": {expired, paid(990, inTime), false, outcomeCredited},
		"within the grace":                   {waiting, paid(990, expires.Add(grace)), false, outcomeCredited},
		"after the grace":                    {waiting, paid(990, expires.Add(grace+time.Millisecond)), false, outcomeLate},
		"told after the order was closed":    {expired, paid(990, never), false, outcomeLate},
		"a cent less":                        {waiting, paid(989, inTime), false, outcomeMismatch},
		"a cent more":                        {waiting, paid(991, inTime), false, outcomeMismatch},
		"nothing":                            {waiting, paid(0, inTime), false, outcomeMismatch},
		"another currency":                   {waiting, dollars, false, outcomeMismatch},
		"some cents fewer received":          {waiting, received(950), false, outcomeCredited},
		"more than a tenth fewer received":   {waiting, received(890), false, outcomeMismatch},
		"more received":                      {waiting, received(1100), false, outcomeMismatch},
		"a second payment":                   {waiting, paid(990, inTime), true, outcomeDuplicate},
	} {
		assert.Equal(t, test.want, judge(test.order, test.payment, test.credited, grace), name)
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	assert.True(t, about(1, 2), "a cent is always allowed")
	assert.False(t, about(1, 100))
	assert.True(t, about(29901, 30000))
	assert.False(t, about(29900, 30000), "a yuan")
	assert.False(t, about(30100, 30000))
}

func TestOrderNumbersCannotBeGuessed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		no := newOrderNo()
		assert.Regexp(t, `^S[A-Z2-7]{16}E$`, no)
		assert.False(t, seen[no])
		seen[no] = true
	}
}
