package decode

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
		"a travel request": `{"id":"9A0F","requestId":"3AT7","approvalStatus":{"code":"SUBMITTED"},"owner":{"id":"u"}}`,
		"an entry":         `{"ID":"E1","ReportID":"R1","ExpenseTypeCode":"TAXIX","TransactionAmount":1.5}`,
		"an error":         `{"Error":{"Message":"no"}}`,
		"a token":          `{"access_token":"abc","expires_in":3600}`,
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

func TestDecodeTakesNothingElseForAReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a quick expense":        {`{"Items":[{"ID":"gQ","ExpenseTypeCode":"DINNR","CurrencyCode":"USD","TransactionAmount":17.5,"OwnerLoginID":"secret"}]}`, "none of Concur's that the connector reads"},
		"items of a list of v3":  {`{"Items":[{"ID":"secret","ListID":"L","Name":"secret","Level1Code":"IT"}]}`, "none of Concur's that the connector reads"},
		"users of v3":            {`{"Items":[{"LoginID":"secret"}]}`, "none of Concur's that the connector reads"},
		"a travel request of v3": {`{"RequestID":"3AT7","ApprovalStatusCode":"Q_APPR","LoginID":"secret","TotalPostedAmount":1}`, "none of Concur's that the connector reads"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Run(t, c.text, "decode", "-")
			require.Equal(t, 1, ended.Code)
			require.Contains(t, ended.Errs, c.says)
			require.NotContains(t, ended.Errs, "secret")
		})
	}
	t.Run("though it may lack most of its fields", func(t *testing.T) {
		t.Parallel()
		got := decodeText(t, `[{"expenseId":"E1","transactionDate":"2026-03-03"}]`)
		require.Equal(t, "expenses", got.Payload)
		require.JSONEq(t, `[{"id":"E1","date":"2026-03-03"}]`, string(got.View))
	})
}

func TestDecodeTellsErrorsFromOneAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, payload, view string }{
		"of the token endpoint": {`{"error":"invalid_grant","error_description":"gone","code":108}`, "token error", `{"code":"108","error":"invalid_grant","message":"gone"}`},
		"of a server":           {`{"timestamp":"2026-03-03T09:00:00Z","status":404,"error":"Not Found","message":"none","path":"/secret"}`, "error", `{"code":"Not Found","message":"none"}`},
		"of a gateway":          {`{"Message":"none"}`, "message", `{"message":"none"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decodeText(t, c.text)
			require.Equal(t, c.payload, got.Payload)
			require.JSONEq(t, c.view, string(got.View))
		})
	}
}
