package readme

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// nextOf is what docs/errors.md shows.
func nextOf(err error) string {
	const done, retryLater, queryTheOrder, giveUp = "done", "retry", "query", "give up"
	switch {
	case err == nil:
		return done
	case paygates.Retryable(err):
		return retryLater
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		return queryTheOrder
	default:
		return giveUp // and raise an alert: see the table
	}
}

func TestNextOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "done", nextOf(nil))
	assert.Equal(t, "retry", nextOf(paygates.ErrNotSent))
	assert.Equal(t, "query", nextOf(paygates.ErrOutcomeUnknown))
	assert.Equal(t, "give up", nextOf(paygates.ErrNotPaid))
}
