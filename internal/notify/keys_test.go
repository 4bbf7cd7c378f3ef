package notify_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func TestExplainNamesThePreviousKey(t *testing.T) {
	t.Parallel()
	secrets := []sign.Secret{sign.NewSecret("example-current"), sign.NewSecret("example-before"), sign.NewSecret("example-old")}
	explained := func(received string) explain.Explanation {
		return notify.Explain(secrets, "PreviousSecrets", func(secret sign.Secret) explain.Explanation {
			return explain.MD5Concat(secret, received, []sign.Field{{Name: "order_no", Value: "A1"}})
		})
	}
	// printf %s A1example-current | md5sum
	e := explained("1c203104b76022274eb732f34c041766")
	assert.True(t, e.Matches)
	assert.Empty(t, e.Hints)
	// printf %s A1example-old | md5sum
	e = explained("f633abee6361e2c082d2f9fd9e0165f8")
	assert.True(t, e.Matches)
	assert.Equal(t, []string{"Matches with Config.PreviousSecrets[1], not with the current one."}, e.Hints)
	e = explained("f633abee6361e2c082d2f9fd9e0165f9")
	assert.False(t, e.Matches)
	assert.NotContains(t, strings.Join(e.Hints, " "), "PreviousSecrets")
	e = explained("")
	assert.False(t, e.Received)
}

func TestFieldsShowsEveryValue(t *testing.T) {
	t.Parallel()
	values := url.Values{"b": {"2", "3"}, "a": {"1"}, "sign": {"0"}, "empty": {""}, "none": {}}
	assert.Equal(t, []sign.Field{
		{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "b", Value: "3"}, {Name: "empty", Value: ""},
	}, notify.Fields(values, "sign"))
}
