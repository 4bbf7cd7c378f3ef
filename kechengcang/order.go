package kechengcang

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Currency is the currency of a fee (金额单位, currency).
type Currency int

// The known currencies. The document names the dollar only. The yuan is in the public
// source.
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

// PayCurrency is the cryptocurrency that the payer sends (支付币种, pay_currency).
type PayCurrency int

// The known cryptocurrencies. The document names FTM only. The others are in the public
// source.
const (
	PayCurrencyUnknown   PayCurrency = 1 // 未知
	PayCurrencyUSDTERC20 PayCurrency = 2 // ERC20/USDT
	PayCurrencyUSDTTRC20 PayCurrency = 3 // TRC20/USDT
	PayCurrencyMATIC     PayCurrency = 4 // ERC20/MATIC
	PayCurrencyFTM       PayCurrency = 5 // ERC20/FTM
)

var coins = map[PayCurrency]struct{ name, chain string }{
	PayCurrencyUSDTERC20: {"USDT-ERC20", "ERC20"},
	PayCurrencyUSDTTRC20: {"USDT-TRC20", "TRC20"},
	PayCurrencyMATIC:     {"MATIC", "ERC20"},
	PayCurrencyFTM:       {"FTM", "ERC20"},
}

// String returns the name of the coin, or the number of an unknown one.
func (c PayCurrency) String() string {
	if name := coins[c].name; name != "" {
		return name
	}
	return "pay currency " + strconv.Itoa(int(c))
}

// Chain returns the chain over which the payer sends the coin, "ERC20" or "TRC20", and ""
// for an unknown coin.
func (c PayCurrency) Chain() string { return coins[c].chain }

// Fee is the price of an order. Compare it with the stored order.
type Fee struct {
	// Amount in cents of Currency (金额, fee).
	Amount money.Amount
	// Currency of Amount (currency).
	Currency Currency
}

// String returns the amount and its currency: "20.00 USD".
func (f Fee) String() string { return f.Amount.String() + " " + f.Currency.String() }

// PayFee is the amount that the payer must send. While the order waits, the gateway
// computes it again every two minutes from the price of the coin: show the latest one, and
// never compare it with the price of the order.
type PayFee struct {
	// Amount in hundredths of the coin (付费金额, pay_fee).
	Amount money.Amount
	// Currency of Amount (pay_currency).
	Currency PayCurrency
}

// String returns the amount and its coin: "111.11 FTM".
func (f PayFee) String() string { return f.Amount.String() + " " + f.Currency.String() }

// State is the state of the payment (支付状态, pay_status). An unknown state is kept and is
// neither paid nor final.
type State int

// The documented states.
const (
	StateWaiting   State = 1 // 待支付: waiting for the payment
	StateSubmitted State = 2 // 已提交: the payer reports the transfer; not yet money
	StateFinished  State = 3 // 支付完成: paid; the only success
	StateTimedOut  State = 4 // 超时: not paid in time, 30 minutes in the public source
)

// Paid reports whether the money has arrived: StateFinished and nothing else.
func (s State) Paid() bool { return s == StateFinished }

// Final reports whether the order will not change anymore. An order can time out after
// StateSubmitted too: look for the transfer before you turn the payer away.
func (s State) Final() bool { return s == StateFinished || s == StateTimedOut }

// String returns the number and its meaning.
func (s State) String() string {
	return numbered(int(s), "waiting", "submitted", "finished", "timed out")
}

// Status is the state of the order as a whole (状态, status). State decides about money,
// not Status.
type Status int

// The documented statuses.
const (
	StatusOpen Status = 1 // 未完成
	StatusDone Status = 2 // 已完成
)

// String returns the number and its meaning.
func (s Status) String() string { return numbered(int(s), "open", "done") }

// CallbackStatus is the state of the notification (回调状态, callback_status).
type CallbackStatus int

// The documented states of a notification.
const (
	CallbackOpen   CallbackStatus = 1 // 未完成: not sent yet, or not accepted with "ok" yet
	CallbackDone   CallbackStatus = 2 // 已完成
	CallbackGaveUp CallbackStatus = 3 // 超时: no "ok" after seven attempts
)

// String returns the number and its meaning.
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
	// OrderID is the gateway's order number (id), the only one that it has.
	OrderID string
	// Subject is the title of the order (标题, title), Remark the merchant's note
	// (备注, remark).
	Subject, Remark string
	// Fee is the price of the order (fee, currency).
	Fee Fee
	// PayFee is the amount that the payer must send (pay_fee, pay_currency). It changes
	// while the order waits.
	PayFee PayFee
	// PayAccount is the address that paid (付款账号, pay_account).
	PayAccount paygates.Private[string] `json:"-"`
	// ReceiptAccount is the address to pay to (收款账号, receipt_account).
	ReceiptAccount string
	// TxHash is the transaction of the payment on its chain (txhash). The document does not
	// have it.
	TxHash string
	// NotifyURL receives the notification (回调地址, callback_url), ReturnURL is the page to
	// which the payer returns (支付完成后跳转页, redirect_url).
	NotifyURL, ReturnURL string
	// State is the state of the payment (pay_status).
	State State
	// Status is the state of the order as a whole (status).
	Status Status
	// CallbackStatus is the state of the notification (callback_status).
	CallbackStatus CallbackStatus
	// CallbackAt is when the last notification was sent (回调时间, callback_at),
	// CallbackTimes how many were sent (回调次数, callback_times).
	CallbackAt    time.Time
	CallbackTimes int
	// PayFinishAt is when the payment was finished (支付完成时间, pay_finish_at),
	// PayRefreshAt when PayFee was computed last (pay_refresh_at), PaySubmitAt when the
	// payer reported the transfer (pay_submit_at). Each is zero before.
	PayFinishAt, PayRefreshAt, PaySubmitAt time.Time
	// CreatedAt, UpdatedAt and DeletedAt are the times of the gateway's record (created_at,
	// updated_at, deleted_at), zero if unknown. The public server prints these three in UTC
	// and the others in UTC+8; all of them are UTC+8 here.
	CreatedAt, UpdatedAt, DeletedAt time.Time
	// AppID is the application that the order belongs to (应用 id, app_id).
	AppID string
	// PayPageURL is the page that shows the payer what to pay (电视展示地址, tv_url).
	PayPageURL string
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the gateway's response. It may hold payer data and the secret of the
	// application.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Paid reports whether the money has arrived.
func (o Order) Paid() bool { return o.State.Paid() }

// CreateOrderRequest is an order to create (创建订单).
type CreateOrderRequest struct {
	// Subject is the title of the order (标题, title). Required, at most 255 characters. The
	// gateway has no merchant order number: put yours here, so that the gateway's list of
	// orders shows it.
	Subject string
	// Fee is the price of the order (fee, currency). Required, at least 0.01.
	Fee Fee
	// Remark is a note (备注, remark), which a query returns. Optional, at most 255
	// characters.
	Remark string
	// NotifyURL receives the notification when the order is paid (callback_url). Optional, at
	// most 255 bytes; it may have a query. Do not rely on it: see NotificationHandler.
	NotifyURL string
	// ReturnURL is the page to which the payer returns (redirect_url). Optional, at most 255
	// bytes.
	ReturnURL string
}
