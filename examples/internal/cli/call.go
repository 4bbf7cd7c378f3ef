package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/sign"
)

// Call is one run of a command.
type Call struct {
	// Args are its arguments, as many as Command.Args names.
	Args []string

	command             string
	env                 func(string) string
	json, explain, demo bool
	screen              *screen
	ends                []func()
	tasks               sync.WaitGroup
}

// Demo reports whether no variable is set: the command is to use a fake gateway.
func (c *Call) Demo() bool { return c.demo }

// Env returns an environment variable.
func (c *Call) Env(name string) string { return c.env(name) }

// Secret returns an environment variable that is a secret.
func (c *Call) Secret(name string) sign.Secret { return sign.NewSecret(c.env(name)) }

// Flag reports whether an environment variable is a yes.
func (c *Call) Flag(name string) bool {
	switch strings.ToLower(c.env(name)) {
	case "1", "true", "yes":
		return true
	default:
		return false
	}
}

// Logger returns a logger for the client. It writes to the terminal, and shows
// the progress while [Call.Wait] waits.
func (c *Call) Logger() *slog.Logger { return slog.New(handler{screen: c.screen}) }

// AtEnd calls f when the command is done.
func (c *Call) AtEnd(f func()) { c.ends = append(c.ends, f) }

func (c *Call) end() {
	for i := len(c.ends) - 1; i >= 0; i-- {
		c.ends[i]()
	}
	c.tasks.Wait()
}

// Fake is what the commands ask of a fake gateway.
type Fake interface {
	Pay(number string) (gatewaytest.Delivery, error)
	Redeliver(number string) (gatewaytest.Delivery, error)
	SendTampered(number string) (gatewaytest.Delivery, error)
	Close()
}

// UseFake says that a fake gateway is in use, and closes it at the end.
func (c *Call) UseFake(fake Fake, url string) {
	c.AtEnd(fake.Close)
	c.Note("No credentials in the environment: this is a FAKE gateway, started for this run at %s.", url)
}

// PayLater lets the payer of a fake gateway pay after a while, unless it is 0 or
// the command ends first.
func (c *Call) PayLater(ctx context.Context, fake Fake, number string, after time.Duration) {
	if after <= 0 {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	c.AtEnd(cancel)
	c.tasks.Add(1)
	go func() {
		defer c.tasks.Done()
		if !sleep(ctx, after) {
			return
		}
		c.Note("Fake gateway: the payer pays now.")
		if _, err := fake.Pay(number); err != nil {
			c.Note("Fake gateway: %s", err)
		}
	}()
}

func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// Note tells a person something, on stderr.
func (c *Call) Note(format string, args ...any) { c.screen.note(fmt.Sprintf(format, args...)) }

// Field is one thing of a result.
type Field struct {
	// Name is what programs know it by.
	Name string
	// Value is what programs get. A json.RawMessage is for programs alone.
	Value any
	// Text is what people see, if it is not Value.
	Text string
}

// Show prints a result on stdout: its fields line by line, or as one JSON object
// in one line.
func (c *Call) Show(event string, fields ...Field) {
	var out bytes.Buffer
	if c.json {
		writeJSON(&out, event, fields)
	} else {
		writeText(&out, event, fields)
	}
	c.screen.result(out.Bytes())
}

func writeJSON(out *bytes.Buffer, event string, fields []Field) {
	out.WriteString(`{"event":`)
	writeValue(out, event)
	for _, field := range fields {
		out.WriteByte(',')
		writeValue(out, field.Name)
		out.WriteByte(':')
		writeValue(out, field.Value)
	}
	out.WriteString("}\n")
}

func writeValue(out *bytes.Buffer, value any) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		_ = encoder.Encode(err.Error())
	}
	out.Truncate(out.Len() - 1) // the line break
}

func writeText(out *bytes.Buffer, event string, fields []Field) {
	_, _ = fmt.Fprintf(out, "%s\n", strings.ReplaceAll(event, "_", " "))
	for _, field := range fields {
		text := field.Text
		if _, raw := field.Value.(json.RawMessage); raw {
			continue
		}
		if text == "" {
			text = fmt.Sprint(field.Value)
		}
		if text != "" {
			_, _ = fmt.Fprintf(out, "  %-14s %s\n", strings.ReplaceAll(field.Name, "_", " "), printable(text))
		}
	}
}

// What a gateway wrote must not move the cursor or change colours.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

// QR draws text as a QR code, for people.
func (c *Call) QR(text string) {
	c.draw(func(out io.Writer) error {
		terminal.QR(out, text)
		return nil
	})
}

// QRImage draws the image of a QR code, for people.
func (c *Call) QRImage(get func() ([]byte, error)) {
	c.draw(func(out io.Writer) error {
		image, err := get()
		if err != nil {
			return err
		}
		return terminal.QRImage(out, image)
	})
}

func (c *Call) draw(draw func(io.Writer) error) {
	if c.json {
		return
	}
	var out bytes.Buffer
	if err := draw(&out); err != nil {
		c.Note("The QR code cannot be drawn here: %s.", err)
		return
	}
	c.screen.result(c.screen.coloured(out.Bytes()))
}

// Explain prints what a signature is made of: beside the results for programs,
// on stderr for people.
func (c *Call) Explain(e sign.Explanation) {
	if c.json {
		c.Show("explanation", Field{Name: "signature", Value: e})
		return
	}
	c.screen.note(strings.TrimRight(e.String(), "\n"))
}

var errTimeout = errors.New("not paid in time")

// Wait shows the progress while ask waits, and ends it when the time is over.
func (c *Call) Wait(ctx context.Context, timeout time.Duration, ask func(context.Context) error) error {
	cause := fmt.Errorf("%w: %s are over", errTimeout, timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, cause)
	defer cancel()
	stop := c.screen.progress("waiting for payment")
	err := ask(ctx)
	stop()
	// What a query that was cut off says does not matter.
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return cause
	}
	return err
}

// Every returns the pause between two queries that a flag says, or a short one
// for the fake gateway.
func (c *Call) Every(flag time.Duration) time.Duration {
	if flag == 0 && c.demo {
		return 200 * time.Millisecond
	}
	return flag
}

// NoteEnd says what becomes of an order that nobody waits for.
func (c *Call) NoteEnd() {
	if c.demo {
		c.Note("The fake gateway ends with this program. -wait shows a payment; examples/sandbox is a fake gateway that stays.")
	}
}

// NotePrepared says that a fake gateway was given an order, so that there is one
// to ask for.
func (c *Call) NotePrepared(number, amount string) {
	c.Note("Fake gateway: order %s over %s was created in it.", number, amount)
}

// PayAndForge lets the payer of a fake gateway pay after a while, the gateway
// repeat its callback, and then an attacker send a forged one.
func (c *Call) PayAndForge(ctx context.Context, fake Fake, number string, after time.Duration) error {
	if after <= 0 {
		return nil
	}
	steps := []struct {
		what string
		call func(string) (gatewaytest.Delivery, error)
	}{
		{"the payer pays now, and it calls back.", fake.Pay},
		{"it calls back again, as gateways do now and then.", fake.Redeliver},
		{"an attacker sends a forged callback now.", fake.SendTampered},
	}
	for _, step := range steps {
		if !sleep(ctx, after) {
			return nil
		}
		c.Note("Fake gateway: %s", step.what)
		if _, err := step.call(number); err != nil {
			return err
		}
	}
	return nil
}

// Time returns a time for programs, "" if it is zero.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
