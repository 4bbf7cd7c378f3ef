package house

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/paygates/paygates-go/"
	root   = "../.."
)

var providers = []string{"ispay", "codepay", "gatepay", "kechengcang", "pingpp"}

// wholes measure, attack and show what the rest can do.
var wholes = []string{"internal/bench", "internal/trust", "docs/readme"}

// room is the floor that a package stands on.
type room int

const (
	unknown room = iota
	leaf
	internal
	provider
	shared // gatewaytest
	fake
	example
	whole // tests only, of all the rest together: see wholes
)

// below says which rooms production code of a room may import. Providers, fakes
// and examples have a rule more in objection. Nobody may import a whole.
var below = map[room][]room{
	leaf:     {},
	internal: {leaf, internal},
	provider: {leaf, internal},
	shared:   {leaf, internal},
	fake:     {leaf, internal, provider, shared},
	example:  {leaf, provider, shared, fake, example},
	whole:    {},
}

// belowTests says what tests may import besides.
var belowTests = map[room][]room{
	leaf:     {internal},
	internal: {shared},
	provider: {provider, shared, fake},
	shared:   {shared},
	fake:     {fake},
	example:  {internal},
	whole:    {leaf, internal, provider, shared, fake},
}

// libraries are the modules of others and where production code may import them.
// One that is not listed is for nobody: whoever imports a provider package
// inherits what stands here.
var libraries = map[string]string{
	"github.com/go-resty/resty/v2": "internal/transport",
	"github.com/tidwall/jsonc":     "internal/samples",
	"github.com/mdp/qrterminal/v3": "examples",
	"golang.org/x/text":            "codepay", // its callbacks may be in GBK
	"rsc.io/qr":                    "gatewaytest",
	"github.com/stretchr/testify":  "",
	"github.com/jarcoal/httpmock":  "",
}

// testLibraries are those that any test may import.
var testLibraries = []string{
	"github.com/stretchr/testify",
	"github.com/jarcoal/httpmock",
	"github.com/tidwall/jsonc",
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	packages := list(t)
	names := make([]string, 0, len(packages))
	for _, p := range packages {
		name := short(p.ImportPath)
		names = append(names, name)
		if roomOf(name) == unknown {
			t.Errorf("%s stands in no room: give it one in this test", name)
			continue
		}
		for _, imported := range p.Imports {
			if why := objection(name, imported, false); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if why := objection(name, imported, true); why != "" {
				t.Errorf("a test of %s imports %s: %s", name, imported, why)
			}
		}
	}
	// A list that lost its packages would pass.
	assert.Subset(t, names, slices.Concat(providers, []string{"sign", "money", "gatewaytest", "internal/house"}))
}

