package sign

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
)

// ErrInvalidKey is returned for a PEM key that cannot be used: not PEM, another
// kind of key, more than one block, or an RSA modulus of fewer than 2048 bits.
var ErrInvalidKey = errors.New("sign: invalid key")

const minKeyBits = 2048

// PublicKey verifies RSA-SHA256 signatures (PKCS #1 v1.5). It is parsed once
// and safe for concurrent use. The zero PublicKey verifies nothing.
type PublicKey struct{ key *rsa.PublicKey }

// ParsePublicKey reads an RSA public key of at least 2048 bits from PEM, either
// as "PUBLIC KEY" (PKIX) or as "RSA PUBLIC KEY" (PKCS #1). It returns
// [ErrInvalidKey].
func ParsePublicKey(text []byte) (PublicKey, error) {
	block, err := onlyBlock(text)
	if err != nil {
		return PublicKey{}, err
	}
	var parsed any
	switch block.Type {
	case "PUBLIC KEY":
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return PublicKey{}, fmt.Errorf(`%w: the PEM block is %q, want "PUBLIC KEY" or "RSA PUBLIC KEY"`, ErrInvalidKey, block.Type)
	}
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: the PEM block does not hold a public key", ErrInvalidKey)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return PublicKey{}, fmt.Errorf("%w: a %T, want an RSA public key", ErrInvalidKey, parsed)
	}
	if err := checkSize(key); err != nil {
		return PublicKey{}, err
	}
	return PublicKey{key}, nil
}

// IsZero reports whether the key is the zero PublicKey.
func (k PublicKey) IsZero() bool { return k.key == nil }

// Verify returns nil if signature, in standard base64, is the RSA-SHA256
// signature of message, and [ErrMismatch] otherwise. The zero PublicKey returns
// [ErrInvalidKey].
func (k PublicKey) Verify(message []byte, signature string) error {
	if k.key == nil {
		return fmt.Errorf("%w: no key", ErrInvalidKey)
	}
	// Both sizes are checked before any work: a signature has one length only.
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

// PrivateKey makes RSA-SHA256 signatures (PKCS #1 v1.5). It is parsed once,
// safe for concurrent use, and like a [Secret] shows itself nowhere. The zero
// PrivateKey signs nothing.
type PrivateKey struct {
	sign func(digest []byte) ([]byte, error)
}

// ParsePrivateKey reads an RSA private key of at least 2048 bits from PEM,
// either as "PRIVATE KEY" (PKCS #8) or as "RSA PRIVATE KEY" (PKCS #1), not
// encrypted. It returns [ErrInvalidKey].
func ParsePrivateKey(text Secret) (PrivateKey, error) {
	block, err := onlyBlock([]byte(text.Reveal()))
	if err != nil {
		return PrivateKey{}, err
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return PrivateKey{}, fmt.Errorf(`%w: the PEM block is %q, want "PRIVATE KEY" or "RSA PRIVATE KEY"`, ErrInvalidKey, block.Type)
	}
	if err != nil {
		return PrivateKey{}, fmt.Errorf("%w: the PEM block does not hold an unencrypted private key", ErrInvalidKey)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return PrivateKey{}, fmt.Errorf("%w: a %T, want an RSA private key", ErrInvalidKey, parsed)
	}
	if err := checkSize(&key.PublicKey); err != nil {
		return PrivateKey{}, err
	}
	return PrivateKey{func(digest []byte) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest)
	}}, nil
}

// IsZero reports whether the key is the zero PrivateKey.
func (k PrivateKey) IsZero() bool { return k.sign == nil }

// Sign returns the RSA-SHA256 signature of message in standard base64. The error
// is [ErrInvalidKey]: the zero PrivateKey has it.
func (k PrivateKey) Sign(message []byte) (string, error) {
	if k.sign == nil {
		return "", fmt.Errorf("%w: no key", ErrInvalidKey)
	}
	sum := sha256.Sum256(message)
	raw, err := k.sign(sum[:])
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalidKey, err)
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

func onlyBlock(text []byte) (*pem.Block, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: not PEM", ErrInvalidKey)
	}
	if second, _ := pem.Decode(rest); second != nil {
		return nil, fmt.Errorf("%w: more than one PEM block", ErrInvalidKey)
	}
	return block, nil
}

func checkSize(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minKeyBits {
		return fmt.Errorf("%w: an RSA key of %d bits, want at least %d", ErrInvalidKey, bits, minKeyBits)
	}
	return nil
}
