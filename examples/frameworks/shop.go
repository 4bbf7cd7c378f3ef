package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
)

// shop is the existing program: it has orders, and credits what is paid for them.
type shop struct {
	ispay       *ispay.Client
	codepay     *codepay.Client
	gatepay     *gatepay.Client
	kechengcang *kechengcang.Client
	pingpp      *pingpp.Client
	log         *slog.Logger

	mu       sync.Mutex
	orders   map[key]price
	credited map[key]price
}

// key is the number of an order or a payment at a gateway.
type key struct{ gateway, no string }

type price struct {
	amount   money.Amount
	currency string
}

func (p price) String() string { return p.amount.String() + " " + p.currency }

// open stores an order that waits for its payment.
func (s *shop) open(gateway, orderNo string, p price) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders[key{gateway, orderNo}] = p
}

// credit is the program's own work, which a database does in one transaction:
// compare with the stored order, and credit once, because gateways repeat
// callbacks.
func (s *shop) credit(gateway, orderNo, paymentNo string, paid price) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked, ok := s.orders[key{gateway, orderNo}]; !ok || asked != paid {
		return fmt.Errorf("%s: no order is open for the %s that were paid", gateway, paid)
	}
	if _, ok := s.credited[key{gateway, paymentNo}]; ok {
		return nil
	}
	s.credited[key{gateway, paymentNo}] = paid
	return nil
}

// What each gateway's notification says of the order, the payment and the money.

func (s *shop) creditIspay(_ context.Context, n *ispay.Notification) error {
	return s.credit("ispay", n.OrderNo, n.OrderNo, price{n.Order.Amount, "CNY"})
}

func (s *shop) creditCodepay(_ context.Context, n *codepay.Notification) error {
	return s.credit("codepay", n.OrderNo, n.PaymentNo, price{n.Money, "CNY"})
}

func (s *shop) creditGatepay(_ context.Context, n *gatepay.Notification) error {
	return s.credit("gatepay", n.OrderNo, n.OrderNo, price{n.Order.Amount, "CNY"})
}

func (s *shop) creditKechengcang(_ context.Context, n *kechengcang.Notification) error {
	return s.credit("kechengcang", n.OrderID, n.OrderID, price{n.Order.Fee.Amount, n.Order.Fee.Currency.String()})
}

func (s *shop) creditPingpp(_ context.Context, n *pingpp.Notification) error {
	if !n.Paid() {
		return nil // a refund, a summary, …: nothing to credit
	}
	return s.credit("pingpp", n.Charge.OrderNo, n.Charge.ID, price{n.Charge.Amount, strings.ToUpper(n.Charge.Currency)})
}
