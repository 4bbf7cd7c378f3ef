package repotest

import (
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	root   = "../.."
	module = "github.com/paygates/paygates-go"
)

// gateways returns the names of the gateways: the directories whose client.go declares the
// name. To add a gateway, start there and run these tests. They name each file that must
// know the gateway and does not.
func gateways(t *testing.T) (names []string) {
	t.Helper()
	for _, file := range glob(t, "*/client.go") {
		if name := path.Dir(file); strings.Contains(read(t, file), "\nconst gateway = "+strconv.Quote(name)+"\n") {
			names = append(names, name)
		}
	}
	require.Contains(t, names, "ispay")
	return names
}

// places are the files that every gateway needs, with a text that each of them must
// contain. {name} stands for that of the gateway. A file without a text only has to exist.
// docs/api is written by ".ci/run api".
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
	{"{name}/fuzz_test.go", "\nfunc FuzzVerifyNotification("},
	{"{name}/fuzz_test.go", "\nfunc FuzzResponses("},
	{"{name}/testdata", ""},
	{"{name}/{name}test/{name}test.go", ""},
	{"internal/conformance/{name}_test.go", "\nvar _ = describe(descriptor{"},
	{"internal/gateway/{name}.go", ""},
	{"internal/gateway/gateway.go", "\n\t\t{name}Gateway(),\n"},
	{"docs/api/{name}.txt", ""},
	{"docs/api/{name}test.txt", ""},
	{"README.md", "\n| `{name}` |"},
	{"README.zh-CN.md", "\n| `{name}` |"},
	{"docs/security.md", "\n### {name}\n"},
	{"docs/zh/security.md", "\n### {name}\n"},
}

func TestEveryPlaceKnowsEveryGateway(t *testing.T) {
	t.Parallel()
	for _, gateway := range gateways(t) {
		fill := strings.NewReplacer("{name}", gateway)
		var missing []string
		if providersSection(t, gateway) == "" {
			missing = append(missing, "edit   docs/providers.md: add a section")
		}
		if header, _, _ := strings.Cut(providersSection(t, "compared"), "\n|---"); !slices.Contains(strings.Fields(plainName(header)), gateway) {
			missing = append(missing, "edit   docs/providers.md: add a column")
		}
		for _, place := range places {
			file, want := fill.Replace(place.file), fill.Replace(place.text)
			_, err := os.Stat(filepath.Join(root, file))
			switch {
			case err != nil:
				missing = append(missing, "create "+file)
			case want != "" && !strings.Contains(read(t, file), want):
				missing = append(missing, "edit   "+file+": add "+strings.Join(strings.Fields(want), " "))
			}
		}
		if len(missing) > 0 {
			t.Errorf("gateway %q is missing:\n  %s", gateway, strings.Join(slices.Compact(missing), "\n  "))
		}
	}
}

// The section of a gateway tells what to credit, what is signed, what happens while a
// key is changed, and when an order may be created again. TestLanguagesHaveTheSameContent compares the Chinese page.
func TestSecuritySectionsAreComplete(t *testing.T) {
	t.Parallel()
	for _, gateway := range gateways(t) {
		_, section, _ := strings.Cut(read(t, "docs/security.md"), "\n### "+gateway+"\n")
		section, _, _ = strings.Cut(section, "\n##")
		for _, item := range []string{"- **Credit**: ", "- **Signed**: ", "- **Key**: ", "- **Create again**: "} {
			assert.Contains(t, section, "\n"+item, "docs/security.md, section %s", gateway)
		}
	}
}

// calls are the functions and methods that every gateway has, with what the others begin
// with: QueryCharge is the query of an order at Ping++.
var calls = []string{
	"New", "CreateOrder", "Query", "Decode", "WaitForPayment", "NotificationHandler", "ParseNotification", "VerifyNotification",
	"ConfirmNotification", "RestoreNotification", "MarshalBinary",
}

func TestEveryGatewayHasTheCalls(t *testing.T) {
	t.Parallel()
	for _, gateway := range gateways(t) {
		pkg := load(t, gateway)
		functions := pkg.Funcs
		for _, typ := range pkg.Types {
			functions = slices.Concat(functions, typ.Funcs, typ.Methods)
		}
		for _, call := range calls {
			has := func(f *doc.Func) bool { return strings.HasPrefix(f.Name, call) }
			assert.True(t, slices.ContainsFunc(functions, has), "package %s has no %s", gateway, call)
		}
	}
}

// The packages of a gateway and their tests import no other gateway. depguard
// checks it for the package itself, but not for its tests and its fake: it would
// need a rule for each gateway.
func TestGatewaysImportNoOtherGateway(t *testing.T) {
	t.Parallel()
	all := gateways(t)
	for _, gateway := range all {
		files := glob(t, gateway+"/*.go", gateway+"/*/*.go")
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				for _, other := range all {
					assert.False(t, other != gateway && strings.HasPrefix(imported+"/", module+"/"+other+"/"), "%s imports %s", file, imported)
				}
			}
		}
	}
}

// providersSection returns the section of docs/providers.md whose heading begins with a
// plain name: that of a gateway, or "compared".
func providersSection(t *testing.T, name string) string {
	t.Helper()
	for _, section := range strings.Split(read(t, "docs/providers.md"), "\n## ")[1:] {
		if plainName(strings.Fields(section)[0]) == name {
			return section
		}
	}
	return ""
}

// plainName returns the name of a package for the gateway's own spelling of its name, such
// as pingpp for Ping++.
func plainName(own string) string { return strings.ReplaceAll(strings.ToLower(own), "+", "p") }

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
