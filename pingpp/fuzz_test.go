package pingpp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// fuzzClient signs no requests, because signing would take most of the time.
func fuzzClient(f *testing.F, gateway *samples.Gateway) *pingpp.Client {
	f.Helper()
	config := full(f)
	config.PrivateKey = sign.Secret{}
	config.HTTPClient = &http.Client{Transport: gateway}
	client, err := pingpp.New(config)
	require.NoError(f, err)
	return client
}

// looseCharge is a charge as encoding/json decodes it.
type looseCharge struct {
	ID       any `json:"id"`
	Object   any `json:"object"`
	OrderNo  any `json:"order_no"`
	LiveMode any `json:"livemode"`
	Paid     any `json:"paid"`
	Amount   any `json:"amount"`
	Currency any `json:"currency"`
}

func isTrue(value any) bool { return fmt.Sprint(value) == "true" || fmt.Sprint(value) == "1" }

func (s looseCharge) requireSame(t *testing.T, charge *pingpp.Charge) {
	t.Helper()
	require.Equal(t, "charge", s.Object)
	require.NotEmpty(t, charge.ID)
	require.Equal(t, fmt.Sprint(s.ID), charge.ID)
	require.NotEmpty(t, charge.OrderNo)
	require.Equal(t, fmt.Sprint(s.OrderNo), charge.OrderNo)
	require.Equal(t, isTrue(s.LiveMode), charge.LiveMode)
	require.Equal(t, isTrue(s.Paid), charge.PaidOnce)
	amount, ok := new(big.Int).SetString(fmt.Sprint(s.Amount), 10)
	require.True(t, ok)
	require.Equal(t, amount.String(), fmt.Sprint(charge.Amount.Cents()))
	for _, cents := range []int64{charge.Amount.Cents(), charge.AmountSettle.Cents(), charge.AmountRefunded.Cents()} {
		require.GreaterOrEqual(t, cents, int64(0))
	}
	_, _ = charge.AlipayCredential()
	_, _ = charge.WeChatCredential()
	require.Equal(t, charge.String(), fmt.Sprintf("%#v", charge))
}

// A signature is valid for one body. A body with a valid signature is accepted only if it
// is an event of live mode with the fields that decide. Then no byte of it or of its
// signature can be changed.
func FuzzVerifyNotification(f *testing.F) {
	genuine, genuineSignature := webhook(f)
	block, _ := pem.Decode([]byte(samples.Printed(f, "test_only_private.pem")))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(f, err)
	key := parsed.(*rsa.PrivateKey)
	for _, body := range []string{
		genuine,
		replace(f, genuine, `"livemode":true`, `"livemode":false`),
		replace(f, genuine, `"livemode":true,"paid"`, `"livemode":"0","paid"`),
		replace(f, genuine, `"amount":9900`, `"amount":-9900`),
		replace(f, genuine, `"paid":true`, `"paid":0`),
		replace(f, genuine, `"metadata":[]`, `"metadata":{"a":1,"b":[2]}`),
		replace(f, genuine, `"has_more":false,"data":[]`, `"data":[{"id":"re_1","amount":"1","succeed":true}]`),
		`{"id":"evt_1","object":"event","type":"refund.succeeded","livemode":1,"data":{"object":{"object":"refund"}}}`,
		`{"id":1,"object":"event","type":"charge.new","livemode":"true","data":{"object":{}},"request":null}`,
		replace(f, genuine, `"object":"event"`, `"object":"charge"`),
		replace(f, genuine, `"object":"charge"`, `"object":"refund"`),
		replace(f, genuine, `"id":"evt_example0000000000000001"`, `"id":""`),
		replace(f, genuine, `"livemode":true,"type"`, `"type"`),
		"{}", "null", "<html>",
	} {
		f.Add([]byte(body), uint16(7), byte(1))
	}
	client := fuzzClient(f, nil)
	f.Fuzz(func(t *testing.T, body []byte, at uint16, flip byte) {
		r := &http.Request{
			Method: http.MethodPost, URL: &url.URL{Path: "/webhook"}, Header: http.Header{},
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		}
		r.Header.Set("X-Pingplusplus-Signature", genuineSignature)
		n, err := client.ParseNotification(r)
		require.Equal(t, string(body) == genuine, err == nil)
		require.Equal(t, err == nil, n != nil)
		// Signing takes most of the time. internal/loosejson tests what is not JSON.
		if !json.Valid(bytes.TrimLeft(body, "\ufeff \t\r\n")) {
			return
		}
		sum := sha256.Sum256(body)
		raw, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		require.NoError(t, err)
		signature := base64.StdEncoding.EncodeToString(raw)
		n, err = client.VerifyNotification(body, signature)
		require.Equal(t, err == nil, n != nil)
		if err != nil {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.NotErrorIs(t, err, paygates.ErrInvalidSignature)
			require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), "%q", err.Error())
			return
		}
		requireEvent(t, n, body)

		changed := bytes.Clone(body)
		changed[int(at)%len(changed)] ^= flip
		_, err = client.VerifyNotification(changed, signature)
		require.Equal(t, flip == 0, err == nil)
		altered := []byte(signature)
		altered[int(at)%len(altered)] ^= flip
		_, err = client.VerifyNotification(body, string(altered))
		require.Equal(t, flip == 0, err == nil)
	})
}

