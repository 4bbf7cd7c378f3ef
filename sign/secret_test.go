package sign_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

var verbs = []string{
	"%v", "%+v", "%#v", "%T", "%t", "%b", "%c", "%d", "%o", "%O", "%q", "%+q", "%#q", "%x", "% x", "%#x", "%X",
	"%U", "%e", "%E", "%f", "%F", "%g", "%G", "%s", "%10s", "%.3s", "%p", "%w", "%y", "%!",
}

const value = "xQ7-example-W9z"

// assertHidden fails if a text contains the value in any form that fmt has.
func assertHidden(t *testing.T, text, how string) {
	t.Helper()
	folded := strings.NewReplacer(" ", "", "0x", "", "\\x", "", ",", "").Replace(strings.ToLower(text))
	for _, form := range []string{
		strings.ToLower(value), "xq7", "example", "w9z",
		hex.EncodeToString([]byte(value)),
		strings.ToLower(base64.StdEncoding.EncodeToString([]byte(value))),
		strings.NewReplacer(" ", "", "[", "", "]", "").Replace(fmt.Sprint([]byte(value))),
	} {
		assert.NotContains(t, folded, form, how)
	}
}

func TestSecretReveal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{value, " ", "", "密钥", "\x00\xff"} {
		assert.Equal(t, text, sign.NewSecret(text).Reveal())
	}
	assert.Empty(t, sign.Secret{}.Reveal())
	for _, empty := range []string{"", " ", "\t\r\n", "\u3000"} {
		assert.True(t, sign.NewSecret(empty).IsEmpty(), "%q", empty)
	}
	assert.True(t, sign.Secret{}.IsEmpty())
	assert.False(t, sign.NewSecret(" x ").IsEmpty())
}

func TestSecretSaysWhetherThereIsOne(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "[redacted]", sign.NewSecret(value).String())
	assert.Empty(t, sign.NewSecret("").String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s"} {
		assert.Equal(t, "[redacted]", fmt.Sprintf(verb, sign.NewSecret(value)), verb)
		assert.Empty(t, fmt.Sprintf(verb, sign.Secret{}), verb)
	}
}

type settings struct {
	Secret  sign.Secret
	Pointer *sign.Secret
	secret  sign.Secret
	pointer *sign.Secret
	list    []sign.Secret
	byName  map[string]sign.Secret
	any     any
	inner   struct{ deep struct{ secret sign.Secret } }
}

func (s *settings) use() (*sign.Secret, []sign.Secret) { return s.pointer, s.list }

func TestSecretIsPrintedNowhere(t *testing.T) {
	t.Parallel()
	secret := sign.NewSecret(value)
	holder := settings{
		Secret: secret, Pointer: &secret, secret: secret, pointer: &secret,
		list: []sign.Secret{secret}, byName: map[string]sign.Secret{"a": secret}, any: secret,
	}
	holder.inner.deep.secret = secret
	_, _ = holder.use()
	pointer := &secret
	holders := map[string]any{
		"itself":               secret,
		"a pointer":            pointer,
		"a pointer to it":      &pointer,
		"a struct":             holder,
		"a pointer to struct":  &holder,
		"a slice":              []sign.Secret{secret},
		"a slice of any":       []any{secret, pointer, holder},
		"an array":             [1]sign.Secret{secret},
		"a map":                map[string]sign.Secret{"a": secret},
		"a map of pointers":    map[string]*settings{"a": &holder},
		"an unexported struct": struct{ s settings }{holder},
	}
	for name, v := range holders {
		for _, verb := range verbs {
			assertHidden(t, fmt.Sprintf(verb, v), name+" "+verb)
		}
		assertHidden(t, fmt.Sprint(v), name)
		assertHidden(t, fmt.Sprintln(v), name)
		assertHidden(t, fmt.Errorf("with %v", v).Error(), name)
	}
}

func TestSecretIsEncodedNowhere(t *testing.T) {
	t.Parallel()
	secret := sign.NewSecret(value)
	holder := struct {
		Secret  sign.Secret            `json:"secret"`
		Pointer *sign.Secret           `json:"pointer"`
		List    []sign.Secret          `json:"list"`
		Map     map[string]sign.Secret `json:"map"`
		Empty   sign.Secret            `json:"empty"`
	}{secret, &secret, []sign.Secret{secret}, map[string]sign.Secret{"a": secret}, sign.Secret{}}
	text, err := json.Marshal(holder)
	require.NoError(t, err)
	assert.JSONEq(t, `{"secret":"[redacted]","pointer":"[redacted]","list":["[redacted]"],"map":{"a":"[redacted]"},"empty":""}`, string(text))

	text, err = secret.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "[redacted]", string(text))

	type element struct{ Key sign.Secret }
	text, err = xml.Marshal(element{secret})
	require.NoError(t, err)
	assert.Equal(t, "<element><Key>[redacted]</Key></element>", string(text))
}

