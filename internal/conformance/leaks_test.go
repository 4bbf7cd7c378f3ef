package conformance

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/sign"
)

// needles are the ways in which the marker, and what else is a payer's, may show.
var needles = func() []string {
	all := []string{payerIP, "买家"}
	m := []byte(marker)
	all = append(all, marker, hex.EncodeToString(m), strings.ToUpper(hex.EncodeToString(m)))
	// A list of bytes, as fmt writes it.
	all = append(all, strings.Trim(fmt.Sprint(m), "[]"), strings.Trim(fmt.Sprintf("% x", m), "[]"))
	list := fmt.Sprintf("%#v", m)
	all = append(all, list[strings.Index(list, "{")+1:len(list)-1])
	// Base64 looks different at each of three places in what is encoded; the
	// characters at both ends depend on what stands beside.
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, before), m...))
		encoded = strings.TrimRight(encoded, "=")
		all = append(all, encoded[(before*8+5)/6:len(encoded)-2])
	}
	return all
}()

// shown returns what a text shows of what it must not, or "".
func shown(text string, more ...string) string {
	for _, needle := range append(more, needles...) {
		if strings.Contains(text, needle) {
			return needle
		}
	}
	return ""
}

// The search itself finds what it is to find.
func TestShown(t *testing.T) {
	t.Parallel()
	in := "a=1&secret=" + secret + "&b=2"
	for _, text := range []string{
		in, url.QueryEscape(in), fmt.Sprintf("%q", in), fmt.Sprintf("%x", in), fmt.Sprintf("%X", in), fmt.Sprintf("% x", in),
		fmt.Sprint([]byte(in)), fmt.Sprintf("%#v", []byte(in)), fmt.Sprintf("%v", struct{ Raw json.RawMessage }{[]byte(in)}),
		base64.StdEncoding.EncodeToString([]byte(in)), base64.StdEncoding.EncodeToString([]byte("1" + in)),
		base64.RawURLEncoding.EncodeToString([]byte("12" + in)), "from " + payerIP + ":80", "name: 买家",
	} {
		assert.NotEmpty(t, shown(text), text)
	}
	assert.Empty(t, shown("ispay: query order: order "+orderNo+" not found [redacted]"))
	assert.Equal(t, "0123", shown("abc0123", "0123"))
}

// logger writes at every level, as text and as JSON.
func logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug - 100}
	return slog.New(both{slog.NewTextHandler(w, options), slog.NewJSONHandler(w, options)})
}

type both []slog.Handler

func (b both) Enabled(context.Context, slog.Level) bool { return true }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r.Clone()), b[1].Handle(ctx, r.Clone()))
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}

// printed returns everything that fmt and slog make of a value.
func printed(value any) string {
	var b strings.Builder
	if value == nil {
		return ""
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", value)
		_, _ = fmt.Fprintf(&b, verb+"\n", []any{value})
		_, _ = fmt.Fprintf(&b, verb+"\n", struct{ Value any }{value})
	}
	logger(&b).Info("printed", "value", value, slog.Group("group", "value", value))
	return b.String()
}

// everyWay is printed for a pointer and for what it points to.
func everyWay(pointer any) string {
	return printed(pointer) + printed(reflect.ValueOf(pointer).Elem().Interface())
}

// tree returns an error and all that errors.Is and errors.As can reach from it.
func tree(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch wrapper := err.(type) { //nolint:errorlint // each node of the tree itself
	case interface{ Unwrap() error }:
		all = append(all, tree(wrapper.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			all = append(all, tree(inner)...)
		}
	}
	return all
}

// inError returns what an error shows, in any form of it and of those below it.
func inError(err error, more ...string) string {
	for _, e := range tree(err) {
		if found := shown(e.Error(), more...); found != "" {
			return fmt.Sprintf("%q in a %T: %v", found, e, e)
		}
	}
	if found := shown(printed(err), more...); found != "" {
		return fmt.Sprintf("%q, printed: %s", found, printed(err))
	}
	return ""
}

const modulePath = "github.com/paygates/paygates-go"

// showNothing looks at what came of the faults.
func showNothing(t *testing.T, cells []*cell) {
	t.Helper()
	done := map[string]bool{}
	for _, c := range cells {
		for _, e := range tree(c.err) {
			assert.Empty(t, shown(e.Error(), c.signatures...), "%s: %T: %v", c, e, e)
		}
		assert.Empty(t, shown(c.log.String(), c.signatures...), "%s: log: %s", c, c.log.String())
		assert.Empty(t, shown(printed(c.got), c.signatures...), "%s: result", c)
		// One error of a kind is printed in every way: that takes longest.
		if once := c.gateway.name + c.fault.name; !done[once] && c.err != nil {
			done[once] = true
			assert.Empty(t, inError(c.err, c.signatures...), "%s", c)
		}
	}
}

var signature = regexp.MustCompile(`[0-9a-f]{32}`)

// signaturesIn returns what stands in a request that is as good as a secret.
func signaturesIn(r *http.Request, body string) []string {
	found := append(signature.FindAllString(r.RequestURI, -1), signature.FindAllString(body, -1)...)
	if header := r.Header.Get("Pingplusplus-Signature"); header != "" {
		found = append(found, header[:24])
	}
	return found
}

// shownFields are the string fields that are shown: numbers of orders and parties, the
// kind of a thing, the gateway's messages, the merchant's settings.
var shownFields = map[string]bool{
	"OrderNo": true, "OrderID": true, "ID": true, "PaymentNo": true, "ProductID": true, "ChargeID": true, "Op": true, "Message": true,
	"Type": true, "Code": true, "Param": true, "Currency": true, "Status": true, "TxHash": true, "FailureCode": true,
	"App": true, "StartingAfter": true, "EndingBefore": true,
	"Config.UserID": true, "Config.AppID": true, "Config.AppKey": true, "Config.BaseURL": true, "Config.CloudBaseURL": true,
	"Config.APIBaseURL": true, "Config.WebhookPublicKey": true, "AppInfo.Name": true, "AppInfo.Version": true,
}

// fill puts the marker into every field of a struct that holds private data: into all
// texts that are not in shownFields, or with onlyPrivate into the Private ones alone.
func fill(v reflect.Value, name string, onlyPrivate bool) {
	if private(v) {
		return
	}
	field := name[strings.LastIndex(name, ".")+1:]
	switch {
	case v.Type() == reflect.TypeFor[sign.Secret]():
		v.Set(reflect.ValueOf(sign.NewSecret(secret)))
	case v.Kind() == reflect.String && (onlyPrivate || v.Type() != reflect.TypeFor[string]() || shownFields[name] || shownFields[field]):
		v.SetString("word")
	case v.Kind() == reflect.String:
		v.SetString(payer)
	case v.Type() == reflect.TypeFor[time.Time](), !v.CanSet():
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		v.Index(0).SetString("word")
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, onlyPrivate)
	case v.Kind() == reflect.Pointer && strings.HasPrefix(v.Type().Elem().PkgPath(), modulePath):
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, onlyPrivate)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), v.Type().Name()+"."+f.Name, onlyPrivate)
			}
		}
	}
}

