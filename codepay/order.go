package codepay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/form"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/poll"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// MinAmount and MaxAmount are the documented limits of an amount, in yuan.
const (
	MinAmount money.Amount = 1        // 0.01
	MaxAmount money.Amount = 99999_99 // 99999.99
)

// Channel is how the payer pays (支付方式, type). One that is not listed here is
// kept as it came.
type Channel int

// The documented channels.
const (
	ChannelAlipay Channel = 1 // 支付宝
	ChannelQQ     Channel = 2 // QQ 钱包
	ChannelWeChat Channel = 3 // 微信
)

// String returns the number and what it means.
func (c Channel) String() string {
	meaning := "unknown"
	switch c {
	case ChannelAlipay:
		meaning = "Alipay"
	case ChannelQQ:
		meaning = "QQ wallet"
	case ChannelWeChat:
		meaning = "WeChat"
	}
	return strconv.Itoa(int(c)) + " (" + meaning + ")"
}

// Act is the edition of the service (版本类型, act).
type Act string

// The documented editions.
const (
	ActInstant    Act = "1" // 即时到账: the payer pays the merchant
	ActCollecting Act = "0" // 代收款: the gateway collects for the merchant
)

// Chart is the encoding (编码, chart) of what is sent and of the callbacks. In
// this package every text is UTF-8, whatever the encoding on the wire.
type Chart string

// The documented encodings.
const (
	ChartUTF8   Chart = "utf-8"
	ChartGB2312 Chart = "gb2312" // sent and read as GBK, which contains it
)

func (c Chart) isGBK() bool {
	return strings.EqualFold(string(c), "gb2312") || strings.EqualFold(string(c), "gbk")
}

// encode returns the bytes that stand for text on the wire.
func (c Chart) encode(text string) (string, error) {
	if c != ChartGB2312 {
		return text, nil
	}
	return simplifiedchinese.GBK.NewEncoder().String(text)
}

// Page is how the payment page is shown (付款页面方式, page).
type Page int

// The documented pages. The document does not say how 1 and 2 differ.
const (
	Page1      Page = 1 // a cashier page: CashierURL, TokenURL
	Page2      Page = 2 // a cashier page: CashierURL, TokenURL
	PageScript Page = 3 // a call of a JavaScript function: ScriptURL
	PageJSON   Page = 4 // JSON: CreateOrder
)

// CreateOrderRequest is an order to be paid (创建订单). Texts must not contain
// "&": the signature joins them unescaped, so a text with "&" could be re-cut
// into other parameters. Lengths are in bytes, in the encoding of Chart.
type CreateOrderRequest struct {
	// OrderNo is what the merchant knows the payment by (唯一标识, pay_id): an
	// order number, or a user's number or name if payments are added to a
	// balance. Required, at most 100 bytes. Callbacks bring it back.
	OrderNo string
	// Amount in yuan (price). Required, 0.01 to 99999.99. The gateway may ask the
	// payer for some cents more or less: see CreatedOrder.Money.
	Amount money.Amount
	// Channel is how the payer pays (type). Default: ChannelAlipay.
	Channel Channel
	// Custom comes back in the callback untouched (自定义参数, param). Optional, at
	// most 100 bytes.
	Custom string
	// NotifyURL is called back when the order is paid (异步通知地址, notify_url).
	// Optional, at most 100 bytes; default: that of the merchant's settings there.
	NotifyURL string
	// ReturnURL is where the payer goes afterwards (同步通知地址, return_url).
	// Optional.
	ReturnURL string
	// Act is the edition of the service (act). Default: the gateway's own,
	// ActInstant by its document.
	Act Act
	// Chart is the encoding (chart). Default: ChartUTF8.
	Chart Chart
	// Page is the cashier page that CashierURL and TokenURL lead to (page), Page1
	// or Page2. Optional; the other calls set their own.
	Page Page
	// Style is the look of the page (页面风格, style), 1 to 9. Optional; the
	// document says that it has no effect yet.
	Style int
	// Timeout is how long the QR code is good for (二维码超时, outTime), whole
	// seconds up to 999999. Default: the gateway's own, 360 s.
	Timeout time.Duration
	// OfficialAlipay uses Alipay's official interface (授权支付宝官方接口,
	// pay_type=1), for which the merchant has to be authorised there.
	OfficialAlipay bool
	// QRCodeURL is the merchant's own maker of QR codes (二维码控制, qrcode_url),
	// such as "qrcode.php". The gateway adds type, money and tag to it. Optional.
	QRCodeURL string
}

