package otelpaygates_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/otelpaygates"
)

// telemetry is an Observer with in-memory exporters.
type telemetry struct {
	paygates.Observer
	spans  *tracetest.InMemoryExporter
	tracer *sdktrace.TracerProvider
	reader *metric.ManualReader
}

func newTelemetry() *telemetry {
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	return &telemetry{
		Observer: otelpaygates.New(otelpaygates.WithTracerProvider(tracer),
			otelpaygates.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))),
		spans: spans, tracer: tracer, reader: reader,
	}
}

func (o *telemetry) metrics(t *testing.T) map[string]metricdata.Histogram[float64] {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, o.reader.Collect(context.Background(), &all))
	require.Len(t, all.ScopeMetrics, 1)
	assert.Equal(t, paygates.Version, all.ScopeMetrics[0].Scope.Version)
	histograms := map[string]metricdata.Histogram[float64]{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		assert.Equal(t, "s", m.Unit)
		histograms[m.Name] = m.Data.(metricdata.Histogram[float64])
	}
	return histograms
}

// text returns everything that is exported.
func (o *telemetry) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, span := range o.spans.GetSpans() {
		_, _ = fmt.Fprintf(&b, "%s %s %+v\n", span.Name, span.SpanKind, span.Status)
		for _, attrs := range [][]attribute.KeyValue{span.Attributes, span.Resource.Attributes(), span.InstrumentationScope.Attributes.ToSlice()} {
			writeAttributes(&b, attrs)
		}
		for _, event := range span.Events {
			b.WriteString(event.Name)
			writeAttributes(&b, event.Attributes)
		}
		for _, link := range span.Links {
			writeAttributes(&b, link.Attributes)
		}
	}
	for name, histogram := range o.metrics(t) {
		for _, point := range histogram.DataPoints {
			b.WriteString(name)
			writeAttributes(&b, point.Attributes.ToSlice())
			for _, exemplar := range point.Exemplars {
				writeAttributes(&b, exemplar.FilteredAttributes)
			}
		}
	}
	return b.String()
}

func writeAttributes(b *strings.Builder, attrs []attribute.KeyValue) {
	for _, attr := range attrs {
		_, _ = fmt.Fprintf(b, " %s=%s\n", attr.Key, attr.Value.Emit())
	}
}

// A whole payment through each gateway leaves no private value in any span or metric.
func TestNothingPrivateIsExported(t *testing.T) {
	t.Parallel()
	for name, open := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, r := newTelemetry(), &recorder{}
			drive(t, r, open(t, r, o))
			assert.Greater(t, len(r.values), 30)
			text := o.text(t)
			assert.Empty(t, r.shown(text), text)
			assert.GreaterOrEqual(t, len(o.spans.GetSpans()), r.queries, "each request and notification is a span")
			for _, span := range o.spans.GetSpans() {
				assert.Empty(t, span.Events)
				assert.Empty(t, span.Status.Description)
			}

			// What the search would find.
			_, span := o.tracer.Tracer("test").Start(context.Background(), "leak")
			span.SetAttributes(attribute.String("url.full", r.values[0]))
			span.End()
			assert.NotEmpty(t, r.shown(o.text(t)))
		})
	}
}

// attributes returns the attributes of a span as text.
func attributes(attrs []attribute.KeyValue) map[string]string {
	all := map[string]string{}
	for _, attr := range attrs {
		all[string(attr.Key)] = attr.Value.Emit()
	}
	return all
}

