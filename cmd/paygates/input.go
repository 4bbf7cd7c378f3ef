package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/paygates/paygates-go/cmd/paygates/internal/gateway"
)

const longestInput = 1 << 20

// input returns what was written down: the argument itself, the file that "@name"
// names, or standard input for "-" or no argument.
func (a *app) input(argument string) (text string, err error) {
	name, isFile := strings.CutPrefix(argument, "@")
	var in io.Reader
	switch {
	case argument == "" || argument == "-":
		if file, ok := a.in.(*os.File); ok && isTerminal(file) {
			a.screen.Note("Reading standard input (Ctrl-D ends)")
		}
		in = a.in
	case isFile:
		file, err := os.Open(name) //nolint:gosec // the user names the file
		if err != nil {
			return "", usage("cannot read the input: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	default:
		return argument, nil
	}
	data, err := io.ReadAll(io.LimitReader(in, longestInput+1))
	switch {
	case err != nil:
		return "", usage("cannot read the input: %w", err)
	case len(data) > longestInput:
		return "", usage("the input is longer than 1 MiB")
	case len(data) == 0:
		return "", usage("the input is empty: pass a notification as an argument, @file or on standard input")
	default:
		return string(data), nil
	}
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// clean removes what copying adds around a query or a form. It returns what it removed.
func clean(text string) (cleaned string, removed []string) {
	step := func(what, changed string) {
		if changed != text {
			removed = append(removed, what)
			text = changed
		}
	}
	step("a byte order mark", strings.TrimPrefix(text, "\ufeff"))
	step("CR line ends", strings.ReplaceAll(text, "\r", ""))
	text = strings.Trim(text, " \t\n")
	if quote := text[:min(1, len(text))]; (quote == `"` || quote == `'`) && len(text) > 1 && strings.HasSuffix(text, quote) {
		step("quotes", text[1:len(text)-1])
	}
	step("line breaks", joinLines(text))
	// The request line of a log: GET /notify?… HTTP/1.1.
	for _, method := range []string{"GET ", "POST "} {
		if rest, ok := strings.CutPrefix(text, method); ok {
			line, _, _ := strings.Cut(rest, " HTTP/")
			step("the request line", strings.TrimSpace(line))
		}
	}
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "/") {
		if _, query, ok := strings.Cut(text, "?"); ok {
			step("the URL before the query", query)
		}
	}
	step(`the "?" before the query`, strings.TrimPrefix(text, "?"))
	step("the HTML escapes &amp;", strings.ReplaceAll(text, "&amp;", "&"))
	return text, removed
}

// joinLines joins lines that are fields of their own by "&", and the parts of a broken
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

// received reads a notification or a request for a gateway. A JSON body stays as it is,
// because its bytes may be signed.
func (a *app) received(argument, signature string) (gateway.Received, error) {
	text, err := a.input(argument)
	if err != nil {
		return gateway.Received{}, err
	}
	in := gateway.Received{Body: []byte(text), Signature: strings.TrimSpace(signature)}
	if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "{") {
		return in, nil
	}
	text, removed := clean(text)
	if len(removed) > 0 {
		a.screen.Note("Note: %s", fmt.Sprintf(a.screen.Text("ignored %s"), gateway.And(removed)))
	}
	in.Values, err = url.ParseQuery(text)
	if err != nil || !strings.Contains(text, "=") {
		return gateway.Received{}, usage("the input is not a form: expected name=value&…&sign=… as it arrived, its URL, @file or -")
	}
	return in, nil
}
