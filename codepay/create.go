package codepay

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// validate checks a request for the call with this page, 0 for a cashier page.
func (c *Client) validate(r CreateOrderRequest, page Page) error {
	v := check.New(gateway, paygates.ErrInvalidRequest)
	v.Required("OrderNo (pay_id)", r.OrderNo)
	r.checkText(v, "OrderNo (pay_id)", r.OrderNo, 100)
	v.NoMarkup("OrderNo (pay_id)", r.OrderNo)
	check.OneOf(v, "Channel (type)", r.channel(), ChannelAlipay, ChannelQQ, ChannelWeChat)
	v.Amount("Amount (price)", r.Amount, MinAmount, MaxAmount)
	r.checkText(v, "Attach (param)", r.Attach, 100)
	v.NoMarkup("Attach (param)", r.Attach)
	r.checkText(v, "NotifyURL (notify_url)", r.NotifyURL, 100)
	v.NotifyURL("NotifyURL (notify_url)", r.NotifyURL, len(r.NotifyURL), c.notifyQuery(r.NotifyURL))
	r.checkText(v, "ReturnURL (return_url)", r.ReturnURL, 1024)
	v.URL("ReturnURL (return_url)", r.ReturnURL, len(r.ReturnURL))
	if r.SettlementMode != "" {
		check.OneOf(v, "SettlementMode (act)", r.SettlementMode, SettleViaGateway, SettleInstantly)
	}
	if r.Charset != "" {
		check.OneOf(v, "Charset (chart)", r.Charset, CharsetUTF8, CharsetGB2312)
	}
	if page == 0 {
		v.That(r.Page >= 0 && r.Page <= Page2, "Page (page)", "must be 1 or 2 for a cashier page")
	} else {
		v.That(r.Page == 0 || r.Page == page, "Page (page)", "must not be set: the call sets it")
	}
	v.That(r.Style >= 0 && r.Style <= 9, "Style (style)", "must be 1 to 9")
	v.That(r.Timeout >= 0 && r.Timeout <= 999999*time.Second && r.Timeout%time.Second == 0,
		"Timeout (outTime)", "must be whole seconds, at most 999999")
	r.checkText(v, "QRCodeURL (qrcode_url)", r.QRCodeURL, 1024)
	return v.Err()
}

// checkText requires a text that can be signed and sent.
func (r CreateOrderRequest) checkText(v *check.Checker, field, value string, longest int) {
	v.SignedText(field, value, len(value))
	wire, err := r.Charset.encode(value)
	v.That(err == nil, field, "must be text that "+string(CharsetGB2312)+" can represent")
	if len(wire) > longest {
		v.Fail(field, "must be at most "+strconv.Itoa(longest)+" bytes long")
	}
}

// notifyQuery says what a notify URL may hold: a query if the merchant named its
// parameter. It has one at most, because a second one would need "&".
func (c *Client) notifyQuery(notifyURL string) check.NotifyQuery {
	_, query, _ := strings.Cut(notifyURL, "?")
	name, _, _ := strings.Cut(query, "=")
	name, err := url.QueryUnescape(name)
	if err == nil && slices.Contains(c.ownParameters, name) && !strings.Contains(query, "?") {
		return check.QueryKept
	}
	return check.QuerySigned
}

// channel returns the channel that is sent: a signed create must name it.
func (r CreateOrderRequest) channel() Channel {
	if r.Channel == 0 {
		return ChannelAlipay
	}
	return r.Channel
}

// fields returns what is sent, without sign and token, in the order of the signature. The
// request has been validated.
func (r CreateOrderRequest) fields(userID string, page Page, call string) []sign.Field {
	wire := func(text string) string {
		encoded, _ := r.Charset.encode(text) // validate has checked it
		return encoded
	}
	payType := ""
	if r.OfficialAlipay {
		payType = "1"
	}
	fields := []sign.Field{
		{Name: "act", Value: string(r.SettlementMode)},
		{Name: "call", Value: call},
		{Name: "chart", Value: string(r.Charset)},
		{Name: "id", Value: userID},
		{Name: "notify_url", Value: wire(r.NotifyURL)},
		{Name: "outTime", Value: notify.Number(int(r.Timeout / time.Second))},
		{Name: "page", Value: notify.Number(int(max(page, r.Page)))},
		{Name: "param", Value: wire(r.Attach)},
		{Name: "pay_id", Value: wire(r.OrderNo)},
		{Name: "pay_type", Value: payType},
		{Name: "price", Value: r.Amount.String()},
		{Name: "qrcode_url", Value: wire(r.QRCodeURL)},
		{Name: "return_url", Value: wire(r.ReturnURL)},
		{Name: "style", Value: notify.Number(r.Style)},
		{Name: "type", Value: strconv.Itoa(int(r.channel()))},
		{}, // where the caller appends sign or token
	}
	return fields[:len(fields)-1]
}

// signedURL returns the URL of a create; page 0 leaves the page to the request.
func (c *Client) signedURL(request CreateOrderRequest, page Page, call string) (string, error) {
	if err := c.validate(request, page); err != nil {
		return "", err
	}
	fields := request.fields(c.userID, page, call)
	signature, err := sign.MD5Sorted(c.secret, fields)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %w", gateway, paygates.ErrInvalidRequest, err)
	}
	return c.createURL(append(fields, sign.Field{Name: sign.FieldName, Value: signature.String()})), nil
}

func (c *Client) createURL(fields []sign.Field) string {
	return c.baseURL + "/creat_order/?" + notify.Encode(fields) // (sic)
}

// CreateOrder creates an order and returns its QR code (创建订单, page=4, GET
// /creat_order/). It is sent once.
//
// The error is paygates.ErrInvalidRequest before anything is sent. Otherwise it is a
// *paygates.Error: ErrNotSent if nothing reached the gateway, ErrOutcomeUnknown if the
// order may exist, and a rejection with the gateway's Code in all other cases. The
// gateway has no query by merchant order number: after ErrOutcomeUnknown wait for a
// notification, or create the order again under another number and expect that the
// payer can pay both.
//
// ErrListenerOffline comes with the order if the gateway sent one. Its QR code leads to
// the merchant's account, but a payment is notified only after the listening software
// has come back.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	const op = "create order"
	target, err := c.signedURL(request, PageJSON, "")
	if err != nil {
		return nil, err
	}
	// Without OrderNo, which may be a payer's name.
	order, err := transport.Send(ctx, c.flow.Transport, transport.Call{
		Op: op, Method: http.MethodGet, URL: target, URLTemplate: "/creat_order/", NoRetry: true,
		Private: []string{request.Attach, request.NotifyURL, request.ReturnURL},
	}, func(r transport.Response) (*CreatedOrder, error) { return decodeCreated(r, c.userID, &request) })
	if order != nil {
		c.flow.LogUnread(ctx, op, "order_id", order.OrderID, order.Unread)
	}
	return order, err
}
