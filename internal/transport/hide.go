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

// shortestSecret is the length of the shortest secret that is hidden.
const shortestSecret = 4

// words are what is hidden in a text of the gateway, as fold returns them.
type words struct {
	whole  []string
	pieces map[string]bool // all of this length
}

// wordsOfSecrets returns what hides secrets: unchanged, in hex, in base64, and as a part of
// a text in base64.
func wordsOfSecrets(secrets []sign.Secret) words {
	w := words{pieces: map[string]bool{}}
	for _, secret := range secrets {
		value := []byte(secret.Reveal())
		if len(value) < shortestSecret {
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

// add adds texts, also unescaped: a secret that looks escaped is unescaped with the text that
// holds it.
func (w *words) add(forms ...string) {
	for _, form := range forms {
		unescaping(form, func(form string, _ []int) { w.addFolded(form) })
	}
}

func (w *words) addFolded(form string) {
	switch {
	case len(form) < shortestSecret:
		return
	case len(form) < piece || strings.Contains(form, "\n"): // pieces of a key in PEM are words
		w.whole = append(w.whole, form)
		return
	}
	for end := piece; end <= len(form); end++ {
		w.pieces[form[end-piece:end]] = true
	}
}

// wordsOf returns what hides whole texts.
func wordsOf(texts []string) (w words) {
	for _, text := range texts {
		unescaping(text, func(form string, _ []int) {
			if len(form) >= shortest {
				w.whole = append(w.whole, form)
			}
		})
	}
	return w
}

// hide masks words in a text.
func hide(text string, all ...words) string {
	hidden := make([]bool, len(text)+1)
	unescaping(text, func(form string, at []int) { mark(hidden, form, at, all) })
	var b strings.Builder
	shown := 0
	for i := range text {
		if !hidden[i] || i < shown {
			continue
		}
		b.WriteString(text[shown:i])
		b.WriteString(redact.Mask)
		for shown = i; hidden[shown]; {
			shown++
		}
	}
	return b.String() + text[shown:]
}

// mark marks which bytes of a text are to be hidden. at tells where each byte of form is in it.
func mark(hidden []bool, form string, at []int, all []words) {
	until := 0
	for i := range len(form) {
		for _, w := range all {
			until = max(until, i+w.lengthAt(form[i:]))
		}
		if i < until {
			for j := at[i]; j < at[i+1]; j++ {
				hidden[j] = true
			}
		}
	}
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
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\\/"'nrt]|&#?[0-9A-Za-z]{1,8};`)

// unescaping calls do for a text, and for what it is after each of up to three rounds
// of unescaping. at tells where each byte of form is in the text.
func unescaping(text string, do func(form string, at []int)) {
	form, at := text, make([]int, len(text)+1)
	for i := range at {
		at[i] = i
	}
	for range 4 {
		do(fold(form), at)
		found := escape.FindAllStringIndex(form, -1)
		if len(found) == 0 {
			return
		}
		form, at = unescaped(form, at, found)
	}
}

// fold returns a text in lower case and with the characters of one of the alphabets of base64.
func fold(text string) string {
	folded := []byte(text)
	for i, c := range folded {
		switch {
		case c >= 'A' && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case c == '-' || c == ' ': // "+" is a blank in a query
			folded[i] = '+'
		case c == '_':
			folded[i] = '/'
		}
	}
	return string(folded)
}

// unescaped replaces the escapes that were found in a text. at tells where each of its bytes is in
// the text that it comes from.
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
	case "t":
		return "\t"
	default:
		return text[1:]
	}
}
