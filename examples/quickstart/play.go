package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/money"
)

// play takes a payment through the fake of a gateway, and then attacks it.
func play(ctx context.Context, g *gateway.Gateway, tell *story) error {
	fake := g.Fake("", gatewaytest.WithRetryDelays())
	defer fake.Close()
	tell.step("The fake gateway listens at %s.", fake.Target)
	client, err := g.Open(gateway.Settings{Env: fake.Environment(), Logger: quiet})
	if err != nil {
		return err
	}
	var credited []*gateway.Payment
	notifyURL, stop := serve(client.Handler(func(p *gateway.Payment) {
		if p.Paid {
			credited = append(credited, p)
		}
	}))
	defer stop()
	if fake.SetNotifyURL != nil {
		fake.SetNotifyURL(notifyURL)
	}
	if g.KnownOrder != "" {
		tell.note("The merchant's backend, a fake too, knows order %s.", g.KnownOrder)
	}
	if fake.ShiftAmount != nil {
		fake.ShiftAmount(money.Cents(1))
	}

	order := gateway.Order{
		OrderNo: g.Story.OrderNo, Channel: g.Channels[0], Amount: g.Story.Amount, Subject: "Example book",
		Attach: "user-42", PayerIP: "203.0.113.7", NotifyURL: notifyURL,
	}
	created, err := client.Create(ctx, order)
	if err != nil {
		return err
	}
	tell.step("%s for %s is created. The gateway's number is %s.",
		strings.TrimSpace("Order "+created.OrderNo), amount(created.Amount, created), cmp.Or(created.OrderID, "the same"))
	if created.PayableAmount != "" {
		tell.note("The payer must pay exactly %s.", created.PayableAmount)
	}
	if err := tell.code(ctx, created); err != nil {
		return err
	}

	tell.step("The payer pays, and the gateway sends a notification to %s.", notifyURL)
	genuine, err := fake.Pay(created.Number)
	if err != nil {
		return err
	}
	if err := expect(genuine.Accepted && len(credited) == 1, "an accepted notification", genuine.Response); err != nil {
		return err
	}
	tell.note("%s: %s.", g.Story.Genuine, summary(credited[0]))
	tell.note("The response to the notification is %q.", genuine.Response)

	if g.Story.Unpaid {
		if created, err = client.Create(ctx, order); err != nil {
			return err
		}
	}
	forged, err := fake.SendTampered(created.Number)
	if err != nil {
		return err
	}
	tell.step("%s", g.Story.Forged)
	if err := expect(!forged.Accepted && len(credited) == 1, "a rejection", forged.Response); err != nil {
		return err
	}
	tell.note("%s: HTTP %d, %q. Nothing is credited.", rejected[forged.Status], forged.Status, forged.Response)
	return nil
}

// rejected says why a notification was rejected, by the status of the response.
var rejected = map[int]string{
	http.StatusForbidden: "The signature is invalid",
	http.StatusConflict:  "The gateway does not confirm it",
}

// code shows what the payer scans or opens.
func (s *story) code(ctx context.Context, p *gateway.Payment) error {
	switch text := cmp.Or(p.QRCode, p.PayPage); {
	case text != "":
		s.step("The payer scans this code, or opens %s:", cmp.Or(p.PayPage, text))
		s.qr(text)
	case p.QRCodeURL != "":
		s.step("The payer scans this code, which the gateway sends as an image:")
		image, err := fetch(ctx, p.QRCodeURL)
		if err != nil {
			return err
		}
		return s.qrImage(image)
	default:
		s.step("There is no code to scan; %s.", strings.Join(p.Notes, "; "))
	}
	return nil
}

// summary returns the order, the amount and the state of a payment.
func summary(p *gateway.Payment) string {
	return fmt.Sprintf("%s order %s: %s, state %s", p.Gateway, cmp.Or(p.OrderNo, p.OrderID), amount(cmp.Or(p.PaidAmount, p.Amount), p), p.State)
}

// amount returns an amount of a payment with its unit.
func amount(number string, p *gateway.Payment) string {
	if p.Currency == "CNY" {
		return number + " yuan"
	}
	return number + " " + p.Currency
}

// serve starts the merchant's web server with its notification handler and returns the
// notify URL.
func serve(notify http.Handler) (notifyURL string, stop func()) {
	mux := http.NewServeMux()
	mux.Handle("/notify", notify)
	server := httptest.NewServer(mux)
	return server.URL + "/notify", server.Close
}

// fetch returns the image at a URL of a gateway.
func fetch(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(io.LimitReader(response.Body, 1<<20))
}

// expect ends the quickstart if something is not as the story tells it.
func expect(ok bool, what string, got any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("expected %s, got %v", what, got)
}
