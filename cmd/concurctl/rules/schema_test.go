package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/policy"
)

// schema is what rules schema prints, ready to validate.
func schema(t *testing.T, args ...string) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	ended := concurctl.Run(t, "", append([]string{"rules", "schema"}, args...)...)
	require.Zero(t, ended.Code, ended.Errs)
	printed, err := jsonschema.UnmarshalJSON(strings.NewReader(ended.Out))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("printed.json", printed))
	compiled, err := c.Compile("printed.json")
	require.NoError(t, err)
	return compiled, printed.(map[string]any)
}

// fromYAML reads YAML as an editor does.
func fromYAML(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal(data, &value), "%s", data)
	asJSON, err := json.Marshal(textual(value))
	require.NoError(t, err)
	back, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return back
}

// textual makes texts of the keys, as an editor does.
func textual(value any) any {
	switch v := value.(type) {
	case map[any]any:
		object := map[string]any{}
		for key, inner := range v {
			object[fmt.Sprint(key)] = textual(inner)
		}
		return object
	case map[string]any:
		for key, inner := range v {
			v[key] = textual(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = textual(inner)
		}
	}
	return value
}

func TestTheProjectsRulesFilesMatchTheSchema(t *testing.T) {
	t.Parallel()
	rules, _ := schema(t)
	cases, _ := schema(t, "--tests")
	files, err := filepath.Glob("../../../docs/policy/*.yaml")
	require.NoError(t, err)
	for _, file := range append(files, "../../../dev/rules.yaml", "testdata/rules.yaml", "testdata/rules_test.yaml") {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(file, "_test.yaml") {
			require.NoError(t, cases.Validate(fromYAML(t, data)), file)
		} else {
			require.NoError(t, rules.Validate(fromYAML(t, data)), file)
		}
	}
}

// skeletons are files with the unknown key "zzz" in one mapping each, and where the schema
// has that mapping.
var skeletons = map[string]string{
	"/":                                "apiVersion: concur-connector/v1\nrules: []\nzzz: 1\n",
	"/$defs/settings":                  "settings: {zzz: 1}\n",
	"/$defs/group":                     "groups: {finance: {zzz: 1}}\n",
	"/$defs/group/properties/escalate": "groups: {finance: {escalate: {zzz: 1}}}\n",
	"/$defs/group/properties/deadline": "groups: {finance: {deadline: {zzz: 1}}}\n",
	"/$defs/approvals":                 "approvals: {zzz: 1}\n",
	"/$defs/approvals/properties/page": "approvals: {page: {zzz: 1}}\n",
	"/$defs/asked/anyOf/1":             "rules: [{then: {ask: {zzz: 1}}}]\n",
	"/$defs/list":                      "lists: {a: {zzz: 1}}\n",
	"/$defs/fact":                      "facts: {a: {zzz: 1}}\n",
	"/$defs/variable":                  "variables: [{zzz: 1}]\n",
	"/$defs/rule":                      "rules: [{zzz: 1}]\n",
	"/$defs/then":                      "rules: [{then: {zzz: 1}}]\n",
	"/$defs/then/properties/exception": "rules: [{then: {exception: {zzz: 1}}}]\n",
}

var skeletonsOfCases = map[string]string{
	"/":                       "zzz: 1\ncases: []\n",
	"/$defs/case":             "cases: [{zzz: 1}]\n",
	"/$defs/want/anyOf/1":     "cases: [{want: {zzz: 1}}]\n",
	"/$defs/asked/anyOf/1":    "cases: [{want: {ask: {zzz: 1}}}]\n",
	"/$defs/Report":           "cases: [{report: {zzz: 1}}]\n",
	"/$defs/Owner":            "cases: [{report: {owner: {zzz: 1}}}]\n",
	"/$defs/Entry":            "cases: [{report: {entries: [{zzz: 1}]}}]\n",
	"/$defs/Itemization":      "cases: [{report: {entries: [{itemizations: [{zzz: 1}]}]}}]\n",
	"/$defs/Allocation":       "cases: [{report: {entries: [{allocations: [{zzz: 1}]}]}}]\n",
	"/$defs/TravelRequest":    "cases: [{request: {zzz: 1}}]\n",
	"/$defs/Expected":         "cases: [{request: {expenses: [{zzz: 1}]}}]\n",
	"/$defs/Segment":          "cases: [{request: {expenses: [{segments: [{zzz: 1}]}]}}]\n",
	"/$defs/RequestException": "cases: [{request: {exceptions: [{zzz: 1}]}}]\n",
	"/$defs/Field/anyOf/1":    "cases: [{report: {custom: {\"1\": {zzz: 1}}}}]\n",
	"/$defs/Money/anyOf/1":    "cases: [{report: {total: {zzz: 1}}}]\n",
	"/$defs/want/anyOf/1/properties/exceptions/items/anyOf/1": "cases: [{want: {exceptions: [{zzz: 1}]}}]\n",
	"/$defs/want/anyOf/1/properties/findings/items":           "cases: [{want: {findings: [{zzz: 1}]}}]\n",
	"/$defs/want/anyOf/1/properties/comment/anyOf/1":          "cases: [{want: {comment: {zzz: 1}}}]\n",
}

var known = regexp.MustCompile(`unknown key "zzz" in .*[Kk]nown are (.*)`)

// keysKnown are those that a parser names when it refuses zzz.
func keysKnown(t *testing.T, where string, err error) []string {
	t.Helper()
	require.Error(t, err, where)
	found := known.FindStringSubmatch(err.Error())
	require.NotNil(t, found, "%s: %v", where, err)
	keys := strings.Split(found[1], ", ")
	slices.Sort(keys)
	return keys
}

// keysOf are those of an object of the schema.
func keysOf(t *testing.T, schema map[string]any, where string) []string {
	t.Helper()
	var at any = schema
	for _, step := range strings.Split(strings.Trim(where, "/"), "/") {
		switch v := at.(type) {
		case map[string]any:
			if step != "" {
				at = v[step]
			}
		case []any:
			at = v[int(step[0]-'0')]
		}
	}
	object, ok := at.(map[string]any)
	require.True(t, ok, where)
	require.Equal(t, false, object["additionalProperties"], where)
	var keys []string
	for key := range object["properties"].(map[string]any) {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func TestTheSchemasHaveTheKeysOfTheParsers(t *testing.T) {
	t.Parallel()
	_, rules := schema(t)
	for where, text := range skeletons {
		_, err := policy.Parse("rules.yaml", []byte(text))
		require.Equal(t, keysKnown(t, where, err), keysOf(t, rules, where), where)
	}
	_, cases := schema(t, "--tests")
	for where, text := range skeletonsOfCases {
		_, err := rulestest.Load(clitest.File(t, "rules_test.yaml", text), readPayload)
		require.Equal(t, keysKnown(t, where, err), keysOf(t, cases, where), where)
	}
}

// TestEveryObjectOfTheSchemasIsCompared fails when an object is added and no skeleton is.
func TestEveryObjectOfTheSchemasIsCompared(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		args      []string
		skeletons map[string]string
	}{{nil, skeletons}, {[]string{"--tests"}, skeletonsOfCases}} {
		_, printed := schema(t, one.args...)
		objects := 0
		var walk func(value any)
		walk = func(value any) {
			switch v := value.(type) {
			case map[string]any:
				if v["additionalProperties"] == false {
					objects++
				}
				for _, inner := range v {
					walk(inner)
				}
			case []any:
				for _, inner := range v {
					walk(inner)
				}
			}
		}
		walk(printed)
		require.Len(t, one.skeletons, objects)
	}
}

func TestTheSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	t.Parallel()
	rules, _ := schema(t)
	good := "{name: a, level: entry, expression: 'true', message: m, then: {warn: true}}"
	require.NoError(t, rules.Validate(fromYAML(t, []byte("apiVersion: concur-connector/v1\nrules: ["+good+"]"))))
	for _, bad := range []string{
		"apiVersion: concur-connector/v2\nrules: []",
		"apiVersion: concur-connector/v1",
		"apiVersion: concur-connector/v1\nrules: [{name: a, level: entry, expression: 'true', message: m, then: {}}]",
		"apiVersion: concur-connector/v1\nrules: [{name: A b, level: entry, expression: 'true', message: m, then: {warn: true}}]",
		"apiVersion: concur-connector/v1\nrules: [{name: a, level: line, expression: 'true', message: m, then: {warn: true}}]",
		"apiVersion: concur-connector/v1\nrules: [{name: a, level: entry, expression: 'true', then: {warn: true}}]",
		"apiVersion: concur-connector/v1\nrules: [{name: a, level: entry, expression: 'true', message: m, messageExpression: m, then: {warn: true}}]",
		"apiVersion: concur-connector/v1\nrules: [{name: a, level: entry, expression: 'true', message: m, then: {exception: {code: TOOLONGCODE}}}]",
		"apiVersion: concur-connector/v1\nrules: []\ngroups: {a: {deadline: {after: 1h, then: approve}}}",
		"apiVersion: concur-connector/v1\nrules: []\nlists: {cost-centres: {file: a.csv}}",
	} {
		require.Error(t, rules.Validate(fromYAML(t, []byte(bad))), bad)
		_, err := policy.Parse("rules.yaml", []byte(bad))
		require.Error(t, err, bad)
	}
}
