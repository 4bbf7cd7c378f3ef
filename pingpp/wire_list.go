package pingpp

import (
	"errors"
	"fmt"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
)

// decodeRefunds decodes the list of refunds of a charge: an object with data, or a bare list.
func decodeRefunds(charge loosejson.Fields) (list RefundList) {
	data := charge.Value("refunds")
	if data.IsObject() {
		f := charge.Alone().Object("refunds")
		data = f.Value("data")
		list.URL, list.HasMore = f.Text("url"), f.Bool("has_more")
		for _, name := range f.Unread() {
			charge.Skip("refunds." + name)
		}
	}
	if text := data.JSON(); !data.IsList() && text != "" && text != "null" && text != `""` {
		charge.Skip("refunds")
		return RefundList{}
	}
	for element := range data.Elements() {
		f, err := element.Parse()
		if err != nil {
			charge.Skip("refunds.data")
			continue
		}
		list.Data = append(list.Data, refundOf(f))
	}
	return list
}

// refundOf reads a refund that is listed with its charge: nothing in it decides.
func refundOf(f loosejson.Fields) Refund {
	refund := Refund{
		ID:             f.Text("id"),
		ChargeID:       f.Text("charge"),
		ChargeOrderNo:  f.Text("charge_order_no"),
		OrderNo:        f.Text("order_no"),
		Amount:         f.Cents("amount"),
		Succeeded:      f.Bool("succeed"),
		Status:         f.Text("status"),
		Description:    f.Private("description"),
		CreatedAt:      f.Time("created"),
		SucceededAt:    f.Time("time_succeed"),
		TransactionNo:  f.Text("transaction_no"),
		FundingSource:  f.Text("funding_source"),
		FailureCode:    f.Text("failure_code"),
		FailureMessage: f.Text("failure_msg"),
		Metadata:       paygates.NewPrivate(decodeMetadata(f.Value("metadata"))),
		Extra:          paygates.NewPrivate(f.JSON("extra")),
		Raw:            paygates.NewPrivate(f.Raw()),
	}
	refund.Unread = f.Unread()
	return refund
}

// decodeRefund decodes a requested refund.
func decodeRefund(f loosejson.Fields) (*Refund, error) {
	if f.Text("object") != "refund" {
		return nil, errors.New("not a refund")
	}
	f.NeedNumber("id")
	f.NeedNumber("charge")
	f.NeedCents("amount")
	f.NeedBool("succeed")
	if f.Err() != nil {
		return nil, f.Err()
	}
	refund := refundOf(f)
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
func decodeList[T any](body []byte, decode func(loosejson.Fields) (*T, error)) (*listOf[T], error) {
	f, err := loosejson.ParseResponse(body)
	if err != nil {
		return nil, err
	}
	list := &listOf[T]{url: f.Text("url"), hasMore: f.NeedBool("has_more")}
	data := f.Value("data")
	switch {
	case f.Text("object") != "list":
		return nil, errors.New("not a list")
	case f.Err() != nil:
		return nil, f.Err()
	case !data.IsList():
		return nil, errors.New("data is not a list")
	}
	for value := range data.Elements() {
		f, err := value.Parse()
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		element, err := decode(f)
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
