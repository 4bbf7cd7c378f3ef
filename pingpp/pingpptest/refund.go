package pingpptest

import (
	"errors"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

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
	id, at := s.newID("re_"), s.Now().Unix()
	s.mu.Lock()
	defer s.mu.Unlock()
	earlier := s.refunds[order.ID]
	if !order.Paid || amount <= 0 || sumOf(earlier)+amount.Cents() > order.Amount.Cents() {
		return "", ErrNotRefundable
	}
	s.refunds[order.ID] = append([]map[string]any{{
		"id": id, "object": "refund", "order_no": id[len("re_example"):], "amount": amount.Cents(),
		"created": at, "succeed": true, "status": "succeeded", "time_succeed": at,
		"description": "Example", "failure_code": nil, "failure_msg": nil, "metadata": map[string]any{},
		"charge": order.ID, "charge_order_no": order.OrderNo, "transaction_no": "2016000000000000000000000002",
		"extra": map[string]any{},
	}}, earlier...)
	return id, nil
}

// refundsOf returns the refunds of a charge as Ping++ sends them, the newest first.
func (s *Server) refundsOf(chargeID string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refunds[chargeID]
}

// sumOf returns the sum of refunds in cents.
func sumOf(refunds []map[string]any) (cents int64) {
	for _, refund := range refunds {
		amount, _ := refund["amount"].(int64)
		cents += amount
	}
	return cents
}
