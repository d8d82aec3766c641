package policy

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// hint says what was probably meant by a name that is not known; nothing where that cannot
// be told.
func (l *language) hint(level rulesfile.Level, source string, found *cel.Error) string {
	message, _, _ := strings.Cut(found.Message, " (in container")
	for _, say := range []string{hintSyntax(source, found), hintCall(message), hintSelection(message, restOf(source, found))} {
		if say != "" {
			return say
		}
	}
	if name, ok := quotedAfter(message, "undefined field '"); ok {
		return l.hintField(level, source, found.ExprID, name)
	}
	if name, ok := quotedAfter(message, "undeclared reference to '"); ok {
		return l.hintName(level, name, callsIt(source, name))
	}
	return ""
}

// restOf is the expression from the place of the mistake on.
func restOf(source string, found *cel.Error) string {
	runes := []rune(source)
	return string(runes[min(offsetOf(source, found.Location.Line(), found.Location.Column()), len(runes)):])
}

func quotedAfter(message, before string) (string, bool) {
	name, ok := strings.CutPrefix(message, before)
	name, _, _ = strings.Cut(name, "'")
	return name, ok
}

// callsIt reports whether the name stands before a parenthesis.
func callsIt(source, name string) bool {
	called, err := regexp.MatchString(`(^|[^\w])`+regexp.QuoteMeta(name)+`\s*\(`, source)
	return err == nil && called
}

// hintField looks for the field among those of the object that it was asked of.
func (l *language) hintField(level rulesfile.Level, source string, id int64, name string) string {
	parsed, issues := l.env[level].Parse(source)
	if issues.Err() != nil {
		return ""
	}
	owner := l.ownerOf(parsed.NativeRep().Expr(), id, level)
	if owner == nil {
		return fmt.Sprintf("undefined field '%s'%s", name, spelling.Suggestion(name, l.allFields()))
	}
	switch {
	case owner.IsExactType(value.MoneyType):
		return "an amount has no fields; it has m.amount() and m.currency()"
	case owner.IsExactType(value.DateType):
		meant := cmp.Or(spelling.Nearest(name, asksDates), "year")
		if slices.Contains(asksDates, name) {
			meant = name
		}
		return fmt.Sprintf("a date has no fields; a function is called with brackets, as in %s()", meant)
	}
	of := l.known.shapes[owner.TypeName()]
	if of == nil {
		return ""
	}
	fields := slices.Sorted(maps.Keys(of.fields))
	said := fmt.Sprintf("undefined field '%s'", name)
	if kind := l.adds(owner); kind != "" {
		return l.hintAdded(kind, name, fields)
	}
	for at := level.Outer(); at != ""; at = at.Outer() {
		if _, there := shapeOf[at].fields[name]; there && of == shapeOf[level] {
			return fmt.Sprintf("%s; did you mean %q?", said, string(at)+"."+name)
		}
	}
	if inside := hintKnown(of, name, said); inside != "" {
		return inside
	}
	if meant := suggestWord(name, fields); meant != "" {
		return fmt.Sprintf("%s; did you mean %q?", said, meant)
	}
	if of.ours || len(fields) <= 5 && len(fields) > 0 {
		return said + spelling.Among(name, fields)
	}
	return said
}

