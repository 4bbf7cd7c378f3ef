package ispay

import (
	"encoding/json"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// decode reads the head of a response. success decides, never errorCode: 订单不存在 comes
// with errorCode 0.
func decode(response transport.Response) (loosejson.Fields, *paygates.Error) {
	f, err := loosejson.ParseResponse(response.Body)
	if err != nil {
		return f, response.Unreadable(err)
	}
	success := f.NeedBool("success")
	switch {
	case f.Err() != nil:
		return f, response.Bad(f.Err().Error())
	case !success:
		return f, rejection(response, f)
	case !response.OK():
		return f, response.NotSuccess()
	default:
		return f, nil
	}
}

func rejection(response transport.Response, f loosejson.Fields) *paygates.Error {
	code, message := f.Text("errorCode"), f.Text("errorMsg")
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
	f, failed := decode(response)
	if failed != nil {
		return nil, failed
	}
	orderID := f.NeedNumber("order_id")
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
	f, failed := decode(response)
	if failed != nil {
		return nil, failed
	}
	result := &OrderState{Raw: paygates.NewPrivate(json.RawMessage(response.Body))}
	// No order is null, [] or "", or an object without anything to pay.
	state, order := f, f.Object("order")
	if order.Exists() && !f.Has("state") {
		state = order
	}
	if needCode && !order.Exists() {
		f.Fail("no order")
	}
	if needCode || order.Has("amount") || order.Has("qrcode") {
		result.Code = &PaymentCode{
			QRCode:       order.Text("qrcode"),
			ImageText:    order.Text("imgtext"),
			AlipayUserID: order.Text("alipayuid"),
			Amount:       order.NeedAmount("amount"),
			SN:           order.Text("sn"),
			Timeout:      order.Seconds("timeout"),
		}
	}
	// One of the document's samples has the gateway's number here, another one the
	// merchant's. Only a number of the same length can be compared.
	if sn := order.Text("sn"); len(sn) == len(orderID) && sn != orderID {
		f.Fail(response.Other("sn", sn, orderID))
	}
	result.State = State(state.NeedInt("state"))
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	result.Unread = f.Unread()
	return result, nil
}

// decodeOrder decodes a response of /order. orderNo is the number of the order that was
// queried, "" for any.
func decodeOrder(response transport.Response, orderNo string) (*Order, error) {
	f, failed := decode(response)
	if failed != nil {
		return nil, failed
	}
	f = f.Object("order")
	order := &Order{
		SN:        f.Text("sn"),
		State:     State(f.NeedInt("state")),
		Amount:    f.NeedAmount("amount"),
		Channel:   Channel(f.Text("paytype")),
		QRCode:    f.Text("qrcode"),
		ImageText: f.Text("imgtext"),
		NotifyURL: f.Text("notifyurl"),
		ReturnURL: f.Text("returnurl"),
		Notified:  f.Bool("returning"),
		PayerIP:   f.Private("ip"),
		CreatedAt: f.Time("create_time"),
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
	order.Unread = f.Unread()
	return order, nil
}
