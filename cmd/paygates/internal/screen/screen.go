// Package screen writes results, notes and progress to a terminal, or JSON for
// programs.
package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
)

// Screen keeps results (stdout), notes and the progress line (stderr) apart. It is safe
// for concurrent use.
type Screen struct {
	stdout, stderr io.Writer
	json           bool
	language       text.Language
	width          int  // columns of stdout, 0 if unknown
	moves          bool // stderr is a terminal: the progress line is redrawn
	colors         bool // stdout is a terminal that shows colors

	mu       sync.Mutex
	progress progress
	failed   error
}

// Settings says how a Screen writes.
type Settings struct {
	Stdout, Stderr io.Writer
	// JSON writes one JSON object per line on stdout.
	JSON bool
	// Env holds NO_COLOR, TERM, COLUMNS, LC_ALL, LC_MESSAGES and LANG. JSON is English in
	// every language.
	Env map[string]string
}

// New returns a Screen.
func New(s Settings) *Screen {
	dumb := s.Env["TERM"] == "dumb"
	language := text.Of(s.Env)
	if s.JSON {
		language = text.English
	}
	return &Screen{
		stdout: s.Stdout, stderr: s.Stderr, json: s.JSON,
		language: language,
		width:    columns(s.Stdout, s.Env["COLUMNS"]),
		moves:    IsTerminal(s.Stderr) && !dumb && !s.JSON,
		colors:   IsTerminal(s.Stdout) && !dumb && s.Env["NO_COLOR"] == "",
	}
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func columns(w io.Writer, env string) int {
	if n, err := strconv.Atoi(env); err == nil && n > 0 {
		return n
	}
	if file, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// JSON reports whether the output is JSON.
func (s *Screen) JSON() bool { return s.json }

// Language returns the language of the texts.
func (s *Screen) Language() text.Language { return s.language }

// Text returns a text of the program in the user's language.
func (s *Screen) Text(english string, args ...any) string { return s.language.Text(english, args...) }

// Columns returns how wide a text for people may be.
func (s *Screen) Columns() int {
	const usual, widest = 80, 100
	if s.width == 0 {
		return usual
	}
	return min(s.width, widest)
}

// Note writes a remark for people on stderr.
func (s *Screen) Note(english string, args ...any) { s.note(s.Text(english, args...)) }

func (s *Screen) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	_, _ = io.WriteString(s.stderr, Printable(text)+"\n")
	s.draw()
}

// Result writes a result: one JSON object with the event's name first, or the fields
// of value line by line.
func (s *Screen) Result(event string, value any) {
	fields := encode(value)
	if s.json {
		s.write(object(event, fields))
		return
	}
	s.write(s.lines(event, fields))
}

// Shown writes a result that has a separate text for people.
func (s *Screen) Shown(event string, value any, text string) {
	if s.json {
		s.write(object(event, encode(value)))
		return
	}
	s.write(strings.TrimRight(text, "\n") + "\n")
}

func (s *Screen) write(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	if _, err := io.WriteString(s.stdout, text); err != nil && s.failed == nil {
		s.failed = err
	}
	s.draw()
}

// Err returns the first error of writing a result, such as that of a full disk.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// field is a field of an encoded object.
type field struct {
	name  string
	value json.RawMessage
}

// encode returns the fields of a struct in their order.
func encode(value any) []field {
	text, err := marshal(value)
	if err != nil {
		return []field{{"error", json.RawMessage(strconv.Quote(err.Error()))}}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	_, _ = decoder.Token() // {
	var fields []field
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			break
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			break
		}
		fields = append(fields, field{fmt.Sprint(name), raw})
	}
	return fields
}

func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

func object(event string, fields []field) string {
	var b strings.Builder
	b.WriteString(`{"event":` + strconv.Quote(event))
	for _, f := range fields {
		b.WriteString("," + strconv.Quote(f.name) + ":" + string(f.value))
	}
	return b.String() + "}\n"
}

const labelWidth = 16

// lines writes the fields that have a value. A value that does not fit beside its
// label gets a separate line.
func (s *Screen) lines(event string, fields []field) string {
	var b strings.Builder
	b.WriteString(s.Color(Bold, s.label(event)) + "\n")
	for _, f := range fields {
		for _, value := range s.values(f) {
			label := s.label(f.name)
			pad := strings.Repeat(" ", max(1, labelWidth-Width(label)))
			if s.width > 0 && 2+labelWidth+Width(value) > s.width {
				pad = "\n    "
			}
			b.WriteString("  " + label + pad + value + "\n")
		}
	}
	return b.String()
}

// values returns the texts of a JSON value, none for an empty one.
func (s *Screen) values(f field) []string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(f.value))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return nil
	}
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		if value == "" {
			return nil
		}
		return []string{Printable(s.value(f.name, value))}
	case bool:
		if value {
			return []string{s.Text("yes")}
		}
		return []string{s.Text("no")}
	case []any:
		var all []string
		for _, item := range value {
			all = append(all, Printable(s.value(f.name, fmt.Sprint(item))))
		}
		return all
	default:
		return []string{fmt.Sprint(value)}
	}
}

// value returns a text of the SDK in the user's language. What others wrote stays.
func (s *Screen) value(name, value string) string {
	switch name {
	case "state", "channel", "notes":
		return s.language.Foreign(value)
	case "body":
		return Short(strings.Join(strings.Fields(value), " "))
	default:
		return value
	}
}

// Short cuts a text that is too long to read.
func Short(text string) string {
	const longest = 300
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// label returns what stands for a name of the JSON output.
func (s *Screen) label(name string) string {
	return s.language.Label(strings.ReplaceAll(name, "_", " "))
}

// Printable replaces control characters, so that a text of a gateway cannot move the
// cursor or change colors. Line breaks stay.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, text)
}

// The colors, as terminals number them.
const (
	Bold   = "1"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Dim    = "2"
)

// Color returns a text in a color, or unchanged where colors are not shown.
func (s *Screen) Color(color, text string) string {
	if !s.colors {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// progress is the line that shows that something goes on.
type progress struct {
	what, state string // what is "" while there is nothing to show
	since       time.Time
	frames      int
}
