package checkout

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/paygates/paygates-go"
)

// NotificationHandler handles the notifications of all gateways. Mount it at
// Config.NotifyPath: the last element of the path names the gateway.
//
// Each notification is verified and confirmed as its gateway requires, recorded, and
// accepted once that is committed. What cannot be credited is recorded and accepted as
// well: see Attention. After every error, that of the database or of Config.OnPaid
// included, the response is the gateway's rejection, so that the notification arrives
// again; its status is that of paygates.NotificationStatus, and 500 for an error of
// checkout or OnPaid.
//
// The handling goes on if the sender closes the connection. It ends after
// Config.NotificationTimeout.
func (s *Service) NotificationHandler() http.Handler { return http.HandlerFunc(s.serveNotification) }

func (s *Service) serveNotification(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	gateway, ok := s.gateways[name]
	if !ok {
		if nameShape.MatchString(name) { // perhaps one that had this name before
			s.log.WarnContext(r.Context(), "checkout: notification for a gateway that is not configured", "gateway", name)
		}
		http.NotFound(w, r)
		return
	}
	entry := JournalEntry{ReceivedAt: s.now(), Gateway: gateway.Name()}
	began := time.Now()
	r, end := s.observe(r, gateway)
	err := s.notified(r, gateway, &entry)
	entry.HTTPStatus = http.StatusOK
	if err != nil {
		entry.HTTPStatus, entry.Reason = notificationStatus(err), reason(err)
		if entry.Outcome == "" { // otherwise logPayment has logged it
			s.log.WarnContext(r.Context(), "checkout: notification rejected", "gateway", entry.Gateway,
				"order_no", entry.OrderNo, "status", entry.HTTPStatus, "error", err)
		}
	}
	respond(w, gateway, entry.HTTPStatus)
	entry.Duration = time.Since(began)
	end(entry.HTTPStatus, entry.Duration, err)
	var recording *recordError // the gateway's package had verified the notification
	s.journal.add(entry, err == nil || errors.As(err, &recording))
}

// notified handles one notification and notes in entry what became of it.
func (s *Service) notified(r *http.Request, gateway Gateway, entry *JournalEntry) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.log.ErrorContext(r.Context(), "checkout: gateway panicked", "gateway", gateway.Name())
			err = errPanic
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.config.NotificationTimeout)
	defer cancel()
	n, err := gateway.ReadNotification(ctx, r)
	entry.OrderNo = key(n.OrderNo)
	switch {
	case err != nil:
		return err
	case n.Payment == nil:
		entry.Reason = "no payment"
		return nil
	}
	p := *n.Payment
	p.Source = SourceNotification
	outcome, err := s.record(ctx, gateway, &p)
	s.logPayment(ctx, &p, outcome, err)
	if entry.OrderNo == "" || p.OrderNo != "" {
		entry.OrderNo = p.OrderNo
	}
	if err != nil {
		return &recordError{err}
	}
	entry.Outcome = outcome
	return nil
}

func respond(w http.ResponseWriter, gateway Gateway, status int) {
	body, rejected := gateway.Responses()
	if status != http.StatusOK {
		body = rejected
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

var errPanic = errors.New("panic")

// recordError marks an error of recording a payment: of the database or of OnPaid.
type recordError struct{ err error }

func (e *recordError) Error() string { return "record payment: " + e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

// notificationStatus returns the HTTP status for a notification that ended in err. An
// error of OnPaid may wrap one of paygates, so its own type counts first.
func notificationStatus(err error) int {
	var recording *recordError
	if errors.As(err, &recording) || errors.Is(err, errPanic) {
		return http.StatusInternalServerError
	}
	return paygates.NotificationStatus(err)
}

// reason returns why a notification was rejected, in fixed words: the text of an error may
// hold what the payer typed.
func reason(err error) string {
	for _, known := range []struct {
		err  error
		text string
	}{
		{errPanic, "gateway panicked"},
		{errOnPaid, "OnPaid failed"},
		{paygates.ErrInvalidSignature, "invalid signature"},
		{paygates.ErrInvalidNotification, "invalid notification"},
		{paygates.ErrOrderNotFound, "gateway does not know the order"},
		{paygates.ErrNotConfirmed, "gateway does not confirm the payment"},
		{paygates.ErrBusy, "too many notifications at once"},
		{paygates.ErrUnavailable, "gateway unavailable"},
		{paygates.ErrNoResponse, "no response from the gateway"},
		{paygates.ErrBadResponse, "unexpected response from the gateway"},
	} {
		if errors.Is(err, known.err) {
			return known.text
		}
	}
	var recording *recordError
	if errors.As(err, &recording) {
		return "database error"
	}
	return "gateway error"
}
