package checkout

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

func TestOrdersHavePages(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		var newestFirst []string
		for i := range 25 {
			a := s.buy(t, func(o *Order) { o.No = fmt.Sprintf("A%02d", i) })
			newestFirst = append([]string{a.OrderNo}, newestFirst...)
			if i%3 == 0 {
				s.advance(time.Millisecond) // others have the same time
			}
		}
		other := s.buy(t, func(o *Order) { o.No = "a01" })
		s.pay(t, other)
		held := s.buy(t, func(o *Order) { o.No = "B-1" })
		s.pay(t, held, func(p *Payment) { p.Amount = 1 })

		list := func(q OrdersQuery) (numbers []string) {
			for {
				page, err := s.Orders(ctx, q)
				require.NoError(t, err)
				if len(page) == 0 {
					return numbers
				}
				for _, o := range page {
					numbers = append(numbers, o.No)
				}
				require.LessOrEqual(t, len(page), q.Limit)
				q.Before = page[len(page)-1].No
			}
		}
		assert.Equal(t, newestFirst, list(OrdersQuery{OrderNo: "A", Limit: 7}))
		assert.Equal(t, []string{"A01"}, list(OrdersQuery{OrderNo: "A01", Limit: 2}))
		assert.ElementsMatch(t, append([]string{"B-1", "a01"}, newestFirst...), list(OrdersQuery{Limit: 4}))
		assert.Equal(t, []string{"a01"}, list(OrdersQuery{Status: OrderPaid, Limit: 4}))
		assert.Equal(t, []string{"B-1"}, list(OrdersQuery{Status: OrderPending, OrderNo: "B-", Limit: 4}))
		assert.Len(t, list(OrdersQuery{Status: OrderPending, Limit: 4}), 26)
		assert.Empty(t, list(OrdersQuery{Status: OrderExpired, Limit: 4}))
		assert.Empty(t, list(OrdersQuery{OrderNo: "Z", Limit: 4}))

		page, err := s.Orders(ctx, OrdersQuery{OrderNo: "B-1"})
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.Equal(t, *s.state(t, "B-1"), page[0])
		assert.True(t, page[0].Held)
		assert.Nil(t, page[0].Credited())
		page, err = s.Orders(ctx, OrdersQuery{Status: OrderPaid})
		require.NoError(t, err)
		assert.Equal(t, "pay-a01", page[0].Credited().PaymentNo)
	})
}

func TestCreditedByAPerson(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		s.pay(t, a, func(p *Payment) { p.PaymentNo, p.Amount = "first", 1 })
		s.pay(t, a, func(p *Payment) { p.PaymentNo, p.Amount = "second", 2 })
		second := s.attention(t)[1].ID
		require.NoError(t, s.Resolve(context.Background(), second, Resolution{By: "mei", Reason: "the rest was paid in cash", Action: ActionCredit}))
		assert.Equal(t, "second", s.state(t, a.OrderNo).Credited().PaymentNo)
	})
}

