package pingpp

import (
	"context"
	"encoding/json"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
)

// Event is an event (Event 对象). In a Notification its signature was verified. One that
// QueryEvent returned has no signature and is as trustworthy as the TLS connection; no function
// for notifications takes it.
type Event struct {
	// ID is the number of the event (id), "evt_…", the same whenever the event is sent
	// again. Some genuine events have none, so deduplicate payments on Charge.ID.
	ID string
	// Type is the type of the event (type).
	Type EventType
	// LiveMode is false for an event of test mode, in which no money moves (livemode).
	LiveMode bool
	// CreatedAt is the time of the event (created).
	CreatedAt time.Time
	// Charge is the charge of a charge event as it was then (data.object). It is never nil
	// for EventChargeSucceeded, and nil for types that do not begin with "charge.".
	// QueryCharge returns its present state.
	Charge *Charge
	// Object is the object of the event, whatever the type (data.object). It holds payer
	// data. Decode it yourself for types other than those of a charge.
	Object paygates.Private[json.RawMessage] `json:"-"`
	// PendingWebhooks is how many webhooks have not been delivered yet (pending_webhooks).
	PendingWebhooks int
	// RequestID is the API request that caused the event (request), "" if none did.
	RequestID string
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the event as it arrived, byte for byte.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// QueryEvent returns the event with the given number (查询 Event, GET /v1/events/{id} at
// Ping++). It tells whether an event was delivered, and what its webhook holds. It is an
// old state: credit after QueryCharge with the number of its charge.
//
// The error is that of QueryCharge. ErrOrderNotFound means that Ping++ does not know the
// event.
func (c *Client) QueryEvent(ctx context.Context, eventID string) (*Event, error) {
	const op = "query event"
	v := newRequest().ID("eventID", eventID, 64)
	return get(ctx, c, v, apiQuery{
		op: op, use: "query an event", path: "/v1/events/" + eventID, template: "/v1/events/{event_id}",
		notFound: paygates.ErrOrderNotFound,
	}, func(response transport.Response) (*Event, error) {
		e, err := decodeEvent(response.Body)
		switch {
		case err != nil:
			return nil, response.Unreadable(err)
		case e.ID != eventID:
			return nil, response.Bad(response.Other("id", e.ID, eventID))
		case e.isTestMode() && !c.allowTestMode:
			return nil, response.Error("", "", ErrTestMode)
		default:
			c.flow.LogUnread(ctx, op, "order_no", e.Charge.orderNo(), e.Unread)
			return e, nil
		}
	})
}

// isTestMode reports whether the event or its charge says so: neither moves money then.
func (e *Event) isTestMode() bool {
	return !e.LiveMode || e.Charge != nil && !e.Charge.LiveMode
}
