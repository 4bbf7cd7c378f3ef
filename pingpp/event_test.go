package pingpp_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/pingpp"
)

const eventID = "evt_example0000000000000001"

func queryEvent(t *testing.T, status int, body string, changes ...func(*pingpp.Config)) (*pingpp.Event, error) {
	t.Helper()
	client, mock := setup(t, changes...)
	mock.RegisterResponder("GET", "https://api.pingxx.com/v1/events/"+eventID, func(r *http.Request) (*http.Response, error) {
		assertSigned(t, "/v1/events/"+eventID+r.Header.Get("Pingplusplus-Request-Timestamp"), r.Header.Get("Pingplusplus-Signature"))
		return httpmock.NewStringResponse(status, body), nil
	})
	return client.QueryEvent(context.Background(), eventID)
}

func TestTheDocumentedEventFieldByField(t *testing.T) {
	t.Parallel()
	body := samples.Printed(t, "query_event.json")
	event, err := queryEvent(t, 200, body)
	require.NoError(t, err)
	assert.Equal(t, body, string(event.Raw.Reveal()))
	want := pingpp.Event{
		ID: eventID, Type: pingpp.EventChargeSucceeded, LiveMode: true, CreatedAt: unix(1466149901), Charge: event.Charge,
		Object: event.Object, PendingWebhooks: 2, RequestID: "iar_example0000000000000001", Raw: event.Raw,
	}
	assert.Equal(t, &want, event)
	require.NotNil(t, event.Charge)
	assert.Equal(t, "12134676899915430002", event.Charge.OrderNo)
	assert.True(t, event.Charge.Paid())
	assert.Equal(t, string(event.Charge.Raw.Reveal()), string(event.Object.Reveal()))
	assert.Equal(t, "pingpp event "+eventID+": charge.succeeded: "+event.Charge.String(), fmt.Sprintf("%+v", event))
	assert.NotContains(t, fmt.Sprintf("%#v %v", event, *event), "payer@example.com")
}

func TestQueryEventOfAnotherShape(t *testing.T) {
	t.Parallel()
	whole := samples.Printed(t, "query_event.json")
	for name, test := range map[string][2]string{
		"another event":   {eventID, "evt_other"},
		"no id":           {`"id": "` + eventID + `",`, ``},
		"a charge":        {`"object": "event"`, `"object": "charge"`},
		"no type":         {`"type": "charge.succeeded",`, ``},
		"livemode a word": {`"livemode": true,` + "\n  \"type\"", `"livemode": "yes",` + "\n  \"type\""},
		"not a charge":    {`"object": "charge"`, `"object": "refund"`},
		"amount in yuan":  {`"amount": 9900`, `"amount": "99.00"`},
		"truncated":       {`"request"`, ``},
	} {
		event, err := queryEvent(t, 200, replace(t, whole, test[0], test[1]))
		require.ErrorIs(t, err, paygates.ErrBadResponse, name)
		require.NotErrorIs(t, err, paygates.ErrInvalidNotification, name)
		assert.Nil(t, event, name)
	}
	event, err := queryEvent(t, 200, replace(t, whole, `"type": "charge.succeeded"`, `"type": "refund.succeeded"`, `"pending_webhooks": 2`, `"pending_webhooks": []`))
	require.NoError(t, err)
	assert.Nil(t, event.Charge)
	assert.Equal(t, []string{"pending_webhooks"}, event.Unread)
}

func TestAnUnknownEvent(t *testing.T) {
	t.Parallel()
	event, err := queryEvent(t, 404, `{"error":{"type":"invalid_request_error","message":"No such event","param":"id"}}`)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	assert.Nil(t, event)
}

// Either livemode makes it an event of test mode.
func TestEventsInTestMode(t *testing.T) {
	t.Parallel()
	whole := samples.Printed(t, "query_event.json")
	for _, indent := range []string{"\n  ", "\n      "} {
		body := replace(t, whole, indent+`"livemode": true`, indent+`"livemode": false`)
		_, err := queryEvent(t, 200, body)
		require.ErrorIs(t, err, pingpp.ErrTestMode)
		_, err = queryEvent(t, 200, body, func(c *pingpp.Config) { c.AllowTestMode = true })
		require.NoError(t, err)
	}
}
