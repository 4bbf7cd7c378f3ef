package transport

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadAllIgnoresTheAnnouncedLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, 511, 512, 513, firstBuffer - 1, firstBuffer, firstBuffer + 1, 100000} {
		text := strings.Repeat("x", length)
		for _, announced := range []int64{-1, 0, 1, int64(length) - 1, int64(length), int64(length) + 1, 1 << 40, math.MaxInt64, math.MinInt64} {
			for name, reader := range map[string]io.Reader{
				"at once":       strings.NewReader(text),
				"in halves":     iotest.HalfReader(strings.NewReader(text)),
				"end with data": iotest.DataErrReader(strings.NewReader(text)),
			} {
				got, err := ReadAll(reader, announced, 100000)
				require.NoError(t, err)
				require.Equal(t, text, string(got), "%s: %d bytes, %d announced", name, length, announced)
				assert.LessOrEqual(t, cap(got), max(2*length, firstBuffer), "a sender cannot make us allocate what it announces")
			}
		}
	}
}

func TestReadAllShowsThatThereIsMore(t *testing.T) {
	t.Parallel()
	for _, announced := range []int64{-1, 1000, 1001} {
		got, err := ReadAll(strings.NewReader(strings.Repeat("x", 1001)), announced, 1000)
		require.NoError(t, err)
		assert.Greater(t, len(got), 1000)

		got, err = ReadAll(strings.NewReader(strings.Repeat("x", 1000)), announced, 1000)
		require.NoError(t, err)
		assert.Len(t, got, 1000)
	}
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestReadAllEnds(t *testing.T) {
	t.Parallel()
	r := &endless{}
	got, err := ReadAll(r, -1, 1<<20)
	require.NoError(t, err)
	assert.Greater(t, len(got), 1<<20)
	assert.Less(t, r.read, 2<<20)
}

func TestReadAllReturnsWhatArrivedBeforeAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	got, err := ReadAll(io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(broken)), 8, 100)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, "half", string(got))
}
