package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/sign"
)

// settings holds the flags and the variables that are not credentials.
type settings struct {
	addr        string
	publicURL   string // without a slash at the end; "" until the port is known
	demo        bool
	sqliteFile  string
	databaseURL string
	gateways    []string // in order of preference; nil means all
	expires     time.Duration
	behindProxy bool
	adminToken  sign.Secret
}

const usage = `Shop takes payments through the gateways of paygates-go.

    go run -C examples/shop . -demo

Flags:
%s
Environment:
  DATABASE_URL      a postgres:// URL, or a MySQL DSN such as
                    user:password@tcp(127.0.0.1:3306)/shop, instead of the file of -db
  SHOP_ADMIN_TOKEN  the password of /admin, with your name as user name; without it
                    /admin is open to this machine only

Credentials. Variables in brackets are optional. Several previous secrets are separated
by blanks; in keys "\n" stands for a line break.
%s
Each gateway sends notifications to <public-url>/notify/<gateway>. Set this URL in the
dashboard of Ping++; the other gateways receive it with each order.
`

// defaultFile is the SQLite file without -db.
const defaultFile = "shop.db"

// readSettings reads the flags and the environment. The error is flag.ErrHelp after -h.
func readSettings(args []string, env environment, out io.Writer) (settings, error) {
	var s settings
	var gateways string
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&s.publicURL, "public-url", "", "`URL` at which payers and gateways reach the shop (default http://<addr>)")
	flags.BoolVar(&s.demo, "demo", false, "use the fake gateways: no money moves")
	flags.StringVar(&s.sqliteFile, "db", "", "SQLite `file`, created if it is missing (default shop.db; with -demo a temporary file)")
	flags.StringVar(&gateways, "gateways", "", "gateways in order of preference, such as `gatepay,ispay` (default all that have credentials)")
	flags.DurationVar(&s.expires, "expires", 5*time.Minute, "how long an order can be paid")
	flags.BoolVar(&s.behindProxy, "behind-proxy", false, "read the payer's address from X-Forwarded-For, which your proxy must set")
	flags.Usage = func() {
		var defaults strings.Builder
		flags.SetOutput(&defaults)
		flags.PrintDefaults()
		flags.SetOutput(out)
		_, _ = fmt.Fprintf(out, usage, defaults.String(), variablesHelp())
	}
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	s.databaseURL = env["DATABASE_URL"]
	s.adminToken = sign.NewSecret(env["SHOP_ADMIN_TOKEN"])
	s.publicURL = strings.TrimRight(s.publicURL, "/")
	if gateways != "" {
		for _, name := range strings.Split(gateways, ",") {
			s.gateways = append(s.gateways, strings.TrimSpace(name))
		}
	}
	return s, s.check(flags.Args())
}

func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case !isAddress(s.addr):
		return fmt.Errorf("-addr must be HOST:PORT, such as 127.0.0.1:8080, and not %q", s.addr)
	case s.expires < 10*time.Second:
		return errors.New("-expires must be at least 10s")
	case s.databaseURL != "" && s.sqliteFile != "":
		return errors.New("both -db and DATABASE_URL are set: use one of them")
	}
	if s.publicURL == "" {
		return nil
	}
	public, err := url.Parse(s.publicURL)
	if err != nil || (public.Scheme != "https" && public.Scheme != "http") || public.Host == "" || public.Path != "" || public.RawQuery != "" {
		return errors.New("-public-url must be an http or https URL without a path or a query")
	}
	return nil
}

func isAddress(addr string) bool {
	_, _, err := net.SplitHostPort(addr)
	return err == nil
}

// database returns what to open: a driver, its data source name and the dialect.
func (s settings) database() (driver, source string, dialect checkout.Dialect, err error) {
	switch {
	case s.databaseURL == "":
		return "sqlite", sqliteSource(cmp.Or(s.sqliteFile, defaultFile)), checkout.SQLite, nil
	case strings.HasPrefix(s.databaseURL, "postgres://"), strings.HasPrefix(s.databaseURL, "postgresql://"):
		return "pgx", s.databaseURL, checkout.PostgreSQL, nil
	}
	if _, err := mysql.ParseDSN(s.databaseURL); err != nil || !strings.Contains(s.databaseURL, "@") || strings.Contains(s.databaseURL, "://") {
		return "", "", "", errors.New("DATABASE_URL must be a postgres:// URL or a MySQL DSN such as user:password@tcp(127.0.0.1:3306)/shop")
	}
	return "mysql", s.databaseURL, checkout.MySQL, nil
}

// inFile adds the name of the SQLite file to an error of the database.
func (s settings) inFile(err error) error {
	if s.databaseURL != "" {
		return err
	}
	return fmt.Errorf("%w: is the file of -db, %q, writable, and its directory?", err, cmp.Or(s.sqliteFile, defaultFile))
}

// sqliteSource returns a file with the options that checkout requires.
func sqliteSource(file string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(file)}).String() + "?_txlock=immediate&_pragma=busy_timeout(10000)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
}

// defaultPublicURL is for a shop that is used on this machine only.
func defaultPublicURL(listening net.Addr) string {
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return "http://" + listening.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
