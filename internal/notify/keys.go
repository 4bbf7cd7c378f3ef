package notify

import (
	"fmt"

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
