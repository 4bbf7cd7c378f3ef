package transport

import (
	"net"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/internal/failure"
)

// BaseURL checks a configured base URL and returns it without a slash at its
// end. It takes https, and http to a loopback address or where plain is set; no
// credentials, query or fragment. The error names the field, not the value.
func BaseURL(pkg, field, configured string, plain bool) (string, error) {
	invalid := func(allowed string) (string, error) {
		return "", failure.Invalid(pkg, failure.ErrInvalidConfig, field, allowed)
	}
	if configured == "" {
		return invalid("is required")
	}
	u, err := url.Parse(configured)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return invalid("must be an absolute URL such as https://pay.example.com")
	}
	switch {
	case u.User != nil:
		return invalid("must not hold credentials")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(configured, "#"):
		return invalid("must not have a query or a fragment")
	case u.Scheme == "https":
	case u.Scheme != "http":
		return invalid("must begin with https://")
	case !plain && !isLoopback(u.Hostname()):
		return invalid("must begin with https:// (set AllowPlainHTTP if the gateway has nothing better)")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
