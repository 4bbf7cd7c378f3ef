package pingpptest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

// get sends a query to the fake's Ping++ without the client.
func get(t *testing.T, srv *pingpptest.Server, path string) (int, map[string]any) {
	t.Helper()
	status, body := send(t, "GET", srv.URL+path, "", map[string]string{"Authorization": basic(pingpptest.APIKey, "")})
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &object))
	return status, object
}

// ids are the numbers of a page's elements, and whether there are more.
func ids(t *testing.T, srv *pingpptest.Server, path string) string {
	t.Helper()
	status, page := get(t, srv, path)
	require.Equal(t, 200, status, page)
	assert.Equal(t, "list", page["object"])
	var found []string
	for _, element := range page["data"].([]any) {
		found = append(found, element.(map[string]any)["order_no"].(string))
	}
	return fmt.Sprint(strings.Join(found, " "), " ", page["has_more"])
}

// charges makes charges A to E, a minute apart, of which B is paid, D is by WeChat, and
// an order F without a charge.
func charges(t *testing.T, begin time.Time) (*pingpptest.Server, map[string]string) {
	t.Helper()
	srv := pingpptest.NewServer(gatewaytest.WithClock(func() time.Time { return begin }))
	t.Cleanup(srv.Close)
	client, err := pingpp.New(srv.Config())
	require.NoError(t, err)
	numbers := map[string]string{}
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		require.NoError(t, srv.AddOrder(name, money.Cents(100), "Example"))
		channel := pingpp.ChannelAlipay
		if name == "D" {
			channel = pingpp.ChannelWeChat
		}
		created, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{OrderNo: name, Channel: channel})
		require.NoError(t, err)
		numbers[name] = created.Charge.ID
		srv.Advance(time.Minute)
	}
	require.NoError(t, srv.AddOrder("F", money.Cents(100), "Example"))
	require.NoError(t, srv.PaySilently("B"))
	return srv, numbers
}

func TestPingppListsCharges(t *testing.T) {
	t.Parallel()
	const path = "/v1/charges?app[id]=" + pingpptest.App
	begin := time.Unix(1466149800, 0)
	srv, numbers := charges(t, begin)
	for query, want := range map[string]string{
		"":         "E D C B A false",
		"&limit=2": "E D true",
		"&limit=2&starting_after=" + numbers["D"]:        "C B true",
		"&limit=3&starting_after=" + numbers["D"]:        "C B A false",
		"&starting_after=" + numbers["A"]:                " false",
		"&limit=2&ending_before=" + numbers["B"]:         "D C true",
		"&limit=9&ending_before=" + numbers["B"]:         "E D C false",
		"&paid=true":                                     "B false",
		"&paid=false&channel=alipay":                     "E C A false",
		"&channel=wx":                                    "D false",
		"&refunded=true":                                 " false",
		"&reversed=true":                                 " false",
		"&reversed=false&refunded=false&limit=1":         "E true",
		"&created[gte]=1466149860":                       "E D C B false",
		"&created[gt]=1466149860":                        "E D C false",
		"&created[lt]=1466149860":                        "A false",
		"&created[lte]=1466149860":                       "B A false",
		"&created[gt]=1466149800&created[lt]=1466149920": "B false",
		"&created[gt]=yesterday":                         " false",
	} {
		assert.Equal(t, want, ids(t, srv, path+query), query)
	}
	for path, param := range map[string]string{
		"/v1/charges": "app[id]", "/v1/charges?app[id]=app_other": "app[id]",
		path + "&limit=0": "limit", path + "&limit=101": "limit", path + "&limit=x": "limit",
		path + "&starting_after=ch_other": "starting_after", path + "&ending_before=ch_other": "ending_before",
	} {
		status, body := get(t, srv, path)
		assert.GreaterOrEqual(t, status, 400, path)
		assert.Equal(t, param, body["error"].(map[string]any)["param"], path)
	}

	srv.Advance(31 * 24 * time.Hour)
	assert.Equal(t, " false", ids(t, srv, path), "without created: about the last month")
	assert.Equal(t, "E D C B A false", ids(t, srv, path+"&created[gt]=0"))
}

