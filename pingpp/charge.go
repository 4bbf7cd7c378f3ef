package pingpp

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
)

// Charge is a payment as Ping++ knows it (支付对象).
type Charge struct {
	// ID is Ping++'s number of the charge (id), "ch_…".
	ID string
	// OrderNo is the merchant's number of the order (order_no).
	OrderNo string
	// App is the Ping++ application (app), "app_…".
	App string
	// Channel is how the payer pays (channel).
	Channel Channel
	// LiveMode is false for a charge of test mode, in which no money moves
	// (livemode).
	LiveMode bool
	// Paid reports whether the payer has paid (paid). It stays true after a refund.
	Paid bool
	// Refunded reports whether there is a refund, whatever became of it (refunded).
	Refunded bool
	// Reversed reports whether the charge was taken back before it was paid
	// (reversed). The document's sample does not have it, later answers do.
	Reversed bool
	// Amount is what is to be paid (amount), AmountSettle what will be settled
	// (amount_settle) and AmountRefunded what has been given back
	// (amount_refunded), in hundredths of Currency.
	Amount, AmountSettle, AmountRefunded money.Amount
	// Currency is the ISO code in lower case (currency), "cny".
	Currency string
	// Subject is the title of the order (subject), Body its description (body).
	Subject, Body string
	// Description is the merchant's own note (description).
	Description string
	// ClientIP is the payer's address (client_ip).
	ClientIP string
	// CreatedAt is when the charge was made (created), PaidAt when it was paid
	// (time_paid), ExpiresAt when it can no longer be paid (time_expire), SettledAt
	// when it was settled (time_settle). Zero if Ping++ does not say.
	CreatedAt, PaidAt, ExpiresAt, SettledAt time.Time
	// TransactionNo is the channel's own number of the payment (transaction_no).
	TransactionNo string
	// Refunds are the refunds that Ping++ lists with the charge (refunds).
	Refunds RefundList
	// FailureCode and FailureMessage say why a charge failed (failure_code,
	// failure_msg).
	FailureCode, FailureMessage string
	// Metadata is what the merchant backend added (metadata). A number is kept as
	// its digits, a list or an object as its JSON.
	Metadata map[string]string
	// Extra holds the parameters of the channel (extra), as they came.
	Extra json.RawMessage
	// Credential is what the app pays with (credential), as it came. It is {} in a
	// notification. AlipayCredential and WeChatCredential read it.
	Credential json.RawMessage
	// Raw is the whole charge as it came. The Ping++ SDK of the app takes it
	// untouched. It holds payer data.
	Raw json.RawMessage
}

// A charge that is not paid this long after it expired never will be. Clocks
// differ, and a channel may report a payment of the last minute late.
const expiryGrace = 5 * time.Minute

// Final reports whether waiting is over: the charge is paid, it failed, it was
// reversed, or it expired more than five minutes ago by this machine's clock.
func (c Charge) Final() bool { return c.state() != "waiting" }

func (c Charge) state() string {
	switch {
	case c.Paid:
		return "paid"
	case c.FailureCode != "":
		return "failed"
	case c.Reversed:
		return "reversed"
	case !c.ExpiresAt.IsZero() && time.Since(c.ExpiresAt) > expiryGrace:
		return "expired"
	default:
		return "waiting"
	}
}

// String names the charge, its order, amount and state, without payer data.
func (c Charge) String() string {
	mode := ""
	if !c.LiveMode {
		mode = ", test mode"
	}
	return fmt.Sprintf("pingpp charge %s for order %s: %s %s, %s%s", c.ID, c.OrderNo, c.Amount, c.Currency, c.state(), mode)
}

// Format writes what String returns, whatever the verb.
func (c Charge) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is what String returns.
func (c Charge) LogValue() slog.Value { return redact.LogValue(c) }

// RefundList is the beginning of a charge's list of refunds (退款列表).
type RefundList struct {
	// URL is where Ping++ lists all of them (url), a path.
	URL string
	// HasMore reports whether there are more than these (has_more).
	HasMore bool
	// Data are the refunds (data).
	Data []Refund
}

// String names how many there are.
func (l RefundList) String() string { return fmt.Sprintf("pingpp list of %d refunds", len(l.Data)) }

