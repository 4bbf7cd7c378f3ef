package explain

import (
	"crypto/md5" //nolint:gosec // the gateways document MD5
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/paygates/paygates-go/sign"
)

// longestTried is the length of the names and values for which the common mistakes
// are tested. Documented notifications have some hundreds of bytes. With the
// largest request that a sender can make, testing would take many seconds.
const longestTried = 16 << 10

// mismatchHints tests the common mistakes one by one. If none of them gives the
// received signature, it lists what to check.
func mismatchHints(f form, secret sign.Secret, received string, fields, signed []sign.Field) []string {
	if hint := shapeHint(received); hint != "" {
		return []string{hint}
	}
	length := 0
	for _, field := range fields {
		length += len(field.Name) + len(field.Value)
	}
	if length > longestTried {
		return commonCauses(signed)
	}
	if bare := secret.Trimmed(); bare.Reveal() != secret.Reveal() && f.verify(bare, received, fields) == nil {
		return []string{"Matches after trimming whitespace or quotes from the secret."}
	}
	if f.sorted && matchesWithEmpty(f, secret, received, fields) {
		return []string{"Matches if empty values are signed: the sender must leave them out."}
	}
	matches := func(fields []sign.Field) bool { return f.verify(secret, received, fields) == nil }
	for _, change := range changes {
		if matches(changeAll(fields, change.to)) {
			return []string{"Matches if every value is " + change.what + "."}
		}
	}
	for i := range fields {
		if hint := fieldHint(fields, i, matches); hint != "" {
			return []string{hint}
		}
	}
	return commonCauses(signed)
}

func shapeHint(received string) string {
	const digits = "0123456789abcdefABCDEF"
	const length = 2 * len(sign.Digest{})
	switch {
	case strings.Trim(received, digits) == "" && len(received) == length:
		return ""
	case len(sign.NewSecret(received).Trimmed().Reveal()) == length:
		return "The received signature has whitespace or quotes around it."
	default:
		return fmt.Sprintf("The received signature has %s instead of 32 hex digits. It is cut off or of another kind.", counted(len(received), "character"))
	}
}

// matchesWithEmpty signs empty values too, which package sign cannot do.
func matchesWithEmpty(f form, secret sign.Secret, received string, fields []sign.Field) bool {
	all := make([]sign.Field, 0, len(fields))
	for _, field := range fields {
		if field.Name != sign.FieldName && !slices.Contains(f.skip, field.Name) {
			all = append(all, field)
		}
	}
	sortByName(all)
	expected, err := sign.MD5Concat(secret, joinSorted(all))
	return verify(expected, err, received) == nil
}

// changes are what happens to values between the sender and here. A change that is
// not possible returns the value unchanged.
var changes = []struct {
	what string
	to   func(string) string
}{
	{"decoded once more: it was still URL-encoded here", unescape},
	{"URL-encoded: the sender signed it encoded", url.QueryEscape},
	{"URL-encoded with %20 for spaces: the sender signed it encoded", escapePath},
	{"taken without the whitespace around it", strings.TrimSpace},
	{"taken with spaces for +: it was decoded once too little", replace("+", " ")},
	{"taken with + for spaces: it was decoded once too often", replace(" ", "+")},
	{"taken with & for &amp;: it was escaped for HTML", replace("&amp;", "&")},
}

func replace(old, with string) func(string) string {
	return func(value string) string { return strings.ReplaceAll(value, old, with) }
}

func unescape(value string) string {
	if decoded, err := url.QueryUnescape(value); err == nil {
		return decoded
	}
	return value
}

func escapePath(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }

func changeAll(fields []sign.Field, change func(string) string) []sign.Field {
	changed := make([]sign.Field, len(fields))
	for i, field := range fields {
		changed[i] = sign.Field{Name: field.Name, Value: change(field.Value)}
	}
	return changed
}

func fieldHint(fields []sign.Field, i int, matches func([]sign.Field) bool) string {
	field := fields[i]
	matchesWith := func(value string) bool {
		changed := slices.Clone(fields)
		changed[i].Value = value
		return matches(changed)
	}
	for _, change := range changes {
		if matchesWith(change.to(field.Value)) {
			return fmt.Sprintf("Matches if the value of %q is %s.", field.Name, change.what)
		}
	}
	for _, amount := range amounts(field.Value) {
		if matchesWith(amount) {
			return fmt.Sprintf("Matches if %q is written %s: the sender signed the amount in another form than it sent.", field.Name, amount)
		}
	}
	if field.Value != "" && matchesWith("") {
		return fmt.Sprintf("Matches without %q: the sender did not sign this field.", field.Name)
	}
	return ""
}

// amounts returns the other ways to write a decimal number.
func amounts(value string) []string {
	whole, decimals, _ := strings.Cut(value, ".")
	if whole == "" || strings.Trim(whole+decimals, "0123456789") != "" {
		return nil
	}
	short := strings.TrimRight(decimals, "0")
	forms := []string{}
	for n := len(short); n <= 2; n++ {
		form := whole
		if n > 0 {
			form += "." + short + strings.Repeat("0", n-len(short))
		}
		if form != value {
			forms = append(forms, form)
		}
	}
	return forms
}

func commonCauses(signed []sign.Field) []string {
	causes := []string{
		"Does the secret belong to this merchant and this gateway? Was it changed there?",
		"Was a value decoded twice, or not at all? Pass on what arrived.",
		"Was an amount rewritten by a number type (300 for 300.00)?",
		"Was a field lost or added in transit, or signed in another order than documented?",
	}
	for _, field := range signed {
		if !isASCII(field.Value) {
			const encoding = "Does the sender sign %q in another encoding, such as GBK instead of UTF-8? Verify the bytes that arrived."
			return append(causes, fmt.Sprintf(encoding, field.Name))
		}
	}
	return causes
}

func messageHints(key sign.PublicKey, received, message string) []string {
	matches := func(received, message string) bool { return key.Verify([]byte(message), received) == nil }
	decoded := received
	// PathUnescape leaves "+", because nothing decodes a header as a form.
	if text, err := url.PathUnescape(received); err == nil {
		decoded = text
	}
	repaired := strings.NewReplacer(" ", "+", "-", "+", "_", "/", "\n", "", "\r", "").Replace(decoded)
	switch {
	case matches(repaired, message):
		return []string{`Matches if the signature is read as standard base64: "+" became a space in transit, or the signature was URL-encoded.`}
	case matches(received, strings.TrimSpace(message)), matches(received, strings.TrimPrefix(message, "\ufeff")):
		return []string{"Matches after trimming whitespace or a byte order mark from the body: pass on the bytes that arrived."}
	case matches(received, message+"\n"):
		return []string{"Matches with a line break at the end of the body, which was lost in transit."}
	}
	hints := []string{
		"Is the public key the one that the gateway shows for this account? The merchant's own public key does not verify its webhooks.",
		"Is this the body as it arrived? JSON that was decoded and encoded again has other bytes.",
	}
	if _, err := base64.StdEncoding.DecodeString(received); err != nil {
		hints = append(hints, "The received signature is not base64.")
	}
	return hints
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // the gateways document MD5
	return hex.EncodeToString(sum[:])
}
