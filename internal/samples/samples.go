// Package samples reads the documented samples in testdata for the tests. The
// providers print JSON loosely, and testdata keeps it as printed.
package samples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/jsonc"
)

// Printed returns a file of testdata exactly as the provider printed it.
func Printed(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// JSON returns a file of testdata as strict JSON: comments and trailing commas
// go, and each old text in the pairs becomes the new one that follows it. A
// pair that changes nothing fails the test, and so does a result that is not JSON.
func JSON(t testing.TB, file string, oldNew ...string) string {
	t.Helper()
	text := Printed(t, file)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%s does not contain %q", file, oldNew[i])
		}
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	strict := jsonc.ToJSON([]byte(text))
	if !json.Valid(strict) {
		t.Fatalf("%s is not JSON: %s", file, strict)
	}
	return string(strict)
}
