package conformance

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/pingpp"
)

// marshaler is encoding.BinaryMarshaler.
type marshaler interface{ MarshalBinary() ([]byte, error) }

// queued returns the notifications that can be put on a queue.
func queued(t testing.TB, g *descriptor, s setup) []notification {
	t.Helper()
	var all []notification
	for _, n := range g.notifications(t, s) {
		if n.restore != nil {
			all = append(all, n)
		}
	}
	require.NotEmpty(t, all, g.name)
	return all
}

func envelopeOf(t testing.TB, n notification) (got any, envelope []byte) {
	t.Helper()
	got, err := n.verify(n.fields, []byte(n.body), n.header)
	require.NoError(t, err)
	envelope, err = got.(marshaler).MarshalBinary()
	require.NoError(t, err)
	return got, envelope
}

// What was verified does not change, whatever becomes of the values and the body that were
// passed in: fiber uses their memory again.
func TestVerifiedNotificationsAreKept(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, n := range queued(t, g, setup{base: anyHost, log: silent}) {
			_, want := envelopeOf(t, n)
			fields := maps.Clone(n.fields)
			for name, all := range fields {
				fields[name] = slices.Clone(all)
			}
			body := []byte(n.body)
			got, err := n.verify(fields, body, n.header)
			require.NoError(t, err)
			for _, all := range fields {
				all[0] = "changed"
			}
			clear(fields)
			clear(body)
			envelope, err := got.(marshaler).MarshalBinary()
			require.NoError(t, err, g.name)
			assert.Equal(t, want, envelope, g.name)
		}
	}
}

// What was verified is the same after it was on a queue, and each change of one byte is an
// error.
func TestNotificationsAreRestored(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range queued(t, g, setup{base: anyHost, log: silent}) {
				want, envelope := envelopeOf(t, n)
				got, err := n.restore(envelope)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				for i := range envelope {
					for _, change := range []byte{1, 0x80, 0xff} {
						envelope[i] ^= change
						_, err := n.restore(envelope)
						assert.ErrorIs(t, err, paygates.ErrInvalidNotification, "byte %d", i)
						envelope[i] ^= change
					}
				}
				for length := range envelope {
					_, err := n.restore(envelope[:length])
					assert.ErrorIs(t, err, paygates.ErrInvalidNotification, "cut at %d", length)
				}
				clear(envelope)
				assert.Equal(t, want, got, "the queue may use its buffer again")
			}
		})
	}
}

// No gateway restores the envelope of another, and the error shows nothing of it.
func TestEnvelopesOfOtherGatewaysAreRejected(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, n := range queued(t, g, setup{base: anyHost, log: silent}) {
			_, envelope := envelopeOf(t, n)
			for _, other := range descriptors {
				if other == g {
					continue
				}
				got, err := queued(t, other, setup{base: anyHost, log: silent})[0].restore(envelope)
				require.ErrorIs(t, err, paygates.ErrInvalidNotification)
				assert.ErrorContains(t, err, g.name, "the error names the gateway")
				assert.Empty(t, inError(err))
				assert.Nil(t, got)
			}
		}
	}
}

// To forge an envelope is as hard as to forge a notification: what is in it is verified.
func TestAForgedEnvelopeIsRejected(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, n := range queued(t, g, setup{base: anyHost, log: silent}) {
			if n.resign == nil {
				continue // nothing is signed, and the query decides
			}
			envelope, err := notify.MarshalBody(g.name, []byte(n.body+" "), n.header.Get(pingpp.SignatureHeader))
			if n.fields != nil {
				n.fields.Set("sign", strings.Repeat("0", 32))
				envelope, err = notify.MarshalValues(g.name, n.fields)
			}
			require.NoError(t, err) // with a right checksum
			got, err := n.restore(envelope)
			require.ErrorIs(t, err, paygates.ErrInvalidSignature, g.name)
			assert.Nil(t, got)
		}
	}
}

// A notification that was never verified cannot be marshaled into one that was.
func TestAnEmptyNotificationIsNotMarshaled(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, pointer := range g.types {
			if m, ok := pointer.(marshaler); ok {
				_, err := m.MarshalBinary()
				assert.ErrorIs(t, err, paygates.ErrInvalidNotification, "%T", pointer)
			}
			_, ok := pointer.(interface{ UnmarshalBinary(data []byte) error })
			assert.False(t, ok, "%T: it could not verify", pointer)
		}
	}
}

// Generated notifications, in any encoding and with any further fields, come back as they
// were.
func TestGeneratedNotificationsAreRestored(t *testing.T) {
	t.Parallel()
	const seed = 17
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, seed))
			n := queued(t, g, setup{base: anyHost, log: silent})[0]
			accepted := 0
			for range 300 {
				changed := generate(random, n)
				want, err := changed.verify(changed.fields, []byte(changed.body), changed.header)
				if err != nil {
					continue // two readings, for example
				}
				accepted++
				envelope, err := want.(marshaler).MarshalBinary()
				require.NoError(t, err)
				got, err := n.restore(envelope)
				require.NoError(t, err)
				require.Equal(t, want, got)
				i := random.IntN(len(envelope))
				envelope[i] ^= byte(1 + random.IntN(255))
				_, err = n.restore(envelope)
				require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			}
			assert.Greater(t, accepted, 100)
		})
	}
}

// generate returns a genuine notification with other fields.
func generate(random *rand.Rand, n notification) notification {
	if n.fields == nil {
		n.header = n.header.Clone()
		text, _ := json.Marshal(anyText(random))
		n.body = strings.Repeat(" ", random.IntN(3)) + strings.TrimSuffix(n.body, "}") + `,"more":` + string(text) + "}" + strings.Repeat("\r\n", random.IntN(3))
	} else {
		values := url.Values{}
		for name, all := range n.fields {
			values[name] = all
		}
		values[n.free] = []string{anyText(random)}
		for range random.IntN(4) {
			values["x"+string(rune('a'+random.IntN(26)))] = []string{anyText(random)}
		}
		n.fields = values
	}
	if n.resign != nil {
		n.resign(&n)
	}
	return n
}

// anyText returns bytes in no or any encoding, sometimes none.
func anyText(random *rand.Rand) string {
	words := []string{"", "买家", "\xc4\xe3\xba\xc3", "\x00", "%", "+", " ", "A", "\xff", "'", "\U0001f600", "\r\n"}
	var b strings.Builder
	for range random.IntN(6) {
		b.WriteString(words[random.IntN(len(words))])
	}
	return b.String()
}
