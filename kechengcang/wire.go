package kechengcang

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// storeWire is the body of a create, in the order of the document.
type storeWire struct {
	Title       string   `json:"title"`
	Fee         int64    `json:"fee"`
	Remark      string   `json:"remark"`
	AppID       string   `json:"app_id"`
	Salt        string   `json:"salt"`
	Sign        string   `json:"sign"`
	Currency    Currency `json:"currency"`
	CallbackURL string   `json:"callback_url,omitempty"`
	RedirectURL string   `json:"redirect_url,omitempty"`
}

const codeOK = 200

// decode decodes a response. The order is nil, without an error, if the result is null.
// code decides: another one than 200 is a rejection, whatever the result is.
func decode(response transport.Response) (*Order, *paygates.Error) {
	f, err := loosejson.ParseResponse(response.Body)
	if err != nil {
		return nil, response.Unreadable(err)
	}
	code := f.NeedInt("code")
	switch {
	case f.Err() != nil && response.OK(): // Laravel's errors have no code
		return nil, response.Bad(f.Err().Error())
	case !response.OK() && code == codeOK:
		return nil, response.NotSuccess()
	case code != codeOK:
		return nil, rejection(response, f)
	}
	result := f.Object("result")
	switch json := f.Value("result").JSON(); {
	case json == "null":
		return nil, nil
	case json == "":
		return nil, response.Bad("no result")
	case !result.Exists():
		return nil, response.Bad("result is not an object")
	}
	order := orderOf(result)
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread()
	order.Raw = paygates.NewPrivate(json.RawMessage(response.Body))
	return order, nil
}

// decodeOrder decodes the response to a query. It must be about orderID, unless that is "".
func decodeOrder(response transport.Response, orderID string) (*Order, error) {
	order, failed := decode(response)
	switch {
	case failed != nil:
		return nil, failed
	case order == nil:
		return nil, response.Fail("", "", paygates.ErrOrderNotFound)
	case orderID != "" && order.OrderID != orderID:
		return nil, response.Bad(response.Other("id", order.OrderID, orderID))
	default:
		return order, nil
	}
}

// decodeCreated decodes the response to a create. An order of another fee or application
// is not the one that was created.
func (c *Client) decodeCreated(response transport.Response, request CreateOrderRequest) (*Order, error) {
	order, failed := decode(response)
	switch {
	case failed != nil:
		return nil, failed
	case order == nil:
		return nil, response.Bad("no result")
	case order.Fee != request.Fee:
		return nil, response.Bad(response.Other("fee", order.Fee.String(), request.Fee.String()))
	case order.AppID != "" && order.AppID != c.appID:
		return nil, response.Bad(response.Other("app_id", order.AppID, c.appID))
	default:
		return order, nil
	}
}

// rejection reads a documented response, one of Laravel's errors, or one of the edition of
// the public source that has msg.
func rejection(response transport.Response, f loosejson.Fields) *paygates.Error {
	code, message := f.Text("code"), cmp.Or(f.Text("message"), f.Text("msg"))
	// Laravel's message for a failure of its database ends with the SQL statement and its
	// values, in brackets.
	if strings.HasPrefix(message, "SQLSTATE") {
		message, _, _ = strings.Cut(message, " (")
	}
	switch {
	case slices.Contains(earlyRejections, strings.TrimRight(message, "!！")):
		return response.Fail(code, message, nil)
	case response.Status == http.StatusTooManyRequests:
		return response.Error(code, message, transport.Bad("too many requests"))
	case isException(response.Status, code) && isNotFound(message):
		return response.Uncertain(code, message, paygates.ErrOrderNotFound)
	case isException(response.Status, code):
		return response.Uncertain(code, message, transport.Bad("server exception"))
	case isNotFound(message):
		return response.Error(code, message, paygates.ErrOrderNotFound)
	case message == "" && code == "":
		return response.Bad("neither a code nor a message")
	default:
		return response.Error(code, message, fieldErrors(response, f.Value("errors")))
	}
}

func fieldErrors(response transport.Response, raw loosejson.Value) error {
	var all map[string][]string
	if json.Unmarshal([]byte(raw.JSON()), &all) != nil || len(all) == 0 {
		return nil //nolint:nilerr // an object of another shape names no fields
	}
	fields := make(FieldErrors, len(all))
	for name, messages := range all {
		for i, message := range messages {
			messages[i] = response.Mask(message)
		}
		fields[response.Mask(name)] = messages
	}
	return fields
}

func orderOf(f loosejson.Fields) *Order {
	id := f.NeedNumber("id")
	if !check.IsAlphanumeric(id, longestOrderID) {
		f.Fail("id is not 1 to 64 letters or digits")
	}
	return &Order{
		OrderID: id,
		Subject: f.Text("title"),
		Remark:  f.Text("remark"),
		Fee:     Fee{f.NeedCents("fee"), Currency(f.NeedInt("currency"))},
		PayFee:  PayFee{f.Cents("pay_fee"), number[PayCurrency](f, "pay_currency")},

		PayAccount:     f.Private("pay_account"),
		ReceiptAccount: f.Text("receipt_account"),
		TxHash:         f.Text("txhash"),
		NotifyURL:      f.Text("callback_url"),
		ReturnURL:      f.Text("redirect_url"),
		State:          State(f.NeedInt("pay_status")),
		Status:         number[Status](f, "status"),
		CallbackStatus: number[CallbackStatus](f, "callback_status"),
		CallbackAt:     f.Time("callback_at"),
		CallbackTimes:  number[int](f, "callback_times"),
		PayFinishAt:    f.Time("pay_finish_at"),
		PayRefreshAt:   f.Time("pay_refresh_at"),
		PaySubmitAt:    f.Time("pay_submit_at"),
		// Eloquent prints the times that it keeps itself in UTC. The program sets the others,
		// callback_at like those of the payment.
		CreatedAt:  f.TimeIn("created_at", time.UTC),
		UpdatedAt:  f.TimeIn("updated_at", time.UTC),
		DeletedAt:  f.TimeIn("deleted_at", time.UTC),
		AppID:      f.Text("app_id"),
		PayPageURL: f.Text("tv_url"),
	}
}

// number returns a number that fits: an int has 32 bits on some platforms.
func number[T ~int](f loosejson.Fields, name string) T {
	n := f.Int(name)
	if int64(T(n)) != n {
		f.Skip(name)
		return 0
	}
	return T(n)
}