// Format writes what String returns, whatever the verb.
func (l RefundList) Format(f fmt.State, _ rune) { redact.Format(f, l) }

// LogValue is what String returns.
func (l RefundList) LogValue() slog.Value { return redact.LogValue(l) }

// Refund is money given back to a payer (退款对象).
type Refund struct {
	// ID is Ping++'s number of the refund (id), OrderNo the channel's (order_no).
	ID, OrderNo string
	// Amount in hundredths of the charge's currency (amount).
	Amount money.Amount
	// Succeeded reports whether the money went back (succeed). Status is "pending",
	// "succeeded" or "failed" (status).
	Succeeded bool
	Status    string
	// Description is why (description).
	Description string
	// CreatedAt is when the refund was asked for (created), SucceededAt when the
	// money went back (time_succeed), zero before.
	CreatedAt, SucceededAt time.Time
	// FailureCode and FailureMessage say why it failed (failure_code, failure_msg).
	FailureCode, FailureMessage string
	// Raw is the refund as it came.
	Raw json.RawMessage
}

// String names the refund, its amount and status, without its description.
func (r Refund) String() string {
	return fmt.Sprintf("pingpp refund %s: %s, %s", r.ID, r.Amount, r.Status)
}

// Format writes what String returns, whatever the verb.
func (r Refund) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r Refund) LogValue() slog.Value { return redact.LogValue(r) }

// AlipayCredential is what the Alipay SDK of the app pays with
// (credential.alipay).
type AlipayCredential struct {
	// OrderInfo is the signed order, to be passed on untouched (orderInfo).
	OrderInfo string
}

// String says what it is, without the signed order.
func (AlipayCredential) String() string { return "pingpp alipay credential" }

// Format writes what String returns, whatever the verb.
func (a AlipayCredential) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is what String returns.
func (a AlipayCredential) LogValue() slog.Value { return redact.LogValue(a) }

// WeChatCredential is what the WeChat SDK of the app pays with (credential.wx),
// or a page inside WeChat (credential.wx_pub).
type WeChatCredential struct {
	// AppID is the WeChat application (appId).
	AppID string
	// PartnerID is the WeChat merchant (partnerId). "" in wx_pub.
	PartnerID string
	// PrepayID is WeChat's number of the order (prepayId). "" in wx_pub.
	PrepayID string
	// NonceStr is a random text (nonceStr).
	NonceStr string
	// Package is the rest of what is signed (packageValue; package in wx_pub).
	Package string
	// TimeStamp is in Unix seconds (timeStamp: a number in wx, a text in wx_pub).
	TimeStamp string
	// SignType is the kind of signature (signType). "" in wx.
	SignType string
	// Sign is WeChat's signature (sign; paySign in wx_pub).
	Sign string
}

// String says what it is, without the signature.
func (WeChatCredential) String() string { return "pingpp wx credential" }

// Format writes what String returns, whatever the verb.
func (w WeChatCredential) Format(f fmt.State, _ rune) { redact.Format(f, w) }

// LogValue is what String returns.
func (w WeChatCredential) LogValue() slog.Value { return redact.LogValue(w) }

// AlipayCredential reads Credential of a charge in ChannelAlipay. The error is
// [ErrBadAnswer] if it holds none, or one of another shape.
func (c Charge) AlipayCredential() (*AlipayCredential, error) {
	var all struct {
		Alipay struct {
			OrderInfo loosejson.String `json:"orderInfo"`
		} `json:"alipay"`
	}
	if err := c.readCredential(&all); err != nil {
		return nil, err
	}
	if all.Alipay.OrderInfo == "" {
		return nil, noCredential("no alipay credential")
	}
	return &AlipayCredential{OrderInfo: string(all.Alipay.OrderInfo)}, nil
}