// A number that no order or payment can have is not found, on every database.
func TestImpossibleNumbers(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		a := s.buy(t)
		s.pay(t, a, func(p *Payment) { p.Amount = 1 })
		id := s.attention(t)[0].ID
		decide := Resolution{By: "mei", Reason: "paid in cash", Action: ActionCredit}
		for _, number := range []string{"\x00", "S\x00", "\xff\xfe", strings.Repeat("9", 100_000), "S_B", "😀", " ", "'", "%"} {
			_, err := s.Order(ctx, number)
			require.ErrorIs(t, err, ErrOrderNotFound, "%.20q", number)
			_, err = s.Refresh(ctx, number)
			require.ErrorIs(t, err, ErrOrderNotFound)
			_, err = s.Create(ctx, Order{No: number, Gateway: "fake", Channel: "app", Amount: 1})
			require.ErrorIs(t, err, ErrInvalidOrder)
			for _, change := range []func(*Order){
				func(o *Order) { o.Channel = number }, func(o *Order) { o.Currency = number },
			} {
				o := Order{Gateway: "fake", Channel: "app", Amount: 1}
				change(&o)
				_, err = s.Create(ctx, o)
				require.ErrorIs(t, err, ErrInvalidOrder)
			}
			_, err = s.Create(ctx, Order{Gateway: number, Amount: 1})
			require.ErrorIs(t, err, ErrUnknownGateway)
			require.ErrorIs(t, s.Resolve(ctx, number, decide), ErrPaymentNotFound)
			wrong := decide
			wrong.OrderNo = number
			require.ErrorIs(t, s.Resolve(ctx, id, wrong), ErrOrderNotFound)
			_, err = s.Attention(ctx, AttentionQuery{After: number})
			require.ErrorIs(t, err, ErrInvalidQuery)
			_, err = s.Attention(ctx, AttentionQuery{Outcome: Outcome(number)})
			if err != nil { // "none" could be an outcome
				require.ErrorIs(t, err, ErrInvalidQuery)
			}
			_, err = s.Journal(ctx, JournalQuery{Before: number})
			require.ErrorIs(t, err, ErrInvalidQuery)
			entries, err := s.Journal(ctx, JournalQuery{OrderNo: number})
			require.NoError(t, err)
			assert.Empty(t, entries)
			_, err = s.Orders(ctx, OrdersQuery{Before: number})
			require.ErrorIs(t, err, ErrOrderNotFound)
			_, err = s.Orders(ctx, OrdersQuery{Status: OrderStatus(number)})
			require.ErrorIs(t, err, ErrInvalidQuery)
			orders, err := s.Orders(ctx, OrdersQuery{OrderNo: number})
			require.NoError(t, err)
			assert.Empty(t, orders)
		}
		for _, text := range []string{"\x00", "\xff", strings.Repeat("x", 1001)} {
			wrong := decide
			wrong.By = text
			require.ErrorIs(t, s.Resolve(ctx, id, wrong), ErrInvalidResolution)
			wrong = decide
			wrong.Reason = text
			require.ErrorIs(t, s.Resolve(ctx, id, wrong), ErrInvalidResolution)
		}
		// An ID of the right shape that is not stored is a position like any other.
		_, err := s.Attention(ctx, AttentionQuery{After: "00000000-0000-0000-0000-000000000000"})
		require.NoError(t, err)
		require.ErrorIs(t, s.Resolve(ctx, "00000000-0000-0000-0000-000000000000", decide), ErrPaymentNotFound)
	})
}

// What a gateway sends is stored, whatever it is.
// MySQL ignores blanks at the end of what it compares.
func TestNumbersThatDifferByABlank(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a, b := s.buy(t), s.buy(t)
		s.notify(t, Payment{PaymentNo: "1", AttemptNo: a.No + " ", Amount: 990, Currency: "CNY"})
		s.notify(t, Payment{PaymentNo: "2", OrderID: a.OrderID + " ", Amount: 990, Currency: "CNY"})
		assert.Equal(t, []Outcome{OutcomeOrphan, OutcomeOrphan}, outcomes(s.attention(t)))
		s.requireSales(t, a.OrderNo, 0)
		s.pay(t, a, func(p *Payment) { p.PaymentNo = "same" })
		s.pay(t, b, func(p *Payment) { p.PaymentNo = "same " })
		s.requireSales(t, a.OrderNo, 1)
		s.requireSales(t, b.OrderNo, 1)
	})
}

func TestGatewaysThatSendImpossibleTexts(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		for i, text := range []string{"\x00", "S\x00", "\xff\xfe", strings.Repeat("9", 100_000)} {
			status, _ := s.notify(t, Payment{PaymentNo: fmt.Sprint(i), AttemptNo: text, OrderID: text, Amount: 990, Currency: text})
			assert.Equal(t, 200, status)
			status, _ = s.notify(t, Payment{PaymentNo: text, AttemptNo: "S0", Amount: 990, Currency: text})
			assert.Equal(t, 200, status)
			a := s.buy(t)
			s.pay(t, a, func(p *Payment) { p.PaymentNo, p.Currency = "for "+a.No, text })
			assert.Equal(t, OutcomeMismatch, s.state(t, a.OrderNo).Payments[0].Outcome)

			instructions := Instructions{
				PayPageURL: text, QRText: text, QRImageURL: text, Address: text, Chain: text, Currency: text, Amount: 1,
				AppData: paygates.NewPrivate(json.RawMessage(text)),
			}
			s.gateway.onCreate = func(CreateRequest) (*Created, error) {
				return &Created{OrderID: text, Instructions: instructions}, nil
			}
			a, err := s.Create(ctx, Order{Gateway: "fake", Channel: "app", Amount: 990})
			s.gateway.onCreate = nil
			require.NoError(t, err)
			stored := s.state(t, a.OrderNo).Attempt()
			assert.Equal(t, AttemptWaiting, stored.Status)
			assert.Equal(t, key(text), stored.OrderID)
			s.notify(t, Payment{PaymentNo: "by ID " + a.No, OrderID: text, Amount: 990, Currency: "CNY"})
			s.requireSales(t, a.OrderNo, 1)
		}
		require.NoError(t, s.Flush(ctx))
		entries, err := s.Journal(ctx, JournalQuery{OrderNo: "\x00"})
		require.NoError(t, err)
		assert.NotEmpty(t, entries)
	})
}

