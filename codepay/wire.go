package codepay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// head is part of every response.
type head struct {
	Status  loosejson.Scalar `json:"status"`
	Message loosejson.Scalar `json:"msg"`
}

// identity is what a response says that it is about.
type identity struct {
	OrderID loosejson.Scalar `json:"order_id"`
	OrderNo loosejson.Scalar `json:"pay_id"`
	ID      loosejson.Scalar `json:"id"`
	TrueID  loosejson.Scalar `json:"trueID"`
	UserID  loosejson.Scalar `json:"userID"`
	Money   loosejson.Scalar `json:"money"`
}

type createdWire struct {
	head
	identity
	Channel    loosejson.Scalar `json:"type"`
	Price      loosejson.Scalar `json:"price"`
	QRCode     loosejson.Scalar `json:"qrcode"`
	NotifyKey  loosejson.Scalar `json:"notiry_key"`
	Tag        loosejson.Scalar `json:"tag"`
	Charset    loosejson.Scalar `json:"chart"`
	ServerTime loosejson.Scalar `json:"serverTime"`
	EndTime    loosejson.Scalar `json:"endTime"`
}

type orderWire struct {
	head
	identity
	PaymentNo loosejson.Scalar `json:"pay_no"`
}

// decode decodes a response, JSON or JSONP, into a wire struct that begins with h. It
// returns the JSON as it arrived. A status below 0 is a rejection; meanings says what it
// means.
func decode(
	response transport.Response, wire any, h *head, meanings map[int64]error,
) (raw []byte, f loosejson.Fields, failed *paygates.Error) {
	raw = withoutCall(response.Body)
	unread, err := loosejson.Unmarshal(decodeJSON(raw), wire)
	if err != nil {
		return nil, f, response.Unreadable(err)
	}
	f.Unread = unread
	status := f.NeedInt("status", h.Status)
	switch {
	case f.Err() != nil:
		return nil, f, response.Bad(f.Err().Error())
	case status < 0:
		return raw, f, response.Error(strconv.FormatInt(status, 10), h.Message.Text(), meanings[status])
	case !response.OK():
		return nil, f, response.NotSuccess()
	default:
		return raw, f, nil
	}
}

// decodeCreated decodes the response to a create. It must be about the request, unless
// that is nil. While the listening software is offline it returns an order and an error,
// if the gateway sent an order.
func decodeCreated(response transport.Response, userID string, request *CreateOrderRequest) (*CreatedOrder, error) {
	var wire createdWire
	raw, f, failed := decode(response, &wire, &wire.head, createCodes)
	isOffline := failed != nil && errors.Is(failed, ErrListenerOffline)
	if failed != nil && !isOffline {
		return nil, failed
	}
	order := wire.order(&f, userID)
	order.Raw = paygates.NewPrivate(json.RawMessage(raw))
	order.Unread = f.Unread
	other := request.complete(response, order)
	switch {
	case isOffline && (f.Err() != nil || other != nil):
		return nil, failed
	case f.Err() != nil:
		return nil, response.Bad(f.Err().Error())
	case other != nil:
		return nil, response.Error("", "", other)
	}
	if isOffline {
		return order, failed
	}
	return order, nil
}

func (w *createdWire) order(f *loosejson.Fields, userID string) *CreatedOrder {
	if status := f.NeedInt("status", w.Status); status > 0 {
		f.Fail(fmt.Sprintf("status %d is not one of a create", status))
	}
	qrCode := f.Text("qrcode", w.QRCode)
	if strings.HasPrefix(qrCode, "//") {
		qrCode = "https:" + qrCode
	}
	order := &CreatedOrder{
		OrderID:       w.orderID(f, userID),
		OrderNo:       w.orderNo(f),
		Channel:       Channel(f.Int("type", w.Channel)),
		Amount:        f.Amount("price", w.Price),
		PayableAmount: f.NeedAmount("money", w.Money),
		QRCodeURL:     qrCode,
		UserID:        f.Text("userID", w.UserID),
		NotifyKey:     f.Private("notiry_key", w.NotifyKey),
		Tag:           f.Text("tag", w.Tag),
		Charset:       Charset(f.Text("chart", w.Charset)),
		ServerTime:    f.Time("serverTime", w.ServerTime),
		ExpiresAt:     f.Time("endTime", w.EndTime),
		ReceivedAt:    time.Now(),
		Message:       f.Text("msg", w.Message),
	}
	if order.PayableAmount == 0 {
		f.Fail("money is 0.00")
	}
	return order
}

