package rulesfile_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy/rulesfile"
)

func TestAMistakeInYAMLIsExplainedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file         string
		line, column int
		want         string
	}{
		"a tab as indentation":           {"rules:\n\t- name: one\n", 2, 1, "not with tabs"},
		"a tab below a text":             {"rules:\n  - name: one\n\tlevel: entry\n", 3, 1, "not with tabs"},
		"a key out of line":              {"rules:\n  - name: one\n   level: entry\n", 3, 4, "begin in the same column"},
		"a colon in a text":              {"message: Note: please\n", 1, 14, "a text with a colon"},
		"a colon in an expression":       {"expression: a ? b : c\n", 1, 19, "an expression that holds a colon"},
		"a key without a space":          {"- name: a\n  level:entry\n  then: {}\n", 2, 3, "followed by a colon and a space"},
		"quotes around the first word":   {"message: \"No\" receipt\n", 1, 15, "ends with the next one"},
		"an apostrophe in single quotes": {"message: 'It isn't here.'\n", 1, 18, "an apostrophe is written twice"},
		"quotes in an expression":        {"expression: \"MEALS\" == entry.type\n", 1, 21, "under a |"},
		"an open quote":                  {"message: \"No receipt\n", 1, 10, "a quote is opened"},
		"a backslash in double quotes":   {"match: \"\\d\"\n", 1, 8, "in single quotes"},
		"an open brace":                  {"rules:\n  - {name: a\n", 2, 5, "not closed"},
		"an open bracket":                {"steps: [a, b}\n", 1, 8, "not closed"},
		"a percent sign at the start":    {"message: %s is missing\n", 1, 10, "begins with '%'"},
		"a name that begins with @":      {"ask: @finance\n", 1, 6, "begins with '@'"},
		"an asterisk at the start":       {"message: *Important* receipt\n", 1, 10, "begins with '*'"},
		"a negation at the start":        {"match: !has(entry.custom[\"1\"].code)\n", 1, 8, "what begins with !"},
		"a negation that is a tag":       {"expression: !entry.personal\n", 1, 13, "what begins with !"},
		"no hint where none is known":    {"rules: ]\n", 1, 8, "not YAML: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rulesfile.Document("f", []byte(c.file))
			require.ErrorContains(t, err, fmt.Sprintf("f:%d:%d: ", c.line, c.column))
			require.ErrorContains(t, err, c.want)
		})
	}
}
