package repotest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chinesePages returns the Chinese pages.
func chinesePages(t *testing.T) []string {
	t.Helper()
	pages := glob(t, "*.zh-CN.md", "docs/zh/*.md")
	require.NotEmpty(t, pages)
	return pages
}

// english returns the English page of a Chinese page, and every other page unchanged.
func english(page string) string {
	page = strings.Replace(page, ".zh-CN.md", ".md", 1)
	return strings.Replace(page, "docs/zh/", "docs/", 1)
}

// Both languages have the same headings, lists, code, tables and links.
func TestLanguagesHaveTheSameContent(t *testing.T) {
	t.Parallel()
	pages := map[string]page{}
	for _, file := range glob(t, "*.md", "*/*.md", "*/*/*.md") {
		pages[file] = readPage(t, file)
	}
	for _, file := range chinesePages(t) {
		require.Contains(t, pages, english(file), "%s has no English page", file)
		for _, difference := range differences(pages, file) {
			t.Errorf("%s and %s: %s", english(file), file, difference)
		}
	}
}

// differences describes how a Chinese page differs from its English page.
func differences(pages map[string]page, file string) (found []string) {
	en, zh := pages[english(file)], pages[file]
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if len(en.headings) != len(zh.headings) || len(en.code) != len(zh.code) || len(en.tables) != len(zh.tables) {
		note("%d and %d headings, %d and %d code blocks, %d and %d tables",
			len(en.headings), len(zh.headings), len(en.code), len(zh.code), len(en.tables), len(zh.tables))
		return found
	}
	for i := range en.headings {
		if en.headings[i].level != zh.headings[i].level {
			note("heading %q is of level %d, %q of level %d", en.headings[i].text, en.headings[i].level, zh.headings[i].text, zh.headings[i].level)
		}
	}
	for i := range en.items {
		if en.items[i] != zh.items[i] {
			note("below %q: %d and %d list items", en.title(i), en.items[i], zh.items[i])
		}
		if a, b := sortedSpans(en.spans[i]), sortedSpans(zh.spans[i]); a != b {
			note("below %q: code spans\n\t%s\n\t%s", en.title(i), a, b)
		}
	}
	for i := range en.code {
		if en.code[i] != zh.code[i] {
			note("code block %d:\n%s\n\n%s", i+1, en.code[i], zh.code[i])
		}
	}
	for i := range en.tables {
		for _, difference := range tableDifferences(en.tables[i], zh.tables[i]) {
			note("table %d: %s", i+1, difference)
		}
	}
	a, b := linkTargets(pages, en), linkTargets(pages, zh)
	if !slices.Equal(a, b) {
		note("links\n\t%s\n\t%s", strings.Join(a, " "), strings.Join(b, " "))
	}
	return found
}

func tableDifferences(en, zh table) (found []string) {
	if len(en) != len(zh) {
		return []string{fmt.Sprintf("%d and %d rows", len(en), len(zh))}
	}
	for i := range en {
		if !slices.Equal(en[i], zh[i]) {
			found = append(found, fmt.Sprintf("row %d: %q and %q", i+1, en[i], zh[i]))
		}
	}
	return found
}

// linkTargets returns where the links of a page lead, sorted, as the English page and
// the number of its heading, so that both languages can be compared.
func linkTargets(pages map[string]page, p page) (targets []string) {
	for _, link := range p.links {
		file, anchor, ok := splitLink(p.file, link)
		if !ok {
			targets = append(targets, link)
			continue
		}
		target, section := english(file), ""
		if linked, known := pages[file]; known && anchor != "" {
			section = fmt.Sprintf("#%d", linked.headingIndex(anchor))
		}
		targets = append(targets, target+section)
	}
	slices.Sort(targets)
	return targets
}

// A page leads to pages in its own language, but for the link to its other language.
func TestChinesePagesLinkToChinesePages(t *testing.T) {
	t.Parallel()
	chinese := map[string]string{}
	for _, file := range chinesePages(t) {
		chinese[english(file)] = file
	}
	for _, file := range chinesePages(t) {
		switches := 0
		for _, link := range readPage(t, file).links {
			target, _, ok := splitLink(file, link)
			switch {
			case ok && target == english(file):
				switches++
			case ok && chinese[target] != "":
				t.Errorf("%s links to %s, which has the Chinese page %s", file, link, chinese[target])
			}
		}
		assert.Equal(t, 1, switches, "%s: links to its English page", file)
	}
}

func (p *page) title(section int) string {
	if section == 0 {
		return path.Base(p.file)
	}
	return p.headings[section-1].text
}

// sortedSpans returns the code spans of a text, each once, sorted: the languages have
// another word order.
func sortedSpans(text string) string {
	spans := codeSpan.FindAllString(text, -1)
	slices.Sort(spans)
	return strings.Join(slices.Compact(spans), " ")
}

