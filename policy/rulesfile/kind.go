package rulesfile

import (
	"fmt"
	"strings"

	"concur-connector/internal/spelling"

	"go.yaml.in/yaml/v4"
)

// Kind is the type of a column of a list, or of a value in the answer to a fact.
type Kind string

// The kinds of value that come from outside the report.
const (
	KindText    Kind = "string"
	KindBool    Kind = "bool"
	KindInt     Kind = "int"
	KindDecimal Kind = "decimal"
	KindMoney   Kind = "money"
	KindDate    Kind = "date"
	KindStrings Kind = "strings" // a list of texts; in an answer only
)

var kinds = []Kind{KindText, KindBool, KindInt, KindDecimal, KindMoney, KindDate}

// kind reads the name of a kind.
func (s *Source) kind(n *yaml.Node, lists bool) (Kind, bool) {
	v, ok := s.text(n, "", "the kind of a value")
	if !ok {
		return "", false
	}
	known := make([]string, 0, len(kinds)+1)
	for _, k := range kinds {
		known = append(known, string(k))
	}
	if lists {
		known = append(known, string(KindStrings))
	}
	for _, k := range known {
		if k == v {
			return Kind(v), true
		}
	}
	meant := spelling.Suggestion(v, known)
	if other := otherKinds[strings.ToLower(v)]; other != "" {
		meant = fmt.Sprintf("; did you mean %q?", other)
	}
	s.Fail(At(n), "", "unknown kind of value %q; the kinds are %s%s", Clip(v, 40), strings.Join(known, ", "), meant)
	return "", false
}

// otherKinds are other names that people write for a kind.
var otherKinds = map[string]Kind{
	"amount": KindMoney, "currency": KindMoney, "boolean": KindBool, "flag": KindBool, "yesno": KindBool, "text": KindText, "str": KindText,
	"number": KindDecimal, "float": KindDecimal, "double": KindDecimal, "percent": KindDecimal, "integer": KindInt, "day": KindDate,
	"datetime": KindDate, "list": KindStrings, "array": KindStrings, "texts": KindStrings,
}
