package ispay

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// QueryState returns the state of an order by the gateway's order number, with its QR
// code from StateAwaitingPayment on (方法二, GET /query/{order_id}). The response is not
// signed, and anyone may query it: show it to the payer, and use QueryOrder to decide
// about money.
//
// The error is paygates.ErrInvalidRequest, or a *paygates.Error: ErrOrderNotFound,
// ErrNoResponse, ErrUnavailable, ErrBadResponse or a rejection.
func (c *Client) QueryState(ctx context.Context, orderID string) (*OrderState, error) {
	return c.queryState(ctx, "query state", "query", orderID)
}

// QueryQRCode returns the QR code of an order in StateAwaitingPayment by the gateway's
// order number (GET /qrcode/{order_id}). The errors are those of QueryState.
func (c *Client) QueryQRCode(ctx context.Context, orderID string) (*OrderState, error) {
	return c.queryState(ctx, "query QR code", "qrcode", orderID)
}

func (c *Client) queryState(ctx context.Context, op, call, orderID string) (*OrderState, error) {
	target, err := c.orderURL(call, orderID)
	if err != nil {
		return nil, err
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op: op, Method: http.MethodGet, URL: target, URLTemplate: "/" + call + "/{order_id}",
	}, func(r transport.Response) (*OrderState, error) { return decodeState(r, orderID, call == "qrcode") },
		"order_id", func(o *OrderState) (string, []string) { return orderID, o.Unread })
}

// QueryOrder returns the order with the given merchant order number (订单号查询, GET
// /order/{userid}/{order_no}/{md5}). Its State and Amount decide about money.
//
// A query that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidRequest, or a *paygates.Error: ErrOrderNotFound, ErrNoResponse,
// ErrUnavailable, ErrBadResponse or a rejection.
func (c *Client) QueryOrder(ctx context.Context, orderNo string) (*Order, error) {
	const op = "query order"
	if err := check.New(gateway, paygates.ErrInvalidRequest).ID("orderNo", orderNo, 64).Err(); err != nil {
		return nil, err
	}
	signature, err := sign.MD5Concat(c.secret, c.userID, orderNo)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:          op,
		OrderNo:     orderNo,
		Method:      http.MethodGet,
		URL:         c.baseURL + "/order/" + c.userID + "/" + orderNo + "/" + signature.String(),
		URLTemplate: "/order/{userid}/{order_no}/{md5}",
	}, func(r transport.Response) (*Order, error) { return decodeOrder(r, orderNo) },
		"order_no", func(o *Order) (string, []string) { return orderNo, o.Unread })
}

// DecodeOrder decodes a stored response of QueryOrder: an Order's Raw. OrderNo is the
// number in the response. The error is a *paygates.Error like those of QueryOrder.
func DecodeOrder(raw []byte) (*Order, error) {
	return decodeOrder(transport.Kept(gateway, "decode order", raw), "")
}

// WaitForPayment calls QueryOrder at once and then after each interval (0: 3 s, at
// least 100 ms), until the order is paid. Each response is logged at debug level, each
// new state at info level.
//
// The error is nil only if the money has arrived. paygates.ErrNotPaid comes with the
// order if it ended otherwise. A rejection ends the wait, and so do several unexpected
// responses in a row. When ctx ends, the last order is returned, nil before the first
// response, with the context's error.
func (c *Client) WaitForPayment(ctx context.Context, orderNo string, interval time.Duration) (*Order, error) {
	return flow.Wait[Order]{
		Name:   "order_no",
		Number: orderNo,
		Query:  c.QueryOrder,
		State:  func(o *Order) (string, bool, bool) { return o.State.String(), o.Paid(), o.State.Final() },
	}.For(ctx, c.flow, interval)
}
