package main

import (
	"testing"

	"github.com/paygates/paygates-go/examples/internal/exampletest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	exampletest.Run(t, run, usage, "set ISPAY_USER_ID, ISPAY_SECRET and ISPAY_NOTIFY_URL",
		[]string{"ISPAY_SECRT", "ISPAY_USER_ID", "ISPAY_SECRET", "ISPAY_NOTIFY_URL"},
		[]string{
			`to pay, open http://127\.0\.0\.1:`,
			`notification, confirmed by the gateway: ispay notification for order `,
			`: 0\.01 yuan, state 9 \(confirmed\)`,
			`paid: ispay order `,
		})
}

func TestInSandbox(t *testing.T) {
	t.Parallel()
	exampletest.RunInSandbox(t, "ispay", run, []string{`notification, confirmed by the gateway: ispay `, `paid: ispay `})
}
