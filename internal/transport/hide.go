package transport

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/sign"
)

// piece is the length of the shortest piece of a secret that is hidden. A stack trace of PHP
// shows the first 15 bytes of an argument.
const piece = 12

// words are what is hidden in a text of the gateway, in the form that plainly returns.
type words struct {
	whole  []string
	pieces map[string]bool // all of this length
}

// wordsOfSecrets returns what hides secrets: as they are, in hex and in base64, and as a part of
// a text in base64.
func wordsOfSecrets(secrets []sign.Secret) words {
	w := words{pieces: map[string]bool{}}
	for _, secret := range secrets {
		value := []byte(secret.Reveal())
		if len(value) < 4 {
			continue
		}
		encode, padded := base64.RawStdEncoding.EncodeToString, base64.StdEncoding.EncodeToString
		w.add(string(value), hex.EncodeToString(value), encode(value), padded(value), padded(append(slices.Clone(value), ':')))
		for before := 1; before <= 2; before++ {
			text := encode(append(make([]byte, before), value...))
			w.add(text[before+1 : len(text)-1])
		}
	}
	return w
}

// hiding returns a function for the words of secrets.
func hiding(secrets []sign.Secret) func() words {
	w := wordsOfSecrets(secrets)
	return func() words { return w }
}

func (w *words) add(forms ...string) {
	for _, form := range forms {
		form, _ = plainly(form)
		if len(form) < piece || strings.Contains(form, "\n") { // pieces of a key in PEM are words
			w.whole = append(w.whole, form)
			continue
		}
		for end := piece; end <= len(form); end++ {
			w.pieces[form[end-piece:end]] = true
		}
	}
}

// wordsOf returns what hides whole texts.
func wordsOf(texts []string) (w words) {
	for _, text := range texts {
		if len(text) >= shortest {
			form, _ := plainly(text)
			w.whole = append(w.whole, form)
		}
	}
	return w
}

// hide masks words in a text.
func hide(text string, all ...words) string {
	form, at := plainly(text)
	hidden := make([]bool, len(form)+1)
	until := 0
	for i := range len(form) {
		for _, w := range all {
			until = max(until, i+w.lengthAt(form[i:]))
		}
		hidden[i] = i < until
	}
	var b strings.Builder
	shown := 0
	for i := 0; i < len(form); i++ {
		if !hidden[i] {
			continue
		}
		b.WriteString(text[shown:at[i]])
		b.WriteString(redact.Mask)
		for hidden[i] {
			i++
		}
		shown = at[i]
	}
	return b.String() + text[shown:]
}

// lengthAt returns the length of the longest word with which form begins.
func (w words) lengthAt(form string) (length int) {
	if len(form) >= piece && w.pieces[form[:piece]] {
		length = piece
	}
	for _, word := range w.whole {
		if strings.HasPrefix(form, word) {
			length = max(length, len(word))
		}
	}
	return length
}

// escape is a character as URLs, JSON, PHP's var_export and HTML write it.
var escape = regexp.MustCompile(`(?s)%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\.|&#?[0-9A-Za-z]{1,8};`)

// plainly returns a text in a form that is the same however the text was escaped, up to three
// times: unescaped, in lower case, and with the characters of one of the alphabets of base64.
// at tells where each of its bytes is in the text.
func plainly(text string) (form string, at []int) {
	form = text
	at = make([]int, len(text)+1)
	for i := range at {
		at[i] = i
	}
	for range 3 {
		found := escape.FindAllStringIndex(form, -1)
		if len(found) == 0 {
			break
		}
		form, at = unescaped(form, at, found)
	}
	folded := []byte(form)
	for i, c := range folded {
		folded[i] = fold(c)
	}
	return string(folded), at
}

func fold(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	case c == '-' || c == ' ': // "+" is a blank in a query
		return '+'
	case c == '_':
		return '/'
	default:
		return c
	}
}

// unescaped replaces the escapes that were found in a text.
func unescaped(text string, at []int, found [][]int) (string, []int) {
	form, from := make([]byte, 0, len(text)), make([]int, 0, len(at))
	copied := 0
	for _, f := range append(found, []int{len(text), len(text)}) {
		form, from = append(form, text[copied:f[0]]...), append(from, at[copied:f[0]]...)
		form = append(form, unescape(text[f[0]:f[1]])...)
		for len(from) < len(form) {
			from = append(from, at[f[0]])
		}
		copied = f[1]
	}
	return string(form), append(from, at[len(text)])
}

func unescape(text string) string {
	switch {
	case text == "":
		return ""
	case text[0] == '&':
		return html.UnescapeString(text)
	case text[0] == '%' || strings.HasPrefix(text, `\x`) && len(text) == 4:
		n, _ := strconv.ParseUint(text[len(text)-2:], 16, 8)
		return string([]byte{byte(n)})
	case len(text) == 6:
		n, _ := strconv.ParseUint(text[2:], 16, 16)
		return string(rune(n))
	}
	switch text[1:] {
	case "n":
		return "\n"
	case "r":
		return "\r"
	default:
		return text[1:]
	}
}
