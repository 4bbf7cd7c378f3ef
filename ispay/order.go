package ispay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/form"
	"github.com/paygates/paygates-go/internal/image"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/poll"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Channel is how the payer pays (order_type).
type Channel string

// The documented channels.
const (
	ChannelAlipay   Channel = "P901" // 支付宝
	ChannelWeChat   Channel = "P902" // 微信
	ChannelUnionPay Channel = "P904" // 云闪付
)

// State is where an order stands (订单状态). The document names 1, 2, 5, 8 and 9,
// the provider's public demo the others. A state that is not listed here is kept
// as it came and is neither paid nor final.
type State int

// The known states.
const (
	StateAccepted         State = 1 // 已接单、未出码: accepted, no QR code yet
	StateIssuing          State = 2 // 已接单、未出码: accepted, the QR code is being issued
	StateCancelledByPayer State = 3 // cancelled by the payer
	StateNotTaken         State = 4 // cancelled, nobody took the order in time
	StateAwaitingPayment  State = 5 // 已接单、已出码: QR code issued, waiting for payment
	StateExpired          State = 6 // cancelled, not paid in time
	StateRestricted       State = 7 // closed, payment restricted
	StatePaidUnconfirmed  State = 8 // 已付款、待确认: paid, waiting for confirmation; not yet money
	StateConfirmed        State = 9 // 已确认完成支付: confirmed; the only success
)

// Paid reports whether the money has arrived: StateConfirmed and nothing else.
func (s State) Paid() bool { return s == StateConfirmed }

// Final reports whether the order will not change any more.
func (s State) Final() bool {
	switch s {
	case StateConfirmed, StateCancelledByPayer, StateNotTaken, StateExpired, StateRestricted:
		return true
	default:
		return false
	}
}

// String returns the number and what it means.
func (s State) String() string {
	meaning := "unknown"
	switch s {
	case StateAccepted:
		meaning = "accepted"
	case StateIssuing:
		meaning = "issuing QR code"
	case StateCancelledByPayer:
		meaning = "cancelled by payer"
	case StateNotTaken:
		meaning = "cancelled, not taken"
	case StateAwaitingPayment:
		meaning = "awaiting payment"
	case StateExpired:
		meaning = "expired"
	case StateRestricted:
		meaning = "closed, restricted"
	case StatePaidUnconfirmed:
		meaning = "paid, awaiting confirmation"
	case StateConfirmed:
		meaning = "confirmed"
	}
	return strconv.Itoa(int(s)) + " (" + meaning + ")"
}

// CreateOrderRequest is an order to be paid (订单提交).
type CreateOrderRequest struct {
	// OrderNo is the merchant's own number of the order (order_no). Required,
	// unique, 1 to 64 letters, digits, "-" or "_".
	OrderNo string
	// Channel is how the payer pays (order_type). Required.
	Channel Channel
	// Amount in yuan (amount). Required, more than 0.00.
	Amount money.Amount
	// PayerIP is the payer's address (ip). Required.
	PayerIP string
	// Subject is the title of the order (subject). Optional.
	Subject string
	// NotifyURL is called back when the order is paid (notify_url). Optional here;
	// an edition of the document requires it, and ReturnURL too.
	NotifyURL string
	// ReturnURL is where the payer goes afterwards (return_url). Optional here. The
	// signature covers it.
	ReturnURL string
	// OrderTime is when the order was made (order_time). Optional, sent in Unix
	// seconds.
	OrderTime time.Time
}

func (r CreateOrderRequest) validate() error {
	fields := [...]struct{ name, allowed string }{
		{"OrderNo (order_no)", check.Name(r.OrderNo, 64)},
		{"Channel (order_type)", r.Channel.check()},
		{"Amount (amount)", check.Amount(r.Amount, money.Cents(1), money.Max)},
		{"PayerIP (ip)", check.IP(r.PayerIP)},
		{"Subject (subject)", check.Text(r.Subject, 256)},
		{"NotifyURL (notify_url)", check.OptionalURL(r.NotifyURL, 1024)},
		{"ReturnURL (return_url)", check.OptionalURL(r.ReturnURL, 1024)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return invalidRequest(field.name, field.allowed)
		}
	}
	return nil
}

