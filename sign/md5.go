package sign

import (
	"crypto/md5" //nolint:gosec // the gateways document MD5
	"crypto/subtle"
	"encoding/hex"
	"errors"
)

// ErrMismatch is returned when the received signature is missing or differs from
// the signature of the received values.
var ErrMismatch = errors.New("invalid signature")

// stackBytes is enough for the documented messages. The text of a longer message
// is allocated on the heap.
const stackBytes = 320

// Digest is an MD5 signature. The gateways send it as 32 hex characters. The zero
// Digest matches nothing.
type Digest [md5.Size]byte

// String returns the signature as 32 lower-case hex characters. Do not log them: a
// signature is a credential. For example, the order query URL of ispay contains the
// same MD5 as its notification.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Verify returns nil if received is this signature in hex of any case, and
// [ErrMismatch] otherwise. How long it takes depends on received alone, not on how
// much of it is right.
func (d Digest) Verify(received string) error {
	var theirs Digest
	if len(received) != hex.EncodedLen(len(theirs)) {
		return ErrMismatch
	}
	_, err := hex.Decode(theirs[:], []byte(received))
	if err != nil || d == (Digest{}) || subtle.ConstantTimeCompare(theirs[:], d[:]) != 1 {
		return ErrMismatch
	}
	return nil
}

func digest(message []byte) Digest {
	return md5.Sum(message) //nolint:gosec // the gateways document MD5
}

// MD5Concat returns md5(parts… + secret) with nothing between the parts. It
// returns [ErrEmptySecret] for an empty or blank secret.
//
// Because nothing separates the parts, ("1", "23") and ("12", "3") have the same
// signature. The caller must check the shape of each part so that only one reading
// is possible.
func MD5Concat(secret Secret, parts ...string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	for _, part := range parts {
		message = append(message, part...)
	}
	return digest(append(message, secret.Reveal()...)), nil
}

// MD5Nested returns md5(hex(md5(parts…)) + secret) with nothing between the parts.
// It returns [ErrEmptySecret] for an empty or blank secret. The parts are as
// ambiguous as those of [MD5Concat].
func MD5Nested(secret Secret, parts ...string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	for _, part := range parts {
		message = append(message, part...)
	}
	inner := digest(message)
	message = hex.AppendEncode(message[:0], inner[:])
	return digest(append(message, secret.Reveal()...)), nil
}

// MD5Salted returns md5(hex(md5(salt)) + hex(md5(secret))). It returns
// [ErrEmptySecret] for an empty or blank secret. The signature covers only the
// salt, so use a new random salt for each request.
func MD5Salted(secret Secret, salt string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	message = append(message, salt...)
	saltDigest := digest(message)
	message = append(message[:0], secret.Reveal()...)
	secretDigest := digest(message)
	message = hex.AppendEncode(message[:0], saltDigest[:])
	return digest(hex.AppendEncode(message, secretDigest[:])), nil
}
