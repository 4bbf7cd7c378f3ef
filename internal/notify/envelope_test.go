package notify_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/notify"
)

var enveloped = url.Values{
	"order_no": {"A1"}, "param": {"\xc4\xe3\xba\xc3"}, "empty": {""}, "none": {}, "": {"no name"}, "nul": {"a\x00b"}, "two": {"1", "2"},
}

func TestValuesSurviveAnEnvelope(t *testing.T) {
	t.Parallel()
	data, err := notify.MarshalValues("ispay", enveloped)
	require.NoError(t, err)
	got, err := notify.RestoreValues("ispay", data)
	require.NoError(t, err)
	assert.Equal(t, enveloped, got)
	again, err := notify.MarshalValues("ispay", got)
	require.NoError(t, err)
	assert.Equal(t, data, again, "the order of the fields is fixed")
}

func TestBodySurvivesAnEnvelope(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"{}", " {\"a\":\"\xff\x00\"}\r\n", strings.Repeat("a", notify.MaxBody)} {
		data, err := notify.MarshalBody("pingpp", []byte(body), "c2lnbmF0dXJl")
		require.NoError(t, err)
		got, signature, err := notify.RestoreBody("pingpp", data)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		assert.Equal(t, "c2lnbmF0dXJl", signature)
		clear(data)
		assert.Equal(t, body, string(got), "a copy, because a queue may use its buffer again")
	}
}

// The form of version 1 is fixed: envelopes of an earlier release are still in the queue.
// The checksum is from
//
//	printf 'paygates\0\1\5ispay\10order_no\1\2A1\4sign\1\2ab' | gzip -c | tail -c8 | head -c4 | xxd -p
//
// with its bytes reversed.
func TestTheFormOfAnEnvelope(t *testing.T) {
	t.Parallel()
	data, err := notify.MarshalValues("ispay", url.Values{"order_no": {"A1"}, "sign": {"ab"}})
	require.NoError(t, err)
	assert.Equal(t, "paygates\x00\x01\x05ispay\x08order_no\x01\x02A1\x04sign\x01\x02ab", string(data[:len(data)-4]))
	assert.Equal(t, "4b3c5d5f", hex.EncodeToString(data[len(data)-4:]))
}

// A body and its signature are two texts without names. The checksums are of
//
//	printf 'paygates\0\1\6pingpp\2{}\4c2ln'
//	printf 'paygates\0\1\13kechengcang\2{}\0'
func TestTheFormOfAnEnvelopeOfABody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ gateway, signature, form, checksum string }{
		{"pingpp", "c2ln", "paygates\x00\x01\x06pingpp\x02{}\x04c2ln", "80ea4be0"},
		{"kechengcang", "", "paygates\x00\x01\x0bkechengcang\x02{}\x00", "d549b553"},
	} {
		data, err := notify.MarshalBody(test.gateway, []byte("{}"), test.signature)
		require.NoError(t, err)
		assert.Equal(t, test.form, string(data[:len(data)-4]))
		assert.Equal(t, test.checksum, hex.EncodeToString(data[len(data)-4:]))
		checksum, err := hex.DecodeString(test.checksum)
		require.NoError(t, err)
		body, signature, err := notify.RestoreBody(test.gateway, append([]byte(test.form), checksum...))
		require.NoError(t, err)
		assert.Equal(t, "{}", string(body))
		assert.Equal(t, test.signature, signature)
	}
}

func TestEnvelopesThatAreRejected(t *testing.T) {
	t.Parallel()
	good, err := notify.MarshalValues("ispay", enveloped)
	require.NoError(t, err)
	tests := map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "envelope is not one of MarshalBinary"},
		"JSON":            {[]byte(`{"OrderNo":"A1"}`), "envelope is not one of MarshalBinary"},
		"a later version": {append([]byte("paygates\x00\x02"), good[10:]...), "envelope has version 2: this release reads version 1"},
		"magic alone":     {good[:9], "envelope is truncated or was changed"},
		"cut":             {good[:len(good)-1], "envelope is truncated or was changed"},
		"longer":          {append(bytes.Clone(good), 0), "envelope is truncated or was changed"},
		"twice":           {append(bytes.Clone(good), good...), "envelope is truncated or was changed"},
		"far too long":    {append(bytes.Clone(good), make([]byte, 2*notify.MaxBody)...), "envelope is longer than 1114112 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := notify.RestoreValues("ispay", test.data)
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, values)
			_, _, err = notify.RestoreBody("ispay", test.data)
			assert.ErrorIs(t, err, paygates.ErrInvalidNotification)
		})
	}
	_, err = notify.RestoreValues("gatepay", good)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	assert.ErrorContains(t, err, `envelope is of gateway "ispay"`)
	_, _, err = notify.RestoreBody("ispay", good)
	assert.ErrorContains(t, err, "envelope is truncated or was changed", "it holds no body")
}

func TestThereMustBeSomethingToMarshal(t *testing.T) {
	t.Parallel()
	_, err := notify.MarshalValues("ispay", nil)
	require.ErrorContains(t, err, "nothing to marshal")
	_, err = notify.MarshalBody("pingpp", nil, "c2ln")
	require.ErrorContains(t, err, "nothing to marshal")
	_, err = notify.MarshalBody("pingpp", make([]byte, 2*notify.MaxBody), "c2ln")
	require.ErrorContains(t, err, "longer than 1114112 bytes")
}

// The longest notification that is accepted fits.
func TestTheLongestNotificationFitsIntoAnEnvelope(t *testing.T) {
	t.Parallel()
	values := url.Values{}
	for i := range notify.MaxFields {
		values[string(rune('A'+i/16))+string(rune('a'+i%16))] = []string{strings.Repeat("x", notify.MaxBody/notify.MaxFields-4)}
	}
	_, err := notify.Single(values)
	require.NoError(t, err)
	data, err := notify.MarshalValues("kechengcang", values)
	require.NoError(t, err)
	got, err := notify.RestoreValues("kechengcang", data)
	require.NoError(t, err)
	assert.Equal(t, values, got)
}

func FuzzRestore(f *testing.F) {
	good, err := notify.MarshalValues("ispay", enveloped)
	require.NoError(f, err)
	body, err := notify.MarshalBody("ispay", []byte("{}"), "c2ln")
	require.NoError(f, err)
	f.Add(good[:len(good)-4])
	f.Add(body[:len(body)-4])
	f.Add([]byte("paygates\x00\x01\x05ispay\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = binary.BigEndian.AppendUint32(bytes.Clone(data), crc32.ChecksumIEEE(data))
		if values, err := notify.RestoreValues("ispay", data); err == nil && len(values) > 0 {
			again, err := notify.MarshalValues("ispay", values)
			require.NoError(t, err)
			got, err := notify.RestoreValues("ispay", again)
			require.NoError(t, err)
			require.Equal(t, values, got)
		} else if err != nil {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
		}
		if body, signature, err := notify.RestoreBody("ispay", data); err == nil && len(body) > 0 {
			again, err := notify.MarshalBody("ispay", body, signature)
			require.NoError(t, err)
			gotBody, gotSignature, err := notify.RestoreBody("ispay", again)
			require.NoError(t, err)
			require.Equal(t, body, gotBody)
			require.Equal(t, signature, gotSignature)
		}
	})
}
