package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is what the code of the program says.
type source struct {
	texts  map[string]bool // that are translated
	labels map[string]bool // names of the JSON output that are shown to people
}

// speakers are the functions that take a text of the program: the first argument that
// is a literal.
var speakers = []string{"Text", "Note", "Progress", "note", "newMistake", "usage", "fail", "Error", "step", "Description"}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{texts: map[string]bool{}, labels: map[string]bool{}}
	s.readDir(t, "../..")
	s.readDir(t, "../../../../internal/gateway") // the table of the gateways
	return s
}

func (s *source) readDir(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/text/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			s.read(node)
			return true
		})
		return nil
	}))
}

// shown are the types of results.
var shown = []string{"Payment", "sent", "notified"}

func (s *source) read(node ast.Node) {
	switch node := node.(type) {
	case *ast.CallExpr:
		s.call(node)
	case *ast.Field:
		if help := tagOf(node).Get("help"); help != "" {
			s.texts[help] = true
		}
	case *ast.TypeSpec:
		if slices.Contains(shown, node.Name.Name) {
			s.labelFields(node)
		}
	case *ast.FuncDecl:
		if node.Name.Name == "Help" {
			s.add(literals(node.Body))
		}
	case *ast.CompositeLit: // kind{error, name, code, summary}
		if len(node.Elts) == 4 {
			if text, ok := literal(node.Elts[3]); ok && strings.Contains(text, " ") {
				s.texts[text] = true
			}
		}
	}
}

func (s *source) call(node *ast.CallExpr) {
	name, on := called(node)
	switch {
	case on == "http" || name == "fail" && on == "": // responses of the sandbox
	case slices.Contains(speakers, name):
		s.add(node.Args)
	case name == "Result":
		s.label(node.Args[0])
	case name == "say": // a check of doctor
		s.label(node.Args[0])
		s.add(node.Args[1:])
	}
}

func literals(node ast.Node) []ast.Expr {
	var found []ast.Expr
	ast.Inspect(node, func(node ast.Node) bool {
		if basic, ok := node.(*ast.BasicLit); ok {
			found = append(found, basic)
		}
		return true
	})
	return found
}

func tagOf(field *ast.Field) reflect.StructTag {
	if field.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(field.Tag.Value)
	return reflect.StructTag(tag)
}

func (s *source) labelFields(node ast.Node) {
	ast.Inspect(node, func(node ast.Node) bool {
		if field, ok := node.(*ast.Field); ok {
			if name, _, _ := strings.Cut(tagOf(field).Get("json"), ","); name != "" {
				s.labels[strings.ReplaceAll(name, "_", " ")] = true
			}
		}
		return true
	})
}

func called(call *ast.CallExpr) (name, on string) {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name, ""
	case *ast.SelectorExpr:
		switch receiver := function.X.(type) {
		case *ast.Ident:
			on = receiver.Name
		case *ast.SelectorExpr:
			on = receiver.Sel.Name
		}
		return function.Sel.Name, on
	}
	return "", ""
}

// add adds the first literal.
func (s *source) add(arguments []ast.Expr) {
	for _, argument := range arguments {
		if text, ok := literal(argument); ok {
			s.texts[text] = true
			return
		}
	}
}

func (s *source) label(argument ast.Expr) {
	if text, ok := literal(argument); ok {
		s.labels[strings.ReplaceAll(text, "_", " ")] = true
	}
}

