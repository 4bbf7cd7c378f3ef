package check

import (
	"strings"
	"unicode"
)

// URL requires an absolute http or https URL of at most longest bytes without
// credentials, blanks and what else copying leaves around a URL. "" is allowed. The
// gateway reads the rest of it.
func (v *Checker) URL(field, value string, longest int) {
	if value == "" {
		return
	}
	v.Text(field, value, longest)
	v.That(IsURL(value), field, "must be an absolute http or https URL without blanks and credentials")
	v.CopiedURL(field, value)
}

// CopiedURL requires a URL without what copying leaves around one.
func (v *Checker) CopiedURL(field, value string) {
	v.That(strings.IndexFunc(value, surroundsURL) < 0, field, "must not contain blanks, quotes, angle brackets or invisible characters")
}

func surroundsURL(r rune) bool {
	return unicode.IsSpace(r) || isInvisible(r) || strings.ContainsRune("\"<>`“”‘’", r)
}

// IsURL reports whether value is an absolute http or https URL with a host, without
// credentials and blanks.
func IsURL(value string) bool {
	scheme, host, _ := strings.Cut(value, "://")
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	return (scheme == "https" || scheme == "http") && host != "" && host[0] != ':' && !strings.ContainsAny(host, "@\\") &&
		strings.IndexFunc(value, unicode.IsSpace) < 0
}

// NotifyQuery says what a gateway makes of the query of a notify URL.
type NotifyQuery string

const (
	// QueryKept marks a gateway that keeps the query and sends its fields in
	// the body.
	QueryKept NotifyQuery = ""
	// QueryBroken marks a gateway that appends "?field=…" literally, so that a query
	// would make the notification unreadable.
	QueryBroken NotifyQuery = `must not have a query or a fragment: the gateway appends "?order_no=…" to it`
	// QuerySigned marks a gateway that signs over the parameters of the query too, so
	// that a query would make the signature of every notification wrong.
	QuerySigned NotifyQuery = "must not have a query or a fragment: the gateway signs its parameters too (不能附带任何参数)"
)

// NotifyURL requires a URL that the gateway can send notifications to. "" is allowed.
func (v *Checker) NotifyURL(field, value string, longest int, query NotifyQuery) {
	v.URL(field, value, longest)
	switch {
	case strings.Contains(value, "#"):
		rule := string(query)
		if rule == "" {
			rule = "must not have a fragment: it is not sent"
		}
		v.Fail(field, rule)
	case query != QueryKept && strings.Contains(value, "?"):
		v.Fail(field, string(query))
	}
}
