package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docs/security.md names a test for what it says, as `package.Test` or
// `package.Test/case`. Every one exists, and has that case.
func TestTheSecurityPageNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	require.NoError(t, err)
	named := testsNamedIn(string(text))
	assert.Greater(t, len(named), 100, "a page that lost its tests would pass")
	declared := map[string]map[string]*ast.FuncDecl{}
	for _, provider := range providers {
		declared[provider] = testsOf(t, provider)
		assert.NotNil(t, declared[provider]["FuzzAnswers"], "%s: the page speaks of the FuzzAnswers of each package", provider)
	}
	for _, test := range named {
		if test.pkg == "" {
			t.Errorf("%s: in which package?", test.name)
			continue
		}
		if declared[test.pkg] == nil {
			declared[test.pkg] = testsOf(t, test.pkg)
		}
		function := declared[test.pkg][test.name]
		if function == nil {
			t.Errorf("%s has no %s", test.pkg, test.name)
			continue
		}
		if test.subtest != "" && !holds(function, test.subtest) {
			t.Errorf("%s.%s has no case %q", test.pkg, test.name, test.subtest)
		}
	}
}

// The rule itself: what is found in a page, and in a test.
func TestTestsNamedIn(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []namedTest{
		{"ispay", "TestA", ""},
		{"internal/form", "FuzzB", ""},
		{"ispay", "TestA", "a case's"},
		{"", "TestC", ""},
	}, testsNamedIn("`ispay.TestA`, `internal/form.FuzzB`; `ispay.TestA/a case's` or `TestC`, Testing, `ErrTestMode`, `n.Test`, `FuzzAnswers` of each"))
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc TestA() { f(map[string]int{\"a case\": 1}, \"b\") }", 0)
	require.NoError(t, err)
	function := file.Decls[0].(*ast.FuncDecl)
	assert.True(t, holds(function, "a case"))
	assert.False(t, holds(function, "a"))
}

type namedTest struct{ pkg, name, subtest string }

var testName = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?((?:Test|Fuzz)[A-Z]\\w*)(?:/([^`]+))?`")

func testsNamedIn(page string) (tests []namedTest) {
	for _, match := range testName.FindAllStringSubmatch(page, -1) {
		if match[1] == "" && match[2] == "FuzzAnswers" {
			continue // of each package
		}
		tests = append(tests, namedTest{match[1], match[2], match[3]})
	}
	return tests
}

// testsOf returns the functions of the tests of a package.
func testsOf(t *testing.T, pkg string) map[string]*ast.FuncDecl {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	require.NoError(t, err)
	functions := map[string]*ast.FuncDecl{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				functions[function.Name.Name] = function
			}
		}
	}
	return functions
}

// holds reports whether a function has the text as a string of its own, as the
// name of a case is.
func holds(function *ast.FuncDecl, text string) (found bool) {
	ast.Inspect(function, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			value, err := strconv.Unquote(literal.Value)
			found = found || err == nil && value == text
		}
		return !found
	})
	return found
}
