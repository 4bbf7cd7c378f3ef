package transport

import (
	"net"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/internal/check"
)

// BaseURL checks a configured base URL and returns it without a slash at its end. It
// takes https, and http to a loopback address or where plain is set; no credentials,
// query or fragment. The violation names the field, not the value.
func BaseURL(v *check.Checker, field, configured string, plain bool) string {
	if configured == "" {
		v.Fail(field, "is required")
		return ""
	}
	u, err := url.Parse(configured)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		v.Fail(field, "must be an absolute URL such as https://pay.example.com")
		return ""
	}
	v.CopiedURL(field, configured)
	switch {
	case u.User != nil:
		v.Fail(field, "must not hold credentials")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(configured, "#"):
		v.Fail(field, "must not have a query or a fragment")
	case u.Scheme == "https":
	case u.Scheme != "http":
		v.Fail(field, "must begin with https://")
	case !plain && !isLoopback(u.Hostname()):
		v.Fail(field, "must begin with https:// (set AllowPlainHTTP if the gateway has nothing better)")
	}
	return strings.TrimRight(u.String(), "/")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
