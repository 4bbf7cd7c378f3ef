package pingpp

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/sign"
)

// printf %s '/v1/charges/ch_WrHW58Ki5unLCSuf54OuHKCS1466149851' |
// openssl dgst -sha256 -sign testdata/test_only_private.pem | base64 -w0
const getSignature = "UK2Atz3utm9PCk3bDoLZwnyqw5B7fvEW2qF1D/zZU7037WJ3y9jt9iGWPJTVqofiioMQgysDrlDqvmm6CdTL0r2NpTmOHn9kMZCz6/e8R0Etu2P/0bPpzavjuTh7IfFoJPuKxWkmqez/jJWRl3FX6K5bpYvbps9m8LZpDzgarf0yk9qQL10d3nISnWQ1zBQnghLFFd34Q7QdEXj3Z/na3NpjXqUh/6v1PUmiPQq/4HVv4cVAAtG6zHplDTc9+v+OhM+zKNUUL3a9jgDMTVwGq0Dn9kUyrALjaqpROcIiZNwmP6F1csiqKlXj1JMY07NFlbvndYGjnDK+jROo+H6OAg=="

// printf %s '{"a":1}/v1/charges?b=21466149851' |
// openssl dgst -sha256 -sign testdata/test_only_private.pem | base64 -w0
const postSignature = "XdMe/Mhvk4wk6zKdTt7Tug25ddJqVHzGQgq8v+l77XdqAm6CPfEev6AhThkHCEz4iYE/JTsC3ihWfofAg7Hhy4+n8Wmli0xTm/jtCjavMJY1CrqSjpaUjcefs2DY9SqOBQrwzwuPswdYYyf5bkZ+fO9SEHRle0Eq/TJ3MQunmW/ujfeX+suCOTKIQDuMYofeLTvsSB9KFDIFNy4PqRwox4rsYIJl04zhuawQPe0atm3dIPR1RlhIOvG5FhBAg99LWE4lTb/8BTRA3P7gRSdUq1XcyzEP45Ts4sQuyIOcOGFQ7SYWZFx7frkoxiqxYnS9ay3SE3/s0y2o1l0Djco7LQ=="

// Inside the package: outside of it the time cannot be set.
func TestRequestSignatureMatchesOpenssl(t *testing.T) {
	t.Parallel()
	text := samples.Printed(t, "test_only_private.pem")
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	at := time.Unix(1466149851, 999)
	for name, config := range map[string]Config{
		"PrivateKey": {APIKey: sign.NewSecret("sk_live_example"), PrivateKey: sign.NewSecret(text)},
		"Signer":     {APIKey: sign.NewSecret("sk_live_example"), Signer: struct{ crypto.Signer }{key.(crypto.Signer)}},
	} {
		client, err := New(config)
		require.NoError(t, err, name)
		for _, test := range []struct{ body, uri, signature string }{
			{"", "/v1/charges/ch_WrHW58Ki5unLCSuf54OuHKCS", getSignature},
			{`{"a":1}`, "/v1/charges?b=2", postSignature},
		} {
			header, err := client.signRequest(test.body, test.uri, at)
			require.NoError(t, err, name)
			assert.Equal(t, map[string]string{
				"Pingplusplus-Request-Timestamp": "1466149851",
				"Pingplusplus-Signature":         test.signature,
			}, header, name)
		}
	}
}
