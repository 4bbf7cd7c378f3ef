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

// shop is the existing program: it stores orders and credits payments.
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

// open stores an order that is not paid yet.
func (s *shop) open(gateway, orderNo string, p price) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders[key{gateway, orderNo}] = p
}

// credit compares a payment with the stored order and credits it once, because gateways
// repeat notifications. Do this in one database transaction; the package checkout does it
// for you.
func (s *shop) credit(gateway, orderNo, paymentNo string, paid price) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored, ok := s.orders[key{gateway, orderNo}]; !ok || stored != paid {
		return fmt.Errorf("%s: no stored order has the paid amount %s", gateway, paid)
	}
	if _, ok := s.credited[key{gateway, paymentNo}]; ok {
		return nil
	}
	s.credited[key{gateway, paymentNo}] = paid
	return nil
}

// The functions below take the order number, the payment number and the paid amount from
// the notification of each gateway.

func (s *shop) creditIspay(_ context.Context, n *ispay.Notification) error {
	return s.credit("ispay", n.OrderNo, n.OrderNo, price{n.Order.Amount, "CNY"})
}

func (s *shop) creditCodepay(_ context.Context, n *codepay.Notification) error {
	return s.credit("codepay", n.OrderNo, n.PaymentNo, price{n.PaidAmount, "CNY"})
}

func (s *shop) creditGatepay(_ context.Context, n *gatepay.Notification) error {
	return s.credit("gatepay", n.OrderNo, n.OrderNo, price{n.Order.Amount, "CNY"})
}

func (s *shop) creditKechengcang(_ context.Context, n *kechengcang.Notification) error {
	return s.credit("kechengcang", n.OrderID, n.OrderID, price{n.Order.Fee.Amount, n.Order.Fee.Currency.String()})
}

func (s *shop) creditPingpp(_ context.Context, n *pingpp.Notification) error {
	if !n.Paid() {
		return nil // another event, such as a refund: there is nothing to credit
	}
	return s.credit("pingpp", n.Charge.OrderNo, n.Charge.ID, price{n.Charge.Amount, strings.ToUpper(n.Charge.Currency)})
}
