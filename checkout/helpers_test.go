package checkout

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// testDB is an empty database of a test: an own SQLite file, or an own table prefix.
type testDB struct {
	dialect Dialect
	prefix  string
	dsn     string // of the driver
}

const sqliteOptions = "?_txlock=immediate&_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"

// onEachDatabase runs a test on SQLite, on PostgreSQL if CHECKOUT_POSTGRES_URL is set, and
// on MySQL or MariaDB if CHECKOUT_MYSQL_DSN is set.
func onEachDatabase(t *testing.T, test func(t *testing.T, d testDB)) {
	t.Helper()
	for _, dialect := range []Dialect{SQLite, PostgreSQL, MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, newDatabase(t, dialect))
		})
	}
}

func newDatabase(t testing.TB, dialect Dialect) testDB {
	t.Helper()
	d := testDB{dialect: dialect, prefix: "t" + randomText() + "_"}
	switch dialect {
	case SQLite:
		d.dsn = "file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "checkout.db")) + sqliteOptions
		return d
	case PostgreSQL:
		d.dsn = os.Getenv("CHECKOUT_POSTGRES_URL")
	default:
		d.dsn = os.Getenv("CHECKOUT_MYSQL_DSN")
	}
	if d.dsn == "" {
		t.Skipf("SKIPPED: nothing is tested on %s, because %s is not set", dialect,
			map[Dialect]string{PostgreSQL: "CHECKOUT_POSTGRES_URL", MySQL: "CHECKOUT_MYSQL_DSN"}[dialect])
	}
	t.Cleanup(func() { d.drop(t) })
	return d
}

func randomText() string {
	var b [5]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// open opens the database as another process would.
func (d testDB) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := d.connect()
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d testDB) connect() (*sql.DB, error) {
	db, err := sql.Open(map[Dialect]string{SQLite: "sqlite", PostgreSQL: "pgx", MySQL: "mysql"}[d.dialect], d.dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	return db, nil
}

func (d testDB) drop(t testing.TB) {
	db := d.open(t)
	for _, table := range []string{"sales", "shop_orders", "notifications", "payments", "attempts", "orders", "versions", "floor_a", "floor_b"} {
		_, err := db.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+d.prefix+table)
		require.NoError(t, err)
	}
}

// sql translates placeholders and table names for the statements of tests.
func (d testDB) sql(query string) string {
	query = strings.ReplaceAll(query, "{sales}", d.prefix+"sales")
	query = strings.ReplaceAll(query, "{shop_orders}", d.prefix+"shop_orders")
	return dialects[d.dialect].sqlText(d.prefix, query)
}

// createSales creates the merchant's ledger: one row for each run of OnPaid. It has no key,
// so that a second run would be seen.
func (d testDB) createSales(t testing.TB, db *sql.DB) {
	t.Helper()
	_, err := db.ExecContext(context.Background(), d.sql(`CREATE TABLE IF NOT EXISTS {sales} (order_no VARCHAR(64) NOT NULL, amount BIGINT NOT NULL, payment_no VARCHAR(128) NOT NULL)`))
	require.NoError(t, err)
}

// sell is the OnPaid of the tests.
func (d testDB) sell(ctx context.Context, tx *sql.Tx, p Payment) error {
	_, err := tx.ExecContext(ctx, d.sql(`INSERT INTO {sales} (order_no, amount, payment_no) VALUES (?, ?, ?)`),
		p.OrderNo, p.OrderAmount.Cents(), p.PaymentNo)
	return err
}

// shop is a Service with a fake gateway, and a clock that tests move.
type shop struct {
	*Service
	d       testDB
	gateway *fakeGateway
	server  *httptest.Server
	log     *lines

	mu     sync.Mutex
	offset time.Duration
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.offset)
}

func (s *shop) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// newShop opens a Service on a database. change may change the configuration.
func newShop(t testing.TB, d testDB, change ...func(*Config)) *shop {
	t.Helper()
	s := &shop{d: d, gateway: newFake("fake"), log: &lines{}}
	s.server = httptest.NewUnstartedServer(nil)
	config := Config{
		DB: d.open(t), Dialect: d.dialect, TablePrefix: d.prefix,
		PublicURL: "http://" + s.server.Listener.Addr().String(),
		Gateways:  []Gateway{s.gateway}, OnPaid: d.sell,
		Logger:         slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		ClockTolerance: time.Minute, QueryInterval: 10 * time.Millisecond, PollInterval: 10 * time.Millisecond,
		now: s.clock,
	}
	for _, c := range change {
		c(&config)
	}
	var err error
	s.Service, err = New(context.Background(), config)
	require.NoError(t, err)
	d.createSales(t, config.DB)
	mux := http.NewServeMux()
	mux.Handle("/notify/", s.NotificationHandler())
	s.server.Config.Handler = mux
	s.server.Start()
	t.Cleanup(func() {
		s.server.Close()
		require.NoError(t, s.Flush(context.Background()))
	})
	return s
}

