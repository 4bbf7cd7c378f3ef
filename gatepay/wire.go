package gatepay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// head begins every response.
type head struct {
	Code    loosejson.Scalar `json:"code"`
	Message loosejson.Scalar `json:"msg"`
	Time    loosejson.Scalar `json:"time"`
}

type createdWire struct {
	head
	Data struct {
		PayPageURL loosejson.Scalar `json:"pay_url"`
		QRCodeURL  loosejson.Scalar `json:"qrcode_url"`
		ImageText  loosejson.Scalar `json:"qrcode_body"`
		Params     loosejson.Value  `json:"params"`
	} `json:"data"`
}

type orderWire struct {
	head
	Data struct {
		OrderNo loosejson.Scalar `json:"out_order_id"` // not documented
		OrderID loosejson.Scalar `json:"order_id"`
		Subject loosejson.Scalar `json:"order_name"`
		Amount  loosejson.Scalar `json:"order_price"`
		Channel loosejson.Scalar `json:"order_type"`
		State   loosejson.Scalar `json:"order_status"`
	} `json:"data"`
}

// decode decodes a response into a wire struct that begins with h. code decides, whatever
// data is: PHP writes an empty one as [] or "". codes is the table of the call.
func decode(response transport.Response, wire any, h *head, codes map[int64]error) (loosejson.Fields, *paygates.Error) {
	var f loosejson.Fields
	unread, err := loosejson.Unmarshal(response.Body, wire)
	if err != nil {
		return f, response.Unreadable(err)
	}
	f.Unread = unread
	code := f.NeedInt("code", h.Code)
	switch {
	case f.Err() != nil:
		return f, response.Bad(f.Err().Error())
	case code != codeSuccess:
		return f, response.Error(strconv.FormatInt(code, 10), h.Message.Text(), codes[code])
	case !response.OK():
		return f, response.NotSuccess()
	default:
		return f, nil
	}
}

func decodeCreated(
	response transport.Response, codes map[int64]error, bought sign.Field, r CreateOrderRequest,
) (*CreatedOrder, error) {
	var wire createdWire
	f, failed := decode(response, &wire, &wire.head, codes)
	if failed != nil {
		return nil, failed
	}
	order := &CreatedOrder{
		OrderNo:     r.OrderNo,
		PayPageURL:  payPageURL(&f, wire.Data.PayPageURL),
		QRCodeURL:   f.Text("qrcode_url", wire.Data.QRCodeURL),
		ImageText:   f.Text("qrcode_body", wire.Data.ImageText),
		RespondedAt: f.Time("time", wire.Time),
		Raw:         paygates.NewPrivate(json.RawMessage(response.Body)),
	}
	compare(response, &f, wire.Data.Params, bought, r)
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread
	return order, nil
}

// payPageURL reads pay_url: a page, a page without a scheme, or a link that opens an app,
// such as weixin:// or alipays://.
func payPageURL(f *loosejson.Fields, s loosejson.Scalar) string {
	text := f.NeedText("pay_url", s)
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); {
	case !isScheme(scheme) || rest == "" || strings.ContainsAny(text, " \"<>") || !check.IsText(text),
		(scheme == "http" || scheme == "https") && !check.IsURL(scheme+"://"+rest),
		slices.Contains(localSchemes, scheme):
		f.Fail("pay_url is neither a page nor a link to an app")
	}
	return text
}

// localSchemes run a script or show something of the payer's own.
var localSchemes = []string{"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"}

func isScheme(text string) bool {
	return text != "" && text[0] >= 'a' && text[0] <= 'z' &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// compare fails if params, the gateway's copy of the request, is that of another request.
// It may be missing or have another shape.
func compare(response transport.Response, f *loosejson.Fields, params loosejson.Value, bought sign.Field, r CreateOrderRequest) {
	for name, value := range params.Members() {
		var want string
		switch name {
		case "out_order_id":
			want = r.OrderNo
		case "type":
			want = string(r.Channel)
		case bought.Name:
			want = bought.Value
		default:
			continue
		}
		got := value.Scalar().Text()
		if amount, err := money.Parse(got); name == "price" && err == nil {
			got = amount.String()
		}
		if got != "" && got != want {
			f.Fail(response.Other(name, got, want))
		}
	}
}

// decodeOrder decodes a response of /api/order/check. orderNo is the number of the order
// that was queried, "" for any.
func decodeOrder(response transport.Response, orderNo string) (*Order, error) {
	var wire orderWire
	f, failed := decode(response, &wire, &wire.head, checkCodes)
	if failed != nil {
		return nil, failed
	}
	w := &wire.Data
	got := f.Text("out_order_id", w.OrderNo)
	order := &Order{
		OrderNo:     cmp.Or(orderNo, got),
		OrderID:     f.NeedText("order_id", w.OrderID),
		Subject:     f.Text("order_name", w.Subject),
		Amount:      f.NeedAmount("order_price", w.Amount),
		Channel:     Channel(f.Text("order_type", w.Channel)),
		State:       State(f.NeedText("order_status", w.State)),
		RespondedAt: f.Time("time", wire.Time),
		Raw:         paygates.NewPrivate(json.RawMessage(response.Body)),
	}
	switch {
	case slices.Contains(f.Unread, "out_order_id"):
		f.Fail("out_order_id is not a single value")
	case got != "" && got != order.OrderNo:
		f.Fail(response.Other("out_order_id", got, orderNo))
	}
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread
	return order, nil
}

func decodeParams(raw []byte) (map[string]string, error) {
	var wire createdWire
	unread, err := loosejson.Unmarshal(raw, &wire)
	if err == nil && len(unread) > 0 {
		err = errors.New("no data")
	}
	if err != nil {
		return nil, badParams(err)
	}
	params := wire.Data.Params
	var values map[string]string
	switch text := string(params.Bytes()); {
	case text == "" || text == "null" || text == "[]": // PHP's empty list
		return values, nil
	case !params.IsObject():
		return nil, badParams(errors.New("not a JSON object"))
	}
	var f loosejson.Fields
	values = map[string]string{}
	for name, value := range params.Members() {
		values[name] = f.Text(name, value.Scalar())
	}
	if len(f.Unread) > 0 {
		return nil, badParams(errors.New("not a list of plain values"))
	}
	return values, nil
}

func badParams(err error) error {
	return fmt.Errorf("%s: %w: params: %w", gateway, paygates.ErrBadResponse, err)
}
