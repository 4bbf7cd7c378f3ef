package main

import (
	"testing"

	"github.com/paygates/paygates-go/examples/internal/exampletest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	exampletest.Run(t, run, usage, "set KECHENGCANG_BASE_URL, KECHENGCANG_APP_ID and KECHENGCANG_SECRET",
		[]string{"KECHENGCANG_SECRT", "KECHENGCANG_BASE_URL", "KECHENGCANG_APP_ID", "KECHENGCANG_SECRET"},
		[]string{
			`order [0-9A-Za-z]+: send [0-9.]+ FTM to `,
			`paid: kechengcang order [0-9A-Za-z]+: 20\.00 USD, state 3 \(finished\)`,
		})
}

func TestInSandbox(t *testing.T) {
	t.Parallel()
	exampletest.RunInSandbox(t, "kechengcang", run, []string{`paid: kechengcang `})
}
