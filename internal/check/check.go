// Package check validates what a merchant passes in and what a notification holds. A
// Checker records the first violation: which field, and what is allowed, never the
// value.
package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Checker records the first violation. Its methods do nothing after it, and some return
// the Checker, for a single check.
type Checker struct {
	gateway string
	kind    error
	err     error
}

// New returns a Checker whose violations are kind: paygates.ErrInvalidRequest,
// ErrInvalidConfig or ErrInvalidNotification.
func New(gateway string, kind error) *Checker { return &Checker{gateway: gateway, kind: kind} }

// Err returns the first violation, or nil.
func (v *Checker) Err() error { return v.err }

// Fail records a violation: what the field must be.
func (v *Checker) Fail(field, rule string) *Checker {
	if v.err == nil {
		v.err = fmt.Errorf("%s: %w: %s %s", v.gateway, v.kind, field, rule)
	}
	return v
}

// NoError records err as what is wrong with the field, unless it is nil.
func (v *Checker) NoError(field string, err error) {
	if err != nil && v.err == nil {
		v.err = fmt.Errorf("%s: %w: %s: %w", v.gateway, v.kind, field, err)
	}
}

// That records the rule as violated unless ok.
func (v *Checker) That(ok bool, field, rule string) *Checker {
	if ok {
		return v
	}
	return v.Fail(field, rule)
}

// OneOf requires one of the allowed values.
func OneOf[T comparable](v *Checker, field string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, one := range allowed {
		words[i] = fmt.Sprint(one)
	}
	last := len(words) - 1
	v.Fail(field, "must be "+strings.Join(words[:last], ", ")+" or "+words[last])
}

const (
	digits = "0123456789"
	// alphanumeric are ASCII letters and digits.
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + digits
)

// isMadeOf reports whether value has 1 to longest of the characters.
func isMadeOf(value, characters string, longest int) bool {
	return value != "" && len(value) <= longest && strings.Trim(value, characters) == ""
}

// ID requires 1 to longest ASCII letters, digits, "-" or "_": an identifier that means
// the same in a path, in a query and in a signature.
func (v *Checker) ID(field, value string, longest int) *Checker {
	if IsID(value, longest) {
		return v
	}
	return v.Fail(field, "must be 1 to "+strconv.Itoa(longest)+` letters, digits, "-" or "_"`)
}

// IsID reports whether value is an identifier: see [Checker.ID].
func IsID(value string, longest int) bool { return isMadeOf(value, alphanumeric+"-_", longest) }

// Alphanumeric requires 1 to longest ASCII letters or digits.
func (v *Checker) Alphanumeric(field, value string, longest int) *Checker {
	if IsAlphanumeric(value, longest) {
		return v
	}
	return v.Fail(field, "must be 1 to "+strconv.Itoa(longest)+" letters or digits")
}

// IsAlphanumeric reports whether value has 1 to longest ASCII letters or digits.
func IsAlphanumeric(value string, longest int) bool { return isMadeOf(value, alphanumeric, longest) }

// Digits requires 1 to longest ASCII digits.
func (v *Checker) Digits(field, value string, longest int) {
	if !AreDigits(value, longest) {
		v.Fail(field, "must be 1 to "+strconv.Itoa(longest)+" digits")
	}
}

// AreDigits reports whether value has 1 to longest ASCII digits.
func AreDigits(value string, longest int) bool { return isMadeOf(value, digits, longest) }

// Settings checks what every Config has: an AppInfo that a User-Agent header can hold, and
// limits that are not negative.
func Settings(v *Checker, app paygates.AppInfo, notificationTimeout time.Duration, confirmations int) {
	v.That(notificationTimeout >= 0, "NotificationTimeout", "must not be negative")
	v.That(confirmations >= 0, "MaxConfirmations", "must not be negative")
	if app == (paygates.AppInfo{}) {
		return
	}
	v.That(isMadeOf(app.Name, alphanumeric+".-_", 64), "AppInfo.Name", `must be 1 to 64 letters, digits, ".", "-" or "_"`)
	v.That(app.Version == "" || isMadeOf(app.Version, alphanumeric+".-_+", 64), "AppInfo.Version",
		`must be at most 64 letters, digits, ".", "-", "_" or "+"`)
}

