package gatepay

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
)

// The errors to test for with errors.Is. They are the same values in every
// provider package of this module.
var (
	// ErrInvalidConfig: a field of Config is missing or malformed.
	ErrInvalidConfig = failure.ErrInvalidConfig
	// ErrInvalidRequest: an argument is missing or malformed; nothing was sent.
	ErrInvalidRequest = failure.ErrInvalidRequest
	// ErrInvalidSignature: a callback's signature is missing or not the one that
	// its values and the secret make.
	ErrInvalidSignature = failure.ErrInvalidSignature
	// ErrInvalidNotification: a callback does not have the documented shape.
	ErrInvalidNotification = failure.ErrInvalidNotification
	// ErrNotConfirmed: the gateway was asked and does not say what the callback
	// says. Do not credit it.
	ErrNotConfirmed = failure.ErrNotConfirmed
	// ErrOrderNotFound: the gateway does not know the order (订单不存在, 201 of
	// the query).
	ErrOrderNotFound = failure.ErrOrderNotFound
	// ErrNotPaid: an order that was waited for ended without a payment.
	ErrNotPaid = failure.ErrNotPaid
	// ErrOutcomeUnknown: a create may or may not have happened. Query the order
	// number; do not create it again.
	ErrOutcomeUnknown = failure.ErrOutcomeUnknown
	// ErrNoAnswer: the gateway could not be reached or did not answer in time.
	ErrNoAnswer = failure.ErrNoAnswer
	// ErrBadAnswer: the gateway answered something that is not its document's.
	ErrBadAnswer = failure.ErrBadAnswer
)

// The gateway's codes (状态码) that mean the same at every call.
var (
	// ErrKeyRequired: 101, 秘钥必须.
	ErrKeyRequired = errors.New("the appkey is required")
	// ErrInvalidKey: 102, 无效的秘钥.
	ErrInvalidKey = errors.New("the appkey is not valid")
	// ErrKeyExpiredOrSignatureMissing: 103, which the document gives two
	// meanings: 秘钥已过期 (the appkey has expired) and 签名必须 (the signature is
	// required). The SDK signs every request, so the first is the likely one;
	// Error.Message has the gateway's own words.
	ErrKeyExpiredOrSignatureMissing = errors.New("the appkey has expired, or the signature is missing")
	// ErrSignatureRefused: 104, 无效的签名. The usual cause is a wrong Secret.
	ErrSignatureRefused = errors.New("the gateway refused the signature")
	// ErrParameterMissing: 105, 参数缺失.
	ErrParameterMissing = errors.New("a parameter is missing")
	// ErrParameterForbidden: 106, 存在禁止传递的参数.
	ErrParameterForbidden = errors.New("a parameter is forbidden")
	// ErrAPIClosed: 107, api已关闭.
	ErrAPIClosed = errors.New("the API is closed")
	// ErrCallbackURLUnset: 108, 回调接口url未填写, a setting of the account.
	ErrCallbackURLUnset = errors.New("the account has no callback URL")
	// ErrNotifyURLUnset: 109, 通知接口url未填写, a setting of the account.
	ErrNotifyURLUnset = errors.New("the account has no notify URL")
	// ErrPlanExceeded: 110, 套餐已超额.
	ErrPlanExceeded = errors.New("the account's plan is exceeded")
	// ErrUnknown: 199, 未知错误. After a create it is [ErrOutcomeUnknown] as well.
	ErrUnknown = errors.New("the gateway does not know why")
)

// The gateway's codes from 201 on, which mean something else at each call. Where
// a call is not named it does not have the code.
var (
	// ErrInvalidPrice: 价格无效, 201 of CreateOrder and CreateCloudOrder.
	ErrInvalidPrice = errors.New("the price is not valid")
	// ErrInvalidChannel: 无效的支付方式, 202 of CreateOrder and CreateCloudOrder,
	// 201 of CreateGroupOrder and CreateProductOrder.
	ErrInvalidChannel = errors.New("the channel is not valid")
	// ErrChannelClosed: 当前支付方式已关闭, 203 of CreateOrder and
	// CreateCloudOrder, 202 of CreateGroupOrder and CreateProductOrder.
	ErrChannelClosed = errors.New("the channel is closed")
	// ErrNoChannel: 无可用支付方式, 204 of CreateOrder and CreateCloudOrder, 203
	// of CreateGroupOrder and CreateProductOrder.
	ErrNoChannel = errors.New("no channel is available")
	// ErrCategoryNotCreated: 分类创建错误, 205 of CreateOrder, CreateCloudOrder
	// and CreateGroupOrder.
	ErrCategoryNotCreated = errors.New("the gateway could not create the category")
	// ErrProductNotCreated: 产品创建错误, 206 of CreateOrder, CreateCloudOrder and
	// CreateGroupOrder.
	ErrProductNotCreated = errors.New("the gateway could not create the product")
	// ErrStockNotCreated: 库存创建错误, 207 of CreateOrder, CreateCloudOrder and
	// CreateGroupOrder.
	ErrStockNotCreated = errors.New("the gateway could not create the stock")
	// ErrQueueNotCreated: 队列创建错误, 208 of CreateOrder, CreateCloudOrder and
	// CreateGroupOrder, 204 of CreateProductOrder.
	ErrQueueNotCreated = errors.New("the gateway could not create the queue")
	// ErrNotAgent: 非代理用户, 209 of CreateCloudOrder.
	ErrNotAgent = errors.New("the account is not an agent's")
	// ErrBasketOutOfStock: 组合内无有效库存商品, 204 of CreateGroupOrder.
	ErrBasketOutOfStock = errors.New("nothing in the basket is in stock")
	// ErrProductUnavailable: 产品不可获得, 205 of CreateProductOrder.
	ErrProductUnavailable = errors.New("the product is not available")
	// ErrOutOfStock: 当前产品无库存, 206 of CreateProductOrder.
	ErrOutOfStock = errors.New("the product is out of stock")
)