func (r CreateOrderRequest) validate(page Page) error {
	fields := [...]struct{ name, allowed string }{
		{"OrderNo (pay_id)", r.required(r.OrderNo, 100)},
		{"Amount (price)", check.Amount(r.Amount, MinAmount, MaxAmount)},
		{"Channel (type)", r.Channel.check()},
		{"Custom (param)", r.text(r.Custom, 100)},
		{"NotifyURL (notify_url)", r.url(r.NotifyURL, 100)},
		{"ReturnURL (return_url)", r.url(r.ReturnURL, 1024)},
		{"Act (act)", r.Act.check()},
		{"Chart (chart)", r.Chart.check()},
		{"Page (page)", r.Page.check(page)},
		{"Style (style)", checkStyle(r.Style)},
		{"Timeout (outTime)", checkTimeout(r.Timeout)},
		{"QRCodeURL (qrcode_url)", r.text(r.QRCodeURL, 1024)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return invalidRequest(field.name, field.allowed)
		}
	}
	return nil
}

func (r CreateOrderRequest) required(value string, longest int) string {
	if value == "" {
		return "is required"
	}
	return r.text(value, longest)
}

func (r CreateOrderRequest) text(value string, longest int) string {
	if strings.Contains(value, "&") {
		return `must not contain "&", which would let the signed text be cut into other fields`
	}
	if allowed := check.Text(value, len(value)); allowed != "" {
		return allowed
	}
	wire, err := r.Chart.encode(value)
	switch {
	case err != nil:
		return "must be text that " + string(r.Chart) + " has"
	case len(wire) > longest:
		return "must be at most " + strconv.Itoa(longest) + " bytes long"
	default:
		return ""
	}
}

func (r CreateOrderRequest) url(value string, longest int) string {
	if allowed := r.text(value, longest); allowed != "" {
		return allowed
	}
	return check.OptionalURL(value, longest)
}

func (c Channel) check() string {
	switch c {
	case 0, ChannelAlipay, ChannelQQ, ChannelWeChat:
		return ""
	default:
		return "must be 1, 2 or 3"
	}
}

func (a Act) check() string {
	switch a {
	case "", ActInstant, ActCollecting:
		return ""
	default:
		return "must be 0 or 1"
	}
}

func (c Chart) check() string {
	switch c {
	case "", ChartUTF8, ChartGB2312:
		return ""
	default:
		return "must be utf-8 or gb2312"
	}
}

// check wants the page of the call that is made; 0 is any cashier page.
func (p Page) check(call Page) string {
	switch {
	case p == 0 || p == call:
		return ""
	case call == 0 && (p == Page1 || p == Page2):
		return ""
	case call == 0:
		return "must be 1 or 2 for a cashier page"
	default:
		return "must be left out: the call sets it"
	}
}

func checkStyle(style int) string {
	if style >= 0 && style <= 9 {
		return ""
	}
	return "must be 1 to 9"
}

func checkTimeout(timeout time.Duration) string {
	if timeout >= 0 && timeout <= 999999*time.Second && timeout%time.Second == 0 {
		return ""
	}
	return "must be whole seconds, at most 999999"
}

// fields returns what is sent, without sign or token, in the order in which it
// is signed. The request has been validated.
func (r CreateOrderRequest) fields(userID string, page Page, call string) []sign.Field {
	wire := func(text string) string {
		encoded, _ := r.Chart.encode(text) // validate has tried it
		return encoded
	}
	payType := ""
	if r.OfficialAlipay {
		payType = "1"
	}
	return []sign.Field{
		{Name: "act", Value: string(r.Act)},
		{Name: "call", Value: call},
		{Name: "chart", Value: string(r.Chart)},
		{Name: "id", Value: userID},
		{Name: "notify_url", Value: wire(r.NotifyURL)},
		{Name: "outTime", Value: number(int(r.Timeout / time.Second))},
		{Name: "page", Value: number(int(max(page, r.Page)))},
		{Name: "param", Value: wire(r.Custom)},
		{Name: "pay_id", Value: wire(r.OrderNo)},
		{Name: "pay_type", Value: payType},
		{Name: "price", Value: r.Amount.String()},
		{Name: "qrcode_url", Value: wire(r.QRCodeURL)},
		{Name: "return_url", Value: wire(r.ReturnURL)},
		{Name: "style", Value: number(r.Style)},
		// A signed create must name it, although it has a default.
		{Name: "type", Value: strconv.Itoa(int(max(r.Channel, ChannelAlipay)))},
	}
}

