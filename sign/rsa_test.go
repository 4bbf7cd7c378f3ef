package sign_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

// How the files in testdata were made stands in its README.md.
func read(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return text
}

func publicKey(t testing.TB, file string) sign.PublicKey {
	t.Helper()
	key, err := sign.ParsePublicKey(read(t, file))
	require.NoError(t, err)
	return key
}

func privateKey(t testing.TB, file string) sign.PrivateKey {
	t.Helper()
	key, err := sign.ParsePrivateKey(sign.NewSecret(string(read(t, file))))
	require.NoError(t, err)
	return key
}

func TestPublicKeyVerifiesWhatOpenSSLSigned(t *testing.T) {
	t.Parallel()
	message, signature := read(t, "message.json"), string(read(t, "signature.txt"))
	for _, file := range []string{"public_pkix.pem", "public_pkcs1.pem"} {
		key := publicKey(t, file)
		assert.False(t, key.IsZero())
		assert.NoError(t, key.Verify(message, signature), file)
	}
}

func TestPublicKeyRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	key := publicKey(t, "public_pkix.pem")
	message, signature := read(t, "message.json"), string(read(t, "signature.txt"))
	raw, err := base64.StdEncoding.DecodeString(signature)
	require.NoError(t, err)

	for i := range message {
		changed := append([]byte{}, message...)
		changed[i] ^= 1
		require.ErrorIs(t, key.Verify(changed, signature), sign.ErrMismatch, "byte %d of the message", i)
	}
	for i := range raw {
		changed := append([]byte{}, raw...)
		changed[i] ^= 1
		require.ErrorIs(t, key.Verify(message, base64.StdEncoding.EncodeToString(changed)), sign.ErrMismatch, "byte %d of the signature", i)
	}
	require.ErrorIs(t, key.Verify(append(message, '\n'), signature), sign.ErrMismatch)
	require.ErrorIs(t, key.Verify(nil, signature), sign.ErrMismatch)

	for name, wrong := range map[string]string{
		"empty":             "",
		"not base64":        "%%%%",
		"hex":               fmt.Sprintf("%x", raw),
		"without padding":   strings.TrimRight(signature, "="),
		"URL alphabet":      base64.URLEncoding.EncodeToString(raw),
		"cut":               signature[:len(signature)-4],
		"one byte more":     base64.StdEncoding.EncodeToString(append(append([]byte{}, raw...), 0)),
		"a zero before":     base64.StdEncoding.EncodeToString(append([]byte{0}, raw...)),
		"twice":             signature + signature,
		"a mebibyte":        strings.Repeat("A", 1<<20),
		"loose last bits":   signature[:len(signature)-3] + string(signature[len(signature)-3]+1) + "==",
		"SHA-1":             string(read(t, "signature_sha1.txt")),
		"PSS":               string(read(t, "signature_pss.txt")),
		"the message":       base64.StdEncoding.EncodeToString(message),
		"nothing but zeros": base64.StdEncoding.EncodeToString(make([]byte, 256)),
	} {
		require.ErrorIs(t, key.Verify(message, wrong), sign.ErrMismatch, name)
	}
	require.ErrorIs(t, publicKey(t, "public_other.pem").Verify(message, signature), sign.ErrMismatch, "another key")
}

// RSA-SHA256 by PKCS #1 v1.5 has one signature for a message.
func TestPrivateKeySignsAsOpenSSLDoes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"private_pkcs8.pem", "private_pkcs1.pem"} {
		key := privateKey(t, file)
		assert.False(t, key.IsZero())
		got, err := key.Sign(read(t, "message.json"))
		require.NoError(t, err)
		assert.Equal(t, string(read(t, "signature.txt")), got, file)
	}
}

func TestZeroKeys(t *testing.T) {
	t.Parallel()
	assert.True(t, sign.PublicKey{}.IsZero())
	assert.True(t, sign.PrivateKey{}.IsZero())
	require.ErrorIs(t, sign.PublicKey{}.Verify(read(t, "message.json"), string(read(t, "signature.txt"))), sign.ErrInvalidKey)
	require.ErrorIs(t, sign.PublicKey{}.Verify(nil, ""), sign.ErrInvalidKey)
	signature, err := sign.PrivateKey{}.Sign(nil)
	require.ErrorIs(t, err, sign.ErrInvalidKey)
	assert.Empty(t, signature)
	assert.Empty(t, sign.PrivateKey{}.String())
}

