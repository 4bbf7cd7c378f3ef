package sign_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

// asTheyAreKept returns a PEM text in the forms that it has after settings files,
// environment variables, editors and copying.
func asTheyAreKept(t *testing.T, text []byte) map[string]string {
	t.Helper()
	original := strings.TrimSpace(string(text))
	lines := strings.Split(original, "\n")
	body := lines[1 : len(lines)-1]
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	inJSON, err := json.Marshal(original)
	require.NoError(t, err)
	inJSONTwice, err := json.Marshal(string(inJSON))
	require.NoError(t, err)
	return map[string]string{
		"unchanged":                 string(text),
		"without the last line end": original,
		"CRLF":                      strings.Join(lines, "\r\n") + "\r\n",
		"CR":                        strings.Join(lines, "\r") + "\r",
		"byte order mark":           "\ufeff" + original,
		"byte order mark in quotes": "\"\ufeff" + original + "\"",
		"one line":                  strings.Join(lines, ""),
		"one line with spaces":      strings.Join(lines, " "),
		"one body line":             lines[0] + "\n" + strings.Join(body, "") + "\n" + lines[len(lines)-1],
		`\n as two characters`:      strings.Join(lines, `\n`) + `\n`,
		`\r\n as four characters`:   strings.Join(lines, `\r\n`) + `\r\n`,
		"JSON":                      string(inJSON),
		"JSON of PHP":               strings.ReplaceAll(string(inJSON), "/", `\/`),
		"JSON in JSON":              string(inJSONTwice),
		"JSON of .NET and Java":     strings.NewReplacer("+", `\u002B`, "=", `\u003d`).Replace(string(inJSON)),
		`\\n as three characters`:   strings.Join(lines, `\\n`),
		`\n\t as four characters`:   strings.Join(lines, `\n\t`),
		"continued lines":           strings.Join(lines, "\\\n"),
		`\n and continued lines`:    strings.Join(lines, "\\n\\\n"),
		"double quotes":             `"` + original + `"`,
		"single quotes":             "'" + original + "'\n",
		"indented by spaces":        "    " + strings.Join(lines, "\n    "),
		"indented by tabs":          "\t" + strings.Join(lines, "\n\t") + "\n",
		"indented by wide spaces":   "\u3000" + strings.Join(lines, "\n\u3000") + "\n",
		"spaces at line ends":       strings.Join(lines, " \n") + " ",
		"invisible at line ends":    "\u200e" + strings.Join(lines, "\u200b\r\n\ufeff") + "\u2060",
		"empty lines between":       "\n\n" + strings.Join(lines, "\n\n") + "\n\n",
		"text around it":            "Key of the example shop:\n" + original + "\n(end)\n",
		"bare base64":               strings.Join(body, ""),
		"bare base64 in lines":      strings.Join(body, "\r\n") + "\r\n",
		"bare base64 with \\n":      strings.Join(body, `\n`),
		"bare base64 in quotes":     `"` + strings.Join(body, "") + `"`,
		"bare base64, no padding":   strings.TrimRight(strings.Join(body, ""), "="),
		"bare base64, byte order":   "\ufeff" + strings.Join(body, "\n"),
		"base64 of the PEM file":    base64.StdEncoding.EncodeToString(text),
		"DER":                       string(block.Bytes),
	}
}

func TestParsePublicKeyReadsKeysAsTheyAreKept(t *testing.T) {
	t.Parallel()
	message, signature := read(t, "message.json"), string(read(t, "signature.txt"))
	for _, file := range []string{"public_pkix.pem", "public_pkcs1.pem"} {
		forms := asTheyAreKept(t, read(t, file))
		// The label of the other format is a frequent mistake. The content decides.
		forms["wrong label"] = strings.ReplaceAll(strings.ReplaceAll(string(read(t, file)), "RSA ", ""), " PUBLIC", " RSA PUBLIC")
		for name, form := range forms {
			key, err := sign.ParsePublicKey([]byte(form))
			require.NoError(t, err, "%s: %s", file, name)
			require.NoError(t, key.Verify(message, signature), "%s: %s", file, name)
		}
	}
}

func TestParsePrivateKeyReadsKeysAsTheyAreKept(t *testing.T) {
	t.Parallel()
	message, signature := read(t, "message.json"), string(read(t, "signature.txt"))
	for _, file := range []string{"private_pkcs8.pem", "private_pkcs1.pem"} {
		for name, form := range asTheyAreKept(t, read(t, file)) {
			key, err := sign.ParsePrivateKey(sign.NewSecret(form))
			require.NoError(t, err, "%s: %s", file, name)
			made, err := key.Sign(message)
			require.NoError(t, err, "%s: %s", file, name)
			require.Equal(t, signature, made, "%s: %s", file, name)
		}
	}
}