// number returns "" for 0, which leaves a field out.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// String names the amount and the channel. It leaves the order number out: it
// may be a payer's name.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("codepay order: %s yuan by %s", r.Amount, max(r.Channel, ChannelAlipay))
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// CreatedOrder is the gateway's reply to a create (创建订单返回参数). It is not
// signed.
type CreatedOrder struct {
	// OrderID is the gateway's own number of the order (云端订单 ID, order_id), ""
	// if it gave none.
	OrderID string
	// OrderNo is the merchant's number (pay_id).
	OrderNo string
	// Channel is how the payer pays (type).
	Channel Channel
	// Price is what was asked (原价, price) and Money what the payer really has to
	// pay (money), in yuan: the gateway shifts cents to tell payers apart. Show
	// Money, and store it with the order.
	Price, Money money.Amount
	// QRCodeURL is the address of the QR code image (qrcode); one without a scheme
	// is made https. It may be "" if the merchant draws the code.
	QRCodeURL string
	// UserID is the merchant's number (userID).
	UserID string
	// NotifyKey lets the page learn of the payment from the cloud (同步通知秘钥,
	// notiry_key). It goes to the page, inside Raw.
	NotifyKey string
	// Tag is the note of the payment (支付备注, tag), "0" or "" mostly.
	Tag string
	// Chart is the encoding of the reply (chart).
	Chart Chart
	// ServerTime is the gateway's clock at the reply (serverTime), ExpiresAt when
	// the order expires by that clock (endTime). Zero if they were not sent.
	ServerTime, ExpiresAt time.Time
	// ReceivedAt is this machine's clock at the reply.
	ReceivedAt time.Time
	// Message holds the gateway's words (msg), "ok" mostly.
	Message string
	// Raw is the reply, byte for byte, without the function call of JSONP. Pass
	// it on to the page's script, which sends it to the cloud to be told of the
	// payment (请原封发送到云端通知服务器): html/template writes it into a script
	// safely. It holds further fields that the document does not describe.
	Raw json.RawMessage
}

// Remaining returns how long the order can still be paid at the time now of
// this machine, by the gateway's clock: whether the two clocks agree does not
// matter. It is 0 after the end and if the gateway did not send its times.
func (o CreatedOrder) Remaining(now time.Time) time.Duration {
	if o.ServerTime.IsZero() || o.ExpiresAt.IsZero() {
		return 0
	}
	// What is left of a negative time that is too long would turn positive.
	return max(0, max(0, o.ExpiresAt.Sub(o.ServerTime))-now.Sub(o.ReceivedAt))
}

// String names the order and what is to be paid, without payer data.
func (o CreatedOrder) String() string {
	return fmt.Sprintf("codepay order %s: %s yuan by %s", o.OrderID, o.Money, o.Channel)
}

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// CreateOrder creates an order and returns its QR code (page=4, GET
// /creat_order/). It is sent once and never repeated.
//
// Errors: [ErrInvalidRequest] before anything is sent; an [*Error] if the
// gateway says no (with its Code); an [*Error] that is [ErrOutcomeUnknown] if
// the order may exist nevertheless. The gateway cannot be asked for an order by
// OrderNo, so only a callback tells; do not create it again behind the payer's
// back.
//
// With [ErrListenerOffline] the order that the gateway gave nevertheless is
// returned beside the error, or nil if it gave none. A payment of its QR code
// goes to the merchant's account, but is called back only if the listening
// software comes back: show it to a payer only if somebody watches the account.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	const op = "create order"
	target, err := c.signedURL(request, PageJSON, "")
	if err != nil {
		return nil, err
	}
	answer, err := c.transport.Do(ctx, transport.Call{Op: op, Method: http.MethodGet, URL: target, Once: true})
	if err != nil {
		return nil, callError(op, err)
	}
	return decodeCreated(op, answer)
}

const (
	codeNotFound        = -1 // of a query
	codeListenerOffline = -8
)

func decodeCreated(op string, answer transport.Answer) (*CreatedOrder, error) {
	reply, failed := decode(op, answer)
	offline := failed != nil && failed.Code == codeListenerOffline
	var order *CreatedOrder
	if failed == nil || offline {
		var err error
		order, err = reply.createdOrder()
		switch {
		case offline:
			failed.Err = ErrListenerOffline
		case err != nil:
			failed = answerError(op, answer, err)
			failed.Code, failed.Message = reply.state(), string(reply.Message)
		}
	}
	if failed == nil {
		return order, nil
	}
	failed.Err = failure.AfterCreate(failed.HTTPStatus, failed.Err)
	return order, failed
}

