package checkout

import "errors"

// The errors of this package. Calls that reach a gateway also return the errors of the
// package paygates, such as paygates.ErrOutcomeUnknown.
var (
	// ErrInvalidConfig is returned by New when a field of Config is missing or malformed.
	ErrInvalidConfig = errors.New("invalid configuration")
	// ErrDatabaseUnsuitable is returned by New when the database is too old or set up in a
	// way that could lose a payment. The text says what to change.
	ErrDatabaseUnsuitable = errors.New("database is not suitable")
	// ErrInvalidOrder is returned when a field of an Order is missing or malformed.
	ErrInvalidOrder = errors.New("invalid order")
	// ErrOrderNotFound is returned when there is no order with the given number.
	ErrOrderNotFound = errors.New("order not found")
	// ErrOrderConflict is returned when an order with the same number but another amount or
	// currency exists.
	ErrOrderConflict = errors.New("an order with this number and another amount or currency exists")
	// ErrOrderPaid is returned when an order is paid already.
	ErrOrderPaid = errors.New("order is paid already")
	// ErrOrderExpired is returned when a new attempt is made of an order that has expired.
	ErrOrderExpired = errors.New("order has expired")
	// ErrTooManyAttempts is returned when an order has Config.MaxAttempts attempts.
	ErrTooManyAttempts = errors.New("too many attempts")
	// ErrNotStored is returned by Pending.Send when the transaction that was given to
	// CreateTx has not been committed.
	ErrNotStored = errors.New("order is not stored: commit the transaction first")
	// ErrUnknownGateway is returned when Config.Gateways has no gateway with the given name.
	ErrUnknownGateway = errors.New("unknown gateway")
	// ErrNotCreated is returned beside the cause by Create and Pending.Send when the gateway
	// rejected the order or certainly did not receive it, so that nothing can be paid. It
	// excludes paygates.ErrOutcomeUnknown. Create makes a new attempt, also with another
	// gateway.
	ErrNotCreated = errors.New("order not created")
	// ErrInvalidQuery is returned when a field of AttentionQuery, JournalQuery or OrdersQuery
	// is malformed.
	ErrInvalidQuery = errors.New("invalid query")
	// ErrPaymentNotFound is returned by Resolve when there is no payment with the given ID.
	ErrPaymentNotFound = errors.New("payment not found")
	// ErrAlreadyResolved is returned by Resolve when a payment needs no attention anymore.
	ErrAlreadyResolved = errors.New("payment is resolved already")
	// ErrInvalidResolution is returned by Resolve when a field of Resolution is missing or
	// does not apply to the payment.
	ErrInvalidResolution = errors.New("invalid resolution")
	// ErrCannotQuery is returned by Gateway.Query when the gateway has no query for the
	// order, for example without the gateway's order number.
	ErrCannotQuery = errors.New("gateway cannot be queried for this order")
)