// private fills a paygates.Private.
func private(v reflect.Value) bool {
	switch v.Interface().(type) {
	case paygates.Private[string]:
		v.Set(reflect.ValueOf(paygates.NewPrivate(payer)))
	case paygates.Private[json.RawMessage]:
		v.Set(reflect.ValueOf(paygates.NewPrivate(json.RawMessage(`{"buyer":"` + payer + `"}`))))
	case paygates.Private[url.Values]:
		v.Set(reflect.ValueOf(paygates.NewPrivate(url.Values{"buyer": {payer}, "sign": {marker}})))
	case paygates.Private[map[string]string]:
		v.Set(reflect.ValueOf(paygates.NewPrivate(map[string]string{"buyer": payer})))
	default:
		return false
	}
	return true
}

func TestNoTypeShowsWhatItHolds(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, pointer := range g.types {
			value := reflect.New(reflect.TypeOf(pointer).Elem())
			fill(value.Elem(), "", false)
			assert.Empty(t, shown(everyWay(value.Interface())), "%T:\n%s", pointer, everyWay(value.Interface()))
			assert.NotPanics(t, func() { _ = everyWay(pointer) }, "%T that is empty", pointer)
			assert.NotPanics(t, func() { _ = printed(reflect.Zero(reflect.TypeOf(pointer)).Interface()) }, "%T that is nil", pointer)
		}
		assert.ElementsMatch(t, structs(t, g.name), typeNames(g.types), "the types of %s", g.name)
		client := g.client(t, setup{base: anyHost, http: &http.Client{}, log: logger(io.Discard)})
		assert.Empty(t, shown(everyWay(client)), "%T", client)
	}
}

// inside is a struct of a merchant's around a result. fmt prints its unexported fields
// without calling their methods.
type inside struct {
	value   any
	list    []any
	byName  map[string]any
	Value   any
	List    []any
	ByName  map[string]any
	Pointer *any
}

// What is private is shown by no printer, wherever it is: Private fields and Raw. What
// fmt cannot be kept from, the plain strings of a result in an unexported field, is in
// docs/security.md.
func TestPrivateFieldsAreShownByNoPrinter(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, pointer := range g.types {
			value := reflect.New(reflect.TypeOf(pointer).Elem())
			fill(value.Elem(), "", true)
			for _, v := range []any{value.Interface(), value.Elem().Interface()} {
				outer := inside{v, []any{v}, map[string]any{"a": v}, v, []any{v}, map[string]any{"a": v}, &v}
				text := printed(outer) + printed(&outer) + printed([]inside{outer})
				assert.Empty(t, shown(text), "%T:\n%s", pointer, text)
				if _, isClient := v.(interface{ NotificationHandler() }); isClient || strings.HasSuffix(reflect.TypeOf(pointer).String(), ".Config") {
					continue // a Config has an *http.Client and a *slog.Logger, which JSON has not
				}
				encoded, err := json.Marshal(outer)
				if assert.NoError(t, err, "%T", pointer) {
					assert.Empty(t, shown(string(encoded)), "%T: %s", pointer, encoded)
				}
			}
		}
	}
}

// JSON shows of a result neither raw texts nor signatures nor what the payer entered.
func TestJSONOfResults(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, pointer := range g.types {
			value := reflect.New(reflect.TypeOf(pointer).Elem())
			for i := range value.Elem().NumField() {
				field := value.Elem().Type().Field(i)
				if field.Name == "Raw" || field.Name == "Attach" && !strings.HasSuffix(value.Elem().Type().Name(), "Request") {
					assert.Equal(t, "-", field.Tag.Get("json"), "%T.%s", pointer, field.Name)
				}
			}
		}
	}
}

func typeNames(pointers []any) []string {
	names := make([]string, len(pointers))
	for i, pointer := range pointers {
		names[i] = reflect.TypeOf(pointer).Elem().Name()
	}
	return names
}

// structs returns the names of the exported structs of a package.
func structs(t *testing.T, name string) []string {
	t.Helper()
	packages, err := parser.ParseDir(gotoken.NewFileSet(), "../../"+name, nil, 0)
	require.NoError(t, err)
	var names []string
	for path, file := range packages[name].Files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, ok := spec.Type.(*ast.StructType); ok {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}
