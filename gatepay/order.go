package gatepay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
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

// Channel is how the payer pays (支付方式, type).
type Channel string

// The documented channels.
const (
	ChannelAlipay Channel = "alipay" // 支付宝
	ChannelWeChat Channel = "wechat" // 微信
)

func (c Channel) check() string {
	switch c {
	case ChannelAlipay, ChannelWeChat:
		return ""
	default:
		return "must be alipay or wechat"
	}
}

// State is where an order stands (交易状态, order_status). The document shows
// "expired" and names no other. The others here are those of the FastAdmin payment
// add-on, whose callback has gatepay's fields in gatepay's order under the same
// signature (public source: hani1990/payadmin, addons/pay). A state that is not
// listed here is kept as it came and is neither paid nor final.
type State string

// The known states.
const (
	StateInProgress State = "inprogress" // waiting for payment
	StateExpired    State = "expired"    // not paid in time
	StatePaid       State = "paid"       // paid, not yet called back
	StateUnsettled  State = "unsettled"  // paid, but the merchant did not answer the callback with success
	StateSettled    State = "settled"    // paid, and the merchant answered the callback with success
)

// Paid reports whether the money has arrived: StatePaid, StateUnsettled or
// StateSettled and nothing else.
func (s State) Paid() bool {
	switch s {
	case StatePaid, StateUnsettled, StateSettled:
		return true
	default:
		return false
	}
}

// Final reports whether the order will not change any more by itself. The
// merchant can still mark an expired order as paid by hand (我已收款), after which
// the gateway calls back.
func (s State) Final() bool { return s == StateExpired || s.Paid() }

// String returns the gateway's own word, fit to print.
func (s State) String() string { return failure.Words(string(s)) }

const (
	longestOrderNo = 64
	longestCustom  = 100
	longestProduct = 20
	longestBasket  = 100
	largestCount   = 1_000_000
)

// CreateOrderRequest is an order of any amount (任意金额支付).
type CreateOrderRequest struct {
	// OrderNo is the merchant's own number of the order (out_order_id). Required,
	// unique, 1 to 64 letters, digits, "-" or "_". If all of them begin and
	// end with a letter, the signature of a callback stands for one order.
	OrderNo string
	// Channel is how the payer pays (type). Required.
	Channel Channel
	// Amount in yuan (price). Required, more than 0.00.
	Amount money.Amount
	// Custom comes back in the callback as extend (自定义信息, custom), such as the
	// number of the user. Required, at most 100 bytes without control characters.
	Custom string
	// NotifyURL is called back when the order is paid (notify_url). Optional: the
	// account has one in its settings.
	NotifyURL string
	// ReturnURL is where the payer goes afterwards (return_url). Optional: the
	// account has one in its settings.
	ReturnURL string
}

