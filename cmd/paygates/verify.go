package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/sign/explain"
)

type verifyCommand struct {
	gatewayArgs
	Input     string `arg:"" optional:"" help:"Notification as it arrived: its query, form, JSON body or URL, @FILE, or - for standard input."`
	Signature string `placeholder:"BASE64" help:"Signature of the header {headers}."`
}

// Help returns what --help prints below the summary.
func (*verifyCommand) Help() string {
	return `The explanation shows every field that is signed, with the secret masked. Needs the secret of the gateway.

    paygates verify ispay 'order_no=A1&amount=1.00&state=9&sign=…'
    paygates verify codepay @notification.txt
    pbpaste | paygates verify gatepay`
}

// Run verifies a notification.
func (c *verifyCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpVerify)
	if err != nil {
		return err
	}
	defer s.close()
	if s.client.Verify == nil {
		return a.usage("notifications of %s are not signed: query the order instead (paygates query %s NUMBER)", s.Name, s.Name)
	}
	in, err := s.received(ctx, c.Input, c.Signature)
	if err != nil {
		return err
	}
	if err := s.matchShape(in); err != nil {
		return err
	}
	a.explain(s.client.Explain(in))
	payment, err := s.client.Verify(in)
	if err != nil {
		return err
	}
	a.screen.Result("verified", payment)
	return nil
}

// matchShape rejects a form for a gateway that sends JSON, and the reverse.
func (s *session) matchShape(in gateway.Received) error {
	switch isForm, sendsJSON := in.Values != nil, s.SignatureHeader != ""; {
	case sendsJSON && isForm:
		return s.app.usage("%s sends JSON: the input must be the body of the webhook", s.Name)
	case sendsJSON && in.Signature == "":
		return s.app.usage("%s signs in a header: add --signature with the value of %s", s.Name, s.SignatureHeader)
	case !sendsJSON && !isForm:
		return s.app.usage("%s sends a query or a form, not JSON", s.Name)
	default:
		return nil
	}
}

// explain shows an explanation. What is hashed stays on one line, for copying.
func (a *app) explain(e explain.Explanation) {
	lines := strings.Split(a.screen.Language().Lines(e.String()), "\n")
	for i, line := range lines {
		line = hideInColumns(a.screen.Language(), line)
		if hint, ok := strings.CutPrefix(line, "  - "); ok && !strings.HasPrefix(hint, " ") {
			line = "  - " + strings.Join(screen.Wrap(hint, a.screen.Columns()-4), "\n    ")
		}
		lines[i] = line
	}
	a.screen.Shown("explanation", e, screen.Printable(strings.Join(lines, "\n")))
}

// hidden is what an explanation has in place of a secret or a signature.
var hidden = regexp.MustCompile(`\[(secret, [0-9]+ characters?|signature)\]`)

// hideInColumns writes in the user's language what is hidden in a line, and keeps the columns
// after it where they are.
func hideInColumns(l text.Language, line string) string {
	changed := hidden.ReplaceAllStringFunc(line, l.Foreign)
	if i := strings.LastIndex(changed, `"  `) + 1; i > 0 {
		changed = changed[:i] + strings.Repeat(" ", screen.Width(line)-screen.Width(changed)) + changed[i:]
	}
	return changed
}

type signCommand struct {
	gatewayArgs
	Input         string `arg:"" optional:"" help:"Fields as you send them: name=value&…, a JSON body, @FILE, or - for standard input. A field sign is compared."`
	Signature     string `placeholder:"BASE64" help:"Signature to compare with, of the header {headers}."`
	ShowSignature bool   `help:"Print the signature too. It is a credential: do not share it."`
}

// Help returns what --help prints below the summary.
func (*signCommand) Help() string {
	return `Shows which fields of a create, a query or a notification are signed, in which order, and the text that is hashed, with
the secret masked. Compare it with your own program, or let it compare your field sign.

    paygates sign ispay 'order_no=A1&order_type=P901&amount=1.00&return_url=&sign=…'
    paygates sign gatepay 'price=1.00&type=alipay&out_order_id=A1&custom=x' --show-signature`
}

// Run explains a signature.
func (c *signCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpSign)
	if err != nil {
		return err
	}
	defer s.close()
	in, err := s.received(ctx, c.Input, c.Signature)
	if err != nil {
		return err
	}
	explanation, signature, err := s.client.Sign(in)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", s.Name, paygates.ErrInvalidRequest, err)
	}
	a.explain(explanation)
	if c.ShowSignature {
		a.screen.Result("signature", struct {
			Signature string `json:"signature"`
		}{signature})
	}
	if explanation.Received && !explanation.Matches {
		return a.fail(errNotGenuine, "%s: the signature does not match", s.Name)
	}
	return nil
}
