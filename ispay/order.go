package ispay

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/money"
)

// Channel is the payment method (order_type).
type Channel string

// The documented channels.
const (
	ChannelAlipay   Channel = "P901" // 支付宝
	ChannelWeChat   Channel = "P902" // 微信
	ChannelUnionPay Channel = "P904" // 云闪付
)

// State is the state of an order (订单状态). The document names 1, 2, 5, 8 and 9. The others
// are those of the provider's public demo. An unknown state is kept and is neither paid nor
// final.
type State int

// The known states.
const (
	StateAccepted        State = 1 // 已接单、未出码: accepted, no QR code yet
	StateIssuing         State = 2 // 已接单、未出码: accepted, the QR code is being issued
	StateCanceledByPayer State = 3 // 用户取消: canceled by the payer
	StateNotTaken        State = 4 // 超时未接单系统取消: canceled, not accepted in time
	StateAwaitingPayment State = 5 // 已接单、已出码: QR code issued, waiting for payment
	StateExpired         State = 6 // 超时未打款取消: canceled, not paid in time
	StateRestricted      State = 7 // 支付受限,支付关闭: closed, payment restricted
	StatePaidUnconfirmed State = 8 // 已付款、待确认: paid, waiting for confirmation; not yet money
	StateConfirmed       State = 9 // 已确认完成支付: confirmed; the only success
)

var stateNames = map[State]string{
	StateAccepted:        "accepted",
	StateIssuing:         "issuing QR code",
	StateCanceledByPayer: "canceled by payer",
	StateNotTaken:        "canceled, not taken",
	StateAwaitingPayment: "awaiting payment",
	StateExpired:         "expired",
	StateRestricted:      "closed, restricted",
	StatePaidUnconfirmed: "paid, awaiting confirmation",
	StateConfirmed:       "confirmed",
}

// Paid reports whether the money has arrived: StateConfirmed and nothing else.
func (s State) Paid() bool { return s == StateConfirmed }

// Final reports whether the order will not change anymore.
func (s State) Final() bool {
	switch s {
	case StateConfirmed, StateCanceledByPayer, StateNotTaken, StateExpired, StateRestricted:
		return true
	default:
		return false
	}
}

// String returns the number and its meaning: "9 (confirmed)".
func (s State) String() string {
	return strconv.Itoa(int(s)) + " (" + cmp.Or(stateNames[s], "unknown") + ")"
}

// CreateOrderRequest is an order to create (订单提交).
type CreateOrderRequest struct {
	// OrderNo is the merchant order number (order_no). Required, unique, 1 to 64
	// letters, digits, "-" or "_".
	OrderNo string
	// Channel is the payment method (order_type). Required.
	Channel Channel
	// Amount in yuan (amount). Required, more than 0.00.
	Amount money.Amount
	// PayerIP is the payer's IPv4 or IPv6 address (ip). Required.
	PayerIP string
	// Subject is the title of the order (订单标题, subject). Optional, at most 256 bytes.
	Subject string
	// NotifyURL receives the notification when the order is paid (订单成功回调地址,
	// notify_url). Optional here; an edition of the document requires it, and ReturnURL
	// too. It must not have a query or a fragment: the gateway appends "?order_no=…" to
	// it.
	NotifyURL string
	// ReturnURL is the page to which the payer returns (return_url). Optional here. The
	// signature covers it.
	ReturnURL string
	// OrderTime is the time of the order (order_time). Optional, sent in Unix seconds.
	OrderTime time.Time
}

// CreatedOrder is an order that the gateway accepted.
type CreatedOrder struct {
	// OrderID is the gateway's order number (order_id).
	OrderID string
	// PayPageURL is the page that shows the payer the QR code: redirect the payer there.
	PayPageURL string
	// Raw is the gateway's response.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// PaymentCode is what a payer scans.
type PaymentCode struct {
	// QRCode is the text of the QR code, mostly a URL (qrcode).
	QRCode string
	// ImageText is the QR code as drawn by the gateway, in base64 (imgtext). Image
	// decodes it.
	ImageText string
	// AlipayUserID is the user ID of the receiving Alipay account (alipayuid). The QR
	// code call does not send it.
	AlipayUserID string
	// Amount is the amount to pay, in yuan (amount).
	Amount money.Amount
	// SN is the order number (sn): the gateway's in the document's sample.
	SN string
	// Timeout is how long the code is valid (timeout, sent in seconds).
	Timeout time.Duration
}

// Image returns the bytes of the QR code image, mostly a PNG. The error is
// paygates.ErrBadResponse if the gateway sent none, or one that is not an image in
// base64.
func (p PaymentCode) Image() ([]byte, error) { return loosejson.Image(gateway, p.ImageText) }

// OrderState is the state of an order, with the code to scan once there is one.
type OrderState struct {
	// State is the state of the order (state).
	State State
	// Code is nil as long as the gateway sends none (before StateAwaitingPayment).
	Code *PaymentCode
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Order is an order as the gateway knows it (订单号查询).
type Order struct {
	// OrderNo is the merchant order number with which QueryOrder was called.
	OrderNo string
	// SN is the order number in the response (sn): the merchant's.
	SN string
	// State is the state of the order (state).
	State State
	// Amount in yuan (amount).
	Amount money.Amount
	// Channel is the payment method (paytype).
	Channel Channel
	// QRCode is the text of the QR code (qrcode), ImageText its image (imgtext).
	QRCode, ImageText string
	// NotifyURL and ReturnURL are those of the create (notifyurl, returnurl).
	NotifyURL, ReturnURL string
	// Notified reports whether the gateway has sent a notification (returning).
	Notified bool
	// PayerIP is the address given at the create (ip).
	PayerIP paygates.Private[string] `json:"-"`
	// CreatedAt is when the gateway created the order (create_time), zero if unknown.
	CreatedAt time.Time
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response. It holds payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }

// Image returns the bytes of the QR code image. The error is paygates.ErrBadResponse if
// the gateway sent none, or one that is not an image in base64.
func (o Order) Image() ([]byte, error) { return loosejson.Image(gateway, o.ImageText) }
