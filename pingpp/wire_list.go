package pingpp

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
)

// listWire is a page of a list, or the list of refunds in a charge.
type listWire struct {
	Object  loosejson.Scalar `json:"object"`
	URL     loosejson.Scalar `json:"url"`
	HasMore loosejson.Scalar `json:"has_more"`
	Data    loosejson.Value  `json:"data"`
}

type refundWire struct {
	ID             loosejson.Scalar `json:"id"`
	Object         loosejson.Scalar `json:"object"`
	Charge         loosejson.Scalar `json:"charge"`
	ChargeOrderNo  loosejson.Scalar `json:"charge_order_no"`
	OrderNo        loosejson.Scalar `json:"order_no"`
	Amount         loosejson.Scalar `json:"amount"`
	Succeeded      loosejson.Scalar `json:"succeed"`
	Status         loosejson.Scalar `json:"status"`
	Description    loosejson.Scalar `json:"description"`
	CreatedAt      loosejson.Scalar `json:"created"`
	SucceededAt    loosejson.Scalar `json:"time_succeed"`
	TransactionNo  loosejson.Scalar `json:"transaction_no"`
	FundingSource  loosejson.Scalar `json:"funding_source"`
	FailureCode    loosejson.Scalar `json:"failure_code"`
	FailureMessage loosejson.Scalar `json:"failure_msg"`
	Metadata       loosejson.Value  `json:"metadata"`
	Extra          loosejson.Value  `json:"extra"`
}

// decodeRefunds decodes the list of refunds: an object with data, or a bare list.
func decodeRefunds(f *loosejson.Fields, value loosejson.Value) (list RefundList) {
	w := listWire{Data: value}
	if value.IsObject() {
		w = listWire{}
		if _, err := value.Unmarshal(&w); err != nil {
			f.Unread = append(f.Unread, "refunds")
			return list
		}
	}
	if text := string(w.Data.Bytes()); !w.Data.IsList() && text != "" && text != "null" && text != `""` {
		f.Unread = append(f.Unread, "refunds")
		return list
	}
	list.URL, list.HasMore = f.Text("refunds.url", w.URL), f.Bool("refunds.has_more", w.HasMore)
	for element := range w.Data.Elements() {
		var refund refundWire
		if _, err := element.Unmarshal(&refund); err != nil || !element.IsObject() {
			f.Unread = append(f.Unread, "refunds.data")
			continue
		}
		list.Data = append(list.Data, refund.refund(element.Bytes()))
	}
	return list
}

// refund reads a refund that is listed with its charge: nothing in it decides.
func (w *refundWire) refund(raw json.RawMessage) Refund {
	var f loosejson.Fields
	refund := Refund{
		ID:             f.Text("id", w.ID),
		ChargeID:       f.Text("charge", w.Charge),
		ChargeOrderNo:  f.Text("charge_order_no", w.ChargeOrderNo),
		OrderNo:        f.Text("order_no", w.OrderNo),
		Amount:         f.Cents("amount", w.Amount),
		Succeeded:      f.Bool("succeed", w.Succeeded),
		Status:         f.Text("status", w.Status),
		Description:    f.Private("description", w.Description),
		CreatedAt:      f.Time("created", w.CreatedAt),
		SucceededAt:    f.Time("time_succeed", w.SucceededAt),
		TransactionNo:  f.Text("transaction_no", w.TransactionNo),
		FundingSource:  f.Text("funding_source", w.FundingSource),
		FailureCode:    f.Text("failure_code", w.FailureCode),
		FailureMessage: f.Text("failure_msg", w.FailureMessage),
		Metadata:       paygates.NewPrivate(decodeMetadata(w.Metadata)),
		Extra:          paygates.NewPrivate(json.RawMessage(w.Extra.Bytes())),
		Raw:            paygates.NewPrivate(raw),
	}
	refund.Unread = f.Unread
	return refund
}

// readRefund decodes a response that is a refund. The error says what is missing.
func readRefund(raw []byte) (*Refund, error) {
	value, err := loosejson.Read(raw)
	if err != nil {
		return nil, err
	}
	refund, err := decodeRefund(value)
	if err != nil {
		return nil, err
	}
	refund.Raw = paygates.NewPrivate(json.RawMessage(raw))
	return refund, nil
}

// decodeRefund decodes a requested refund.
func decodeRefund(value loosejson.Value) (*Refund, error) {
	var w refundWire
	unread, err := value.Unmarshal(&w)
	if err != nil {
		return nil, err
	}
	if w.Object.Text() != "refund" {
		return nil, errors.New("not a refund")
	}
	var f loosejson.Fields
	f.NeedNumber("id", w.ID)
	f.NeedNumber("charge", w.Charge)
	f.NeedCents("amount", w.Amount)
	f.NeedBool("succeed", w.Succeeded)
	if f.Err() != nil {
		return nil, f.Err()
	}
	refund := w.refund(value.Bytes())
	refund.Unread = append(unread, refund.Unread...)
	return &refund, nil
}

// listOf is a requested page of a list.
type listOf[T any] struct {
	url     string
	hasMore bool
	data    []T
}

// decodeList decodes a page with decode. It is read strictly: what is missing from it
// would pass for something that does not exist.
func decodeList[T any](body []byte, decode func(loosejson.Value) (*T, error)) (*listOf[T], error) {
	var w listWire
	if _, err := loosejson.Unmarshal(body, &w); err != nil {
		return nil, err
	}
	var f loosejson.Fields
	list := &listOf[T]{url: w.URL.Text(), hasMore: f.NeedBool("has_more", w.HasMore)}
	switch {
	case w.Object.Text() != "list":
		return nil, errors.New("not a list")
	case f.Err() != nil:
		return nil, f.Err()
	case !w.Data.IsList():
		return nil, errors.New("data is not a list")
	}
	for value := range w.Data.Elements() {
		element, err := decode(value)
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		list.data = append(list.data, *element)
	}
	if list.hasMore && len(list.data) == 0 {
		return nil, errors.New("has_more is true, but data is empty")
	}
	return list, nil
}
