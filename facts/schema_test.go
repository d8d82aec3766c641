package facts_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/facts"
)

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile(filepath.Join("..", "docs", "policy", name))
	require.NoError(t, err)
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(instance)
}

func TestWhatIsSentIsAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	request := schema(t, "fact-request.schema.json")
	c := newCompany(t, nil)
	q := c.about(401)
	q.Wants = []string{"ok"}
	q.Items[0].Values = map[string]any{
		"vendor": "Café", "amount": expense.Money{Amount: decimal.RequireFromString("-10.00000001"), Currency: "USD"},
		"none": expense.Money{}, "date": "2026-05-01", "count": int64(3), "personal": false, "types": []any{"MEALS", "HOTEL"},
	}
	_, err := c.client(t).Ask(t.Context(), q)
	require.NoError(t, err)
	got := c.requests()
	require.Len(t, got, 3)
	for _, r := range got {
		require.NoError(t, valid(t, request, r.body))
	}
	for _, wrong := range []string{
		`{}`, strings.Replace(string(got[2].body), `"fact":`, `"name":`, 1), strings.Replace(string(got[2].body), `"id":"fact_`, `"id":"msg_`, 1),
		strings.Replace(string(got[2].body), `"C12"`, `null`, 1), strings.Replace(string(got[2].body), `"at":"2026`, `"at":"x2026`, 1),
	} {
		require.NotEqual(t, string(got[2].body), wrong)
		require.Error(t, valid(t, request, []byte(wrong)), wrong)
	}
}

// long is a text that no answer may have.
var long = strings.Repeat("x", 1001)

func TestAnAnswerIsTakenOrRefusedAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	answer := schema(t, "fact-answer.schema.json")
	const good = `{"key":"e1","values":{"ok":true}},{"key":"e2","values":{}}`
	for text, refused := range map[string]string{
		`{"items":[` + good + `,{"key":"e3","values":{"n":3,"d":1.5,"t":"text","m":{"amount":"10.00","currency":"USD"},"l":["a","b"],"e":[],"x":null}}]}`: "",
		"\n{ \"items\" : [" + good + `,{"values":{},"key":"e3"}]}` + "\n":                                                                                 "",

		`[]`:                                     "not a JSON object",
		`"text"`:                                 "not a JSON object",
		`{}`:                                     `no "items"`,
		`{"items":null}`:                         "not a list",
		`{"items":{}}`:                           "not a list",
		`{"Items":[` + good + `]}`:               `no "items"`,
		`{"items":[` + good + `],"more":1}`:      "has names other than",
		`{"items":[` + good + `,{"key":"e3"}]}`:  `no "values"`,
		`{"items":[` + good + `,{"values":{}}]}`: `no "key"`,
		`{"items":[` + good + `,{"key":3,"values":{}}]}`:                                            "key that is not a text",
		`{"items":[` + good + `,{"key":"e3","values":[]}]}`:                                         "values that are not an object",
		`{"items":[` + good + `,{"key":"e3","values":null}]}`:                                       "values that are not an object",
		`{"items":[` + good + `,{"key":"e3","values":{},"value":{}}]}`:                              "has names other than",
		`{"items":[` + good + `,{"key":"e3","values":{"o":{"a":1}}}]}`:                              "has a value",
		`{"items":[` + good + `,{"key":"e3","values":{"m":{"amount":10,"currency":"USD"}}}]}`:       "has a value",
		`{"items":[` + good + `,{"key":"e3","values":{"m":{"amount":"1","currency":"A","x":""}}}]}`: "has a value",
		`{"items":[` + good + `,{"key":"e3","values":{"l":[1]}}]}`:                                  "has a value",
		`{"items":[` + good + `,{"key":"e3","values":{"l":[["a"]]}}]}`:                              "has a value",
		`{"items":[` + good + `,{"key":"e3","values":{"t":"` + long + `"}}]}`:                       "has a value",
		`{"items":[` + good + `,"e3"]}`:                                                             "not a JSON object",
	} {
		c := newCompany(t, says(200, text))
		answers, err := c.client(t).Ask(t.Context(), c.about(3))
		if refused == "" {
			require.NoError(t, err, text)
			require.Len(t, answers, 3)
			require.NoError(t, valid(t, answer, []byte(text)), text)
			continue
		}
		require.ErrorIs(t, err, expense.Malformed, text)
		require.ErrorContains(t, err, refused, text)
		require.Error(t, valid(t, answer, []byte(text)), text)
	}
}

