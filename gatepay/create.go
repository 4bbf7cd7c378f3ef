package gatepay

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
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

// creation is what the four creates have in common.
type creation struct {
	op                   string
	baseURL, path        string
	codes                map[int64]error
	bought               sign.Field // price, fields or product_id
	orderNo              string
	channel              Channel
	attach               string
	notifyURL, returnURL string
}

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
	return c.create(ctx, v, creation{
		op:        "create order",
		baseURL:   c.baseURL,
		path:      "/api/anypay/create",
		codes:     anyPayCodes,
		bought:    sign.Field{Name: "price", Value: request.Amount.String()},
		orderNo:   request.OrderNo,
		channel:   request.Channel,
		attach:    request.Attach,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

// CreateCloudOrder creates an order of any amount through the cloud API (云端支付, POST
// /api/cloudpay/create at Config.CloudBaseURL). The result has no image. Otherwise it is
// like CreateOrder.
func (c *Client) CreateCloudOrder(ctx context.Context, request CreateCloudOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	v.Amount("Amount (price)", request.Amount, money.Cents(1), money.Max)
	return c.create(ctx, v, creation{
		op:      "create cloud order",
		baseURL: c.cloudBaseURL,
		path:    "/api/cloudpay/create",
		codes:   cloudPayCodes,
		bought:  sign.Field{Name: "price", Value: request.Amount.String()},
		orderNo: request.OrderNo,
		channel: request.Channel,
		attach:  request.Attach,
	})
}

// CreateGroupOrder creates an order of several products (组合商品支付, POST
// /api/grouppay/create). Otherwise it is like CreateOrder.
func (c *Client) CreateGroupOrder(ctx context.Context, request CreateGroupOrderRequest) (*CreatedOrder, error) {
	v := newRequest()
	return c.create(ctx, v, creation{
		op:        "create group order",
		baseURL:   c.baseURL,
		path:      "/api/grouppay/create",
		codes:     groupPayCodes,
		bought:    sign.Field{Name: "fields", Value: groupFields(v, request.Items)},
		orderNo:   request.OrderNo,
		channel:   request.Channel,
		attach:    request.Attach,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

// groupFields returns the items as the gateway reads them: "8:1,7:1".
func groupFields(v *check.Checker, items []GroupItem) string {
	const field = "Items (fields)"
	v.That(len(items) >= 1 && len(items) <= longestGroup, field, "must have 1 to "+strconv.Itoa(longestGroup)+" products")
	seen := map[string]bool{}
	texts := make([]string, len(items))
	for i, item := range items {
		v.That(check.AreDigits(item.ProductID) && len(item.ProductID) <= longestProduct,
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
	return c.create(ctx, v, creation{
		op:        "create product order",
		baseURL:   c.baseURL,
		path:      "/api/stablepay/create",
		codes:     stablePayCodes,
		bought:    sign.Field{Name: "product_id", Value: request.ProductID},
		orderNo:   request.OrderNo,
		channel:   request.Channel,
		attach:    request.Attach,
		notifyURL: request.NotifyURL,
		returnURL: request.ReturnURL,
	})
}

func (c *Client) create(ctx context.Context, v *check.Checker, r creation) (*CreatedOrder, error) {
	v.ID("OrderNo (out_order_id)", r.orderNo, longestOrderNo)
	check.OneOf(v, "Channel (type)", r.channel, ChannelAlipay, ChannelWeChat)
	v.Required("Attach (custom)", r.attach)
	checkAttach(v, "Attach (custom)", r.attach)
	v.NotifyURL("NotifyURL (notify_url)", r.notifyURL, 1024, check.QueryKept)
	v.URL("ReturnURL (return_url)", r.returnURL, 1024)
	if err := v.Err(); err != nil {
		return nil, err
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, r.bought.Value, string(r.channel), r.orderNo, r.attach)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, r.op, err)
	}
	order, err := transport.Send(ctx, c.flow.Transport, transport.Call{
		Op:          r.op,
		OrderNo:     r.orderNo,
		Method:      http.MethodPost,
		URL:         r.baseURL + r.path,
		URLTemplate: r.path,
		ContentType: transport.ContentTypeForm,
		Body: notify.Encode([]sign.Field{
			{Name: "appkey", Value: c.appKey},
			r.bought,
			{Name: "type", Value: string(r.channel)},
			{Name: "out_order_id", Value: r.orderNo},
			{Name: "custom", Value: r.attach},
			{Name: "sign", Value: signature.String()},
			{Name: "notify_url", Value: r.notifyURL},
			{Name: "return_url", Value: r.returnURL},
		}),
		NoRetry: true,
	}, func(response transport.Response) (*CreatedOrder, error) { return decodeCreated(response, r) })
	if err != nil {
		return nil, err
	}
	c.flow.LogUnread(ctx, r.op, r.orderNo, order.Unread)
	return order, nil
}

// checkAttach requires a text that PHP deployments return as it is.
func checkAttach(v *check.Checker, field, value string) {
	v.NoMarkup(field, value)
	v.Text(field, value, longestAttach)
}