func TestTheJournalOfAnOrderHasItsAttempts(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		first := s.buy(t)
		second := s.buy(t, func(o *Order) { o.No, o.Channel = first.OrderNo, "web" })
		require.NotEqual(t, first.No, second.No)
		for _, no := range []string{first.No, second.No, first.OrderID, "S0"} {
			request := s.notification(Payment{})
			request.Body = io.NopCloser(strings.NewReader("sign=forged&attempt=" + no))
			s.serveNotification(&statusOnly{}, request)
		}
		s.pay(t, second)
		require.NoError(t, s.Flush(ctx))
		var entries []JournalEntry
		for q := (JournalQuery{OrderNo: first.OrderNo, Limit: 3}); ; {
			page, err := s.Journal(ctx, q)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			entries = append(entries, page...)
			q.Before = page[len(page)-1].ID
		}
		require.Len(t, entries, 4)
		assert.Equal(t, OutcomeCredited, entries[0].Outcome)
		assert.Equal(t, first.No, entries[3].OrderNo)
	})
}

func TestNotCreated(t *testing.T) {
	t.Parallel()
	s, ctx := newShop(t, newDatabase(t, SQLite)), context.Background()
	for _, test := range []struct {
		err     error
		created bool // maybe
	}{
		{paygates.ErrNotSent, false},
		{paygates.ErrInvalidRequest, false},
		{&paygates.Error{Gateway: "fake", Op: "create order", HTTPStatus: 200, Code: "7", Err: errors.New("channel is closed")}, false},
		{&paygates.Error{Gateway: "fake", Op: "create order", Err: paygates.ErrOutcomeUnknown}, true},
		{errors.New("anything else"), true},
	} {
		s.gateway.onCreate = func(CreateRequest) (*Created, error) { return nil, test.err }
		_, err := s.Create(ctx, Order{Gateway: "fake", Channel: "app", Amount: 990})
		require.ErrorIs(t, err, test.err)
		assert.Equal(t, !test.created, errors.Is(err, ErrNotCreated), err)
		assert.Equal(t, test.created, errors.Is(err, paygates.ErrOutcomeUnknown), err)
	}
}

// The order of IDs and order numbers does not depend on the language of the database: with
// the rules of English "~" sorts before every digit, and "B" after "a".
func TestAnotherCollation(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, PostgreSQL)
	ctx, db, name := context.Background(), d.open(t), d.prefix+"english"
	_, err := db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
	if err != nil {
		t.Skip("SKIPPED: collations are not tested, because this PostgreSQL has no ICU: ", err)
	}
	t.Cleanup(func() {
		_, err := db.ExecContext(ctx, "DROP DATABASE "+name)
		require.NoError(t, err)
	})
	u, err := url.Parse(d.dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	english, err := sql.Open("pgx", u.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, english.Close()) }()
	s := newShop(t, d, func(c *Config) { c.DB = english })
	for _, no := range []string{"B1", "a1", "A-1", "A1"} {
		s.pay(t, s.buy(t, func(o *Order) { o.No = no }))
	}
	require.NoError(t, s.Flush(ctx))
	entries, err := s.Journal(ctx, JournalQuery{})
	require.NoError(t, err)
	assert.Len(t, entries, 4)
	orders, err := s.Orders(ctx, OrdersQuery{OrderNo: "A"})
	require.NoError(t, err)
	require.Len(t, orders, 2)
}