func (r *reply) createdOrder() (*CreatedOrder, error) {
	if r.state() > 0 {
		return nil, failure.Bad("a status that no create has")
	}
	if r.fieldsErr != nil {
		return nil, failure.Bad(r.fieldsErr.Error())
	}
	if r.Money.Value <= 0 {
		return nil, failure.Bad("no money")
	}
	qrCode := string(r.QRCode)
	if strings.HasPrefix(qrCode, "//") {
		qrCode = "https:" + qrCode
	}
	return &CreatedOrder{
		OrderID:    orderID(string(r.OrderID)),
		OrderNo:    string(r.OrderNo),
		Channel:    Channel(r.Channel.Value),
		Price:      r.Price.Value,
		Money:      r.Money.Value,
		QRCodeURL:  qrCode,
		UserID:     string(r.UserID),
		NotifyKey:  string(r.NotifyKey),
		Tag:        string(r.Tag),
		Chart:      Chart(r.Chart),
		ServerTime: r.ServerTime.Time,
		ExpiresAt:  r.EndTime.Time,
		ReceivedAt: time.Now(),
		Message:    string(r.Message),
		Raw:        r.raw,
	}, nil
}

// orderID drops the 0 that stands for "none".
func orderID(sent string) string {
	if sent == "0" {
		return ""
	}
	return sent
}

// State is whether an order is paid, as the query says. A state that is not
// listed here is kept as it came and is not paid.
type State int

// The states that were seen; nothing documents them.
const (
	StateUnpaid    State = 0
	StatePaid      State = 1 // paid
	StateCompleted State = 2 // paid too; the documented callback carries it
)

// Paid reports whether the money has arrived.
func (s State) Paid() bool { return s == StatePaid || s == StateCompleted }

// Final reports whether the order will not change any more.
func (s State) Final() bool { return s.Paid() }

// String returns the number and what it means.
func (s State) String() string {
	meaning := "unknown"
	switch s {
	case StateUnpaid:
		meaning = "unpaid"
	case StatePaid:
		meaning = "paid"
	case StateCompleted:
		meaning = "paid, completed"
	}
	return strconv.Itoa(int(s)) + " (" + meaning + ")"
}

// Order is an order as the gateway's query knows it. The query was seen to say
// no amount.
type Order struct {
	// OrderID is the gateway's number, by which was asked.
	OrderID string
	// State is whether the order is paid (status).
	State State
	// Message holds the gateway's words (msg).
	Message string
	// Raw is the gateway's answer.
	Raw json.RawMessage
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }

// String names the order and its state.
func (o Order) String() string { return fmt.Sprintf("codepay order %s: state %s", o.OrderID, o.State) }

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// QueryOrder returns whether an order is paid, by the gateway's number of it
// (GET /ispay). The document does not have this call: it is what clients in the
// wild use, and may be missing or different on a deployment. It sends
// Config.Token, and its answer is not signed and says no amount: the callback
// is what decides about money.
//
// A query that gets no answer, 429 or a 5xx is tried three times. Errors:
// [ErrInvalidConfig] without a token; [ErrInvalidRequest]; an [*Error], which is
// [ErrOrderNotFound], [ErrNoAnswer] or [ErrBadAnswer] where it applies, and has
// Code -6 for a wrong token.
func (c *Client) QueryOrder(ctx context.Context, orderID string) (*Order, error) {
	const op = "query order"
	if err := c.needToken(); err != nil {
		return nil, err
	}
	if allowed := check.Name(orderID, 50); allowed != "" {
		return nil, invalidRequest("orderID (order_id)", allowed)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:     op,
		Method: http.MethodGet,
		URL: c.baseURL + "/ispay?" + form.Encode([]sign.Field{
			{Name: "id", Value: c.userID},
			{Name: "order_id", Value: orderID},
			{Name: "token", Value: c.token.Reveal()},
		}),
	})
	if err != nil {
		return nil, callError(op, err)
	}
	reply, failed := decode(op, answer)
	if failed != nil {
		// A gateway may repeat in its words what it was sent.
		failed.Message = strings.ReplaceAll(failed.Message, c.token.Reveal(), "[redacted]")
		if failed.Code == codeNotFound {
			failed.Err = ErrOrderNotFound
		}
		return nil, failed
	}
	return &Order{OrderID: orderID, State: State(reply.state()), Message: string(reply.Message), Raw: reply.raw}, nil
}

