package codepay

import (
	"context"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// longestOrderID is the length of the longest order_id (50 位).
const longestOrderID = 50

// QueryOrder returns the order with the given order number of the gateway (GET /ispay).
// The document does not have this call: public clients use it, and a deployment may not
// have it. It sends Config.Token. The response is not signed, and it was seen without an
// amount: the notification decides about money.
//
// A query that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidConfig without a token, ErrInvalidRequest, or a *paygates.Error:
// ErrOrderNotFound, ErrNoResponse, ErrUnavailable, ErrBadResponse or a rejection, with
// Code -6 for a wrong token.
func (c *Client) QueryOrder(ctx context.Context, orderID string) (*Order, error) {
	if err := c.needToken(); err != nil {
		return nil, err
	}
	if err := check.New(gateway, paygates.ErrInvalidRequest).ID("orderID (order_id)", orderID, longestOrderID).Err(); err != nil {
		return nil, err
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:     "query order",
		Method: http.MethodGet,
		URL: c.baseURL + "/ispay?" + notify.Encode([]sign.Field{
			{Name: "id", Value: c.userID},
			{Name: "order_id", Value: orderID},
			{Name: "token", Value: c.token.Reveal()},
		}),
		URLTemplate: "/ispay",
	}, func(r transport.Response) (*Order, error) { return decodeOrder(r, c.userID, orderID) },
		"order_id", func(o *Order) (string, []string) { return orderID, o.Unread })
}

// WaitForPayment calls QueryOrder at once and then after each interval (0: 3 s, at
// least 100 ms), until the order is paid or ctx ends. The query does not tell an expired
// order from an unpaid one, so give ctx a deadline. Each response is logged at debug
// level, each new state at info level.
//
// The error is nil only if the money has arrived. A rejection ends the wait, and so do
// several unexpected responses in a row. When ctx ends, the last order is returned, nil
// before the first response, with the context's error.
func (c *Client) WaitForPayment(ctx context.Context, orderID string, interval time.Duration) (*Order, error) {
	return flow.Wait[Order]{
		Name:   "order_id",
		Number: orderID,
		Query:  c.QueryOrder,
		State:  func(o *Order) (string, bool, bool) { return o.State.String(), o.Paid(), o.State.Final() },
	}.For(ctx, c.flow, interval)
}
