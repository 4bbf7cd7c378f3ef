package repotest

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// page is a Markdown page, as far as the tests compare and check it.
type page struct {
	file     string
	lines    []string // without code blocks, HTML comments included
	headings []heading
	code     []string // code blocks with their language, without comments
	tables   []table
	links    []string // targets as written, in order
	items    []int    // list items below each heading, 0 being before the first
	spans    []string // code spans below each heading, outside of tables
}

type heading struct {
	level  int
	text   string
	anchor string
}

// table holds the code spans of each cell of each row, its header included.
type table [][]string

var (
	headingLine = regexp.MustCompile(`^(#{1,6}) (.+)$`)
	listItem    = regexp.MustCompile(`^ *(?:[-*]|\d+\.) `)
	codeSpan    = regexp.MustCompile("`[^`]+`")
	linkTarget  = regexp.MustCompile(`\]\(([^)\s]+)\)|<img src="([^"]+)"`)
	// A comment begins a line or follows a blank: "//" in a URL begins no comment.
	codeComment = regexp.MustCompile(`(?m)(^|[ \t]+)(//|#) .*$`)
)

func readPage(t *testing.T, file string) page {
	t.Helper()
	return parsePage(file, read(t, file))
}

func parsePage(file, text string) page {
	p := page{file: file, items: []int{0}, spans: []string{""}}
	block, inBlock := "", false
	var rows table
	for _, line := range append(strings.Split(text, "\n"), "") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			inBlock = !inBlock
			block += strings.TrimSpace(line) + "\n"
			if !inBlock {
				p.code = append(p.code, withoutComments(block))
				block = ""
			}
			continue
		case inBlock:
			block += line + "\n"
			continue
		}
		p.lines = append(p.lines, line)
		if strings.HasPrefix(line, "|") {
			rows = append(rows, cells(line))
			continue
		}
		if rows != nil {
			p.tables, rows = append(p.tables, rows), nil
		}
		p.addLine(line)
	}
	for _, match := range linkTarget.FindAllStringSubmatch(strings.Join(p.lines, "\n"), -1) {
		p.links = append(p.links, match[1]+match[2])
	}
	return p
}

func (p *page) addLine(line string) {
	if match := headingLine.FindStringSubmatch(line); match != nil {
		p.headings = append(p.headings, heading{level: len(match[1]), text: match[2], anchor: p.newAnchor(match[2])})
		p.items, p.spans = append(p.items, 0), append(p.spans, "")
		return
	}
	last := len(p.items) - 1
	if listItem.MatchString(line) {
		p.items[last]++
	}
	p.spans[last] += strings.Join(codeSpan.FindAllString(line, -1), "")
}

// newAnchor returns the anchor that a forge gives to the next heading: lower case,
// without punctuation, blanks as "-", and with a number if it exists already.
func (p *page) newAnchor(text string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.In(r, unicode.L, unicode.N, unicode.M):
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	anchor := plain
	for n := 1; p.headingIndex(anchor) >= 0; n++ {
		anchor = plain + "-" + strconv.Itoa(n)
	}
	return anchor
}

// headingIndex returns which heading has an anchor, -1 if none.
func (p *page) headingIndex(anchor string) int {
	for i, h := range p.headings {
		if h.anchor == anchor {
			return i
		}
	}
	return -1
}

func withoutComments(code string) string {
	code = codeComment.ReplaceAllString(code, "")
	var kept []string
	for _, line := range strings.Split(code, "\n") {
		// gofmt aligns what stands before the comments of neighboring lines.
		if line = strings.TrimRight(line, " \t"); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// cells returns the code spans of each cell of a row.
func cells(row string) (spans []string) {
	for _, cell := range strings.Split(strings.Trim(strings.ReplaceAll(row, `\|`, ""), "|"), "|") {
		spans = append(spans, sortedSpans(cell))
	}
	return spans
}

// splitLink returns the file to which a link of a page leads and its anchor. Its ok
// is false for a link to another site.
func splitLink(from, link string) (file, anchor string, ok bool) {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return "", "", false
	}
	file, anchor, _ = strings.Cut(link, "#")
	if file == "" {
		return from, anchor, true
	}
	return path.Join(path.Dir(from), file), anchor, true
}
