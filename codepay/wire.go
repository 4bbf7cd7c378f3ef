package codepay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// decode reads the head of a response, JSON or JSONP, and returns the JSON as it arrived. A
// status below 0 is a rejection; meanings says what it means.
func decode(
	response transport.Response, meanings map[int64]error,
) (f loosejson.Fields, raw json.RawMessage, failed *paygates.Error) {
	raw = withoutCall(response.Body)
	text := decodeJSON(raw)
	f, err := loosejson.Parse(text)
	if err != nil {
		return f, nil, response.Unreadable(err)
	}
	if bare := bytes.TrimSpace(raw); bare[0] != '{' || bare[len(bare)-1] != '}' { // something is around it
		object, _ := loosejson.Read(text) // Parse has read it
		raw = json.RawMessage(object.JSON())
	}
	status := f.NeedInt("status")
	switch {
	case f.Err() != nil:
		return f, nil, response.Bad(f.Err().Error())
	case status < 0:
		return f, raw, response.Error(strconv.FormatInt(status, 10), f.Text("msg"), meanings[status])
	case !response.OK() && status == int64(response.Status): // the error of a web server or a framework
		return f, nil, response.Bad("status is that of HTTP")
	case !response.OK():
		return f, nil, response.NotSuccess()
	default:
		return f, raw, nil
	}
}

// decodeCreated decodes the response to a create. It must be about the request, unless
// that is nil. While the listening software is offline it returns an order and an error,
// if the gateway sent an order.
func decodeCreated(response transport.Response, userID string, request *CreateOrderRequest) (*CreatedOrder, error) {
	f, raw, failed := decode(response, createCodes)
	isOffline := failed != nil && errors.Is(failed, ErrListenerOffline)
	if failed != nil && !isOffline {
		return nil, failed
	}
	order := createdOrder(f, userID)
	order.Raw = paygates.NewPrivate(raw)
	order.Unread = f.Unread()
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

func createdOrder(f loosejson.Fields, userID string) *CreatedOrder {
	if status := f.NeedInt("status"); status > 0 {
		f.Fail(fmt.Sprintf("status %d is not one of a create", status))
	}
	qrCode := f.Text("qrcode")
	if strings.HasPrefix(qrCode, "//") {
		qrCode = "https:" + qrCode
	}
	order := &CreatedOrder{
		OrderID:       orderID(f, userID),
		OrderNo:       f.NeedTextIfAny("pay_id"),
		Channel:       Channel(f.Int("type")),
		Amount:        f.Amount("price"),
		PayableAmount: f.NeedAmount("money"),
		QRCodeURL:     qrCode,
		UserID:        f.Text("userID"),
		NotifyKey:     f.Private("notiry_key"),
		Tag:           f.Text("tag"),
		Charset:       Charset(f.Text("chart")),
		ServerTime:    f.Time("serverTime"),
		ExpiresAt:     f.Time("endTime"),
		ReceivedAt:    time.Now(),
		Message:       f.Text("msg"),
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

func decodeOrder(response transport.Response, userID, id string) (*Order, error) {
	f, raw, failed := decode(response, queryCodes)
	if failed != nil {
		return nil, failed
	}
	order := &Order{
		OrderID:   id,
		State:     stateOf(f.NeedInt("status")),
		OrderNo:   f.NeedTextIfAny("pay_id"),
		PaymentNo: f.NeedTextIfAny("pay_no"), // compared with a notification, as money is
		Message:   f.Text("msg"),
		Raw:       paygates.NewPrivate(raw),
	}
	if f.Has("money") {
		order.PaidAmount = f.NeedAmount("money")
	}
	got := orderID(f, userID)
	order.Unread = f.Unread()
	switch {
	case f.Err() != nil:
		return nil, response.Bad(f.Err().Error())
	case got != "" && got != id:
		return nil, response.Error("", "", &otherOrder{response.Other("order_id", got, id)})
	}
	return order, nil
}

func orderID(f loosejson.Fields, userID string) string {
	return orderIDOf(f.NeedTextIfAny("order_id"), userID, f.Text("id"), f.Text("trueID"), f.Text("userID"))
}

// orderIDOf returns the gateway's order number, or "" for a value that stands for none, such
// as another number, above all the merchant's, which deployments send in its place.
func orderIDOf(sent string, others ...string) string {
	if !loosejson.IsNumber(sent) || slices.Contains(others, sent) {
		return ""
	}
	return sent
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