var (
	// Half-width punctuation beside a Chinese character.
	halfWidth = regexp.MustCompile(`\p{Han} ?[,;:?!()"']|\p{Han}\.|[,;:?!()"'] ?\p{Han}`)
	// Half-width punctuation that ends a Chinese sentence behind a Latin word or code.
	halfWidthEnd = regexp.MustCompile(`\p{Han}.*[\w` + "`" + `)][.;:,?!] *$`)
	// Blanks around full-width punctuation, and other quotes than 「」.
	fullWidthBlank = regexp.MustCompile(`[，。：；？！（）「」、] | [，。：；？！）」、]|[“”‘’]`)
	// Words for which the pages and programs have another one: 您 and 返回.
	otherWord = regexp.MustCompile(`你|应答`)
	// A line break shows as a blank, which belongs between Chinese and Latin text only.
	brokenText = regexp.MustCompile(`[\p{Han}，。：；？！（）「」、]\n[\p{Han}「（]|[，。：；？！（）「」、]\n[^\n\-#|<]`)
	linkURL    = regexp.MustCompile(`\]\([^)]*\)`)
)

// chineseFaults returns what is wrong with the punctuation of a line. Code and link
// targets are left out.
func chineseFaults(line string) (faults []string) {
	line = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(line, "")
	line = linkURL.ReplaceAllString(line, "]")
	line = codeSpan.ReplaceAllString(line, "`x`")
	line = strings.NewReplacer("[", "", "]", "", "**", "").Replace(line)
	line = regexp.MustCompile(`^(#+|[-*]|\d+\.) +`).ReplaceAllString(line, "")
	for _, cell := range strings.Split(line, "|") {
		for _, pattern := range []*regexp.Regexp{halfWidth, halfWidthEnd, fullWidthBlank, otherWord} {
			faults = append(faults, pattern.FindAllString(strings.TrimSpace(cell), -1)...)
		}
	}
	return faults
}

func TestChinesePunctuation(t *testing.T) {
	t.Parallel()
	for _, file := range chinesePages(t) {
		lines := readPage(t, file).lines
		for i, line := range lines {
			for _, fault := range chineseFaults(line) {
				t.Errorf("%s: %q in: %s", file, fault, line)
			}
			if i > 0 && !listItem.MatchString(line) && brokenText.MatchString(lines[i-1]+"\n"+line) {
				t.Errorf("%s: the line break shows as a blank before: %s", file, line)
			}
		}
	}
}

// The texts of the tool, the shop and the sandbox follow the rules of the pages.
func TestChinesePunctuationOfPrograms(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile("(?s)`[^`]*`|\"[^\"\n]*\"")
	for _, file := range []string{
		"examples/shop/locales/zh.json", "cmd/paygates/internal/text/chinese.go", "cmd/paygates/internal/sandbox/page/texts.js",
	} {
		found := 0
		for _, quoted := range text.FindAllString(read(t, file), -1) {
			for _, line := range strings.Split(strings.Trim(strings.ReplaceAll(quoted, "&amp;", "x"), "`\""), "\n") {
				if !regexp.MustCompile(`\p{Han}`).MatchString(line) {
					continue
				}
				found++
				for _, fault := range chineseFaults(line) {
					t.Errorf("%s: %q in: %s", file, fault, line)
				}
			}
		}
		assert.Greater(t, found, 40, file)
	}
}

// The checks of this file find what they are made for.
func TestChineseFaults(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"下单,查单。", "网关 (就付)", "金额(分)", "注意:不要", "真的?", "见 `ErrBusy`.", "重试 `Create`;", "他说\"好\"",
		"下单， 查单", "用 `x` ，然后", "“引号”", "- 见[文档](docs/a.md),然后", "**注意**: 不要",
		"你的密钥", "网关没有应答",
	} {
		assert.NotEmpty(t, chineseFaults(line), line)
	}
	for _, line := range []string{
		"下单，查单。", "ispay（就付）", "见 `a.b(c), d`。", "## 1. 使用", "1. 下单", "30.00 元", "[文档](docs/a.md)，然后", "<!-- code: a.go -->",
		"| `a` | 一、二（三） |", "Ping++ 的 HTTP 409：「早」",
	} {
		assert.Empty(t, chineseFaults(line), line)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	const en = "# A\n\n[中文](zh/a.md)\n\n## B `x`\n\n- one `y`\n- [two](#b-x)\n\n| a | `b` |\n|---|---|\n| c | d |\n\n```go\nf() // one\n```\n"
	const zh = "# 甲\n\n[English](../a.md)\n\n## 乙 `x`\n\n- 一 `y`\n- [二](#乙-x)\n\n| 甲 | `b` |\n|---|---|\n| 丙 | 丁 |\n\n```go\nf() // 一\n```\n"
	compare := func(zh string) []string {
		return differences(map[string]page{"docs/a.md": parsePage("docs/a.md", en), "docs/zh/a.md": parsePage("docs/zh/a.md", zh)}, "docs/zh/a.md")
	}
	require.Empty(t, compare(zh))
	for _, change := range [][2]string{
		{"## 乙", "### 乙"}, {"## 乙 `x`\n", ""}, {"- 一 `y`\n", ""}, {"`y`", "`z`"}, {"(#乙-x)", "(#甲)"}, {"(../a.md)", "(../b.md)"},
		{"| 丙 | 丁 |\n", ""}, {"| 丙 | 丁 |", "| 丙 |"}, {"| `b` |", "| b |"}, {"f() //", "g() //"}, {"```go", "```"},
	} {
		assert.NotEmpty(t, compare(strings.Replace(zh, change[0], change[1], 1)), "%q instead of %q", change[1], change[0])
	}
}
