package pingpp

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/money"
)

// RefundList is a part of a charge's list of refunds (退款列表), newest first: the beginning
// that comes with a Charge, or the page that ListRefunds returns.
type RefundList struct {
	// URL is the path at which Ping++ lists all of them (url).
	URL string
	// HasMore reports whether there are more than these (has_more).
	HasMore bool
	// Data are the refunds (data).
	Data []Refund
}

// Refund is money that was returned to a payer (退款对象). It has neither a currency nor a
// mode: both are those of its charge.
type Refund struct {
	// ID is the number of the refund (id), "re_…", OrderNo the order number that Ping++ gave
	// it (order_no).
	ID, OrderNo string
	// ChargeID is the charge that was refunded (charge), ChargeOrderNo its merchant order
	// number (charge_order_no).
	ChargeID, ChargeOrderNo string
	// Amount in hundredths of the charge's currency (amount).
	Amount money.Amount
	// Succeeded reports whether the money was returned (succeed). Status is "pending",
	// "succeeded" or "failed" (status).
	Succeeded bool
	Status    string
	// Description is the reason (description).
	Description paygates.Private[string] `json:"-"`
	// CreatedAt is when the refund was requested (created), SucceededAt when the money was
	// returned (time_succeed), zero before.
	CreatedAt, SucceededAt time.Time
	// TransactionNo is the channel's number of the refund (transaction_no), FundingSource
	// the merchant's fund that it was paid from (funding_source). "" on most channels.
	TransactionNo, FundingSource string
	// FailureCode and FailureMessage tell why it failed (failure_code, failure_msg).
	FailureCode, FailureMessage string
	// Metadata is what was added to the refund (metadata), as Charge.Metadata.
	Metadata paygates.Private[map[string]string] `json:"-"`
	// Extra holds what the channel returned (extra), as it arrived.
	Extra paygates.Private[json.RawMessage] `json:"-"`
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the refund as it arrived.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// QueryRefund returns a refund of a charge by the numbers of Ping++ (查询 Refund, GET
// /v1/charges/{id}/refunds/{refund_id} at Ping++). It is read strictly: Amount and
// Succeeded decide.
//
// The error is that of QueryCharge; ErrOrderNotFound means that Ping++ does not know the
// charge or the refund. A refund does not tell its mode, so [ErrTestMode] depends on
// Config.APIKey: a key of test mode (sk_test_…) returns refunds of test mode alone.
func (c *Client) QueryRefund(ctx context.Context, chargeID, refundID string) (*Refund, error) {
	const op = "query refund"
	v := newRequest().ID("chargeID", chargeID, 64).ID("refundID", refundID, 64)
	return get(ctx, c, v, apiQuery{
		op: op, use: "query a refund", path: "/v1/charges/" + chargeID + "/refunds/" + refundID,
		template: "/v1/charges/{charge_id}/refunds/{refund_id}", notFound: paygates.ErrOrderNotFound,
	}, func(response transport.Response) (*Refund, error) {
		refund, err := read(response.Body, decodeRefund)
		switch {
		case err != nil:
			return nil, response.Unreadable(err)
		case refund.ID != refundID:
			return nil, response.Bad(response.Other("id", refund.ID, refundID))
		}
		if err := c.checkRefund(refund, chargeID, response); err != nil {
			return nil, err
		}
		c.flow.LogUnread(ctx, op, "order_no", refund.ChargeOrderNo, refund.Unread)
		return refund, nil
	})
}

// checkRefund returns an error if a refund is that of another charge, or of test mode.
func (c *Client) checkRefund(refund *Refund, chargeID string, response transport.Response) error {
	switch {
	case refund.ChargeID != chargeID:
		return response.Bad(response.Other("charge", refund.ChargeID, chargeID))
	case !c.allowTestMode && strings.HasPrefix(c.apiKey.Reveal(), "sk_test_"):
		return response.Error("", "", ErrTestMode)
	default:
		return nil
	}
}

// ListRefundsRequest names a charge and a page of the list of its refunds (查询 Refund 列表).
type ListRefundsRequest struct {
	// ChargeID is the number of the charge. Required.
	ChargeID string
	// Limit is the length of the page (limit), 1 to 100. 0 is 10 in ListRefunds, 100 in
	// Refunds.
	Limit int
	// StartingAfter is the ID of the refund after which the page begins
	// (starting_after), EndingBefore that of the refund before which it ends
	// (ending_before). At most one of them is allowed.
	StartingAfter, EndingBefore string
}

func (r ListRefundsRequest) page() page { return page{r.Limit, r.StartingAfter, r.EndingBefore} }

// ListRefunds returns a page of the refunds of a charge, newest first (查询 Refund 列表, GET
// /v1/charges/{id}/refunds at Ping++). Refunds goes through all pages.
//
// The error is that of QueryRefund. One refund that cannot be read makes the list
// paygates.ErrBadResponse: without it the list would be wrong.
func (c *Client) ListRefunds(ctx context.Context, request ListRefundsRequest) (*RefundList, error) {
	list, err := c.listRefunds(ctx, request.ChargeID, request.page())
	if err != nil {
		return nil, err
	}
	return &RefundList{URL: list.url, HasMore: list.hasMore, Data: list.data}, nil
}

func (c *Client) listRefunds(ctx context.Context, chargeID string, p page) (*listOf[Refund], error) {
	const op = "list refunds"
	v := newRequest().ID("ChargeID", chargeID, 64)
	p.validate(v)
	return get(ctx, c, v, apiQuery{
		op: op, use: op, path: "/v1/charges/" + chargeID + "/refunds", template: "/v1/charges/{charge_id}/refunds",
		query: p.fields(), notFound: paygates.ErrOrderNotFound,
	}, func(response transport.Response) (*listOf[Refund], error) {
		list, err := decodeList(response.Body, decodeRefund)
		if err != nil {
			return nil, response.Unreadable(err)
		}
		for i := range list.data {
			refund := &list.data[i]
			if p.isAt(refund.ID) {
				return nil, response.Bad("list does not go on at starting_after or ending_before")
			}
			if err := c.checkRefund(refund, chargeID, response); err != nil {
				return nil, err
			}
			c.flow.LogUnread(ctx, op, "order_no", refund.ChargeOrderNo, refund.Unread)
		}
		return list, nil
	})
}

// Refunds returns the refunds of a charge, newest first. It calls ListRefunds for each
// page, when the page before it has been used. EndingBefore must be empty. An error ends
// the iteration; ctx limits all of it.
func (c *Client) Refunds(ctx context.Context, request ListRefundsRequest) iter.Seq2[*Refund, error] {
	return pages(request.page(), func(p page) (*listOf[Refund], error) {
		return c.listRefunds(ctx, request.ChargeID, p)
	}, func(r *Refund) string { return r.ID })
}
