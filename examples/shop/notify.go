package main

import (
	"context"
	"net/http"
	"time"
)

// notifications returns the callback handlers, one for each gateway. The SDK has
// verified a payment, and confirmed it where the signature leaves something
// open, before it reaches accept.
func (s *shop) notifications() http.Handler {
	mux := http.NewServeMux()
	for _, offer := range s.offers {
		mux.Handle("/notify/"+offer.Gateway, offer.Notifications(s.accept))
	}
	return mux
}

// accept records a payment. The gateway hears "success" if the error is nil,
// which means: recorded, and need not be told again. That is also so for what
// cannot be credited, which is on the admin page then.
func (s *shop) accept(ctx context.Context, p payment) error {
	result, err := s.store.record(ctx, p, time.Now())
	log := s.log.With("gateway", p.Gateway, "order_no", p.OrderNo, "order_id", p.OrderID, "payment_no", p.No,
		"amount", p.Amount.String(), "currency", p.Currency, "source", p.Source)
	switch {
	case err != nil:
		log.ErrorContext(ctx, "payment not recorded", "error", err)
	case result == outcomeCredited:
		log.InfoContext(ctx, "payment credited")
	default:
		log.WarnContext(ctx, "payment not credited: see the admin page", "outcome", string(result))
	}
	return err
}
