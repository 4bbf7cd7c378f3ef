// Package samples reads the documented samples in testdata. The gateways print
// loose JSON, and testdata contains each sample exactly as printed. The package is
// for tests only.
package samples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Printed returns a file of testdata exactly as the gateway's document prints it.
func Printed(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// JSON returns a file of testdata as strict JSON, without comments and trailing
// commas. The optional arguments are pairs of an old and a new text, which are
// replaced first. The test fails if the file does not contain an old text or if
// the result is not JSON.
func JSON(t testing.TB, file string, oldNew ...string) string {
	t.Helper()
	text := Printed(t, file)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%s does not contain %q", file, oldNew[i])
		}
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	text = strict(text)
	if !json.Valid([]byte(text)) {
		t.Fatalf("%s is not JSON: %s", file, text)
	}
	return text
}

// Each expression also matches strings, so that a match never starts inside one.
var (
	comments       = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|//[^\n]*`)
	trailingCommas = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|,\s*[}\]]`)
)

// strict removes // comments and trailing commas outside strings.
func strict(text string) string {
	text = comments.ReplaceAllStringFunc(text, func(match string) string {
		if match[0] == '"' {
			return match
		}
		return ""
	})
	return trailingCommas.ReplaceAllStringFunc(text, func(match string) string {
		if match[0] == '"' {
			return match
		}
		return match[1:]
	})
}
