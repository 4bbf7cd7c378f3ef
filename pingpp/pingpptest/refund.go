package pingpptest

import (
	"errors"
	"slices"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// refund is a refund that succeeded at once.
type refund struct {
	id     string
	amount money.Amount
	at     time.Time
}

// ErrNotRefundable is returned by Refund for a charge that is not paid, and for an amount
// that is not positive or more than what is left of the payment.
var ErrNotRefundable = errors.New("pingpptest: the charge has no such amount to refund")

// Refund refunds an amount of the charge of an order, by either number, and returns the
// number of the refund. The refund succeeds at once. Its event is not sent: its number is
// that of the refund with "evt_" in place of "re_". The error is
// gatewaytest.ErrOrderNotFound, [ErrNoCharge] or [ErrNotRefundable].
func (s *Server) Refund(number string, amount money.Amount) (refundID string, err error) {
	order, ok := s.Order(number)
	switch {
	case !ok:
		return "", gatewaytest.ErrOrderNotFound
	case order.State == stateNew:
		return "", ErrNoCharge
	}
	made := refund{s.newID("re_"), amount, s.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !order.Paid || amount <= 0 || sumOf(s.refunds[order.ID])+amount > order.Amount {
		return "", ErrNotRefundable
	}
	s.refunds[order.ID] = append(s.refunds[order.ID], made)
	return made.id, nil
}

func (s *Server) refundsOf(chargeID string) []refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refunds[chargeID])
}

func sumOf(refunds []refund) (sum money.Amount) {
	for _, r := range refunds {
		sum += r.amount
	}
	return sum
}

// refundObjects returns the refunds of a charge, the newest first.
func refundObjects(order gatewaytest.Order, refunds []refund) []map[string]any {
	objects := make([]map[string]any, 0, len(refunds))
	for _, r := range slices.Backward(refunds) {
		objects = append(objects, map[string]any{
			"id": r.id, "object": "refund", "order_no": r.id[len("re_example"):], "amount": r.amount.Cents(),
			"created": r.at.Unix(), "succeed": true, "status": "succeeded", "time_succeed": r.at.Unix(),
			"description": "Example", "failure_code": nil, "failure_msg": nil, "metadata": map[string]any{},
			"charge": order.ID, "charge_order_no": order.OrderNo, "transaction_no": "2016000000000000000000000002",
			"extra": map[string]any{},
		})
	}
	return objects
}

func refundEvent(order gatewaytest.Order, object map[string]any) map[string]any {
	id, _ := object["id"].(string)
	seconds, _ := object["created"].(int64)
	return eventOf(id, "refund.succeeded", time.Unix(seconds, 0), order.Fields["livemode"] == "true", object)
}