func (c Channel) check() string {
	switch c {
	case ChannelAlipay, ChannelWeChat, ChannelUnionPay:
		return ""
	default:
		return "must be P901, P902 or P904"
	}
}

// String names the order without payer data.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("ispay order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreatedOrder is an order that the gateway accepted.
type CreatedOrder struct {
	// OrderID is the gateway's own number of the order (order_id).
	OrderID string
	// PayPageURL is the page that shows the payer the QR code: redirect there.
	PayPageURL string
	// Raw is the gateway's answer.
	Raw json.RawMessage
}

// String names the order, without its address.
func (o CreatedOrder) String() string { return "ispay order " + o.OrderID + ": created" }

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// CreateOrder creates an order (订单提交, POST /gateway). It is sent once and
// never repeated.
//
// Errors: [ErrInvalidRequest] before anything is sent; an [*Error] if the
// gateway says no (with its Code); an [*Error] that is [ErrOutcomeUnknown] if
// the order may exist nevertheless: query it, do not create it again.
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
	orderTime := ""
	if !request.OrderTime.IsZero() {
		orderTime = strconv.FormatInt(request.OrderTime.Unix(), 10)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:          op,
		Method:      http.MethodPost,
		URL:         c.createURL,
		ContentType: transport.ContentTypeForm,
		Body: form.Encode([]sign.Field{
			{Name: "userid", Value: c.userID},
			{Name: "subject", Value: request.Subject},
			{Name: "order_no", Value: request.OrderNo},
			{Name: "order_type", Value: string(request.Channel)},
			{Name: "amount", Value: amount},
			{Name: "notify_url", Value: request.NotifyURL},
			{Name: "return_url", Value: request.ReturnURL},
			{Name: "ip", Value: request.PayerIP},
			{Name: "order_time", Value: orderTime},
			{Name: "sign", Value: signature.String()},
		}),
		Once: true,
	})
	if err != nil {
		return nil, callError(op, err)
	}
	var reply struct {
		head
		OrderID loosejson.String `json:"order_id"`
	}
	failed := decode(op, answer, &reply, &reply.head)
	payPage := ""
	if failed == nil {
		if payPage, err = c.PayPageURL(string(reply.OrderID)); err != nil {
			failed = answerError(op, answer, failure.Bad("no order_id"))
		}
	}
	if failed != nil {
		failed.Err = failure.AfterCreate(failed.HTTPStatus, failed.Err)
		return nil, failed
	}
	return &CreatedOrder{OrderID: string(reply.OrderID), PayPageURL: payPage, Raw: answer.Body}, nil
}

// PayPageURL returns the page that shows the payer the QR code of an order
// (方法一, GET /transfer/{order_id}): redirect the payer there. It sends nothing.
// The error is [ErrInvalidRequest].
func (c *Client) PayPageURL(orderID string) (string, error) { return c.pathOf("transfer", orderID) }

func (c *Client) pathOf(call, orderID string) (string, error) {
	if allowed := check.PathSegment(orderID, 128); allowed != "" {
		return "", invalidRequest("orderID", allowed)
	}
	return c.baseURL + "/" + call + "/" + url.PathEscape(orderID), nil
}

// PaymentCode is what a payer scans.
type PaymentCode struct {
	// QRCode is the text of the QR code, mostly a URL (qrcode).
	QRCode string
	// ImageText is the QR code as the gateway drew it, in base64 (imgtext). Image
	// decodes it.
	ImageText string
	// AlipayUserID is the user ID of the receiving Alipay account (alipayuid).
	// The QR code call does not send it.
	AlipayUserID string
	// Amount is what is to be paid, in yuan (amount).
	Amount money.Amount
	// SN is the number of the order (sn), the gateway's own in the document's sample.
	SN string
	// Timeout is how long the code is good for (timeout, sent in seconds).
	Timeout time.Duration
}