// Text requires at most longest bytes of UTF-8 without control characters. "" is
// allowed.
func (v *Checker) Text(field, value string, longest int) {
	switch {
	case len(value) > longest:
		v.Fail(field, "must be at most "+strconv.Itoa(longest)+" bytes long")
	case !IsText(value):
		v.Fail(field, "must be UTF-8 without control characters")
	}
}

// Required requires a value that is not blank.
func (v *Checker) Required(field, value string) {
	if strings.TrimSpace(value) == "" {
		v.Fail(field, "is required")
	}
}

// SignedText requires text without "&", for signatures that join their values with it.
func (v *Checker) SignedText(field, value string, longest int) {
	if strings.Contains(value, "&") {
		v.Fail(field, `must not contain "&", which separates the fields that are signed`)
	}
	v.Text(field, value, longest)
}

// NoMarkup requires text that PHP deployments return unchanged: without the characters that
// they escape, markup and "&" for HTML and backslashes for a database, and without the
// blanks around it that they cut off.
func (v *Checker) NoMarkup(field, value string) {
	if i := strings.IndexAny(value, `"'<>&\`); i >= 0 {
		v.Fail(field, "must not contain "+value[i:i+1]+", which deployments of the gateway return escaped")
	}
	v.That(strings.TrimSpace(value) == value, field, "must not begin or end with a blank, which deployments of the gateway cut off")
}

// IsText reports whether value is UTF-8 without control characters.
func IsText(value string) bool {
	return IsPlain(value) || utf8.ValidString(value) && strings.IndexFunc(value, unicode.IsControl) < 0
}

// IsPlain reports whether value is printable ASCII, which is the same in every
// encoding.
func IsPlain(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// IP requires an IPv4 or IPv6 address without a zone.
func (v *Checker) IP(field, value string) {
	if ip, err := netip.ParseAddr(value); err != nil || ip.Zone() != "" {
		v.Fail(field, "must be an IPv4 or IPv6 address")
	}
}

// Amount requires least to most.
func (v *Checker) Amount(field string, value, least, most money.Amount) {
	if value < least || value > most {
		v.Fail(field, "must be "+least.String()+" to "+most.String())
	}
}

// PathSegment requires 1 to longest bytes that form one segment of a URL path.
func (v *Checker) PathSegment(field, value string, longest int) {
	v.That(value != "" && value != "." && value != "..", field, "is required")
	v.Text(field, value, longest)
}

// Secret requires a secret that is not what a Secret prints, without blanks, quotes, line
// breaks or invisible characters around it, which come from a copied line or a settings file.
func (v *Checker) Secret(field string, secret sign.Secret) {
	value := secret.Reveal()
	switch trimmed := strings.TrimFunc(value, surroundsSecret); {
	case trimmed == "":
		v.Fail(field, "is required")
	case trimmed != value:
		v.Fail(field, "must not have blanks, quotes, line breaks or invisible characters around it")
	case !IsText(value):
		v.Fail(field, "must be UTF-8 without control characters")
	case value == secret.String(): // anyone can sign with it
		v.Fail(field, "is what a Secret prints, not a secret: read it from where it is kept")
	}
}

// MaxPrevious is how many previous keys a Config may hold.
const MaxPrevious = 4

// KeyField names a key of a list that begins with the current one: current, or an element
// of previous.
func KeyField(current, previous string, i int) string {
	if i == 0 {
		return current
	}
	return fmt.Sprintf("%s[%d]", previous, i-1)
}

// Secrets requires a Secret and at most MaxPrevious PreviousSecrets, each as
// [Checker.Secret] does and none twice. It returns them all, the current one first.
func (v *Checker) Secrets(current sign.Secret, previous []sign.Secret) []sign.Secret {
	v.That(len(previous) <= MaxPrevious, "PreviousSecrets", "must hold at most "+strconv.Itoa(MaxPrevious))
	all := append([]sign.Secret{current}, previous...)
	for i, secret := range all {
		field := KeyField("Secret", "PreviousSecrets", i)
		v.Secret(field, secret)
		for j, other := range all[:i] {
			v.That(secret.Reveal() != other.Reveal(), field, "must differ from "+KeyField("Secret", "PreviousSecrets", j))
		}
	}
	return all
}

func surroundsSecret(r rune) bool {
	return unicode.IsSpace(r) || isInvisible(r) || strings.ContainsRune("\"'`“”‘’「」『』＂＇", r)
}

// isInvisible reports whether r is a character such as a byte order mark, a zero-width
// space or a direction mark, which copying from a dialog or a web page adds.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) }
