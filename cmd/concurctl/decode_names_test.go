package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fieldName is the name of a field in JSON.
var fieldName = regexp.MustCompile(`"[A-Za-z0-9_]+":`)

func TestDecodeKnowsAPayloadByItsNamesInAnyCase(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a travel request":          `{"id":"9A0F","requestId":"3AT7","approvalStatus":{"code":"SUBMITTED"},"owner":{"id":"u"}}`,
		"a list of travel requests": `{"data":[{"id":"9A0F","approvalStatus":{"code":"SUBMITTED"}}]}`,
		"an expected expense":       `{"id":"E1","transactionAmount":{"value":1,"currency":"USD"}}`,
		"held exceptions":           `[{"exceptionCode":"LATE","isBlocking":true,"expenseId":"E1"}]`,
		"users":                     `{"totalResults":1,"Resources":[{"id":"u","userName":"l"}]}`,
		"a list item":               `{"id":"i1","shortCode":"B","value":"Name"}`,
		"a list of reports":         `{"Items":[{"ID":"R1","ApprovalStatusCode":"A_EXTV"}],"NextPage":null}`,
		"an entry":                  `{"ID":"E1","ExpenseTypeCode":"TAXIX","TransactionAmount":1.5}`,
		"an error":                  `{"Error":{"Message":"no"}}`,
		"a token":                   `{"access_token":"abc","expires_in":3600}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := decodeText(t, text)
			for _, change := range []func(string) string{strings.ToLower, strings.ToUpper} {
				got := decodeText(t, fieldName.ReplaceAllStringFunc(text, change))
				require.Equal(t, want.Payload, got.Payload)
				require.Equal(t, want.About, got.About)
			}
		})
	}
}
