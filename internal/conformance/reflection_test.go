package conformance

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Printers such as go-spew, which testify uses, follow every pointer. A client keeps its
// secrets in functions, of which they print the address.
func TestAClientShowsNoSecretToReflection(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		client := g.client(t, setup{base: anyHost, http: &http.Client{}, log: logger(io.Discard)})
		var b strings.Builder
		walk(reflect.ValueOf(client), map[uintptr]bool{}, &b)
		assert.Contains(t, b.String(), g.name, "the walk finds what is there")
		// The AppKey of gatepay is no secret.
		text := strings.ToLower(strings.ReplaceAll(b.String(), appKey, ""))
		assert.NotContains(t, text, strings.ToLower(marker), g.name)
	}
}

// walk writes all texts that can be reached from a value.
func walk(v reflect.Value, seen map[uintptr]bool, b *strings.Builder) {
	switch v.Kind() {
	case reflect.String:
		b.WriteString(v.String() + "\n")
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			walk(v.Elem(), seen, b)
		}
	case reflect.Interface:
		walk(v.Elem(), seen, b)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), seen, b)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b.WriteString(string(bytesOf(v)) + "\n")
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), seen, b)
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			walk(each.Key(), seen, b)
			walk(each.Value(), seen, b)
		}
	default:
	}
}

func bytesOf(v reflect.Value) []byte {
	text := make([]byte, v.Len())
	for i := range text {
		text[i] = byte(v.Index(i).Uint())
	}
	return text
}