// allFields are those of everything that a report or a travel request has.
func (l *language) allFields() []string {
	var all []string
	for _, s := range append(parts(), fieldShape) {
		all = slices.AppendSeq(all, maps.Keys(s.fields))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var asksDates = []string{"year", "month", "day", "weekday", "isWeekend", "plusDays", "plusMonths", "daysUntil"}

// hintKnown is about what people look for in a part of a report and what it has otherwise.
func hintKnown(of *shape, name, said string) string {
	switch {
	case of.ours:
		return ""
	case of == reportShape && amounts[strings.ToLower(name)]:
		return said + "; a report has total, claimed, approved, dueEmployee, dueCompanyCard and personalExpenses"
	case amounts[strings.ToLower(name)] && hasPosted(of):
		return said + "; an entry has posted, approved and transaction, and the number of an amount is m.amount()"
	case of == allocationShape && strings.Contains(strings.ToLower(name), "system"):
		return said + `; did you mean "hidden"?`
	case of == reportShape && ofPeople.MatchString(name), of == requestShape && ofPeople.MatchString(name):
		return said + "; names of people are not read"
	}
	return ""
}

// hasPosted reports whether a shape has the amounts of an entry.
func hasPosted(of *shape) bool { _, posted := of.fields["posted"]; return posted }

// hintAdded is about a variable, fact or list.
func (l *language) hintAdded(kind, name string, known []string) string {
	one := kind[:len(kind)-1]
	elsewhere := l.knownTo(kind, name)
	switch {
	case len(elsewhere) > 0:
		return fmt.Sprintf("the %s %s is only known to rules of %s", one, name, someLevels(elsewhere))
	case len(known) == 0:
		return fmt.Sprintf("there is no %s %q", one, name)
	}
	return fmt.Sprintf("there is no %s %q%s", one, name, spelling.Among(name, known))
}

// suggestWord is suggest for a name that may also be meant by one of its words: "reciept"
// by hasReceipt.
func suggestWord(name string, known []string) string {
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

// knownTo are the levels at which there is a variable or fact of the name.
func (l *language) knownTo(kind, name string) []rulesfile.Level {
	var all []rulesfile.Level
	if kind == "lists" {
		return nil
	}
	for _, level := range rulesfile.Levels {
		of := l.variables[level]
		if kind == "facts" {
			of = l.facts[level]
		}
		if _, there := of.fields[name]; there {
			all = append(all, level)
		}
	}
	return all
}

// hintName looks for a name where an expression begins with one, or for a function.
func (l *language) hintName(level rulesfile.Level, name string, called bool) string {
	if root, _, _ := strings.Cut(name, "."); rulesfile.Level(root).Known() {
		return "" // of another level, which is said elsewhere
	}
	said := fmt.Sprintf("undeclared reference to '%s'", name)
	switch {
	case called && loops[name]:
		return fmt.Sprintf("%s() takes a name for the element, and what is asked of it: %s(e, e.personal)", name, name)
	case called && otherWords[strings.ToLower(name)] != "":
		return said + "; " + otherWords[strings.ToLower(name)]
	case called && isField(level, name):
		return fmt.Sprintf("%s is a field: it is written without brackets", name)
	case called:
		return said + spelling.Suggestion(name, l.functions(level))
	case otherRoots[name] != "":
		return fmt.Sprintf("%s; did you mean %q?", said, otherRoots[name])
	case len(name) == 1:
		return said + "; the name of an element is known only between the brackets of its exists(), all(), filter() or map()"
	}
	names := []string{"today", "variables", "facts", "lists"}
	for at := level; at != ""; at = at.Outer() {
		names = append(names, string(at))
	}
	for _, kind := range []struct {
		name string
		of   *shape
	}{{"variables", l.variables[level]}, {"facts", l.facts[level]}, {"lists", l.lists}} {
		if _, there := kind.of.fields[name]; there {
			return fmt.Sprintf("%s; did you mean %q?", said, kind.name+"."+name)
		}
	}
	for at := level; at != ""; at = at.Outer() {
		if _, there := shapeOf[at].fields[name]; there {
			return fmt.Sprintf("%s; did you mean %q?", said, string(at)+"."+name)
		}
	}
	if meant := spelling.Suggestion(name, names); meant != "" {
		return said + meant
	}
	if textForm.MatchString(name) {
		return fmt.Sprintf(`%s; a text is written in quotes: "%s"`, said, name)
	}
	return said
}

// isField reports whether an object that a rule of the level sees has a field of the name.
func isField(level rulesfile.Level, name string) bool {
	for at := level; at != ""; at = at.Outer() {
		if _, there := shapeOf[at].fields[name]; there {
			return true
		}
	}
	return false
}

// textForm is what looks like a code that someone forgot to quote.
var textForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*$`)

// functions are the names by which functions and macros are called.
func (l *language) functions(level rulesfile.Level) []string {
	names := []string{"has", "all", "exists", "exists_one", "map", "filter", "groupBy", "totalBy"}
	for name := range l.env[level].Functions() {
		if rulesfile.Identifier.MatchString(name) && value.LeftOut[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// someLevels lists levels as a sentence does.
func someLevels(list []rulesfile.Level) string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = string(l)
	}
	if len(names) == 1 {
		return "level " + names[0]
	}
	last := len(names) - 1
	return fmt.Sprintf("levels %s and %s", strings.Join(names[:last], ", "), names[last])
}
