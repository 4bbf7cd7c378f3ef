package repotest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// textPages are the pages that people and assistants read. The changelog names what no
// longer exists.
func textPages(t *testing.T) []string {
	t.Helper()
	pages := append(glob(t, "*.md", "docs/*.md", "docs/zh/*.md", "*/*/README.md"), "llms.txt")
	return slices.DeleteFunc(pages, func(page string) bool { return page == "CHANGELOG.md" })
}

// A command at the start of a line or of a code span.
var command = regexp.MustCompile("(?m)(?:^ *|`)((?:go (?:-C \\S+ )?(?:run|test|build|install|doc)|\\.ci/run|paygates [a-z])[^`\\n]*)")

// The pages show only commands that exist.
func TestPagesShowCommandsThatExist(t *testing.T) {
	t.Parallel()
	commands := toolCommands(t)
	found := 0
	for _, file := range textPages(t) {
		for _, match := range command.FindAllStringSubmatch(read(t, file), -1) {
			found++
			if fault := commandFault(match[1], commands); fault != "" {
				t.Errorf("%s: %q: %s", file, match[1], fault)
			}
		}
	}
	assert.Greater(t, found, 30)
}

// toolCommands returns the commands of cmd/paygates.
func toolCommands(t *testing.T) (names []string) {
	t.Helper()
	for _, match := range regexp.MustCompile("\t(\\w+) +\\w+Command +`cmd:").FindAllStringSubmatch(read(t, "cmd/paygates/main.go"), -1) {
		names = append(names, strings.ToLower(match[1]))
	}
	require.NotEmpty(t, names)
	return names
}

// commandFault says why a command cannot run, "" if it can. It knows directories,
// programs and the commands of cmd/paygates, not flags.
func commandFault(line string, tool []string) string {
	words := strings.Fields(line)
	switch words[0] {
	case ".ci/run":
		if len(words) > 1 && words[1] != "api" && words[1] != "tidy" && !strings.HasPrefix(words[1], "#") {
			return "no such check"
		}
		return missingFile(".ci/run")
	case "paygates":
		return unknownCommand(words[1:], tool)
	}
	dir, rest := ".", words[1:]
	verb := rest[0]
	if verb == "-C" {
		dir, rest = rest[1], rest[2:]
		verb = rest[0]
	}
	for i := 1; i < len(rest); i++ {
		switch word := rest[i]; {
		case word == "-C":
			dir, i = rest[i+1], i+1
		case strings.HasPrefix(word, "."):
			target := path.Join(dir, strings.TrimSuffix(word, "..."))
			if fault := missingFile(target); fault != "" || verb != "run" {
				return fault
			}
			return notAProgram(target, rest[i+1:], tool)
		}
	}
	return missingFile(dir)
}

func notAProgram(dir string, args, tool []string) string {
	if missingFile(path.Join(dir, "main.go")) != "" {
		return dir + " is not a program"
	}
	if dir == "cmd/paygates" {
		return unknownCommand(args, tool)
	}
	return ""
}

func unknownCommand(args, tool []string) string {
	if len(args) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(args[0]) && !slices.Contains(tool, args[0]) {
		return "paygates has no command " + args[0]
	}
	return ""
}

func missingFile(file string) string {
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		return file + " does not exist"
	}
	return ""
}

func TestCommandFault(t *testing.T) {
	t.Parallel()
	tool := []string{"sandbox"}
	for _, line := range []string{
		"go run ./examples/quickstart ispay", "go test ./...", "go run -C cmd/paygates . sandbox", "go -C checkout test -run '^$' -bench Credit",
		".ci/run", ".ci/run api", "paygates sandbox", "paygates --help", "go doc ./gatewaytest",
	} {
		assert.Empty(t, commandFault(line, tool), line)
	}
	for _, line := range []string{
		"go run ./examples/nothing", "go run ./sign", "go test ./nothing/...", "go run -C cmd/paygates . snadbox", "go -C nothing test",
		".ci/run everything", "paygates snadbox", "go run -C cmd/nothing .", "go doc ./nothing",
	} {
		assert.NotEmpty(t, commandFault(line, tool), line)
	}
}

// Every name in the pages for assistants is one of the exported API.
func TestAssistantsReadNamesThatExist(t *testing.T) {
	t.Parallel()
	var api strings.Builder
	for _, file := range glob(t, "docs/api/*.txt") {
		api.WriteString(declarations(read(t, file)))
	}
	for _, file := range []string{"AGENTS.md", "llms.txt"} {
		names := exportedNames(strings.Join(readPage(t, file).lines, "\n"))
		assert.NotEmpty(t, names, file)
		for _, name := range names {
			if !containsWord(api.String(), name) {
				t.Errorf("%s: no package exports %s", file, name)
			}
		}
	}
}

// declarations returns a page of "go doc -all" without its prose.
func declarations(page string) string {
	start := regexp.MustCompile(`(?m)^(CONSTANTS|VARIABLES|FUNCTIONS|TYPES)$`).FindStringIndex(page)
	if start == nil {
		return ""
	}
	return regexp.MustCompile(`(?m)^ {4}.*$|//.*$`).ReplaceAllString(page[start[1]:], "")
}

// exportedNames returns the Go names in the code spans of a text: the parts of
// `n.Order.Amount` that begin with an upper-case letter.
func exportedNames(text string) (names []string) {
	goName := regexp.MustCompile(`^[\w.]+$`)
	for _, span := range codeSpan.FindAllString(text, -1) {
		span = strings.Trim(span, "`")
		if !goName.MatchString(span) || strings.HasSuffix(span, ".md") || strings.HasSuffix(span, ".txt") {
			continue
		}
		for _, part := range strings.Split(span, ".") {
			if part != "" && part[0] >= 'A' && part[0] <= 'Z' {
				names = append(names, part)
			}
		}
	}
	return names
}

func TestExportedNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"CreateOrder", "Order", "Amount", "Cents"},
		exportedNames("`CreateOrder`, `n.Order.Amount`, `money.Cents`, `go test ./...`, `README.md`, `go.mod`, Prose"))
}
