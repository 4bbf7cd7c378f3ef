package otelpaygates_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/otelpaygates"
	"github.com/paygates/paygates-go/sign"
)

func ExampleNew() {
	client, err := ispay.New(ispay.Config{
		UserID: "10001", Secret: sign.NewSecret("example-secret"),
		Observer: otelpaygates.New(), // the global providers; see the options
	})
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithTracerProvider() {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	gateway := ispaytest.NewServer()
	defer gateway.Close()

	config := gateway.Config()
	config.Observer = otelpaygates.New(otelpaygates.WithTracerProvider(provider))
	client, err := ispay.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.QueryOrder(context.Background(), "20191118123424")
	fmt.Println(err)
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name, span.SpanKind)
	}
	// Output:
	// ispay: query order: 订单不存在: order not found
	// GET /order/{userid}/{order_no}/{md5} client
}
