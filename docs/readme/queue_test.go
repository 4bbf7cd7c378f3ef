package readme

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

// queue stands for a queue that survives a restart.
type queue struct{ envelopes [][]byte }

func (q *queue) Put(_ context.Context, envelope []byte) error {
	q.envelopes = append(q.envelopes, envelope)
	return nil
}

func enqueue(client *ispay.Client, queue *queue) http.Handler {
	return client.NotificationHandler(func(ctx context.Context, n *ispay.Notification) error {
		envelope, err := n.MarshalBinary()
		if err != nil {
			return err
		}
		return queue.Put(ctx, envelope) // the response is "success" only after it was stored
	})
}

func work(ctx context.Context, client *ispay.Client, envelope []byte) (*ispay.Order, error) {
	n, err := client.RestoreNotification(envelope) // verifies again
	if err != nil {
		return nil, err
	}
	return client.ConfirmNotification(ctx, n)
}

func TestAQueue(t *testing.T) {
	t.Parallel()
	gateway := ispaytest.NewServer()
	defer gateway.Close()
	client, err := ispay.New(gateway.Config())
	require.NoError(t, err)
	stored := &queue{}
	shop := httptest.NewServer(enqueue(client, stored))
	defer shop.Close()
	ctx := context.Background()
	_, err = client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7", NotifyURL: shop.URL,
	})
	require.NoError(t, err)
	delivery, err := gateway.Pay("A1")
	require.NoError(t, err)
	assert.True(t, delivery.Accepted)
	require.Len(t, stored.envelopes, 1)
	order, err := work(ctx, client, stored.envelopes[0])
	require.NoError(t, err)
	assert.Equal(t, money.Cents(30000), order.Amount)
}
