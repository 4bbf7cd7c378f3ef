package pingpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/form"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/poll"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// Channel is how the payer pays (支付方式, channel). Ping++ knows more channels
// than the merchant backend takes; they are kept as they came.
type Channel string

// The documented channels.
const (
	ChannelAlipay Channel = "alipay" // 支付宝支付
	ChannelWeChat Channel = "wx"     // 微信支付
)

// CreateOrderRequest asks for the payment of an order that the merchant backend
// knows already, with its amount (用户进行付款).
type CreateOrderRequest struct {
	// OrderNo is the merchant's own number of the order (订单号, order_no). Required,
	// 1 to 64 letters, digits, "-" or "_". It may be longer than an int64.
	OrderNo string
	// Channel is how the payer pays (channel). Required.
	Channel Channel
}

func (r CreateOrderRequest) validate() error {
	fields := [...]struct{ name, allowed string }{
		{"OrderNo (order_no)", check.Name(r.OrderNo, 64)},
		{"Channel (channel)", r.Channel.check()},
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
	case ChannelAlipay, ChannelWeChat:
		return ""
	default:
		return "must be alipay or wx"
	}
}

// CreatedOrder is an order that can be paid now.
type CreatedOrder struct {
	// Charge is what Ping++ made for the order (ch). Store its ID, compare its
	// Amount with the stored order, and pass its Raw to the app.
	Charge *Charge
	// Raw is the merchant backend's answer. It holds payer data.
	Raw json.RawMessage
}

// String names the charge, its order, amount and state, without payer data.
func (o CreatedOrder) String() string {
	if o.Charge == nil {
		return "pingpp order without a charge"
	}
	return o.Charge.String()
}

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// CreateOrder asks the merchant backend for a charge of an order (用户进行付款, PUT
// /pay/pay_for_order/). It is sent once and never repeated.
//
// Errors: [ErrInvalidConfig] without Config.Token; [ErrInvalidRequest] before
// anything is sent; an [*Error] if the backend says no, with its Code, which is
// [ErrInvalidChannel] or [ErrPaymentRequestFailed] in the documented cases, and
// [ErrTestMode] for a charge of test mode unless Config.AllowTestMode is set; an
// [*Error] that is [ErrOutcomeUnknown] if the charge may exist nevertheless. Its
// number is unknown then, so QueryCharge cannot find it, but nobody can pay it
// either: its credential has not reached the app. Look the order number up in the
// Ping++ dashboard before asking for its payment again.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	const op = "create order"
	if c.baseURL == "" {
		return nil, notConfigured("Token", "create an order")
	}
	if err := request.validate(); err != nil {
		return nil, err
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:          op,
		Method:      http.MethodPut,
		URL:         c.baseURL + "/pay/pay_for_order/",
		ContentType: transport.ContentTypeForm,
		Body: form.Encode([]sign.Field{
			{Name: "order_no", Value: request.OrderNo},
			{Name: "channel", Value: string(request.Channel)},
		}),
		Header: map[string]string{"Authorization": "Token " + c.token.Reveal()},
		Once:   true,
	})
	if err != nil {
		return nil, callError(op, err)
	}
	charge, failed := c.decodeCreated(op, answer)
	switch {
	case failed != nil:
	case charge.OrderNo != request.OrderNo:
		failed = answerError(op, answer, failure.Bad("a charge of another order"))
	case !charge.LiveMode && !c.allowTestMode:
		failed = answerError(op, answer, ErrTestMode)
	}
	if failed != nil {
		failed.Err = failure.AfterCreate(failed.HTTPStatus, failed.Err)
		return nil, failed
	}
	return &CreatedOrder{Charge: charge, Raw: answer.Body}, nil
}

// decodeCreated reads the merchant backend's answer. status decides.
func (c *Client) decodeCreated(op string, answer transport.Answer) (*Charge, *Error) {
	failed := answerError(op, answer, nil)
	var reply struct {
		Status  loosejson.Int    `json:"status"`
		Message loosejson.String `json:"message"`
		// A backend that knows tokens by "Authorization: Token" says so when it
		// refuses one, without a status.
		Detail loosejson.String `json:"detail"`
		Charge json.RawMessage  `json:"ch"`
	}
	if err := loosejson.Unmarshal(answer.Body, &reply); err != nil {
		failed.Err = failure.Bad(err.Error())
		return nil, failed
	}
	switch {
	case !reply.Status.Set:
		failed.Message = c.withoutSecrets(string(reply.Detail))
		failed.Err = failure.Bad("no status")
		return nil, failed
	case reply.Status.Value != 0:
		failed.Code, failed.Message = int(reply.Status.Value), c.withoutSecrets(string(reply.Message))
		failed.Err = refusal(failed.Message)
		return nil, failed
	case !answer.OK():
		failed.Err = failure.Bad("success with an HTTP status that is none")
		return nil, failed
	case !isObject(reply.Charge):
		failed.Err = failure.Bad("no ch")
		return nil, failed
	}
	charge, err := readCharge(reply.Charge)
	if err != nil {
		failed.Err = failure.Bad("ch: " + err.Error())
		return nil, failed
	}
	return charge, nil
}