// String names the amount, without the code.
func (p PaymentCode) String() string { return "ispay payment code: " + p.Amount.String() + " yuan" }

// Format writes what String returns, whatever the verb.
func (p PaymentCode) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is what String returns.
func (p PaymentCode) LogValue() slog.Value { return redact.LogValue(p) }

// Image returns the bytes of the QR code image, mostly a PNG. The error is
// [ErrBadAnswer] if the gateway sent none, or one that is not base64.
func (p PaymentCode) Image() ([]byte, error) { return decodeImage(p.ImageText) }

func decodeImage(text string) ([]byte, error) {
	decoded, err := image.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrBadAnswer, err)
	}
	return decoded, nil
}

// OrderState is where an order stands, with the code to scan once there is one.
type OrderState struct {
	// State is where the order stands (state).
	State State
	// Code is nil as long as the gateway sends none (before StateAwaitingPayment).
	Code *PaymentCode
	// Raw is the gateway's answer.
	Raw json.RawMessage
}

// String names the state.
func (s OrderState) String() string { return "ispay order: state " + s.State.String() }

// Format writes what String returns, whatever the verb.
func (s OrderState) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is what String returns.
func (s OrderState) LogValue() slog.Value { return redact.LogValue(s) }

// QueryState returns the state of an order by the gateway's number of it, with
// its QR code from StateAwaitingPayment on (方法二, GET /query/{order_id}). The
// answer is not signed and anybody may ask: show it to the payer, and use
// QueryOrder to decide about money.
//
// Errors: [ErrInvalidRequest]; an [*Error], which is [ErrOrderNotFound],
// [ErrNoAnswer] or [ErrBadAnswer] where it applies.
func (c *Client) QueryState(ctx context.Context, orderID string) (*OrderState, error) {
	return c.state(ctx, "query state", "query", orderID)
}

// QueryQRCode returns the QR code of an order in StateAwaitingPayment by the
// gateway's number of it (GET /qrcode/{order_id}). Errors are those of
// QueryState.
func (c *Client) QueryQRCode(ctx context.Context, orderID string) (*OrderState, error) {
	const op = "query QR code"
	state, err := c.state(ctx, op, "qrcode", orderID)
	if err == nil && state.Code == nil {
		return nil, &Error{Op: op, HTTPStatus: http.StatusOK, Body: state.Raw, Err: failure.Bad("no order")}
	}
	return state, err
}

// The state stands beside the order in one answer and inside it in the other.
func (c *Client) state(ctx context.Context, op, call, orderID string) (*OrderState, error) {
	target, err := c.pathOf(call, orderID)
	if err != nil {
		return nil, err
	}
	var reply struct {
		head
		State loosejson.Int `json:"state"`
		Order *struct {
			State        loosejson.Int    `json:"state"`
			QRCode       loosejson.String `json:"qrcode"`
			ImageText    loosejson.String `json:"imgtext"`
			AlipayUserID loosejson.String `json:"alipayuid"`
			Amount       loosejson.Amount `json:"amount"`
			SN           loosejson.String `json:"sn"`
			Timeout      loosejson.Int    `json:"timeout"`
		} `json:"order"`
	}
	answer, err := c.transport.Do(ctx, transport.Call{Op: op, Method: http.MethodGet, URL: target})
	if err != nil {
		return nil, callError(op, err)
	}
	if failed := decode(op, answer, &reply, &reply.head); failed != nil {
		return nil, failed
	}
	result := &OrderState{Raw: answer.Body}
	state := reply.State
	if order := reply.Order; order != nil {
		if !state.Set {
			state = order.State
		}
		result.Code = &PaymentCode{
			QRCode:       string(order.QRCode),
			ImageText:    string(order.ImageText),
			AlipayUserID: string(order.AlipayUserID),
			Amount:       order.Amount.Value,
			SN:           string(order.SN),
			Timeout:      time.Duration(order.Timeout.Value) * time.Second,
		}
	}
	switch {
	case !state.Set:
		return nil, answerError(op, answer, failure.Bad("no state"))
	case reply.Order != nil && !reply.Order.Amount.Set:
		return nil, answerError(op, answer, failure.Bad("no amount"))
	case result.Code != nil && int64(result.Code.Timeout/time.Second) != reply.Order.Timeout.Value:
		return nil, answerError(op, answer, failure.Bad("a timeout beyond all bounds"))
	}
	result.State = State(state.Value)
	return result, nil
}

