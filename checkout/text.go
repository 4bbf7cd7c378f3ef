package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
)

// Texts from outside that go into a statement. PostgreSQL rejects NUL and invalid UTF-8, and
// MySQL what is too long, so they are checked or replaced before the database sees them.

// idShape is the shape of the IDs of payments and of entries of the journal.
var idShape = regexp.MustCompile(`^[0-9a-f-]{36}$`)

// isPlain reports whether a text has at most longest bytes and nothing but printable
// characters.
func isPlain(text string, longest int) bool {
	if len(text) > longest || !utf8.ValidString(text) {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// key returns the stored form of a number. One that is too long, not plain text, or ends with a
// blank, which MySQL does not compare, is replaced by its hash, so that it can always be
// stored and compared.
func key(number string) string {
	if isPlain(number, 128) && !strings.HasSuffix(number, " ") && !strings.HasPrefix(number, unconfirmedPrefix) {
		return number
	}
	sum := sha256.Sum256([]byte(number))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// currencyKey returns the stored form of the currency of a payment. One that cannot be a
// currency is replaced, and is never that of an order.
func currencyKey(currency string) string {
	if isPlain(currency, 8) {
		return currency
	}
	return "invalid"
}

// longestText is how much the column of a text holds.
const longestText = 65_535

// storable clears the fields of Instructions that a database does not take, and returns their
// names: an unreadable pay page must not leave a created order unknown.
func (i *Instructions) storable() (cleared []string) {
	check := func(field *string, name string, longest int) {
		if len(*field) > longest || !utf8.ValidString(*field) || strings.ContainsRune(*field, 0) {
			*field = ""
			cleared = append(cleared, name)
		}
	}
	check(&i.PayPageURL, "PayPageURL", longestText)
	check(&i.QRText, "QRText", longestText)
	check(&i.QRImageURL, "QRImageURL", longestText)
	check(&i.Address, "Address", longestText)
	check(&i.Chain, "Chain", 32)
	check(&i.Currency, "Currency", 32)
	data := string(i.AppData.Reveal())
	if check(&data, "AppData", longestText); data == "" {
		i.AppData = paygates.Private[json.RawMessage]{}
	}
	return cleared
}
