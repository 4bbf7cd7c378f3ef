package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

// read returns a file of testdata. Its README.md says how each file was made.
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

// RSA-SHA256 of PKCS #1 v1.5 has exactly one signature for a message.
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

func TestPrivateKeyShowsItselfNowhere(t *testing.T) {
	t.Parallel()
	key := privateKey(t, "private_pkcs8.pem")
	assert.Equal(t, "[redacted]", key.String())
	assert.Equal(t, "[redacted]", key.LogValue().String())
	// fmt prints a big.Int or a byte slice with all its digits, but a function as
	// an address.
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

// kms is a key management service: it signs without showing its key.
type kms struct {
	key crypto.Signer
	err error
}

func (k kms) Public() crypto.PublicKey { return k.key.Public() }

func (k kms) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.err != nil {
		return nil, k.err
	}
	return k.key.Sign(rand.Reader, digest, opts)
}

func rsaKey(t *testing.T, file string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(read(t, file))
	require.NotNil(t, block)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key.(*rsa.PrivateKey)
}

func TestNewPrivateKeySignsAsOpenSSLDoes(t *testing.T) {
	t.Parallel()
	key, err := sign.NewPrivateKey(kms{key: rsaKey(t, "private_pkcs8.pem")})
	require.NoError(t, err)
	assert.False(t, key.IsZero())
	assert.Equal(t, "[redacted]", key.String())
	got, err := key.Sign(read(t, "message.json"))
	require.NoError(t, err)
	assert.Equal(t, string(read(t, "signature.txt")), got)

	down := errors.New("service is down")
	key, err = sign.NewPrivateKey(kms{rsaKey(t, "private_pkcs8.pem"), down})
	require.NoError(t, err, "it does not sign yet")
	got, err = key.Sign(read(t, "message.json"))
	require.ErrorIs(t, err, down)
	require.NotErrorIs(t, err, sign.ErrInvalidKey)
	assert.Empty(t, got)
}

func TestNewPrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	var none *rsa.PrivateKey
	tests := map[string]struct {
		signer crypto.Signer
		why    string
	}{
		"nothing":     {nil, "invalid key: no key"},
		"a nil key":   {none, "invalid key: no key"},
		"an EC key":   {kms{key: ec}, "invalid key: expected a signer with an RSA key, got one with an EC public key"},
		"a short key": {kms{key: rsaKey(t, "private_1024.pem")}, "invalid key: RSA key of 1024 bits: at least 2048 are required"},
	}
	for name, test := range tests {
		key, err := sign.NewPrivateKey(test.signer)
		require.ErrorIs(t, err, sign.ErrInvalidKey, name)
		require.EqualError(t, err, test.why, name)
		assert.True(t, key.IsZero(), name)
	}
}
