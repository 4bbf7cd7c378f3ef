package main

import (
	"testing"

	"github.com/paygates/paygates-go/examples/internal/exampletest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	exampletest.Run(t, run, usage, "set GATEPAY_APP_KEY, GATEPAY_SECRET and GATEPAY_NOTIFY_URL",
		[]string{"GATEPAY_SECRT", "GATEPAY_APP_KEY", "GATEPAY_SECRET", "GATEPAY_NOTIFY_URL"},
		[]string{
			`to pay, open http://127\.0\.0\.1:`,
			`notification, confirmed by the gateway: gatepay notification for order `,
			`: 0\.01 yuan, state `,
			`paid: gatepay order `,
		})
}

func TestInSandbox(t *testing.T) {
	t.Parallel()
	exampletest.RunInSandbox(t, "gatepay", run, []string{`notification, confirmed by the gateway: gatepay `, `paid: gatepay `})
}
