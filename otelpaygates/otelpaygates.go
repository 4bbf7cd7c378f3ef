// Package otelpaygates makes OpenTelemetry spans and metrics of what the clients of
// paygates-go do. It follows the semantic conventions for HTTP:
//
//	client, err := ispay.New(ispay.Config{
//		UserID: "10001", Secret: sign.NewSecret("example-secret"),
//		Observer: otelpaygates.New(),
//	})
//
// Each attempt of a request is a client span named by its method and URL template, such
// as "GET /order/{userid}/{order_no}/{md5}", and a point of the histogram
// http.client.request.duration. Each notification is a consumer span, such as "ispay
// notification", and a point of the histogram paygates.notification.duration; the query
// that confirms it and the spans of your function are its children.
//
// The attributes are http.request.method, url.template, server.address, server.port,
// http.response.status_code, error.type ([paygates.ErrorKind]), paygates.gateway and
// paygates.operation; of a span http.request.resend_count too; of a notification
// paygates.notification.outcome, "accepted" or "rejected". None is private: there is no
// URL, header, body or number of an order.
//
// Do not wrap Config.HTTPClient with otelhttp. It records the URLs of the requests, which
// hold signatures and tokens.
package otelpaygates

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/paygates/paygates-go"
)

const scope = "github.com/paygates/paygates-go/otelpaygates"

// The attributes that the conventions do not have.
const (
	gatewayKey   = attribute.Key("paygates.gateway")
	operationKey = attribute.Key("paygates.operation")
	outcomeKey   = attribute.Key("paygates.notification.outcome")
)

// An Option changes what New returns.
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets where the spans go. Default: otel.GetTracerProvider().
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(o *options) { o.tracers = provider }
}

// WithMeterProvider sets where the metrics go. Default: otel.GetMeterProvider().
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(o *options) { o.meters = provider }
}

// New returns an Observer for the Config of any gateway. One Observer can serve all
// clients of a program. An error of the MeterProvider goes to otel.Handle.
func New(opts ...Option) paygates.Observer {
	o := options{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt(&o)
	}
	meter := o.meters.Meter(scope, metric.WithInstrumentationVersion(paygates.Version), metric.WithSchemaURL(semconv.SchemaURL))
	return &observer{
		tracer:        o.tracers.Tracer(scope, trace.WithInstrumentationVersion(paygates.Version), trace.WithSchemaURL(semconv.SchemaURL)),
		requests:      histogram(meter, "http.client.request.duration", "Duration of HTTP client requests."),
		notifications: histogram(meter, "paygates.notification.duration", "Duration of handling a notification of a gateway."),
	}
}

// histogram returns a histogram of seconds with the boundaries of the conventions.
func histogram(meter metric.Meter, name, description string) metric.Float64Histogram {
	h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	if err != nil {
		otel.Handle(err)
	}
	return h
}

type observer struct {
	tracer                  trace.Tracer
	requests, notifications metric.Float64Histogram
}

// ObserveRequest implements paygates.Observer.
func (o *observer) ObserveRequest(ctx context.Context, r paygates.RequestInfo) (context.Context, func(paygates.RequestResult)) {
	attrs := []attribute.KeyValue{
		gatewayKey.String(r.Gateway),
		operationKey.String(r.Op),
		semconv.HTTPRequestMethodKey.String(r.Method),
		semconv.URLTemplate(r.URLTemplate),
		semconv.ServerAddress(r.ServerAddress),
		semconv.ServerPort(r.ServerPort),
	}
	ctx, span := o.tracer.Start(ctx, r.Method+" "+r.URLTemplate, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	if r.Attempt > 1 {
		span.SetAttributes(semconv.HTTPRequestResendCount(r.Attempt - 1))
	}
	return ctx, func(result paygates.RequestResult) {
		ended := endAttributes(result.HTTPStatus, result.ErrorKind)
		span.SetAttributes(ended...)
		if result.ErrorKind != "" {
			span.SetStatus(codes.Error, "")
		}
		span.End()
		o.requests.Record(ctx, result.Duration.Seconds(), metric.WithAttributes(append(attrs, ended...)...))
	}
}

// ObserveNotification implements paygates.Observer.
func (o *observer) ObserveNotification(ctx context.Context, n paygates.NotificationInfo) (context.Context, func(paygates.NotificationResult)) {
	gateway := gatewayKey.String(n.Gateway)
	ctx, span := o.tracer.Start(ctx, n.Gateway+" notification", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(gateway))
	return ctx, func(result paygates.NotificationResult) {
		outcome := outcomeKey.String("rejected")
		if result.ErrorKind == "" {
			outcome = outcomeKey.String("accepted")
		}
		ended := append(endAttributes(result.HTTPStatus, result.ErrorKind), outcome)
		span.SetAttributes(ended...)
		// As for a server: what the sender did wrong is not an error of this program.
		if result.HTTPStatus == 0 || result.HTTPStatus >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
		o.notifications.Record(ctx, result.Duration.Seconds(), metric.WithAttributes(append(ended, gateway)...))
	}
}

// endAttributes returns the attributes of a result.
func endAttributes(status int, kind string) (attrs []attribute.KeyValue) {
	if status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(status))
	}
	if kind != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(kind))
	}
	return attrs
}
