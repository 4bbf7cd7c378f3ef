package pingpp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

type backendWire struct {
	Status  loosejson.Scalar `json:"status"`
	Message loosejson.Scalar `json:"message"`
	// A backend that knows tokens by "Authorization: Token" rejects one with a detail and
	// without a status.
	Detail loosejson.Scalar `json:"detail"`
	Charge loosejson.Value  `json:"ch"`
}

type apiErrorWire struct {
	Error *struct {
		Type    loosejson.Scalar `json:"type"`
		Code    loosejson.Scalar `json:"code"`
		Param   loosejson.Scalar `json:"param"`
		Message loosejson.Scalar `json:"message"`
	} `json:"error"`
}

type chargeWire struct {
	ID             loosejson.Scalar `json:"id"`
	Object         loosejson.Scalar `json:"object"`
	OrderNo        loosejson.Scalar `json:"order_no"`
	App            loosejson.Scalar `json:"app"`
	Channel        loosejson.Scalar `json:"channel"`
	LiveMode       loosejson.Scalar `json:"livemode"`
	Paid           loosejson.Scalar `json:"paid"`
	Refunded       loosejson.Scalar `json:"refunded"`
	Reversed       loosejson.Scalar `json:"reversed"`
	Amount         loosejson.Scalar `json:"amount"`
	AmountSettle   loosejson.Scalar `json:"amount_settle"`
	AmountRefunded loosejson.Scalar `json:"amount_refunded"`
	Currency       loosejson.Scalar `json:"currency"`
	Subject        loosejson.Scalar `json:"subject"`
	Body           loosejson.Scalar `json:"body"`
	Description    loosejson.Scalar `json:"description"`
	ClientIP       loosejson.Scalar `json:"client_ip"`
	CreatedAt      loosejson.Scalar `json:"created"`
	PaidAt         loosejson.Scalar `json:"time_paid"`
	ExpiresAt      loosejson.Scalar `json:"time_expire"`
	SettledAt      loosejson.Scalar `json:"time_settle"`
	TransactionNo  loosejson.Scalar `json:"transaction_no"`
	Refunds        loosejson.Value  `json:"refunds"`
	FailureCode    loosejson.Scalar `json:"failure_code"`
	FailureMessage loosejson.Scalar `json:"failure_msg"`
	Metadata       loosejson.Value  `json:"metadata"`
	Extra          loosejson.Value  `json:"extra"`
	Credential     loosejson.Value  `json:"credential"`
}

type eventWire struct {
	ID        loosejson.Scalar `json:"id"`
	Object    loosejson.Scalar `json:"object"`
	Type      loosejson.Scalar `json:"type"`
	LiveMode  loosejson.Scalar `json:"livemode"`
	CreatedAt loosejson.Scalar `json:"created"`
	Data      struct {
		Object loosejson.Value `json:"object"`
	} `json:"data"`
	PendingWebhooks loosejson.Scalar `json:"pending_webhooks"`
	RequestID       loosejson.Scalar `json:"request"`
}

// decodeCreated decodes a response of the merchant backend to a create. status decides.
func decodeCreated(response transport.Response, request CreateOrderRequest) (*CreatedOrder, error) {
	var wire backendWire
	if _, err := loosejson.Unmarshal(response.Body, &wire); err != nil {
		return nil, response.Unreadable(err)
	}
	var f loosejson.Fields
	status := f.NeedInt("status", wire.Status)
	message := wire.Message.Text()
	switch {
	case f.Err() != nil:
		return nil, response.Error("", wire.Detail.Text(), transport.Bad(f.Err().Error()))
	case status != 0:
		return nil, response.Error(strconv.FormatInt(status, 10), message, meaningOf(message))
	case !response.OK():
		return nil, response.NotSuccess()
	case !wire.Charge.IsObject():
		return nil, response.Bad("no ch")
	}
	charge, err := decodeCharge(wire.Charge)
	switch {
	case err != nil:
		return nil, response.Bad("ch: " + err.Error())
	case charge.OrderNo != request.OrderNo:
		return nil, response.Bad(response.Other("order_no", charge.OrderNo, request.OrderNo))
	case charge.Channel != "" && charge.Channel != request.Channel:
		return nil, response.Bad(response.Other("channel", string(charge.Channel), string(request.Channel)))
	}
	return &CreatedOrder{Charge: charge, Raw: paygates.NewPrivate(json.RawMessage(response.Body))}, nil
}

// decodeAPIError decodes an error of Ping++. notFound is what it is after a 404, or nil.
func decodeAPIError(response transport.Response, notFound error) *paygates.Error {
	var wire apiErrorWire
	if _, err := loosejson.Unmarshal(response.Body, &wire); err != nil {
		return response.Unreadable(err)
	}
	w := wire.Error
	if w == nil || !w.Type.IsSet() && !w.Code.IsSet() && !w.Message.IsSet() {
		return response.Bad("no error")
	}
	apiError := &APIError{
		Type:  response.Mask(w.Type.Text()),
		Code:  response.Mask(w.Code.Text()),
		Param: response.Mask(w.Param.Text()),
	}
	var cause error = apiError
	switch {
	case notFound != nil && (response.Status == http.StatusNotFound || apiError.Code == "resource_missing"):
		cause = fmt.Errorf("%w: %w", notFound, apiError)
	case response.Status >= http.StatusInternalServerError: // the next query may get a response
		cause = fmt.Errorf("%w: %w", paygates.ErrBadResponse, apiError)
	}
	return response.Error(apiError.Code, w.Message.Text(), cause)
}

