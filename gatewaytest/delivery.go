package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"
)

// Message is the HTTP request of a notification.
type Message struct {
	// Method, URL, ContentType and Body are those of the HTTP request. The header
	// Content-Type is left out if ContentType is empty.
	Method, URL, ContentType, Body string
	// Header holds further headers, by name.
	Header map[string]string
}

// Delivery is one attempt to deliver a notification.
type Delivery struct {
	// OrderID and OrderNo are the numbers of the order: see Order.
	OrderID, OrderNo string
	// Attempt counts from 1 in each series of attempts.
	Attempt int
	// At is when the notification was sent, by the clock of the fake: see [WithClock].
	At time.Time
	// Method, URL and Body are what was sent. They hold a signature.
	Method, URL, Body string
	// Tampered reports whether SendTampered sent the notification.
	Tampered bool
	// Status and Response are the status and the first 8 KiB of the body of the
	// merchant's response, 0 and "" without one.
	Status   int
	Response string
	// Accepted reports whether the gateway sends the notification no more after this
	// response.
	Accepted bool
	// Err says why there was no response.
	Err string
}

// Pay pays an order and sends its notification. It returns the first delivery after the
// merchant has responded, or a zero Delivery if the order has no notify URL. A
// notification that the merchant does not accept is retried in the background. An
// expired order can be paid (a late payment), and a paid one again. The error is
// [ErrOrderNotFound], pingpptest.ErrNoCharge, or context.Canceled if Close ends the delay of
// DelayNotifications; a merchant's response is never an error.
func (s *Server) Pay(number string) (Delivery, error) {
	if err := s.paySilently(number, false); err != nil {
		return Delivery{}, err
	}
	return s.Redeliver(number)
}

// payOnPage is Pay for a payer, who does not wait for a notification that is delayed. The
// error of a paid order is [ErrAlreadyPaid].
func (s *Server) payOnPage(number string) error {
	if err := s.paySilently(number, true); err != nil {
		return err
	}
	s.mu.Lock()
	isDelayed := s.delay > 0
	s.mu.Unlock()
	if !isDelayed {
		_, err := s.Redeliver(number)
		return err
	}
	if s.begin() {
		go func() {
			defer s.tasks.Done()
			_, _ = s.Redeliver(number)
		}()
	}
	return nil
}

// PaySilently is Pay without a notification, as if it were lost. The error is
// [ErrOrderNotFound], or pingpptest.ErrNoCharge.
func (s *Server) PaySilently(number string) error { return s.paySilently(number, false) }

func (s *Server) paySilently(number string, once bool) error {
	return s.change(number, func(order *Order) error {
		if once && order.Paid {
			return alreadyPaid(number)
		}
		if s.behavior.BeforePay != nil {
			if err := s.behavior.BeforePay(order); err != nil {
				return err
			}
		}
		order.Paid, order.PaidAt, order.State = true, s.Now(), s.behavior.PaidState
		return nil
	})
}

// Expire ends an order without a payment. The error is [ErrAlreadyPaid] or
// [ErrOrderNotFound].
func (s *Server) Expire(number string) error {
	return s.change(number, func(order *Order) error {
		if order.Paid {
			return alreadyPaid(number)
		}
		order.State = s.behavior.ExpiredState
		return nil
	})
}

func alreadyPaid(number string) error { return fmt.Errorf("%w: %q", ErrAlreadyPaid, number) }

// Redeliver sends the notification again, as gateways do now and then although it was
// accepted. The error is [ErrOrderNotFound].
func (s *Server) Redeliver(number string) (Delivery, error) {
	found, err := s.find(number)
	if err != nil {
		return Delivery{}, err
	}
	first, err := s.deliver(found, 1, false)
	if err != nil || first.Accepted || first.Attempt == 0 || !s.begin() {
		return first, err
	}
	go func() {
		defer s.tasks.Done()
		for i, delay := range s.behavior.RetryDelays {
			if !s.sleep(delay) {
				return
			}
			if next, err := s.deliver(found, i+2, false); err != nil || next.Accepted {
				return
			}
		}
	}()
	return first, nil
}

// SendTampered sends an attacker's notification, once: it claims another amount, with
// the best signature that an attacker can have. The error is [ErrOrderNotFound].
func (s *Server) SendTampered(number string) (Delivery, error) {
	found, err := s.find(number)
	if err != nil {
		return Delivery{}, err
	}
	return s.deliver(found, 1, true)
}

// DelayNotifications delays every notification from now on.
func (s *Server) DelayNotifications(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// begin counts a background task, unless the server is closed.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.tasks.Add(1)
	return true
}

func (s *Server) sleep(delay time.Duration) bool {
	select {
	case <-s.ctx.Done():
		return false
	case <-time.After(delay):
		return true
	}
}

func (s *Server) deliver(kept *Order, attempt int, tampered bool) (Delivery, error) {
	s.mu.Lock()
	order, delay, known := *kept, s.delay, slices.Contains(s.orders, kept)
	s.mu.Unlock()
	switch {
	case !known:
		return Delivery{}, notFound(order.ID)
	case order.NotifyURL == "":
		return Delivery{}, nil
	}
	message := s.behavior.Notification(order, tampered)
	if delay > 0 && !s.sleep(delay) {
		return Delivery{}, context.Cause(s.ctx)
	}
	delivery := Delivery{
		OrderID: order.ID, OrderNo: order.OrderNo, Attempt: attempt, Tampered: tampered,
		At: s.Now(), Method: message.Method, URL: message.URL, Body: message.Body,
	}
	var err error
	if delivery.Status, delivery.Response, err = s.send(message); err != nil {
		delivery.Err = withoutURL(err).Error()
	} else {
		delivery.Accepted = s.behavior.Accepted(delivery.Status, delivery.Response)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, delivery)
	if len(s.deliveries) > s.limit {
		s.deliveries = s.deliveries[1:]
	}
	return delivery, nil
}

// withoutURL removes net/http's mention of the URL, which holds a signature.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

func (s *Server) send(message Message) (status int, body string, err error) {
	request, err := message.request(s.ctx)
	if err != nil {
		return 0, "", err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, 8<<10))
	return response.StatusCode, string(data), err
}
