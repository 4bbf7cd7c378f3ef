package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every statement that runs often finds its rows by an index, however many are stored.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		s.addOrders(t, "S", max(manyOrders(), 10_000), time.Now().Add(time.Hour))
		require.NoError(t, s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for i := range 2000 { // payments, few of which need attention
				no := strconv.Itoa(i)
				attention := sql.NullInt64{Int64: 1, Valid: i%500 == 0}
				if _, err := tx.ExecContext(ctx, s.sql(qInsertPayment), "id"+no, "fake", "10001", no, no, "", "S"+no, "S"+no, 990, "CNY",
					0, nil, 1, SourceQuery, OutcomeLate, nil, attention); err != nil {
					return err
				}
			}
			return nil
		}))
		for i := range 2000 {
			s.journal.add(JournalEntry{ReceivedAt: time.Now(), Gateway: "fake", OrderNo: "S" + strconv.Itoa(i), Outcome: OutcomeCredited}, true)
		}
		require.NoError(t, s.Flush(ctx))
		s.analyze(t)
		now := millis(time.Now())
		for name, q := range map[string]struct {
			query string
			args  []any
		}{
			"lock by number":       {qLockByNo, []any{"S7", "fake", "10001"}},
			"lock by order ID":     {qLockByID, []any{"id-S7", "fake", "10001"}},
			"payments by number":   {qPaymentsByNo, []any{"fake", "10001", "7"}},
			"due":                  {qDue, []any{"fake", "10001", now, 4}},
			"refresh":              {qRefresh, []any{"S7", now, now}},
			"order":                {qOrder, []any{"S7"}},
			"attempts of an order": {qAttemptsOfOrder, []any{"S7"}},
			"payments of an order": {qPaymentsOfOrder, []any{"S7"}},
			"attention":            {qAttention, []any{"", 50}},
			"journal":              {qJournal + qJournalPage, []any{"~", 50}},
			"journal of an order":  {qJournal + "(order_no = ? OR order_no = ? OR (order_no = ? AND gateway = ?)) AND " + qJournalPage, []any{"S7", "S7_B", "id-S7", "fake", "~", 50}},
			"pay order":            {qPayOrder, []any{now, "S7"}},
			"pay attempt":          {qPayAttempt, []any{"S7", "0"}},
			"paid by":              {qPaidBy, []any{"S7"}},
			"pays":                 {qPays, []any{"0"}},
			"release":              {qRelease, []any{now, now, "S7", "x"}},
			"expire order":         {qExpireOrder, []any{"S7", now}},
			"delete journal":       {qDeleteJournal, []any{"0"}},
			"payment by ID":        {qPayment, []any{"x"}},
			"store created":        {qStoreCreated, []any{nil, 1, "", "", "", "", "", "", 1, "CNY", 1, 1, "x", "S7"}},
		} {
			requireIndex(t, s, name, q.query, q.args...)
		}
		for _, list := range []OrdersQuery{{}, {Status: OrderPaid}, {Before: "S7"}, {Status: OrderPending, Before: "S7"}, {OrderNo: "S19"}} {
			query, args, err := s.listOrders(ctx, list)
			require.NoError(t, err)
			requireIndex(t, s, fmt.Sprintf("orders %+v", list), query, args...)
		}
	})
}

// requireIndex checks that a statement reads no whole table.
func requireIndex(t *testing.T, s *shop, name, query string, args ...any) {
	t.Helper()
	plan := explain(t, s, query, args...)
	for _, scan := range []string{"Seq Scan", "type=ALL", "SCAN t"} {
		assert.NotContains(t, plan, scan, name)
	}
}

// explain returns the plan of a statement. A full scan of a table appears as "Seq Scan"
// (PostgreSQL), "type=ALL" (MySQL, MariaDB) or "SCAN <table>" without an index (SQLite).
func explain(t *testing.T, s *shop, query string, args ...any) string {
	t.Helper()
	verb := "EXPLAIN "
	if s.config.Dialect == SQLite {
		verb = "EXPLAIN QUERY PLAN "
	}
	rows, err := s.db.QueryContext(context.Background(), verb+s.sql(query), args...)
	require.NoError(t, err, query)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var plan strings.Builder
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		line := ""
		for i, v := range values {
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			if text, ok := v.(string); ok {
				line += " " + columns[i] + "=" + text
			}
		}
		if s.config.Dialect == SQLite && strings.Contains(line, " USING ") {
			line = strings.ReplaceAll(line, "SCAN ", "index scan ")
		}
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// One pass of Run costs time in proportion to what is due, not to what is stored.
func TestAPassReadsWhatIsDue(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		s.addOrders(t, "S", manyOrders(), time.Now().Add(time.Hour))
		s.addOrders(t, "DUE", 20, time.Now().Add(-time.Second))
		began := time.Now()
		s.gateway.set(func() {
			for i := range 20 {
				s.gateway.created["DUE"+strconv.Itoa(i)] = CreateRequest{}
			}
		})
		w := s.worker()
		leased := 0
		for {
			due, err := w.lease(context.Background(), 4)
			require.NoError(t, err)
			if len(due) == 0 {
				break
			}
			leased += len(due)
		}
		assert.Equal(t, 20, leased)
		t.Logf("%d of %d attempts leased in %s", leased, manyOrders()+20, time.Since(began).Round(time.Millisecond))
	})
}