// Order is an order as the gateway knows it (订单号查询).
type Order struct {
	// OrderNo is the merchant's number, by which was asked.
	OrderNo string
	// SN is the number of the order as the gateway answered it (sn), the merchant's
	// in the document's sample.
	SN string
	// State is where the order stands (state).
	State State
	// Amount in yuan (amount).
	Amount money.Amount
	// Channel is how the payer pays (paytype).
	Channel Channel
	// QRCode is the text of the QR code (qrcode), ImageText its image (imgtext).
	QRCode, ImageText string
	// NotifyURL and ReturnURL are those of the create (notifyurl, returnurl).
	NotifyURL, ReturnURL string
	// Notified reports whether the merchant has been called back (returning).
	Notified bool
	// PayerIP is the address given at the create (ip).
	PayerIP string
	// CreatedAt is when the gateway made the order (create_time), zero if it did
	// not say.
	CreatedAt time.Time
	// Raw is the gateway's answer. It holds payer data.
	Raw json.RawMessage
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }

// Image returns the bytes of the QR code image. The error is [ErrBadAnswer] if
// the gateway sent none, or one that is not base64.
func (o Order) Image() ([]byte, error) { return decodeImage(o.ImageText) }

// String names the order, its amount and state, without payer data.
func (o Order) String() string {
	return fmt.Sprintf("ispay order %s: %s yuan, state %s", o.OrderNo, o.Amount, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// QueryOrder returns an order by the merchant's number of it (订单号查询, GET
// /order/{userid}/{order_no}/{md5}). This is what decides about money.
//
// A query that gets no answer, 429 or a 5xx is tried three times. Errors:
// [ErrInvalidRequest]; an [*Error], which is [ErrOrderNotFound], [ErrNoAnswer]
// or [ErrBadAnswer] where it applies.
func (c *Client) QueryOrder(ctx context.Context, orderNo string) (*Order, error) {
	const op = "query order"
	if allowed := check.Name(orderNo, 64); allowed != "" {
		return nil, invalidRequest("orderNo", allowed)
	}
	signature, err := sign.MD5Concat(c.secret, c.userID, orderNo)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op: op, Method: http.MethodGet, URL: c.baseURL + "/order/" + c.userID + "/" + orderNo + "/" + signature.String(),
	})
	if err != nil {
		return nil, callError(op, err)
	}
	order, err := decodeOrder(op, answer)
	if err != nil {
		return nil, err
	}
	order.OrderNo = orderNo
	return order, nil
}

// DecodeOrder reads an answer of QueryOrder that was kept: an Order's Raw. The
// answer does not hold the merchant's number of the order, so OrderNo is empty.
// The error is an [*Error] like those of QueryOrder.
func DecodeOrder(raw []byte) (*Order, error) {
	return decodeOrder("decode order", transport.Answer{Status: http.StatusOK, Body: raw})
}

