package main

import (
	"testing"

	"github.com/paygates/paygates-go/examples/internal/exampletest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	exampletest.Run(t, run, usage, "set CODEPAY_USER_ID, CODEPAY_SECRET and CODEPAY_NOTIFY_URL",
		[]string{"CODEPAY_SECRT", "CODEPAY_USER_ID", "CODEPAY_SECRET", "CODEPAY_NOTIFY_URL"},
		[]string{
			`to pay exactly 0\.0\d yuan, scan the code at http://127\.0\.0\.1:`,
			`paid: codepay notification of payment \d+: 0\.0\d yuan by 1 \(Alipay\)`,
		})
}

func TestInSandbox(t *testing.T) {
	t.Parallel()
	exampletest.RunInSandbox(t, "codepay", run, []string{`paid: codepay `})
}
