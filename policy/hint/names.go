package hint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"concur-connector/internal/spelling"
	"concur-connector/policy/value"
)

// loops are the macros that name an element, and what they take.
var loops = map[string]string{
	"all": "(e, e.personal)", "exists": "(e, e.personal)", "exists_one": "(e, e.personal)", "filter": "(e, e.personal)",
	"map": "(e, e.posted)", "groupBy": "(e, e.date)", "totalBy": "(e, e.date, e.posted)",
}

// holders hold what the rules file declares.
var holders = []string{"variables", "facts", "lists"}

func (m *mistake) undeclared() string { return fmt.Sprintf("undeclared reference to '%s'", m.name) }

// knownElsewhere explains a name that means something here or in CEL, but is not used in this way.
func knownElsewhere(m *mistake) string {
	name, called := m.name, m.kind == unknownFunction
	switch {
	case !called && m.kind != unknownName:
		return ""
	case name == "now", name == "today" && called:
		return "write the day of the evaluation as today, without brackets; a report has days, not times"
	case slices.Contains([]string{"true", "false"}, strings.ToLower(name)):
		return fmt.Sprintf("write %s as %s", name, strings.ToLower(name))
	case value.LeftOut[name] != "":
		return fmt.Sprintf("%s() is not known here: %s", name, value.LeftOut[name])
	case called && loops[name] != "":
		return fmt.Sprintf("%s() takes a name for the element first: report.entries.%s%s", name, name, loops[name])
	}
	return ""
}

