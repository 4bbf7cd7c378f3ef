package house

import (
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/api anew")

// apiDir holds a listing of the exported API of every public package.
const apiDir = root + "/docs/api"

const howToUpdate = "\nIf that is meant: go test ./internal/house -update\nand say it in CHANGELOG.md. (- is in docs/api, + is in the code.)"

// publicPackages are those that others import.
func publicPackages() []string {
	names := []string{"sign", "money", "gatewaytest"}
	for _, provider := range providers {
		names = append(names, provider, provider+"/"+provider+"test")
	}
	return names
}

// A change of the exported API is made on purpose, or not at all.
func TestAPIListing(t *testing.T) {
	t.Parallel()
	listings := map[string]bool{}
	for _, name := range publicPackages() {
		file := filepath.Base(name) + ".txt"
		listings[file] = true
		path := filepath.Join(apiDir, file)
		got := listing(load(t, name))
		if *update {
			require.NoError(t, os.MkdirAll(apiDir, 0o755))
			require.NoError(t, os.WriteFile(path, []byte(strings.Join(got, "\n")+"\n"), 0o644))
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err, howToUpdate)
		want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if changed := changes(want, got); changed != "" {
			t.Errorf("the exported API of %s has changed:\n%s%s", name, changed, howToUpdate)
		}
	}
	entries, err := os.ReadDir(apiDir)
	require.NoError(t, err)
	for _, entry := range entries {
		assert.True(t, listings[entry.Name()], "docs/api/%s lists no package: remove it", entry.Name())
	}
}

// The comparison itself: what is gone, what is new, and fields that swapped places.
func TestChanges(t *testing.T) {
	t.Parallel()
	want := []string{"package p", "type T struct", "field T.A int", "field T.B int"}
	assert.Empty(t, changes(want, slices.Clone(want)))
	assert.Equal(t, "- field T.B int\n+ field T.B string\n",
		changes(want, []string{"package p", "type T struct", "field T.A int", "field T.B string"}))
	assert.Contains(t, changes(want, []string{"package p", "type T struct", "field T.B int", "field T.A int"}), "order")
}

// The listing itself, on declarations of every kind.
func TestListing(t *testing.T) {
	t.Parallel()
	const source = `// Package p is an example.
package p

import "time"

const C, c T = 1, 2

const (
	D = "d"
	e = "e"
)

var Err, err = f(), f()

type T int

func (t T) String() string { return "" }

func (t *T) set() {}

type S struct {
	*T
	A, B []time.Duration ` + "`json:\"ab\"`" + `
	c    int
	F    func(
		int,
	) map[string]any
}

type Alias = map[string]T

type Any[K comparable] struct{}

type I interface{ M(n int) }

func New(name string, more ...T) (s *S, err error) { return nil, nil }

func hidden() {}
`
	assert.Equal(t, []string{
		"package p",
		`const D = "d"`,
		"var Err = f()",
		"type Alias = map[string]T",
		"type Any[K comparable] struct",
		"type I interface",
		"method I.M(n int)",
		"type S struct",
		"embed S *T",
		`field S.A []time.Duration ` + "`json:\"ab\"`",
		`field S.B []time.Duration ` + "`json:\"ab\"`",
		"field S.F func(int) map[string]any",
		"func New(name string, more ...T) (s *S, err error)",
		"type T int",
		"const C T = 1",
		"func (t T) String() string",
	}, listing(parse(t, source)))
}

// load parses a package with its tests, whose Examples go/doc then finds.
func load(t *testing.T, name string) *doc.Package {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, name, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, name)
	fset := token.NewFileSet()
	files := make([]*ast.File, len(paths))
	for i, path := range paths {
		files[i], err = parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
	}
	return document(t, fset, module+name, files...)
}

// parse is load for a source in a test.
func parse(t *testing.T, source string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	require.NoError(t, err)
	return document(t, fset, "p", file)
}

func document(t *testing.T, fset *token.FileSet, importPath string, files ...*ast.File) *doc.Package {
	t.Helper()
	pkg, err := doc.NewFromFiles(fset, files, importPath)
	require.NoError(t, err)
	return pkg
}

