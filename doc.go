// Package paygates holds what the provider packages share: the error values and
// the [Error] type that every call returns, and [Private], which keeps payer data
// out of logs.
//
// Each gateway has a package of its name, such as ispay. The calls of all of them
// return the errors of this package, so that a merchant with one gateway or with
// several tests for the same values:
//
//	order, err := client.CreateOrder(ctx, request)
//	switch {
//	case errors.Is(err, paygates.ErrInvalidRequest): // fix the request
//	case errors.Is(err, paygates.ErrNotSent): // nothing reached the gateway: safe to retry
//	case errors.Is(err, paygates.ErrOutcomeUnknown): // query the order, do not create it again
//	case err != nil: // the gateway rejected the order
//	}
//
// The cases exclude each other, so their order does not matter.
package paygates
