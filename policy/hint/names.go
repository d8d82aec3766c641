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

// loops are the macros that take a name for the element.
var loops = map[string]bool{"all": true, "exists": true, "exists_one": true, "map": true, "filter": true, "groupBy": true, "totalBy": true}

// unknownNames explains a name or a function that does not exist.
func unknownNames(m *mistake) string {
	name, called := m.name, m.kind == unknownFunction
	if !called && m.kind != unknownName {
		return ""
	}
	said := fmt.Sprintf("undeclared reference to '%s'", name)
	switch {
	case name == "groupBy":
		return "groupBy() takes a name for the element and the key: report.entries.groupBy(e, e.date)"
	case name == "totalBy":
		return "totalBy() takes a name for the element, the key and the amount: report.entries.totalBy(e, e.date, e.posted)"
	case name == "now", name == "today" && called:
		return "write the day of the evaluation as today, without brackets; a report has days, not times"
	case slices.Contains([]string{"true", "false"}, strings.ToLower(name)):
		return fmt.Sprintf("write %s as %s", name, strings.ToLower(name))
	case value.LeftOut[name] != "":
		return fmt.Sprintf("%s() is not known here: %s", name, value.LeftOut[name])
	case called && loops[name]:
		return fmt.Sprintf("%s() takes a name for the element and a condition: %s(e, e.personal)", name, name)
	case called && otherWords[strings.ToLower(name)] != "":
		return said + "; " + otherWords[strings.ToLower(name)]
	case called && m.seen(name) != "":
		return fmt.Sprintf("%s is a field: write it without brackets", name)
	case called:
		return said + spelling.Suggestion(name, m.functions())
	}
	if levels := m.levelsThat(func(l Level) bool { return slices.Contains(l.Sees, name) }); len(levels) > 0 {
		return fmt.Sprintf("%q is only known to rules of %s", name, someLevels(levels))
	}
	switch {
	case otherRoots[name] != "":
		return fmt.Sprintf("%s; did you mean %q?", said, otherRoots[name])
	case len(name) == 1:
		return said + "; the name of an element is known only between the brackets of its exists(), all(), filter() or map()"
	}
	for _, holder := range holders {
		if slices.Contains(m.fieldsOf(m.typeNamed(holder)), name) {
			return fmt.Sprintf("%s; did you mean %q?", said, holder+"."+name)
		}
	}
	if owner := m.seen(name); owner != "" {
		return fmt.Sprintf("%s; did you mean %q?", said, owner+"."+name)
	}
	if meant := spelling.Suggestion(name, slices.Concat([]string{"today"}, holders, m.level.Sees)); meant != "" {
		return said + meant
	}
	if code.MatchString(name) {
		return fmt.Sprintf(`%s; write a text in quotes: "%s"`, said, name)
	}
	return said
}

// holders hold what the rules file declares.
var holders = []string{"variables", "facts", "lists"}