// complete fills in what a response to the request left out. It returns an error for a
// response to another request.
func (r *CreateOrderRequest) complete(response transport.Response, order *CreatedOrder) error {
	if r == nil {
		return nil
	}
	order.OrderNo = cmp.Or(order.OrderNo, r.OrderNo)
	order.Channel = cmp.Or(order.Channel, r.channel())
	order.Amount = cmp.Or(order.Amount, r.Amount)
	switch {
	case order.OrderNo != r.OrderNo:
		return &otherOrder{response.Other("pay_id", order.OrderNo, r.OrderNo)}
	case order.Channel != r.channel():
		return &otherOrder{response.Other("type", order.Channel.String(), r.channel().String())}
	case order.Amount != r.Amount:
		return &otherOrder{response.Other("price", order.Amount.String(), r.Amount.String())}
	default:
		return nil
	}
}

func decodeOrder(response transport.Response, userID, orderID string) (*Order, error) {
	var wire orderWire
	raw, f, failed := decode(response, &wire, &wire.head, queryCodes)
	if failed != nil {
		return nil, failed
	}
	order := &Order{
		OrderID:    orderID,
		State:      stateOf(f.NeedInt("status", wire.Status)),
		OrderNo:    wire.orderNo(&f),
		PaymentNo:  f.Text("pay_no", wire.PaymentNo),
		PaidAmount: f.Amount("money", wire.Money),
		Message:    f.Text("msg", wire.Message),
		Raw:        paygates.NewPrivate(json.RawMessage(raw)),
	}
	got := wire.orderID(&f, userID)
	// These are compared with a notification.
	for _, name := range []string{"pay_no", "money"} {
		if slices.Contains(f.Unread, name) {
			f.Fail(name + " has another shape")
		}
	}
	switch {
	case f.Err() != nil:
		return nil, response.Bad(f.Err().Error())
	case got != "" && got != orderID:
		return nil, response.Error("", "", &otherOrder{response.Other("order_id", got, orderID)})
	}
	order.Unread = f.Unread
	return order, nil
}

func (i *identity) orderID(f *loosejson.Fields, userID string) string {
	id := f.Text("order_id", i.OrderID)
	if slices.Contains(f.Unread, "order_id") {
		f.Fail("order_id is not a single value")
	}
	return orderIDOf(id, userID, i.ID.Text(), i.TrueID.Text(), i.UserID.Text())
}

// orderIDOf returns the gateway's order number, or "" for a value that stands for none, such
// as the merchant's own number, which deployments send in its place.
func orderIDOf(sent string, merchant ...string) string {
	if !loosejson.IsNumber(sent) || slices.Contains(merchant, sent) {
		return ""
	}
	return sent
}

func (i *identity) orderNo(f *loosejson.Fields) string {
	orderNo := f.Text("pay_id", i.OrderNo)
	if slices.Contains(f.Unread, "pay_id") || strings.ContainsRune(orderNo, utf8.RuneError) {
		f.Fail("pay_id is not a text in the encoding of chart")
	}
	return orderNo
}

// otherOrder is the error for a response about another order than the requested one. It
// is an ErrBadResponse.
type otherOrder struct{ why string }

func (e *otherOrder) Error() string { return paygates.ErrBadResponse.Error() + ": " + e.why }

func (e *otherOrder) Unwrap() error { return paygates.ErrBadResponse }

func stateOf(status int64) State {
	if status >= 0 && status < int64(len(states)) {
		return states[status] // without an allocation
	}
	return State(strconv.FormatInt(status, 10))
}

var states = [...]State{StateUnpaid, StatePaid, StateCompleted}
