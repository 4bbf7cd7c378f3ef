package pingpp

import (
	"errors"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
)

var (
	// ErrInvalidChannel is returned when the merchant backend does not accept the channel
	// (无效的支付通道, status -4).
	ErrInvalidChannel = errors.New("channel not accepted by the merchant backend")
	// ErrPaymentRequestFailed is returned when the merchant backend could not create a
	// charge for the order (支付请求失败, status -4).
	ErrPaymentRequestFailed = errors.New("charge not created by the merchant backend")
	// ErrTestMode is returned for an event or a payment of test mode, in which no money
	// moves, unless Config.AllowTestMode is set.
	ErrTestMode = errors.New("test mode, in which no money moves, is not allowed (AllowTestMode)")
)

// meaningOf knows the documented messages of the merchant backend. Both have status -4.
func meaningOf(message string) error {
	switch {
	case strings.Contains(message, "无效的支付通道"):
		return ErrInvalidChannel
	case strings.Contains(message, "支付请求失败"):
		return ErrPaymentRequestFailed
	default:
		return nil
	}
}

// APIError holds the fields of an error of Ping++ beside its message, with secrets masked.
// It is in the chain of the paygates.Error of a rejected QueryCharge:
//
//	var apiError *pingpp.APIError
//	if errors.As(err, &apiError) { … }
type APIError struct {
	// Type is the kind of error (error.type), such as "invalid_request_error".
	Type string
	// Code is the reason (error.code), "" without one. It is the Code of the paygates.Error
	// too.
	Code string
	// Param is the parameter that is wrong (error.param), "" without one.
	Param string
}

// Error returns the type and the parameter.
func (e *APIError) Error() string {
	text := "Ping++ error"
	if e.Type != "" {
		text += " " + redact.Message(e.Type)
	}
	if e.Param != "" {
		text += " (param " + redact.Message(e.Param) + ")"
	}
	return text
}
