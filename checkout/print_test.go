package checkout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// No type shows payer data, a pay link or a URL of the merchant's.
func TestNoTypeShowsWhatItHolds(t *testing.T) {
	t.Parallel()
	const private = "zqMARKERqz"
	instructions := Instructions{
		PayPageURL: private, QRText: private, QRImageURL: private, Address: private, AppData: paygates.NewPrivate(json.RawMessage(`"` + private + `"`)),
	}
	order := Order{No: "A1", Subject: private, PayerIP: private, ReturnURL: private}
	attempt := Attempt{No: "A1", Instructions: instructions}
	for _, pointer := range []any{
		&order, &attempt, &instructions,
		&Created{Instructions: instructions}, &QueryResult{Instructions: instructions}, &OrderState{Attempts: []Attempt{attempt}},
		&CreateRequest{AttemptNo: "A1", Subject: private, PayerIP: paygates.NewPrivate(private), NotifyURL: private, ReturnURL: private},
		&Pending{service: &Service{}, order: order, stored: &storedAttempt{attempt: attempt}},
	} {
		value := reflect.ValueOf(pointer).Elem().Interface()
		for _, v := range []any{pointer, &struct{ Value any }{value}, value, []any{value}, map[string]any{"a": value}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				text := fmt.Sprintf(verb, v)
				assert.NotContains(t, text, private, "%T %s", v, verb)
				assert.NotContains(t, text, fmt.Sprintf("%x", private), "%T %s", v, verb)
			}
			var lines bytes.Buffer
			slog.New(slog.NewTextHandler(&lines, nil)).Info("m", "v", v)
			if reflect.TypeOf(v) == reflect.TypeOf(pointer) { // JSON of what is around it holds its plain fields
				slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "v", pointer, "value", value)
			}
			assert.NotContains(t, lines.String(), private, "%T", v)
		}
	}
}
