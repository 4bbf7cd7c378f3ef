package main

import (
	"testing"

	"github.com/paygates/paygates-go/examples/internal/exampletest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	exampletest.Run(t, run, usage, "set PINGPP_BASE_URL, PINGPP_TOKEN, PINGPP_API_KEY",
		[]string{"PINGPP_SECRT", "PINGPP_BASE_URL", "PINGPP_TOKEN", "PINGPP_API_KEY", "PINGPP_WEBHOOK_PUBLIC_KEY", "PINGPP_ORDER_NO"},
		[]string{
			`to pay, pass \d+ bytes of pingpp charge ch_\w+ for order 12134676899915430002: 99\.00 cny`,
			`webhook: pingpp notification evt_`,
			`paid: pingpp charge ch_`,
		})
}