// unknownFunctions explains a function that does not exist.
func unknownFunctions(m *mistake) string {
	switch {
	case m.kind != unknownFunction:
		return ""
	case m.fieldOf(m.level.Sees) != "":
		return fmt.Sprintf("%s is a field: write it without brackets", m.name)
	}
	names := []string{"has"}
	for name := range loops {
		names = append(names, name)
	}
	for name := range m.level.Env.Functions() {
		if _, isOperator := operators.FindReverse(name); !isOperator && !strings.ContainsAny(name, "@_") && value.LeftOut[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return m.undeclared() + spelling.Suggestion(m.name, names)
}

// otherRoots are what people call the objects of a level.
var otherRoots = map[string]string{
	"expense": "entry", "item": "entry", "line": "entry", "transaction": "entry", "expenses": "report.entries", "entries": "report.entries",
	"header": "report", "trip": "request", "travel": "request", "itemisation": "itemization", "expected": "expectedExpense",
}

// code is a name that looks like a text without its quotes.
var code = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*$`)

// unknownNames explains a name that does not exist, or not at this level.
func unknownNames(m *mistake) string {
	name := m.name
	if m.kind != unknownName {
		return ""
	}
	if levels := m.levelsThat(func(l Level) bool { return slices.Contains(l.Sees, name) }); levels != "" {
		return fmt.Sprintf("%q is only known to rules of level %s", name, levels)
	}
	meant := cmp.Or(otherRoots[name], m.fieldOf(holders), m.fieldOf(m.level.Sees),
		spelling.Nearest(name, slices.Concat([]string{"today"}, holders, m.level.Sees)))
	switch {
	case len(name) == 1:
		return m.undeclared() + "; the name of an element is known only between the brackets of its exists(), all(), filter() or map()"
	case meant != "":
		return fmt.Sprintf("%s; did you mean %q?", m.undeclared(), meant)
	case code.MatchString(name):
		return fmt.Sprintf(`%s; write a text in quotes: "%s"`, m.undeclared(), name)
	}
	return m.undeclared()
}

// fieldOf finds the field that the mistake names in one of the objects: "entry.vendor".
func (m *mistake) fieldOf(objects []string) string {
	for _, object := range objects {
		if slices.Contains(m.fieldsOf(typeIn(m.level, object)), m.name) {
			return object + "." + m.name
		}
	}
	return ""
}

// levelsThat names the levels for which something is true.
func (m *mistake) levelsThat(is func(Level) bool) string {
	var names []string
	for _, l := range m.lang {
		if is(l) {
			names = append(names, l.Name)
		}
	}
	return strings.Join(names, " or ")
}

// typeIn is the type of an object or holder at a level.
func typeIn(l Level, name string) *types.Type {
	for _, v := range l.Env.Variables() {
		if v.Name() == name {
			return v.Type()
		}
	}
	return nil
}

func (m *mistake) fieldsOf(t *types.Type) []string {
	if t == nil {
		return nil
	}
	names, _ := m.level.Env.CELTypeProvider().FindStructFieldNames(t.TypeName())
	return names
}

// amounts are what people call an amount, where there is none of that name.
var amounts = []string{"amount", "amt", "price", "cost", "value", "sum"}

// ofPeople is what a name has in it that asks for a person.
var ofPeople = regexp.MustCompile(`(?i)employee|user|login|approver|traveler|traveller|submitter|owner|manager|person$`)

// unknownFields explains a field that its object does not have.
func unknownFields(m *mistake) string {
	if m.kind != unknownField {
		return ""
	}
	name, owner, fields := m.name, m.owner.TypeName(), m.fieldsOf(m.owner)
	said := fmt.Sprintf("undefined field '%s'", name)
	switch owner {
	case value.MoneyType.TypeName():
		return "an amount has no fields; it has m.amount() and m.currency()"
	case value.DateType.TypeName():
		return "a date has no fields; call a function with brackets, as in d.year() or d.isWeekend()"
	}
	for _, holder := range holders {
		if t := typeIn(m.level, holder); t != nil && t.TypeName() == owner {
			return m.notDeclared(holder, fields)
		}
	}
	declared := strings.Contains(owner, " ") // of a fact or a list; no rule can name such a type
	amount := slices.Contains(amounts, strings.ToLower(name))
	switch outer := m.fieldOf(m.level.Sees); {
	case outer != "" && typeIn(m.level, m.level.Sees[0]).TypeName() == owner:
		return fmt.Sprintf("%s; did you mean %q?", said, outer)
	case declared:
	case amount && owner == "Report":
		return said + "; a report has total, claimed, approved, dueEmployee, dueCompanyCard and personalExpenses"
	case amount && slices.Contains(fields, "posted"):
		return said + "; an entry has posted, approved and transaction, and the number of an amount is m.amount()"
	case owner == "Allocation" && strings.Contains(strings.ToLower(name), "system"):
		return said + `; did you mean "hidden"?`
	case (owner == "Report" || owner == "TravelRequest") && ofPeople.MatchString(name):
		return said + "; rules cannot read names of people"
	}
	if meant := nearestWord(name, fields); meant != "" {
		return fmt.Sprintf("%s; did you mean %q?", said, meant)
	}
	if declared || len(fields) <= 5 && len(fields) > 0 {
		return said + spelling.Among(name, fields)
	}
	return said
}

// notDeclared explains a variable, fact or list that does not exist at the level.
func (m *mistake) notDeclared(holder string, known []string) string {
	one := holder[:len(holder)-1]
	levels := m.levelsThat(func(l Level) bool { return slices.Contains(m.fieldsOf(typeIn(l, holder)), m.name) })
	if levels != "" {
		return fmt.Sprintf("the %s %s is only known to rules of level %s", one, m.name, levels)
	}
	m.Missing = holder + "." + m.name
	if len(known) == 0 {
		return fmt.Sprintf("there is no %s %q", one, m.name)
	}
	return fmt.Sprintf("there is no %s %q%s", one, m.name, spelling.Among(m.name, known))
}

var wordsOf = regexp.MustCompile(`[A-Z]?[a-z]{3,}`)

// nearestWord is the nearest known name, or one that has a word like it: hasReceipt for
// "reciept".
func nearestWord(name string, known []string) string {
	if best := spelling.Nearest(name, known); best != "" || len(name) < 4 {
		return best
	}
	for _, k := range known {
		words := wordsOf.FindAllString(k, -1)
		if len(k) > 3 && strings.HasSuffix(strings.ToLower(name), k) || slices.Contains(words, name) || spelling.Nearest(name, words) != "" {
			return k
		}
	}
	return ""
}

// noFields explains a field of a value that has none.
func noFields(m *mistake) string {
	if m.kind != selection {
		return ""
	}
	switch m.owner.Kind() {
	case types.TypeKind:
		name := m.owner.Parameters()[0].TypeName()
		return fmt.Sprintf("%s is a type, not a value; did you mean %q?", name, strings.ToLower(name))
	case types.ListKind:
		return "a list has no fields; ask with size() how many there are, or ask the elements: exists(e, ...), all(e, ...), filter(e, ...) or map(e, ...)"
	case types.StringKind:
		return "a text has no fields"
	}
	return ""
}
