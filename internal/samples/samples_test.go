package samples

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStrict(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"strict already", `{"a": [1, 2], "b": {}}`, `{"a": [1, 2], "b": {}}`},
		{"comment", "{\"a\": 1 // one, }\n}", "{\"a\": 1 \n}"},
		{"comment at the end", `{} // "a`, `{} `},
		{"trailing comma of an object", `{"a": 1,}`, `{"a": 1}`},
		{"trailing comma of an array", "[1, 2 ,\n\t]", "[1, 2 \n\t]"},
		{"nested trailing commas", `{"a": [1,],}`, `{"a": [1]}`},
		{"trailing comma before a comment", "[1, // one\n]", "[1 \n]"},
		{"URL in a string", `{"a": "https://example.com/,}"}`, `{"a": "https://example.com/,}"}`},
		{"quote in a string", `{"a": "\"//,]", "b": "\\"} // "`, `{"a": "\"//,]", "b": "\\"} `},
		{"one slash", `1 / 2`, `1 / 2`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, strict(test.text))
		})
	}
}
