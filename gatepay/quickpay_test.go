package gatepay_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func TestQuickPayURLMakesTheDocumentedLinks(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(samples.Printed(t, "quickpay.txt")), "\n")
	require.Len(t, lines, 4)
	client, err := gatepay.New(gatepay.Config{AppKey: "e3d704f3542b44a621ebed70dc0efe13", Secret: sign.NewSecret(secret)})
	require.NoError(t, err)
	for i, request := range []gatepay.QuickPayRequest{
		{Token: "qflknfokn"},
		{Token: "qflknfokn", Amount: money.Cents(188), Fixed: true},
		{Token: "qflknfokn", Attach: "terry", Fixed: true, Skin: 1},
	} {
		link, err := client.QuickPayURL(request)
		require.NoError(t, err)
		assert.Equal(t, lines[i+1], link)
	}

	// The first line has all parameters except stable.
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{Token: "qflknfokn", Amount: money.Cents(188), Attach: "张三 + co", Skin: 1})
	require.NoError(t, err)
	template, err := url.Parse(lines[0])
	require.NoError(t, err)
	got, err := url.Parse(link)
	require.NoError(t, err)
	assert.Equal(t, template.Path, got.Path)
	for name := range template.Query() {
		assert.NotEmpty(t, got.Query().Get(name), name)
	}
	assert.Equal(t, "张三 + co", got.Query().Get("custom"))
	assert.Len(t, got.Query(), len(template.Query()))
}

func TestQuickPayURLRejectsInvalidRequests(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for field, request := range map[string]gatepay.QuickPayRequest{
		"Token (token) must be 1 to 64":      {},
		"Token (token) must be 1 to 64 l":    {Token: "a&price=0.01"},
		"Amount (price) must be":             {Token: "a", Amount: -1},
		"Attach (custom) must be at most":    {Token: "a", Attach: strings.Repeat("a", 101)},
		"Attach (custom) must be UTF-8 with": {Token: "a", Attach: "\x00"},
		"Attach (custom) must not contain <": {Token: "a", Attach: "<b>"},
		"Attach (custom) must not contain &": {Token: "a", Attach: "张三 & co"},
		"Skin (skin) must be 0 or 1":         {Token: "a", Skin: 2},
		"Skin (skin) must be 0 or":           {Token: "a", Skin: -1},
	} {
		link, err := client.QuickPayURL(request)
		require.ErrorIs(t, err, paygates.ErrInvalidRequest)
		assert.ErrorContains(t, err, field)
		assert.Empty(t, link)
	}
}

func TestQuickPayRequestIsPrintedWithoutItsToken(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "gatepay quick-pay link", fmt.Sprint(gatepay.QuickPayRequest{Token: "qflknfokn"}))
	assert.Equal(t, "gatepay quick-pay link: 1.88 yuan", fmt.Sprint(gatepay.QuickPayRequest{Token: "qflknfokn", Amount: 188}))
}