const (
	codeSuccess = 100
	codeUnknown = 199
)

// The meanings of the codes, a function for each of the document's tables. nil
// is a code that the table does not list.

func commonMeaning(code int) error {
	switch code {
	case 101:
		return ErrKeyRequired
	case 102:
		return ErrInvalidKey
	case 103:
		return ErrKeyExpiredOrSignatureMissing
	case 104:
		return ErrSignatureRefused
	case 105:
		return ErrParameterMissing
	case 106:
		return ErrParameterForbidden
	case 107:
		return ErrAPIClosed
	case 108:
		return ErrCallbackURLUnset
	case 109:
		return ErrNotifyURLUnset
	case 110:
		return ErrPlanExceeded
	case codeUnknown:
		return ErrUnknown
	default:
		return nil
	}
}

func anyPayMeaning(code int) error {
	switch code {
	case 201:
		return ErrInvalidPrice
	case 202:
		return ErrInvalidChannel
	case 203:
		return ErrChannelClosed
	case 204:
		return ErrNoChannel
	default:
		return creationMeaning(code)
	}
}

func cloudPayMeaning(code int) error {
	if code == 209 {
		return ErrNotAgent
	}
	return anyPayMeaning(code)
}

func groupPayMeaning(code int) error {
	switch code {
	case 201:
		return ErrInvalidChannel
	case 202:
		return ErrChannelClosed
	case 203:
		return ErrNoChannel
	case 204:
		return ErrBasketOutOfStock
	default:
		return creationMeaning(code)
	}
}

// 205 to 208 mean the same for any amount, for the cloud and for a basket.
func creationMeaning(code int) error {
	switch code {
	case 205:
		return ErrCategoryNotCreated
	case 206:
		return ErrProductNotCreated
	case 207:
		return ErrStockNotCreated
	case 208:
		return ErrQueueNotCreated
	default:
		return commonMeaning(code)
	}
}

func stablePayMeaning(code int) error {
	switch code {
	case 201:
		return ErrInvalidChannel
	case 202:
		return ErrChannelClosed
	case 203:
		return ErrNoChannel
	case 204:
		return ErrQueueNotCreated
	case 205:
		return ErrProductUnavailable
	case 206:
		return ErrOutOfStock
	default:
		return commonMeaning(code)
	}
}

func orderCheckMeaning(code int) error {
	if code == 201 {
		return ErrOrderNotFound
	}
	return commonMeaning(code)
}

// Error is what every call returns when the gateway said no, did not answer, or
// answered something unreadable. Its text never holds a URL, a signature, a
// secret or Body.
type Error struct {
	// Op is what was tried: "create order", "query order", ….
	Op string
	// HTTPStatus is the status of the answer, 0 without one.
	HTTPStatus int
	// Code is the gateway's code, 0 without one. One that is not documented for
	// the call is kept as well.
	Code int
	// Message holds the gateway's words (msg).
	Message string
	// Body is what arrived, as far as it arrived. It may hold payer data.
	Body []byte `json:"-"`
	// Err is one or more of the Err values above with the cause, or nil for a no
	// with a code that is not documented.
	Err error
}

// Error returns the operation, the HTTP status, the gateway's code and words
// and the cause.
func (e *Error) Error() string {
	code := ""
	if e.Code != 0 {
		code = strconv.Itoa(e.Code)
	}
	return failure.Text(gateway, e.Op, e.HTTPStatus, code, e.Message, e.Err)
}

// Format writes what Error returns, whatever the verb, so that none prints Body:
// not that of a pointer, and not that of an Error itself.
func (e Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func answerError(op string, answer transport.Answer, err error) *Error {
	return &Error{Op: op, HTTPStatus: answer.Status, Body: answer.Body, Err: err}
}

func callError(op string, err error) error {
	status, body, cause := transport.Explain(err)
	return &Error{Op: op, HTTPStatus: status, Body: body, Err: cause}
}

func invalidRequest(field, allowed string) error {
	return failure.Invalid(gateway, ErrInvalidRequest, field, allowed)
}
