package gatepay

import (
	"encoding/json"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
)

// Channel is the payment method (支付方式, type).
type Channel string

// The documented channels.
const (
	ChannelAlipay Channel = "alipay" // 支付宝
	ChannelWeChat Channel = "wechat" // 微信
)

// State is the state of an order (交易状态, order_status). The document shows "expired" and
// names no other. The others are those of the FastAdmin payment add-on (public source:
// hani1990/payadmin, addons/pay), whose notification has the same fields, order and
// signature. An unknown state is kept and is neither paid nor final.
type State string

// The known states.
const (
	StateInProgress State = "inprogress" // waiting for payment
	StateExpired    State = "expired"    // not paid in time
	StatePaid       State = "paid"       // paid, no notification sent yet
	StateUnsettled  State = "unsettled"  // paid, but the notification was not accepted
	StateSettled    State = "settled"    // paid, and the notification was accepted
)

// Paid reports whether the money has arrived: StatePaid, StateUnsettled or StateSettled
// and nothing else.
func (s State) Paid() bool { return s == StatePaid || s == StateUnsettled || s == StateSettled }

// Final reports whether the order will not change anymore by itself. The merchant can
// still mark an expired order as paid (我已收款), after which the gateway sends a
// notification.
func (s State) Final() bool { return s == StateExpired || s.Paid() }

// String returns the gateway's word, fit to print.
func (s State) String() string { return redact.Message(string(s)) }

// CreateOrderRequest is an order of any amount to create (任意金额支付).
type CreateOrderRequest struct {
	// OrderNo is the merchant order number (out_order_id). Required, unique, 1 to 64
	// letters, digits, "-" or "_". Begin and end it with a letter: see the package
	// documentation.
	OrderNo string
	// Channel is the payment method (type). Required.
	Channel Channel
	// Amount in yuan (price). Required, more than 0.00.
	Amount money.Amount
	// Attach comes back in the notification (自定义信息, custom and extend), such as the
	// number of the user. Required, at most 100 bytes without control characters, quotes,
	// angle brackets, "&" and "\", which deployments return escaped, and without blanks
	// around it.
	Attach string `json:"-"`
	// NotifyURL receives the notification when the order is paid (notify_url). Optional;
	// default: that of the account's settings. It may have a query.
	NotifyURL string
	// ReturnURL is the page to which the payer returns (return_url). Optional; default:
	// that of the account's settings.
	ReturnURL string
}

// CreateCloudOrderRequest is an order of any amount to create through the cloud API
// (云端支付). The API has neither notify_url nor return_url, and the gateway rejects
// other parameters: both URLs are those of the account's settings.
type CreateCloudOrderRequest struct {
	// OrderNo, Channel, Amount and Attach are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	Amount  money.Amount
	Attach  string `json:"-"`
}

// GroupItem is a product of a group and its count.
type GroupItem struct {
	// ProductID is the number of the product in the account (商品ID). Required, 1 to 20
	// digits.
	ProductID string
	// Count is how many are bought (购买件数). Required, 1 to 1000000.
	Count int
}

// CreateGroupOrderRequest is an order of several products to create (组合商品支付). The
// gateway knows their prices.
type CreateGroupOrderRequest struct {
	// OrderNo and Channel are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	// Items are the products (fields, sent as "8:1,7:1"). Required, 1 to 100 products, each
	// once.
	Items []GroupItem
	// Attach, NotifyURL and ReturnURL are those of CreateOrderRequest.
	Attach               string `json:"-"`
	NotifyURL, ReturnURL string
}

// CreateProductOrderRequest is an order of one product to create (固定商品支付). The gateway
// knows its price.
type CreateProductOrderRequest struct {
	// OrderNo and Channel are those of CreateOrderRequest.
	OrderNo string
	Channel Channel
	// ProductID is the number of the product in the account (product_id). Required, 1 to 20
	// digits.
	ProductID string
	// Attach, NotifyURL and ReturnURL are those of CreateOrderRequest.
	Attach               string `json:"-"`
	NotifyURL, ReturnURL string
}

// CreatedOrder is an order that the gateway accepted.
type CreatedOrder struct {
	// OrderNo is the merchant order number of the request. The gateway's order number is
	// known from QueryOrder only.
	OrderNo string
	// PayPageURL is the page that shows the payer the QR code (pay_url): redirect the payer
	// there. QueryPaymentPage returns its data for your own page. On some deployments
	// it is a link that opens an app, such as weixin:// or alipays://.
	PayPageURL string
	// QRCodeURL is an image of the QR code that leads there (qrcode_url).
	QRCodeURL string
	// ImageText is that image as a data: URI (qrcode_body). It may be empty, and the cloud
	// API does not send it. Image decodes it.
	ImageText string
	// RespondedAt is the time of the response (time), zero if the gateway did not send it.
	RespondedAt time.Time
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response. It may hold appkey, sign and payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Image returns the bytes of the QR code image. Detect the format from the bytes: the media
// type of ImageText is wrong in the document's sample, which is a PNG. The error is
// paygates.ErrBadResponse if the gateway sent none, or one that is not an image in base64.
func (o CreatedOrder) Image() ([]byte, error) { return loosejson.Image(gateway, o.ImageText) }

// Params returns the gateway's copy of the request (请求的参数, params), nil if it sent none.
// It may hold appkey, sign and payer data. The error is paygates.ErrBadResponse if params
// is not a list of plain values.
func (o CreatedOrder) Params() (map[string]string, error) { return decodeParams(o.Raw.Reveal()) }

// PaymentPage is the data of a pay page. Its fields are not documented.
type PaymentPage struct {
	// Raw is the gateway's response. It may hold payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Order is an order as the gateway knows it (付款结果查询).
type Order struct {
	// OrderNo is the merchant order number with which QueryOrder was called.
	OrderNo string
	// OrderID is the gateway's order number (order_id).
	OrderID string
	// Subject is the title that the gateway gave the order (order_name).
	Subject string
	// Amount in yuan (order_price): the price of the order, not the realprice of the
	// notification.
	Amount money.Amount
	// Channel is the payment method (order_type).
	Channel Channel
	// State is the state of the order (order_status).
	State State
	// RespondedAt is the time of the response (time), not of the payment. Zero if the
	// gateway did not send it.
	RespondedAt time.Time
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response.
	Raw paygates.Private[json.RawMessage] `json:"-"`

	countsAsPaid bool // State is one of Config.PaidStates
}

// Paid reports whether the money has arrived: by State, or because State is one of
// Config.PaidStates.
func (o Order) Paid() bool { return o.State.Paid() || o.countsAsPaid }