func TestRefundsAndTheirEvents(t *testing.T) {
	t.Parallel()
	srv, numbers := charges(t, time.Unix(1466149800, 0))
	for _, test := range []struct {
		number string
		amount money.Amount
		err    error
	}{
		{"none", 1, gatewaytest.ErrOrderNotFound}, {"F", 1, pingpptest.ErrNoCharge}, {"A", 1, pingpptest.ErrNotRefundable},
		{"B", 0, pingpptest.ErrNotRefundable}, {"B", 101, pingpptest.ErrNotRefundable},
	} {
		_, err := srv.Refund(test.number, test.amount)
		require.ErrorIs(t, err, test.err, test.number)
	}
	first, err := srv.Refund("B", 40)
	require.NoError(t, err)
	second, err := srv.Refund(numbers["B"], 60)
	require.NoError(t, err)
	_, err = srv.Refund("B", 1)
	require.ErrorIs(t, err, pingpptest.ErrNotRefundable)

	charge := "/v1/charges/" + numbers["B"]
	_, page := get(t, srv, charge+"/refunds?limit=1")
	assert.Equal(t, true, page["has_more"])
	assert.Equal(t, charge+"/refunds", page["url"])
	assert.Equal(t, second, page["data"].([]any)[0].(map[string]any)["id"])
	_, refund := get(t, srv, charge+"/refunds/"+first)
	assert.EqualValues(t, 40, refund["amount"])
	assert.Equal(t, numbers["B"], refund["charge"])
	assert.Equal(t, "B", refund["charge_order_no"])
	_, body := get(t, srv, charge)
	assert.Equal(t, true, body["refunded"])
	assert.EqualValues(t, 100, body["amount_refunded"])
	assert.Len(t, body["refunds"].(map[string]any)["data"], 2)
	assert.Equal(t, "B false", ids(t, srv, "/v1/charges?app[id]="+pingpptest.App+"&refunded=true"))

	_, event := get(t, srv, "/v1/events/"+strings.Replace(first, "re_", "evt_", 1))
	assert.Equal(t, "refund.succeeded", event["type"])
	assert.Equal(t, refund, event["data"].(map[string]any)["object"])
	for _, path := range []string{
		charge + "/refunds/re_other", "/v1/charges/ch_other/refunds", "/v1/charges/ch_other/refunds/" + first,
		"/v1/charges/" + numbers["A"] + "/refunds/" + first, "/v1/events/evt_other", "/v1/events/" + first,
		"/v1/events/" + strings.Replace(numbers["A"], "ch_", "evt_", 1),
	} {
		status, _ := get(t, srv, path)
		assert.Equal(t, 404, status, path)
	}
}

// The event that is queried is the one that was sent, also after a refund.
func TestAnEventIsTheOneThatWasSent(t *testing.T) {
	t.Parallel()
	srv, numbers := charges(t, time.Unix(1466149800, 0))
	url, webhooks := shop(t, 200)
	srv.SetWebhookURL(url)
	_, err := srv.Pay("C")
	require.NoError(t, err)
	sent := <-webhooks
	_, err = srv.Refund("C", 100)
	require.NoError(t, err)
	status, body := send(t, "GET", srv.URL+"/v1/events/"+strings.Replace(numbers["C"], "ch_", "evt_", 1), "",
		map[string]string{"Authorization": basic(pingpptest.APIKey, "")})
	assert.Equal(t, 200, status)
	assert.JSONEq(t, sent.body, body)
}

// Every call is authorized, and signed over the request URI with its query.
func TestListsAreSigned(t *testing.T) {
	t.Parallel()
	srv, numbers := charges(t, time.Unix(1466149800, 0))
	key, private := keyPair(t)
	srv.RequireSignature(&key.PublicKey)
	config := srv.Config()
	unsigned, err := pingpp.New(config)
	require.NoError(t, err)
	config.PrivateKey = sign.NewSecret(private)
	signed, err := pingpp.New(config)
	require.NoError(t, err)
	ctx := context.Background()
	request := pingpp.ListChargesRequest{App: pingpptest.App, CreatedFrom: time.Unix(1466149800, 0), Limit: 2}
	found, err := signed.FindCharges(ctx, "A", request)
	require.NoError(t, err)
	require.Len(t, found.Data, 1)
	assert.Equal(t, numbers["A"], found.Data[0].ID)
	_, err = signed.ListRefunds(ctx, pingpp.ListRefundsRequest{ChargeID: numbers["A"], Limit: 1})
	require.NoError(t, err)
	_, err = signed.QueryEvent(ctx, strings.Replace(numbers["B"], "ch_", "evt_", 1))
	require.NoError(t, err)
	_, err = unsigned.FindCharges(ctx, "A", request)
	require.ErrorContains(t, err, "HTTP 401")
	status, _ := send(t, "GET", srv.URL+"/v1/events/evt_1", "", nil)
	assert.Equal(t, 401, status)
}
