package kechengcang

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
)

// longestOrderID is the length of the longest hash id.
const longestOrderID = 64

// QueryOrder returns the order with the given order number of the gateway (查询订单, POST
// /api/web/pay-orders/show). Its State and Fee decide about money. The public source takes
// the query by GET only: then it is sent so, and from then on at once.
//
// A query that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidRequest, or a *paygates.Error: ErrOrderNotFound, ErrNoResponse,
// ErrUnavailable, ErrBadResponse or a rejection. An id that has the shape of the gateway's
// but no order is a server error in the public source.
func (c *Client) QueryOrder(ctx context.Context, orderID string) (*Order, error) {
	if err := check.New(gateway, paygates.ErrInvalidRequest).Alphanumeric("orderID", orderID, longestOrderID).Err(); err != nil {
		return nil, err
	}
	byGet := c.showByGet.Load()
	order, wrong, err := c.show(ctx, orderID, byGet)
	if wrong {
		order, _, err = c.show(ctx, orderID, !byGet)
	}
	return order, err
}

// DecodeOrder decodes a stored response of the gateway: an Order's Raw. The error is a
// *paygates.Error like those of QueryOrder.
func DecodeOrder(raw []byte) (*Order, error) {
	return decodeOrder(transport.Kept(gateway, "decode order", raw), "")
}

// show reports whether the method is the wrong one. It remembers a right one.
func (c *Client) show(ctx context.Context, orderID string, get bool) (order *Order, wrong bool, err error) {
	method := http.MethodPost
	if get {
		method = http.MethodGet
	}
	order, err = flow.Send(ctx, c.flow, transport.Call{
		Op:          "query order",
		Method:      method,
		URL:         c.baseURL + "/api/web/pay-orders/show?id=" + orderID,
		URLTemplate: "/api/web/pay-orders/show",
	}, func(r transport.Response) (*Order, error) {
		if wrong = isWrongMethod(r); !wrong {
			c.showByGet.Store(get)
		}
		return decodeOrder(r, orderID)
	}, "order_id", (*Order).unread)
	return order, wrong, err
}

// isWrongMethod reports whether the server takes another method. An edition of the public
// source turns Laravel's 405 into a 400 with its text.
func isWrongMethod(response transport.Response) bool {
	return response.Status == http.StatusMethodNotAllowed ||
		response.Status == http.StatusBadRequest && bytes.Contains(response.Body, []byte("method is not supported"))
}

// WaitForPayment calls QueryOrder at once and then after each interval (0: 3 s, at
// least 100 ms), until the order is paid. Each response is logged at debug level, each
// new state at info level. This is the dependable way to learn of a payment: the public
// source of the gateway never sends a notification.
//
// The server limits requests, to 120 a minute by its public source, and responds with 429
// to more. Wait with a longer interval if you wait for many orders at once.
//
// The error is nil only if the money has arrived. paygates.ErrNotPaid comes with the
// order if it ended otherwise. A rejection ends the wait, and so do several unexpected
// responses in a row. When ctx ends, the last order is returned, nil before the first
// response, with the context's error.
func (c *Client) WaitForPayment(ctx context.Context, orderID string, interval time.Duration) (*Order, error) {
	return flow.Wait[Order]{
		Name:   "order_id",
		Number: orderID,
		Query:  c.QueryOrder,
		State:  func(o *Order) (string, bool, bool) { return o.State.String(), o.Paid(), o.State.Final() },
	}.For(ctx, c.flow, interval)
}
