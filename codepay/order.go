package codepay

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// MinAmount and MaxAmount are the documented limits of an amount, in yuan.
const (
	MinAmount money.Amount = 1        // 0.01
	MaxAmount money.Amount = 99999_99 // 99999.99
)

// Channel is the payment method (支付方式, type). An unknown channel is kept.
type Channel int

// The documented channels.
const (
	ChannelAlipay Channel = 1 // 支付宝
	ChannelQQ     Channel = 2 // QQ 钱包
	ChannelWeChat Channel = 3 // 微信
)

var channelNames = map[Channel]string{
	ChannelAlipay: "Alipay",
	ChannelQQ:     "QQ Wallet",
	ChannelWeChat: "WeChat",
}

// String returns the number and its meaning: "1 (Alipay)".
func (c Channel) String() string {
	return strconv.Itoa(int(c)) + " (" + cmp.Or(channelNames[c], "unknown") + ")"
}

// SettlementMode is the edition of the service (版本类型, act).
type SettlementMode string

// The documented editions.
const (
	SettleInstantly  SettlementMode = "1" // 即时到账: the payer pays the merchant
	SettleViaGateway SettlementMode = "0" // 代收款: the gateway collects for the merchant
)

// Page is how the payment page is shown (付款页面方式, page).
type Page int

// The documented pages. The document does not say how 1 and 2 differ.
const (
	Page1      Page = 1 // a cashier page: CashierURL, TokenURL
	Page2      Page = 2 // a cashier page: CashierURL, TokenURL
	PageScript Page = 3 // a call of a JavaScript function: ScriptURL
	PageJSON   Page = 4 // JSON: CreateOrder
)

// State is the state of an order (status). An unknown state is kept and is not paid. The
// zero State means that none was sent.
type State string

// The states that were seen. The document has none of them but StateCompleted, in the
// sample of a notification.
const (
	StateUnpaid    State = "0"
	StatePaid      State = "1" // paid
	StateCompleted State = "2" // paid too
)

var stateNames = map[State]string{
	StateUnpaid:    "unpaid",
	StatePaid:      "paid",
	StateCompleted: "paid, completed",
}

// Paid reports whether the money has arrived.
func (s State) Paid() bool { return s == StatePaid || s == StateCompleted }

// Final reports whether the order will not change anymore.
func (s State) Final() bool { return s.Paid() }

// String returns the number and its meaning: "2 (paid, completed)", or "not sent".
func (s State) String() string {
	if s == "" {
		return "not sent"
	}
	return string(s) + " (" + cmp.Or(stateNames[s], "unknown") + ")"
}

// CreateOrderRequest is an order to create (创建订单). No text may contain "&", because the
// signature joins the parameters with it. Lengths are in bytes, in the encoding of
// Charset.
type CreateOrderRequest struct {
	// OrderNo is the merchant order number (唯一标识, pay_id), or the number or name of a
	// user if payments are added to a balance. Required, at most 100 bytes, without quotes,
	// angle brackets and "\": see Attach.
	OrderNo string
	// Channel is the payment method (type). Default: ChannelAlipay.
	Channel Channel
	// Amount in yuan (price). Required, 0.01 to 99999.99. The payer has to pay
	// CreatedOrder.PayableAmount, which may be some cents more or less.
	Amount money.Amount
	// Attach comes back in the notification (自定义参数, param). Optional, at most 100
	// bytes, without quotes, angle brackets and "\", which deployments return escaped, and
	// without blanks around it.
	Attach string `json:"-"`
	// NotifyURL receives the notification when the order is paid (异步通知地址,
	// notify_url). Optional, at most 100 bytes; default: that of the merchant's account.
	// It must not have a fragment, nor a query unless Config.OwnParameters names its
	// parameter.
	NotifyURL string
	// ReturnURL is the page to which the payer returns (同步通知地址, return_url).
	// Optional, at most 1024 bytes. ParseReturn needs the parameters of its query in
	// Config.OwnParameters.
	ReturnURL string
	// SettlementMode is the edition of the service (act). Default: the gateway's,
	// SettleInstantly according to its document.
	SettlementMode SettlementMode
	// Charset is the encoding of the texts on the wire (chart). Default: CharsetUTF8.
	Charset Charset
	// Page is the cashier page to which CashierURL and TokenURL lead (page), Page1 or
	// Page2. Optional; the other calls set it.
	Page Page
	// Style is the style of the page (页面风格, style), 1 to 9. Optional; the document
	// says that it has no effect yet.
	Style int
	// Timeout is how long the QR code is valid (二维码超时, outTime), whole seconds up to
	// 999999. Default: the gateway's, 360 s.
	Timeout time.Duration
	// OfficialAlipay uses Alipay's official interface (授权支付宝官方接口, pay_type=1), for
	// which the merchant must be authorized at the gateway.
	OfficialAlipay bool
	// QRCodeURL is the merchant's program that draws QR codes (二维码控制, qrcode_url),
	// such as "qrcode.php". The gateway adds type, money and tag to it. Optional, at most
	// 1024 bytes.
	QRCodeURL string
}

