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

// decode reads the head of a response and returns it and its data. code decides, whatever
// data is: PHP writes an empty one as [] or "". codes is the table of the call.
func decode(response transport.Response, codes map[int64]error) (f, data loosejson.Fields, failed *paygates.Error) {
	f, err := loosejson.ParseResponse(response.Body)
	if err != nil {
		return f, data, response.Unreadable(err)
	}
	code := f.NeedInt("code")
	switch {
	case f.Err() != nil:
		return f, data, response.Bad(f.Err().Error())
	case code != codeSuccess:
		return f, data, response.Error(strconv.FormatInt(code, 10), f.Text("msg"), codes[code])
	case !response.OK():
		return f, data, response.NotSuccess()
	default:
		return f, f.Object("data"), nil
	}
}

func decodeCreated(
	response transport.Response, codes map[int64]error, bought sign.Field, r CreateOrderRequest,
) (*CreatedOrder, error) {
	f, data, failed := decode(response, codes)
	if failed != nil {
		return nil, failed
	}
	order := &CreatedOrder{
		OrderNo:     r.OrderNo,
		PayPageURL:  payPageURL(data),
		QRCodeURL:   data.Text("qrcode_url"),
		ImageText:   data.Text("qrcode_body"),
		RespondedAt: f.Time("time"),
		Raw:         paygates.NewPrivate(json.RawMessage(response.Body)),
	}
	compare(response, data, bought, r)
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread()
	return order, nil
}

// payPageURL reads pay_url: a page, a page without a scheme, or a link that opens an app,
// such as weixin:// or alipays://.
func payPageURL(data loosejson.Fields) string {
	text := strings.TrimSpace(data.NeedText("pay_url"))
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); {
	case !isScheme(scheme) || rest == "" || strings.ContainsAny(text, " \"<>") || !check.IsText(text),
		(scheme == "http" || scheme == "https") && !check.IsURL(scheme+"://"+rest),
		slices.Contains(localSchemes, scheme):
		data.Fail("pay_url is neither a page nor a link to an app")
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
func compare(response transport.Response, data loosejson.Fields, bought sign.Field, r CreateOrderRequest) {
	for name, value := range data.Value("params").Members() {
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
		got := value.Text()
		if amount, err := money.Parse(got); name == "price" && err == nil {
			got = amount.String()
		}
		if got != "" && got != want {
			data.Fail(response.Other(name, got, want))
		}
	}
}

// decodeOrder decodes a response of /api/order/check. orderNo is the number of the order
// that was queried, "" for any.
func decodeOrder(response transport.Response, orderNo string) (*Order, error) {
	f, data, failed := decode(response, checkCodes)
	if failed != nil {
		return nil, failed
	}
	got := data.NeedTextIfAny("out_order_id") // not documented
	order := &Order{
		OrderNo:     cmp.Or(orderNo, got),
		OrderID:     data.NeedText("order_id"),
		Subject:     data.Text("order_name"),
		Amount:      data.NeedAmount("order_price"),
		Channel:     Channel(data.Text("order_type")),
		State:       State(data.NeedText("order_status")),
		RespondedAt: f.Time("time"),
		Raw:         paygates.NewPrivate(json.RawMessage(response.Body)),
	}
	if got != "" && got != order.OrderNo {
		f.Fail(response.Other("out_order_id", got, orderNo))
	}
	if err := f.Err(); err != nil {
		return nil, response.Bad(err.Error())
	}
	order.Unread = f.Unread()
	return order, nil
}

func decodeParams(raw []byte) (map[string]string, error) {
	f, err := loosejson.ParseResponse(raw)
	if err != nil {
		return nil, badParams(err)
	}
	params := f.Object("data").Value("params")
	var values map[string]string
	switch text := params.JSON(); {
	case len(f.Unread()) > 0:
		return nil, badParams(errors.New("no data"))
	case text == "" || text == "null" || text == "[]": // PHP's empty list
		return values, nil
	case !params.IsObject():
		return nil, badParams(errors.New("not a JSON object"))
	}
	values = map[string]string{}
	for name, value := range params.Members() {
		if value.IsObject() || value.IsList() {
			return nil, badParams(errors.New("not a list of plain values"))
		}
		values[name] = value.Text()
	}
	return values, nil
}

func badParams(err error) error {
	return fmt.Errorf("%s: %w: params: %w", gateway, paygates.ErrBadResponse, err)
}
