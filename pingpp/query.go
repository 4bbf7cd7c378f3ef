package pingpp

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// QueryCharge returns the charge with the given number of Ping++ (查询 Charge, GET
// /v1/charges/{id} at Ping++). Its Paid, Amount and Currency decide about money.
//
// A query that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidConfig without Config.APIKey, ErrInvalidRequest, or a *paygates.Error:
// ErrNotSent (an ErrNoResponse too) if Config.Signer fails, ErrOrderNotFound,
// ErrNoResponse, ErrUnavailable, ErrBadResponse, [ErrTestMode] unless Config.AllowTestMode is
// set, or a rejection with an [*APIError].
func (c *Client) QueryCharge(ctx context.Context, chargeID string) (*Charge, error) {
	const op = "query charge"
	v := newRequest().ID("chargeID", chargeID, 64)
	return get(ctx, c, v, apiQuery{
		op: op, use: "query a charge", path: "/v1/charges/" + chargeID, template: "/v1/charges/{charge_id}",
		notFound: paygates.ErrOrderNotFound,
	}, func(response transport.Response) (*Charge, error) {
		charge, err := read(response.Body, decodeCharge)
		switch {
		case err != nil:
			return nil, response.Unreadable(err)
		case charge.ID != chargeID:
			return nil, response.Bad(response.Other("id", charge.ID, chargeID))
		case !charge.LiveMode && !c.allowTestMode:
			return nil, response.Error("", "", ErrTestMode)
		default:
			c.flow.LogUnread(ctx, op, "order_no", charge.OrderNo, charge.Unread)
			return charge, nil
		}
	})
}

func newRequest() *check.Checker { return check.New(gateway, paygates.ErrInvalidRequest) }

// apiQuery is a request to Ping++.
type apiQuery struct {
	op, use  string // use is op in words that say what APIKey is required for
	path     string // below APIBaseURL
	template string // path with placeholders
	query    []sign.Field
	notFound error // a 404; nil: a rejection like others
}

// get sends a request to Ping++, whose arguments v has checked, signed if there is a private
// key, and decodes a response that has status 2xx. An error of Ping++ may have it too, through
// a proxy.
func get[T any](
	ctx context.Context, c *Client, v *check.Checker, q apiQuery, decode func(transport.Response) (*T, error),
) (*T, error) {
	if c.apiBaseURL == "" {
		return nil, notConfigured("APIKey", q.use)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	if encoded := notify.Encode(q.query); encoded != "" {
		q.path += "?" + encoded
	}
	header, err := c.signRequest("", c.apiPath+q.path, time.Now())
	if err != nil {
		return nil, &paygates.Error{Gateway: gateway, Op: q.op, Err: err}
	}
	return transport.Send(ctx, c.flow.Transport, transport.Call{
		Op:          q.op,
		Method:      http.MethodGet,
		URL:         c.apiBaseURL + q.path,
		URLTemplate: q.template,
		Header:      header,
		BasicAuth:   c.apiKey,
	}, func(response transport.Response) (*T, error) {
		if !response.OK() {
			return nil, decodeAPIError(response, q.notFound)
		}
		result, err := decode(response)
		if err != nil && isAPIError(response.Body) {
			return nil, decodeAPIError(response, q.notFound)
		}
		return result, err
	})
}

// signRequest returns the headers of a signed request to Ping++, none without a private
// key. The error is paygates.ErrNotSent.
func (c *Client) signRequest(body, uri string, at time.Time) (map[string]string, error) {
	if c.privateKey.IsZero() {
		return nil, nil //nolint:nilnil // no headers
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signature, err := c.privateKey.Sign([]byte(body + uri + timestamp))
	if err != nil {
		return nil, transport.NotSent(err)
	}
	return map[string]string{
		"Pingplusplus-Request-Timestamp": timestamp,
		"Pingplusplus-Signature":         signature,
	}, nil
}

// WaitForPayment calls QueryCharge at once and then after each interval (0: 3 s, at
// least 100 ms), until the charge is paid. Each response is logged at debug level, each
// new state at info level.
//
// The error is nil only if the money has arrived. paygates.ErrNotPaid comes with the
// charge if it ended otherwise, a wholly refunded one included, and [ErrTestMode] for one of
// test mode unless Config.AllowTestMode is set. A rejection ends the wait, and so do several
// unexpected responses in a row. When ctx ends, the last charge is returned, nil before the
// first response, with the context's error.
func (c *Client) WaitForPayment(ctx context.Context, chargeID string, interval time.Duration) (*Charge, error) {
	return flow.Wait[Charge]{
		Name:   "charge_id",
		Number: chargeID,
		Query:  c.QueryCharge,
		State:  func(o *Charge) (string, bool, bool) { return o.state(), o.Paid(), o.Final() },
	}.For(ctx, c.flow, interval)
}
