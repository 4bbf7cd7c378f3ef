// Package text holds the texts of the program in the languages of its users. The
// English text in the code is the name under which the catalog has the Chinese one.
package text

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Language is a language of the program.
type Language int

// The languages.
const (
	English Language = iota
	Chinese
)

// Of returns the language of the environment: Chinese if LC_ALL, LC_MESSAGES or LANG,
// the first one that is set, begins with "zh", and names no encoding but UTF-8: the program
// writes no other, and a terminal in GBK shows English.
func Of(env map[string]string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := env[name]; value != "" {
			_, encoding, _ := strings.Cut(value, ".")
			encoding, _, _ = strings.Cut(strings.ToLower(encoding), "@")
			if strings.HasPrefix(value, "zh") && (encoding == "" || encoding == "utf-8" || encoding == "utf8") {
				return Chinese
			}
			return English
		}
	}
	return English
}

// Text returns a text of the program, a format if there are arguments.
func (l Language) Text(english string, args ...any) string {
	format := l.find(english)
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

func (l Language) find(english string) string {
	if l == Chinese {
		if chinese, ok := catalog[english]; ok {
			return chinese
		}
	}
	return english
}

// Error returns an error with a text of the program. errors.Is finds kind.
func (l Language) Error(kind error, english string, args ...any) error {
	return problem{kind: kind, text: l.Text(english, args...)}
}

type problem struct {
	kind error
	text string
}

// Error implements error.
func (p problem) Error() string { return p.text }

// Unwrap returns the kind of the error.
func (p problem) Unwrap() error { return p.kind }

// IsOwn reports whether the text of an error is one of the program, in the user's
// language, and not one of the SDK.
func IsOwn(err error) bool {
	var own problem
	return errors.As(err, &own)
}

// And joins names for a sentence: "A", "A and B", "A, B and C".
func (l Language) And(names []string) string {
	if l == Chinese {
		return join(names, "、", " 和 ")
	}
	return join(names, ", ", " and ")
}

// Or joins names for a sentence: "A", "A or B", "A, B or C".
func (l Language) Or(names []string) string {
	if l == Chinese {
		return join(names, "、", " 或 ")
	}
	return join(names, ", ", " or ")
}

func join(names []string, comma, word string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], comma) + word + names[last]
}

// Label returns what stands for a name of the JSON output, with blanks in it, or for the
// name of a check.
func (l Language) Label(name string) string {
	if chinese, ok := labels[name]; ok && l == Chinese {
		return chinese
	}
	return name
}

// Foreign returns a text of the SDK in the user's language,
// unchanged if there is no translation.
func (l Language) Foreign(english string) string {
	if l == English {
		return english
	}
	for _, p := range patterns() {
		match := p.english.FindStringSubmatch(english)
		if match == nil {
			continue
		}
		values := make([]any, len(match)-1)
		for i, value := range match[1:] {
			values[i] = l.Foreign(value)
		}
		if len(values) == 0 {
			return p.chinese
		}
		return fmt.Sprintf(p.chinese, values...)
	}
	return english
}

// Lines is Foreign for each line of a text. Indents stay.
func (l Language) Lines(english string) string {
	lines := strings.Split(english, "\n")
	for i, line := range lines {
		rest := strings.TrimLeft(line, " ")
		lines[i] = line[:len(line)-len(rest)] + l.Foreign(rest)
	}
	return strings.Join(lines, "\n")
}

// pattern is a text of others, with values in it.
type pattern struct {
	english *regexp.Regexp
	chinese string
}

var patterns = sync.OnceValue(func() []pattern {
	all := make([]pattern, len(foreign))
	for i, pair := range foreign {
		parts := strings.Split(pair.english, "%s")
		for j := range parts {
			parts[j] = regexp.QuoteMeta(parts[j])
		}
		all[i] = pattern{regexp.MustCompile("(?s)^" + strings.Join(parts, "(.+)") + "$"), pair.chinese}
	}
	return all
})