func TestSecretIsLoggedNowhere(t *testing.T) {
	t.Parallel()
	secret := sign.NewSecret(value)
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	for name, handler := range handlers {
		var buffer bytes.Buffer
		log := slog.New(handler(&buffer))
		log.Info("m", "key", secret)
		assert.Contains(t, buffer.String(), "[redacted]", name)
		log.With("key", secret).WithGroup("group").Info("m",
			"pointer", &secret, "struct", settings{Secret: secret, secret: secret, byName: map[string]sign.Secret{"a": secret}},
			"list", []sign.Secret{secret}, slog.Group("g", "key", secret),
			"error", fmt.Errorf("with %v: %w", secret, errors.New("cause")))
		assertHidden(t, buffer.String(), name)
	}
}

func TestSecretIsReadFromJSONAndText(t *testing.T) {
	t.Parallel()
	var config struct{ Key, Other, Null sign.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"xQ7-example-W9z","Other":" 密\"\n","Null":null}`), &config))
	assert.Equal(t, value, config.Key.Reveal())
	assert.Equal(t, " 密\"\n", config.Other.Reveal())
	assert.True(t, config.Null.IsEmpty())

	require.NoError(t, json.Unmarshal([]byte(`{"Key":""}`), &config))
	assert.Empty(t, config.Key.Reveal(), "an empty text makes it empty")

	err := json.Unmarshal([]byte(`{"Key":12345678901}`), &config)
	require.Error(t, err, "a number is not a secret")
	assert.NotContains(t, err.Error(), "12345678901")

	var secret sign.Secret
	text := []byte(value)
	require.NoError(t, secret.UnmarshalText(text))
	text[0] = 'X'
	assert.Equal(t, value, secret.Reveal(), "the secret is a copy")
}

// Secrets as settings files, shells and editors leave them.
func TestSecretProblem(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ problem, trimmed string }{
		value:                          {"", value},
		"a":                            {"", "a"},
		"密钥":                           {"", "密钥"},
		"two words":                    {"", "two words"},
		`it's "quoted" inside`:         {"", `it's "quoted" inside`},
		`"begins with a quote`:         {"", `"begins with a quote`},
		"'":                            {"", "'"},
		`"x'`:                          {"", `"x'`},
		"":                             {"is empty", ""},
		" \t":                          {"is empty", ""},
		`""`:                           {"is empty", ""},
		"\ufeff":                       {"is empty", ""},
		value + "\n":                   {"ends with a line break", value},
		value + "\r\n":                 {"ends with a line break", value},
		" " + value + "\n":             {"ends with a line break", value},
		`"` + value + "\"\n":           {"ends with a line break", value},
		value + " ":                    {"begins or ends with whitespace", value},
		"\t" + value:                   {"begins or ends with whitespace", value},
		"\n" + value:                   {"begins or ends with whitespace", value},
		"\u3000" + value + "\u00a0":    {"begins or ends with whitespace", value},
		"\ufeff" + value:               {"begins with a byte order mark", value},
		"\ufeff" + value + "\n":        {"ends with a line break", value},
		value + "\u200b":               {"begins or ends with an invisible character", value},
		"\u202a" + value + "\u200e":    {"begins or ends with an invisible character", value}, // a dialog of Windows
		value + "\u2060\n":             {"ends with a line break", value},
		`"` + value + `"`:              {"is in quotes", value},
		"'" + value + "'":              {"is in quotes", value},
		"`" + value + "`":              {"is in quotes", value},
		"“" + value + "”":              {"is in quotes", value},
		"‘" + value + "’":              {"is in quotes", value},
		`"'` + value + `'"`:            {"is in quotes", value},
		`" ` + value + `"`:             {"is in quotes", value},
		value + "\nsecond line":        {"has a line break in it", value + "\nsecond line"},
		"\"" + value + "\rsecond\"":    {"has a line break in it", value + "\rsecond"},
		value + "\x00b":                {"has a control character in it", value + "\x00b"},
		value + "\tb":                  {"has a control character in it", value + "\tb"},
		"\xff\xfee\x00x\x00\n\x00":     {"is not UTF-8", "\xff\xfee\x00x\x00\n\x00"},
		"\xc3\xdc\xd4\xbf (GBK)" + " ": {"is not UTF-8", "\xc3\xdc\xd4\xbf (GBK)"},
	}
	for text, test := range tests {
		secret := sign.NewSecret(text)
		assert.Equal(t, test.problem, secret.Problem(), "%q", text)
		assert.Equal(t, test.trimmed, secret.Trimmed().Reveal(), "%q", text)
		assert.Equal(t, text, secret.Reveal(), "it is not changed")
	}
}