// WeChatCredential reads Credential of a charge in ChannelWeChat or "wx_pub".
// The error is [ErrBadAnswer] if it holds none, or one of another shape.
func (c Charge) WeChatCredential() (*WeChatCredential, error) {
	type fields struct {
		AppID        loosejson.String `json:"appId"`
		PartnerID    loosejson.String `json:"partnerId"`
		PrepayID     loosejson.String `json:"prepayId"`
		NonceStr     loosejson.String `json:"nonceStr"`
		PackageValue loosejson.String `json:"packageValue"`
		Package      loosejson.String `json:"package"`
		TimeStamp    loosejson.String `json:"timeStamp"`
		SignType     loosejson.String `json:"signType"`
		Sign         loosejson.String `json:"sign"`
		PaySign      loosejson.String `json:"paySign"`
	}
	var all struct {
		App  *fields `json:"wx"`
		Page *fields `json:"wx_pub"`
	}
	if err := c.readCredential(&all); err != nil {
		return nil, err
	}
	switch {
	case all.App != nil:
		f := all.App
		return &WeChatCredential{
			AppID: string(f.AppID), PartnerID: string(f.PartnerID), PrepayID: string(f.PrepayID),
			NonceStr: string(f.NonceStr), Package: string(f.PackageValue),
			TimeStamp: string(f.TimeStamp), Sign: string(f.Sign),
		}, nil
	case all.Page != nil:
		f := all.Page
		return &WeChatCredential{
			AppID: string(f.AppID), NonceStr: string(f.NonceStr), Package: string(f.Package),
			TimeStamp: string(f.TimeStamp), SignType: string(f.SignType), Sign: string(f.PaySign),
		}, nil
	default:
		return nil, noCredential("no wx credential")
	}
}

func (c Charge) readCredential(into any) error {
	if !isObject(c.Credential) {
		return noCredential("no credential")
	}
	if err := loosejson.Unmarshal(c.Credential, into); err != nil {
		return noCredential(err.Error())
	}
	return nil
}

func noCredential(why string) error {
	return fmt.Errorf("%s: read credential: %w", gateway, failure.Bad(why))
}

// DecodeCharge reads a charge that was kept: a Charge's Raw. The error is an
// [*Error] that is [ErrBadAnswer].
func DecodeCharge(raw []byte) (*Charge, error) {
	charge, err := readCharge(raw)
	if err != nil {
		return nil, &Error{Op: "decode charge", Body: raw, Err: failure.Bad(err.Error())}
	}
	return charge, nil
}

// readCharge reads a charge from an answer or a notification. The error says
// what is missing.
func readCharge(raw json.RawMessage) (*Charge, error) {
	var f struct {
		ID             loosejson.String `json:"id"`
		Object         loosejson.String `json:"object"`
		OrderNo        loosejson.String `json:"order_no"`
		App            loosejson.String `json:"app"`
		Channel        loosejson.String `json:"channel"`
		LiveMode       loosejson.Bool   `json:"livemode"`
		Paid           loosejson.Bool   `json:"paid"`
		Refunded       loosejson.Bool   `json:"refunded"`
		Reversed       loosejson.Bool   `json:"reversed"`
		Amount         loosejson.Int    `json:"amount"`
		AmountSettle   loosejson.Int    `json:"amount_settle"`
		AmountRefunded loosejson.Int    `json:"amount_refunded"`
		Currency       loosejson.String `json:"currency"`
		Subject        loosejson.String `json:"subject"`
		Body           loosejson.String `json:"body"`
		Description    loosejson.String `json:"description"`
		ClientIP       loosejson.String `json:"client_ip"`
		CreatedAt      loosejson.Unix   `json:"created"`
		PaidAt         loosejson.Unix   `json:"time_paid"`
		ExpiresAt      loosejson.Unix   `json:"time_expire"`
		SettledAt      loosejson.Unix   `json:"time_settle"`
		TransactionNo  loosejson.String `json:"transaction_no"`
		Refunds        refundList       `json:"refunds"`
		FailureCode    loosejson.String `json:"failure_code"`
		FailureMessage loosejson.String `json:"failure_msg"`
		Metadata       metadata         `json:"metadata"`
		Extra          json.RawMessage  `json:"extra"`
		Credential     json.RawMessage  `json:"credential"`
	}
	if err := loosejson.Unmarshal(raw, &f); err != nil {
		return nil, err
	}
	switch {
	case f.Object != "charge":
		return nil, errors.New("not a charge")
	case f.ID == "":
		return nil, errors.New("no id")
	case f.OrderNo == "":
		return nil, errors.New("no order_no")
	case !f.LiveMode.Set:
		return nil, errors.New("no livemode")
	case !f.Paid.Set:
		return nil, errors.New("no paid")
	case !f.Amount.Set:
		return nil, errors.New("no amount")
	case f.Amount.Value < 0 || f.AmountSettle.Value < 0 || f.AmountRefunded.Value < 0:
		return nil, errors.New("a negative amount")
	}
	return &Charge{
		ID:             string(f.ID),
		OrderNo:        string(f.OrderNo),
		App:            string(f.App),
		Channel:        Channel(f.Channel),
		LiveMode:       f.LiveMode.Value,
		Paid:           f.Paid.Value,
		Refunded:       f.Refunded.Value,
		Reversed:       f.Reversed.Value,
		Amount:         money.Cents(f.Amount.Value),
		AmountSettle:   money.Cents(f.AmountSettle.Value),
		AmountRefunded: money.Cents(f.AmountRefunded.Value),
		Currency:       string(f.Currency),
		Subject:        string(f.Subject),
		Body:           string(f.Body),
		Description:    string(f.Description),
		ClientIP:       string(f.ClientIP),
		CreatedAt:      f.CreatedAt.Time,
		PaidAt:         f.PaidAt.Time,
		ExpiresAt:      f.ExpiresAt.Time,
		SettledAt:      f.SettledAt.Time,
		TransactionNo:  string(f.TransactionNo),
		Refunds:        RefundList(f.Refunds),
		FailureCode:    string(f.FailureCode),
		FailureMessage: string(f.FailureMessage),
		Metadata:       f.Metadata,
		Extra:          f.Extra,
		Credential:     f.Credential,
		Raw:            raw,
	}, nil
}

