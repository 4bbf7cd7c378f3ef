// Package check validates what a merchant passes in, before anything is sent.
// Each function returns what is allowed, for the error, or "" for a good value.
package check

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygates/paygates-go/money"
)

// Name wants 1 to longest bytes of ASCII letters, digits, "-" and "_": an
// identifier that means the same in a path, in a query and in a signature.
func Name(value string, longest int) string {
	if len(value) >= 1 && len(value) <= longest && strings.IndexFunc(value, notNameRune) < 0 {
		return ""
	}
	return "must be 1 to " + strconv.Itoa(longest) + " letters, digits, - or _"
}

func notNameRune(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// Digits wants 1 to longest ASCII digits.
func Digits(value string, longest int) string {
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if len(value) >= 1 && len(value) <= longest && strings.IndexFunc(value, notDigit) < 0 {
		return ""
	}
	return "must be 1 to " + strconv.Itoa(longest) + " digits"
}

// Text wants at most longest bytes of UTF-8 without control characters.
func Text(value string, longest int) string {
	if len(value) > longest {
		return "must be at most " + strconv.Itoa(longest) + " bytes long"
	}
	if IsPlain(value) || utf8.ValidString(value) && strings.IndexFunc(value, unicode.IsControl) < 0 {
		return ""
	}
	return "must be UTF-8 without control characters"
}

// IsPlain reports whether value is printable ASCII, which is the same in every
// encoding and most of what there is.
func IsPlain(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

// OptionalURL wants "" or an absolute http or https URL of at most longest bytes
// without credentials. The gateway reads the rest of it.
func OptionalURL(value string, longest int) string {
	if value == "" {
		return ""
	}
	if allowed := Text(value, longest); allowed != "" {
		return allowed
	}
	rest, ok := strings.CutPrefix(value, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(value, "http://")
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	if !ok || host == "" || host[0] == ':' || strings.ContainsAny(host, "@\\ ") {
		return "must be an absolute http or https URL"
	}
	return ""
}

// IP wants an IPv4 or IPv6 address without a zone.
func IP(value string) string {
	if ip, err := netip.ParseAddr(value); err != nil || ip.Zone() != "" {
		return "must be an IPv4 or IPv6 address"
	}
	return ""
}

// Amount wants least to most.
func Amount(value, least, most money.Amount) string {
	if value >= least && value <= most {
		return ""
	}
	return "must be " + least.String() + " to " + most.String()
}

// PathSegment wants 1 to longest bytes that stand in a URL path as one segment.
func PathSegment(value string, longest int) string {
	if value == "" || value == "." || value == ".." {
		return "is required"
	}
	return Text(value, longest)
}