// refusal tells the two documented refusals apart by their words: both have
// status -4.
func refusal(message string) error {
	switch {
	case strings.Contains(message, "无效的支付通道"):
		return ErrInvalidChannel
	case strings.Contains(message, "支付请求失败"):
		return ErrPaymentRequestFailed
	default:
		return nil
	}
}

// QueryCharge returns a charge by Ping++'s number of it (查询 Charge, GET
// /v1/charges/{id} at Ping++). This is what decides about money.
//
// A query that gets no answer, 429 or a 5xx is tried three times. Errors:
// [ErrInvalidConfig] without Config.APIKey; [ErrInvalidRequest]; an [*Error],
// which is [ErrOrderNotFound], [ErrNoAnswer], [ErrBadAnswer], or [ErrTestMode]
// unless Config.AllowTestMode is set, where it applies.
func (c *Client) QueryCharge(ctx context.Context, chargeID string) (*Charge, error) {
	const op = "query charge"
	if c.apiBaseURL == "" {
		return nil, notConfigured("APIKey", "query a charge")
	}
	if allowed := check.Name(chargeID, 64); allowed != "" {
		return nil, invalidRequest("chargeID", allowed)
	}
	path := "/v1/charges/" + chargeID
	header, err := c.signRequest("", c.apiPath+path, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:        op,
		Method:    http.MethodGet,
		URL:       c.apiBaseURL + path,
		Header:    header,
		BasicAuth: c.apiKey,
	})
	if err != nil {
		return nil, callError(op, err)
	}
	if !answer.OK() {
		return nil, c.apiError(op, answer)
	}
	charge, err := readCharge(answer.Body)
	switch {
	case err != nil:
		return nil, answerError(op, answer, failure.Bad(err.Error()))
	case charge.ID != chargeID:
		return nil, answerError(op, answer, failure.Bad("another charge"))
	case !charge.LiveMode && !c.allowTestMode:
		return nil, answerError(op, answer, ErrTestMode)
	}
	return charge, nil
}

// signRequest returns the headers of a signed request to Ping++, none without a
// private key.
func (c *Client) signRequest(body, uri string, at time.Time) (map[string]string, error) {
	if c.privateKey.IsZero() {
		return nil, nil //nolint:nilnil // no headers
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signature, err := c.privateKey.Sign([]byte(body + uri + timestamp))
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"Pingplusplus-Request-Timestamp": timestamp,
		"Pingplusplus-Signature":         signature,
	}, nil
}

// apiError reads an error of Ping++.
func (c *Client) apiError(op string, answer transport.Answer) *Error {
	failed := answerError(op, answer, nil)
	var reply struct {
		Error *struct {
			Type    loosejson.String `json:"type"`
			Code    loosejson.String `json:"code"`
			Param   loosejson.String `json:"param"`
			Message loosejson.String `json:"message"`
		} `json:"error"`
	}
	err := loosejson.Unmarshal(answer.Body, &reply)
	switch {
	case err != nil:
		failed.Err = failure.Bad(err.Error())
		return failed
	case reply.Error == nil:
		failed.Err = failure.Bad("no error")
		return failed
	}
	failed.Type = string(reply.Error.Type)
	failed.APICode = string(reply.Error.Code)
	failed.Param = string(reply.Error.Param)
	failed.Message = c.withoutSecrets(string(reply.Error.Message))
	switch {
	case answer.Status == http.StatusNotFound, failed.APICode == "resource_missing":
		failed.Err = ErrOrderNotFound
	case answer.Status == http.StatusTooManyRequests, answer.Status >= http.StatusInternalServerError:
		// No word about the charge: the next query may get one.
		failed.Err = failure.Bad("Ping++ could not answer")
	}
	return failed
}

// A gateway may repeat in its words what it was sent.
func (c *Client) withoutSecrets(message string) string {
	for _, secret := range [...]sign.Secret{c.token, c.apiKey} {
		if !secret.IsEmpty() {
			message = strings.ReplaceAll(message, secret.Reveal(), "[redacted]")
		}
	}
	return message
}

// WaitForPayment asks QueryCharge again and again, with the given pause (zero: 3
// s, at least 100 ms), until the charge is paid, has ended otherwise, or ctx
// ends. Each answer is logged at debug level, each new state at info level.
//
// The error is nil only if the charge is paid. A charge that ended otherwise
// is returned with [ErrNotPaid], one of test mode with [ErrTestMode] unless
// Config.AllowTestMode is set; a context that ended returns the last known
// charge, nil before the first answer, and the context's error. A gateway that
// does not answer is asked again; that it says no ends the waiting.
func (c *Client) WaitForPayment(ctx context.Context, chargeID string, every time.Duration) (*Charge, error) {
	const op = "wait for payment"
	var last *Charge
	err := poll.Wait(ctx, every, poll.Payment{
		Gateway: gateway, Name: "charge_id", Number: chargeID, Log: c.log,
		Ask: func() (string, bool, error) {
			charge, err := c.QueryCharge(ctx, chargeID)
			if err != nil {
				return "", false, err
			}
			last = charge
			if charge.Final() && !charge.Paid {
				err = &Error{Op: op, Err: fmt.Errorf("%w: state %s", ErrNotPaid, charge.state())}
			}
			return charge.state(), charge.Paid, err
		},
	})
	var own *Error
	if err != nil && ctx.Err() != nil && !errors.As(err, &own) {
		err = &Error{Op: op, Err: err}
	}
	return last, err
}