// buy creates an order of 9.90 and returns its attempt.
func (s *shop) buy(t tester, change ...func(*Order)) *Attempt {
	t.Helper()
	o := Order{Gateway: "fake", Channel: "app", Amount: 990, PayerIP: "203.0.113.7"}
	for _, c := range change {
		c(&o)
	}
	a, err := s.Create(context.Background(), o)
	require.NoError(t, err)
	return a
}

// storeOnly stores an order as a process does that ends before it calls the gateway.
func (s *shop) storeOnly(t tester, o Order) *Pending {
	t.Helper()
	o, gateway, err := s.complete(o)
	require.NoError(t, err)
	p := &Pending{service: s.Service, order: o, gateway: gateway}
	require.NoError(t, s.inTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		p.stored, err = s.store(ctx, tx, o, gateway)
		return err
	}))
	return p
}

// pay pays an attempt at the fake gateway and sends the notification. It returns the
// response.
func (s *shop) pay(t tester, a *Attempt, change ...func(*Payment)) (int, string) {
	t.Helper()
	return s.notify(t, s.gateway.pay(a.No, change...))
}

// notify sends a notification of the fake gateway.
func (s *shop) notify(t tester, p Payment) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(s.notification(p))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func (s *shop) notification(p Payment) *http.Request {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.NotifyURL("fake"), strings.NewReader(encodePayment(p)))
	if err != nil {
		panic(err)
	}
	return request
}

func (s *shop) state(t tester, orderNo string) *OrderState {
	t.Helper()
	state, err := s.Order(context.Background(), orderNo)
	require.NoError(t, err)
	return state
}

// sales returns how often and with what amount OnPaid has credited an order.
func (s *shop) sales(t tester, orderNo string) (count int, amount int64) {
	t.Helper()
	require.NoError(t, s.db.QueryRowContext(context.Background(),
		s.d.sql(`SELECT COUNT(*), COALESCE(SUM(amount), 0) FROM {sales} WHERE order_no = ?`), orderNo).Scan(&count, &amount))
	return count, amount
}

func (s *shop) requireSales(t tester, orderNo string, want int) {
	t.Helper()
	count, _ := s.sales(t, orderNo)
	require.Equal(t, want, count, "how often OnPaid credited the order %s", orderNo)
}

// attention returns the outcomes that need a person, oldest first.
func (s *shop) attention(t tester) []Payment {
	t.Helper()
	payments, err := s.Attention(context.Background(), AttentionQuery{Limit: 1000})
	require.NoError(t, err)
	return payments
}

func outcomes(payments []Payment) []Outcome {
	all := make([]Outcome, len(payments))
	for i, p := range payments {
		all[i] = p.Outcome
	}
	return all
}

// work queries once for every attempt that is due now.
func (s *shop) work(t tester) {
	t.Helper()
	for _, gateway := range s.config.Gateways {
		w := &worker{Service: s.Service, gateway: gateway, slots: make(chan struct{}, 4)}
		for {
			due, err := w.lease(context.Background(), 100)
			require.NoError(t, err)
			if len(due) == 0 {
				break
			}
			for _, a := range due {
				w.query(context.Background(), a)
			}
		}
	}
}

// tester is a *testing.T or *rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// fakeGateway is a gateway in memory: it knows what the payers did, and its notifications
// carry whatever a test puts into them.
type fakeGateway struct {
	name, account string
	can           Capabilities

	mu       sync.Mutex
	created  map[string]CreateRequest
	payments map[string]Payment // by attempt
	closed   map[string]bool
	unsure   map[string]bool
	queries  int
	creates  int

	onCreate func(CreateRequest) (*Created, error) // instead of the usual response
	onQuery  func(QueryRequest) error
	quiet    bool // payments are not confirmed by queries
}

