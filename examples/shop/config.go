package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/paygates/paygates-go/sign"
)

// settings are what the flags and the environment say.
type settings struct {
	addr        string
	publicURL   string // without a slash at the end; "" until the port is known
	database    string
	expires     time.Duration
	grace       time.Duration
	requery     time.Duration
	timeout     time.Duration
	workers     int
	behindProxy bool
	adminToken  sign.Secret
}

const usage = `Shop takes payments through the gateways of paygates-go. Without credentials it
runs on fake gateways that it starts itself.

    go run -C examples/shop .

Flags:
%s
Environment:
  DATABASE_URL            a postgres:// URL, instead of the SQLite file of -db
  SHOP_ADMIN_TOKEN        the password of /admin, whatever the user name; without
                          it /admin answers to this machine only

  Credentials. A gateway is on sale if one of the first line of its variables is
  set; what stands in brackets is optional.
  ISPAY_USER_ID, ISPAY_SECRET
    [ISPAY_BASE_URL, ISPAY_ALLOW_PLAIN_HTTP=1]
  CODEPAY_USER_ID, CODEPAY_SECRET, [CODEPAY_TOKEN, without which it cannot be asked]
    [CODEPAY_BASE_URL, CODEPAY_ALLOW_PLAIN_HTTP=1]
  GATEPAY_APPKEY, GATEPAY_APPSECRET
    [GATEPAY_BASE_URL, GATEPAY_ALLOW_PLAIN_HTTP=1]
  KECHENGCANG_BASE_URL, KECHENGCANG_APP_ID, KECHENGCANG_SECRET
    [KECHENGCANG_ALLOW_PLAIN_HTTP=1]
  PINGPP_BASE_URL and PINGPP_TOKEN of the merchant backend, which must know the
  orders; PINGPP_PUBLIC_KEY (PEM), [PINGPP_API_KEY, without which it cannot be asked]
    [PINGPP_API_BASE_URL, PINGPP_PRIVATE_KEY (PEM), PINGPP_ALLOW_PLAIN_HTTP=1,
    PINGPP_ALLOW_TEST_MODE=1, which takes payments of test mode for real ones]

The gateways call back at <public-url>/notify/<gateway>. Ping++ is told of that in
its dashboard.
`

// readSettings reads the flags and the environment. The error is flag.ErrHelp
// after -h.
func readSettings(args []string, getenv func(string) string, out io.Writer) (settings, error) {
	s := settings{grace: time.Minute}
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen")
	flags.StringVar(&s.publicURL, "public-url", "", "where payers and gateways reach the shop (default http://<addr>)")
	flags.StringVar(&s.database, "db", "shop.db", "the SQLite file, made if it is missing")
	flags.DurationVar(&s.expires, "expires", 5*time.Minute, "how long an order can be paid")
	flags.DurationVar(&s.requery, "requery", 3*time.Second, "the first pause before the gateway is asked for an order")
	flags.DurationVar(&s.timeout, "timeout", 15*time.Second, "how long to wait for a gateway")
	flags.IntVar(&s.workers, "workers", 4, "how many orders are asked for at the same time")
	flags.BoolVar(&s.behindProxy, "behind-proxy", false, "take the payer's address from X-Forwarded-For, as a proxy of yours sets it")
	flags.Usage = func() {
		var defaults strings.Builder
		flags.SetOutput(&defaults)
		flags.PrintDefaults()
		flags.SetOutput(out)
		_, _ = fmt.Fprintf(out, usage, defaults.String())
	}
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if database := getenv("DATABASE_URL"); database != "" {
		s.database = database
	}
	s.adminToken = sign.NewSecret(getenv("SHOP_ADMIN_TOKEN"))
	s.publicURL = strings.TrimRight(s.publicURL, "/")
	return s, s.check(flags.Args())
}

func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.expires < time.Second:
		return errors.New("-expires must be at least 1s")
	case s.requery < 10*time.Millisecond:
		return errors.New("-requery must be at least 10ms")
	case s.timeout < time.Second:
		return errors.New("-timeout must be at least 1s")
	case s.workers < 1 || s.workers > 64:
		return errors.New("-workers must be 1 to 64")
	}
	if s.publicURL == "" {
		return nil
	}
	public, err := url.Parse(s.publicURL)
	if err != nil || (public.Scheme != "https" && public.Scheme != "http") || public.Host == "" || public.RawQuery != "" {
		return errors.New("-public-url must be an http or https URL without a query")
	}
	return nil
}

// lostAfter is when the worker looks at an order whose create has not come back:
// the shop that sent it is dead by then.
func (s settings) lostAfter() time.Duration { return 2 * s.timeout }

// leaseTime is how long a shop that dies while it asks for an order holds it.
func (s settings) leaseTime() time.Duration { return 2 * s.timeout }

// defaultPublicURL is for trying the shop on one machine.
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
