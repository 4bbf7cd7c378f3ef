package sign

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
)

// ErrInvalidKey is returned for a key that cannot be used. The error says what was
// found instead of an RSA key of at least 2048 bits, and contains no part of it.
var ErrInvalidKey = errors.New("invalid key")

const minKeyBits = 2048

// PublicKey verifies RSA-SHA256 signatures (PKCS #1 v1.5). It is safe for concurrent
// use. The zero PublicKey verifies nothing.
type PublicKey struct{ key *rsa.PublicKey }

// ParsePublicKey reads an RSA public key of at least 2048 bits, PKIX or PKCS #1, in
// PEM or as the base64 text of the PEM body alone. Line breaks of any kind,
// indentation, "\n" as two characters, quotes and a byte order mark are accepted.
// It returns [ErrInvalidKey] for anything else, such as a file path, a certificate
// or a private key.
func ParsePublicKey(text []byte) (PublicKey, error) {
	const expected = "an RSA public key in PEM or base64"
	parsed, err := readKey(text, expected)
	if err != nil {
		return PublicKey{}, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return PublicKey{}, unexpectedKey(expected, kindOf(parsed))
	}
	if err := checkSize(key); err != nil {
		return PublicKey{}, err
	}
	return PublicKey{key}, nil
}

// IsZero reports whether the key is the zero PublicKey.
func (k PublicKey) IsZero() bool { return k.key == nil }

// Equal reports whether both keys are the same. The zero PublicKey equals none.
func (k PublicKey) Equal(other PublicKey) bool {
	return k.key != nil && other.key != nil && k.key.Equal(other.key)
}

// Verify returns nil if signature, in standard base64, is the RSA-SHA256 signature
// of message, and [ErrMismatch] otherwise. The zero PublicKey returns
// [ErrInvalidKey].
func (k PublicKey) Verify(message []byte, signature string) error {
	if k.key == nil {
		return fmt.Errorf("%w: no key", ErrInvalidKey)
	}
	// A signature has exactly one length. Checking it first keeps a long header
	// from being decoded.
	if base64.StdEncoding.DecodedLen(len(signature)) > k.key.Size()+2 {
		return ErrMismatch
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return ErrMismatch
	}
	sum := sha256.Sum256(message)
	if rsa.VerifyPKCS1v15(k.key, crypto.SHA256, sum[:], raw) != nil {
		return ErrMismatch
	}
	return nil
}

// PrivateKey makes RSA-SHA256 signatures (PKCS #1 v1.5). It is safe for concurrent
// use, and like [Secret] it cannot be printed. The zero PrivateKey signs nothing.
type PrivateKey struct {
	sign func(digest []byte) ([]byte, error)
}

// ParsePrivateKey reads an RSA private key of at least 2048 bits, PKCS #8 or
// PKCS #1, not encrypted, in the forms that [ParsePublicKey] accepts. It returns
// [ErrInvalidKey] for anything else, such as a file path, an encrypted key or a
// public key.
func ParsePrivateKey(text Secret) (PrivateKey, error) {
	const expected = "an RSA private key in PEM or base64"
	parsed, err := readKey([]byte(text.Reveal()), expected)
	if err != nil {
		return PrivateKey{}, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return PrivateKey{}, unexpectedKey(expected, kindOf(parsed))
	}
	return NewPrivateKey(key)
}

// NewPrivateKey returns a PrivateKey that signs with signer, for a key that stays in
// a key management service or a hardware module. Signer must hold an RSA key of at
// least 2048 bits and be safe for concurrent use. NewPrivateKey returns
// [ErrInvalidKey] for any other signer.
func NewPrivateKey(signer crypto.Signer) (PrivateKey, error) {
	if key, ok := signer.(*rsa.PrivateKey); signer == nil || ok && key == nil {
		return PrivateKey{}, fmt.Errorf("%w: no key", ErrInvalidKey)
	}
	public := signer.Public()
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return PrivateKey{}, unexpectedKey("a signer with an RSA key", "one with "+kindOf(public))
	}
	if err := checkSize(key); err != nil {
		return PrivateKey{}, err
	}
	return PrivateKey{func(digest []byte) ([]byte, error) {
		return signer.Sign(rand.Reader, digest, crypto.SHA256)
	}}, nil
}

// IsZero reports whether the key is the zero PrivateKey.
func (k PrivateKey) IsZero() bool { return k.sign == nil }

// Sign returns the RSA-SHA256 signature of message in standard base64. The zero
// PrivateKey returns [ErrInvalidKey]. Other errors are those of the crypto.Signer.
func (k PrivateKey) Sign(message []byte) (string, error) {
	if k.sign == nil {
		return "", fmt.Errorf("%w: no key", ErrInvalidKey)
	}
	sum := sha256.Sum256(message)
	raw, err := k.sign(sum[:])
	if err != nil {
		return "", fmt.Errorf("sign with the private key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// String returns "[redacted]", or "" for the zero key.
func (k PrivateKey) String() string {
	if k.sign == nil {
		return ""
	}
	return redacted
}

// LogValue keeps the key out of structured logs.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

func checkSize(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minKeyBits {
		return fmt.Errorf("%w: RSA key of %d bits: at least %d are required", ErrInvalidKey, bits, minKeyBits)
	}
	return nil
}
