package checkout

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
)

// observe tells the Observer of a notification, if there is one. end tells it the result.
func (s *Service) observe(r *http.Request, gateway Gateway) (observed *http.Request, end func(status int, took time.Duration, err error)) {
	observed, end = r, func(int, time.Duration, error) {}
	if s.config.Observer == nil {
		return observed, end
	}
	ctx := r.Context()
	s.guard(ctx, func() {
		made, done := s.config.Observer.ObserveNotification(ctx, paygates.NotificationInfo{Gateway: gateway.Name()})
		if made != nil {
			observed = r.WithContext(made)
		}
		if done != nil {
			end = func(status int, took time.Duration, err error) {
				s.guard(ctx, func() {
					done(paygates.NotificationResult{HTTPStatus: status, Duration: took, ErrorKind: errorKind(err)})
				})
			}
		}
	})
	return observed, end
}

// guard calls the Observer in do. A panic in it must not lose a payment.
func (s *Service) guard(ctx context.Context, do func()) {
	defer func() {
		if value := recover(); value != nil {
			s.log.ErrorContext(ctx, "checkout: Observer panicked", "type", fmt.Sprintf("%T", value))
		}
	}()
	do()
}

// errorKind returns paygates.ErrorKind for an error of the gateway, and "handler_failed" for
// one of checkout or OnPaid, which may wrap one of paygates.
func errorKind(err error) string {
	if err != nil && notificationStatus(err) == http.StatusInternalServerError {
		return "handler_failed"
	}
	return paygates.ErrorKind(err)
}
