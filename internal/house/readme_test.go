package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Go block of a README has a comment before it that names its source:
//
//	<!-- code: docs/readme/integrations_test.go -->
var readmeCode = regexp.MustCompile("(?s)(?:<!-- code: (\\S+) -->\\s*)?```go\n(.*?)```")

// What the READMEs show is code that is compiled and run somewhere else: it is
// never typed twice.
func TestReadmesShowTestedCode(t *testing.T) {
	t.Parallel()
	shown := map[string][]string{}
	for _, readme := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", readme))
		require.NoError(t, err)
		for _, block := range readmeCode.FindAllStringSubmatch(string(text), -1) {
			source, code := block[1], block[2]
			if !assert.NotEmpty(t, source, "%s: no source is named for\n%s", readme, code) {
				continue
			}
			file, err := os.ReadFile(filepath.Join("..", "..", source))
			require.NoError(t, err)
			assert.Contains(t, withoutIndent(string(file)), withoutIndent(code), "%s: %s does not hold this any more", readme, source)
			shown[readme] = append(shown[readme], withoutIndent(code))
			if strings.Contains(code, ".New(config)") {
				lines := strings.Count(strings.TrimSpace(code), "\n") + 1
				assert.LessOrEqual(t, lines, 15, "%s: a first integration is short:\n%s", readme, code)
			}
		}
	}
	assert.NotEmpty(t, shown["README.md"])
	assert.Equal(t, shown["README.md"], shown["README.zh-CN.md"], "the two READMEs show the same code")
}

func withoutIndent(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// The links of the pages lead somewhere.
func TestPagesLinkToWhatExists(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	pages, err := filepath.Glob("../../*.md")
	require.NoError(t, err)
	more, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, page := range append(pages, more...) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(page), match[1]))
			assert.NoError(t, err, "%s links to %s", page, match[1])
		}
	}
}
