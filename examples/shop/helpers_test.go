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
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/gatewaytest"
)

// onEachDatabase runs a test on SQLite, in an empty schema of PostgreSQL if DATABASE_URL is
// set, and in an empty database of MySQL or MariaDB if CHECKOUT_MYSQL_DSN is set.
func onEachDatabase(t *testing.T, test func(t *testing.T, set func(*settings))) {
	t.Helper()
	for name, source := range map[string]func(*testing.T) string{
		"SQLite": func(*testing.T) string { return "" }, "PostgreSQL": emptyPostgres, "MySQL": emptyMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := source(t)
			test(t, func(s *settings) {
				if s.databaseURL = databaseURL; databaseURL != "" {
					s.sqliteFile = ""
				}
			})
		})
	}
}

// emptyDatabase creates what is dropped after the test.
func emptyDatabase(t *testing.T, driver, variable, create, drop string) (source, name string) {
	t.Helper()
	source = os.Getenv(variable)
	if source == "" {
		t.Skipf("SKIPPED: %s is not set", variable)
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	name = "test_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(context.Background(), create+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), strings.ReplaceAll(drop, "{name}", name))
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	return source, name
}

func emptyPostgres(t *testing.T) string {
	t.Helper()
	source, name := emptyDatabase(t, "pgx", "DATABASE_URL", "CREATE SCHEMA ", "DROP SCHEMA {name} CASCADE")
	inSchema, err := url.Parse(source)
	require.NoError(t, err)
	query := inSchema.Query()
	query.Set("search_path", name)
	inSchema.RawQuery = query.Encode()
	return inSchema.String()
}

func emptyMySQL(t *testing.T) string {
	t.Helper()
	source, name := emptyDatabase(t, "mysql", "CHECKOUT_MYSQL_DSN", "CREATE DATABASE ", "DROP DATABASE {name}")
	config, err := mysql.ParseDSN(source)
	require.NoError(t, err)
	config.DBName = name
	return config.FormatDSN()
}

// openDemo serves a shop with fake gateways.
func openDemo(t *testing.T, change ...func(*settings)) *shop {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	settings := settings{
		demo: true, publicURL: "http://" + server.Listener.Addr().String(),
		sqliteFile: filepath.Join(t.TempDir(), "shop.db"), expires: time.Minute,
	}
	for _, c := range change {
		c(&settings)
	}
	s, err := openShop(context.Background(), settings, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(s.close)
	server.Config.Handler, err = s.handler()
	require.NoError(t, err)
	server.Start()
	return s
}

func use(gateways ...string) func(*settings) {
	return func(s *settings) { s.gateways = gateways }
}

// buy fills in the form and returns the stored order.
func buy(t *testing.T, s *shop, method, amount string) *checkout.OrderState {
	t.Helper()
	response := post(t, s.settings.publicURL+"/orders", url.Values{"method": {method}, "amount": {amount}})
	require.Equal(t, http.StatusSeeOther, response.status)
	return stored(t, s, path.Base(response.location))
}

func stored(t *testing.T, s *shop, no string) *checkout.OrderState {
	t.Helper()
	state, err := s.checkout.Order(context.Background(), no)
	require.NoError(t, err)
	return state
}

// delivered returns how many orders were delivered.
func delivered(t *testing.T, s *shop, no string) int {
	t.Helper()
	var n int
	require.NoError(t, s.db.QueryRowContext(context.Background(),
		s.bind(`SELECT COUNT(delivered_at) FROM shop_orders WHERE order_no = ?`), no).Scan(&n))
	return n
}

// eventually polls a condition. Its deadline is generous, because it costs no time.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatal("it never became true: " + what)
}

// fake is what the fake gateways have in common.
type fake interface {
	Pay(number string) (gatewaytest.Delivery, error)
	PaySilently(number string) error
	Expire(number string) error
	Redeliver(number string) (gatewaytest.Delivery, error)
	InjectFault(fault gatewaytest.Fault)
}

func (d *demo) of(gateway string) fake {
	switch gateway {
	case "ispay":
		return d.ispay
	case "codepay":
		return d.codepay
	case "gatepay":
		return d.gatepay
	case "kechengcang":
		return d.kechengcang
	default:
		return d.pingpp
	}
}

// number returns the number by which a fake knows an attempt.
func number(a *checkout.Attempt) string {
	if a.OrderID != "" {
		return a.OrderID
	}
	return a.No
}

// pay pays the newest attempt of an order and returns the order.
func pay(t *testing.T, s *shop, state *checkout.OrderState) *checkout.OrderState {
	t.Helper()
	a := state.Attempt()
	delivery, err := s.demo.of(a.Gateway).Pay(number(a))
	require.NoError(t, err)
	require.True(t, delivery.Accepted, delivery.Response)
	return stored(t, s, state.No)
}

var noRedirect = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// response is what the tests look at.
type response struct {
	status                 int
	location, policy, body string
}

func do(t *testing.T, r *http.Request, header ...string) response {
	t.Helper()
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	got, err := noRedirect.Do(r)
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return response{got.StatusCode, got.Header.Get("Location"), got.Header.Get("Content-Security-Policy"), string(body)}
}

func newRequest(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

func get(t *testing.T, target string, header ...string) (int, string) {
	t.Helper()
	got := do(t, newRequest(t, http.MethodGet, target, ""), header...)
	return got.status, got.body
}

func post(t *testing.T, target string, form url.Values, header ...string) response {
	t.Helper()
	r := newRequest(t, http.MethodPost, target, form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, r, header...)
}