func TestRequestSpan(t *testing.T) {
	t.Parallel()
	o := newTelemetry()
	parent, root := o.tracer.Tracer("test").Start(context.Background(), "checkout")
	info := paygates.RequestInfo{
		Gateway: "ispay", Op: "query order", Attempt: 2, Method: "GET", URLTemplate: "/order/{userid}/{order_no}/{md5}",
		ServerAddress: "pay.example.com", ServerPort: 443,
	}
	ctx, end := o.ObserveRequest(parent, info)
	require.NotEqual(t, trace.SpanContextFromContext(parent), trace.SpanContextFromContext(ctx))
	end(paygates.RequestResult{HTTPStatus: 503, Duration: 3e8, ErrorKind: "unavailable"})
	info.Attempt = 1
	_, end = o.ObserveRequest(parent, info)
	end(paygates.RequestResult{HTTPStatus: 200, Duration: 2e9})
	_, end = o.ObserveRequest(parent, info)
	end(paygates.RequestResult{ErrorKind: "timeout"})

	spans := o.spans.GetSpans()
	require.Len(t, spans, 3)
	want := map[string]string{
		"paygates.gateway": "ispay", "paygates.operation": "query order", "http.request.method": "GET",
		"url.template": "/order/{userid}/{order_no}/{md5}", "server.address": "pay.example.com", "server.port": "443",
		"http.request.resend_count": "1", "http.response.status_code": "503", "error.type": "unavailable",
	}
	assert.Equal(t, want, attributes(spans[0].Attributes))
	assert.Equal(t, "GET /order/{userid}/{order_no}/{md5}", spans[0].Name)
	assert.Equal(t, trace.SpanKindClient, spans[0].SpanKind)
	assert.Equal(t, codes.Error, spans[0].Status.Code)
	assert.Equal(t, root.SpanContext().SpanID(), spans[0].Parent.SpanID())
	assert.Equal(t, codes.Unset, spans[1].Status.Code)
	assert.NotContains(t, attributes(spans[1].Attributes), "http.request.resend_count")
	assert.NotContains(t, attributes(spans[1].Attributes), "error.type")
	assert.NotContains(t, attributes(spans[2].Attributes), "http.response.status_code")

	delete(want, "http.request.resend_count")
	histogram := o.metrics(t)["http.client.request.duration"]
	require.Len(t, histogram.DataPoints, 3)
	for _, point := range histogram.DataPoints {
		if point.Sum == 0.3 {
			assert.Equal(t, want, attributes(point.Attributes.ToSlice()))
			assert.Len(t, point.Bounds, 14)
			return
		}
	}
	t.Error("no point of 0.3 s")
}

func TestNotificationSpan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result  paygates.NotificationResult
		outcome string
		code    codes.Code
	}{
		"accepted":        {paygates.NotificationResult{HTTPStatus: 200}, "accepted", codes.Unset},
		"forged":          {paygates.NotificationResult{HTTPStatus: 403, ErrorKind: "invalid_signature"}, "rejected", codes.Unset},
		"function failed": {paygates.NotificationResult{HTTPStatus: 500, ErrorKind: "handler_failed"}, "rejected", codes.Error},
		"function died":   {paygates.NotificationResult{ErrorKind: "handler_failed"}, "rejected", codes.Error},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newTelemetry()
			_, end := o.ObserveNotification(context.Background(), paygates.NotificationInfo{Gateway: "ispay"})
			end(test.result)
			span := o.spans.GetSpans()[0]
			assert.Equal(t, "ispay notification", span.Name)
			assert.Equal(t, trace.SpanKindConsumer, span.SpanKind)
			assert.Equal(t, test.code, span.Status.Code)
			got := attributes(span.Attributes)
			assert.Equal(t, "ispay", got["paygates.gateway"])
			assert.Equal(t, test.outcome, got["paygates.notification.outcome"])
			assert.Equal(t, test.result.ErrorKind, got["error.type"])
			histogram := o.metrics(t)["paygates.notification.duration"]
			require.Len(t, histogram.DataPoints, 1)
			assert.Equal(t, got, attributes(histogram.DataPoints[0].Attributes.ToSlice()))
		})
	}
}

// The query that confirms a notification is a child of its span.
func TestTheConfirmationIsAChildOfItsNotification(t *testing.T) {
	t.Parallel()
	o, r := newTelemetry(), &recorder{}
	s := ispayShop(t, r, o)
	t.Cleanup(s.fake.Close)
	merchant := httptest.NewServer(s.handle)
	t.Cleanup(merchant.Close)
	number := s.create(t, merchant.URL)
	o.spans.Reset()
	_, err := s.fake.Pay(number)
	require.NoError(t, err)
	spans := o.spans.GetSpans()
	require.Len(t, spans, 2) // the inner one ends first
	assert.Equal(t, "ispay notification", spans[1].Name)
	assert.Equal(t, spans[1].SpanContext.SpanID(), spans[0].Parent.SpanID())
	assert.Equal(t, spans[1].SpanContext.TraceID(), spans[0].SpanContext.TraceID())
	assert.False(t, spans[1].Parent.IsValid(), "a gateway does not choose the trace")
}
