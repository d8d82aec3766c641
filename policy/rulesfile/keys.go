package rulesfile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
)

// meant ends a sentence about the ith key of a mapping, which is not known. A key that is
// only written wrongly has its value read as if it were not: that it is missing need not be
// said, too.
func meant(values map[string]*yaml.Node, n *yaml.Node, i int, what string, known []string) string {
	key := n.Content[i].Value
	best := spelling.Nearest(key, known)
	if other, ok := otherKeys[what][key]; ok {
		best = other
	}
	switch {
	case elsewhere[what][key] != "":
		return "; " + elsewhere[what][key]
	case best == "":
		return spelling.Among(key, known)
	case values[best] == nil && !has(n, best):
		values[best] = n.Content[i+1]
	}
	return fmt.Sprintf("; did you mean %q? Known are %s", best, strings.Join(known, ", "))
}

// otherKeys are words that people write for a key, in a mapping.
var otherKeys = map[string]map[string]string{
	"the file": {"stops": "steps"},
	"settings": {"passOnComment": "approveComment"},
	"a rule": {
		"stops": "steps", "when": "match", "if": "match", "where": "match", "filter": "match", "condition": "expression", "rule": "expression",
		"check": "expression", "validation": "expression", "actions": "then", "action": "then", "effects": "then", "text": "message", "id": "name",
	},
	"then": {"sendback": "sendBack", "return": "sendBack", "reject": "sendBack", "group": "ask", "warning": "warn"},
}

// elsewhere says of a key where it belongs.
var elsewhere = map[string]map[string]string{
	"then": {
		"code": "it belongs to the exception: exception: {code: NORECPT}", "visibility": "it belongs to the exception: exception: {code: NORECPT, visibility: ALL}",
		"shadow": "it stands beside then", "message": "it stands beside then", "steps": "it stands beside then",
	},
	"a rule": {
		"exception": "it stands below then", "sendBack": "it stands below then", "ask": "it stands below then", "warn": "it stands below then",
	},
}

func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}
