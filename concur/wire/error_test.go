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
		"a web page":                 {"<!DOCTYPE html><html><Message>no</Message></html>", "", ""},
		"plain text":                 {"upstream failed", "", ""},
		"nothing":                    {"", "", ""},
		"invalid UTF-8":              {"<Error><Message>\xff</Message></Error>", "", ""},
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
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message := wire.DecodeError(body)
		for _, text := range []string{code, message} {
			require.True(t, utf8.ValidString(text))
			require.LessOrEqual(t, utf8.RuneCountInString(text), 300)
			require.NotContains(t, text, "\n")
		}
	})
}