// DecodeCharge decodes a stored charge: a Charge's Raw. The error is a *paygates.Error that
// is ErrBadResponse.
func DecodeCharge(raw []byte) (*Charge, error) {
	charge, err := readCharge(raw)
	if err != nil {
		return nil, transport.Kept(gateway, "decode charge", raw).Bad(err.Error())
	}
	return charge, nil
}

// readCharge decodes a response that is a charge. The error says what is missing.
func readCharge(raw []byte) (*Charge, error) {
	var w chargeWire
	unread, err := loosejson.Unmarshal(raw, &w)
	if err != nil {
		return nil, err
	}
	return w.charge(raw, unread)
}

// decodeCharge decodes a charge that is a part of a response or a notification.
func decodeCharge(value loosejson.Value) (*Charge, error) {
	var w chargeWire
	unread, err := value.Unmarshal(&w)
	if err != nil {
		return nil, err
	}
	return w.charge(value.Bytes(), unread)
}

func (w *chargeWire) charge(raw json.RawMessage, unread []string) (*Charge, error) {
	if w.Object.Text() != "charge" {
		return nil, errors.New("not a charge")
	}
	f := loosejson.Fields{Unread: unread}
	charge := &Charge{
		ID:             f.NeedNumber("id", w.ID),
		OrderNo:        f.NeedText("order_no", w.OrderNo),
		App:            f.Text("app", w.App),
		Channel:        Channel(f.Text("channel", w.Channel)),
		LiveMode:       f.NeedBool("livemode", w.LiveMode),
		PaidOnce:       f.NeedBool("paid", w.Paid),
		Reversed:       f.Bool("reversed", w.Reversed),
		Amount:         f.NeedCents("amount", w.Amount),
		AmountSettle:   f.Cents("amount_settle", w.AmountSettle),
		Currency:       strings.ToLower(f.NeedText("currency", w.Currency)),
		Subject:        f.Text("subject", w.Subject),
		Body:           f.Private("body", w.Body),
		Description:    f.Private("description", w.Description),
		ClientIP:       f.Private("client_ip", w.ClientIP),
		CreatedAt:      f.Time("created", w.CreatedAt),
		PaidAt:         f.Time("time_paid", w.PaidAt),
		ExpiresAt:      f.Time("time_expire", w.ExpiresAt),
		SettledAt:      f.Time("time_settle", w.SettledAt),
		TransactionNo:  f.Text("transaction_no", w.TransactionNo),
		FailureCode:    f.Text("failure_code", w.FailureCode),
		FailureMessage: f.Text("failure_msg", w.FailureMessage),
		Refunds:        decodeRefunds(&f, w.Refunds),
		Metadata:       paygates.NewPrivate(decodeMetadata(w.Metadata)),
		Extra:          paygates.NewPrivate(json.RawMessage(w.Extra.Bytes())),
		Credential:     paygates.NewPrivate(json.RawMessage(w.Credential.Bytes())),
		Raw:            paygates.NewPrivate(raw),
	}
	// Refunds decide whether the money is still there. A charge without any may leave
	// both fields out.
	if !w.Refunded.IsNothing() {
		charge.Refunded = f.NeedBool("refunded", w.Refunded)
	}
	if charge.Refunded || !w.AmountRefunded.IsNothing() {
		charge.AmountRefunded = f.NeedCents("amount_refunded", w.AmountRefunded)
	}
	charge.Unread = f.Unread
	return charge, f.Err()
}

// decodeEvent decodes an event. The error says what is missing.
func decodeEvent(body []byte) (*Event, error) {
	var w eventWire
	unread, err := loosejson.Unmarshal(body, &w)
	if err != nil {
		return nil, fmt.Errorf("body cannot be read: %w", err)
	}
	f := loosejson.Fields{Unread: unread}
	e := &Event{
		ID:              f.Text("id", w.ID),
		Type:            EventType(f.NeedText("type", w.Type)),
		LiveMode:        f.NeedBool("livemode", w.LiveMode),
		CreatedAt:       f.Time("created", w.CreatedAt),
		Object:          paygates.NewPrivate(json.RawMessage(w.Data.Object.Bytes())),
		PendingWebhooks: int(f.Int("pending_webhooks", w.PendingWebhooks)),
		RequestID:       f.Text("request", w.RequestID),
		Raw:             paygates.NewPrivate(json.RawMessage(body)),
	}
	if w.Object.Text() != "event" {
		return nil, errors.New(`object must be "event"`)
	}
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("body cannot be read: %w", err)
	}
	if strings.HasPrefix(string(e.Type), "charge.") {
		charge, err := decodeCharge(w.Data.Object)
		switch {
		case err == nil:
			e.Charge = charge
			f.Unread = append(f.Unread, charge.Unread...)
		case e.Type == EventChargeSucceeded:
			return nil, fmt.Errorf("data.object must be a charge: %w", err)
		default:
			f.Unread = append(f.Unread, "data.object")
		}
	}
	e.Unread = f.Unread
	return e, nil
}

// decodeMetadata decodes an object of mixed types into texts. PHP writes an empty one as [].
func decodeMetadata(raw loosejson.Value) map[string]string {
	var texts map[string]string
	for name, value := range raw.Members() {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[name] = value.Scalar().Text()
		if first := value.Bytes()[0]; first == '{' || first == '[' {
			texts[name] = string(value.Bytes())
		}
	}
	return texts
}
