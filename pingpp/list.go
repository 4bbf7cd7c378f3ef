package pingpp

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// ListChargesRequest selects charges, and a page of their list (查询 Charge 列表). A field that
// is not set does not limit the list.
type ListChargesRequest struct {
	// App is the Ping++ application (app[id]), "app_…". Required.
	App string
	// Channel is the payment method (channel).
	Channel Channel
	// Paid, Refunded and Reversed select by what Charge.PaidOnce, Charge.Refunded and
	// Charge.Reversed report (paid, refunded, reversed).
	Paid, Refunded, Reversed *bool
	// CreatedAfter (created[gt]), CreatedFrom (created[gte]), CreatedBefore (created[lt]) and
	// CreatedUntil (created[lte]) limit the time of creation by Ping++'s clock. It counts whole
	// seconds: a fraction is dropped in the first two and rounded up in the others. Without
	// any of them Ping++ lists the charges of about one month.
	CreatedAfter, CreatedFrom, CreatedBefore, CreatedUntil time.Time
	// Limit is the length of the page (limit), 1 to 100. 0 is 10 in ListCharges, 100 in
	// Charges and FindCharges.
	Limit int
	// StartingAfter is the ID of the charge after which the page begins (starting_after),
	// EndingBefore that of the charge before which it ends (ending_before). At most one of
	// them is allowed.
	StartingAfter, EndingBefore string
}

// ChargeList is a page of a list of charges (Charge 对象列表), or what FindCharges found,
// newest first.
type ChargeList struct {
	// HasMore reports whether there are more charges after this page, or before it with
	// EndingBefore (has_more). It is false after FindCharges.
	HasMore bool
	// Data are the charges (data).
	Data []Charge
}

func (r ListChargesRequest) page() page { return page{r.Limit, r.StartingAfter, r.EndingBefore} }

func (r ListChargesRequest) fields(p page) []sign.Field {
	return append([]sign.Field{
		{Name: "app[id]", Value: r.App},
		{Name: "channel", Value: string(r.Channel)},
		{Name: "paid", Value: formatBool(r.Paid)},
		{Name: "refunded", Value: formatBool(r.Refunded)},
		{Name: "reversed", Value: formatBool(r.Reversed)},
		{Name: "created[gt]", Value: notify.Seconds(r.CreatedAfter)},
		{Name: "created[gte]", Value: notify.Seconds(r.CreatedFrom)},
		{Name: "created[lt]", Value: notify.Seconds(roundUp(r.CreatedBefore))},
		{Name: "created[lte]", Value: notify.Seconds(roundUp(r.CreatedUntil))},
	}, p.fields()...)
}

func formatBool(value *bool) string {
	if value == nil {
		return ""
	}
	return strconv.FormatBool(*value)
}

func roundUp(at time.Time) time.Time {
	if at.Nanosecond() == 0 {
		return at
	}
	return at.Add(time.Second)
}

// ListCharges returns a page of the charges of an application, newest first (查询 Charge
// 列表, GET /v1/charges at Ping++). Charges goes through all pages.
//
// A list that gets no response, 408, 429, 499 or 5xx is sent up to three times. The error is
// paygates.ErrInvalidConfig without Config.APIKey, ErrInvalidRequest, or a *paygates.Error:
// ErrNoResponse, ErrUnavailable, ErrBadResponse, [ErrTestMode] if one of the charges is of
// test mode unless Config.AllowTestMode is set, or a rejection with an [*APIError]. One
// charge that cannot be read makes the list ErrBadResponse: a charge that is left out would
// pass for one that was not created.
func (c *Client) ListCharges(ctx context.Context, request ListChargesRequest) (*ChargeList, error) {
	list, err := c.listCharges(ctx, request, request.page())
	if err != nil {
		return nil, err
	}
	return &ChargeList{HasMore: list.hasMore, Data: list.data}, nil
}