func requireEvent(t *testing.T, n *pingpp.Notification, body []byte) {
	t.Helper()
	var s struct {
		ID       any `json:"id"`
		Object   any `json:"object"`
		Type     any `json:"type"`
		LiveMode any `json:"livemode"`
		Data     struct {
			Object looseCharge `json:"object"`
		} `json:"data"`
	}
	samples.Read(t, body, &s)
	require.Equal(t, "event", s.Object)
	if s.ID != nil {
		require.Equal(t, fmt.Sprint(s.ID), n.ID)
	}
	require.NotEmpty(t, n.Type)
	require.Equal(t, fmt.Sprint(s.Type), string(n.Type))
	require.True(t, n.LiveMode && isTrue(s.LiveMode))
	require.Equal(t, body, []byte(n.Raw.Reveal()))
	object := n.Object.Reveal() // none in an event without one
	require.True(t, object == nil || json.Valid(object))
	require.True(t, n.Charge != nil || n.Type != pingpp.EventChargeSucceeded)
	if n.Charge == nil {
		require.False(t, n.Paid())
		return
	}
	require.True(t, strings.HasPrefix(string(n.Type), "charge."))
	s.Data.Object.requireSame(t, n.Charge)
	require.True(t, n.Charge.LiveMode)
	require.Equal(t, n.Type == pingpp.EventChargeSucceeded && n.Charge.Paid(), n.Paid())
}

// A response is a charge only if it reports success and has the fields that decide, and is
// about the order or charge of the request. There is a charge or an error, never both. An
// error keeps the response and prints in one line.
func FuzzResponses(f *testing.F) {
	created := createSuccess(f)
	for _, body := range []string{
		created, strings.Replace(created, `"order_no": "12134676899915430002"`, `"order_no": 12134676899915430002`, 1),
		samples.Printed(f, "create_invalid_channel.json"), samples.Printed(f, "create_payment_failed.json"),
		paidCharge(f), strings.Replace(paidCharge(f), chargeID, "ch_another", 1),
		replace(f, created, "12134676899915430002", "1"), replace(f, created, `"status": 0`, `"status": -4`), replace(f, created, `"amount": 9900`, `"amount": null`),
		`{"detail":"Invalid token."}`, `{"status":0,"ch":[]}`, "<html>",
		`{"error":{"type":"invalid_request_error","message":"No such charge","code":"resource_missing","param":"id"}}`,
	} {
		for _, status := range []uint8{0, 4} {
			f.Add(true, status, []byte(body))
			f.Add(false, status, []byte(body))
		}
	}
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	f.Fuzz(func(t *testing.T, create bool, status uint8, body []byte) {
		gateway.Respond(status, body)
		if create {
			readCreated(t, client, gateway)
		} else {
			readCharge(t, client, gateway)
		}
	})
}

func readCreated(t *testing.T, client *pingpp.Client, gateway *samples.Gateway) {
	t.Helper()
	order, err := client.CreateOrder(context.Background(), request())
	require.Equal(t, err == nil, order != nil)
	if err != nil {
		failed := gateway.RequireError(t, err, 2500)
		require.Equal(t, samples.IsUnclear(failed), errors.Is(err, paygates.ErrOutcomeUnknown))
		return
	}
	require.Less(t, gateway.Status, 300)
	var s struct {
		Status any         `json:"status"`
		Charge looseCharge `json:"ch"`
	}
	samples.Read(t, gateway.Body, &s)
	zero, ok := new(big.Int).SetString(fmt.Sprint(s.Status), 10)
	require.True(t, ok && zero.Sign() == 0)
	s.Charge.requireSame(t, order.Charge)
	require.Equal(t, request().OrderNo, order.Charge.OrderNo)
	require.Equal(t, gateway.Body, []byte(order.Raw.Reveal()))
}

