package checkout

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go"
)

// Config holds the database, the gateways and the settings.
type Config struct {
	// DB is the merchant's database. Required. It stays the merchant's: checkout does not
	// close it.
	DB *sql.DB
	// Dialect is the kind of database. Required.
	Dialect Dialect
	// Gateways are the merchant accounts. Required, each with a different name.
	Gateways []Gateway
	// PublicURL is where gateways reach this server, such as "https://shop.example.com".
	// Required.
	PublicURL string
	// OnPaid credits an order in the merchant's own tables. Required. It runs inside the
	// transaction that credits the order and must only use tx, not commit it or roll it
	// back. If it returns an error or panics, nothing is credited and the notification
	// arrives again. Return every error of tx: after a deadlock MySQL has rolled it back, and
	// what you write then is stored at once.
	//
	// Its writes to tx happen exactly once for an order. What it does elsewhere can happen
	// more than once, because a transaction can be run again: store what is to be done in
	// tx, and do it afterwards. Wait for nothing else: on SQLite its context does not end, and
	// other payments wait for it.
	OnPaid func(ctx context.Context, tx *sql.Tx, p Payment) error

	// TablePrefix begins the names of the tables. Default: "checkout_". Lower-case letters,
	// digits and "_".
	TablePrefix string
	// SkipMigrations leaves the tables unchanged. New then returns an error if they are
	// not up to date.
	SkipMigrations bool
	// NotifyPath is the path of the notify URLs below PublicURL. Default: "/notify/".
	NotifyPath string
	// Logger receives log lines without secrets, URLs and payer data. Default:
	// slog.Default() at the time of each line.
	Logger *slog.Logger
	// Observer observes the notifications, for traces and metrics. That of a gateway's own
	// Config observes its requests; it may be the same one. Default: none.
	Observer paygates.Observer

	// ExpiresIn is how long an order can be paid. Default: 15 min.
	ExpiresIn time.Duration
	// ClockTolerance is by how much a gateway's clock may differ from this machine's: money
	// is late only if it was paid later than that after the expiry. Default: 5 min.
	ClockTolerance time.Duration
	// UnconfirmedAfter is how long a payment may be unconfirmed before a person has to look
	// at it. Default: 10 min.
	UnconfirmedAfter time.Duration
	// MaxAttempts is how many attempts one order can have. Default: 10.
	MaxAttempts int

	// GatewayTimeout limits a create and a query. Default: 20 s.
	GatewayTimeout time.Duration
	// NotificationTimeout limits the handling of one notification. Default: 60 s.
	NotificationTimeout time.Duration
	// RefreshTimeout limits Refresh. Default: 5 s.
	RefreshTimeout time.Duration
	// QueryInterval is the first interval between two queries of an attempt. The next ones
	// are longer, up to six times as long while the order can be paid. Default: 5 s.
	QueryInterval time.Duration
	// PollInterval is how often Run looks for attempts that are due. Default: 1 s.
	PollInterval time.Duration
	// QueriesPerGateway is how many queries Run sends to one gateway at once. Default: 4.
	QueriesPerGateway int

	// JournalRetention is how long the journal of notifications is kept. Default: 90 days.
	// A negative value turns the journal off.
	JournalRetention time.Duration

	// now replaces the clock in tests.
	now func() time.Time
}

// Service takes payments and credits them. It is safe for concurrent use.
type Service struct {
	config   Config
	db       *sql.DB
	dialect  dialect
	gateways map[string]Gateway
	log      *slog.Logger
	now      func() time.Time
	writer   chan struct{} // held by the one transaction of a SQLite database
	journal  *journal

	statements   sync.Map // SQL statements by their portable text
	preparedOnce sync.Map // prepared statements by their portable text
}

