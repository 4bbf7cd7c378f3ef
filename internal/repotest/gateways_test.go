package repotest

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/gateways"
)

const root = "../.."

// places are the files that every gateway needs, with a text that each of them must
// contain. {name} and {title} stand for those of the gateway. A file without a text
// only has to exist.
var places = []struct{ file, text string }{
	{"{name}/doc.go", ""},
	{"{name}/client.go", ""},
	{"{name}/order.go", ""},
	{"{name}/create.go", ""},
	{"{name}/query.go", ""},
	{"{name}/wire.go", ""},
	{"{name}/notify.go", ""},
	{"{name}/print.go", ""},
	{"{name}/example_test.go", ""},
	{"{name}/testdata", ""},
	{"{name}/{name}test/{name}test.go", ""},
	{"internal/conformance/{name}_test.go", ""},
	{"internal/conformance/suite_test.go", "&{name}Gateway"},
	{"internal/bench/http_test.go", `"{name}"`},
	{"internal/bench/decode_test.go", `"{name}"`},
	{"cmd/paygates/internal/gateway/{name}.go", ""},
	{"cmd/paygates/internal/gateway/gateway.go", "{name}Gateway()"},
	{"examples/{name}/main.go", ""},
	{"examples/quickstart/main.go", `{"{name}", `},
	{"docs/api/{name}.txt", ""},
	{"docs/api/{name}test.txt", ""},
	{"README.md", "\n| `{name}` |"},
	{"README.zh-CN.md", "\n| `{name}` |"},
	{"docs/architecture.md", "{name}"},
	{"docs/providers.md", "\n## {title}"},
	{"docs/security.md", "\n## {name}\n"},
	{"docs/security.md", "\n| `{name}` |"},
	{"docs/zh/security.md", "\n## {name}\n"},
	{"AGENTS.md", "`{name}`"},
}

func TestEveryPlaceKnowsEveryGateway(t *testing.T) {
	t.Parallel()
	for _, gateway := range gateways.All() {
		fill := strings.NewReplacer("{name}", gateway.Name, "{title}", gateway.Title)
		var missing []string
		for _, place := range places {
			file, want := fill.Replace(place.file), fill.Replace(place.text)
			_, err := os.Stat(filepath.Join(root, file))
			switch {
			case err != nil:
				missing = append(missing, "create "+file)
			case want != "" && !strings.Contains(read(t, file), want):
				missing = append(missing, "edit   "+file+": add "+strings.TrimSpace(want))
			}
		}
		if len(missing) > 0 {
			t.Errorf("gateway %q is missing:\n  %s", gateway.Name, strings.Join(missing, "\n  "))
		}
	}
}

// The packages of a gateway and their tests import no other gateway. depguard
// checks it for the package itself, but not for its tests and its fake: it would
// need a rule for each gateway.
func TestGatewaysImportNoOtherGateway(t *testing.T) {
	t.Parallel()
	for _, gateway := range gateways.All() {
		files := glob(t, gateway.Name+"/*.go", gateway.Name+"/*/*.go")
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				for _, other := range gateways.All() {
					if other != gateway && strings.HasPrefix(imported+"/", other.ImportPath()+"/") {
						t.Errorf("%s imports %s", file, imported)
					}
				}
			}
		}
	}
}

// read returns a file of the repository.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	return string(text)
}

// glob returns the files of the repository that match one of the patterns.
func glob(t *testing.T, patterns ...string) (files []string) {
	t.Helper()
	for _, pattern := range patterns {
		matches, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, match := range matches {
			file, err := filepath.Rel(root, match)
			require.NoError(t, err)
			files = append(files, filepath.ToSlash(file))
		}
	}
	return files
}