// String names the order without payer data.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreateOrder creates an order of any amount (任意金额支付, POST
// /api/anypay/create). It is sent once and never repeated.
//
// Errors: [ErrInvalidRequest] before anything is sent; an [*Error] if the
// gateway says no, with its Code, which is the Err value of the code; an
// [*Error] that is [ErrOutcomeUnknown] if the order may exist nevertheless:
// query it, do not create it again.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	if allowed := checkAmount(request.Amount); allowed != "" {
		return nil, invalidRequest("Amount (price)", allowed)
	}
	return c.create(ctx, creation{
		op:        "create order",
		url:       c.baseURL + "/api/anypay/create",
		meaning:   anyPayMeaning,
		bought:    sign.Field{Name: "price", Value: request.Amount.String()},
		channel:   request.Channel,
		orderNo:   request.OrderNo,
		custom:    request.Custom,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

// CreateCloudOrderRequest is an order of any amount through the cloud API
// (云端支付). Its table has neither notify_url nor return_url, and parameters
// beyond the table are an error: both URLs are those of the account's settings.
type CreateCloudOrderRequest struct {
	// OrderNo, Channel, Amount and Custom are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	Amount  money.Amount
	Custom  string
}

// String names the order without payer data.
func (r CreateCloudOrderRequest) String() string {
	return fmt.Sprintf("gatepay cloud order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateCloudOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateCloudOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreateCloudOrder creates an order of any amount through the cloud API (云端支付,
// POST /api/cloudpay/create at Config.CloudBaseURL). The result has no image.
// Otherwise it is like CreateOrder.
func (c *Client) CreateCloudOrder(ctx context.Context, request CreateCloudOrderRequest) (*CreatedOrder, error) {
	if allowed := checkAmount(request.Amount); allowed != "" {
		return nil, invalidRequest("Amount (price)", allowed)
	}
	return c.create(ctx, creation{
		op:      "create cloud order",
		url:     c.cloudBaseURL + "/api/cloudpay/create",
		meaning: cloudPayMeaning,
		bought:  sign.Field{Name: "price", Value: request.Amount.String()},
		channel: request.Channel,
		orderNo: request.OrderNo,
		custom:  request.Custom,
	})
}

// BasketItem is a product of a basket and how many of it are bought.
type BasketItem struct {
	// ProductID is the number of the product in the account (商品ID). Required, 1
	// to 20 digits.
	ProductID string
	// Count is how many are bought (购买件数). Required, 1 to 1000000.
	Count int
}

// CreateGroupOrderRequest is an order of several products (组合商品支付). The
// gateway knows their prices.
type CreateGroupOrderRequest struct {
	// OrderNo, Channel and Custom are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	// Basket is what is bought (fields, sent as "8:1,7:1"). Required, 1 to 100
	// products, each once.
	Basket []BasketItem
	Custom string
	// NotifyURL and ReturnURL are those of CreateOrderRequest.
	NotifyURL, ReturnURL string
}

// String names the order without payer data.
func (r CreateGroupOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: basket of %d products by %s", r.OrderNo, len(r.Basket), r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateGroupOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateGroupOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreateGroupOrder creates an order of several products (组合商品支付, POST
// /api/grouppay/create). Otherwise it is like CreateOrder.
func (c *Client) CreateGroupOrder(ctx context.Context, request CreateGroupOrderRequest) (*CreatedOrder, error) {
	fields, allowed := basketFields(request.Basket)
	if allowed != "" {
		return nil, invalidRequest("Basket (fields)", allowed)
	}
	return c.create(ctx, creation{
		op:        "create group order",
		url:       c.baseURL + "/api/grouppay/create",
		meaning:   groupPayMeaning,
		bought:    sign.Field{Name: "fields", Value: fields},
		channel:   request.Channel,
		orderNo:   request.OrderNo,
		custom:    request.Custom,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

func basketFields(basket []BasketItem) (fields, allowed string) {
	if len(basket) == 0 || len(basket) > longestBasket {
		return "", "must have 1 to " + strconv.Itoa(longestBasket) + " products"
	}
	var b strings.Builder
	for i, item := range basket {
		if allowed := check.Digits(item.ProductID, longestProduct); allowed != "" {
			return "", "has a ProductID that " + allowed
		}
		if item.Count < 1 || item.Count > largestCount {
			return "", "has a Count that must be 1 to " + strconv.Itoa(largestCount)
		}
		for _, before := range basket[:i] {
			if before.ProductID == item.ProductID {
				return "", "must have each product once"
			}
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item.ProductID)
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(item.Count))
	}
	return b.String(), ""
}

// CreateProductOrderRequest is an order of one product (固定商品支付). The gateway
// knows its price.
type CreateProductOrderRequest struct {
	// OrderNo and Channel are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	// ProductID is the number of the product in the account (product_id).
	// Required, 1 to 20 digits.
	ProductID string
	// Custom, NotifyURL and ReturnURL are those of CreateOrderRequest.
	Custom               string
	NotifyURL, ReturnURL string
}

// String names the order without payer data.
func (r CreateProductOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: product %s by %s", r.OrderNo, r.ProductID, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateProductOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateProductOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreateProductOrder creates an order of one product (固定商品支付, POST
// /api/stablepay/create). Otherwise it is like CreateOrder.
func (c *Client) CreateProductOrder(ctx context.Context, request CreateProductOrderRequest) (*CreatedOrder, error) {
	if allowed := check.Digits(request.ProductID, longestProduct); allowed != "" {
		return nil, invalidRequest("ProductID (product_id)", allowed)
	}
	return c.create(ctx, creation{
		op:        "create product order",
		url:       c.baseURL + "/api/stablepay/create",
		meaning:   stablePayMeaning,
		bought:    sign.Field{Name: "product_id", Value: request.ProductID},
		channel:   request.Channel,
		orderNo:   request.OrderNo,
		custom:    request.Custom,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

func checkAmount(amount money.Amount) string { return check.Amount(amount, money.Cents(1), money.Max) }

func checkCustom(custom string) string {
	if custom == "" {
		return "is required"
	}
	return check.Text(custom, longestCustom)
}

// creation is what the four creates have in common: they differ in where they
// go and in what is bought.
type creation struct {
	op, url   string
	meaning   func(code int) error
	bought    sign.Field // price, fields or product_id
	channel   Channel
	orderNo   string
	custom    string
	notifyURL string
	returnURL string
}

func (r *creation) validate() error {
	fields := [...]struct{ name, allowed string }{
		{"OrderNo (out_order_id)", check.Name(r.orderNo, longestOrderNo)},
		{"Channel (type)", r.channel.check()},
		{"Custom (custom)", checkCustom(r.custom)},
		{"NotifyURL (notify_url)", check.OptionalURL(r.notifyURL, 1024)},
		{"ReturnURL (return_url)", check.OptionalURL(r.returnURL, 1024)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return invalidRequest(field.name, field.allowed)
		}
	}
	return nil
}

// CreatedOrder is an order that the gateway accepted.
type CreatedOrder struct {
	// OrderNo is the merchant's number of the order. The gateway does not tell its
	// own before the order is queried.
	OrderNo string
	// PayPageURL is the page that shows the payer the QR code (pay_url): redirect
	// there. PaymentPage returns its data to draw a page of one's own.
	PayPageURL string
	// QRCodeURL is an image of the QR code that leads there (qrcode_url).
	QRCodeURL string
	// ImageText is that image as a data: URI (qrcode_body). It may be empty, and
	// the cloud API does not send it. Image decodes it.
	ImageText string
	// AnsweredAt is when the gateway answered (time), zero if it did not say.
	AnsweredAt time.Time
	// Raw is the gateway's answer. It may hold appkey, sign and payer data.
	Raw json.RawMessage
}

// Image returns the bytes of the QR code image. Go by the bytes and not by the
// media type of ImageText: the document's own sample says JPEG and holds a PNG.
// The error is [ErrBadAnswer] if the gateway sent none, or one that is not
// base64.
func (o CreatedOrder) Image() ([]byte, error) {
	decoded, err := image.Decode(o.ImageText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrBadAnswer, err)
	}
	return decoded, nil
}

// Params returns what the gateway received, as it says (请求的参数, params): nil
// if it says nothing. It may hold appkey, sign and payer data. The error is
// [ErrBadAnswer] if it is not a list of plain values.
func (o CreatedOrder) Params() (map[string]string, error) {
	var reply struct {
		Data struct {
			Params json.RawMessage `json:"params"`
		} `json:"data"`
	}
	err := loosejson.Unmarshal(o.Raw, &reply)
	params := reply.Data.Params
	// PHP writes an empty list of named values as [].
	if err != nil || len(params) == 0 || string(params) == "null" || string(params) == "[]" {
		return nil, badParams(err)
	}
	var loose map[string]loosejson.String
	if err := loosejson.Unmarshal(params, &loose); err != nil {
		return nil, badParams(err)
	}
	values := make(map[string]string, len(loose))
	for name, value := range loose {
		values[name] = string(value)
	}
	return values, nil
}

func badParams(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: params: %w", gateway, ErrBadAnswer, err)
}

// String names the order, without URLs and payer data.
func (o CreatedOrder) String() string { return "gatepay order " + o.OrderNo + ": created" }

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

func (c *Client) create(ctx context.Context, r creation) (*CreatedOrder, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, r.bought.Value, string(r.channel), r.orderNo, r.custom)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, r.op, err)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:          r.op,
		Method:      http.MethodPost,
		URL:         r.url,
		ContentType: transport.ContentTypeForm,
		Body: form.Encode([]sign.Field{
			{Name: "appkey", Value: c.appKey},
			r.bought,
			{Name: "type", Value: string(r.channel)},
			{Name: "out_order_id", Value: r.orderNo},
			{Name: "custom", Value: r.custom},
			{Name: "sign", Value: signature.String()},
			{Name: "notify_url", Value: r.notifyURL},
			{Name: "return_url", Value: r.returnURL},
		}),
		Once: true,
	})
	if err != nil {
		return nil, callError(r.op, err)
	}
	var reply struct {
		head
		Data struct {
			PayPageURL loosejson.String `json:"pay_url"`
			QRCodeURL  loosejson.String `json:"qrcode_url"`
			ImageText  loosejson.String `json:"qrcode_body"`
		} `json:"data"`
	}
	failed := decode(r.op, answer, &reply, &reply.head, r.meaning)
	data := &reply.Data
	if failed == nil && (data.PayPageURL == "" || check.OptionalURL(string(data.PayPageURL), 2048) != "") {
		failed = answerError(r.op, answer, failure.Bad("no pay_url"))
	}
	if failed != nil {
		failed.Err = failure.AfterCreate(failed.HTTPStatus, failed.Err)
		// 未知错误 does not rule out that the order exists.
		if failed.Code == codeUnknown && !errors.Is(failed.Err, ErrOutcomeUnknown) {
			failed.Err = failure.Unknown(failed.Err)
		}
		return nil, failed
	}
	return &CreatedOrder{
		OrderNo:    r.orderNo,
		PayPageURL: string(data.PayPageURL),
		QRCodeURL:  string(data.QRCodeURL),
		ImageText:  string(data.ImageText),
		AnsweredAt: reply.Time.Time,
		Raw:        answer.Body,
	}, nil
}

// PaymentPage is the data of a pay page. Its fields are not documented.
type PaymentPage struct {
	// Raw is the gateway's answer. It may hold payer data.
	Raw json.RawMessage
}

// String says what it is, without its data.
func (p PaymentPage) String() string { return "gatepay payment page" }

// Format writes what String returns, whatever the verb.
func (p PaymentPage) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is what String returns.
func (p PaymentPage) LogValue() slog.Value { return redact.LogValue(p) }

// PaymentPage returns the data of a pay page, to draw a page of one's own: the
// provider's FAQ says that the pay page is JSON with format=json. payPageURL is a
// CreatedOrder.PayPageURL; one that does not lead to the scheme and host of
// Config.BaseURL or Config.CloudBaseURL is refused. The answer is not signed: use
// QueryOrder to decide about money.
//
// Errors: [ErrInvalidRequest]; an [*Error], which is [ErrNoAnswer] or
// [ErrBadAnswer] where it applies.
func (c *Client) PaymentPage(ctx context.Context, payPageURL string) (*PaymentPage, error) {
	const op = "query payment page"
	if payPageURL == "" {
		return nil, invalidRequest("payPageURL", "is required")
	}
	if allowed := check.OptionalURL(payPageURL, 2048); allowed != "" {
		return nil, invalidRequest("payPageURL", allowed)
	}
	page, err := url.Parse(payPageURL)
	if err != nil || !sameHost(page, c.baseURL) && !sameHost(page, c.cloudBaseURL) {
		return nil, invalidRequest("payPageURL", "must lead to the scheme and host of BaseURL or CloudBaseURL")
	}
	if page.RawQuery != "" {
		page.RawQuery += "&"
	}
	page.RawQuery += "format=json"
	page.Fragment, page.RawFragment = "", ""
	answer, err := c.transport.Do(ctx, transport.Call{Op: op, Method: http.MethodGet, URL: page.String()})
	if err != nil {
		return nil, callError(op, err)
	}
	var raw json.RawMessage
	if err := loosejson.Unmarshal(answer.Body, &raw); err != nil {
		return nil, answerError(op, answer, failure.Bad(err.Error()))
	}
	if !answer.OK() {
		return nil, answerError(op, answer, failure.Bad("an HTTP status that is none of success"))
	}
	return &PaymentPage{Raw: raw}, nil
}

func sameHost(page *url.URL, baseURL string) bool {
	base, err := url.Parse(baseURL)
	return err == nil && page.Scheme == base.Scheme && strings.EqualFold(page.Host, base.Host)
}

// Order is an order as the gateway knows it (付款结果查询).
type Order struct {
	// OrderNo is the merchant's number, by which was asked.
	OrderNo string
	// OrderID is the gateway's own number of the order (order_id).
	OrderID string
	// Subject is the title that the gateway gave the order (order_name).
	Subject string
	// Amount in yuan (order_price): what was asked, not the realprice of the
	// callback.
	Amount money.Amount
	// Channel is how the payer pays (order_type).
	Channel Channel
	// State is where the order stands (order_status).
	State State
	// AnsweredAt is when the gateway answered (time), not when the payer paid. Zero
	// if it did not say.
	AnsweredAt time.Time
	// Raw is the gateway's answer.
	Raw json.RawMessage

	countsAsPaid bool // State is one of Config.PaidStates
}

// Paid reports whether the money has arrived: by State, or because State is one
// of Config.PaidStates.
func (o Order) Paid() bool { return o.State.Paid() || o.countsAsPaid }

// String names the order, its amount and state.
func (o Order) String() string {
	return fmt.Sprintf("gatepay order %s: %s yuan, state %s", o.OrderNo, o.Amount, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// QueryOrder returns an order by the merchant's number of it (付款结果查询, GET
// /api/order/check). This is what decides about money.
//
// A query that gets no answer, 429 or a 5xx is tried three times. Errors:
// [ErrInvalidRequest]; an [*Error], which is [ErrOrderNotFound], [ErrNoAnswer],
// [ErrBadAnswer] or the Err value of its Code where it applies.
func (c *Client) QueryOrder(ctx context.Context, orderNo string) (*Order, error) {
	const op = "query order"
	if allowed := check.Name(orderNo, longestOrderNo); allowed != "" {
		return nil, invalidRequest("orderNo", allowed)
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, orderNo)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	// None of the three has a character that a query would escape.
	target := c.baseURL + "/api/order/check?appkey=" + c.appKey + "&out_order_id=" + orderNo + "&sign=" + signature.String()
	answer, err := c.transport.Do(ctx, transport.Call{Op: op, Method: http.MethodGet, URL: target})
	if err != nil {
		return nil, callError(op, err)
	}
	order, err := decodeOrder(op, answer)
	if err != nil {
		return nil, err
	}
	order.OrderNo = orderNo
	order.countsAsPaid = slices.Contains(c.paidStates, order.State)
	return order, nil
}

// DecodeOrder reads an answer of QueryOrder that was kept: an Order's Raw. The
// answer does not hold the merchant's number of the order, so OrderNo is empty;
// and Config.PaidStates is not known here. The error is an [*Error] like those
// of QueryOrder.
func DecodeOrder(raw []byte) (*Order, error) {
	return decodeOrder("decode order", transport.Answer{Status: http.StatusOK, Body: raw})
}

func decodeOrder(op string, answer transport.Answer) (*Order, error) {
	var reply struct {
		head
		Data struct {
			OrderID loosejson.String `json:"order_id"`
			Subject loosejson.String `json:"order_name"`
			Amount  loosejson.Amount `json:"order_price"`
			Channel loosejson.String `json:"order_type"`
			State   loosejson.String `json:"order_status"`
		} `json:"data"`
	}
	if failed := decode(op, answer, &reply, &reply.head, orderCheckMeaning); failed != nil {
		return nil, failed
	}
	data := &reply.Data
	switch {
	case data.OrderID == "":
		return nil, answerError(op, answer, failure.Bad("no order_id"))
	case !data.Amount.Set:
		return nil, answerError(op, answer, failure.Bad("no order_price"))
	case data.State == "":
		return nil, answerError(op, answer, failure.Bad("no order_status"))
	}
	return &Order{
		OrderID:    string(data.OrderID),
		Subject:    string(data.Subject),
		Amount:     data.Amount.Value,
		Channel:    Channel(data.Channel),
		State:      State(data.State),
		AnsweredAt: reply.Time.Time,
		Raw:        answer.Body,
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
	Code    loosejson.Int    `json:"code"`
	Message loosejson.String `json:"msg"`
	Time    loosejson.Unix   `json:"time"`
}

// decode reads an answer. A code that says no is one whatever the data is: PHP
// writes an empty one as [] or "", which encoding/json skips and reads on.
func decode(op string, answer transport.Answer, into any, h *head, meaning func(int) error) *Error {
	failed := answerError(op, answer, nil)
	err := loosejson.Unmarshal(answer.Body, into)
	switch {
	case h.Code.Set && h.Code.Value != codeSuccess:
		failed.Code, failed.Message = int(h.Code.Value), string(h.Message)
		failed.Err = meaning(failed.Code)
	case err != nil:
		failed.Err = failure.Bad(err.Error())
	case !h.Code.Set:
		failed.Err = failure.Bad("no code")
	case !answer.OK():
		failed.Err = failure.Bad("success with an HTTP status that is none")
	default:
		return nil
	}
	return failed
}