func TestAnAnswerThatASchemaCannotRefuseIsRefused(t *testing.T) {
	t.Parallel()
	const good = `{"key":"e1","values":{"ok":true}},{"key":"e2","values":{}}`
	for text, says200 := range map[string]string{
		`{"items":[` + good + `]}`: "1 of 3 objects are missing",
		`{"items":[]}`:             "3 of 3 objects are missing",
		`{"items":[` + good + `,{"key":"e2","values":{}}]}`:                     "has the key of an earlier item",
		`{"items":[` + good + `,{"key":"e4","values":{}}]}`:                     "is not in the question",
		`{"items":[` + good + `,{"key":"E3","values":{}}]}`:                     "is not in the question",
		`{"items":[` + good + `,{"key":"e3","values":{"ok":true,"ok":false}}]}`: "or a value twice",
		`{"items":[` + good + `,{"key":"e3","key":"e3","values":{}}]}`:          "name twice",
		`{"items":[],"items":[` + good + `,{"key":"e3","values":{}}]}`:          "name twice",
		`{"items":[` + good + `,{"key":"e3","values":{}}]} {}`:                  "more text after",
		`{"items":[` + good + `,{"key":"e3","values":{"t":"` + "\xff" + `"}}]}`: "UTF-8",
		`{"items":[` + good + `,{"key":"e3","values":{}}`:                       "not a JSON object",
		``: "not a JSON object",
	} {
		c := newCompany(t, says(200, text))
		_, err := c.client(t).Ask(t.Context(), c.about(3))
		require.ErrorIs(t, err, expense.Malformed, text)
		require.ErrorContains(t, err, says200, text)
	}
}

func TestValuesThatNoRuleAsksForAreNotKept(t *testing.T) {
	t.Parallel()
	c := newCompany(t, says(200, `{"items":[{"key":"e1","values":{"ok":true,"owner":"Kim","history":[{"by":"Kim"}]}}]}`))
	q := c.about(1)
	q.Wants = []string{"ok", "since"}
	answers, err := c.client(t).Ask(t.Context(), q)
	require.NoError(t, err)
	kept, err := json.Marshal(answers)
	require.NoError(t, err)
	require.JSONEq(t, `{"e1":{"ok":true}}`, string(kept))
}

// FuzzAnswer has no answer make the client panic, nor give an answer that the question
// does not ask for.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		`{"items":[{"key":"e1","values":{"ok":true}}]}`, `{"items":[{"key":"e1","values":{"m":{"amount":"1","currency":"USD"}}}]}`,
		`{"items":[`, `[]`, ``, `{"items":[{"key":"e1","values":{"l":["a",1]}}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		answers, err := facts.ReadAnswer(text, "e1")
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.Len(t, answers, 1)
		require.Contains(t, answers, "e1")
		_, err = json.Marshal(answers)
		require.NoError(t, err)
	})
}

func TestTheDocumentedQuestionAndAnswerAreAsTheSchemasSay(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/policy/facts.md")
	require.NoError(t, err)
	for begin, name := range map[string]string{"\n{\"fact\"": "fact-request.schema.json", "\n{\"items\"": "fact-answer.schema.json"} {
		at := strings.Index(string(page), begin)
		require.Positive(t, at)
		text, _, found := strings.Cut(string(page)[at:], "\n```")
		require.True(t, found)
		require.NoError(t, valid(t, schema(t, name), []byte(text)), text)
	}
}
