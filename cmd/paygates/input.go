package main

import (
	"context"
	"io"
	"net/url"
	"os"
	"strings"

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
		return string(data), nil
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

// clean removes what copying adds around a query or a form. It returns what it removed.
func clean(l text.Language, input string) (cleaned string, removed []string) {
	step := func(what, changed string) {
		if changed != input {
			removed = append(removed, what)
			input = changed
		}
	}
	step(l.Text("a byte order mark"), strings.TrimPrefix(input, "\ufeff"))
	step(l.Text("CR line ends"), strings.ReplaceAll(input, "\r", ""))
	input = strings.Trim(input, " \t\n")
	if quote := input[:min(1, len(input))]; (quote == `"` || quote == `'`) && len(input) > 1 && strings.HasSuffix(input, quote) {
		step(l.Text("quotes"), input[1:len(input)-1])
	}
	step(l.Text("line breaks"), joinLines(input))
	// The request line of a log: GET /notify?… HTTP/1.1.
	for _, method := range []string{"GET ", "POST "} {
		if rest, ok := strings.CutPrefix(input, method); ok {
			line, _, _ := strings.Cut(rest, " HTTP/")
			step(l.Text("the request line"), strings.TrimSpace(line))
		}
	}
	if strings.HasPrefix(input, "http://") || strings.HasPrefix(input, "https://") || strings.HasPrefix(input, "/") {
		if _, query, ok := strings.Cut(input, "?"); ok {
			step(l.Text("the URL before the query"), query)
		}
	}
	step(l.Text(`the "?" before the query`), strings.TrimPrefix(input, "?"))
	step(l.Text("the HTML escapes &amp;"), strings.ReplaceAll(input, "&amp;", "&"))
	return input, removed
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
// because its bytes may be signed.
func (s *session) received(ctx context.Context, argument, signature string) (gateway.Received, error) {
	a := s.app
	text, err := a.input(ctx, argument)
	if err != nil {
		return gateway.Received{}, err
	}
	in := gateway.Received{Body: []byte(text), Signature: strings.TrimSpace(signature)}
	if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "{") {
		return in, nil
	}
	text, removed := clean(a.screen.Language(), text)
	if len(removed) > 0 {
		a.screen.Note("Note: ignored %s", strings.Join(removed, a.screen.Text(", ")))
	}
	in.Values, err = s.form(text)
	if err != nil || !strings.Contains(text, "=") {
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
