package codepay

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/loosejson"
)

// Charset is the encoding of texts on the wire (编码, chart). In this package every text is
// UTF-8, whatever the encoding on the wire.
type Charset string

// The documented encodings.
const (
	CharsetUTF8   Charset = "utf-8"
	CharsetGB2312 Charset = "gb2312" // sent as GBK, which contains it
)

// isGBK reports whether c is one of the encodings that GB 18030 contains, by any of their
// names.
func (c Charset) isGBK() bool {
	name := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(string(c)))
	return strings.Contains(name, "gb") || strings.HasSuffix(name, "936") || name == "euccn"
}

func (c Charset) encode(text string) (string, error) {
	if c != CharsetGB2312 {
		return text, nil
	}
	return simplifiedchinese.GBK.NewEncoder().String(text)
}

// decode returns text in UTF-8. It reports whether text is in the encoding.
func (c Charset) decode(text string) (decoded string, ok bool) {
	switch {
	case check.IsPlain(text):
		return text, true
	case c.isGBK():
		return decodeGBK(text)
	default:
		return text, utf8.ValidString(text)
	}
}

// decodeLoosely is decode for a text that does not decide about money, such as what a
// payer typed: it may be in the other encoding than chart says, or cut inside a
// character. What cannot be decoded is replaced by U+FFFD; then ok is false.
func (c Charset) decodeLoosely(text string) (decoded string, ok bool) {
	if decoded, ok = c.decode(text); ok {
		return decoded, true
	}
	if c.isGBK() {
		if utf8.ValidString(text) {
			return text, true
		}
		return decoded, false
	}
	if !isCutUTF8(text) {
		if decoded, ok = decodeGBK(text); ok {
			return decoded, true
		}
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError)), false
}

func decodeGBK(text string) (decoded string, ok bool) {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, string(utf8.RuneError)), false
	}
	return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
}

// isCutUTF8 reports whether text is UTF-8 but for the end of its last character.
func isCutUTF8(text string) bool {
	for cut := 1; cut < utf8.UTFMax && cut <= len(text); cut++ {
		if end := text[len(text)-cut:]; utf8.RuneStart(end[0]) {
			return !utf8.FullRuneInString(end) && utf8.ValidString(text[:len(text)-cut])
		}
	}
	return false
}

// decodeJSON returns a response in UTF-8: it is in GBK if it is not UTF-8, whether its
// chart says so or not. What is neither is replaced by U+FFFD: see loosejson.ToUTF8.
func decodeJSON(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	if decoded, ok := decodeGBK(string(raw)); ok {
		return []byte(decoded)
	}
	return loosejson.ToUTF8(raw)
}
