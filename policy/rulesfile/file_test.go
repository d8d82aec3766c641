package rulesfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy/rulesfile"
)

const head = "apiVersion: concur-connector/v1\nrules:\n"

// with returns a file whose only rule begins in line 3. Its lines replace those of a good rule
// that have the same key; a line without a value takes that key out.
func with(lines ...string) string {
	good := []string{"name: one", "level: entry", "expression: entry.hasReceipt", "message: No receipt.", "then: {sendBack: true}"}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ":")
		found := false
		for i, have := range good {
			if strings.HasPrefix(have, key+":") {
				found = true
				if good[i] = line; value == "" {
					good = append(good[:i], good[i+1:]...)
				}
				break
			}
		}
		if !found {
			good = append(good, line)
		}
	}
	return head + "  - " + strings.Join(good, "\n    ") + "\n"
}

func TestAMistakeInTheFileIsRefusedAtItsPlace(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 501)
	for name, c := range map[string]struct {
		file         string
		line, column int // 0 where no place is known
		rule         string
		want         string
	}{
		"an empty file":               {"", 0, 0, "", "empty"},
		"a file of comments":          {"# nothing\n", 0, 0, "", "empty"},
		"what is not a mapping":       {"- one\n", 1, 1, "", "must be a mapping with apiVersion"},
		"a missing version":           {"rules: []\n", 1, 1, "", "apiVersion is missing"},
		"another version":             {"apiVersion: concur-connector/v2\nrules: []\n", 1, 13, "", "apiVersion must be concur-connector/v1"},
		"a missing list":              {"apiVersion: concur-connector/v1\n", 1, 1, "", "approveAll: true"},
		"a list that is none":         {"apiVersion: concur-connector/v1\nrules: {}\n", 2, 8, "", "must be a list"},
		"a list that is null":         {"apiVersion: concur-connector/v1\nrules:\n", 2, 7, "", "must be a list"},
		"an unknown key at the top":   {"apiVersion: concur-connector/v1\nrules: []\nrule: 1\n", 3, 1, "", `did you mean "rules"?`},
		"a key given twice":           {"apiVersion: concur-connector/v1\nrules: []\nrules: []\n", 3, 1, "", "line 2"},
		"two documents":               {head + "---\na: 1\n", 3, 1, "", "second document"},
		"an anchor":                   {"apiVersion: &v concur-connector/v1\nrules: []\n", 1, 13, "", "anchors"},
		"a tag":                       {"apiVersion: !!str concur-connector/v1\nrules: []\n", 1, 13, "", "tags"},
		"what is not YAML":            {"apiVersion: concur-connector/v1\nrules: [\n", 3, 1, "", "not YAML"},
		"a file too large":            {"#" + strings.Repeat("x", 1<<20), 0, 0, "", "1 MiB"},
		"a rule that is text":         {head + "  - one\n", 3, 5, "", "must be a mapping with name"},
		"an unknown key in a rule":    {with("when: true"), 8, 5, "one", `did you mean "match"?`},
		"a rule without a name":       {with("name:"), 3, 5, "", "no name"},
		"a name with capitals":        {with("name: One"), 3, 11, "One", "lower-case"},
		"a name that is taken":        {with() + strings.TrimPrefix(with(), head), 8, 11, "one", "line 3"},
		"a missing level":             {with("level:"), 3, 11, "one", "level is missing"},
		"an unknown level":            {with("level: line"), 4, 12, "one", `did you mean "entry"?`},
		"a missing expression":        {with("expression:"), 3, 11, "one", "expression is missing"},
		"a missing message":           {with("message:"), 3, 11, "one", "message or messageExpression"},
		"two messages":                {with("messageExpression: entry.type"), 8, 24, "one", "exclude each other"},
		"an empty message":            {with("message: ' '"), 6, 14, "one", "empty"},
		"a message too long":          {with("message: " + long), 6, 14, "one", "500"},
		"a message that is a list":    {with("message: [a]"), 6, 14, "one", "text"},
		"a missing effect":            {with("then:"), 3, 11, "one", "then is missing"},
		"no effect":                   {with("then: {}"), 7, 11, "one", "at least one effect"},
		"not sending back as effect":  {with("then: {sendBack: false}"), 7, 11, "one", "at least one effect"},
		"sending back as text":        {with(`then: {sendBack: "true"}`), 7, 22, "one", "true or false"},
		"an unknown effect":           {with("then: {approve: true}"), 7, 12, "one", `unknown key "approve"`},
		"a code too long":             {with("then: {exception: {code: ABCDEFGHI}}"), 7, 30, "one", `"ABCDEFGHI"`},
		"a code in lower case":        {with("then: {exception: {code: norecpt}}"), 7, 30, "one", `did you mean "NORECPT"?`},
		"an exception without a code": {with("then: {exception: {}}"), 7, 23, "one", "no code"},
		"an exception that is text":   {with("then: {exception: NORECPT}"), 7, 23, "one", "{code: NORECPT}"},
		"a group with a space":        {with("then: {ask: the boss}"), 7, 17, "one", "must name a group"},
		"a group that is null":        {with("then: {ask: }"), 7, 17, "one", "text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := rulesfile.Read("rules.yaml", []byte(c.file))
			require.Len(t, s.Errors, 1)
			one := s.Errors[0]
			require.Equal(t, rulesfile.Error{File: "rules.yaml", Line: c.line, Column: c.column, Rule: c.rule, Reason: one.Reason}, *one)
			require.Contains(t, one.Reason, c.want)
		})
	}
}