func newFake(name string) *fakeGateway {
	return &fakeGateway{
		name: name, account: "10001",
		can:     Capabilities{Channels: []string{"app", "web"}, Currency: "CNY", QueryByOrderNo: true, QueryTellsAmount: true, TellsPaidAt: true},
		created: map[string]CreateRequest{}, payments: map[string]Payment{}, closed: map[string]bool{}, unsure: map[string]bool{},
	}
}

func (g *fakeGateway) Name() string                         { return g.name }
func (g *fakeGateway) Account() string                      { return g.account }
func (g *fakeGateway) Capabilities() Capabilities           { return g.can }
func (*fakeGateway) Responses() (accepted, rejected string) { return "success", "fail" }

func (g *fakeGateway) Create(_ context.Context, r CreateRequest) (*Created, error) {
	g.mu.Lock()
	g.creates++
	g.created[r.AttemptNo] = r
	onCreate := g.onCreate
	g.mu.Unlock()
	if onCreate != nil {
		return onCreate(r)
	}
	return &Created{OrderID: "id-" + r.AttemptNo, Instructions: Instructions{PayPageURL: "https://pay.example.com/" + r.AttemptNo}}, nil
}

func (g *fakeGateway) Query(_ context.Context, r QueryRequest) (*QueryResult, error) {
	g.mu.Lock()
	onQuery := g.onQuery
	g.mu.Unlock()
	if onQuery != nil {
		if err := onQuery(r); err != nil {
			return nil, err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queries++
	if _, ok := g.created[r.AttemptNo]; !ok {
		return nil, fmt.Errorf("fake: query order: %w", paygates.ErrOrderNotFound)
	}
	result := &QueryResult{Closed: g.closed[r.AttemptNo], Unconfirmed: g.unsure[r.AttemptNo], OrderID: "id-" + r.AttemptNo}
	if p, ok := g.payments[r.AttemptNo]; ok && !g.quiet {
		result.Payment = &p
	}
	return result, nil
}

func (g *fakeGateway) ReadNotification(_ context.Context, r *http.Request) (Notification, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Notification{}, fmt.Errorf("fake: %w", paygates.ErrInvalidNotification)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return Notification{}, fmt.Errorf("fake: %w", paygates.ErrInvalidNotification)
	}
	if values.Get("sign") != "genuine" {
		return Notification{OrderNo: values.Get("attempt")}, fmt.Errorf("fake: %w", paygates.ErrInvalidSignature)
	}
	var amount, received, paidAt int64
	_, _ = fmt.Sscan(values.Get("amount"), &amount)
	_, _ = fmt.Sscan(values.Get("received"), &received)
	_, _ = fmt.Sscan(values.Get("paid_at"), &paidAt)
	p := &Payment{
		PaymentNo: values.Get("no"), AttemptNo: values.Get("attempt"), OrderID: values.Get("order_id"),
		Amount: money.Cents(amount), Received: money.Cents(received), Currency: values.Get("currency"), Refunded: values.Get("refunded") != "",
	}
	if paidAt != 0 {
		p.PaidAt = time.UnixMilli(paidAt)
	}
	return Notification{OrderNo: p.AttemptNo, Payment: p}, nil
}

func encodePayment(p Payment) string {
	values := url.Values{
		"sign": {"genuine"}, "no": {p.PaymentNo}, "attempt": {p.AttemptNo}, "order_id": {p.OrderID},
		"amount": {fmt.Sprint(p.Amount.Cents())}, "received": {fmt.Sprint(p.Received.Cents())}, "currency": {p.Currency},
	}
	if !p.PaidAt.IsZero() {
		values.Set("paid_at", fmt.Sprint(p.PaidAt.UnixMilli()))
	}
	if p.Refunded {
		values.Set("refunded", "1")
	}
	return values.Encode()
}

// pay plays the payer.
func (g *fakeGateway) pay(attemptNo string, change ...func(*Payment)) Payment {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := Payment{PaymentNo: "pay-" + attemptNo, AttemptNo: attemptNo, Amount: 990, Currency: "CNY", PaidAt: time.Now()}
	for _, c := range change {
		c(&p)
	}
	g.payments[attemptNo] = p
	return p
}

func (g *fakeGateway) count() (creates, queries int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.creates, g.queries
}

func (g *fakeGateway) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

var errDown = &paygates.Error{Gateway: "fake", Op: "query order", HTTPStatus: 503, Err: paygates.ErrUnavailable}

var errMerchant = errors.New("the merchant's table is locked by 203.0.113.7")
