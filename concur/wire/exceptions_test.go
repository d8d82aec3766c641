package wire_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestEncodeExceptions(t *testing.T) {
	t.Parallel()
	body := wire.EncodeExceptions([]expense.Exception{
		{ObjectType: expense.OnReport, Code: "LATE"},
		{ObjectType: expense.OnEntry, ObjectID: "nEntry$p<&", Code: "NORECPT", Rule: "receipt"},
		{ObjectType: expense.OnAllocation, ObjectID: "nAlloc", Code: "MISSING"},
	})
	require.Equal(t, `<Exceptions xmlns="http://www.concursolutions.com/api/expense/expensereport/2011/03">`+
		`<Exception><Index>1</Index><ObjectType>Report</ObjectType><ExceptionCode>LATE</ExceptionCode></Exception>`+
		`<Exception><Index>2</Index><ObjectType>Entry</ObjectType><ObjectId>nEntry$p&lt;&amp;</ObjectId><ExceptionCode>NORECPT</ExceptionCode></Exception>`+
		`<Exception><Index>3</Index><ObjectType>Allocation</ObjectType><ObjectId>nAlloc</ObjectId><ExceptionCode>MISSING</ExceptionCode></Exception>`+
		`</Exceptions>`, string(body))
}

func TestDecodeExceptionResult(t *testing.T) {
	t.Parallel()
	counts := func(succeeded, failed int, inner string) string {
		return fmt.Sprintf("<exception-result><exceptions-succeeded>%d</exceptions-succeeded><exceptions-failed>%d</exceptions-failed>%s</exception-result>", succeeded, failed, inner)
	}
	refusal := func(index int, message string) string {
		return fmt.Sprintf("<errors><error><Index>%d</Index><message>%s</message></error></errors>", index, message)
	}
	success := func(index int) string {
		return fmt.Sprintf("<ExceptionDetails><ExceptionInfo><Index>%d</Index><Status>Success</Status></ExceptionInfo></ExceptionDetails>", index)
	}
	ok := wire.ItemResult{OK: true}
	no := func(message string) wire.ItemResult { return wire.ItemResult{Message: message} }

	for name, test := range map[string]struct {
		body string
		n    int
		want []wire.ItemResult
	}{
		"the documented partial success":     {string(payload(t, "exception_result.xml")), 3, []wire.ItemResult{ok, no("The code is not configured"), ok}},
		"counts alone prove success":         {counts(2, 0, ""), 2, []wire.ItemResult{ok, ok}},
		"counts alone prove failure":         {counts(0, 2, ""), 2, []wire.ItemResult{no(""), no("")}},
		"counts prove those without a word":  {counts(2, 1, refusal(2, "bad")), 3, []wire.ItemResult{ok, no("bad"), ok}},
		"words without counts":               {"<exception-result>" + success(1) + refusal(2, "bad") + "</exception-result>", 2, []wire.ItemResult{ok, no("bad")}},
		"another casing and a namespace":     {strings.ToUpper(`<x:exception-result xmlns:x="u">`) + strings.ToUpper("<errors><error><Index>1</Index><message>bad</message></error></errors>") + strings.ToUpper("</x:exception-result>"), 1, []wire.ItemResult{no("BAD")}},
		"a status that is no success":        {counts(0, 1, strings.Replace(success(1), "Success", "Failure", 1)), 1, []wire.ItemResult{no("Failure")}},
		"the error's word beats the status":  {counts(0, 1, strings.Replace(success(1), "Success", "Failure", 1)+refusal(1, "bad")), 1, []wire.ItemResult{no("bad")}},
		"empty lists":                        {counts(1, 0, "<errors/><ExceptionDetails><ExceptionInfo/></ExceptionDetails>"), 1, []wire.ItemResult{ok}},
		"a long message is one bounded line": {counts(0, 1, refusal(1, strings.Repeat("ä\n", 400))), 1, []wire.ItemResult{no(strings.TrimSpace(strings.Repeat("ä ", 150)))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items, err := wire.DecodeExceptionResult([]byte(test.body), test.n)
			require.NoError(t, err)
			require.Equal(t, test.want, items)
		})
	}

	for name, test := range map[string]struct {
		body string
		n    int
	}{
		"another root":                      {"<ActionStatus/>", 1},
		"an index beyond the last":          {counts(1, 1, refusal(3, "bad")), 2},
		"an index of zero":                  {counts(1, 1, refusal(0, "bad")), 2},
		"no index":                          {counts(1, 1, "<errors><error><message>bad</message></error></errors>"), 2},
		"success and failure of one":        {counts(1, 1, success(1)+refusal(1, "bad")), 2},
		"counts that are too small":         {counts(1, 0, ""), 2},
		"counts that are too large":         {counts(3, 0, ""), 2},
		"counts against words":              {counts(2, 0, success(1)+refusal(2, "bad")), 2},
		"no counts and no words":            {"<exception-result/>", 1},
		"a count that is none":              {"<exception-result><exceptions-failed>some</exceptions-failed></exception-result>", 1},
		"an early end":                      {"<exception-result>", 1},
		"one without a word, counts silent": {"<exception-result>" + success(1) + "</exception-result>", 2},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.DecodeExceptionResult([]byte(test.body), test.n)
			require.Error(t, err)
		})
	}
}

func FuzzDecodeExceptionResult(f *testing.F) {
	f.Add(payload(f, "exception_result.xml"), uint8(3))
	f.Add([]byte("<exception-result><exceptions-succeeded>2</exceptions-succeeded><exceptions-failed>0</exceptions-failed></exception-result>"), uint8(2))
	f.Fuzz(func(t *testing.T, body []byte, n uint8) {
		items, err := wire.DecodeExceptionResult(body, int(n))
		if err == nil {
			require.Len(t, items, int(n))
		}
	})
}

func FuzzEncodeExceptions(f *testing.F) {
	f.Add("nEntry$p", "NODATE")
	f.Add("\x00<&>\"'\xff", "]]>")
	f.Fuzz(func(t *testing.T, id, code string) {
		body := wire.EncodeExceptions([]expense.Exception{{ObjectType: expense.OnEntry, ObjectID: id, Code: code}})
		var any struct{}
		require.NoError(t, xml.Unmarshal(body, &any))
	})
}
