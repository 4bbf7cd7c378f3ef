package codepay

import (
	"bytes"
	"regexp"

	"github.com/paygates/paygates-go/internal/loosejson"
)

// Responses to page=3 call a JavaScript function: callback({…}); with a comment before
// it (against a known attack on JSONP), or behind a test that the function exists.
var scriptCall = regexp.MustCompile(`^(?:/\*[^*]*\*/\s*|;\s*)*` +
	`(?:(?:typeof\s+` + identifier + `\s*===?\s*["']function["']|` + identifier + `)\s*&&\s*)?` +
	identifier + `\s*\(`)

const identifier = `[A-Za-z_$][0-9A-Za-z_$]*`

// withoutCall returns the JSON of a function call, and any other text unchanged.
func withoutCall(body []byte) []byte {
	if bytes.HasPrefix(body, []byte("{")) {
		return body
	}
	text := loosejson.Trim(body)
	begin := scriptCall.FindIndex(text)
	argument, closed := bytes.CutSuffix(bytes.TrimRight(text, "; \t\r\n"), []byte(")"))
	if begin == nil || !closed || begin[1] > len(argument) {
		return body
	}
	return argument[begin[1]:]
}

// onlyIdentifier matches a JavaScript identifier in ASCII.
var onlyIdentifier = regexp.MustCompile(`^` + identifier + `$`)
