package pingpptest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/gatewaytest"
)

func chargeOf(order gatewaytest.Order, refunds []map[string]any) map[string]any {
	var paidAt, transactionNo any
	if order.Paid {
		paidAt, transactionNo = order.PaidAt.Unix(), "2016000000000000000000000001"
	}
	created := order.CreatedAt.Unix()
	expires := created + 24*60*60
	if order.State == stateExpired {
		expires = created - 60*60
	}
	return map[string]any{
		"id": order.ID, "object": "charge", "created": created,
		"livemode": order.Fields["livemode"] == "true",
		"paid":     order.Paid, "refunded": len(refunds) > 0,
		"app": App, "channel": order.Channel, "order_no": order.OrderNo, "client_ip": "203.0.113.7",
		"amount": order.Amount.Cents(), "amount_settle": order.Amount.Cents(), "currency": "cny",
		"subject": order.Fields["subject"], "body": order.OrderNo, "extra": map[string]any{},
		"time_paid": paidAt, "time_expire": expires, "time_settle": nil, "transaction_no": transactionNo,
		"refunds":         listOf("/v1/charges/"+order.ID+"/refunds", refunds, false),
		"amount_refunded": sumOf(refunds), "failure_code": nil, "failure_msg": nil,
		"metadata":   map[string]any{"order_no": order.OrderNo, "order_id": 1},
		"credential": map[string]any{}, "description": nil,
	}
}

func (s *Server) credential(order gatewaytest.Order) map[string]any {
	if order.Channel == "wx" {
		return map[string]any{"object": "credential", "wx": map[string]any{
			"appId": "wxexample", "partnerId": "1200000000", "prepayId": "example-prepay-" + order.ID,
			"nonceStr": "example", "packageValue": "Sign=WXPay", "timeStamp": order.CreatedAt.Unix(),
			"sign": "EXAMPLE",
		}}
	}
	notifyURL := url.QueryEscape(s.URL + "/notify/charges/" + order.ID)
	return map[string]any{"object": "credential", "alipay": map[string]any{
		"orderInfo": `service="mobile.securitypay.pay"&_input_charset="utf-8"&notify_url="` + notifyURL +
			`"&partner="2088000000000000"&out_trade_no="` + order.OrderNo + `"&subject="` + order.Fields["subject"] +
			`"&total_fee="` + order.Amount.String() + `"&payment_type="1"&sign="example"&sign_type="RSA"`,
	}}
}

// paymentEvent returns the event of a paid charge, given as it was before all refunds.
func paymentEvent(order gatewaytest.Order, charge map[string]any) map[string]any {
	return eventOf(order, "charge.succeeded", order.PaidAt.Unix(), charge)
}

func eventOf(order gatewaytest.Order, kind string, created any, object map[string]any) map[string]any {
	id, _ := object["id"].(string)
	_, number, _ := strings.Cut(id, "_")
	return map[string]any{
		"id": "evt_" + number, "object": "event", "type": kind, "created": created,
		"livemode": order.Fields["livemode"] == "true", "data": map[string]any{"object": object},
		"pending_webhooks": 0, "request": "iar_" + number,
	}
}

// notification returns the event of a paid charge, always the same one. A tampered one is
// changed after it was signed.
func (s *Server) notification(order gatewaytest.Order, tampered bool) gatewaytest.Message {
	charge, event := s.NotificationFields(), s.NotificationFields()
	maps.Copy(charge, chargeOf(order, nil))
	maps.Copy(event, paymentEvent(order, charge))
	body, _ := json.Marshal(event)
	signature := s.Sign(body)
	if tampered {
		charge["amount"], charge["paid"] = order.Amount.Cents()+90000, true
		body, _ = json.Marshal(event)
	}
	return gatewaytest.Message{
		Method: http.MethodPost, URL: order.NotifyURL, ContentType: "application/json; charset=utf-8", Body: string(body),
		Header: map[string]string{"X-Pingplusplus-Signature": signature},
	}
}
