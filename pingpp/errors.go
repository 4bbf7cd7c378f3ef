package pingpp

import (
	"errors"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
)

var (
	// ErrInvalidChannel is returned when the merchant backend does not take the channel
	// (无效的支付通道, status -4).
	ErrInvalidChannel = errors.New("the merchant backend does not take this channel")
	// ErrPaymentRequestFailed is returned when the merchant backend got no charge for the
	// order (支付请求失败, status -4).
	ErrPaymentRequestFailed = errors.New("the merchant backend got no charge")
	// ErrTestMode is returned for an event or a payment of test mode, in which no money
	// moves, unless Config.AllowTestMode is set.
	ErrTestMode = errors.New("test mode, in which no money moves, is not allowed (AllowTestMode)")
)

// rejections are the documented messages of the merchant backend. Both have status -4.
var rejections = []struct {
	message string
	err     error
}{
	{"无效的支付通道", ErrInvalidChannel},
	{"支付请求失败", ErrPaymentRequestFailed},
}

func meaningOf(message string) error {
	for _, r := range rejections {
		if strings.Contains(message, r.message) {
			return r.err
		}
	}
	return nil
}

// APIError is what Ping++ says of an error beside its message. It is in the chain of a
// paygates.Error of QueryCharge:
//
//	var apiError *pingpp.APIError
//	if errors.As(err, &apiError) { … }
type APIError struct {
	// Type is the kind of error, such as "invalid_request_error" (error.type).
	Type string
	// Code is the reason, mostly "" (error.code), and Param the parameter (error.param).
	Code, Param string
}

// Error returns the type, the code and the parameter.
func (e *APIError) Error() string {
	var words []string
	for _, word := range []string{e.Type, e.Code, e.Param} {
		if word != "" {
			words = append(words, redact.Message(word))
		}
	}
	return "Ping++ error " + strings.Join(words, " ")
}

func isTestMode(err error) bool { return errors.Is(err, ErrTestMode) }
