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

// decodeCreated decodes a response of the merchant backend to a create. status decides.
func decodeCreated(response transport.Response, request CreateOrderRequest) (*CreatedOrder, error) {
	f, err := loosejson.ParseResponse(response.Body)
	if err != nil {
		return nil, response.Unreadable(err)
	}
	status := f.NeedInt("status")
	message := f.Text("message")
	ch := f.Object("ch")
	switch {
	case f.Err() != nil: // a backend that knows tokens by "Authorization: Token" rejects one with a detail alone
		return nil, response.Error("", f.Text("detail"), transport.Bad(f.Err().Error()))
	case status != 0:
		return nil, response.Error(strconv.FormatInt(status, 10), message, meaningOf(message))
	case !response.OK():
		return nil, response.NotSuccess()
	case !ch.Exists():
		return nil, response.Bad("no ch")
	}
	charge, err := decodeCharge(ch.Alone())
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
	f, err := loosejson.ParseResponse(response.Body)
	if err != nil {
		return response.Unreadable(err)
	}
	f = f.Object("error")
	message := f.Text("message")
	apiError := &APIError{
		Type:  response.Mask(f.Text("type")),
		Code:  response.Mask(f.Text("code")),
		Param: response.Mask(f.Text("param")),
	}
	if apiError.Type == "" && apiError.Code == "" && message == "" {
		return response.Bad("no error")
	}
	var cause error = apiError
	switch {
	case notFound != nil && (response.Status == http.StatusNotFound || apiError.Code == "resource_missing"):
		cause = fmt.Errorf("%w: %w", notFound, apiError)
	case response.Status >= http.StatusInternalServerError: // the next query may get a response
		cause = fmt.Errorf("%w: %w", paygates.ErrBadResponse, apiError)
	}
	return response.Error(apiError.Code, message, cause)
}

func isAPIError(body []byte) bool {
	f, err := loosejson.ParseResponse(body)
	return err == nil && !f.Has("object") && f.Object("error").Exists()
}

// DecodeCharge decodes a stored charge: a Charge's Raw. The error is a *paygates.Error that
// is ErrBadResponse.
func DecodeCharge(raw []byte) (*Charge, error) {
	charge, err := read(raw, decodeCharge)
	if err != nil {
		return nil, transport.Kept(gateway, "decode charge", raw).Bad(err.Error())
	}
	return charge, nil
}

// read decodes a whole response with decode. The error says what is missing.
func read[T any](raw []byte, decode func(loosejson.Fields) (*T, error)) (*T, error) {
	f, err := loosejson.ParseResponse(raw)
	if err != nil {
		return nil, err
	}
	return decode(f)
}

// decodeCharge decodes a charge, which may be a part of a response or a notification.
func decodeCharge(f loosejson.Fields) (*Charge, error) {
	if f.Text("object") != "charge" {
		return nil, errors.New("not a charge")
	}
	charge := &Charge{
		ID:             f.NeedNumber("id"),
		OrderNo:        f.NeedText("order_no"),
		App:            f.Text("app"),
		Channel:        Channel(f.Text("channel")),
		LiveMode:       f.NeedBool("livemode"),
		PaidOnce:       f.NeedBool("paid"),
		Amount:         f.NeedCents("amount"),
		AmountSettle:   f.Cents("amount_settle"),
		Currency:       strings.ToLower(f.NeedText("currency")),
		Subject:        f.Text("subject"),
		Body:           f.Private("body"),
		Description:    f.Private("description"),
		ClientIP:       f.Private("client_ip"),
		CreatedAt:      f.Time("created"),
		PaidAt:         f.Time("time_paid"),
		ExpiresAt:      f.Time("time_expire"),
		SettledAt:      f.Time("time_settle"),
		TransactionNo:  f.Text("transaction_no"),
		FailureCode:    f.Text("failure_code"),
		FailureMessage: f.Text("failure_msg"),
		Refunds:        decodeRefunds(f),
		Metadata:       paygates.NewPrivate(decodeMetadata(f.Value("metadata"))),
		Extra:          paygates.NewPrivate(f.JSON("extra")),
		Credential:     paygates.NewPrivate(f.JSON("credential")),
		Raw:            paygates.NewPrivate(f.Raw()),
	}
	// Refunds and a reversal decide whether the money is still there. A charge without any may
	// leave the fields out.
	if f.Has("reversed") {
		charge.Reversed = f.NeedBool("reversed")
	}
	if f.Has("refunded") {
		charge.Refunded = f.NeedBool("refunded")
	}
	if charge.Refunded || f.Has("amount_refunded") {
		charge.AmountRefunded = f.NeedCents("amount_refunded")
	}
	charge.Unread = f.Unread()
	return charge, f.Err()
}

// decodeEvent decodes an event. The error says what is missing.
func decodeEvent(body []byte) (*Event, error) {
	f, err := loosejson.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("body cannot be read: %w", err)
	}
	data := f.Object("data")
	e := &Event{
		ID:              f.Text("id"),
		Type:            EventType(f.NeedText("type")),
		LiveMode:        f.NeedBool("livemode"),
		CreatedAt:       f.Time("created"),
		Object:          paygates.NewPrivate(data.JSON("object")),
		PendingWebhooks: int(f.Int("pending_webhooks")),
		RequestID:       f.Text("request"),
		Raw:             paygates.NewPrivate(json.RawMessage(body)),
	}
	if f.Text("object") != "event" {
		return nil, errors.New(`object must be "event"`)
	}
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("body cannot be read: %w", err)
	}
	e.Unread = f.Unread()
	if strings.HasPrefix(string(e.Type), "charge.") {
		charge, err := decodeCharge(data.Alone().Object("object"))
		switch {
		case err == nil:
			e.Charge = charge
			e.Unread = append(e.Unread, charge.Unread...)
		case e.Type == EventChargeSucceeded:
			return nil, fmt.Errorf("data.object must be a charge: %w", err)
		default:
			e.Unread = append(e.Unread, "data.object")
		}
	}
	return e, nil
}

// decodeMetadata decodes an object of mixed types into texts. PHP writes an empty one as [].
func decodeMetadata(raw loosejson.Value) map[string]string {
	var texts map[string]string
	for name, value := range raw.Members() {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[name] = value.Text()
		if value.IsObject() || value.IsList() {
			texts[name] = value.JSON()
		}
	}
	return texts
}