// code is a name that looks like a text without its quotes.
var code = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*$`)

// seen is the object of the level that has a field of the name.
func (m *mistake) seen(field string) string {
	for _, object := range m.level.Sees {
		if slices.Contains(m.fieldsOf(m.typeNamed(object)), field) {
			return object
		}
	}
	return ""
}

// functions are the names by which functions and macros are called.
func (m *mistake) functions() []string {
	names := []string{"has", "all", "exists", "exists_one", "map", "filter", "groupBy", "totalBy"}
	for name := range m.level.Env.Functions() {
		if _, isOperator := operators.FindReverse(name); !isOperator && !strings.ContainsAny(name, "@_") && value.LeftOut[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *mistake) levelsThat(is func(Level) bool) (names []string) {
	for _, l := range m.lang {
		if is(l) {
			names = append(names, l.Name)
		}
	}
	return names
}

// typeNamed is the type of an object or holder at the level.
func (m *mistake) typeNamed(name string) *types.Type { return typeIn(m.level, name) }

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
		meant := cmp.Or(spelling.Nearest(name, ofDates), "year")
		if slices.Contains(ofDates, name) {
			meant = name
		}
		return fmt.Sprintf("a date has no fields; call a function with brackets, as in %s()", meant)
	}
	for _, holder := range holders {
		if t := m.typeNamed(holder); t != nil && t.TypeName() == owner {
			return m.undeclared(holder, fields)
		}
	}
	for i, object := range m.level.Sees {
		t := m.typeNamed(object)
		if i == 0 && t.TypeName() != owner {
			break
		}
		if slices.Contains(m.fieldsOf(t), name) {
			return fmt.Sprintf("%s; did you mean %q?", said, object+"."+name)
		}
	}
	declared := strings.Contains(owner, " ") // of a fact or a list; no rule can name such a type
	switch amount := amounts[strings.ToLower(name)]; {
	case declared:
	case amount && owner == "Report":
		return said + "; a report has total, claimed, approved, dueEmployee, dueCompanyCard and personalExpenses"
	case amount && slices.Contains(fields, "posted"):
		return said + "; an entry has posted, approved and transaction, and the number of an amount is m.amount()"
	case owner == "Allocation" && strings.Contains(strings.ToLower(name), "system"):
		return said + `; did you mean "hidden"?`
	case (owner == "Report" || owner == "TravelRequest") && ofPeople.MatchString(name):
		return said + "; the connector does not read names of people"
	}
	if meant := nearestWord(name, fields); meant != "" {
		return fmt.Sprintf("%s; did you mean %q?", said, meant)
	}
	if declared || len(fields) <= 5 && len(fields) > 0 {
		return said + spelling.Among(name, fields)
	}
	return said
}

var ofDates = []string{"year", "month", "day", "weekday", "isWeekend", "plusDays", "plusMonths", "daysUntil"}

// undeclared explains a variable, fact or list that does not exist at the level.
func (m *mistake) undeclared(holder string, known []string) string {
	one := holder[:len(holder)-1]
	levels := m.levelsThat(func(l Level) bool { return slices.Contains(m.fieldsOf(typeIn(l, holder)), m.name) })
	if len(levels) > 0 {
		return fmt.Sprintf("the %s %s is only known to rules of %s", one, m.name, someLevels(levels))
	}
	m.Missing = holder + "." + m.name
	if len(known) == 0 {
		return fmt.Sprintf("there is no %s %q", one, m.name)
	}
	return fmt.Sprintf("there is no %s %q%s", one, m.name, spelling.Among(m.name, known))
}

// nearestWord is the nearest known name, or one that has a word like it: hasReceipt for
// "reciept".
func nearestWord(name string, known []string) string {
	if best := spelling.Nearest(name, known); best != "" {
		return best
	}
	for _, k := range known {
		if len(k) > 3 && len(k) < len(name) && strings.HasSuffix(strings.ToLower(name), k) {
			return k
		}
	}
	for _, k := range known {
		if words := wordsOf.FindAllString(k, -1); len(name) > 3 && spelling.Nearest(name, words) != "" || slices.Contains(words, name) {
			return k
		}
	}
	return ""
}

var wordsOf = regexp.MustCompile(`[A-Z]?[a-z]{3,}`)

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
		if slices.Contains([]string{"length", "size", "count", "len"}, m.name) {
			return "ask with size() how many there are"
		}
		return "a list has no fields; ask its elements: exists(e, ...), all(e, ...), filter(e, ...) or map(e, ...)"
	case types.StringKind:
		return "a text has no fields"
	}
	return ""
}

// otherWords are functions of other languages, in small letters, and what to write instead.
var otherWords = map[string]string{
	"len": "write size()", "length": "write size()", "count": "write size()", "lenght": "write size()", "counta": "write size()",
	"if": "write condition ? this : that", "iif": "write condition ? this : that",
	"and": "write a && b", "or": "write a || b", "not": "write !a",
	"sumif":    `write sum(report.entries.filter(e, e.type == "TAXI").map(e, e.posted), report.currency)`,
	"sumifs":   `write sum(report.entries.filter(e, e.type == "TAXI").map(e, e.posted), report.currency)`,
	"countif":  `write report.entries.filter(e, e.type == "TAXI").size()`,
	"countifs": `write report.entries.filter(e, e.type == "TAXI").size()`,
	"average":  "write sum(amounts).dividedBy(number)", "avg": "write sum(amounts).dividedBy(number)",
	"str": "write string()", "tostring": "write string()", "text": "write string()", "concat": "join texts with +", "concatenate": "join texts with +",
	"float": "write decimal()", "number": "write decimal()", "value": "write decimal()", "numeric": "write decimal()", "isnumber": "write isDecimal()",
	"upper": "write upperAscii()", "toupper": "write upperAscii()", "touppercase": "write upperAscii()",
	"lower": "write lowerAscii()", "tolower": "write lowerAscii()", "tolowercase": "write lowerAscii()",
	"left": "write substring(0, 3)", "mid": "write substring(1, 3)", "slice": "write substring(0, 3)", "strip": "write trim()",
	"isblank": `compare with "", or ask with has()`, "isempty": `compare with "", or ask with has()`,
	"isnull": "ask with !has()", "exist": "ask with has()", "coalesce": `write has(a) ? a : b`, "ifnull": "write has(a) ? a : b", "nvl": "write has(a) ? a : b",
	"today": "write today without brackets", "includes": "write contains(), or value in list", "regex": `write entry.vendor.matches("^A")`,
	"any": "write exists(e, ...)", "some": "write exists(e, ...)", "every": "write all(e, ...)", "forall": "write all(e, ...)", "none": "write !list.exists(e, ...)",
	"lookup": `write lists.name["key"].column`, "vlookup": `write lists.name["key"].column`, "xlookup": `write lists.name["key"].column`, "inlist": "write key in lists.name",
	"datedif": "write daysBetween(a, b)", "datediff": "write daysBetween(a, b)", "days": "write daysBetween(a, b)", "unique": "write distinct()",
	"adddays": "write d.plusDays(30)", "dateadd": "write d.plusDays(30)", "year": "write d.year()", "month": "write d.month()", "day": "write d.day()",
	"weekday": `write d.weekday(), which is "monday" to "sunday"`, "isweekend": "write d.isWeekend()", "rounded": "write roundToCurrency()", "mod": "write a.isMultipleOf(b), or a % b of ints",
}

// otherRoots are what people call the objects of a level.
var otherRoots = map[string]string{
	"expense": "entry", "item": "entry", "line": "entry", "transaction": "entry", "expenses": "report.entries", "entries": "report.entries",
	"header": "report", "trip": "request", "travel": "request", "itemisation": "itemization", "expected": "expectedExpense",
}

// ofPeople is what a name has in it that asks for a person.
var ofPeople = regexp.MustCompile(`(?i)employee|user|login|approver|traveler|traveller|submitter|owner|manager|person$`)

// amounts are what people call an amount, where there is none of that name.
var amounts = map[string]bool{"amount": true, "amt": true, "price": true, "cost": true, "value": true, "sum": true}