func decodeOrder(op string, answer transport.Answer) (*Order, error) {
	var reply struct {
		head
		Order *struct {
			SN        loosejson.String `json:"sn"`
			State     loosejson.Int    `json:"state"`
			QRCode    loosejson.String `json:"qrcode"`
			ImageText loosejson.String `json:"imgtext"`
			NotifyURL loosejson.String `json:"notifyurl"`
			ReturnURL loosejson.String `json:"returnurl"`
			Notified  loosejson.Bool   `json:"returning"`
			Amount    loosejson.Amount `json:"amount"`
			PayerIP   loosejson.String `json:"ip"`
			Channel   loosejson.String `json:"paytype"`
			CreatedAt loosejson.Time   `json:"create_time"`
		} `json:"order"`
	}
	if failed := decode(op, answer, &reply, &reply.head); failed != nil {
		return nil, failed
	}
	order := reply.Order
	switch {
	case order == nil:
		return nil, answerError(op, answer, failure.Bad("no order"))
	case !order.State.Set:
		return nil, answerError(op, answer, failure.Bad("no state"))
	case !order.Amount.Set:
		return nil, answerError(op, answer, failure.Bad("no amount"))
	}
	return &Order{
		SN:        string(order.SN),
		State:     State(order.State.Value),
		Amount:    order.Amount.Value,
		Channel:   Channel(order.Channel),
		QRCode:    string(order.QRCode),
		ImageText: string(order.ImageText),
		NotifyURL: string(order.NotifyURL),
		ReturnURL: string(order.ReturnURL),
		Notified:  order.Notified.Value,
		PayerIP:   string(order.PayerIP),
		CreatedAt: order.CreatedAt.Time,
		Raw:       answer.Body,
	}, nil
}

// WaitForPayment asks QueryOrder again and again, with the given pause (zero: 3
// s, at least 100 ms), until the order is paid, has ended otherwise, or ctx
// ends. Each answer is logged at debug level, each new state at info level.
//
// The error is nil only if the money has arrived. An order that ended otherwise
// is returned with [ErrNotPaid]; a context that ended returns the last known
// order, nil before the first answer, and the context's error. A gateway that
// does not answer is asked again; that it says no ends the waiting.
func (c *Client) WaitForPayment(ctx context.Context, orderNo string, every time.Duration) (*Order, error) {
	const op = "wait for payment"
	var last *Order
	err := poll.Wait(ctx, every, poll.Payment{
		Gateway: gateway, Name: "order_no", Number: orderNo, Log: c.log,
		Ask: func() (string, bool, error) {
			order, err := c.QueryOrder(ctx, orderNo)
			if err != nil {
				return "", false, err
			}
			last = order
			if order.State.Final() && !order.Paid() {
				err = &Error{Op: op, Err: fmt.Errorf("%w: state %s", ErrNotPaid, order.State)}
			}
			return order.State.String(), order.Paid(), err
		},
	})
	var own *Error
	if err != nil && ctx.Err() != nil && !errors.As(err, &own) {
		err = &Error{Op: op, Err: err}
	}
	return last, err
}

// head begins every answer.
type head struct {
	Success loosejson.Bool   `json:"success"`
	Code    loosejson.Int    `json:"errorCode"`
	Message loosejson.String `json:"errorMsg"`
}

// decode reads an answer. success decides, never errorCode: 订单不存在 comes with
// errorCode 0.
func decode(op string, answer transport.Answer, into any, h *head) *Error {
	if err := loosejson.Unmarshal(answer.Body, into); err != nil {
		return answerError(op, answer, failure.Bad(err.Error()))
	}
	switch {
	case !h.Success.Set:
		return answerError(op, answer, failure.Bad("no success"))
	case !h.Success.Value:
		failed := answerError(op, answer, nil)
		failed.Code, failed.Message = int(h.Code.Value), string(h.Message)
		if strings.Contains(failed.Message, "订单不存在") {
			failed.Err = ErrOrderNotFound
		}
		return failed
	case !answer.OK():
		return answerError(op, answer, failure.Bad("success with an HTTP status that is none"))
	default:
		return nil
	}
}
