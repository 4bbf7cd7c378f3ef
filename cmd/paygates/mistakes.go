package main

import (
	"fmt"
	"regexp"

	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
)

// mistake is an error of the command-line parser in the words of this program.
type mistake struct {
	english string
	parser  *regexp.Regexp
}

func newMistake(english, parser string) mistake {
	return mistake{english, regexp.MustCompile("^" + parser + "$")}
}

// mistakes returns the known errors of the parser. The first one that fits counts.
func mistakes() []mistake {
	return []mistake{
		newMistake("%s, did you mean %s?", `(.+), did you mean (?:one of )?(.+)\?`),
		newMistake("unexpected argument %s", `unexpected argument (.+)`),
		newMistake("unknown flag %s", `unknown flag (.+)`),
		newMistake("missing flag %s", `missing flags: (.+)`),
		newMistake("missing argument %s", `expected "(.+)"`),
		newMistake("missing command: %s", `expected one of (.+)`),
		newMistake("%s needs a value", `(.+): (?:expected \w+ value but got|missing value).*`),
		newMistake("%s must be a duration such as 30s or 5m, not %s", `(.+): expected duration but got (".*"): .+`),
		newMistake("%s must be a whole number, not %s", `(.+): (?:expected a valid 64 bit int but got|invalid map value) (".*")`),
		newMistake("%s must be NAME=VALUE, not %s", `(.+): expected "<key>=<value>" but got (".*")`),
		newMistake("%s must be an amount such as 9.90, with at most two decimals", `(.+): money: .+`),
	}
}

// reword returns an error of the parser in the user's language, unchanged if it is not
// known.
func reword(l text.Language, parser string) string {
	for _, m := range mistakes() {
		match := m.parser.FindStringSubmatch(parser)
		if match == nil {
			continue
		}
		values := make([]any, len(match)-1)
		for i, value := range match[1:] {
			values[i] = reword(l, value) // what comes before "did you mean" is an error too
		}
		return fmt.Sprintf(l.Text(m.english), values...)
	}
	return parser
}
