package repotest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readmeCode matches a Go block of a README and the comment that names its source:
//
//	<!-- code: docs/readme/integrations_test.go -->
var readmeCode = regexp.MustCompile("(?s)(?:<!-- code: (\\S+) -->\\s*)?```go\n(.*?)```")

// The READMEs show only code that is compiled and run elsewhere, and both show the
// same.
func TestReadmesShowTestedCode(t *testing.T) {
	t.Parallel()
	shown := map[string][]string{}
	for _, readme := range []string{"README.md", "README.zh-CN.md"} {
		for _, block := range readmeCode.FindAllStringSubmatch(read(t, readme), -1) {
			source, code := block[1], unindent(block[2])
			require.NotEmpty(t, source, "%s names no source for\n%s", readme, code)
			if !strings.Contains(unindent(read(t, source)), code) {
				t.Errorf("%s: %s does not contain\n%s", readme, source, code)
			}
			if strings.Contains(code, ".New(config)") {
				assert.Less(t, strings.Count(code, "\n"), 15, "%s: a first integration has at most 15 lines:\n%s", readme, code)
			}
			shown[readme] = append(shown[readme], code)
		}
	}
	assert.NotEmpty(t, shown["README.md"])
	assert.Equal(t, shown["README.md"], shown["README.zh-CN.md"])
}

// The links between the pages lead to files that exist.
func TestPagesLinkToWhatExists(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	for _, page := range glob(t, "*.md", "*/*.md", "*/*/*.md") {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			if !strings.Contains(match[1], "://") {
				if _, err := os.Stat(filepath.Join(root, path.Dir(page), match[1])); err != nil {
					t.Errorf("%s links to %s, which does not exist", page, match[1])
				}
			}
		}
	}
}

func unindent(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
