package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// onEachDatabase runs a test on an empty SQLite file and, if DATABASE_URL is set,
// in an empty schema of that PostgreSQL.
func onEachDatabase(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "shop.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, emptyPostgres(t))
	})
}

func emptyPostgres(t *testing.T) string {
	t.Helper()
	database := os.Getenv("DATABASE_URL")
	if database == "" {
		t.Skip("SKIPPED: DATABASE_URL is not set, so nothing is tested on PostgreSQL")
	}
	db, err := sql.Open("pgx", database)
	require.NoError(t, err)
	name := "test_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(context.Background(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	inSchema, err := url.Parse(database)
	require.NoError(t, err)
	query := inSchema.Query()
	query.Set("search_path", name)
	inSchema.RawQuery = query.Encode()
	return inSchema.String()
}

func testStore(t *testing.T, database string) *store {
	t.Helper()
	s, err := openStore(context.Background(), database, time.Minute)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	return s
}

// openShop opens a shop with fake gateways whose callbacks are not repeated by
// themselves. Its worker does not run: tests call work.
func openShop(t *testing.T, database string) *shop {
	t.Helper()
	s := &shop{
		settings: settings{
			database: database, expires: time.Minute, grace: time.Minute,
			requery: 10 * time.Millisecond, timeout: 5 * time.Second, workers: 2,
		},
		store: testStore(t, database),
		fakes: startFakes(gatewaytest.WithRetryDelays()),
		log:   slog.New(slog.DiscardHandler),
	}
	t.Cleanup(s.fakes.close)
	server := httptest.NewUnstartedServer(nil)
	s.settings.publicURL = "http://" + server.Listener.Addr().String()
	var err error
	s.offers, err = s.fakes.offers(s.settings.publicURL, s.log)
	require.NoError(t, err)
	server.Config.Handler, err = s.handler()
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// buy orders in the shop and returns the stored order.
func buy(t *testing.T, s *shop, gateway string, amount money.Amount) order {
	t.Helper()
	offer, ok := s.offerOf(gateway)
	require.True(t, ok)
	o, err := s.checkout(context.Background(), purchase{
		offer: offer, channel: offer.Channels[0], amount: amount, payerIP: "203.0.113.7",
	})
	require.NoError(t, err)
	return stored(t, s, o.No)
}

func stored(t *testing.T, s *shop, no string) order {
	t.Helper()
	o, err := s.store.order(context.Background(), no)
	require.NoError(t, err)
	return o
}

// work lets the worker ask until an order has a status.
func work(t *testing.T, s *shop, no string, until status) order {
	t.Helper()
	eventually(t, func() bool {
		s.workOnce(context.Background(), "test worker")
		return stored(t, s, no).Status == until
	}, "order "+no+" becomes "+string(until))
	return stored(t, s, no)
}

func credits(t *testing.T, s *store, no string) int {
	t.Helper()
	n, err := s.credits(context.Background(), no)
	require.NoError(t, err)
	return n
}

// eventually polls. Its deadline is generous: on the way there it costs nothing.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatal("it never came true: " + what)
}

// fake is what the five fake gateways have in common.
type fake interface {
	Pay(number string) (gatewaytest.Delivery, error)
	PaySilently(number string) error
	Redeliver(number string) (gatewaytest.Delivery, error)
	SendTampered(number string) (gatewaytest.Delivery, error)
	Expire(number string) error
	Orders() []gatewaytest.Order
	InjectFault(gatewaytest.Fault)
	Close()
}

func (f *fakes) of(gateway string) fake {
	switch gateway {
	case "ispay":
		return f.ispay
	case "codepay":
		return f.codepay
	case "gatepay":
		return f.gatepay
	case "kechengcang":
		return f.kechengcang
	default:
		return f.pingpp
	}
}

var allGateways = []string{"ispay", "codepay", "gatepay", "kechengcang", "pingpp"}

// numberAt returns the number by which a fake gateway knows an order.
func numberAt(o order) string {
	if o.OrderID != "" {
		return o.OrderID
	}
	return o.No
}

// noRedirect is a client that shows redirects.
var noRedirect = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get returns the status and the body of a page.
func get(t *testing.T, target string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := noRedirect.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}
