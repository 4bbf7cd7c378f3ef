package pingpp

import (
	"context"
	"net/http"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

func (r CreateOrderRequest) validate() error {
	v := newRequest().ID("OrderNo (order_no)", r.OrderNo, 64)
	check.OneOf(v, "Channel (channel)", r.Channel, ChannelAlipay, ChannelWeChat)
	return v.Err()
}

// CreateOrder creates the charge of an order that the merchant backend knows (用户进行付款,
// PUT /pay/pay_for_order/). It is sent once.
//
// The error is paygates.ErrInvalidConfig without Config.Token, or ErrInvalidRequest, before
// anything is sent. Otherwise it is a *paygates.Error: ErrNotSent if nothing reached the
// backend, ErrOutcomeUnknown if the charge may exist, [ErrTestMode] for a charge of test
// mode unless Config.AllowTestMode is set, and a rejection in all other cases, which is
// [ErrInvalidChannel] or [ErrPaymentRequestFailed] where it is documented.
//
// After ErrOutcomeUnknown the number of the charge is unknown, so QueryCharge cannot find
// it. It cannot be paid either, because its credential has not reached the app. Look for the
// order number with FindCharges before you create the order again.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	if c.baseURL == "" {
		return nil, notConfigured("Token", "create an order")
	}
	if err := request.validate(); err != nil {
		return nil, err
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:          "create order",
		OrderNo:     request.OrderNo,
		Method:      http.MethodPut,
		URL:         c.baseURL + "/pay/pay_for_order/",
		URLTemplate: "/pay/pay_for_order/",
		ContentType: transport.ContentTypeForm,
		Body: notify.Encode([]sign.Field{
			{Name: "order_no", Value: request.OrderNo},
			{Name: "channel", Value: string(request.Channel)},
		}),
		Header:  map[string]string{"Authorization": "Token " + c.token.Reveal()},
		NoRetry: true,
	}, func(r transport.Response) (*CreatedOrder, error) {
		created, err := decodeCreated(r, request)
		if err == nil && !created.Charge.LiveMode && !c.allowTestMode {
			return nil, r.Error("", "", ErrTestMode)
		}
		return created, err
	}, "order_no", func(o *CreatedOrder) (string, []string) { return request.OrderNo, o.Charge.Unread })
}