func readCharge(t *testing.T, client *pingpp.Client, gateway *samples.Gateway) {
	t.Helper()
	charge, err := client.QueryCharge(context.Background(), chargeID)
	require.Equal(t, err == nil, charge != nil)
	if err != nil {
		require.NotErrorIs(t, gateway.RequireError(t, err, 2500), paygates.ErrOutcomeUnknown)
		return
	}
	require.Less(t, gateway.Status, 300)
	var s looseCharge
	samples.Read(t, gateway.Body, &s)
	s.requireSame(t, charge)
	require.Equal(t, chargeID, charge.ID)
	kept, err := pingpp.DecodeCharge(charge.Raw.Reveal())
	require.NoError(t, err)
	require.Equal(t, charge, kept)
}

// A list, a refund or an event is read whole and about what was requested, or not at all.
func FuzzLists(f *testing.F) {
	for call, file := range []string{"list_charges.json", "list_refunds.json", "query_refund.json", "query_event.json"} {
		body := samples.Printed(f, file)
		for _, text := range []string{
			body, strings.Replace(body, `"amount": 9900`, `"amount": "9900"`, 1), strings.ReplaceAll(body, `"amount": 100`, `"amount": null`),
			strings.Replace(body, `"has_more": true`, `"has_more": 0`, 1), strings.Replace(body, `"id"`, `"ID"`, 1), body[:len(body)/2],
			`{"object":"list","has_more":false,"data":[]}`, `{"error":{"type":"x"}}`,
		} {
			f.Add(uint8(call), uint8(0), []byte(text))
			f.Add(uint8(call), uint8(4), []byte(text))
		}
	}
	gateway := &samples.Gateway{}
	client := fuzzClient(f, gateway)
	calls := []func(*testing.T, *pingpp.Client, []byte) error{readCharges, readRefunds, readRefund, readEvent}
	f.Fuzz(func(t *testing.T, call, status uint8, body []byte) {
		gateway.Respond(status, body)
		if err := calls[int(call)%len(calls)](t, client, body); err != nil {
			require.NotErrorIs(t, gateway.RequireError(t, err, 2500), paygates.ErrOutcomeUnknown)
			return
		}
		require.Less(t, gateway.Status, 300)
	})
}

func readCharges(t *testing.T, client *pingpp.Client, body []byte) error {
	t.Helper()
	list, err := client.ListCharges(context.Background(), app())
	require.Equal(t, err == nil, list != nil)
	if err != nil {
		return err
	}
	var s struct{ Data []looseCharge }
	samples.Read(t, body, &s)
	require.Len(t, list.Data, len(s.Data))
	for i := range s.Data {
		s.Data[i].requireSame(t, &list.Data[i])
	}
	return nil
}

func readRefunds(t *testing.T, client *pingpp.Client, body []byte) error {
	t.Helper()
	list, err := client.ListRefunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: refundedID})
	require.Equal(t, err == nil, list != nil)
	if err != nil {
		return err
	}
	var s struct{ Data []looseRefund }
	samples.Read(t, body, &s)
	require.Len(t, list.Data, len(s.Data))
	for i := range s.Data {
		s.Data[i].requireSame(t, &list.Data[i])
	}
	return nil
}

func readRefund(t *testing.T, client *pingpp.Client, body []byte) error {
	t.Helper()
	refund, err := client.QueryRefund(context.Background(), refundedID, refundID)
	require.Equal(t, err == nil, refund != nil)
	if err != nil {
		return err
	}
	var s looseRefund
	samples.Read(t, body, &s)
	s.requireSame(t, refund)
	require.Equal(t, refundID, refund.ID)
	return nil
}

func readEvent(t *testing.T, client *pingpp.Client, body []byte) error {
	t.Helper()
	event, err := client.QueryEvent(context.Background(), eventID)
	require.Equal(t, err == nil, event != nil)
	if err != nil {
		return err
	}
	requireEvent(t, &pingpp.Notification{Event: *event}, body)
	require.Equal(t, eventID, event.ID)
	return nil
}

// looseRefund is a refund as encoding/json decodes it.
type looseRefund struct {
	ID      any `json:"id"`
	Charge  any `json:"charge"`
	Amount  any `json:"amount"`
	Succeed any `json:"succeed"`
}

func (s looseRefund) requireSame(t *testing.T, refund *pingpp.Refund) {
	t.Helper()
	require.Equal(t, fmt.Sprint(s.ID), refund.ID)
	require.Equal(t, refundedID, fmt.Sprint(s.Charge))
	amount, ok := new(big.Int).SetString(fmt.Sprint(s.Amount), 10)
	require.True(t, ok)
	require.Equal(t, amount.String(), fmt.Sprint(refund.Amount.Cents()))
	require.Equal(t, isTrue(s.Succeed), refund.Succeeded)
}
