package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go"
)

// What NotificationHandler does, by hand: parse, confirm, own work, reply. It is
// for a program in which something else has the body already, or that has no
// *http.Request. With one that is untouched, ParseNotification takes the place
// of VerifyNotification.

func (s *shop) ispayByHand(ctx context.Context, values url.Values) answer {
	n, err := s.ispay.VerifyNotification(values)
	if err != nil {
		return s.refuse(err)
	}
	// The signature covers neither amount nor state: the gateway says them.
	if _, err := s.ispay.ConfirmNotification(ctx, n); err != nil {
		return s.refuse(err)
	}
	if err := s.creditIspay(ctx, n); err != nil {
		return s.fail(err)
	}
	return answer{http.StatusOK, "success"}
}

func (s *shop) codepayByHand(ctx context.Context, values url.Values) answer {
	// The signature covers everything, so there is nothing to confirm.
	n, err := s.codepay.VerifyNotification(values)
	if err != nil {
		return s.refuse(err)
	}
	if err := s.creditCodepay(ctx, n); err != nil {
		return s.fail(err)
	}
	return answer{http.StatusOK, "success"}
}

func (s *shop) gatepayByHand(ctx context.Context, values url.Values) answer {
	n, err := s.gatepay.VerifyNotification(values)
	if err != nil {
		return s.refuse(err)
	}
	// The signature covers characters, not the fields that they were cut into.
	if _, err := s.gatepay.ConfirmNotification(ctx, n); err != nil {
		return s.refuse(err)
	}
	if err := s.creditGatepay(ctx, n); err != nil {
		return s.fail(err)
	}
	return answer{http.StatusOK, "success"}
}

func (s *shop) kechengcangByHand(ctx context.Context, body []byte) answer {
	n, err := s.kechengcang.VerifyNotification(body)
	if err != nil {
		return s.refuse(err)
	}
	// There is no signature at all.
	if _, err := s.kechengcang.ConfirmNotification(ctx, n); err != nil {
		return s.refuse(err)
	}
	if err := s.creditKechengcang(ctx, n); err != nil {
		return s.fail(err)
	}
	return answer{http.StatusOK, "ok"}
}

func (s *shop) pingppByHand(ctx context.Context, body []byte, signature string) answer {
	n, err := s.pingpp.VerifyNotification(body, signature)
	if err != nil {
		return s.refuse(err)
	}
	if err := s.creditPingpp(ctx, n); err != nil {
		return s.fail(err)
	}
	return answer{http.StatusOK, "success"}
}

// answer is what a gateway is told. Any text but the expected one makes it call
// again; the status is for the program's own monitoring.
type answer struct {
	status int
	text   string
}

// refuse answers a callback that is not genuine or that the gateway does not
// confirm. The five packages export the same errors, so those of one will do.
func (s *shop) refuse(err error) answer {
	status := paygates.NotificationStatus(err)
	s.log.Warn("callback not accepted", slog.Int("status", status), slog.String("reason", err.Error()))
	return answer{status, "fail"}
}

// fail answers a callback that the program itself could not take in.
func (s *shop) fail(err error) answer {
	s.log.Error("payment not credited", slog.String("reason", err.Error()))
	return answer{http.StatusInternalServerError, "fail"}
}

// readBody returns a body that nobody has read yet, nil if it cannot be read.
func readBody(r *http.Request) []byte {
	const longest = 1 << 20
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, longest))
	if err != nil {
		return nil
	}
	return body
}

// formOf returns the fields of a form: those that a framework has parsed
// already, or those of the body. r.Form would mix the query of the notify URL
// with them.
func formOf(r *http.Request, body []byte) url.Values {
	if len(r.PostForm) > 0 {
		return r.PostForm
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil // without a signature, and so refused
	}
	return values
}
