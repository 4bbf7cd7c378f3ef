package kechengcang

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
)

// FieldErrors are the messages for each rejected field of a request (errors), by the
// gateway's field names. They are in the chain of a paygates.Error after HTTP 422:
//
//	var fields kechengcang.FieldErrors
//	if errors.As(err, &fields) { … }
type FieldErrors map[string][]string

// Error returns the names of the fields.
func (e FieldErrors) Error() string {
	names := slices.Sorted(maps.Keys(e))
	return "rejected fields: " + redact.Message(strings.Join(names, ", "))
}

// earlyRejections are the messages of exceptions that the public source throws before it
// stores an order.
var earlyRejections = []string{"应用不存在", "签名不正确", "价格系统出错"}

func isNotFound(message string) bool { return strings.Contains(message, "订单不存在") }

// isException reports whether the server failed rather than rejected the request. An
// edition of the public source responds to every exception with HTTP 400 and code 400.
func isException(httpStatus int, code string) bool {
	return httpStatus >= http.StatusInternalServerError || httpStatus == http.StatusBadRequest && code == "400"
}
