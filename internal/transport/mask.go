package transport

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/sign"
)

// shortest is the length of the shortest piece of a request that is masked. A shorter one
// says too little, and would mask words of the gateway.
const shortest = 6

// Mask makes a text of the gateway fit to print, without the secrets of the client.
func (c *Client) Mask(text string) string { return redact.Message(hide(text, c.secrets())) }

// mask hides the secrets of the client in a text, and what is private in the request. Finding
// that takes longer than decoding a response, so it waits for a text to mask.
func (r Response) mask(text string) string {
	var own words
	if r.secrets != nil {
		own = r.secrets()
	}
	if r.carried == nil || text == "" {
		return hide(text, own)
	}
	call := r.carried
	carried := []sign.Secret{call.BasicAuth}
	for _, value := range call.Header {
		if _, token, ok := strings.Cut(value, " "); ok { // "Token …"
			value = token
		}
		carried = append(carried, sign.NewSecret(value))
	}
	return hide(text, own, wordsOfSecrets(carried), wordsOf(call.Private))
}

// shownError is an error whose text has been cleared of the request's URL. The error
// below it stays reachable for errors.Is and errors.As.
type shownError struct {
	text string
	err  error
}

func (e *shownError) Error() string { return e.text }
func (e *shownError) Unwrap() error { return e.err }

// notHTTP is the beginning of what net/http says of a response that is not HTTP. It
// continues with the line, which may be anything, such as the response's JSON.
var notHTTP = regexp.MustCompile(`^net/http: HTTP/1\.x transport connection broken: ` +
	`(malformed|bad|invalid|unsupported|too many|http: message)[A-Za-z -]*`)

// quoted is what net/http says and then quotes: the configured address of a proxy, and what
// an HTTP/2 server writes when it closes the connection, which may be anything.
var quoted = regexp.MustCompile(`(?s)(invalid proxy address) .*|, debug=".*"`)

// userinfo is the user and the password in an address, such as that of a proxy.
var userinfo = regexp.MustCompile(`//[^\s"]*@`)

// withoutURL removes net/http's mention of the URL, and what a custom RoundTripper may
// have put into its error.
func withoutURL(err error, call Call) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	text := err.Error()
	if what := notHTTP.FindString(text); what != "" {
		return errors.New(strings.TrimSpace(what))
	}
	unquoted := quoted.ReplaceAllString(text, "$1")
	shown := unquoted
	for _, private := range privateTexts(call) { // in another case it is a word of the error
		shown = strings.ReplaceAll(shown, private, redact.Mask)
	}
	shown = userinfo.ReplaceAllLiteralString(shown, "//"+redact.Mask+"@")
	switch {
	case unquoted != text:
		return errors.New(shown)
	case shown != text:
		return &shownError{shown, err}
	default:
		return err
	}
}

// privateTexts returns what an error must not show of a call: its parts, and the
// pieces of them, for an error that quotes them or takes them apart.
func privateTexts(call Call) []string {
	user := call.BasicAuth.Reveal()
	parts := []string{call.URL, call.Body, user, base64.StdEncoding.EncodeToString([]byte(user + ":"))}
	for _, value := range call.Header {
		parts = append(parts, value)
	}
	if u, err := url.Parse(call.URL); err == nil {
		parts = append(parts, u.RequestURI(), u.RawQuery)
	}
	texts := slices.Clone(parts)
	for _, part := range parts[1:] {
		for _, piece := range strings.FieldsFunc(part, isDelimiter) {
			texts = append(texts, piece)
			if unescaped, err := url.QueryUnescape(piece); err == nil {
				texts = append(texts, unescaped)
			}
		}
	}
	return slices.DeleteFunc(longestFirst(texts), func(text string) bool { return len(text) < shortest })
}

// longestFirst sorts texts so that one that is part of another does not leave the rest
// of that one, and drops repeated ones.
func longestFirst(texts []string) []string {
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(texts)
}

func isDelimiter(r rune) bool { return strings.ContainsRune(`/?&=,:;{}[]"\ `, r) }
