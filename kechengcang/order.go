package kechengcang

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/poll"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Currency is what a fee is in (金额单位, currency).
type Currency int

// The known currencies. The document names the dollar, the public source the
// yuan as well.
const (
	CurrencyUSD Currency = 1 // 美元
	CurrencyCNY Currency = 2 // 人民币; the public source computes the pay_fee as if it were dollars
)

// String returns "USD", "CNY", or the number of an unknown currency.
func (c Currency) String() string {
	switch c {
	case CurrencyUSD:
		return "USD"
	case CurrencyCNY:
		return "CNY"
	default:
		return "currency " + strconv.Itoa(int(c))
	}
}

func (c Currency) check() string {
	if c == CurrencyUSD || c == CurrencyCNY {
		return ""
	}
	return "must be 1 (USD) or 2 (CNY)"
}

// PayCurrency is the cryptocurrency that the payer sends (支付币种, pay_currency).
type PayCurrency int

// The known cryptocurrencies. The document names FTM, the public source the
// others.
const (
	PayCurrencyUnknown   PayCurrency = 1 // 未知
	PayCurrencyUSDTERC20 PayCurrency = 2 // ERC20/USDT
	PayCurrencyUSDTTRC20 PayCurrency = 3 // TRC20/USDT
	PayCurrencyMATIC     PayCurrency = 4 // ERC20/MATIC
	PayCurrencyFTM       PayCurrency = 5 // ERC20/FTM
)

// String returns the name of the coin, or the number of an unknown one.
func (c PayCurrency) String() string {
	switch c {
	case PayCurrencyUSDTERC20:
		return "USDT-ERC20"
	case PayCurrencyUSDTTRC20:
		return "USDT-TRC20"
	case PayCurrencyMATIC:
		return "MATIC"
	case PayCurrencyFTM:
		return "FTM"
	default:
		return "pay currency " + strconv.Itoa(int(c))
	}
}

// Fee is what the merchant asks for an order. It is what a merchant compares
// with the stored order.
type Fee struct {
	// Amount in hundredths of Currency, which is cents (金额, fee).
	Amount money.Amount
	// Currency of Amount (currency).
	Currency Currency
}

// String returns the amount and its currency: "20.00 USD".
func (f Fee) String() string { return f.Amount.String() + " " + f.Currency.String() }

// PayFee is what the payer is to send. While the order waits for the payment, the
// gateway computes it anew every two minutes from the price of the coin: show the
// latest one, and never compare it with what the merchant asked.
type PayFee struct {
	// Amount in hundredths of the coin (付费金额, pay_fee).
	Amount money.Amount
	// Currency of Amount (pay_currency).
	Currency PayCurrency
}

// String returns the amount and its coin: "111.11 FTM".
func (f PayFee) String() string { return f.Amount.String() + " " + f.Currency.String() }

// State is where the payment of an order stands (支付状态, pay_status). A state
// that is not listed here is kept as it came and is neither paid nor final.
type State int

// The documented states.
const (
	StateWaiting   State = 1 // 待支付: waiting for the payment
	StateSubmitted State = 2 // 已提交: the payer says that he has sent it; not yet money
	StateFinished  State = 3 // 支付完成: paid; the only success
	StateTimedOut  State = 4 // 超时: not paid in time, 30 minutes in the public source
)

// Paid reports whether the money has arrived: StateFinished and nothing else.
func (s State) Paid() bool { return s == StateFinished }

// Final reports whether the order will not change any more. An order can time out
// after StateSubmitted too: look for the payer's transfer before turning him away.
func (s State) Final() bool { return s == StateFinished || s == StateTimedOut }

// String returns the number and what it means.
func (s State) String() string {
	return numbered(int(s), "waiting", "submitted", "finished", "timed out")
}

// Status is whether an order is done with (状态, status). State decides about
// money, not Status.
type Status int

// The documented statuses.
const (
	StatusOpen Status = 1 // 未完成
	StatusDone Status = 2 // 已完成
)

// String returns the number and what it means.
func (s Status) String() string { return numbered(int(s), "open", "done") }

// CallbackStatus is whether the merchant has been called back (回调状态,
// callback_status).
type CallbackStatus int

// The documented callback statuses.
const (
	CallbackOpen   CallbackStatus = 1 // 未完成: not yet, or not yet answered with ok
	CallbackDone   CallbackStatus = 2 // 已完成
	CallbackGaveUp CallbackStatus = 3 // 超时: no ok after seven times
)

// String returns the number and what it means.
func (s CallbackStatus) String() string { return numbered(int(s), "open", "done", "gave up") }

