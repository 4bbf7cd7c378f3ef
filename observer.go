package paygates

import (
	"context"
	"time"
)

// Observer observes the requests that a Client sends and the notifications that its
// NotificationHandler receives, for traces and metrics. The module otelpaygates is one
// for OpenTelemetry. No value that an Observer sees is private: it gets no URL, header,
// body or number of an order, so that each of them can be an attribute.
//
// The returned context must be made from ctx. That of a request carries the request;
// that of a notification is the one of its confirmation and of your function, so that
// their spans are its children. Nothing of it is sent to a gateway. The returned
// function is called once, when the request or the notification has ended. It may be
// nil.
//
// The methods are called from several goroutines at once, and the payment waits for
// them. A panic in them is recovered and logged as an error: no payment is lost for a
// trace.
type Observer interface {
	// ObserveRequest is called before each attempt of a request.
	ObserveRequest(ctx context.Context, request RequestInfo) (context.Context, func(RequestResult))
	// ObserveNotification is called before a notification is read. The query that
	// confirms it is observed as a request.
	ObserveNotification(ctx context.Context, notification NotificationInfo) (context.Context, func(NotificationResult))
}

// RequestInfo describes one attempt of a request.
type RequestInfo struct {
	// Gateway is the package of the gateway, such as "ispay".
	Gateway string
	// Op is the operation, as in Error: "create order", "query order", ….
	Op string
	// Attempt counts the attempts of one call, from 1. A create has one.
	Attempt int
	// Method is the HTTP method.
	Method string
	// URLTemplate is the path below BaseURL as the gateway's document has it, with
	// placeholders, such as "/order/{userid}/{order_no}/{sign}". It has no query.
	URLTemplate string
	// ServerAddress is the host of BaseURL, and ServerPort its port: 443 or 80 if BaseURL
	// has none.
	ServerAddress string
	ServerPort    int
}

// RequestResult is how one attempt of a request ended.
type RequestResult struct {
	// HTTPStatus is the status of the response, 0 without one.
	HTTPStatus int
	// Duration is the time from sending the request to the end of the response.
	Duration time.Duration
	// ErrorKind is the [ErrorKind] of the error, "" for success. A rejection is an
	// error, whatever the HTTP status.
	ErrorKind string
}

// NotificationInfo describes a notification that has arrived and was not read yet.
type NotificationInfo struct {
	// Gateway is the package of the gateway, such as "ispay".
	Gateway string
}

// NotificationResult is how a notification ended.
type NotificationResult struct {
	// HTTPStatus is the status with which the handler responded: 200 if the
	// notification was accepted. It is 0 if your function panicked.
	HTTPStatus int
	// Duration is the time from the arrival of the notification to the response, your
	// function included.
	Duration time.Duration
	// ErrorKind is the [ErrorKind] of the error, "" for a notification that was
	// accepted, and "handler_failed" if your function returned an error or panicked.
	ErrorKind string
}
