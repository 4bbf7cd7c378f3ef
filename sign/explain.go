package sign

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// Explanation says field by field what a signature is made of, for a person who
// looks for the reason why two sides do not agree. It is for a terminal or a
// support page, never for the sender of a callback.
//
// It holds the values that were passed in, and neither the secret nor any
// signature: not the received one, and not the right one, which is a credential.
type Explanation struct {
	// Form is the formula: "md5(fields + secret)".
	Form string `json:"form"`
	// Fields are the fields in the order in which they are signed, and then those
	// that take no part.
	Fields []ExplainedField `json:"fields"`
	// Steps are the texts that are hashed, one after the other, with the secret
	// masked. It is nil where that is the one field itself.
	Steps []string `json:"steps,omitempty"`
	// Received is true if there was a signature to compare with, Matches if it is
	// the one that the fields and the secret make.
	Received bool `json:"received"`
	Matches  bool `json:"matches"`
	// Hints say what to look at. One that begins with "It matches" was tried out.
	Hints []string `json:"hints,omitempty"`

	// hide masks the secret in a value.
	hide func(string) string
}

// ExplainedField is one field of an [Explanation].
type ExplainedField struct {
	// Name and Value are those of the [Field], the secret masked.
	Name  string `json:"name"`
	Value string `json:"value"`
	// Bytes is the length of the value.
	Bytes int `json:"bytes"`
	// Skipped says why the field takes no part. It is "" for a signed one.
	Skipped string `json:"skipped,omitempty"`
	// Odd names what is unusual about the value.
	Odd []string `json:"odd,omitempty"`
}

// ExplainConcat explains what [MD5Concat] signs: the values of the fields, in their
// order. received is the signature to compare with, "" without one.
func ExplainConcat(secret Secret, received string, fields []Field) Explanation {
	return explain(scheme{
		form: "md5(" + plus(fields) + "secret)",
		digest: func(s Secret, f []Field) (Digest, error) {
			return MD5Concat(s, valuesOf(f)...)
		},
		steps: func(f []Field, mask string) []string {
			return []string{strings.Join(valuesOf(f), "") + mask}
		},
	}, secret, received, fields)
}

// ExplainNested explains what [MD5Nested] signs: the values of the fields, in their
// order. received is the signature to compare with, "" without one.
func ExplainNested(secret Secret, received string, fields []Field) Explanation {
	return explain(scheme{
		form: "md5(md5(" + strings.TrimSuffix(plus(fields), " + ") + ") + secret)",
		digest: func(s Secret, f []Field) (Digest, error) {
			return MD5Nested(s, valuesOf(f)...)
		},
		steps: func(f []Field, mask string) []string {
			joined := strings.Join(valuesOf(f), "")
			return []string{joined, digest([]byte(joined)).String() + mask}
		},
	}, secret, received, fields)
}

// ExplainSorted explains what [MD5Sorted] signs: the fields that are neither empty
// nor "sign", by name. received is the signature to compare with, "" without one.
func ExplainSorted(secret Secret, received string, fields []Field) Explanation {
	return explain(scheme{
		form:   `md5(name=value&… + secret), sorted by name`,
		sorted: true,
		digest: MD5Sorted,
		steps: func(f []Field, mask string) []string {
			return []string{joinSorted(f) + mask}
		},
	}, secret, received, fields)
}

// ExplainSalted explains what [MD5Salted] signs: the salt. received is the signature
// to compare with, "" without one.
func ExplainSalted(secret Secret, received, salt string) Explanation {
	return explain(scheme{
		form: "md5(md5(salt) + md5(secret))",
		digest: func(s Secret, f []Field) (Digest, error) {
			return MD5Salted(s, strings.Join(valuesOf(f), ""))
		},
		steps: func(f []Field, mask string) []string {
			joined := strings.Join(valuesOf(f), "")
			return []string{joined, digest([]byte(joined)).String() + "[md5 of " + mask[1:]}
		},
	}, secret, received, []Field{{Name: "salt", Value: salt}})
}

