package check

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

func TestAppInfo(t *testing.T) {
	t.Parallel()
	const name = `must be 1 to 64 letters, digits, ".", "-" or "_"`
	const version = `must be at most 64 letters, digits, ".", "-", "_" or "+"`
	for app, want := range map[paygates.AppInfo]string{
		{}:                     "",
		{Name: "example-shop"}: "",
		{Name: "Example_Shop.de", Version: "v2.3-rc.1+build"}: "",
		{Name: strings.Repeat("a", 64)}:                       "",
		{Name: strings.Repeat("a", 65)}:                       name,
		{Version: "1"}:                                        name,
		{Name: "a b"}:                                         name,
		{Name: "a/1"}:                                         name,
		{Name: "a\r\nX-Own: 1"}:                               name,
		{Name: "商店"}:                                          name,
		{Name: "a", Version: "1 2"}:                           version,
		{Name: "a", Version: "1\n"}:                           version,
		{Name: "a", Version: strings.Repeat("1", 65)}:         version,
	} {
		v := New("ispay", paygates.ErrInvalidConfig)
		AppInfo(v, app)
		if want == "" {
			assert.NoError(t, v.Err(), "%q", app)
			continue
		}
		assert.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig, "%q", app)
		assert.ErrorContains(t, v.Err(), want, "%q", app)
	}
}
