package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
)

// The functions below do what NotificationHandler does: verify, confirm, credit, respond.
// Write one if something else has consumed the body, or if your framework has no
// *http.Request. For an untouched *http.Request, call ParseNotification instead of
// VerifyNotification.

func (s *shop) ispayByHand(ctx context.Context, values url.Values) response {
	ctx, cancel := detach(ctx)
	defer cancel()
	n, err := s.ispay.VerifyNotification(values)
	if err != nil {
		return s.reject(err)
	}
	// The signature covers neither the amount nor the state.
	if _, err := s.ispay.ConfirmNotification(ctx, n); err != nil {
		return s.reject(err)
	}
	if err := s.creditIspay(ctx, n); err != nil {
		return s.notCredited(err)
	}
	return response{http.StatusOK, "success"}
}

func (s *shop) codepayByHand(ctx context.Context, values url.Values) response {
	ctx, cancel := detach(ctx)
	defer cancel()
	// The signature covers every field, so there is nothing to confirm.
	n, err := s.codepay.VerifyNotification(values)
	if err != nil {
		return s.reject(err)
	}
	if err := s.creditCodepay(ctx, n); err != nil {
		return s.notCredited(err)
	}
	return response{http.StatusOK, "success"}
}

func (s *shop) gatepayByHand(ctx context.Context, values url.Values) response {
	ctx, cancel := detach(ctx)
	defer cancel()
	n, err := s.gatepay.VerifyNotification(values)
	if err != nil {
		return s.reject(err)
	}
	// The signed text has no separators, so other fields can have the same signature.
	if _, err := s.gatepay.ConfirmNotification(ctx, n); err != nil {
		return s.reject(err)
	}
	if err := s.creditGatepay(ctx, n); err != nil {
		return s.notCredited(err)
	}
	return response{http.StatusOK, "success"}
}

func (s *shop) kechengcangByHand(ctx context.Context, body []byte) response {
	ctx, cancel := detach(ctx)
	defer cancel()
	n, err := s.kechengcang.VerifyNotification(body)
	if err != nil {
		return s.reject(err)
	}
	// The notification is not signed.
	if _, err := s.kechengcang.ConfirmNotification(ctx, n); err != nil {
		return s.reject(err)
	}
	if err := s.creditKechengcang(ctx, n); err != nil {
		return s.notCredited(err)
	}
	return response{http.StatusOK, "ok"}
}

func (s *shop) pingppByHand(ctx context.Context, body []byte, signature string) response {
	ctx, cancel := detach(ctx)
	defer cancel()
	// The signature covers the whole body, so there is nothing to confirm.
	n, err := s.pingpp.VerifyNotification(body, signature)
	if err != nil {
		return s.reject(err)
	}
	if err := s.creditPingpp(ctx, n); err != nil {
		return s.notCredited(err)
	}
	return response{http.StatusOK, "success"}
}

// detach returns a context that does not end when the sender closes the connection, so
// that a payment is not left half credited.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}

// response is the response to a notification. The gateway sends the notification again
// unless text is the expected one. The status is for your monitoring.
type response struct {
	status int
	text   string
}

// reject responds to a notification that is not genuine or not confirmed.
func (s *shop) reject(err error) response {
	status := paygates.NotificationStatus(err)
	s.log.Warn("notification rejected", slog.Int("status", status), slog.String("reason", err.Error()))
	return response{status, "fail"}
}

// notCredited responds to a genuine notification that the shop could not credit.
func (s *shop) notCredited(err error) response {
	s.log.Error("payment not credited", slog.String("reason", err.Error()))
	return response{http.StatusInternalServerError, "fail"}
}

// readBody consumes and returns the body. It returns nil if the body cannot be read.
func readBody(r *http.Request) []byte {
	const maxBody = 1 << 20
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil
	}
	return body
}

// formOf returns the fields of a form: the ones that a middleware has parsed, or else
// those of body. It does not use r.Form, which adds the query of the notify URL.
func formOf(r *http.Request, body []byte) url.Values {
	if len(r.PostForm) > 0 {
		return r.PostForm
	}
	// net/url rejects a ";", which a notification may have in a value.
	values, err := url.ParseQuery(strings.ReplaceAll(string(body), ";", "%3B"))
	if err != nil {
		return nil // VerifyNotification rejects it
	}
	return values
}
