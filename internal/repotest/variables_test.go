package repotest

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The programs and documents read the variables that the sandbox and the shop know, so that
// the settings of one work for all.
func TestVariablesHaveOneName(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"PUBLIC_URL": true}
	for _, name := range regexp.MustCompile(`"([A-Z]+_[A-Z_]+)"`).FindAllStringSubmatch(read(t, "examples/shop/gateways.go"), -1) {
		known[name[1]] = true
	}
	variable := regexp.MustCompile(`Getenv\("(\w+)"\)`)
	seen := 0
	for _, file := range glob(t, "*.md", "docs/*.md", "docs/zh/*.md", "*/doc.go", "docs/readme/*/*.go") {
		for _, name := range variable.FindAllStringSubmatch(read(t, file), -1) {
			seen++
			assert.True(t, known[name[1]], "%s reads %s", file, name[1])
		}
	}
	assert.Greater(t, seen, 10)
}