// CreatedOrder is the gateway's response to a create (创建订单返回参数). It is not signed.
type CreatedOrder struct {
	// OrderID is the gateway's order number (云端订单 ID, order_id), "" if it sent none.
	OrderID string
	// OrderNo is the merchant order number (pay_id).
	OrderNo string
	// Channel is the payment method (type).
	Channel Channel
	// Amount is the amount of the request, in yuan (原价, price).
	Amount money.Amount
	// PayableAmount is what the payer has to pay, in yuan (实际付款金额, money). The
	// gateway shifts some cents to tell payers apart: show it to the payer, and store it
	// with the order.
	PayableAmount money.Amount
	// QRCodeURL is the URL of the QR code image (qrcode); https is added to one without a
	// scheme. It may be "" if the merchant draws the code.
	QRCodeURL string
	// UserID is the merchant's number (userID).
	UserID string
	// NotifyKey lets the page learn of the payment from the gateway (同步通知秘钥,
	// notiry_key). It is part of Raw.
	NotifyKey paygates.Private[string] `json:"-"`
	// Tag is the note of the payment (支付备注, tag), mostly "0" or "".
	Tag string
	// Charset is the encoding of the response (chart).
	Charset Charset
	// ServerTime is the gateway's clock at the response (serverTime), ExpiresAt when the
	// order expires by that clock (endTime). Both are zero if they were not sent.
	ServerTime, ExpiresAt time.Time
	// ReceivedAt is this machine's clock at the response.
	ReceivedAt time.Time
	// Message is the gateway's message (msg), mostly "ok".
	Message string
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response, byte for byte, without the function call of JSONP and a
	// byte order mark. Pass it to the script of your page, which sends it to the gateway to be
	// told of the payment (请原封发送到云端通知服务器). html/template writes it into a script
	// safely.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Remaining returns how long the order can still be paid when this machine's clock says
// now. It does not matter whether the clocks agree. It is 0 after the end and if the
// gateway did not send its times.
func (o CreatedOrder) Remaining(now time.Time) time.Duration {
	if o.ServerTime.IsZero() || o.ExpiresAt.IsZero() {
		return 0
	}
	// Without the inner max a very long negative difference overflows.
	return max(0, max(0, o.ExpiresAt.Sub(o.ServerTime))-now.Sub(o.ReceivedAt))
}

// Order is an order as the gateway's query knows it. The query was seen to send State
// and Message only.
type Order struct {
	// OrderID is the gateway's order number with which QueryOrder was called.
	OrderID string
	// State is the state of the order (status).
	State State
	// OrderNo is the merchant order number (pay_id), "" if it was not sent.
	OrderNo string
	// PaymentNo is the number of the payment (pay_no), "" if it was not sent.
	PaymentNo string
	// PaidAmount in yuan (money), zero if it was not sent.
	PaidAmount money.Amount
	// Message is the gateway's message (msg).
	Message string
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response. It may hold payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }
