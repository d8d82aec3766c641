package wire_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
)

func TestDecodeError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, code, message string }{
		"the documented XML":         {"<Error><Message>The item\n is locked.</Message><Server-Time>2026-01-01T00:00:00</Server-Time><Id>ABC-1</Id></Error>", "ABC-1", "The item is locked."},
		"XML in a namespace, deeper": {`<r:Reply xmlns:r="u"><StatusCode>400</StatusCode><Content><Error><Message>no</Message><Id>7</Id></Error></Content></r:Reply>`, "7", "no"},
		"the token endpoint's JSON":  {`{"error":"invalid_grant","error_description":"bad token","code":108}`, "108", "bad token"},
		"JSON with the code as text": {`{"code":"16","error":"invalid_request"}`, "16", "invalid_request"},
		"JSON with only a word":      {`{"error":"invalid_client"}`, "invalid_client", "invalid_client"},
		"JSON of a newer interface":  {`{"errorId":"E1","errorMessage":"not found"}`, "E1", "not found"},
		"JSON with an error object":  {`{"error":{"code":"x"},"message":"m"}`, "", "m"},
		"the documented XML as JSON": {`{"Error":{"Message":"The item is locked.","Server-Time":"2026-01-01T00:00:00","Id":"ABC-1"}}`, "ABC-1", "The item is locked."},
		"and in its Content":         {`{"StatusCode":400,"Content":{"Error":{"Message":"no","Id":"7"}}}`, "7", "no"},
		"Expense v4":                 {`{"timestamp":"t","httpStatus":"400 Bad Request","errorMessage":"Validation failed","errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"source":"workflow","message":"Not valid for the step","id":"error.workflow.invalid_action"}],"path":"/reports/secret"}`, "error.workflow.invalid_action", "Validation failed | Not valid for the step"},
		"Expense v4, its own ID":     {`{"errorMessage":"m","errorId":"reports.notFound","validationErrors":[{"id":"x.y"}]}`, "reports.notFound", "m"},
		"Expense v4, a mere ID":      {`{"errorMessage":"m","errorId":"63B7FBD9AE080840ABDB62B0B9160081","validationErrors":null}`, "63B7FBD9AE080840ABDB62B0B9160081", "m"},
		"Expense v4, many errors":    {`{"errorMessage":"","validationErrors":[{"id":"a","message":"one"},{"id":"b","message":"two"},{"id":"c"},{"id":"d","message":"four"}]}`, "a", "one | two"},
		"Request v4":                 {`{"errors":[{"errorCode":"NO_APPROVER","errorMessage":"No approver was found."}]}`, "NO_APPROVER", "No approver was found."},
		"Request v4, a bare list":    {`[{"errorCode":"timeOut","errorMessage":"timeout\nhas occurred"}]`, "timeOut", "timeout has occurred"},
		"Request v4 without a code":  {`{"errors":[{"errorMessage":"Limit must be less than or equal to 100"}]}`, "", "Limit must be less than or equal to 100"},
		"errors that are texts":      {`{"errors":["one","two"]}`, "", "one | two"},
		"SCIM":                       {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidFilter","detail":"bad filter"}`, "invalidFilter", "bad filter"},
		"SCIM without a type":        {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403","scimType":null,"detail":"Missing scope"}`, "", "Missing scope"},
		"SCIM, Concur's part":        {`{"status":"400","detail":"d","urn:ietf:params:scim:api:messages:concur:2.0:Error":{"messages":[{"code":"ATTRIBUTE_REQUIRED","message":"m"}]}}`, "ATTRIBUTE_REQUIRED", "d | m"},
		"names in another case":      {`{"ErrorMessage":"m","ErrorId":"E.x"}`, "E.x", "m"},
		"fields of other types":      {`{"errors":{"x":1},"validationErrors":"no","errorId":["x"],"errorMessage":{"m":1},"code":[]}`, "", ""},
		"a web page":                 {"<!DOCTYPE html><html><Message>no</Message></html>", "", ""},
		"plain text":                 {"upstream failed", "", ""},
		"nothing":                    {"", "", ""},
		"invalid UTF-8":              {"<Error><Message>\xff</Message></Error>", "", "\uFFFD"},
		"a forbidden character":      {"<Error><Message>no&#xB;way</Message><Id>&#0;7</Id></Error>", "\uFFFD7", "no\uFFFDway"},
		"the same in JSON":           {"{\"code\":\"x\",\"message\":\"no\\u000bway\x01\"}", "x", "no\uFFFDway\uFFFD"},
		"UTF-16":                     {utf16(t, "<Error><Message>é</Message><Id>7</Id></Error>"), "7", "é"},
		"a cut document":             {"<Error><Message>half</Message><Id>", "", "half"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, message := wire.DecodeError([]byte(test.body))
			require.Equal(t, test.code, code)
			require.Equal(t, test.message, message)
		})
	}
	t.Run("a long message is cut", func(t *testing.T) {
		t.Parallel()
		_, message := wire.DecodeError([]byte("<Error><Message>" + strings.Repeat("é", 500) + "</Message></Error>"))
		require.Equal(t, strings.Repeat("é", 300), message)
	})
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "b", "63b7fbd9-ae08-0840-abdb-62b0b9160081"}, wire.ErrorCodes([]byte(
		`{"errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"id":" a "},{"id":"b"},{"id":""}]}`)))
	require.Equal(t, []string{"7"}, wire.ErrorCodes([]byte("<Error><Message>no</Message><Id>7</Id></Error>")))
	require.Empty(t, wire.ErrorCodes([]byte("none")))
	long := wire.ErrorCodes([]byte(`{"errors":[{"errorCode":"` + strings.Repeat("x ", 500) + `"}]}`))
	require.Len(t, long, 1)
	require.LessOrEqual(t, len(long[0]), 64)
	require.LessOrEqual(t, len(wire.ErrorCodes([]byte("["+strings.Repeat(`{"errorCode":"x"},`, 5000)+`{"errorCode":"y"}]`))), 200)
}

func TestIsHTML(t *testing.T) {
	t.Parallel()
	for _, page := range []string{
		"<html>", "<HTML lang=en>", "<!DOCTYPE html>", "\uFEFF \n<!doctype HTML PUBLIC>", "<!-- gateway --><html>",
		`<?xml version="1.0"?><!DOCTYPE html>`,
	} {
		require.True(t, wire.IsHTML([]byte(page)), page)
	}
	for _, other := range []string{"", "<", "<?xml", "<!--", "<ReportDetails/>", "text <html>", "[]"} {
		require.False(t, wire.IsHTML([]byte(other)), other)
	}
}

func FuzzDecodeError(f *testing.F) {
	f.Add([]byte(`{"error":"invalid_grant","error_description":"bad token","code":108}`))
	f.Add([]byte("<Error><Message>m</Message><Id>1</Id></Error>"))
	f.Add([]byte("<!-- -->"))
	f.Add([]byte("<?>"))
	f.Add([]byte(`{"errors":[{"errorCode":"NO_APPROVER","errorMessage":"m"}],"validationErrors":[{"id":"a","message":"b"}],"errorId":"c"}`))
	f.Add([]byte(`[{"errorCode":"a"},null,"b"]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message := wire.DecodeError(body)
		for _, text := range []string{code, message} {
			require.True(t, utf8.ValidString(text))
			require.LessOrEqual(t, utf8.RuneCountInString(text), 300)
			require.NotContains(t, text, "\n")
		}
	})
}
