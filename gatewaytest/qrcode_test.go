package gatewaytest_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	qr "github.com/piglig/go-qr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
)

func TestQRCodeDecodesToItsText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1", "HTTPS://PAY.EXAMPLE.COM/1", "weixin://wxpay/bizpayurl?pr=example", "充值 100 元", strings.Repeat("long ", 400)} {
		picture, err := png.Decode(bytes.NewReader(gatewaytest.QRCode(text)))
		require.NoError(t, err)
		decoded, err := qr.Decode(picture)
		require.NoError(t, err, text)
		assert.Equal(t, text, decoded)
	}
	assert.Nil(t, gatewaytest.QRCode(strings.Repeat("x", 5000)))
}

// The expected modules come from another program:
//
//	qrencode -8 -l M -v 2 -m 0 -t ASCII https://pay.example.com/b
func TestQRCodeAgreesWithQrencode(t *testing.T) {
	t.Parallel()
	want := []string{
		"##############      ##  ####    ##  ##############",
		"##          ##    ########  ####    ##          ##",
		"##  ######  ##  ##  ##        ##    ##  ######  ##",
		"##  ######  ##  ##        ########  ##  ######  ##",
		"##  ######  ##  ##########      ##  ##  ######  ##",
		"##          ##  ########    ######  ##          ##",
		"##############  ##  ##  ##  ##  ##  ##############",
		"                ####        ######                ",
		"##  ##########    ##  ##  ##        ##########    ",
		"########      ##          ##    ##    ##      ##  ",
		"##          ########  ##  ########  ##    ##  ####",
		"############    ##    ##      ##  ####          ##",
		"    ######  ####  ##    ########  ########  ######",
		"##  ##    ##  ##  ##            ####  ##  ##  ##  ",
		"##      ##  ####      ######  ##      ######  ####",
		"##  ########  ##    ####    ####  ########      ##",
		"##        ####    ##  ########  ##########  ##    ",
		"                ##      ####    ##      ####      ",
		"##############    ####  ######  ##  ##  ##  ######",
		"##          ##  ##  ######  ##  ##      ####  ####",
		"##  ######  ##  ##  ##  ##################  ##    ",
		"##  ######  ##  ##  ####  ##        ##  ##########",
		"##  ######  ##  ##          ##            ####  ##",
		"##          ##    ######    ########  ######    ##",
		"##############  ####  ######          ############",
	}
	picture, err := png.Decode(bytes.NewReader(gatewaytest.QRCode("https://pay.example.com/b")))
	require.NoError(t, err)
	const scale, border = 8, 4
	require.Equal(t, (len(want)+2*border)*scale, picture.Bounds().Dx())
	var got []string
	for y := range want {
		var row strings.Builder
		for x := range want {
			if red, _, _, _ := picture.At((x+border)*scale, (y+border)*scale).RGBA(); red == 0 {
				row.WriteString("##")
			} else {
				row.WriteString("  ")
			}
		}
		got = append(got, row.String())
	}
	assert.Equal(t, want, got)
}