func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	good := string(read(t, "public_pkix.pem"))
	tests := map[string]struct{ text, why string }{
		"nothing":            {"", "not PEM"},
		"not PEM":            {"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "not PEM"},
		"half a block":       {good[:len(good)/2], "not PEM"},
		"1024 bits":          {string(read(t, "public_1024.pem")), "an RSA key of 1024 bits, want at least 2048"},
		"an EC key":          {string(read(t, "public_ec.pem")), "ecdsa.PublicKey, want an RSA public key"},
		"two blocks":         {good + good, "more than one PEM block"},
		"two different ones": {good + string(read(t, "private_pkcs8.pem")), "more than one PEM block"},
		"a private key":      {string(read(t, "private_pkcs8.pem")), `the PEM block is "PRIVATE KEY"`},
		"PKCS #1 private":    {string(read(t, "private_pkcs1.pem")), `the PEM block is "RSA PRIVATE KEY"`},
		"a wrong label":      {strings.ReplaceAll(good, "PUBLIC KEY", "RSA PUBLIC KEY"), "does not hold a public key"},
		"a broken body":      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "does not hold a public key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := sign.ParsePublicKey([]byte(test.text))
			require.ErrorIs(t, err, sign.ErrInvalidKey)
			require.ErrorContains(t, err, test.why)
			assert.True(t, key.IsZero())
		})
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	good := string(read(t, "private_pkcs8.pem"))
	tests := map[string]struct{ text, why string }{
		"nothing":           {"", "not PEM"},
		"not PEM":           {"example-secret", "not PEM"},
		"1024 bits":         {string(read(t, "private_1024.pem")), "an RSA key of 1024 bits, want at least 2048"},
		"an EC key":         {string(read(t, "private_ec.pem")), "ecdsa.PrivateKey, want an RSA private key"},
		"two blocks":        {good + good, "more than one PEM block"},
		"a public key":      {string(read(t, "public_pkix.pem")), `the PEM block is "PUBLIC KEY"`},
		"an encrypted key":  {string(read(t, "private_encrypted.pem")), `the PEM block is "ENCRYPTED PRIVATE KEY"`},
		"a wrong label":     {strings.ReplaceAll(good, "PRIVATE KEY", "RSA PRIVATE KEY"), "does not hold an unencrypted private key"},
		"a broken body":     {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "does not hold an unencrypted private key"},
		"another broken":    {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "does not hold an unencrypted private key"},
		"nothing in it":     {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "does not hold an unencrypted private key"},
		"half of the block": {good[:len(good)/2], "not PEM"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := sign.ParsePrivateKey(sign.NewSecret(test.text))
			require.ErrorIs(t, err, sign.ErrInvalidKey)
			require.ErrorContains(t, err, test.why)
			assert.NotContains(t, err.Error(), "MII", "the key stays out of the error")
			assert.True(t, key.IsZero())
		})
	}
}

func TestPrivateKeyShowsItselfNowhere(t *testing.T) {
	t.Parallel()
	key := privateKey(t, "private_pkcs8.pem")
	assert.Equal(t, "[redacted]", key.String())
	assert.Equal(t, "[redacted]", key.LogValue().String())
	// A printed big.Int shows decimal digits, a byte slice hex or decimal ones:
	// of a function value there is no more than an address.
	for _, verb := range verbs {
		text := fmt.Sprintf(verb, struct {
			Key sign.PrivateKey
			own *sign.PrivateKey
			key sign.PrivateKey
		}{key, &key, key})
		assert.Less(t, len(text), 500, "%s: %s", verb, text)
	}
	text, err := json.Marshal(struct{ Key sign.PrivateKey }{key})
	require.NoError(t, err)
	assert.Equal(t, `{"Key":{}}`, string(text))
}
