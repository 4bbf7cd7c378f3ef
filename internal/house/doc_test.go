package house

import (
	"go/ast"
	"go/doc"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every exported name says what it is. A constant or variable may leave that to
// the comment on its group, and a field to a comment on its neighbour or on its
// type that mentions it by name.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, name := range publicPackages() {
		for _, missing := range undocumented(load(t, name)) {
			t.Errorf("%s: %s has no comment", name, missing)
		}
	}
}

// The rule itself: what is documented, and its neighbour that is not.
func TestUndocumented(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"package p", "C", "V", "F", "T", "T.A", "T.B", "T.M", "U.Both"}, undocumented(parse(t, `
package p

const C = 1
var V = 1
func F() {}
type T struct {
	A int
	B, c int
}
func (T) M() {}
func (t) M() {}
type t struct{ A int }
func f() {}
// U has no word on Bot.
type U struct { Both int }
`)))
	assert.Empty(t, undocumented(parse(t, `
// Package p is documented.
package p

// The group.
const (
	A = 1
	B = 2
)
const C = 1 // C is so.
// F is documented.
func F() {}
// T is documented, and so is E.
type T struct {
	// A is how much, B how many.
	A int
	B int // B is so.
	c int
	D int // so
	E int
}
// M is documented.
func (T) M() {}
`)))
}

// The calls of a provider package, and what sign and money compute, are shown by
// an Example that runs.
func TestEveryCallHasAnExample(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Concat(providers, []string{"sign", "money"}) {
		for _, missing := range withoutExample(load(t, name)) {
			t.Errorf("%s: %s has no Example with Output", name, missing)
		}
	}
}

// docs/providers.md leaves out no name of a documented sample, no constant and no
// error of a gateway's own.
func TestProvidersPageIsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "providers.md"))
	require.NoError(t, err)
	sections := strings.Split(string(text), "\n## ")[2:] // after the title and what is the same for all
	require.Len(t, sections, len(providers))
	for i, provider := range providers {
		wanted := append(sampleNames(t, provider), ownNames(listing(load(t, provider)))...)
		require.NotEmpty(t, wanted)
		slices.Sort(wanted)
		named := namesIn(sections[i])
		for _, name := range slices.Compact(wanted) {
			if !slices.Contains(named, name) {
				t.Errorf("docs/providers.md does not name %s of %s", name, provider)
			}
		}
	}
}

// sampleNames returns the names of the members in a package's JSON samples.
func sampleNames(t *testing.T, provider string) (names []string) {
	t.Helper()
	samples, err := filepath.Glob(filepath.Join(root, provider, "testdata", "*.json"))
	require.NoError(t, err)
	for _, sample := range samples {
		printed, err := os.ReadFile(sample)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`"(\w+)"\s*:`).FindAllSubmatch(printed, -1) {
			names = append(names, string(match[1]))
		}
	}
	return names
}

// ownNames returns the constants of a package and the errors that it does not
// share with the others.
func ownNames(lines []string) (names []string) {
	for _, line := range lines {
		words := strings.Fields(line)
		if (words[0] == "const" || words[0] == "var") && !strings.Contains(line, "= failure.") {
			names = append(names, words[1])
		}
	}
	return names
}

// namesIn returns the words of a page that are set as code.
func namesIn(page string) (names []string) {
	for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(page, -1) {
		names = append(names, regexp.MustCompile(`\w+`).FindAllString(code, -1)...)
	}
	return names
}

// undocumented returns the exported names of a package without a comment.
func undocumented(pkg *doc.Package) (missing []string) {
	want := func(name, comment string) {
		if strings.TrimSpace(comment) == "" {
			missing = append(missing, name)
		}
	}
	want("package "+pkg.Name, pkg.Doc)
	for _, value := range slices.Concat(pkg.Consts, pkg.Vars) {
		wantValue(value, want)
	}
	for _, f := range pkg.Funcs {
		want(f.Name, f.Doc)
	}
	for _, t := range pkg.Types {
		want(t.Name, t.Doc)
		wantFields(t, want)
		for _, value := range slices.Concat(t.Consts, t.Vars) {
			wantValue(value, want)
		}
		for _, f := range slices.Concat(t.Funcs, t.Methods) {
			if f.Recv == "" {
				want(f.Name, f.Doc)
			} else {
				want(t.Name+"."+f.Name, f.Doc)
			}
		}
	}
	return missing
}

func wantValue(value *doc.Value, want func(name, comment string)) {
	for _, spec := range value.Decl.Specs {
		if spec, ok := spec.(*ast.ValueSpec); ok {
			for _, name := range spec.Names {
				if name.IsExported() {
					want(name.Name, value.Doc+spec.Doc.Text()+spec.Comment.Text())
				}
			}
		}
	}
}

func wantFields(t *doc.Type, want func(name, comment string)) {
	for _, spec := range t.Decl.Specs {
		kind, ok := structOf(spec)
		if !ok {
			continue
		}
		var all strings.Builder
		all.WriteString(t.Doc)
		for _, field := range kind.Fields.List {
			all.WriteString(field.Doc.Text() + field.Comment.Text())
		}
		for _, field := range kind.Fields.List {
			own := field.Doc.Text() + field.Comment.Text()
			for _, name := range field.Names {
				switch {
				case mentions(all.String(), name.Name):
				case len(field.Names) == 1:
					want(t.Name+"."+name.Name, own)
				default:
					want(t.Name+"."+name.Name, "")
				}
			}
		}
	}
}

func structOf(spec ast.Spec) (*ast.StructType, bool) {
	t, ok := spec.(*ast.TypeSpec)
	if !ok {
		return nil, false
	}
	kind, ok := t.Type.(*ast.StructType)
	return kind, ok
}

func mentions(text, name string) bool {
	return regexp.MustCompile(`\b` + name + `\b`).MatchString(text)
}

// withoutExample returns the functions of a package and the methods of its
// Client that no Example with Output shows.
func withoutExample(pkg *doc.Package) (missing []string) {
	want := func(f *doc.Func) {
		shown := func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }
		if !slices.ContainsFunc(f.Examples, shown) {
			missing = append(missing, f.Name)
		}
	}
	for _, f := range pkg.Funcs {
		want(f)
	}
	for _, t := range pkg.Types {
		for _, f := range t.Funcs {
			if len(t.Examples) == 0 { // an Example of a type shows how it is made
				want(f)
			}
		}
		if t.Name == "Client" {
			for _, f := range t.Methods {
				want(f)
			}
		}
	}
	return missing
}
