package repotest

import (
	"cmp"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// codeName matches a name in a page that is set as code and belongs to a package:
// `ispay.New`, `ispay.Config.Secret`, `internal/transport.TestGzip` or, for a
// subtest, `ispay.TestNew/no secret`. A test without a package is in
// internal/conformance.
var codeName = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?([A-Z]\\w*)(?:\\.([A-Z]\\w*))?(?:/([^`]+))?[`(]")

var testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z]`)

// The pages name only what exists.
func TestPagesNameWhatExists(t *testing.T) {
	t.Parallel()
	dirs, names, tests := publicPackages(t), 0, 0
	for _, page := range textPages(t) {
		for _, match := range codeName.FindAllStringSubmatch(read(t, page), -1) {
			pkg, name, member, subtest := match[1], match[2], match[3], match[4]
			dir, public := dirs[pkg]
			switch {
			case testName.MatchString(name) && (pkg != "" || strings.HasPrefix(name, "Test")):
				tests++
				if !public {
					dir = cmp.Or(pkg, "internal/conformance")
				}
				if missing := missingTest(t, dir, name, subtest); missing != "" {
					t.Errorf("%s: %s has no %s", page, dir, missing)
				}
			case public: // and not `http.Handler` or `n.OrderNo`
				names++
				api := declarations(read(t, "docs/api/"+pkg+".txt"))
				if !containsWord(api, name) || !containsWord(api, member) {
					t.Errorf("%s: package %s does not declare %s %s", page, pkg, name, member)
				}
			}
		}
	}
	assert.NotZero(t, names)
	assert.NotZero(t, tests)
}

// missingTest describes the test or subtest that a package does not have.
func missingTest(t *testing.T, dir, name, subtest string) string {
	t.Helper()
	var source strings.Builder
	for _, file := range glob(t, dir+"/*_test.go") {
		source.WriteString(read(t, file))
	}
	switch {
	case !strings.Contains(source.String(), "\nfunc "+name+"("):
		return name
	case subtest != "" && !strings.Contains(source.String(), strconv.Quote(subtest)):
		return "case " + strconv.Quote(subtest)
	}
	return ""
}

func containsWord(text, word string) bool {
	return regexp.MustCompile(`\b` + word + `\b`).MatchString(text)
}

// Every field of a gateway's documented samples is named: in brackets in a doc comment of its
// package, or as code in docs/providers.md, in its section or the table of all gateways.
func TestDocumentedFieldsAreNamed(t *testing.T) {
	t.Parallel()
	member := regexp.MustCompile(`"(\w+)"\s*:`)
	for _, gateway := range gateways(t) {
		var named, want []string
		page := providersSection(t, gateway) + providersSection(t, "compared")
		for _, text := range slices.Concat(
			regexp.MustCompile("`[^`]+`").FindAllString(page, -1),
			regexp.MustCompile(`\([^()]+\)`).FindAllString(read(t, "docs/api/"+gateway+".txt"), -1),
		) {
			named = append(named, regexp.MustCompile(`\w+`).FindAllString(text, -1)...)
		}
		for _, sample := range glob(t, gateway+"/testdata/*.json") {
			for _, match := range member.FindAllStringSubmatch(read(t, sample), -1) {
				want = append(want, match[1])
			}
		}
		require.NotEmpty(t, want)
		slices.Sort(want)
		for _, name := range slices.Compact(want) {
			if !slices.Contains(named, name) {
				t.Errorf("no doc comment of %s and no row of docs/providers.md names the field %s", gateway, name)
			}
		}
	}
}

// Every exported field has a comment, or a comment on its type or on a neighboring
// field mentions its name. The linter checks all other exported names.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	for _, dir := range publicPackages(t) {
		for _, typ := range load(t, dir).Types {
			ast.Inspect(typ.Decl, func(node ast.Node) bool {
				structure, ok := node.(*ast.StructType)
				if !ok {
					return true
				}
				for _, name := range undocumented(structure.Fields.List, typ.Doc) {
					t.Errorf("%s: %s.%s has no comment", dir, typ.Name, name)
				}
				return false
			})
		}
	}
}

func undocumented(fields []*ast.Field, comments string) (names []string) {
	for _, field := range fields {
		comments += field.Doc.Text() + field.Comment.Text()
	}
	for _, field := range fields {
		own := len(field.Names) == 1 && field.Doc.Text()+field.Comment.Text() != ""
		for _, name := range field.Names {
			if !own && !containsWord(comments, name.Name) {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// An Example shows every function of a gateway, of sign and of money, and every
// method of a Client. The linter checks that each Example has an output.
func TestEveryCallHasAnExample(t *testing.T) {
	t.Parallel()
	for _, dir := range append(gateways(t), "sign", "money") {
		pkg := load(t, dir)
		functions := pkg.Funcs
		for _, typ := range pkg.Types {
			if len(typ.Examples) == 0 { // an Example of a type shows its constructors
				functions = append(functions, typ.Funcs...)
			}
			if typ.Name == "Client" {
				functions = append(functions, typ.Methods...)
			}
		}
		for _, function := range functions {
			if len(function.Examples) == 0 {
				t.Errorf("%s: %s %s has no Example", dir, function.Recv, function.Name)
			}
		}
	}
}

// publicPackages returns the directories of the packages in docs/api, by package
// name. ".ci/run api" writes a page there for each package that merchants import.
func publicPackages(t *testing.T) map[string]string {
	t.Helper()
	dirs := map[string]string{}
	for _, page := range glob(t, "docs/api/*.txt") {
		header := regexp.MustCompile(`^package (\w+) // import "(.*)"\n`).FindStringSubmatch(read(t, page))
		require.NotNil(t, header, "%s: run .ci/run api", page)
		dirs[header[1]] = path.Clean(strings.TrimPrefix(header[2]+"/", module+"/"))
	}
	require.Contains(t, dirs, "ispay")
	return dirs
}

// load parses a package of the repository with its Examples.
func load(t *testing.T, dir string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, file := range glob(t, dir+"/*.go") {
		parsed, err := parser.ParseFile(fset, filepath.Join(root, file), nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, parsed)
	}
	pkg, err := doc.NewFromFiles(fset, files, module+"/"+dir)
	require.NoError(t, err, dir)
	return pkg
}

// values returns the exported constants and variables of a package.
func values(pkg *doc.Package) (names []string) {
	all := slices.Concat(pkg.Consts, pkg.Vars)
	for _, typ := range pkg.Types {
		all = slices.Concat(all, typ.Consts, typ.Vars)
	}
	for _, value := range all {
		names = append(names, value.Names...)
	}
	return names
}