func literal(e ast.Expr) (string, bool) {
	basic, ok := e.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

func TestEveryTextHasBothLanguages(t *testing.T) {
	t.Parallel()
	s := readSource(t)
	s.texts["Show context-sensitive help."] = true // of the command-line parser
	for english := range s.texts {
		if _, ok := catalog[english]; !ok && strings.Trim(verb.ReplaceAllString(english, ""), " ") != "" {
			t.Errorf("the catalog has no %q", english)
		}
	}
	for english := range catalog {
		if !s.texts[english] {
			t.Errorf("the program does not say %q", english)
		}
	}
	for name := range s.labels {
		if _, ok := labels[name]; !ok {
			t.Errorf("there is no label for %q", name)
		}
	}
}

var verb = regexp.MustCompile(`%[sdqv]|\{[^}]+\}`)

// The hints of an explanation are texts of the SDK, written as sentences.
func TestEveryHintIsTranslated(t *testing.T) {
	t.Parallel()
	hints := 0
	for _, file := range sdkFiles(t, "sign/explain/*.go", "internal/notify/keys.go") {
		for _, e := range literals(file) {
			text, _ := literal(e)
			if !regexp.MustCompile(`^[A-Z].* .*[.?]$`).MatchString(text) {
				continue
			}
			hints++
			hint := "- " + verb.ReplaceAllString(text, "1")
			assert.NotEqual(t, hint, Chinese.Foreign(hint))
		}
	}
	assert.Greater(t, hints, 15)
}

// sdkFiles parses files of the root module without its tests.
func sdkFiles(t *testing.T, patterns ...string) (files []*ast.File) {
	t.Helper()
	for _, pattern := range patterns {
		paths, err := filepath.Glob("../../../../" + pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files
}

// What is unusual about a value is an argument of the function add in odd.go.
func TestEveryOddityIsTranslated(t *testing.T) {
	t.Parallel()
	oddities := 0
	ast.Inspect(sdkFiles(t, "sign/explain/odd.go")[0], func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); !ok || name.Name != "add" {
			return true
		}
		english, ok := literal(call.Args[1])
		require.True(t, ok)
		oddities++
		assert.NotEqual(t, english, Chinese.Foreign(english))
		return true
	})
	assert.Greater(t, oddities, 10)
}

// A message of the log is an argument of the method Log. The tool shows no DEBUG.
func TestEveryLogMessageIsTranslated(t *testing.T) {
	t.Parallel()
	messages := 0
	for _, file := range sdkFiles(t, "internal/flow/*.go", "internal/transport/*.go", "codepay/*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 4 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if level, is := call.Args[1].(*ast.SelectorExpr); !ok || method.Sel.Name != "Log" || is && level.Sel.Name == "LevelDebug" {
				return true
			}
			message, ok := literal(call.Args[3])
			require.True(t, ok)
			messages++
			assert.NotEqual(t, "ispay: "+message, Chinese.Foreign("ispay: "+message))
			return true
		})
	}
	assert.Greater(t, messages, 4)
}

// A translation has the same values, and the punctuation of its language.
func TestTranslations(t *testing.T) {
	t.Parallel()
	check := func(english, chinese string) {
		assert.ElementsMatch(t, verb.FindAllString(english, -1), verb.FindAllString(chinese, -1), english)
		assert.Equal(t, formats(english), formats(chinese), "formats take their values in order: %s", english)
		var before rune
		for _, r := range chinese {
			if unicode.Is(unicode.Han, before) && strings.ContainsRune(`,.:;!?()`, r) {
				t.Errorf("half-width %q after %q: %s", r, before, chinese)
			}
			before = r
		}
	}
	for english, chinese := range catalog {
		check(english, chinese)
	}
	for english, chinese := range labels {
		check(english, chinese)
	}
	for _, pair := range foreign {
		check(pair.english, pair.chinese)
	}
}

func formats(text string) []string { return regexp.MustCompile(`%[sdqv]`).FindAllString(text, -1) }

func TestOf(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]Language{
		"": English, "C": English, "C.UTF-8": English, "en_US.UTF-8": English, "zh_CN.GBK": English, "zh_CN.gb18030": English, "zh_TW.Big5": English,
		"zh": Chinese, "zh_CN": Chinese, "zh_CN.UTF-8": Chinese, "zh_CN.utf8": Chinese, "zh_TW.UTF-8@stroke": Chinese, "zh-Hans": Chinese,
	} {
		assert.Equal(t, want, Of(map[string]string{"LANG": value}), value)
	}
}