// WaitForPayment asks QueryOrder again and again, with the given pause (zero: 3
// s, at least 100 ms), until the order is paid or ctx ends: the query does not
// tell an expired order from an unpaid one, so give ctx a deadline. Each answer
// is logged at debug level, each new state at info level.
//
// The error is nil only if the order is paid. A context that ended returns the
// last known order, nil before the first answer, and the context's error. A
// gateway that does not answer is asked again; that it says no ends the waiting.
func (c *Client) WaitForPayment(ctx context.Context, orderID string, every time.Duration) (*Order, error) {
	const op = "wait for payment"
	var last *Order
	err := poll.Wait(ctx, every, poll.Payment{
		Gateway: gateway, Name: "order_id", Number: orderID, Log: c.log,
		Ask: func() (string, bool, error) {
			order, err := c.QueryOrder(ctx, orderID)
			if err != nil {
				return "", false, err
			}
			last = order
			return order.State.String(), order.Paid(), err
		},
	})
	var own *Error
	if err != nil && ctx.Err() != nil && !errors.As(err, &own) {
		err = &Error{Op: op, Err: err}
	}
	return last, err
}

// reply is an answer whose status is known.
type reply struct {
	fields
	raw       json.RawMessage // as it came, without the function call of JSONP
	fieldsErr error           // why the fields of a create cannot be read
}

func (r *reply) state() int { return int(r.Status.Value) }

// fields are those of an answer.
type fields struct {
	// Every answer has these.
	Status  loosejson.Int    `json:"status"`
	Message loosejson.String `json:"msg"`
	Chart   loosejson.String `json:"chart"`

	// And the reply to a create has these.
	OrderID    loosejson.String `json:"order_id"`
	OrderNo    loosejson.String `json:"pay_id"`
	Channel    loosejson.Int    `json:"type"`
	Price      loosejson.Amount `json:"price"`
	Money      loosejson.Amount `json:"money"`
	QRCode     loosejson.String `json:"qrcode"`
	UserID     loosejson.String `json:"userID"`
	NotifyKey  loosejson.String `json:"notiry_key"`
	Tag        loosejson.String `json:"tag"`
	ServerTime loosejson.Unix   `json:"serverTime"`
	EndTime    loosejson.Unix   `json:"endTime"`
}

// decode reads an answer, JSON or JSONP. A negative status is a no.
func decode(op string, answer transport.Answer) (reply, *Error) {
	failed := answerError(op, answer, nil)
	r, err := read(answer.Body)
	switch {
	case err != nil:
		failed.Err = failure.Bad(err.Error())
	case r.state() < 0:
		failed.Code, failed.Message = r.state(), string(r.Message)
	case !answer.OK():
		failed.Err = failure.Bad("success with an HTTP status that is none")
	default:
		return r, nil
	}
	return r, failed
}

var (
	errNotUTF8  = errors.New("not in the encoding that its chart says")
	errNoStatus = errors.New("no status")
)

func read(body []byte) (reply, error) {
	raw, err := unwrap(body)
	if err != nil {
		return reply{}, err
	}
	text := raw
	foreign := !utf8.Valid(raw)
	if foreign {
		if text, err = simplifiedchinese.GBK.NewDecoder().Bytes(raw); err != nil {
			return reply{}, errNotUTF8
		}
	}
	var all fields
	fieldsErr := loosejson.Unmarshal(text, &all)
	if fieldsErr != nil {
		// A no may come with fields of any shape.
		var head struct {
			Status  loosejson.Int    `json:"status"`
			Message loosejson.String `json:"msg"`
			Chart   loosejson.String `json:"chart"`
		}
		err = loosejson.Unmarshal(text, &head)
		all = fields{Status: head.Status, Message: head.Message, Chart: head.Chart}
	}
	switch {
	case err != nil:
		return reply{}, err
	case foreign && (!Chart(all.Chart).isGBK() || bytes.ContainsRune(text, utf8.RuneError)):
		return reply{}, errNotUTF8
	case !all.Status.Set:
		return reply{}, errNoStatus
	}
	return reply{fields: all, raw: raw, fieldsErr: fieldsErr}, nil
}
