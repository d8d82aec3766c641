package rulesfile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
)

// meant ends the error about the ith key of a mapping, which is unknown: it suggests the key that
// is probably meant. The value of a misspelt key is read as if the key were spelt correctly, so
// that one mistake gives one error.
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

// otherKeys are words that people write in place of a key, by mapping.
var otherKeys = map[string]map[string]string{
	"the file": {"stops": "steps"},
	"settings": {"passOnComment": "approveComment"},
	"a rule": {
		"stops": "steps", "when": "match", "if": "match", "where": "match", "filter": "match", "condition": "expression", "rule": "expression",
		"messageForApprover": "approverMessage", "approverText": "approverMessage",
		"check": "expression", "validation": "expression", "actions": "then", "action": "then", "effects": "then", "text": "message", "id": "name",
	},
	"ask":       {"name": "group", "people": "count", "number": "count", "approvals": "count", "expression": "group"},
	"approvals": {"default": "defaultGroup", "group": "defaultGroup", "fourEyes": "differentPeople", "comment": "commentRequired"},
	"then":      {"sendback": "sendBack", "return": "sendBack", "reject": "sendBack", "group": "ask", "warning": "warn"},
}

// elsewhere says where to write a key that is in the wrong mapping.
var elsewhere = map[string]map[string]string{
	"then": {
		"code": "write it in the exception: exception: {code: NORECPT}", "visibility": "write it in the exception: exception: {code: NORECPT, visibility: ALL}",
		"shadow": "write it beside then", "message": "write it beside then", "steps": "write it beside then",
	},
	"a rule": {
		"exception": "write it below then", "sendBack": "write it below then", "ask": "write it below then", "warn": "write it below then",
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