func numbered(n int, meanings ...string) string {
	meaning := "unknown"
	if n >= 1 && n <= len(meanings) {
		meaning = meanings[n-1]
	}
	return strconv.Itoa(n) + " (" + meaning + ")"
}

// Order is an order as the gateway knows it.
type Order struct {
	// OrderID is the gateway's number of the order (id), the only one it has.
	OrderID string
	// Subject is the title of the order (标题, title), Remark the merchant's note
	// (备注, remark).
	Subject, Remark string
	// Fee is what the merchant asked (fee, currency).
	Fee Fee
	// PayFee is what the payer is to send (pay_fee, pay_currency). It changes
	// while the order waits.
	PayFee PayFee
	// PayAccount is the address that paid (付款账号, pay_account), ReceiptAccount
	// the one to be paid (收款账号, receipt_account).
	PayAccount, ReceiptAccount string
	// NotifyURL is called back (回调地址, callback_url), ReturnURL is where the
	// payer goes afterwards (支付完成后跳转页, redirect_url).
	NotifyURL, ReturnURL string
	// State is where the payment stands (pay_status).
	State State
	// Status is whether the order is done with (status).
	Status Status
	// CallbackStatus is whether the merchant has been called back
	// (callback_status).
	CallbackStatus CallbackStatus
	// CallbackAt is when the merchant was called back (回调时间, callback_at),
	// CallbackTimes how often (回调次数, callback_times).
	CallbackAt    time.Time
	CallbackTimes int
	// PayFinishAt is when the payment was finished (支付完成时间, pay_finish_at),
	// PayRefreshAt when PayFee was last computed anew (pay_refresh_at), PaySubmitAt
	// when the payer said that he has sent it (pay_submit_at). Each is zero if it
	// has not been.
	PayFinishAt, PayRefreshAt, PaySubmitAt time.Time
	// CreatedAt, UpdatedAt and DeletedAt are the times of the gateway's record
	// (created_at, updated_at, deleted_at), each zero if the gateway does not say.
	CreatedAt, UpdatedAt, DeletedAt time.Time
	// AppID is the application that the order belongs to (应用 id, app_id).
	AppID string
	// PayPageURL is the page that shows the payer what to pay (电视展示地址, tv_url).
	PayPageURL string
	// Raw is the gateway's answer. It may hold payer data and the secret of the
	// application: it prints nowhere, and Reveal returns it.
	Raw sign.Secret
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }

// String names the order, its fee and state, without payer data.
func (o Order) String() string {
	return fmt.Sprintf("kechengcang order %s: %s, state %s", o.OrderID, o.Fee, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// CreateOrderRequest is an order to be paid (创建订单).
type CreateOrderRequest struct {
	// Subject is the title of the order (标题, title). Required, at most 255
	// characters. The gateway takes no order number of the merchant's: put yours
	// in here, so that the gateway's list of orders shows it.
	Subject string
	// Fee is what to ask (fee, currency). Required, at least 0.01.
	Fee Fee
	// Remark is a note (备注, remark), which a query returns. Optional, at most 255
	// characters.
	Remark string
	// NotifyURL is called back when the order is paid (callback_url). Optional, at
	// most 255 bytes. See NotificationHandler for how much that is worth.
	NotifyURL string
	// ReturnURL is where the payer goes afterwards (redirect_url). Optional, at
	// most 255 bytes.
	ReturnURL string
}

// The columns of the public source hold that many characters.
const maxText = 255

func (r CreateOrderRequest) validate() error {
	fields := [...]struct{ name, allowed string }{
		{"Subject (title)", checkSubject(r.Subject)},
		{"Fee.Amount (fee)", check.Amount(r.Fee.Amount, money.Cents(1), money.Max)},
		{"Fee.Currency (currency)", r.Fee.Currency.check()},
		{"Remark (remark)", checkText(r.Remark)},
		{"NotifyURL (callback_url)", check.OptionalURL(r.NotifyURL, maxText)},
		{"ReturnURL (redirect_url)", check.OptionalURL(r.ReturnURL, maxText)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return invalidRequest(field.name, field.allowed)
		}
	}
	return nil
}

// Laravel trims a title and refuses what is then empty.
func checkSubject(value string) string {
	if strings.TrimSpace(value) == "" {
		return "must not be empty or blank"
	}
	return checkText(value)
}

func checkText(value string) string {
	if utf8.RuneCountInString(value) > maxText {
		return "must be at most " + strconv.Itoa(maxText) + " characters long"
	}
	return check.Text(value, maxText*utf8.UTFMax)
}

// checkOrderID wants the shape of a hash id. A callback's id is a stranger's
// choice, and it goes into a URL.
func checkOrderID(id string) string {
	if check.Name(id, 64) != "" || strings.ContainsAny(id, "-_") {
		return "must be 1 to 64 letters or digits"
	}
	return ""
}

// String names the fee, without payer data.
func (r CreateOrderRequest) String() string { return "kechengcang order of " + r.Fee.String() }

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// storeRequest is the body of a create, in the order of the document.
type storeRequest struct {
	Title       string   `json:"title"`
	Fee         int64    `json:"fee"`
	Remark      string   `json:"remark"`
	AppID       string   `json:"app_id"`
	Salt        string   `json:"salt"`
	Sign        string   `json:"sign"`
	Currency    Currency `json:"currency"`
	CallbackURL string   `json:"callback_url,omitempty"`
	RedirectURL string   `json:"redirect_url,omitempty"`
}

// CreateOrder creates an order (创建订单, POST /api/web/pay-orders/store), with a
// fresh salt. It is sent once and never repeated. Store the OrderID that it
// returns: the gateway knows the order by no other number.
//
// Errors: [ErrInvalidRequest] before anything is sent; an [*Error] if the gateway
// says no; an [*Error] that is [ErrOutcomeUnknown] if the order may exist
// nevertheless. That is every server error but those that the public source is
// known to raise before it stores an order: 签名不正确 (the signature is wrong),
// 应用不存在 (no such application) and 价格系统出错 (no price of the coin). A server
// that does not run in debug mode says "Server Error" instead of these words, so
// there a wrong Secret is ErrOutcomeUnknown as well.
//
// After ErrOutcomeUnknown there is nothing to query: the gateway takes no number
// of the merchant's and nobody has the order's id. For the same reason no payer
// is shown that order, and it times out by itself, so that creating another one
// does not charge him twice. Whoever wants to be sure looks in the gateway's list
// of orders for the Subject.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*Order, error) {
	const op = "create order"
	if err := request.validate(); err != nil {
		return nil, err
	}
	body, err := c.storeBody(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	answer, err := c.transport.Do(ctx, transport.Call{
		Op:          op,
		Method:      http.MethodPost,
		URL:         c.baseURL + "/api/web/pay-orders/store",
		ContentType: transport.ContentTypeJSON,
		Body:        body,
		Once:        true,
	})
	if err != nil {
		return nil, callError(op, err)
	}
	order, failed := decode(op, answer)
	if failed == nil && order == nil {
		failed = answerError(op, answer, failure.Bad("no result"))
	}
	if failed != nil {
		failed.afterCreate()
		return nil, failed
	}
	return order, nil
}

func (c *Client) storeBody(request CreateOrderRequest) (string, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("no random salt: %w", err)
	}
	salt := hex.EncodeToString(random[:])
	signature, err := sign.MD5Salted(c.secret, salt)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(storeRequest{
		Title:       request.Subject,
		Fee:         request.Fee.Amount.Cents(),
		Remark:      request.Remark,
		AppID:       c.appID,
		Salt:        salt,
		Sign:        signature.String(),
		Currency:    request.Fee.Currency,
		CallbackURL: request.NotifyURL,
		RedirectURL: request.ReturnURL,
	})
	return string(body), err
}

// QueryOrder returns an order by the gateway's number of it (查询订单, POST
// /api/web/pay-orders/show). This is what decides about money. The public source
// takes the query by GET only: then it is sent so, and from then on at once.
//
// A query that gets no answer, 429 or a 5xx is tried three times. Errors:
// [ErrInvalidRequest]; an [*Error], which is [ErrOrderNotFound], [ErrNoAnswer]
// or [ErrBadAnswer] where it applies. A number that has the shape of the
// gateway's own, but no order, is a server error in the public source.
func (c *Client) QueryOrder(ctx context.Context, orderID string) (*Order, error) {
	const op = "query order"
	if allowed := checkOrderID(orderID); allowed != "" {
		return nil, invalidRequest("orderID", allowed)
	}
	answer, err := c.show(ctx, op, orderID)
	if err != nil {
		return nil, callError(op, err)
	}
	order, failed := decode(op, answer)
	switch {
	case failed != nil:
		return nil, failed
	case order == nil:
		return nil, answerError(op, answer, ErrOrderNotFound)
	case order.OrderID != orderID:
		return nil, answerError(op, answer, failure.Bad("another order's id"))
	}
	return order, nil
}

// DecodeOrder reads an answer of the gateway that was kept: an Order's Raw. The
// error is an [*Error] like those of QueryOrder.
func DecodeOrder(raw sign.Secret) (*Order, error) {
	const op = "decode order"
	answer := transport.Answer{Status: http.StatusOK, Body: []byte(raw.Reveal())}
	order, failed := decode(op, answer)
	switch {
	case failed != nil:
		return nil, failed
	case order == nil:
		return nil, answerError(op, answer, ErrOrderNotFound)
	}
	return order, nil
}

// show asks by the method that worked last, and by the other one if the server
// does not take it.
func (c *Client) show(ctx context.Context, op, orderID string) (transport.Answer, error) {
	byGet := c.showByGet.Load()
	answer, err := c.showBy(ctx, op, orderID, byGet)
	if err != nil || !isWrongMethod(answer) {
		return answer, err
	}
	answer, err = c.showBy(ctx, op, orderID, !byGet)
	if err == nil && !isWrongMethod(answer) {
		c.showByGet.Store(!byGet)
	}
	return answer, err
}

func (c *Client) showBy(ctx context.Context, op, orderID string, get bool) (transport.Answer, error) {
	method := http.MethodPost
	if get {
		method = http.MethodGet
	}
	return c.transport.Do(ctx, transport.Call{
		Op:     op,
		Method: method,
		URL:    c.baseURL + "/api/web/pay-orders/show?id=" + orderID,
	})
}

// An edition of the public source turns Laravel's 405 into a 400 with its words.
func isWrongMethod(answer transport.Answer) bool {
	return answer.Status == http.StatusMethodNotAllowed ||
		answer.Status == http.StatusBadRequest && bytes.Contains(answer.Body, []byte("method is not supported"))
}

// WaitForPayment asks QueryOrder again and again, with the given pause (zero: 3
// s, at least 100 ms), until the order is paid, has ended otherwise, or ctx
// ends. Each answer is logged at debug level, each new state at info level. This
// is the dependable way to learn of a payment: the public source of the gateway
// never starts a callback.
//
// Laravel answers 429 to more than 60 requests a minute from one address unless
// it is told otherwise. A 429 is waited out, but whoever waits for many orders
// at once should pause longer.
//
// The error is nil only if the money has arrived. An order that ended otherwise
// is returned with [ErrNotPaid]; a context that ended returns the last known
// order, nil before the first answer, and the context's error. A gateway that
// does not answer is asked again; that it says no ends the waiting.
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

const codeOK = 200

// reply is every answer: the documented one, Laravel's errors, and those of the
// edition of the public source that says msg.
type reply struct {
	Code    loosejson.Int    `json:"code"`
	Message loosejson.String `json:"message"`
	Msg     loosejson.String `json:"msg"`
	Errors  json.RawMessage  `json:"errors"`
	Result  json.RawMessage  `json:"result"`
}

// decode reads an answer. The order is nil, without an error, if the result is
// null.
func decode(op string, answer transport.Answer) (*Order, *Error) {
	if order := decodeSuccess(answer); order != nil {
		return order, nil
	}
	bad := func(why string) (*Order, *Error) { return nil, answerError(op, answer, failure.Bad(why)) }
	var r reply
	if err := loosejson.Unmarshal(answer.Body, &r); err != nil {
		return bad(err.Error())
	}
	switch {
	case !answer.OK() && r.Code.Value == codeOK:
		return bad("code 200 with an HTTP status that is none")
	case !answer.OK() || r.Code.Set && r.Code.Value != codeOK:
		return nil, refused(op, answer, r)
	case !r.Code.Set:
		return bad("no code")
	case r.Result == nil:
		return bad("no result")
	}
	var result *orderResult
	if err := loosejson.Unmarshal(r.Result, &result); err != nil {
		return bad(err.Error())
	}
	if result == nil {
		return nil, nil
	}
	if missing := result.missing(); missing != "" {
		return bad(missing)
	}
	return result.order(answer.Body), nil
}

// decodeSuccess reads the documented answer in one go, and returns nil for every
// other one.
func decodeSuccess(answer transport.Answer) *Order {
	var whole struct {
		Code   loosejson.Int `json:"code"`
		Result *orderResult  `json:"result"`
	}
	err := loosejson.Unmarshal(answer.Body, &whole)
	if err != nil || !answer.OK() || whole.Code.Value != codeOK || whole.Result == nil || whole.Result.missing() != "" {
		return nil
	}
	return whole.Result.order(answer.Body)
}

// refused reads a no.
func refused(op string, answer transport.Answer, r reply) *Error {
	failed := answerError(op, answer, nil)
	failed.Code = int(r.Code.Value)
	failed.Message = string(r.Message)
	if failed.Message == "" {
		failed.Message = string(r.Msg)
	}
	// Laravel's words for a failure of its database end with the whole SQL
	// statement and its values, in brackets.
	if strings.HasPrefix(failed.Message, "SQLSTATE") {
		failed.Message, _, _ = strings.Cut(failed.Message, " (")
	}
	if json.Unmarshal(r.Errors, &failed.Fields) != nil {
		failed.Fields = nil
	}
	switch {
	case strings.Contains(failed.Message, "订单不存在"):
		failed.Err = ErrOrderNotFound
	case isRefusal(failed.Message):
	case answer.Status == http.StatusTooManyRequests:
		failed.Err = failure.Bad("too many requests")
	case failed.isException():
		failed.Err = failure.Bad("an exception of the server")
	case failed.Message == "" && !r.Code.Set:
		failed.Err = failure.Bad("neither a code nor a message")
	}
	return failed
}

// orderResult is the order in an answer.
type orderResult struct {
	ID             loosejson.String `json:"id"`
	Title          loosejson.String `json:"title"`
	Remark         loosejson.String `json:"remark"`
	Fee            loosejson.Int    `json:"fee"`
	Currency       loosejson.Int    `json:"currency"`
	PayFee         loosejson.Int    `json:"pay_fee"`
	PayCurrency    loosejson.Int    `json:"pay_currency"`
	PayAccount     loosejson.String `json:"pay_account"`
	ReceiptAccount loosejson.String `json:"receipt_account"`
	CallbackURL    loosejson.String `json:"callback_url"`
	RedirectURL    loosejson.String `json:"redirect_url"`
	PayStatus      loosejson.Int    `json:"pay_status"`
	Status         loosejson.Int    `json:"status"`
	CallbackStatus loosejson.Int    `json:"callback_status"`
	CallbackAt     loosejson.Time   `json:"callback_at"`
	CallbackTimes  loosejson.Int    `json:"callback_times"`
	PayFinishAt    loosejson.Time   `json:"pay_finish_at"`
	PayRefreshAt   loosejson.Time   `json:"pay_refresh_at"`
	PaySubmitAt    loosejson.Time   `json:"pay_submit_at"`
	CreatedAt      loosejson.Time   `json:"created_at"`
	UpdatedAt      loosejson.Time   `json:"updated_at"`
	DeletedAt      loosejson.Time   `json:"deleted_at"`
	AppID          loosejson.String `json:"app_id"`
	TVURL          loosejson.String `json:"tv_url"`
}

// missing names what an order cannot do without, or is "".
func (r *orderResult) missing() string {
	switch {
	case checkOrderID(string(r.ID)) != "":
		return "no id"
	case !r.Fee.Set:
		return "no fee"
	case !r.Currency.Set:
		return "no currency"
	case !r.PayStatus.Set:
		return "no pay_status"
	case r.Fee.Value < 0 || r.PayFee.Value < 0:
		return "a negative fee"
	default:
		return ""
	}
}

func (r *orderResult) order(body []byte) *Order {
	return &Order{
		OrderID:        string(r.ID),
		Subject:        string(r.Title),
		Remark:         string(r.Remark),
		Fee:            Fee{money.Cents(r.Fee.Value), Currency(r.Currency.Value)},
		PayFee:         PayFee{money.Cents(r.PayFee.Value), PayCurrency(r.PayCurrency.Value)},
		PayAccount:     string(r.PayAccount),
		ReceiptAccount: string(r.ReceiptAccount),
		NotifyURL:      string(r.CallbackURL),
		ReturnURL:      string(r.RedirectURL),
		State:          State(r.PayStatus.Value),
		Status:         Status(r.Status.Value),
		CallbackStatus: CallbackStatus(r.CallbackStatus.Value),
		CallbackAt:     r.CallbackAt.Time,
		CallbackTimes:  int(r.CallbackTimes.Value),
		PayFinishAt:    r.PayFinishAt.Time,
		PayRefreshAt:   r.PayRefreshAt.Time,
		PaySubmitAt:    r.PaySubmitAt.Time,
		CreatedAt:      r.CreatedAt.Time,
		UpdatedAt:      r.UpdatedAt.Time,
		DeletedAt:      r.DeletedAt.Time,
		AppID:          string(r.AppID),
		PayPageURL:     string(r.TVURL),
		Raw:            sign.NewSecret(string(body)),
	}
}
