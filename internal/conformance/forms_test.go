package conformance

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// eachForm runs a test for every genuine notification and return that is a signed form.
func eachForm(t *testing.T, test func(*testing.T, notification, string)) {
	t.Helper()
	for _, g := range descriptors {
		for _, n := range g.notifications(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: logger(io.Discard)}) {
			if signature := n.fields.Get("sign"); signature != "" {
				t.Run(g.name+" "+n.name, func(t *testing.T) {
					t.Parallel()
					test(t, n, signature)
				})
			}
		}
	}
}

func (n notification) with(name string, values ...string) url.Values {
	changed := maps.Clone(n.fields)
	changed[name] = values
	return changed
}

// rejects requires that values, unless they are nil, and a request with query are rejected
// with want.
func (n notification) rejects(t *testing.T, values url.Values, query string, want error) {
	t.Helper()
	name := fmt.Sprintf("%.300s", query)
	if values != nil {
		got, err := n.verify(values, nil, nil)
		require.ErrorIs(t, err, want, name)
		assert.Nil(t, got, name)
		assert.Less(t, len(err.Error()), 300, name)
	}
	if n.handler != nil {
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/notify?"+query, nil))
		assert.Contains(t, []int{paygates.NotificationStatus(want), http.StatusRequestEntityTooLarge}, w.Code, name)
		assert.Equal(t, "fail", w.Body.String(), name)
	}
}

func TestWrongSignatures(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, n notification, signature string) {
		digest, err := hex.DecodeString(signature)
		require.NoError(t, err)
		got, err := n.verify(n.with("sign", strings.ToUpper(signature)), nil, nil)
		require.NoError(t, err)
		assert.NotNil(t, got)
		flipped := map[bool]string{true: "1", false: "0"}[signature[0] == '0'] + signature[1:]
		for _, wrong := range []string{
			flipped, "", " ", signature[:31], signature + "0", signature + strings.Repeat("0", 1<<19), " " + signature,
			base64.StdEncoding.EncodeToString(digest), base64.RawURLEncoding.EncodeToString(digest), strings.Repeat("0", 32),
		} {
			values := n.with("sign", wrong)
			n.rejects(t, values, values.Encode(), paygates.ErrInvalidSignature)
		}
		values := maps.Clone(n.fields)
		delete(values, "sign")
		n.rejects(t, values, values.Encode(), paygates.ErrInvalidSignature)
	})
}

// A value twice could be read as one by one program and as the other by another.
func TestFormsThatAreInvalid(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, n notification, _ string) {
		for name, values := range n.fields {
			for _, second := range []string{values[0], "1.00"} {
				twice := n.with(name, values[0], second)
				n.rejects(t, twice, twice.Encode(), paygates.ErrInvalidNotification)
			}
		}
		n.rejects(t, url.Values{}, "", paygates.ErrInvalidNotification)
		many, good := maps.Clone(n.fields), n.fields.Encode()
		for i := range 10_000 {
			many.Set(fmt.Sprint("more", i), "1")
		}
		n.rejects(t, many, many.Encode(), paygates.ErrInvalidNotification)
		long := n.with("more", strings.Repeat("x", 2<<20))
		n.rejects(t, long, long.Encode(), paygates.ErrInvalidNotification)
		for _, encoding := range []string{"&a=%zz", "&a=%f", "&a=%"} {
			n.rejects(t, nil, good+encoding, paygates.ErrInvalidNotification)
		}
		_, err := n.verify(nil, nil, nil)
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	})
}
