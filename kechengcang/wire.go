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

// wire is every response: the documented one, Laravel's errors, and those of the edition
// of the public source that has msg.
type wire struct {
	Code    loosejson.Scalar `json:"code"`
	Message loosejson.Scalar `json:"message"`
	Msg     loosejson.Scalar `json:"msg"`
	Errors  loosejson.Value  `json:"errors"`
	Result  orderWire        `json:"result"`
}

type orderWire struct {
	ID             loosejson.Scalar `json:"id"`
	Title          loosejson.Scalar `json:"title"`
	Remark         loosejson.Scalar `json:"remark"`
	Fee            loosejson.Scalar `json:"fee"`
	Currency       loosejson.Scalar `json:"currency"`
	PayFee         loosejson.Scalar `json:"pay_fee"`
	PayCurrency    loosejson.Scalar `json:"pay_currency"`
	PayAccount     loosejson.Scalar `json:"pay_account"`
	ReceiptAccount loosejson.Scalar `json:"receipt_account"`
	TxHash         loosejson.Scalar `json:"txhash"`
	CallbackURL    loosejson.Scalar `json:"callback_url"`
	RedirectURL    loosejson.Scalar `json:"redirect_url"`
	PayStatus      loosejson.Scalar `json:"pay_status"`
	Status         loosejson.Scalar `json:"status"`
	CallbackStatus loosejson.Scalar `json:"callback_status"`
	CallbackAt     loosejson.Scalar `json:"callback_at"`
	CallbackTimes  loosejson.Scalar `json:"callback_times"`
	PayFinishAt    loosejson.Scalar `json:"pay_finish_at"`
	PayRefreshAt   loosejson.Scalar `json:"pay_refresh_at"`
	PaySubmitAt    loosejson.Scalar `json:"pay_submit_at"`
	CreatedAt      loosejson.Scalar `json:"created_at"`
	UpdatedAt      loosejson.Scalar `json:"updated_at"`
	DeletedAt      loosejson.Scalar `json:"deleted_at"`
	AppID          loosejson.Scalar `json:"app_id"`
	TVURL          loosejson.Scalar `json:"tv_url"`
}

// decode decodes a response. The order is nil, without an error, if the result is null.
// code decides: another one than 200 is a rejection, whatever the result is.
func decode(response transport.Response) (*Order, *paygates.Error) {
	var w wire
	unread, err := loosejson.Unmarshal(response.Body, &w)
	if err != nil {
		return nil, response.Unreadable(err)
	}
	f := loosejson.Fields{Unread: unread}
	code := f.NeedInt("code", w.Code)
	switch {
	case f.Err() != nil && response.OK(): // Laravel's errors have no code
		return nil, response.Bad(f.Err().Error())
	case !response.OK() && code == codeOK:
		return nil, response.NotSuccess()
	case code != codeOK:
		return nil, rejection(response, &w)
	case slices.Contains(unread, "result"):
		return nil, response.Bad("result is not an object")
	case w.Result == orderWire{} && isNullResult(response.Body):
		return nil, nil
	case w.Result == orderWire{}:
		return nil, response.Bad("no result")
	}
	order := w.Result.order(&f)
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread
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
		return nil, response.Rejected("", "", paygates.ErrOrderNotFound)
	case orderID != "" && order.OrderID != orderID:
		return nil, response.Bad(response.Other("id", order.OrderID, orderID))
	default:
		return order, nil
	}
}

// isNullResult tells "result":null, which stands for an unknown order, from a result that
// is missing.
func isNullResult(body []byte) bool {
	response, err := loosejson.Read(body)
	return err == nil && string(response.Member("result").Bytes()) == "null"
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

func rejection(response transport.Response, w *wire) *paygates.Error {
	code, message := w.Code.Text(), cmp.Or(w.Message.Text(), w.Msg.Text())
	// Laravel's message for a failure of its database ends with the SQL statement and its
	// values, in brackets.
	if strings.HasPrefix(message, "SQLSTATE") {
		message, _, _ = strings.Cut(message, " (")
	}
	switch {
	case slices.Contains(earlyRejections, strings.TrimRight(message, "!！")):
		return response.Rejected(code, message, nil)
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
		return response.Error(code, message, fieldErrors(response, w.Errors))
	}
}

func fieldErrors(response transport.Response, raw loosejson.Value) error {
	var all map[string][]string
	if json.Unmarshal(raw.Bytes(), &all) != nil || len(all) == 0 {
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

func (w *orderWire) order(f *loosejson.Fields) *Order {
	id := f.NeedNumber("id", w.ID)
	if !check.IsAlphanumeric(id, longestOrderID) {
		f.Fail("id is not 1 to 64 letters or digits")
	}
	return &Order{
		OrderID: id,
		Subject: f.Text("title", w.Title),
		Remark:  f.Text("remark", w.Remark),
		Fee:     Fee{f.NeedCents("fee", w.Fee), Currency(f.NeedInt("currency", w.Currency))},
		PayFee:  PayFee{f.Cents("pay_fee", w.PayFee), number[PayCurrency](f, "pay_currency", w.PayCurrency)},

		PayAccount:     f.Private("pay_account", w.PayAccount),
		ReceiptAccount: f.Text("receipt_account", w.ReceiptAccount),
		TxHash:         f.Text("txhash", w.TxHash),
		NotifyURL:      f.Text("callback_url", w.CallbackURL),
		ReturnURL:      f.Text("redirect_url", w.RedirectURL),
		State:          State(f.NeedInt("pay_status", w.PayStatus)),
		Status:         number[Status](f, "status", w.Status),
		CallbackStatus: number[CallbackStatus](f, "callback_status", w.CallbackStatus),
		CallbackAt:     f.Time("callback_at", w.CallbackAt),
		CallbackTimes:  number[int](f, "callback_times", w.CallbackTimes),
		PayFinishAt:    f.Time("pay_finish_at", w.PayFinishAt),
		PayRefreshAt:   f.Time("pay_refresh_at", w.PayRefreshAt),
		PaySubmitAt:    f.Time("pay_submit_at", w.PaySubmitAt),
		// Eloquent prints the times that it keeps itself in UTC. The program sets the others,
		// callback_at like those of the payment.
		CreatedAt:  f.TimeIn("created_at", w.CreatedAt, time.UTC),
		UpdatedAt:  f.TimeIn("updated_at", w.UpdatedAt, time.UTC),
		DeletedAt:  f.TimeIn("deleted_at", w.DeletedAt, time.UTC),
		AppID:      f.Text("app_id", w.AppID),
		PayPageURL: f.Text("tv_url", w.TVURL),
	}
}

// number returns a number that fits: an int has 32 bits on some platforms.
func number[T ~int](f *loosejson.Fields, name string, s loosejson.Scalar) T {
	n := f.Int(name, s)
	if int64(T(n)) != n {
		f.Unread = append(f.Unread, name)
		return 0
	}
	return T(n)
}
