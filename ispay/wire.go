package ispay

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// head begins every response.
type head struct {
	Success loosejson.Scalar `json:"success"`
	Code    loosejson.Scalar `json:"errorCode"`
	Message loosejson.Scalar `json:"errorMsg"`
}

type createdWire struct {
	head
	OrderID loosejson.Scalar `json:"order_id"`
}

type stateWire struct {
	head
	State loosejson.Scalar `json:"state"`
	Order *struct {
		State        loosejson.Scalar `json:"state"`
		QRCode       loosejson.Scalar `json:"qrcode"`
		ImageText    loosejson.Scalar `json:"imgtext"`
		AlipayUserID loosejson.Scalar `json:"alipayuid"`
		Amount       loosejson.Scalar `json:"amount"`
		SN           loosejson.Scalar `json:"sn"`
		Timeout      loosejson.Scalar `json:"timeout"`
	} `json:"order"`
}

type orderWire struct {
	head
	Order struct {
		SN        loosejson.Scalar `json:"sn"`
		State     loosejson.Scalar `json:"state"`
		QRCode    loosejson.Scalar `json:"qrcode"`
		ImageText loosejson.Scalar `json:"imgtext"`
		NotifyURL loosejson.Scalar `json:"notifyurl"`
		ReturnURL loosejson.Scalar `json:"returnurl"`
		Notified  loosejson.Scalar `json:"returning"`
		Amount    loosejson.Scalar `json:"amount"`
		PayerIP   loosejson.Scalar `json:"ip"`
		Channel   loosejson.Scalar `json:"paytype"`
		CreatedAt loosejson.Scalar `json:"create_time"`
	} `json:"order"`
}

// decode decodes a response into a wire struct that begins with h. success decides,
// never errorCode: 订单不存在 comes with errorCode 0.
func decode(response transport.Response, wire any, h *head) (loosejson.Fields, *paygates.Error) {
	var f loosejson.Fields
	unread, err := loosejson.Unmarshal(response.Body, wire)
	if err != nil {
		return f, response.Unreadable(err)
	}
	f.Unread = unread
	success := f.NeedBool("success", h.Success)
	switch {
	case f.Err() != nil:
		return f, response.Bad(f.Err().Error())
	case !success:
		return f, rejection(response, h)
	case !response.OK():
		return f, response.NotSuccess()
	default:
		return f, nil
	}
}

func rejection(response transport.Response, h *head) *paygates.Error {
	code, message := h.Code.Text(), h.Message.Text()
	if code == "0" {
		code = ""
	}
	var meaning error
	if strings.Contains(message, "订单不存在") {
		meaning = paygates.ErrOrderNotFound
	}
	return response.Error(code, message, meaning)
}

func (c *Client) decodeCreated(response transport.Response) (*CreatedOrder, error) {
	var wire createdWire
	f, failed := decode(response, &wire, &wire.head)
	if failed != nil {
		return nil, failed
	}
	orderID := f.NeedNumber("order_id", wire.OrderID)
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	payPage, err := c.PayPageURL(orderID)
	if err != nil {
		return nil, response.Bad("order_id is not a path segment")
	}
	return &CreatedOrder{
		OrderID: orderID, PayPageURL: payPage, Raw: paygates.NewPrivate(json.RawMessage(response.Body)),
	}, nil
}

// decodeState decodes the responses of /query and /qrcode: the state is beside the
// order in one and inside it in the other.
func decodeState(response transport.Response, orderID string, needCode bool) (*OrderState, error) {
	var wire stateWire
	f, failed := decode(response, &wire, &wire.head)
	if failed != nil {
		return nil, failed
	}
	result := &OrderState{Raw: paygates.NewPrivate(json.RawMessage(response.Body))}
	if slices.Contains(f.Unread, "order") { // [] or "", as which PHP writes no order
		wire.Order = nil
	}
	state := wire.State
	if order := wire.Order; order != nil {
		if !state.IsSet() {
			state = order.State
		}
		result.Code = &PaymentCode{
			QRCode:       f.Text("order.qrcode", order.QRCode),
			ImageText:    f.Text("order.imgtext", order.ImageText),
			AlipayUserID: f.Text("order.alipayuid", order.AlipayUserID),
			Amount:       f.NeedAmount("order.amount", order.Amount),
			SN:           f.Text("order.sn", order.SN),
			Timeout:      f.Seconds("order.timeout", order.Timeout),
		}
		// The document's samples have the gateway's number here in one place and the
		// merchant's in another, so only a number of the same form tells.
		if sn := result.Code.SN; len(sn) == len(orderID) && sn != orderID {
			f.Fail(response.Other("sn", sn, orderID))
		}
	}
	if needCode && wire.Order == nil {
		f.Fail("no order")
	}
	result.State = State(f.NeedInt("state", state))
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	result.Unread = f.Unread
	return result, nil
}

// decodeOrder decodes a response of /order. orderNo is the number of the order that was
// queried, "" for any.
func decodeOrder(response transport.Response, orderNo string) (*Order, error) {
	var wire orderWire
	f, failed := decode(response, &wire, &wire.head)
	if failed != nil {
		return nil, failed
	}
	w := &wire.Order
	order := &Order{
		SN:        f.Text("sn", w.SN),
		State:     State(f.NeedInt("state", w.State)),
		Amount:    f.NeedAmount("amount", w.Amount),
		Channel:   Channel(f.Text("paytype", w.Channel)),
		QRCode:    f.Text("qrcode", w.QRCode),
		ImageText: f.Text("imgtext", w.ImageText),
		NotifyURL: f.Text("notifyurl", w.NotifyURL),
		ReturnURL: f.Text("returnurl", w.ReturnURL),
		Notified:  f.Bool("returning", w.Notified),
		PayerIP:   f.Private("ip", w.PayerIP),
		CreatedAt: f.Time("create_time", w.CreatedAt),
		Raw:       paygates.NewPrivate(json.RawMessage(response.Body)),
	}
	order.OrderNo = orderNo
	switch {
	case orderNo == "":
		order.OrderNo = order.SN
	case order.SN != "" && order.SN != orderNo:
		f.Fail(response.Other("sn", order.SN, orderNo))
	}
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread
	return order, nil
}
