// Package redact lets a type with payer data print as its String method says,
// whatever the verb and whatever the logger.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Format writes v.String() for every verb.
func Format(f fmt.State, v fmt.Stringer) { _, _ = io.WriteString(f, v.String()) }

// LogValue returns v.String() for a structured log.
func LogValue(v fmt.Stringer) slog.Value { return slog.StringValue(v.String()) }
