package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Message is a notification as it is sent to the merchant.
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
// [ErrOrderNotFound]; a merchant's response is never an error.
func (s *Server) Pay(number string) (Delivery, error) {
	if err := s.PaySilently(number); err != nil {
		return Delivery{}, err
	}
	return s.Redeliver(number)
}

// PaySilently is Pay without a notification, as if it were lost. The error is
// [ErrOrderNotFound].
func (s *Server) PaySilently(number string) error {
	return s.Update(number, func(order *Order) {
		order.Paid, order.PaidAt = true, s.Now()
		s.behavior.Pay(order)
	})
}

// Expire ends an order without a payment. The error is [ErrAlreadyPaid] or
// [ErrOrderNotFound].
func (s *Server) Expire(number string) error {
	paid := false
	err := s.Update(number, func(order *Order) {
		if paid = order.Paid; !paid {
			s.behavior.Expire(order)
		}
	})
	if paid {
		return fmt.Errorf("%w: %q", ErrAlreadyPaid, number)
	}
	return err
}

// Redeliver sends the notification again, as gateways do now and then although it was
// accepted. The error is [ErrOrderNotFound].
func (s *Server) Redeliver(number string) (Delivery, error) {
	found, err := s.record(number)
	if err != nil {
		return Delivery{}, err
	}
	return s.series(found)
}

// SendTampered sends an attacker's notification, once: it claims another amount, with
// the best signature that an attacker can have. The error is [ErrOrderNotFound].
func (s *Server) SendTampered(number string) (Delivery, error) {
	found, err := s.record(number)
	if err != nil {
		return Delivery{}, err
	}
	return s.deliver(found, 1, true)
}

func (s *Server) record(number string) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(number); found != nil {
		return found, nil
	}
	return nil, notFound(number)
}

// DelayNotifications delays every notification from now on.
func (s *Server) DelayNotifications(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

func (s *Server) series(of *record) (Delivery, error) {
	first, err := s.deliver(of, 1, false)
	if err != nil || first.Accepted || first.Attempt == 0 {
		return first, err
	}
	if !s.begin() {
		return first, nil
	}
	go func() {
		defer s.tasks.Done()
		for i, delay := range s.retryDelays {
			if !s.sleep(delay) {
				return
			}
			if next, err := s.deliver(of, i+2, false); err != nil || next.Accepted {
				return
			}
		}
	}()
	return first, nil
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

func (s *Server) deliver(of *record, attempt int, tampered bool) (Delivery, error) {
	s.mu.Lock()
	order := of.order
	if of.forgotten {
		s.mu.Unlock()
		return Delivery{}, notFound(order.ID)
	}
	if order.NotifyURL == "" {
		s.mu.Unlock()
		return Delivery{}, nil
	}
	delivery := Delivery{OrderID: order.ID, OrderNo: order.OrderNo, Attempt: attempt, Tampered: tampered}
	delay := s.delay
	message, err := s.behavior.Notification(order, tampered)
	s.mu.Unlock()
	if err != nil {
		return Delivery{}, err
	}
	if delay > 0 && !s.sleep(delay) {
		return Delivery{}, context.Cause(s.ctx)
	}
	delivery.At = s.Now()
	delivery.Method, delivery.URL, delivery.Body = message.Method, message.URL, message.Body
	delivery.Status, delivery.Response, err = s.send(message)
	if err != nil {
		delivery.Err = withoutURL(err).Error()
	} else {
		delivery.Accepted = s.behavior.Accepted(delivery.Status, delivery.Response)
	}
	s.mu.Lock()
	s.keep(of, delivery)
	s.mu.Unlock()
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
