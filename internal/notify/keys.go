package notify

import (
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// Explain explains a signature with the current key, or with the first previous one that
// verifies it, which a hint then names as an element of field.
func Explain[K any](keys []K, field string, with func(K) explain.Explanation) explain.Explanation {
	current := with(keys[0])
	if current.Matches || !current.Received {
		return current
	}
	for i, key := range keys[1:] {
		if e := with(key); e.Matches {
			e.Hints = append(e.Hints, fmt.Sprintf("Matches with Config.%s[%d], not with the current one.", field, i))
			return e
		}
	}
	return current
}

// Fields returns the values without the named ones, sorted by name, all values of a
// repeated name: what an explanation shows.
func Fields(values url.Values, without ...string) []sign.Field {
	fields := make([]sign.Field, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(without, name) {
			continue
		}
		for _, value := range values[name] {
			fields = append(fields, sign.Field{Name: name, Value: value})
		}
	}
	return fields
}
