package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// shownField is a field that approvers see.
type shownField struct {
	name   string // as the rules file has it
	level  rulesfile.Level
	field  string
	number string // of a custom field or organisational unit
}

var pageFieldForm = regexp.MustCompile(`^([A-Za-z]+)\.([A-Za-z0-9]+)(?:\["([0-9]+)"\])?$`)

// page reads which fields approvers see, and adds them to what is kept.
func (l *loader) page(fields []rulesfile.PageField) {
	p := l.policy
	for _, f := range fields {
		shown, problem := pageField(f.Name)
		if problem != "" {
			l.Fail(rulesfile.At(f.At), "", "a field of the page: %s", problem)
			continue
		}
		p.shown = append(p.shown, shown)
	}
}

func pageField(name string) (f shownField, problem string) {
	parts := pageFieldForm.FindStringSubmatch(name)
	if parts == nil {
		return f, fmt.Sprintf(`%q is no field; write one as entry.posted or entry.custom["3"]`, rulesfile.Clip(name, 60))
	}
	f = shownField{name: name, level: rulesfile.Level(parts[1]), field: parts[2], number: parts[3]}
	shape := shapeOf[f.level]
	if shape == nil {
		var levels []string
		for _, level := range rulesfile.Levels {
			levels = append(levels, string(level))
		}
		return f, fmt.Sprintf("there is no %q; there are %s%s", parts[1], strings.Join(levels, ", "), spelling.Suggestion(parts[1], levels))
	}
	field, known := shape.fields[f.field]
	if !known {
		var names []string
		for one := range shape.fields {
			names = append(names, one)
		}
		slices.Sort(names)
		return f, fmt.Sprintf("%s has no field %q%s", f.level, f.field, spelling.Among(f.field, names))
	}
	switch numbered := isNumbered(field.typ); {
	case numbered && f.number == "":
		return f, fmt.Sprintf(`%s holds several fields; name one by its number: %s["3"]`, name, name)
	case numbered:
		if n, err := strconv.Atoi(f.number); err != nil || n < 1 || n > numbersOf(shape, f.field) || strconv.Itoa(n) != f.number {
			return f, fmt.Sprintf(`there is no field %q in %s.%s; they are "1" to "%d"`, f.number, f.level, f.field, numbersOf(shape, f.field))
		}
	case f.number != "":
		return f, fmt.Sprintf("%s.%s has no numbers", f.level, f.field)
	case field.typ.Kind() == types.ListKind:
		return f, fmt.Sprintf("%s is a list; name the fields of its objects, such as entry.posted", name)
	}
	return f, ""
}

// needPage adds the fields that approvers see to what is kept, if a person may have to decide.
func (p *Policy) needPage() {
	ofReports, ofRequests := p.MayAsk()
	for _, f := range p.shown {
		needed, mayAsk := p.reportFields, ofReports
		if f.level.OfRequest() {
			needed, mayAsk = p.requestFields, ofRequests
		}
		if !mayAsk {
			continue
		}
		needed.addAll(needsOf(f.level))
		if f.number != "" {
			needed.addNumber(shapeOf[f.level], f.field, f.number)
		} else {
			needed.add(shapeOf[f.level], f.field)
		}
	}
}

// maxShownSize bounds what approvers see of a report, in bytes of JSON.
const (
	maxShownSize = 160 << 10
	maxShownText = 500 // characters of a text
)

// show returns what approvers see: the fields of the page, of each object that has some or
// that a finding is about. Objects with findings are kept first if not all of them fit.
func (e *evaluation) show() *expense.ShownReport {
	shown := &expense.ShownReport{Fields: e.shownFields(e.whole)}
	size := sizeInJSON(shown)
	about := map[*scope]bool{}
	for _, v := range e.found {
		about[v.at] = true
	}
	wanted := e.wantedObjects(about)
	fits := make([]bool, len(wanted))
	objects := make([]expense.ShownObject, len(wanted))
	for _, first := range []bool{true, false} {
		for i, at := range wanted {
			if about[at] != first {
				continue
			}
			one := expense.ShownObject{ID: at.id, Parent: parentOf(at), Level: string(at.level), Fields: e.shownFields(at)}
			if more := sizeInJSON(one) + 1; size+more <= maxShownSize {
				size, objects[i], fits[i] = size+more, one, true
			}
		}
	}
	for i, one := range objects {
		if fits[i] {
			shown.Objects = append(shown.Objects, one)
		}
	}
	if left := len(wanted) - len(shown.Objects); left > 0 {
		shown.LeftOut = fmt.Sprintf("%d of %d lines are not shown, because the report is too large; open it in Concur", left, len(wanted))
	}
	return shown
}

// wantedObjects returns the objects that the page shows, in the order of the report: those with a
// named field, those with a finding, and the objects that contain them.
func (e *evaluation) wantedObjects(about map[*scope]bool) []*scope {
	want := map[*scope]bool{}
	var all []*scope
	for _, level := range rulesfile.Levels {
		if level.Outer() == "" || level.OfRequest() != e.whole.level.OfRequest() {
			continue
		}
		named := slices.ContainsFunc(e.policy.shown, func(f shownField) bool { return f.level == level })
		for _, at := range e.scopesOf(level) {
			for s := at; (named || about[at]) && s.outer != nil && !want[s]; s = s.outer {
				if want[s] = true; s.index >= 0 {
					all = append(all, s)
				}
			}
		}
	}
	slices.SortStableFunc(all, before)
	return all
}

// parentOf is the ID of the object that contains another; empty for the report or request.
func parentOf(s *scope) string {
	for s = s.outer; s.outer != nil; s = s.outer {
		if s.index >= 0 {
			return s.id
		}
	}
	return ""
}

func (e *evaluation) shownFields(s *scope) []expense.ShownField {
	var all []expense.ShownField
	for _, f := range e.policy.shown {
		if f.level != s.level {
			continue
		}
		v, something := s.object.get(f.field)
		if !something {
			continue
		}
		if f.number != "" {
			v = v.(fieldMap).Get(types.String(f.number))
		}
		if one, ok := shownValue(v); ok {
			one.Name = f.name
			all = append(all, one)
		}
	}
	return all
}

// shownValue is a value as approvers see it. It is false for a value that cannot be shown.
func shownValue(v ref.Val) (f expense.ShownField, ok bool) {
	switch v := v.(type) {
	case types.String:
		f.Text = rulesfile.Clip(rulesfile.OneLine(string(v)), maxShownText)
		return f, f.Text != ""
	case types.Bool:
		f.Yes = new(bool(v))
	case types.Int:
		f.Number = strconv.FormatInt(int64(v), 10)
	case value.Decimal:
		f.Number = v.Decimal.String()
	case value.Money:
		f.Money = new(v.Money)
	case value.Date:
		f.Date = expense.Date(v.Time().Format("2006-01-02"))
	case *object:
		field, isField := v.native.(*expense.Field)
		if !isField {
			return f, false
		}
		text := field.Value
		if field.Code != "" {
			text = strings.TrimSpace("(" + field.Code + ") " + text)
		}
		return shownValue(types.String(text))
	default:
		return f, false
	}
	return f, true
}

func sizeInJSON(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return maxShownSize // no field can fail
	}
	return len(data)
}
