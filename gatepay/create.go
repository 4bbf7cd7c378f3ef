package gatepay

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const (
	longestOrderNo = 64
	longestAttach  = 100
	longestProduct = 20
	longestGroup   = 100
	largestCount   = 1_000_000
)

// creation is one of the four creates.
type creation struct {
	op, path string
	cloud    bool   // at CloudBaseURL
	bought   string // the field that says what is bought
	codes    map[int64]error
}

var (
	anyPay    = creation{op: "create order", path: "/api/anypay/create", bought: "price", codes: anyPayCodes}
	cloudPay  = creation{op: "create cloud order", path: "/api/cloudpay/create", cloud: true, bought: "price", codes: cloudPayCodes}
	groupPay  = creation{op: "create group order", path: "/api/grouppay/create", bought: "fields", codes: groupPayCodes}
	stablePay = creation{op: "create product order", path: "/api/stablepay/create", bought: "product_id", codes: stablePayCodes}
)

func newRequest() *check.Checker { return check.New(gateway, paygates.ErrInvalidRequest) }

// CreateOrder creates an order of any amount (任意金额支付, POST /api/anypay/create). It is
// sent once.
//
// The error is paygates.ErrInvalidRequest before anything is sent. Otherwise it is a
// *paygates.Error: ErrNotSent if nothing reached the gateway, ErrOutcomeUnknown if the
// order may exist, and a rejection with the gateway's Code in all other cases. It wraps
// the error of that code, such as [ErrInvalidPrice].
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	v.Amount("Amount (price)", request.Amount, money.Cents(1), money.Max)
	return c.create(ctx, v, anyPay, request.Amount.String(), request)
}

// CreateCloudOrder creates an order of any amount through the cloud API (云端支付, POST
// /api/cloudpay/create at Config.CloudBaseURL). The result has no image. Otherwise it is
// like CreateOrder.
func (c *Client) CreateCloudOrder(ctx context.Context, request CreateCloudOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	v.Amount("Amount (price)", request.Amount, money.Cents(1), money.Max)
	return c.create(ctx, v, cloudPay, request.Amount.String(), CreateOrderRequest{
		OrderNo: request.OrderNo, Channel: request.Channel, Attach: request.Attach,
	})
}

// CreateGroupOrder creates an order of several products (组合商品支付, POST
// /api/grouppay/create). Otherwise it is like CreateOrder.
func (c *Client) CreateGroupOrder(ctx context.Context, request CreateGroupOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	return c.create(ctx, v, groupPay, groupFields(v, request.Items), CreateOrderRequest{
		OrderNo: request.OrderNo, Channel: request.Channel, Attach: request.Attach,
		NotifyURL: request.NotifyURL, ReturnURL: request.ReturnURL,
	})
}

// groupFields returns the items as the gateway reads them: "8:1,7:1".
func groupFields(v *check.Checker, items []GroupItem) string {
	const field = "Items (fields)"
	v.That(len(items) >= 1 && len(items) <= longestGroup, field, "must have 1 to "+strconv.Itoa(longestGroup)+" products")
	seen := map[string]bool{}
	texts := make([]string, len(items))
	for i, item := range items {
		v.That(check.AreDigits(item.ProductID, longestProduct),
			field, "must have a ProductID of 1 to "+strconv.Itoa(longestProduct)+" digits in each item")
		v.That(item.Count >= 1 && item.Count <= largestCount,
			field, "must have a Count of 1 to "+strconv.Itoa(largestCount)+" in each item")
		v.That(!seen[item.ProductID], field, "must have each product once")
		seen[item.ProductID] = true
		texts[i] = item.ProductID + ":" + strconv.Itoa(item.Count)
	}
	return strings.Join(texts, ",")
}

// CreateProductOrder creates an order of one product (固定商品支付, POST
// /api/stablepay/create). Otherwise it is like CreateOrder.
func (c *Client) CreateProductOrder(ctx context.Context, request CreateProductOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	v.Digits("ProductID (product_id)", request.ProductID, longestProduct)
	return c.create(ctx, v, stablePay, request.ProductID, CreateOrderRequest{
		OrderNo: request.OrderNo, Channel: request.Channel, Attach: request.Attach,
		NotifyURL: request.NotifyURL, ReturnURL: request.ReturnURL,
	})
}

// create sends a create. value says what is bought, in place of r.Amount.
func (c *Client) create(
	ctx context.Context, v *check.Checker, call creation, value string, r CreateOrderRequest,
) (*CreatedOrder, error) {
	v.ID("OrderNo (out_order_id)", r.OrderNo, longestOrderNo)
	check.OneOf(v, "Channel (type)", r.Channel, ChannelAlipay, ChannelWeChat)
	v.Required("Attach (custom)", r.Attach)
	checkAttach(v, "Attach (custom)", r.Attach)
	v.NotifyURL("NotifyURL (notify_url)", r.NotifyURL, 1024, check.QueryKept)
	v.URL("ReturnURL (return_url)", r.ReturnURL, 1024)
	if err := v.Err(); err != nil {
		return nil, err
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, value, string(r.Channel), r.OrderNo, r.Attach)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, call.op, err)
	}
	baseURL := c.baseURL
	if call.cloud {
		baseURL = c.cloudBaseURL
	}
	bought := sign.Field{Name: call.bought, Value: value}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:          call.op,
		OrderNo:     r.OrderNo,
		Method:      http.MethodPost,
		URL:         baseURL + call.path,
		URLTemplate: call.path,
		ContentType: transport.ContentTypeForm,
		Body: notify.Encode([]sign.Field{
			{Name: "appkey", Value: c.appKey},
			bought,
			{Name: "type", Value: string(r.Channel)},
			{Name: "out_order_id", Value: r.OrderNo},
			{Name: "custom", Value: r.Attach},
			{Name: "sign", Value: signature.String()},
			{Name: "notify_url", Value: r.NotifyURL},
			{Name: "return_url", Value: r.ReturnURL},
		}),
		Private: []string{r.Attach, r.NotifyURL, r.ReturnURL},
		NoRetry: true,
	}, func(response transport.Response) (*CreatedOrder, error) {
		return decodeCreated(response, call.codes, bought, r)
	}, "order_no", func(o *CreatedOrder) (string, []string) { return r.OrderNo, o.Unread })
}

// checkAttach requires a text that PHP deployments return unchanged.
func checkAttach(v *check.Checker, field, value string) {
	v.NoMarkup(field, value)
	v.Text(field, value, longestAttach)
}