// ExplainMessage explains what [PublicKey.Verify] verifies: the bytes of a
// message. received is the signature to compare with, "" without one.
func ExplainMessage(key PublicKey, received string, message []byte) Explanation {
	field := Field{Name: "body", Value: string(message)}
	e := Explanation{
		Form:     "RSA-SHA256(body)",
		Fields:   []ExplainedField{{Name: field.Name, Value: field.Value, Bytes: len(message), Odd: oddities(field)}},
		Received: received != "",
		Matches:  key.Verify(message, received) == nil,
	}
	switch {
	case key.IsZero():
		e.hint("There is no public key.")
	case e.Received && !e.Matches:
		e.hint(messageHints(key, received, field.Value)...)
	}
	return e
}

// NotSigned adds fields that came along and that the signature does not cover.
func (e Explanation) NotSigned(fields ...Field) Explanation {
	all := make([]ExplainedField, 0, len(e.Fields)+len(fields))
	all = append(all, e.Fields...)
	for _, field := range fields {
		value := field.Value
		switch {
		case field.Name == FieldName:
			value = "[signature]"
		case e.hide != nil:
			value = e.hide(value)
		}
		all = append(all, ExplainedField{
			Name: field.Name, Value: value, Bytes: len(field.Value), Skipped: "the signature does not cover it",
		})
	}
	e.Fields = all
	return e
}

// String returns the explanation as a text of several lines. It shows the values
// that were passed in.
func (e Explanation) String() string {
	var b strings.Builder
	b.WriteString("signature = " + e.Form + "\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	n := 0
	for _, field := range e.Fields {
		mark, what := "-", "skipped: "+field.Skipped
		if field.Skipped == "" {
			n++
			mark, what = strconv.Itoa(n), fmt.Sprintf("%d bytes", field.Bytes)
		}
		_, _ = fmt.Fprintf(table, "  %s\t%q\t%q\t%s\n", mark, field.Name, field.Value, what)
		for _, odd := range field.Odd {
			_, _ = fmt.Fprintf(table, "  \t\t\t! %s\n", odd)
		}
	}
	_ = table.Flush()
	for _, step := range e.Steps {
		_, _ = fmt.Fprintf(&b, "  hashed: %q\n", step)
	}
	b.WriteString("  " + e.verdict() + "\n")
	for _, hint := range e.Hints {
		b.WriteString("  - " + hint + "\n")
	}
	return b.String()
}

// LogValue returns the verdict alone: a log is no place for the values.
func (e Explanation) LogValue() slog.Value { return slog.StringValue(e.verdict()) }

func (e Explanation) verdict() string {
	switch {
	case !e.Received:
		return "no signature to compare with"
	case e.Matches:
		return "the signature matches"
	default:
		return "the signature DOES NOT match"
	}
}

func (e *Explanation) hint(hints ...string) { e.Hints = append(e.Hints, hints...) }

// scheme is one of the MD5 forms. What it is given has been masked for steps, and
// not for digest.
type scheme struct {
	form   string
	sorted bool
	digest func(Secret, []Field) (Digest, error)
	steps  func(fields []Field, mask string) []string
}

func explain(s scheme, secret Secret, received string, fields []Field) Explanation {
	e := Explanation{
		Form: s.form, Received: received != "",
		hide: func(value string) string { return hide(secret, value) },
	}
	signed, skipped := split(s, fields)
	hidden := make([]Field, 0, len(signed))
	for _, field := range signed {
		shown := Field{Name: field.Name, Value: hide(secret, field.Value)}
		hidden = append(hidden, shown)
		e.Fields = append(e.Fields, ExplainedField{
			Name: field.Name, Value: shown.Value, Bytes: len(field.Value), Odd: oddities(field),
		})
		if shown.Value != field.Value {
			e.hint(fmt.Sprintf("The field %q holds the secret itself: it must never be sent.", field.Name))
		}
	}
	e.Fields = append(e.Fields, skipped...)
	e.Steps = s.steps(hidden, mask(secret))
	e.hint(secretHints(secret)...)
	right, err := s.digest(secret, fields)
	if err != nil {
		e.hint("Nothing can be signed: " + err.Error() + ".")
		return e
	}
	e.Matches = right.Verify(received) == nil
	if e.Received && !e.Matches {
		e.hint(mismatchHints(s, secret, received, fields, signed)...)
	}
	return e
}

// split tells the signed fields from those that take no part.
func split(s scheme, fields []Field) (signed []Field, skipped []ExplainedField) {
	if !s.sorted {
		return fields, nil
	}
	for _, field := range fields {
		why := ""
		switch {
		case field.Name == FieldName:
			skipped = append(skipped, ExplainedField{
				Name: field.Name, Value: "[signature]", Bytes: len(field.Value), Skipped: "it is the signature",
			})
			continue
		case field.Value == "":
			why = "it is empty"
		default:
			signed = append(signed, field)
			continue
		}
		skipped = append(skipped, ExplainedField{Name: field.Name, Skipped: why})
	}
	sortByName(signed)
	return signed, skipped
}

func joinSorted(fields []Field) string {
	var b strings.Builder
	for i, field := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(field.Name + "=" + field.Value)
	}
	return b.String()
}