// Both functions reject these texts with the same description.
func TestParseKeysNamesWhatItGot(t *testing.T) {
	t.Parallel()
	file := func(name string) string { return string(read(t, name)) }
	public := file("public_pkix.pem")
	block, _ := pem.Decode([]byte(public))
	require.NotNil(t, block)
	tests := map[string]struct{ text, got string }{
		"nothing":             {"", "an empty text"},
		"spaces":              {" \r\n\t\ufeff", "an empty text"},
		"empty quotes":        {`""`, "an empty text"},
		"an absolute path":    {"/etc/shop/keys/pingpp_public.pem", "a file path: pass the content of the file"},
		"a path without .pem": {"/etc/shop/keys/pingpp", "a file path: pass the content of the file"},
		"a relative path":     {"keys/public.pem\n", "a file path: pass the content of the file"},
		"a short path":        {"./key", "a file path: pass the content of the file"},
		"a home path":         {"~/pingpp.key", "a file path: pass the content of the file"},
		"a Windows path":      {`C:\new\keys\public.pem`, "a file path: pass the content of the file"},
		"a file name":         {"rsa_public_key.PEM", "a file path: pass the content of the file"},
		"a URL":               {"https://shop.example.com/key.pem", "a URL"},
		"a certificate":       {file("certificate.pem"), "a certificate"},
		"a bare certificate":  {bare(file("certificate.pem")), "a certificate"},
		"a request":           {file("request.pem"), "a certificate request"},
		"an encrypted key":    {file("private_encrypted.pem"), "an encrypted private key: decrypt it first (openssl pkey)"},
		"encrypted and bare":  {bare(file("private_encrypted.pem")), "an encrypted private key: decrypt it first (openssl pkey)"},
		"an encrypted PKCS1":  {file("private_pkcs1_encrypted.pem"), "an encrypted private key: decrypt it first (openssl pkey)"},
		"an EC public key":    {file("public_ec.pem"), "an EC public key"},
		"an EC private key":   {file("private_ec.pem"), "an EC private key"},
		"an Ed25519 key":      {file("public_ed25519.pem"), "an Ed25519 public key"},
		"an Ed25519 private":  {file("private_ed25519.pem"), "an Ed25519 private key"},
		"OpenSSH private":     {file("private_openssh"), "a key in OpenSSH format"},
		"OpenSSH public":      {file("public_openssh.pub"), "a key in OpenSSH format"},
		"PGP":                 {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----", "a key in PGP format"},
		"two blocks":          {public + public, "more than one PEM block"},
		"two kinds":           {public + file("private_pkcs8.pem"), "more than one PEM block"},
		"no END line":         {public[:len(public)/2], "PEM without its END line"},
		"no BEGIN line":       {public[2:], "PEM without its BEGIN line"},
		"cut BEGIN line":      {strings.Replace(public, "BEGIN", "", 1), "PEM without its BEGIN line"},
		"two labels":          {strings.Replace(public, "END PUBLIC", "END PRIVATE", 1), "PEM with different labels in its BEGIN and END lines"},
		"a broken body":       {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "a damaged or incomplete key"},
		"an empty body":       {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "a damaged or incomplete key"},
		"a body of dots":      {"-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n", "a damaged or incomplete key"},
		"half of the base64":  {bare(public)[:100], "a damaged or incomplete key"},
		"hexadecimal":         {hex.EncodeToString(block.Bytes), "hexadecimal digits"},
		"JSON":                {`{"kty":"RSA","n":"AQAB"}`, "JSON"},
		"XML":                 {"<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>", "XML or HTML"},
		"UTF-16":              {"\xff\xfe-\x00-\x00", "a text in UTF-16: save it as UTF-8"},
		"an API key":          {"sk_test_example", "a text that is neither PEM nor base64"},
		"a password":          {"example-secret", "a text that is neither PEM nor base64"},
		"base64 of a text":    {"ZXhhbXBsZS1zZWNyZXQ", "a text that is neither PEM nor base64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := sign.ParsePublicKey([]byte(test.text))
			require.ErrorIs(t, err, sign.ErrInvalidKey)
			require.EqualError(t, err, "invalid key: expected an RSA public key in PEM or base64, got "+test.got)
			assert.True(t, key.IsZero())

			private, err := sign.ParsePrivateKey(sign.NewSecret(test.text))
			require.ErrorIs(t, err, sign.ErrInvalidKey)
			require.EqualError(t, err, "invalid key: expected an RSA private key in PEM or base64, got "+test.got)
			assert.True(t, private.IsZero())
		})
	}
}

// bare returns the base64 between the BEGIN and END lines.
func bare(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"private_pkcs8.pem": "invalid key: expected an RSA public key in PEM or base64, got an RSA private key",
		"private_pkcs1.pem": "invalid key: expected an RSA public key in PEM or base64, got an RSA private key",
		"public_1024.pem":   "invalid key: RSA key of 1024 bits: at least 2048 are required",
	} {
		for name, form := range asTheyAreKept(t, read(t, file)) {
			key, err := sign.ParsePublicKey([]byte(form))
			require.ErrorIs(t, err, sign.ErrInvalidKey, "%s: %s", file, name)
			require.EqualError(t, err, want, "%s: %s", file, name)
			assert.True(t, key.IsZero())
		}
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"public_pkix.pem":  "invalid key: expected an RSA private key in PEM or base64, got an RSA public key",
		"public_pkcs1.pem": "invalid key: expected an RSA private key in PEM or base64, got an RSA public key",
		"private_1024.pem": "invalid key: RSA key of 1024 bits: at least 2048 are required",
	} {
		for name, form := range asTheyAreKept(t, read(t, file)) {
			key, err := sign.ParsePrivateKey(sign.NewSecret(form))
			require.ErrorIs(t, err, sign.ErrInvalidKey, "%s: %s", file, name)
			require.EqualError(t, err, want, "%s: %s", file, name)
			assert.True(t, key.IsZero())
		}
	}
}
