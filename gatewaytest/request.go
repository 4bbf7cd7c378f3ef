package gatewaytest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
)

// NotificationRequest returns the notification of an order, for a test that calls a
// handler in memory:
//
//	err := srv.PaySilently(orderNo)
//	r, err := srv.NotificationRequest(orderNo)
//	handler.ServeHTTP(httptest.NewRecorder(), r)
//
// The request is the one that a merchant's server receives when Redeliver sends the
// notification. It is not sent and is not among the Deliveries. An order without a notify
// URL is notified at http://example.com/. The error is [ErrOrderNotFound], or says that
// the notify URL is malformed.
func (s *Server) NotificationRequest(number string) (*http.Request, error) {
	return s.notificationRequest(number, false)
}

// TamperedNotificationRequest returns the notification that SendTampered sends: see
// [Server.NotificationRequest].
func (s *Server) TamperedNotificationRequest(number string) (*http.Request, error) {
	return s.notificationRequest(number, true)
}

func (s *Server) notificationRequest(number string, tampered bool) (*http.Request, error) {
	order, ok := s.Order(number)
	if !ok {
		return nil, notFound(number)
	}
	order.NotifyURL = cmp.Or(order.NotifyURL, "http://example.com/")
	r, err := s.behavior.Notification(order, tampered).received()
	if err != nil {
		return nil, fmt.Errorf("gatewaytest: notification of order %q: notify URL: %w", number, withoutURL(err))
	}
	return r, nil
}

func (m Message) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, m.Method, m.URL, strings.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	if m.ContentType != "" {
		r.Header.Set("Content-Type", m.ContentType)
	}
	for name, value := range m.Header {
		r.Header.Set(name, value)
	}
	return r, nil
}

// received returns the request as a merchant's server receives it.
func (m Message) received() (*http.Request, error) {
	sent, err := m.request(context.Background())
	if err != nil {
		return nil, err
	}
	sent.Host = cmp.Or(sent.Host, "example.com")
	var wire bytes.Buffer
	if err := sent.Write(&wire); err != nil {
		return nil, err
	}
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	if sent.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: sent.URL.Hostname()}
	}
	r.RemoteAddr = "192.0.2.1:1234" // as httptest.NewRequest: TEST-NET-1 of RFC 5737
	return r, nil
}
