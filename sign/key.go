package sign

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

func unexpectedKey(expected, got string) error {
	return fmt.Errorf("%w: expected %s, got %s", ErrInvalidKey, expected, got)
}

// readKey returns the key, certificate or other object that the text holds.
func readKey(text []byte, expected string) (any, error) {
	if parsed := parseDER(text); parsed != nil {
		return parsed, nil
	}
	der, problem := decodeKey(string(text))
	if problem != "" {
		return nil, unexpectedKey(expected, problem)
	}
	parsed := parseDER(der)
	if parsed == nil {
		return nil, unexpectedKey(expected, "a damaged or incomplete key")
	}
	return parsed, nil
}

// escapes undoes what settings files and JSON encoders do to line breaks and other
// characters, also twice. Base64 has no backslash: one that is left continues a line.
var escapes = strings.NewReplacer(
	`\r`, "\n", `\n`, "\n", `\t`, "\t", `\/`, "/", `\u002b`, "+", `\u002B`, "+", `\u003d`, "=", `\u003D`, "=", `\`, "", "\r", "\n",
)

const inOpenSSH = "a key in OpenSSH format"

// decodeKey returns the bytes that PEM or base64 encodes, or a description of the
// text. encoding/pem is stricter than the settings in which keys are kept.
func decodeKey(original string) (der []byte, problem string) {
	text := trim(escapes.Replace(original))
	_, block, found := strings.Cut(text, "-----BEGIN ")
	if !found {
		der := decodeBase64(text)
		switch {
		case bytes.HasPrefix(der, []byte("-----BEGIN ")): // a PEM file in base64
			return decodeKey(string(der))
		case !bytes.HasPrefix(der, []byte{asn1.TagSequence | 0x20}): // 0x20: constructed
			return nil, describe(trim(original))
		}
		return der, ""
	}
	label, block, _ := strings.Cut(block, "-----")
	body, rest, ended := strings.Cut(block, "-----END ")
	rest, sameLabel := strings.CutPrefix(rest, label+"-----")
	switch {
	case !ended:
		return nil, "PEM without its END line"
	case !sameLabel:
		return nil, "PEM with different labels in its BEGIN and END lines"
	case strings.Contains(rest, "-----BEGIN "):
		return nil, "more than one PEM block"
	case strings.Contains(body, "Proc-Type: 4,ENCRYPTED"):
		return nil, kindOf(encryptedKey{})
	case strings.HasPrefix(label, "OPENSSH "):
		return nil, inOpenSSH
	case strings.HasPrefix(label, "PGP "):
		return nil, "a key in PGP format"
	}
	return decodeBase64(body), ""
}

// decodeBase64 ignores blanks and padding. It returns nil for other text.
func decodeBase64(text string) []byte {
	text = strings.TrimRight(strings.Join(strings.FieldsFunc(text, isBlank), ""), "=")
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return der
}

// describe says what a text is, if it is neither PEM nor the base64 of a key.
func describe(text string) string {
	_, hexError := hex.DecodeString(text)
	switch {
	case text == "":
		return "an empty text"
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "a text in UTF-16: save it as UTF-8"
	case strings.Contains(text, "-----"):
		return "PEM without its BEGIN line"
	case strings.HasPrefix(text, "{"):
		return "JSON"
	case strings.HasPrefix(text, "<"):
		return "XML or HTML"
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-sha2-"):
		return inOpenSSH
	case strings.Contains(text, "://"):
		return "a URL"
	case hexError == nil:
		return "hexadecimal digits"
	case looksLikePath(text):
		return "a file path: pass the content of the file"
	default:
		return "a text that is neither PEM nor base64"
	}
}

func looksLikePath(text string) bool {
	const longest = 300
	if len(text) > longest || strings.ContainsAny(text, "\r\n") {
		return false
	}
	if strings.ContainsAny(text, `/\`) {
		return true
	}
	switch strings.ToLower(path.Ext(text)) {
	case ".pem", ".key", ".pub", ".der", ".crt", ".cer", ".p8", ".p12", ".pfx", ".txt":
		return true
	}
	return false
}

// encryptedKey is the EncryptedPrivateKeyInfo of PKCS #8.
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// parseDER returns the object that the bytes encode, or nil. The content decides and
// not the label of the PEM block, because a PKIX key labeled "RSA PUBLIC KEY" is a
// frequent mistake and unambiguous.
func parseDER(der []byte) any {
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	if certificate, err := x509.ParseCertificate(der); err == nil {
		return certificate
	}
	if request, err := x509.ParseCertificateRequest(der); err == nil {
		return request
	}
	var encrypted encryptedKey
	if rest, err := asn1.Unmarshal(der, &encrypted); err == nil && len(rest) == 0 {
		return encrypted
	}
	return nil
}

func kindOf(parsed any) string {
	switch parsed.(type) {
	case *rsa.PublicKey:
		return "an RSA public key"
	case *rsa.PrivateKey:
		return "an RSA private key"
	case *ecdsa.PublicKey:
		return "an EC public key"
	case *ecdsa.PrivateKey:
		return "an EC private key"
	case ed25519.PublicKey:
		return "an Ed25519 public key"
	case ed25519.PrivateKey:
		return "an Ed25519 private key"
	case *x509.Certificate:
		return "a certificate"
	case *x509.CertificateRequest:
		return "a certificate request"
	case encryptedKey:
		return "an encrypted private key: decrypt it first (openssl pkey)"
	default:
		return fmt.Sprintf("a key of type %T", parsed)
	}
}
