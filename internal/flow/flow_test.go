package flow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// order is an order of a provider package.
type order struct {
	No    string
	State string
	Paid  bool
}

// lines collects what several goroutines log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// settings are the parameters of New.
type settings struct {
	transport.Options
	NotificationTimeout time.Duration
	MaxConfirmations    int
}

// client returns a Client and its log.
func client(change func(*settings)) (*Client, *lines) {
	log := &lines{}
	s := settings{Options: transport.Options{
		Gateway: "example", HTTPClient: &http.Client{},
		Logger:  slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Secrets: []sign.Secret{sign.NewSecret("example-secret")},
	}}
	if change != nil {
		change(&s)
	}
	return New(s.Options, s.NotificationTimeout, s.MaxConfirmations), log
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := New(transport.Options{}, 0, 0)
	assert.Equal(t, 60*time.Second, c.notificationTimeout)
	assert.Equal(t, 32, cap(c.slots))
	c = New(transport.Options{}, time.Second, 1)
	assert.Equal(t, time.Second, c.notificationTimeout)
	assert.Equal(t, 1, cap(c.slots))
}

func TestLogUnread(t *testing.T) {
	t.Parallel()
	c, log := client(nil)
	c.LogUnread(context.Background(), "query order", "order_no", "1", nil)
	assert.Empty(t, log.String())
	c.LogUnread(context.Background(), "query order", "pay_no", "1", []string{"time", "order.sn"})
	assert.Contains(t, log.String(), `level=WARN msg="example: unreadable fields left empty" gateway=example op="query order" pay_no=1 fields="time, order.sn"`)
	c.LogUnread(context.Background(), "list refunds", "order_no", "", []string{"time"})
	assert.Contains(t, log.String(), `op="list refunds" fields=time`)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c, log := client(nil)
	errNot := map[string]error{"a": errors.New("not a"), "b": errors.New("not b"), "c": errors.New("not c")}
	verify := func(signer string, tried *int) func(string) error {
		return func(key string) error {
			*tried++
			if key == signer {
				return nil
			}
			return errNot[key]
		}
	}
	keys := []string{"a", "b", "c"}
	for want, signer := range keys {
		tried := 0
		index, err := Match(c, keys, verify(signer, &tried))
		require.NoError(t, err)
		assert.Equal(t, want, index)
		assert.Equal(t, len(keys), tried, "every key is tried, whichever matches")
	}
	tried := 0
	_, err := Match(c, keys, verify("", &tried))
	assert.Same(t, errNot["a"], err, "the error of the current key")
	_, err = Match(c, nil, verify("", &tried))
	require.ErrorIs(t, err, sign.ErrMismatch, "no key verifies nothing")
	quiet, _ := client(nil)
	index, err := Match(quiet, []string{"b", "c", "c"}, verify("c", &tried))
	require.NoError(t, err)
	assert.Equal(t, 1, index, "the first of two")
	all := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, all, 2, "neither for the current key nor for a forged notification")
	assert.Regexp(t, `level=DEBUG msg="example: verified with a previous key" gateway=example op="verify notification" key_index=1$`, all[0])
	assert.Regexp(t, `key_index=2$`, all[1])
}

func TestInvalidSignature(t *testing.T) {
	t.Parallel()
	const right = "63a5bf1f3500791f438c2829da45d037"
	for received, want := range map[string]string{
		"":                       "no sign was sent",
		right[1:]:                "sign is not 32 hexadecimal digits",
		right + "0":              "sign is not 32 hexadecimal digits",
		right[1:] + "g":          "sign is not 32 hexadecimal digits",
		strings.Repeat("签", 10):  "sign is not 32 hexadecimal digits",
		right:                    "a hint",
		strings.ToUpper(right):   "a hint",
		strings.Repeat("0", 32):  "a hint",
		strings.Repeat("\n", 32): "sign is not 32 hexadecimal digits",
	} {
		err := InvalidSignature("example", received, "a hint")
		require.ErrorIs(t, err, paygates.ErrInvalidSignature)
		require.EqualError(t, err, "example: invalid signature: "+want)
	}
	require.EqualError(t, InvalidSignature("example", right, ""), "example: invalid signature")
}