// listing returns a line for each exported name, as the source declares it and in
// the order of go doc. Each line stands by itself, so that a change of one name
// is a change of one line.
func listing(pkg *doc.Package) []string {
	lines := []string{"package " + pkg.Name}
	lines = append(lines, values(pkg.Consts, pkg.Vars)...)
	lines = append(lines, functions(pkg.Funcs)...)
	for _, t := range pkg.Types {
		lines = append(lines, typeLines(t)...)
		lines = append(lines, values(t.Consts, t.Vars)...)
		lines = append(lines, functions(t.Funcs, t.Methods)...)
	}
	return lines
}

func values(groups ...[]*doc.Value) (lines []string) {
	for _, value := range slices.Concat(groups...) {
		for _, spec := range value.Decl.Specs {
			spec, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, name := range spec.Names {
				if !name.IsExported() {
					continue
				}
				line := value.Decl.Tok.String() + " " + name.Name
				if spec.Type != nil {
					line += " " + types.ExprString(spec.Type)
				}
				if i < len(spec.Values) {
					line += " = " + types.ExprString(spec.Values[i])
				}
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func functions(groups ...[]*doc.Func) (lines []string) {
	for _, f := range slices.Concat(groups...) {
		line := "func "
		if f.Decl.Recv != nil {
			receiver := f.Decl.Recv.List[0]
			if len(receiver.Names) > 0 {
				line += "(" + receiver.Names[0].Name + " " + types.ExprString(receiver.Type) + ") "
			} else {
				line += "(" + types.ExprString(receiver.Type) + ") "
			}
		}
		lines = append(lines, line+f.Name+typeParams(f.Decl.Type.TypeParams)+signature(f.Decl.Type))
	}
	return lines
}

func typeLines(t *doc.Type) []string {
	var lines []string
	for _, spec := range t.Decl.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		line := "type " + spec.Name.Name + typeParams(spec.TypeParams)
		switch kind := spec.Type.(type) {
		case *ast.StructType:
			lines = append(append(lines, line+" struct"), fieldLines(t.Name, kind.Fields)...)
		case *ast.InterfaceType:
			lines = append(append(lines, line+" interface"), methodLines(t.Name, kind.Methods)...)
		default:
			if spec.Assign.IsValid() {
				line += " ="
			}
			lines = append(lines, line+" "+types.ExprString(spec.Type))
		}
	}
	return lines
}

// The unexported fields have been taken out by go/doc.
func fieldLines(owner string, fields *ast.FieldList) (lines []string) {
	for _, field := range fields.List {
		of := types.ExprString(field.Type)
		if len(field.Names) == 0 {
			lines = append(lines, "embed "+owner+" "+of)
		}
		if field.Tag != nil {
			of += " " + field.Tag.Value
		}
		for _, name := range field.Names {
			lines = append(lines, "field "+owner+"."+name.Name+" "+of)
		}
	}
	return lines
}

func methodLines(owner string, methods *ast.FieldList) (lines []string) {
	for _, method := range methods.List {
		kind, ok := method.Type.(*ast.FuncType)
		if !ok || len(method.Names) == 0 {
			lines = append(lines, "embed "+owner+" "+types.ExprString(method.Type))
			continue
		}
		lines = append(lines, "method "+owner+"."+method.Names[0].Name+signature(kind))
	}
	return lines
}

func signature(kind *ast.FuncType) string {
	return strings.TrimPrefix(types.ExprString(&ast.FuncType{Params: kind.Params, Results: kind.Results}), "func")
}

func typeParams(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var all []string
	for _, field := range list.List {
		for _, name := range field.Names {
			all = append(all, name.Name+" "+types.ExprString(field.Type))
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// changes returns the lines that are gone and those that are new, or "".
func changes(want, got []string) string {
	var b strings.Builder
	for _, line := range want {
		if !slices.Contains(got, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	if b.Len() == 0 && !slices.Equal(want, got) {
		return "only the order of its lines\n"
	}
	return b.String()
}