// The rules themselves: each arrow that is forbidden, and its neighbour that is not.
func TestObjection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, to string
		test     bool
		want     string
	}{
		{"sign", "crypto/md5", false, ""},
		{"sign", module + "money", false, "points up"},
		{"money", module + "internal/check", false, "points up"},
		{"money", module + "internal/samples", true, ""},
		{"sign", "golang.org/x/text/width", false, "belongs to codepay"},
		{"sign", "github.com/stretchr/testify/assert", true, ""},
		{"sign", "github.com/stretchr/testify/assert", false, "for tests only"},

		{"internal/check", module + "money", false, ""},
		{"internal/check", module + "internal/form", false, ""},
		{"internal/check", module + "ispay", false, "points up"},
		{"internal/check", module + "ispay", true, "points up"},
		{"internal/check", module + "gatewaytest", false, "points up"},
		{"internal/check", module + "gatewaytest", true, ""},
		{"internal/check", module + "internal/transport", false, "for providers only"},
		{"internal/transport", module + "internal/transport", true, ""},

		{"ispay", module + "sign", false, ""},
		{"ispay", module + "internal/transport", false, ""},
		{"ispay", module + "ispay", true, ""},
		{"ispay", module + "codepay", false, "points up"},
		{"ispay", module + "codepay", true, "another provider"},
		{"ispay", module + "ispay/ispaytest", false, "points up"},
		{"ispay", module + "ispay/ispaytest", true, ""},
		{"ispay", module + "codepay/codepaytest", true, "another provider"},
		{"ispay", module + "gatewaytest", false, "points up"},
		{"ispay", module + "internal/samples", false, "for tests only"},
		{"ispay", module + "internal/samples", true, ""},

		{"gatewaytest", module + "money", false, ""},
		{"gatewaytest", module + "ispay", false, "points up"},
		{"gatewaytest", module + "ispay", true, "points up"},
		{"gatewaytest", module + "ispay/ispaytest", true, "points up"},
		{"gatewaytest", "rsc.io/qr", false, ""},

		{"ispay/ispaytest", module + "ispay", false, ""},
		{"ispay/ispaytest", module + "sign", false, ""},
		{"ispay/ispaytest", module + "gatewaytest", false, ""},
		{"ispay/ispaytest", module + "codepay", false, "another provider"},
		{"ispay/ispaytest", module + "codepay/codepaytest", false, "points up"},
		{"ispay/ispaytest", module + "internal/transport", false, "for providers only"},
		{"codepay/codepaytest", "golang.org/x/text/encoding/simplifiedchinese", false, ""},

		{"examples/ispay", module + "ispay", false, ""},
		{"examples/sandbox", module + "ispay/ispaytest", false, ""},
		{"examples/sandbox", module + "examples/sandbox/page", false, ""},
		{"examples/sandbox", module + "examples/internal/terminal", false, ""},
		{"examples/sandbox", module + "examples/ispay", false, "another example"},
		{"examples/sandbox", module + "internal/check", false, "points up"},
		{"internal/bench", module + "ispay", true, ""},
		{"internal/bench", module + "ispay", false, "points up"},
		{"ispay", module + "internal/bench", false, "points up"},
		{"internal/trust", module + "ispay", true, ""},
		{"internal/trust", module + "codepay/codepaytest", true, ""},
		{"internal/trust", module + "internal/transport", true, ""},
		{"internal/trust", module + "ispay", false, "points up"},
		{"ispay", module + "internal/trust", true, "points up"},
		{"ispay", module + "examples/ispay", false, "points up"},
		{"ispay", module + "examples/ispay", true, "points up"},

		{"internal/transport", "github.com/go-resty/resty/v2", false, ""},
		{"ispay", "github.com/go-resty/resty/v2", false, "belongs to internal/transport"},
		{"ispay", "github.com/go-resty/resty/v2", true, "belongs to internal/transport"},
		{"internal/samples", "github.com/tidwall/jsonc", false, ""},
		{"ispay", "github.com/tidwall/jsonc", false, "belongs to internal/samples"},
		{"ispay", "github.com/tidwall/jsonc", true, ""},
		{"ispay", "github.com/jarcoal/httpmock", true, ""},
		{"ispay", "github.com/jarcoal/httpmock", false, "for tests only"},
		{"examples/quickstart", "github.com/mdp/qrterminal/v3", false, ""},
		{"gatewaytest", "github.com/mdp/qrterminal/v3", false, "belongs to examples"},
		{"ispay", "example.com/new", false, "is listed nowhere"},
	}
	for _, test := range tests {
		why := objection(test.from, test.to, test.test)
		if test.want == "" {
			assert.Empty(t, why, "%s to %s", test.from, test.to)
		} else {
			assert.Contains(t, why, test.want, "%s to %s", test.from, test.to)
		}
	}
}

// objection says why a package, or its tests, may not import another, or "".
func objection(from, imported string, test bool) string {
	to, own := strings.CutPrefix(imported, module)
	if !own {
		return libraryObjection(from, imported, test)
	}
	if from == to { // an external test of the package itself
		return ""
	}
	fromRoom, toRoom := roomOf(from), roomOf(to)
	allowed := below[fromRoom]
	if test {
		allowed = slices.Concat(allowed, belowTests[fromRoom])
	}
	switch {
	case !slices.Contains(allowed, toRoom):
		return "it points up or sideways"
	case to == "internal/samples" && !test:
		return "it is for tests only"
	case fromRoom == whole:
		return ""
	case to == "internal/transport" && fromRoom != provider:
		return "it is for providers only"
	case fromRoom != example && (toRoom == provider || toRoom == fake) && top(from) != top(to):
		return "it is another provider's"
	case toRoom == example && !within(to, from) && !within(to, "examples/internal"):
		return "it is another example's"
	}
	return ""
}

func libraryObjection(from, imported string, test bool) string {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for library, owner := range libraries {
		switch {
		case !within(imported, library):
			continue
		case test && slices.Contains(testLibraries, library):
			return ""
		case owner == "":
			return "it is for tests only"
		case !within(from, owner):
			return "it belongs to " + owner
		}
		return ""
	}
	return "it is listed nowhere"
}

func roomOf(name string) room {
	switch {
	case name == "sign" || name == "money":
		return leaf
	case name == "gatewaytest":
		return shared
	case slices.Contains(wholes, name):
		return whole
	case within(name, "internal"):
		return internal
	case within(name, "examples"):
		return example
	case slices.Contains(providers, name):
		return provider
	case slices.Contains(providers, top(name)) && name == top(name)+"/"+top(name)+"test":
		return fake
	}
	return unknown
}

func short(importPath string) string { return strings.TrimPrefix(importPath, module) }

// top returns the first element of a path.
func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// within reports whether path is dir or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// list returns the packages of the module. Modules inside of it, such as the
// shop, have go.mod files of their own and are not among them.
func list(t *testing.T) []listed {
	t.Helper()
	watchTree(t)
	command := exec.CommandContext(context.Background(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	command.Dir = root
	var stderr strings.Builder
	command.Stderr = &stderr
	stdout, err := command.Output()
	require.NoError(t, err, stderr.String())
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(stdout))); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}

// watchTree reads the directories of the module: go test keeps a result until a
// file or directory that the test itself opened has changed, and it does not see
// what go list opens.
func watchTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return filepath.SkipDir
		}
		return err
	})
	require.NoError(t, err)
}
