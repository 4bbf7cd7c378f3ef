package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygates/paygates-go/money"
)

// purchase is what a payer asks for.
type purchase struct {
	offer   offer
	channel string
	amount  money.Amount
	payerIP string
}

// checkout makes an order and asks the gateway for its payment. The order is
// stored before the gateway hears of it: whatever happens from there on, the
// money has a place to go. The error is nil also if the gateway refused; the
// order says so.
func (s *shop) checkout(ctx context.Context, p purchase) (order, error) {
	now := time.Now()
	o := order{
		No: newOrderNo(), account: p.offer.account, Channel: p.channel,
		Price: p.amount, Currency: p.offer.Currency,
		Status: statusCreating, CreatedAt: now, ExpiresAt: now.Add(s.settings.expires),
		NextQueryAt: now.Add(s.settings.lostAfter()),
	}
	if err := s.store.add(ctx, o); err != nil {
		return order{}, fmt.Errorf("store the order: %w", err)
	}
	log := s.log.With("order_no", o.No, "gateway", o.Gateway)
	log.InfoContext(ctx, "order stored", "price", o.Price.String(), "currency", o.Currency)

	// A payer who closes the browser must not leave the outcome unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settings.timeout)
	defer cancel()
	made, err := p.offer.Create(ctx, o, urls{
		Notify:  s.settings.publicURL + "/notify/" + o.Gateway,
		Return:  s.settings.publicURL + "/orders/" + o.No,
		PayerIP: p.payerIP,
	})
	switch {
	case err == nil:
		log.InfoContext(ctx, "order created at the gateway", "order_id", made.OrderID)
		return o, s.store.created(ctx, o.No, made.complete(o), time.Now().Add(s.settings.requery))
	case errors.Is(err, errOutcomeUnknown), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		log.WarnContext(ctx, "the gateway's answer was lost: it will be asked", "error", err)
		return o, s.store.unknown(context.WithoutCancel(ctx), o.No, time.Now().Add(s.settings.requery))
	default:
		log.WarnContext(ctx, "the gateway refused the order", "error", err)
		return o, s.store.refused(ctx, o.No, err.Error())
	}
}

// complete fills in what the gateway left to the shop.
func (c created) complete(o order) created {
	if c.Expected == 0 {
		c.Expected = o.Price
	}
	if c.ExpiresAt.IsZero() {
		c.ExpiresAt = o.ExpiresAt
	}
	return c
}
