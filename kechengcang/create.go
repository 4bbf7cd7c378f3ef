package kechengcang

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// longestText is how many characters a column of the public source holds.
const longestText = 255

func (r CreateOrderRequest) validate() error {
	v := check.New(gateway, paygates.ErrInvalidRequest)
	// Laravel trims a title and rejects what is then empty.
	v.That(strings.TrimSpace(r.Subject) != "", "Subject (title)", "must not be empty or blank")
	checkText(v, "Subject (title)", r.Subject)
	v.Amount("Fee.Amount (fee)", r.Fee.Amount, money.Cents(1), money.Max)
	check.OneOf(v, "Fee.Currency (currency)", r.Fee.Currency, CurrencyUSD, CurrencyCNY)
	checkText(v, "Remark (remark)", r.Remark)
	v.NotifyURL("NotifyURL (callback_url)", r.NotifyURL, longestText, check.QueryKept)
	v.URL("ReturnURL (redirect_url)", r.ReturnURL, longestText)
	return v.Err()
}

func checkText(v *check.Checker, field, value string) {
	v.That(utf8.RuneCountInString(value) <= longestText, field, "must be at most "+strconv.Itoa(longestText)+" characters long")
	v.Text(field, value, longestText*utf8.UTFMax)
}

// CreateOrder creates an order (创建订单, POST /api/web/pay-orders/store) with a fresh salt.
// It is sent once. Store the OrderID that it returns: the gateway knows the order by no
// other number.
//
// The error is paygates.ErrInvalidRequest before anything is sent. Otherwise it is a
// *paygates.Error: ErrNotSent if nothing reached the gateway, ErrOutcomeUnknown if the
// order may exist, and a rejection in all other cases, with [FieldErrors] after HTTP 422.
//
// A server error is ErrOutcomeUnknown unless the public source is known to raise it before
// it stores an order: 签名不正确 (wrong signature), 应用不存在 (no such application) and
// 价格系统出错 (no price of the coin). A server that is not in debug mode responds with
// "Server Error" instead, so there a wrong Secret is ErrOutcomeUnknown as well.
//
// After ErrOutcomeUnknown there is nothing to query, because the order's id is unknown. For
// the same reason no payer is shown that order, and it times out, so that a second create
// does not charge anyone twice. The Subject finds it in the gateway's list of orders.
func (c *Client) CreateOrder(ctx context.Context, request CreateOrderRequest) (*Order, error) {
	const op = "create order"
	if err := request.validate(); err != nil {
		return nil, err
	}
	body, err := c.storeBody(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", gateway, op, err)
	}
	return flow.Send(ctx, c.flow, transport.Call{
		Op:          op,
		Method:      http.MethodPost,
		URL:         c.baseURL + "/api/web/pay-orders/store",
		URLTemplate: "/api/web/pay-orders/store",
		ContentType: transport.ContentTypeJSON,
		Body:        body,
		Private:     []string{request.Subject, request.Remark, request.NotifyURL, request.ReturnURL},
		NoRetry:     true,
	}, func(r transport.Response) (*Order, error) { return c.decodeCreated(r, request) }, "order_id", (*Order).unread)
}

func (o *Order) unread() (number string, fields []string) { return o.OrderID, o.Unread }

func (c *Client) storeBody(request CreateOrderRequest) (string, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("no random salt: %w", err)
	}
	salt := hex.EncodeToString(random[:])
	signature, err := sign.MD5Salted(c.secret, salt)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(storeWire{
		Title:       request.Subject,
		Fee:         request.Fee.Amount.Cents(),
		Remark:      request.Remark,
		AppID:       c.appID,
		Salt:        salt,
		Sign:        signature.String(),
		Currency:    request.Fee.Currency,
		CallbackURL: request.NotifyURL,
		RedirectURL: request.ReturnURL,
	})
	return string(body), err
}
