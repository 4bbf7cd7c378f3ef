package repotest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pageCode matches a Go block of a page and the comment that names its source:
//
//	<!-- code: docs/readme/integrations_test.go -->
var pageCode = regexp.MustCompile("(?s)(?:<!-- code: (\\S+) -->\\s*)?```go\n(.*?)```")

// The pages show only code that is compiled and run elsewhere. A line "// …" stands
// for lines that are left out, and comments may be in another language.
func TestPagesShowTestedCode(t *testing.T) {
	t.Parallel()
	for _, file := range glob(t, "README*.md", "AGENTS.md", "docs/*.md", "docs/zh/*.md") {
		for _, block := range pageCode.FindAllStringSubmatch(read(t, file), -1) {
			source, code := block[1], block[2]
			require.NotEmpty(t, source, "%s names no source for\n%s", file, code)
			tested := unindent(read(t, source))
			for _, part := range leftOut.Split(code, -1) {
				if part = unindent(part); !strings.Contains(tested, part) {
					t.Errorf("%s: %s does not contain\n%s", file, source, part)
				}
			}
		}
	}
}

var leftOut = regexp.MustCompile(`(?m)^\s*// …$`)

// The links between the pages lead to files and headings that exist.
func TestPagesLinkToWhatExists(t *testing.T) {
	t.Parallel()
	anchors := 0
	for _, file := range append(glob(t, "*.md", "*/*.md", "*/*/*.md"), "llms.txt") {
		for _, link := range readPage(t, file).links {
			target, anchor, ok := splitLink(file, link)
			if !ok {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, link)
				continue
			}
			if linked := readPageIfMarkdown(t, target); anchor != "" && linked.headingIndex(anchor) < 0 {
				t.Errorf("%s links to %s, but %s has no such heading", file, link, target)
			} else if anchor != "" {
				anchors++
			}
		}
	}
	assert.NotZero(t, anchors)
}

func readPageIfMarkdown(t *testing.T, file string) page {
	t.Helper()
	if !strings.HasSuffix(file, ".md") {
		return page{}
	}
	return readPage(t, file)
}

// A page that begins with a list of its sections lists them all.
func TestContentsAreComplete(t *testing.T) {
	t.Parallel()
	lists := 0
	for _, file := range textPages(t) {
		text := read(t, file)
		head, _, _ := strings.Cut(text, "\n## ")
		if !strings.Contains(head, "\n- [") || !strings.Contains(head, "](#") {
			continue
		}
		lists++
		contents := parsePage(file, head).links
		for _, section := range parsePage(file, text).headings {
			if section.level == 2 {
				assert.Contains(t, contents, "#"+section.anchor, "%s: the list of contents", file)
			}
		}
	}
	assert.NotZero(t, lists)
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	p := parsePage("a.md", "# The `Client`: one, two\n## Ping++ (益安)\n## A-b_c\n```\n# no heading\n```\n## A-b_c\n")
	var got []string
	for _, h := range p.headings {
		got = append(got, h.anchor)
	}
	assert.Equal(t, []string{"the-client-one-two", "ping-益安", "a-b_c", "a-b_c-1"}, got)
}

// unindent removes indentation, comments and empty lines.
func unindent(code string) string {
	lines := strings.Split(withoutComments(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