// isObject tells {…} from null and from [], as which PHP writes an empty object.
func isObject(data []byte) bool { return len(data) > 0 && data[0] == '{' }

type refundList RefundList

// UnmarshalJSON implements json.Unmarshaler.
func (l *refundList) UnmarshalJSON(data []byte) error {
	*l = refundList{}
	if !isObject(data) {
		return nil
	}
	var f struct {
		URL     loosejson.String  `json:"url"`
		HasMore loosejson.Bool    `json:"has_more"`
		Data    []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	l.URL, l.HasMore = string(f.URL), f.HasMore.Value
	for _, raw := range f.Data {
		refund, err := readRefund(raw)
		if err != nil {
			return err
		}
		l.Data = append(l.Data, refund)
	}
	return nil
}

func readRefund(raw json.RawMessage) (Refund, error) {
	var f struct {
		ID             loosejson.String `json:"id"`
		OrderNo        loosejson.String `json:"order_no"`
		Amount         loosejson.Int    `json:"amount"`
		Succeeded      loosejson.Bool   `json:"succeed"`
		Status         loosejson.String `json:"status"`
		Description    loosejson.String `json:"description"`
		CreatedAt      loosejson.Unix   `json:"created"`
		SucceededAt    loosejson.Unix   `json:"time_succeed"`
		FailureCode    loosejson.String `json:"failure_code"`
		FailureMessage loosejson.String `json:"failure_msg"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return Refund{}, err
	}
	if f.Amount.Value < 0 {
		return Refund{}, errors.New("a negative refund")
	}
	return Refund{
		ID:             string(f.ID),
		OrderNo:        string(f.OrderNo),
		Amount:         money.Cents(f.Amount.Value),
		Succeeded:      f.Succeeded.Value,
		Status:         string(f.Status),
		Description:    string(f.Description),
		CreatedAt:      f.CreatedAt.Time,
		SucceededAt:    f.SucceededAt.Time,
		FailureCode:    string(f.FailureCode),
		FailureMessage: string(f.FailureMessage),
		Raw:            raw,
	}, nil
}

type metadata map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (m *metadata) UnmarshalJSON(data []byte) error {
	*m = nil
	if !isObject(data) {
		return nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil || len(values) == 0 {
		return err
	}
	*m = make(metadata, len(values))
	for name, raw := range values {
		var text loosejson.String
		if err := text.UnmarshalJSON(raw); err != nil {
			text = loosejson.String(raw)
		}
		(*m)[name] = string(text)
	}
	return nil
}