func (c *Client) listCharges(ctx context.Context, request ListChargesRequest, p page) (*listOf[Charge], error) {
	const op = "list charges"
	v := newRequest().ID("App (app[id])", request.App, 64)
	if request.Channel != "" {
		v.ID("Channel (channel)", string(request.Channel), 64)
	}
	p.validate(v)
	return get(ctx, c, v, apiQuery{
		op: op, use: op, path: "/v1/charges", template: "/v1/charges", query: request.fields(p),
		notFound: nil, // it is about the application, and says nothing about an order
	}, func(response transport.Response) (*listOf[Charge], error) {
		list, err := decodeList(response.Body, decodeCharge)
		if err != nil {
			return nil, response.Unreadable(err)
		}
		for i := range list.data {
			charge := &list.data[i]
			switch {
			case p.isAt(charge.ID):
				return nil, response.Bad("list does not go on at starting_after or ending_before")
			case charge.App != "" && charge.App != request.App:
				return nil, response.Bad(response.Other("app", charge.App, request.App))
			case !charge.LiveMode && !c.allowTestMode:
				return nil, response.Error("", "", ErrTestMode)
			}
			c.flow.LogUnread(ctx, op, "order_no", charge.OrderNo, charge.Unread)
		}
		return list, nil
	})
}

// Charges returns the charges of an application, newest first. It calls ListCharges for
// each page, when the page before it has been used. EndingBefore must be empty. An error
// ends the iteration; ctx limits all of it.
func (c *Client) Charges(ctx context.Context, request ListChargesRequest) iter.Seq2[*Charge, error] {
	return pages(request.page(), func(p page) (*listOf[Charge], error) {
		return c.listCharges(ctx, request, p)
	}, func(c *Charge) string { return c.ID })
}

// FindCharges returns all charges with the given merchant order number among those that
// the request selects, newest first: an order can have several. Use it after a create with
// ErrOutcomeUnknown. Ping++ has no query by order number, so FindCharges goes
// through all pages of the list: it costs one request for 100 charges, and CreatedFrom or
// CreatedAfter is required.
//
// An empty list without an error means that none was created in that time. Begin some minutes
// before the create, because Ping++'s clock decides, and search again after some minutes,
// because a slow backend may create the charge later. Compare Amount and Currency with the
// stored order.
//
// The error is that of ListCharges. It is never ErrOrderNotFound.
func (c *Client) FindCharges(ctx context.Context, orderNo string, request ListChargesRequest) (*ChargeList, error) {
	v := newRequest().ID("orderNo", orderNo, 64)
	v.That(!request.CreatedFrom.IsZero() || !request.CreatedAfter.IsZero(), "CreatedFrom or CreatedAfter", "is required")
	if err := v.Err(); err != nil {
		return nil, err
	}
	found := &ChargeList{}
	for charge, err := range c.Charges(ctx, request) {
		if err != nil {
			return nil, err
		}
		if charge.OrderNo == orderNo {
			found.Data = append(found.Data, *charge)
		}
	}
	return found, nil
}

type page struct {
	limit                       int
	startingAfter, endingBefore string
}

func (p page) validate(v *check.Checker) {
	v.That(p.limit >= 0 && p.limit <= longestPage, "Limit (limit)", "must be 1 to 100, or 0 for the default")
	if p.startingAfter != "" {
		v.ID("StartingAfter (starting_after)", p.startingAfter, 64)
	}
	if p.endingBefore != "" {
		v.ID("EndingBefore (ending_before)", p.endingBefore, 64)
		v.That(p.startingAfter == "", "EndingBefore (ending_before)", "is not allowed with StartingAfter")
	}
}

func (p page) fields() []sign.Field {
	return []sign.Field{
		{Name: "limit", Value: notify.Number(p.limit)},
		{Name: "starting_after", Value: p.startingAfter},
		{Name: "ending_before", Value: p.endingBefore},
	}
}

// isAt reports whether an ID is where the page begins or ends, which is not part of it.
// An iteration would never end if it were.
func (p page) isAt(id string) bool {
	return id != "" && (id == p.startingAfter || id == p.endingBefore)
}

const longestPage = 100

func pages[T any](first page, list func(page) (*listOf[T], error), id func(*T) string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		v := newRequest()
		v.That(first.endingBefore == "", "EndingBefore (ending_before)", "is not allowed: all pages are listed from the newest on")
		if err := v.Err(); err != nil {
			yield(nil, err)
			return
		}
		next := first
		if next.limit == 0 {
			next.limit = longestPage
		}
		for {
			got, err := list(next)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range got.data {
				if !yield(&got.data[i], nil) {
					return
				}
				next.startingAfter = id(&got.data[i])
			}
			if !got.hasMore {
				return
			}
		}
	}
}
