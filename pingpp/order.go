package pingpp

import (
	"encoding/json"

	"github.com/paygates/paygates-go"
)

// Channel is the payment method (支付方式, channel). Ping++ has more channels than the
// merchant backend accepts. A Charge keeps an unknown one.
type Channel string

// The documented channels.
const (
	ChannelAlipay Channel = "alipay" // 支付宝支付
	ChannelWeChat Channel = "wx"     // 微信支付
)

// CreateOrderRequest names an order that the merchant backend knows, with its amount, and
// how it is paid (用户进行付款).
type CreateOrderRequest struct {
	// OrderNo is the merchant order number (订单号, order_no). Required, 1 to 64 letters,
	// digits, "-" or "_". It may be larger than an int64.
	OrderNo string
	// Channel is the payment method (channel). Required.
	Channel Channel
}

// CreatedOrder is an order that can be paid.
type CreatedOrder struct {
	// Charge is the charge that Ping++ created for the order (ch). Store its ID, compare its
	// Amount with the stored order, and pass its Raw to the app.
	Charge *Charge
	// Raw is the merchant backend's response. It holds payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}