func valuesOf(fields []Field) []string {
	values := make([]string, len(fields))
	for i, field := range fields {
		values[i] = field.Value
	}
	return values
}

func plus(fields []Field) string {
	var b strings.Builder
	for _, field := range fields {
		b.WriteString(field.Name + " + ")
	}
	return b.String()
}

func mask(secret Secret) string {
	return fmt.Sprintf("[secret, %d characters]", utf8.RuneCountInString(secret.Reveal()))
}

// hide masks the secret where a value holds it. A short one is left: what it was
// would show from where it is missing.
func hide(secret Secret, value string) string {
	const shortest = 8
	bare := clean(secret.Reveal())
	if len(bare) < shortest {
		return value
	}
	return strings.ReplaceAll(value, bare, mask(secret))
}

const byteOrderMark = "\ufeff"

// clean takes off what editors, shells and spreadsheets put around a key.
func clean(text string) string {
	for {
		cleaned := strings.TrimSpace(strings.Trim(text, byteOrderMark+"\u200b"))
		if n := len(cleaned); n >= 2 && strings.ContainsRune("\"'`", rune(cleaned[0])) && cleaned[0] == cleaned[n-1] {
			cleaned = cleaned[1 : n-1]
		}
		if cleaned == text {
			return text
		}
		text = cleaned
	}
}

func secretHints(secret Secret) (hints []string) {
	value := secret.Reveal()
	switch {
	case value == "":
		return nil // said by ErrEmptySecret
	case strings.ContainsAny(value, "\r\n"):
		hints = append(hints, "The secret has a line break in it: it was probably read from a file together with the end of the line.")
	case strings.TrimSpace(value) != value:
		hints = append(hints, "The secret begins or ends with a blank.")
	}
	bare := strings.TrimSpace(value)
	if strings.HasPrefix(bare, byteOrderMark) {
		hints = append(hints, "The secret begins with a byte order mark, as some editors write it.")
	} else if clean(value) != bare {
		hints = append(hints, "The secret stands in quotes, which take part in the signature.")
	}
	return hints
}

// mismatchHints tries the usual mistakes one by one. Where none of them is it, it
// names them all.
func mismatchHints(s scheme, secret Secret, received string, fields, signed []Field) []string {
	if hint := shapeHint(received); hint != "" {
		return []string{hint}
	}
	// To try it all out on what a stranger can send takes many seconds.
	if lengthOf(fields) > longestTried {
		return usualCauses(signed)
	}
	matches := func(secret Secret, fields []Field) bool {
		d, err := s.digest(secret, fields)
		return err == nil && d.Verify(received) == nil
	}
	if bare := clean(secret.Reveal()); bare != secret.Reveal() && matches(NewSecret(bare), fields) {
		return []string{"It matches without what stands around the secret (blanks, quotes, line breaks): store the secret without it."}
	}
	if s.sorted && matchesWithEmpty(secret, received, fields) {
		return []string{"It matches if empty values are signed too: the sender must leave them out."}
	}
	matchesFields := func(fields []Field) bool { return matches(secret, fields) }
	for _, change := range changes {
		if matchesFields(changeAll(fields, change.to)) {
			return []string{"It matches if every value is " + change.what + "."}
		}
	}
	for i := range fields {
		if hint := fieldHint(fields, i, matchesFields); hint != "" {
			return []string{hint}
		}
	}
	return usualCauses(signed)
}

// longestTried is how many bytes of names and values are tried out. The longest
// documented callback has some hundreds.
const longestTried = 16 << 10

func lengthOf(fields []Field) (length int) {
	for _, field := range fields {
		length += len(field.Name) + len(field.Value)
	}
	return length
}

// fieldHint tries the usual mistakes with one field.
func fieldHint(fields []Field, i int, matches func([]Field) bool) string {
	field := fields[i]
	for _, change := range changes {
		if matches(with(fields, i, change.to(field.Value))) {
			return fmt.Sprintf("It matches if the value of %q is %s.", field.Name, change.what)
		}
	}
	for _, amount := range amounts(field.Value) {
		if matches(with(fields, i, amount)) {
			return fmt.Sprintf("It matches if %q is written %s: the sender signed the amount in another form than it sent.", field.Name, amount)
		}
	}
	if field.Value != "" && matches(with(fields, i, "")) {
		return fmt.Sprintf("It matches without %q: the sender did not sign this parameter.", field.Name)
	}
	return ""
}

func shapeHint(received string) string {
	const digits = "0123456789abcdefABCDEF"
	if strings.Trim(received, digits) == "" && len(received) == len(Digest{}) {
		return ""
	}
	if len(clean(received)) == len(Digest{}) {
		return "The received signature has blanks or quotes around it."
	}
	return fmt.Sprintf("The received signature has %d characters and should be 32 hex digits: it is cut off, or of another kind.", len(received))
}

func matchesWithEmpty(secret Secret, received string, fields []Field) bool {
	all := make([]Field, 0, len(fields))
	for _, field := range fields {
		if field.Name != FieldName {
			all = append(all, field)
		}
	}
	sortByName(all)
	return digest([]byte(joinSorted(all)+secret.Reveal())).Verify(received) == nil
}

// changes are what happens to values on the way. A change that cannot be made
// returns the value as it is.
var changes = []struct {
	what string
	to   func(string) string
}{
	{"decoded once more: it was URL-encoded when it arrived here", unescape},
	{"URL-encoded, as it was on the wire: the sender signed it encoded", url.QueryEscape},
	{"URL-encoded with %20 for blanks: the sender signed it encoded", escapePath},
	{"taken without the blanks around it", strings.TrimSpace},
	{"taken with blanks for +: it was decoded once too little", func(v string) string { return strings.ReplaceAll(v, "+", " ") }},
	{"taken with + for blanks: it was decoded once too often", func(v string) string { return strings.ReplaceAll(v, " ", "+") }},
	{"taken with & for &amp;: it was written for HTML", func(v string) string { return strings.ReplaceAll(v, "&amp;", "&") }},
}

func unescape(value string) string {
	if decoded, err := url.QueryUnescape(value); err == nil {
		return decoded
	}
	return value
}

func escapePath(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }

func changeAll(fields []Field, change func(string) string) []Field {
	changed := make([]Field, len(fields))
	for i, field := range fields {
		changed[i] = Field{Name: field.Name, Value: change(field.Value)}
	}
	return changed
}

