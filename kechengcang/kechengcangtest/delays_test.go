package kechengcangtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryDelays(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	assert.Equal(t, []time.Duration{30 * m, 60 * m, 90 * m, 120 * m, 150 * m, 180 * m}, retryDelays())
}