var (
	prefixShape = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,31}$`)
	nameShape   = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// New returns a Service. It waits until the database is reachable or ctx ends, checks
// that the database is suitable, and creates or updates the tables.
//
// The error is ErrInvalidConfig, ErrDatabaseUnsuitable, that of the database, or that of
// ctx.
func New(ctx context.Context, config Config) (*Service, error) {
	config.setDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("checkout: new: %w: %w", ErrInvalidConfig, err)
	}
	s := &Service{
		config: config, db: config.DB, dialect: dialects[config.Dialect],
		gateways: map[string]Gateway{}, log: config.Logger, now: config.now,
		writer: make(chan struct{}, 1),
	}
	for _, gateway := range config.Gateways {
		s.gateways[gateway.Name()] = gateway
	}
	s.journal = newJournal(s)
	if err := s.waitForDatabase(ctx, s.prepare); err != nil {
		return nil, fmt.Errorf("checkout: new: %w", explainPooler(err))
	}
	return s, nil
}

// prepare checks the database and brings the tables up to date.
func (s *Service) prepare(ctx context.Context) error {
	if err := s.checkDatabase(ctx); err != nil {
		return err
	}
	migrate := s.migrate
	if s.config.SkipMigrations {
		migrate = s.checkMigrated
	}
	if err := migrate(ctx); err != nil {
		return err
	}
	if err := s.checkTables(ctx); err != nil {
		return err
	}
	return s.prepareStatements(ctx)
}

func (c *Config) setDefaults() {
	c.TablePrefix = cmp.Or(c.TablePrefix, "checkout_")
	c.NotifyPath = cmp.Or(c.NotifyPath, "/notify/")
	c.ExpiresIn = cmp.Or(c.ExpiresIn, 15*time.Minute)
	c.ClockTolerance = cmp.Or(c.ClockTolerance, 5*time.Minute)
	c.UnconfirmedAfter = cmp.Or(c.UnconfirmedAfter, 10*time.Minute)
	c.GatewayTimeout = cmp.Or(c.GatewayTimeout, 20*time.Second)
	c.NotificationTimeout = cmp.Or(c.NotificationTimeout, time.Minute)
	c.RefreshTimeout = cmp.Or(c.RefreshTimeout, 5*time.Second)
	c.QueryInterval = cmp.Or(c.QueryInterval, 5*time.Second)
	c.PollInterval = cmp.Or(c.PollInterval, time.Second)
	c.JournalRetention = cmp.Or(c.JournalRetention, 90*24*time.Hour)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 10)
	c.QueriesPerGateway = cmp.Or(c.QueriesPerGateway, 4)
	if c.Logger == nil {
		c.Logger = slog.New(defaultLog{})
	}
	if c.now == nil {
		c.now = time.Now
	}
}

func (c *Config) validate() error {
	public, err := url.Parse(c.PublicURL)
	switch {
	case c.DB == nil:
		return errors.New("field DB is required")
	case dialects[c.Dialect].goose == "":
		return errors.New("field Dialect must be PostgreSQL, MySQL or SQLite")
	case len(c.Gateways) == 0:
		return errors.New("field Gateways is required")
	case err != nil, public.Scheme != "https" && public.Scheme != "http", public.Host == "", public.RawQuery != "", public.Fragment != "":
		return errors.New("field PublicURL must be an http or https URL without a query")
	case c.OnPaid == nil:
		return errors.New("field OnPaid is required")
	case !prefixShape.MatchString(c.TablePrefix):
		return errors.New(`field TablePrefix must be 1 to 32 lower-case letters, digits or "_"`)
	case !strings.HasPrefix(c.NotifyPath, "/") || !strings.HasSuffix(c.NotifyPath, "/"):
		return errors.New(`field NotifyPath must begin and end with "/"`)
	}
	if err := c.validateNumbers(); err != nil {
		return err
	}
	return c.validateGateways()
}

func (c *Config) validateNumbers() error {
	for _, field := range []struct {
		name string
		ok   bool
		must string
	}{
		{"MaxAttempts", c.MaxAttempts >= 1, "at least 1"},
		{"QueriesPerGateway", c.QueriesPerGateway >= 1, "at least 1"},
		{"ExpiresIn", canExpireIn(c.ExpiresIn), "1 s to 90 days"},
		{"GatewayTimeout", c.GatewayTimeout >= time.Millisecond, "at least 1 ms"},
		{"NotificationTimeout", c.NotificationTimeout >= time.Millisecond, "at least 1 ms"},
		{"RefreshTimeout", c.RefreshTimeout >= time.Millisecond, "at least 1 ms"},
		{"QueryInterval", c.QueryInterval >= time.Millisecond, "at least 1 ms"},
		{"PollInterval", c.PollInterval >= time.Millisecond, "at least 1 ms"},
		{"ClockTolerance", c.ClockTolerance >= 0, "0 or more"},
		{"UnconfirmedAfter", c.UnconfirmedAfter >= 0, "0 or more"},
	} {
		if !field.ok {
			return fmt.Errorf("field %s must be %s", field.name, field.must)
		}
	}
	return nil
}

func (c *Config) validateGateways() error {
	names := map[string]bool{}
	for i, gateway := range c.Gateways {
		if gateway == nil {
			return fmt.Errorf("field Gateways[%d] is nil", i)
		}
		name, account := gateway.Name(), gateway.Account()
		switch {
		case !nameShape.MatchString(name):
			return fmt.Errorf(`field Gateways[%d]: the name must be 1 to 32 lower-case letters, digits or "-"`, i)
		case names[name]:
			return fmt.Errorf("field Gateways[%d]: the name %s is used twice", i, name)
		case account == "" || !isPlain(account, 128):
			return fmt.Errorf("field Gateways[%d]: the account must have 1 to 128 bytes of printable text", i)
		}
		names[name] = true
	}
	return nil
}

// NotifyURL returns the URL at which a gateway, by its name, sends notifications. Create
// passes it on; a gateway that takes it from its dashboard needs it there.
func (s *Service) NotifyURL(gateway string) string {
	return strings.TrimRight(s.config.PublicURL, "/") + s.config.NotifyPath + gateway
}

// defaultLog passes each line to slog.Default(), so that slog.SetDefault works after New.
type defaultLog struct{}

func (defaultLog) Enabled(ctx context.Context, level slog.Level) bool {
	return slog.Default().Enabled(ctx, level)
}

func (defaultLog) Handle(ctx context.Context, r slog.Record) error {
	return slog.Default().Handler().Handle(ctx, r)
}

func (defaultLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return slog.Default().Handler().WithAttrs(attrs)
}

func (defaultLog) WithGroup(name string) slog.Handler {
	return slog.Default().Handler().WithGroup(name)
}