func with(fields []Field, i int, value string) []Field {
	changed := append([]Field(nil), fields...)
	changed[i].Value = value
	return changed
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

func usualCauses(signed []Field) []string {
	causes := []string{
		"Is the secret the one of this merchant and of this gateway? It may have been changed there.",
		"Was a value decoded twice, or not at all, between the wire and here? Pass on what arrived.",
		"Was an amount written anew (300 for 300.00) by a number type on the way?",
		"Is a parameter missing here, or was one added on the way? Every parameter counts, in the documented order.",
	}
	for _, field := range signed {
		if !isASCII(field.Value) {
			return append(causes, fmt.Sprintf("Is %q signed in another encoding there, GBK for UTF-8 or the reverse? Sign the bytes that arrived.", field.Name))
		}
	}
	return causes
}

func messageHints(key PublicKey, received, message string) []string {
	matches := func(received, message string) bool { return key.Verify([]byte(message), received) == nil }
	repaired := strings.NewReplacer(" ", "+", "-", "+", "_", "/", "\n", "", "\r", "").Replace(unescapePlus(received))
	switch {
	case matches(repaired, message):
		return []string{"It matches if the signature is read as standard base64: it was altered on the way (+ became a blank, or it was URL-encoded)."}
	case matches(received, strings.TrimSpace(message)), matches(received, strings.TrimPrefix(message, byteOrderMark)):
		return []string{"It matches without the blanks, line breaks or byte order mark around the body: pass on the bytes that arrived."}
	case matches(received, message+"\n"):
		return []string{"It matches with a line break at the end of the body, which was lost on the way."}
	}
	hints := []string{
		"Is the public key that of this account? It is not the merchant's own key.",
		"Is this the body as it arrived? JSON that was read and written again has other bytes.",
	}
	if _, err := base64.StdEncoding.DecodeString(received); err != nil {
		return append(hints, "The received signature is not base64.")
	}
	return hints
}

// A header is not decoded by anybody, so + is +.
func unescapePlus(value string) string {
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}

func oddities(field Field) (odd []string) {
	value := field.Value
	found := func(yes bool, what string) {
		if yes {
			odd = append(odd, what)
		}
	}
	found(strings.TrimSpace(value) != value, "begins or ends with a blank or a line break")
	found(strings.IndexFunc(strings.TrimSpace(value), unicode.IsControl) >= 0, "holds a control character, such as a line break")
	found(strings.ContainsAny(value, byteOrderMark+"\u200b\u200e\u200f"), "holds an invisible character (byte order mark, zero-width)")
	found(strings.IndexFunc(value, isFullWidth) >= 0, "holds full-width characters (１２３ for 123)")
	found(strings.Contains(value, "%") && unescape(value) != value, "looks URL-encoded: it should have been decoded once")
	found(strings.Contains(value, "&amp;"), "is written for HTML (&amp;)")
	found(!utf8.ValidString(value), "is not UTF-8: GBK?")
	found(strings.Contains(value, "\ufffd") && utf8.ValidString(value), "holds U+FFFD: a decoder has replaced bytes that it could not read")
	found(utf8.ValidString(value) && !isASCII(value), "is not ASCII: signed as the UTF-8 bytes that stand here")
	found(len(value) > 1 && strings.Trim(value, `"'`) != value, "begins or ends with a quote")
	found(value == "null" || value == "nil" || value == "undefined" || value == "NaN", "looks like a missing value that was written as a text")
	found(isAmountName(field.Name) && !hasTwoDecimals(value), "is not written with exactly two decimals")
	return odd
}

func isASCII(value string) bool {
	for i := range len(value) {
		if value[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isFullWidth(r rune) bool { return r >= '！' && r <= '～' || r == '\u3000' }

func isAmountName(name string) bool {
	switch name {
	case "amount", "price", "realprice", "money":
		return true
	}
	return false
}

func hasTwoDecimals(value string) bool {
	whole, decimals, _ := strings.Cut(value, ".")
	return whole != "" && len(decimals) == 2 && strings.Trim(whole+decimals, "0123456789") == ""
}
