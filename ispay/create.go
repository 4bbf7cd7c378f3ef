package ispay

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func (r CreateOrderRequest) validate() error {
	v := check.New(gateway, paygates.ErrInvalidRequest)
	v.ID("OrderNo (order_no)", r.OrderNo, 64)
	check.OneOf(v, "Channel (order_type)", r.Channel, ChannelAlipay, ChannelWeChat, ChannelUnionPay)
	v.Amount("Amount (amount)", r.Amount, money.Cents(1), money.Max)
	v.IP("PayerIP (ip)", r.PayerIP)
	v.Text("Subject (subject)", r.Subject, 256)
	v.NotifyURL("NotifyURL (notify_url)", r.NotifyURL, 1024, check.QueryBroken)
	v.URL("ReturnURL (return_url)", r.ReturnURL, 1024)
	return v.Err()
}

// CreateOrder creates an order (订单提交, POST /gateway). It is sent once.
//
// The error is paygates.ErrInvalidRequest before anything is sent. Otherwise it is a
// *paygates.Error: ErrNotSent if nothing reached the gateway, ErrOutcomeUnknown if the
// order may exist, and a rejection with the gateway's Code in all other cases.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	const op = "create order"
	if err := request.validate(); err != nil {
		return nil, err
	}
	amount := request.Amount.String()
	signature, err := sign.MD5Concat(c.secret, c.userID, request.OrderNo, string(request.Channel), amount, request.ReturnURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	return transport.Send(ctx, c.flow.Transport, transport.Call{
		Op:          op,
		OrderNo:     request.OrderNo,
		Method:      http.MethodPost,
		URL:         c.baseURL + "/gateway",
		URLTemplate: "/gateway",
		ContentType: transport.ContentTypeForm,
		Body: notify.Encode([]sign.Field{
			{Name: "userid", Value: c.userID},
			{Name: "subject", Value: request.Subject},
			{Name: "order_no", Value: request.OrderNo},
			{Name: "order_type", Value: string(request.Channel)},
			{Name: "amount", Value: amount},
			{Name: "notify_url", Value: request.NotifyURL},
			{Name: "return_url", Value: request.ReturnURL},
			{Name: "ip", Value: request.PayerIP},
			{Name: "order_time", Value: notify.Seconds(request.OrderTime)},
			{Name: "sign", Value: signature.String()},
		}),
		Private: []string{request.Subject, request.PayerIP, request.NotifyURL, request.ReturnURL},
		NoRetry: true,
	}, c.decodeCreated)
}

// PayPageURL returns the page that shows the payer the QR code of an order (方法一,
// GET /transfer/{order_id}): redirect the payer there. It sends nothing. The error is
// paygates.ErrInvalidRequest.
func (c *Client) PayPageURL(orderID string) (string, error) { return c.orderURL("transfer", orderID) }

func (c *Client) orderURL(call, orderID string) (string, error) {
	v := check.New(gateway, paygates.ErrInvalidRequest)
	v.PathSegment("orderID", orderID, 128)
	return c.baseURL + "/" + call + "/" + url.PathEscape(orderID), v.Err()
}
