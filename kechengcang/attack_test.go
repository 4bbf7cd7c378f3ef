package kechengcang_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/kechengcang"
)

// The attacks of docs/security.md that no other test covers.

// Only a query tells a forged notification from a genuine one. One after the other, each
// sends a query; at the same time they share one.
func TestEveryForgedNotificationQueriesTheGateway(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", showURL, httpmock.NewStringResponder(200, `{"code":200,"message":"ok","result":null}`))
	handler := client.NotificationHandler(func(context.Context, *kechengcang.Notification) error {
		t.Error("the function was called")
		return nil
	})
	for range 10 {
		handler.ServeHTTP(httptest.NewRecorder(), post(`{"id":"`+sampleID+`"}`))
	}
	assert.Equal(t, 10, mock.GetTotalCallCount())
}
