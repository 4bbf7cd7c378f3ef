package kechengcang_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/kechengcang"
)

// The attacks of docs/security.md that no other test shows.

// Nothing in a callback says that it is new: the merchant keeps the record.
func TestACallbackSentAgainReachesTheMerchantAgain(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, paidAnswer(t)))
	var orders []string
	handler := client.NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
		orders = append(orders, n.OrderID)
		return nil
	})
	for range 2 {
		handler.ServeHTTP(httptest.NewRecorder(), post(orderFields(t)))
	}
	assert.Equal(t, []string{sampleID, sampleID}, orders)
}

// The document's own sample names no application. Whether a paid order is one of
// the merchant's is for him to know.
func TestAPaidOrderOfNoApplicationReachesTheMerchant(t *testing.T) {
	t.Parallel()
	var got *kechengcang.Notification
	w, _ := handle(t, post(`{"id":"`+sampleID+`"}`), httpmock.NewStringResponder(200, paidAnswer(t)),
		func(_ context.Context, n *kechengcang.Notification) error { got = n; return nil })
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, sampleID, got.OrderID)
	assert.Empty(t, got.Order.AppID)
}

// Nothing tells a made-up callback from a genuine one before the server is asked.
func TestEveryMadeUpCallbackAsksTheServer(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, `{"code":200,"message":"ok","result":null}`))
	handler := client.NotificationHandler(func(context.Context, *kechengcang.Notification) error {
		t.Error("the merchant's function ran")
		return nil
	})
	for range 10 {
		handler.ServeHTTP(httptest.NewRecorder(), post(`{"id":"`+sampleID+`"}`))
	}
	assert.Equal(t, 10, mock.GetTotalCallCount())
}
