package gateway

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func value(fields []Field, name string) string {
	for _, field := range fields {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

func replace(fields []Field, name, value string) []Field {
	fields = slices.Clone(fields)
	for i := range fields {
		if fields[i].Name == name {
			fields[i].Value = value
		}
	}
	return fields
}

// raised returns an amount plus 900.00, as a tampered notification claims it.
func raised(amount string) (string, error) {
	parsed, err := money.Parse(amount)
	if err != nil {
		return "", fmt.Errorf("%w: amount %q: %w", paygates.ErrInvalidRequest, amount, err)
	}
	return (parsed + 900_00).String(), nil
}

// withSignature returns the values of a notification. A signature that the user set
// stays.
func withSignature(fields []Field, signature string) url.Values {
	values := url.Values{sign.FieldName: {signature}}
	for _, field := range fields {
		values.Set(field.Name, field.Value)
	}
	return values
}

// named returns the named values in this order. first is used in place of the first
// value if that is missing.
func named(values url.Values, first string, names ...string) []sign.Field {
	fields := make([]sign.Field, len(names))
	for i, name := range names {
		fields[i] = sign.Field{Name: name, Value: values.Get(name)}
		if i == 0 && fields[i].Value == "" {
			fields[i].Value = first
		}
	}
	return fields
}

// others returns the values that are not among the names.
func others(values url.Values, names ...string) []sign.Field {
	return notify.Fields(values, append(slices.Clone(names), sign.FieldName)...)
}

func texts(fields []sign.Field) []string {
	all := make([]string, len(fields))
	for i, field := range fields {
		all[i] = field.Value
	}
	return all
}

// credentials are the operations that need the merchant's credentials.
func credentials() []string {
	return []string{OpCreate, OpQuery, OpWait, OpListen, OpTrigger, OpVerify, OpSign, OpDoctor}
}

// previousSecrets returns the variable with the secrets that also verify notifications.
func previousSecrets(prefix string) Variable {
	return Variable{Name: prefix + "_PREVIOUS_SECRETS", Help: "old secrets, separated by blanks: also verify notifications", Secret: true}
}

// settings returns the variables that every gateway has.
func settings(prefix string) []Variable {
	return []Variable{
		{Name: prefix + "_ALLOW_PLAIN_HTTP", Help: "1 allows http to any host", Switch: true},
		{Name: prefix + "_NOTIFY_URL", Help: "your notify URL: default of create, checked by doctor"},
	}
}
