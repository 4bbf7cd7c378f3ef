package notify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
)

// An envelope holds a notification as it arrived: magic, version, gateway, texts, and the
// CRC-32 of all before it. Each text has its length before it, as a uvarint. The checksum
// finds damage, not forgery: the notification in it is verified again.
const (
	magic           = "paygates\x00"
	envelopeVersion = 1
	checksumLength  = crc32.Size
	// maxEnvelope is more than the longest notification needs.
	maxEnvelope = MaxBody + 64<<10
)

var errNothing = errors.New("nothing to marshal: expected a notification that VerifyNotification returned")

// MarshalValues returns an envelope with the values of a gateway's notification. The
// error is paygates.ErrInvalidNotification if there are none.
func MarshalValues(gateway string, values url.Values) ([]byte, error) {
	if len(values) == 0 {
		return nil, notMarshaled(gateway, errNothing)
	}
	data := begin(gateway, 512)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		data = appendText(data, name)
		data = binary.AppendUvarint(data, uint64(len(values[name])))
		for _, value := range values[name] {
			data = appendText(data, value)
		}
	}
	return end(gateway, data)
}

// RestoreValues returns the values in an envelope of MarshalValues. They are not verified.
func RestoreValues(gateway string, data []byte) (url.Values, error) {
	r, err := open(gateway, data)
	if err != nil {
		return nil, notRestored(gateway, err)
	}
	values := url.Values{}
	for len(r.rest) > 0 && !r.broken {
		name, count := r.text(), r.number()
		if _, ok := values[name]; ok || count > uint64(len(r.rest)) { // a value has a byte at least
			return nil, notRestored(gateway, errDamaged)
		}
		all := make([]string, 0, count)
		for range count {
			all = append(all, r.text())
		}
		values[name] = all
	}
	if r.broken {
		return nil, notRestored(gateway, errDamaged)
	}
	return values, nil
}

// MarshalBody returns an envelope with the body and the signature of a gateway's
// notification.
func MarshalBody(gateway string, body []byte, signature string) ([]byte, error) {
	if len(body) == 0 {
		return nil, notMarshaled(gateway, errNothing)
	}
	data := begin(gateway, len(body)+len(signature)+64)
	return end(gateway, appendText(appendText(data, string(body)), signature))
}

// RestoreBody returns a copy of the body and the signature in an envelope of MarshalBody.
// They are not verified.
func RestoreBody(gateway string, data []byte) (body []byte, signature string, err error) {
	r, err := open(gateway, data)
	if err != nil {
		return nil, "", notRestored(gateway, err)
	}
	body, signature = []byte(r.text()), r.text()
	if r.broken || len(r.rest) > 0 {
		return nil, "", notRestored(gateway, errDamaged)
	}
	return body, signature, nil
}

func begin(gateway string, size int) []byte {
	data := append(make([]byte, 0, size), magic...)
	return appendText(append(data, envelopeVersion), gateway)
}

func end(gateway string, data []byte) ([]byte, error) {
	if len(data)+checksumLength > maxEnvelope {
		return nil, notMarshaled(gateway, fmt.Errorf("longer than %d bytes", maxEnvelope))
	}
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(data)), nil
}

func appendText(data []byte, text string) []byte {
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

func notMarshaled(gateway string, err error) error {
	return fmt.Errorf("%s: marshal notification: %w: %w", gateway, paygates.ErrInvalidNotification, err)
}

func notRestored(gateway string, err error) error {
	return fmt.Errorf("%s: restore notification: %w", gateway, err)
}

var errDamaged = rejectEnvelope("is truncated or was changed")

func rejectEnvelope(problem string) error { return reject(http.StatusBadRequest, "envelope "+problem) }

// open checks everything of an envelope but its texts, which it returns.
func open(gateway string, data []byte) (*reader, error) {
	rest, ok := strings.CutPrefix(string(data[:min(len(data), maxEnvelope)]), magic)
	switch {
	case len(data) > maxEnvelope:
		return nil, rejectEnvelope(fmt.Sprintf("is longer than %d bytes", maxEnvelope))
	case !ok:
		return nil, rejectEnvelope("is not one of MarshalBinary")
	case len(rest) < 1+checksumLength:
		return nil, errDamaged
	case rest[0] != envelopeVersion:
		return nil, rejectEnvelope(fmt.Sprintf("has version %d: this release reads version %d", rest[0], envelopeVersion))
	}
	sum := len(data) - checksumLength
	if binary.BigEndian.Uint32(data[sum:]) != crc32.ChecksumIEEE(data[:sum]) {
		return nil, errDamaged
	}
	r := &reader{rest: rest[1 : len(rest)-checksumLength]}
	of := r.text()
	switch {
	case r.broken:
		return nil, errDamaged
	case of != gateway:
		return nil, rejectEnvelope(fmt.Sprintf("is of gateway %q", clip(of)))
	default:
		return r, nil
	}
}

// reader reads texts and numbers until one is broken.
type reader struct {
	rest   string
	broken bool
}

func (r *reader) text() string {
	length := r.number()
	if length > uint64(len(r.rest)) {
		r.broken = true
	}
	if r.broken {
		return ""
	}
	text := r.rest[:length]
	r.rest = r.rest[length:]
	return text
}

func (r *reader) number() uint64 {
	number, n := binary.Uvarint([]byte(r.rest[:min(len(r.rest), binary.MaxVarintLen64)]))
	if n <= 0 {
		r.broken = true
		return 0
	}
	r.rest = r.rest[n:]
	return number
}
