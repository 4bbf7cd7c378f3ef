package gatepay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// QueryOrder returns the order with the given merchant order number (付款结果查询, GET
// /api/order/check). Its State and Amount decide about money.
//
// A query that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidRequest, or a *paygates.Error: ErrOrderNotFound, ErrNoResponse,
// ErrUnavailable, ErrBadResponse or a rejection, which wraps the error of its Code.
func (c *Client) QueryOrder(ctx context.Context, orderNo string) (*Order, error) {
	const op = "query order"
	if err := newRequest().ID("orderNo", orderNo, longestOrderNo).Err(); err != nil {
		return nil, err
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, orderNo)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:      op,
		OrderNo: orderNo,
		Method:  http.MethodGet,
		// None of the three has a character that a query would escape.
		URL:         c.baseURL + "/api/order/check?appkey=" + c.appKey + "&out_order_id=" + orderNo + "&sign=" + signature.String(),
		URLTemplate: "/api/order/check",
	}, func(r transport.Response) (*Order, error) {
		order, err := decodeOrder(r, orderNo)
		if err == nil {
			order.countsAsPaid = slices.Contains(c.paidStates, order.State)
		}
		return order, err
	}, "order_no", func(o *Order) (string, []string) { return orderNo, o.Unread })
}

// DecodeOrder decodes a stored response of QueryOrder: an Order's Raw. OrderNo is "",
// unless the response contains it, which the document does not show. Config.PaidStates
// is not known here. The error is a *paygates.Error like those of QueryOrder.
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
		State: func(o *Order) (string, bool, bool) {
			return c.flow.Transport.Mask(string(o.State)), o.Paid(), o.State.Final()
		},
	}.For(ctx, c.flow, interval)
}

// QueryPaymentPage returns the data of a pay page, for your own page: the provider's
// FAQ says that the pay page is JSON with format=json. payPageURL is a
// CreatedOrder.PayPageURL; it must lead to the scheme and host of Config.BaseURL or
// Config.CloudBaseURL. The response is not signed: use QueryOrder to decide about money.
//
// The error is paygates.ErrInvalidRequest, or a *paygates.Error: ErrNoResponse,
// ErrUnavailable or ErrBadResponse.
func (c *Client) QueryPaymentPage(ctx context.Context, payPageURL string) (*PaymentPage, error) {
	const op = "query payment page"
	v := newRequest()
	v.Required("payPageURL", payPageURL)
	v.URL("payPageURL", payPageURL, 2048)
	page, err := url.Parse(payPageURL)
	v.That(err == nil && (sameHost(page, c.baseURL) || sameHost(page, c.cloudBaseURL)),
		"payPageURL", "must lead to the scheme and host of BaseURL or CloudBaseURL")
	if err := v.Err(); err != nil {
		return nil, err
	}
	if page.RawQuery != "" {
		page.RawQuery += "&"
	}
	page.RawQuery += "format=json"
	page.Fragment, page.RawFragment = "", ""
	return transport.Send(ctx, c.flow.Transport, transport.Call{
		Op: op, Method: http.MethodGet, URL: page.String(), URLTemplate: "/{pay_page}",
	}, decodePaymentPage)
}

func decodePaymentPage(response transport.Response) (*PaymentPage, error) {
	raw, err := loosejson.Read(response.Body)
	if err != nil {
		return nil, response.Unreadable(err)
	}
	if !response.OK() {
		return nil, response.Bad("not a payment page")
	}
	return &PaymentPage{Raw: paygates.NewPrivate(json.RawMessage(raw.JSON()))}, nil
}

func sameHost(page *url.URL, baseURL string) bool {
	base, err := url.Parse(baseURL)
	return err == nil && page.Scheme == base.Scheme && strings.EqualFold(page.Host, base.Host)
}
