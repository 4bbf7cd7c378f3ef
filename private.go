package paygates

import (
	"fmt"
	"io"
	"log/slog"
)

const private = "[private]"

// Private holds a value that must not be printed by accident: payer data, or the
// raw text of a response. Every fmt verb, slog and encoding/json show "[private]" in
// its place, also inside other structs, slices and maps, exported or not. Reveal
// returns the value. The zero Private holds the zero value of T.
type Private[T any] struct {
	// fmt prints the unexported fields of the structs around a Private without calling
	// its methods. It does not follow pointers there, but for a verb that does not fit
	// (%s) it follows a pointer to a struct, a slice or a map. It follows no pointer to
	// a pointer.
	value **T
}

// NewPrivate returns a Private that holds value.
func NewPrivate[T any](value T) Private[T] {
	held := struct { // one allocation
		value   T
		pointer *T
	}{value: value}
	held.pointer = &held.value
	return Private[T]{&held.pointer}
}

// Reveal returns the value.
func (p Private[T]) Reveal() T {
	if p.value == nil {
		var zero T
		return zero
	}
	return **p.value
}

// String returns "[private]".
func (Private[T]) String() string { return private }

// Format writes "[private]", whatever the verb.
func (Private[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, private) }

// LogValue returns "[private]".
func (Private[T]) LogValue() slog.Value { return slog.StringValue(private) }

// MarshalText returns "[private]".
func (Private[T]) MarshalText() ([]byte, error) { return []byte(private), nil }
