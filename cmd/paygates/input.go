package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
)

const longestInput = 1 << 20

// input returns what was written down: the argument itself, the file that "@name"
// names, or standard input for "-" or no argument.
func (a *app) input(ctx context.Context, argument string) (text string, err error) {
	name, isFile := strings.CutPrefix(argument, "@")
	var in io.Reader
	switch {
	case argument == "" || argument == "-":
		if screen.IsTerminal(a.in) {
			a.screen.Note("Reading standard input (Ctrl-D ends)")
		}
		in = a.in
	case isFile:
		file, err := os.Open(name) //nolint:gosec // the user names the file
		if err != nil {
			return "", a.usage("cannot read the input: %s", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	default:
		return argument, nil
	}
	data, err := readAll(ctx, io.LimitReader(in, longestInput+1))
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", a.usage("cannot read the input: %s", err)
	case len(data) > longestInput:
		return "", a.usage("the input is longer than 1 MiB")
	case len(data) == 0:
		return "", a.usage("the input is empty: pass a notification as an argument, @file or on standard input")
	default:
		return decodeText(data), nil
	}
}

// readAll is io.ReadAll until ctx ends: a terminal or a pipe may never end.
func readAll(ctx context.Context, in io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(in)
		read <- result{data, err}
	}()
	select {
	case r := <-read:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cleaner removes what copying and logging add around a query or a form.
type cleaner struct {
	language text.Language
	input    string
	removed  []string // what was removed, in the user's language
}

// step changes the input. what says in English what it removes.
func (c *cleaner) step(what, changed string) {
	if changed != c.input {
		c.removed = append(c.removed, c.language.Text(what))
		c.input = changed
	}
}

var (
	requestLine = regexp.MustCompile(`(?i)(?:^|["'\s])(?:GET|POST|HEAD|PUT) +(\S+) +HTTP/[0-9.]+`)
	rawRequest  = regexp.MustCompile(`(?is)^(?:POST|PUT) +\S+ +HTTP/[0-9.]+\n(?:[!-9;-~]+:[^\n]*\n)*\n(.*\S.*)$`)
	printed     = regexp.MustCompile(`(?m)^ *\[(\w+)\] => (.*)$`)
)

func (c *cleaner) clean() {
	const invisible = "\ufeff\u200b\u200e\u200f\u2060\u00a0"
	c.step("a byte order mark", strings.TrimPrefix(c.input, "\ufeff"))
	c.step("CR line ends", strings.ReplaceAll(c.input, "\r", ""))
	c.step("invisible characters", strings.Trim(c.input, invisible))
	c.input = strings.Trim(c.input, " \t\n")
	c.unquote()
	c.unwrap()
	c.step("line breaks", joinLines(c.input))
	c.step(`the JSON escapes \u0026`, strings.NewReplacer(`\u0026`, "&", `\u003d`, "=", `\u003D`, "=").Replace(c.input))
	c.step("the HTML escapes &amp;", strings.ReplaceAll(c.input, "&amp;", "&"))
	if decoded, err := url.QueryUnescape(c.input); err == nil && !strings.Contains(c.input, "=") {
		c.step("URL encoding of the whole", decoded)
	}
	c.cutURL()
}

func (c *cleaner) unquote() {
	for _, pair := range []string{`""`, "''", "``", "“”", "‘’"} {
		runes := []rune(pair)
		opening, closing := string(runes[0]), string(runes[1])
		if len(c.input) > len(pair) && strings.HasPrefix(c.input, opening) && strings.HasSuffix(c.input, closing) {
			c.step("quotes", strings.TrimSuffix(strings.TrimPrefix(c.input, opening), closing))
		}
	}
}

// unwrap takes the fields out of a request, a line of an access log or a printed PHP array.
func (c *cleaner) unwrap() {
	if found := rawRequest.FindStringSubmatch(c.input); found != nil {
		c.step("the head of the request", strings.TrimSpace(found[1]))
		return
	}
	if found := requestLine.FindStringSubmatch(c.input); found != nil {
		c.step("the request line", found[1])
		return
	}
	if found := printed.FindAllStringSubmatch(c.input, -1); found != nil {
		var pairs []string
		for _, field := range found {
			pairs = append(pairs, url.QueryEscape(field[1])+"="+url.QueryEscape(field[2]))
		}
		c.step("the brackets of a PHP array", strings.Join(pairs, "&"))
	}
}

// cutURL removes the URL before a query.
func (c *cleaner) cutURL() {
	name, _, _ := strings.Cut(c.input, "=")
	begin := strings.LastIndexByte(name, '?')
	switch {
	case begin == 0:
		c.step(`the "?" before the query`, c.input[1:])
	case begin > 0:
		query, _, _ := strings.Cut(c.input[begin+1:], "#")
		c.step("the URL before the query", query)
	}
}

// joinLines joins lines that are whole fields by "&", and the parts of a broken
// line by nothing.
func joinLines(text string) string {
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if !strings.Contains(line, "=") || strings.Contains(strings.TrimRight(line, "&"), "&") {
			return strings.Join(lines, "")
		}
	}
	return strings.Join(lines, "&")
}

// received reads a notification or a request for a gateway. A JSON body stays unchanged,
// because its bytes may be signed. A gateway that signs a form may have its fields in JSON,
// as programs log them.
func (s *session) received(ctx context.Context, argument, signature string) (gateway.Received, error) {
	a := s.app
	text, err := a.input(ctx, argument)
	if err != nil {
		return gateway.Received{}, err
	}
	in := gateway.Received{Body: []byte(text), Signature: strings.TrimSpace(signature)}
	if body := strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")); strings.HasPrefix(body, "{") {
		if fields := flat(body); fields != nil && s.SignatureHeader == "" && s.client.Explain != nil {
			a.screen.Note("Note: ignored %s", a.screen.Text("the JSON around the fields"))
			in.Values = fields
		}
		return in, nil
	}
	c := cleaner{language: a.screen.Language(), input: text}
	c.clean()
	if len(c.removed) > 0 {
		a.screen.Note("Note: ignored %s", strings.Join(c.removed, a.screen.Text(", ")))
	}
	in.Values, err = s.form(c.input)
	if err != nil || !strings.Contains(c.input, "=") {
		return gateway.Received{}, a.usage("the input is not a form: expected name=value&…&sign=… as it arrived, its URL, @file or -")
	}
	return in, nil
}

// form reads a query or a form as NotificationHandler does: a ";" is an ordinary character,
// and if the gateway may have appended the fields to a query, those that are verified are
// meant. It keeps all values of a repeated name, for an explanation.
func (s *session) form(text string) (url.Values, error) {
	parse := func(text string) (url.Values, error) { return url.ParseQuery(strings.ReplaceAll(text, ";", "%3B")) }
	isGenuine := func(values url.Values) bool {
		_, err := s.client.Verify(gateway.Received{Values: values})
		return err == nil
	}
	values, err := parse(text)
	appended, otherErr := parse(notify.Appended(text, sign.FieldName))
	if s.client.Verify != nil && otherErr == nil && !isGenuine(values) && isGenuine(appended) {
		return appended, nil
	}
	return values, err
}

// flat returns the fields of a JSON object of texts and numbers, nil for any other one.
func flat(body string) url.Values {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil || len(object) == 0 {
		return nil
	}
	fields := url.Values{}
	for name, value := range object {
		switch value := value.(type) {
		case string:
			fields.Set(name, value)
		case json.Number:
			fields.Set(name, value.String())
		default:
			return nil
		}
	}
	return fields
}

// decodeText returns a text, which PowerShell writes into files in UTF-16.
func decodeText(data []byte) string {
	if !bytes.HasPrefix(data, []byte{0xff, 0xfe}) && !bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return string(data)
	}
	decoded, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data) // it replaces what is invalid
	return string(decoded)
}
