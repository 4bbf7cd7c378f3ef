package explain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// An explanation agrees with the signature that it explains. It contains neither that
// signature nor the secret.
func FuzzExplain(f *testing.F) {
	f.Add("order_no", "20191118123424", "amount", "300.00", "63a5bf1f3500791f438c2829da45d037")
	f.Add("param", "a%20b+c&amp;", "sign", "00", strings.Repeat("0", 32))
	f.Add("a", "1&b=2", "a", "\xff\u3000\ufeff", " \"")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, received string) {
		fields := []sign.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}
		concat, err := sign.MD5Concat(secret, v1, v2)
		require.NoError(t, err)
		nested, err := sign.MD5Nested(secret, v1, v2)
		require.NoError(t, err)
		type form struct {
			explain func(sign.Secret, string, []sign.Field) explain.Explanation
			right   sign.Digest
		}
		forms := []form{{explain.MD5Concat, concat}, {explain.MD5Nested, nested}}
		// The sorted form rejects a name that occurs twice.
		if sorted, err := sign.MD5Sorted(secret, fields); err == nil && n1 != n2 {
			forms = append(forms, form{func(secret sign.Secret, received string, fields []sign.Field) explain.Explanation {
				return explain.MD5Sorted(secret, received, fields)
			}, sorted})
		}
		for _, form := range forms {
			for _, received := range []string{received, form.right.String()} {
				e := form.explain(secret, received, fields)
				require.Equal(t, received != "", e.Received)
				require.Equal(t, form.right.Verify(received) == nil, e.Matches)
				require.GreaterOrEqual(t, len(e.Fields), len(fields))
				shown := e.String()
				require.NotContains(t, shown, secret.Reveal())
				if e.Matches {
					require.NotContains(t, shown, received)
				}
			}
		}
	})
}
