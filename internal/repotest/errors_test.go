package repotest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// The table of docs/errors.md says of each error what the code does.
func TestErrorsPageIsComplete(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(read(t, "docs/errors.md"), "<!-- errors -->")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	rows := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(Err\\w+)` \\| `(\\w+)` \\| ([\\w ]+) \\|").FindAllStringSubmatch(table, -1) {
		rows[row[1]] = row[2:]
	}
	all := map[string]error{
		"ErrInvalidConfig": paygates.ErrInvalidConfig, "ErrInvalidRequest": paygates.ErrInvalidRequest, "ErrNotSent": paygates.ErrNotSent,
		"ErrOutcomeUnknown": paygates.ErrOutcomeUnknown, "ErrNoResponse": paygates.ErrNoResponse, "ErrBadResponse": paygates.ErrBadResponse,
		"ErrUnavailable": paygates.ErrUnavailable, "ErrOrderNotFound": paygates.ErrOrderNotFound, "ErrNotPaid": paygates.ErrNotPaid,
		"ErrInvalidNotification": paygates.ErrInvalidNotification, "ErrInvalidSignature": paygates.ErrInvalidSignature,
		"ErrNotConfirmed": paygates.ErrNotConfirmed, "ErrBusy": paygates.ErrBusy,
	}
	declared := slices.DeleteFunc(values(load(t, ".")), func(name string) bool { return !strings.HasPrefix(name, "Err") })
	require.Len(t, declared, len(all))
	for _, name := range declared {
		require.Contains(t, all, name)
		require.Contains(t, rows, name, "docs/errors.md")
		assert.Equal(t, paygates.ErrorKind(all[name]), rows[name][0], name)
		failed := &paygates.Error{HTTPStatus: 200, Err: all[name]}
		want := "no"
		if paygates.Retryable(failed) {
			want = "yes"
			if failed.HTTPStatus = 404; !paygates.Retryable(failed) {
				want = "with status 2xx"
			}
		}
		assert.Equal(t, want, rows[name][1], name)
	}
}

// Every warning of the packages is in the table of log lines.
func TestWarningsAreDocumented(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`slog\.Level(?:Warn|Error), (?:"[^"]*"|[\w.]+), "([^"]+)"`)
	page, found := read(t, "docs/errors.md"), 0
	for _, file := range glob(t, "*/*.go", "internal/*/*.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range line.FindAllStringSubmatch(read(t, file), -1) {
			found++
			assert.Contains(t, page, "| `"+match[1]+"` |", file)
		}
	}
	assert.Equal(t, 6, found)
}

// A version that is not released yet has a suffix, and another one is in the changelog.
func TestTheVersionIsInTheChangelog(t *testing.T) {
	t.Parallel()
	if heading := "## " + paygates.Version; !strings.HasSuffix(paygates.Version, "-dev") {
		assert.Contains(t, read(t, "CHANGELOG.md"), heading)
	}
}
