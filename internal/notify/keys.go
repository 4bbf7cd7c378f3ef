package notify

import (
	"fmt"

	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// Match returns the index of the first key for which verify returns nil: 0 for the
// current one, n for the n-th previous one. If there is none, the error is that of the
// current key, and sign.ErrMismatch without any key: those of a Client that New did not
// return. Every key is tried, so that the time does not tell which one matches.
func Match[K any](keys []K, verify func(K) error) (int, error) {
	match, current := -1, sign.ErrMismatch
	for i := range keys {
		err := verify(keys[i])
		switch {
		case err == nil && match < 0:
			match = i
		case i == 0:
			current = err
		}
	}
	if match < 0 {
		return 0, current
	}
	return match, nil
}

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
