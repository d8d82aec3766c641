package policy

import (
	"strconv"

	"concur-connector/policy/value"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// scope is one object of a report or travel request with everything that a rule on it sees: the
// object, the objects that contain it, and the values of variables. It belongs to one
// evaluation.
type scope struct {
	e      *evaluation
	outer  *scope
	level  rulesfile.Level
	object *object
	id     string // Concur's ID; empty for the report or request, and where Concur gives none
	index  int    // in its list, from 0; -1 for the empty itemization

	variables, facts *object
	values           map[*variable]ref.Val
	unanswered       map[*fact]error
}

func (e *evaluation) scope(outer *scope, level rulesfile.Level, o *object, index int) *scope {
	s := &scope{e: e, outer: outer, level: level, object: o, index: index}
	s.variables, s.facts = e.policy.lang.variables[level].of(s), e.policy.lang.facts[level].of(s)
	if outer != nil {
		v, _ := shapeOf[level].fields["id"].read(o)
		s.id = string(v.(types.String))
	}
	return s
}

// ResolveName implements [interpreter.Activation].
func (s *scope) ResolveName(name string) (any, bool) {
	switch name {
	case "variables":
		return s.variables, true
	case "facts":
		return s.facts, true
	case "lists":
		return s.e.policy.listObject, true
	case "today":
		return s.e.today, true
	}
	for at := s; at != nil; at = at.outer {
		if string(at.level) == name {
			return at.object, true
		}
	}
	return nil, false
}

// Parent implements [interpreter.Activation].
func (s *scope) Parent() interpreter.Activation { return nil }

// at returns the scope of an outer level.
func (s *scope) at(level rulesfile.Level) *scope {
	for s.level != level {
		s = s.outer
	}
	return s
}

// variable returns the value of a variable. It is computed once for each object of its level.
func (s *scope) variable(v *variable) (ref.Val, bool) {
	at := s.at(v.Level)
	computed, known := at.values[v]
	if !known {
		var err error
		if computed, err = at.eval(v.value); err != nil {
			why := s.e.reason(err)
			if why.Variable == "" { // of variables that use each other, the innermost is named
				why.Variable, why.Reason = v.Name, "the variable "+v.Name+" could not be evaluated: "+why.Reason
			}
			computed = types.WrapErr(why)
		} else if size := sizeOf(computed, maxValueSize); size > maxValueSize || s.e.kept+size > maxVariablesSize {
			computed = types.WrapErr(value.Error{Reason: "the variable " + v.Name + " is too large", Variable: v.Name})
		} else {
			s.e.kept += size
		}
		if at.values == nil {
			at.values = map[*variable]ref.Val{}
		}
		at.values[v] = computed
	}
	return computed, something(computed)
}

// How large variables may be, in elements. A text has one element for each 16 bytes.
const (
	maxValueSize     = 100_000   // one
	maxVariablesSize = 4_000_000 // the variables of all objects together
)

// sizeOf counts the elements of a value and of everything in it. It stops soon after the limit,
// because nested lists that share elements can be very large.
func sizeOf(v ref.Val, limit int) int {
	size := 1
	switch v := v.(type) {
	case types.String:
		return 1 + len(v)/16
	case rows: // a list of the company exists once, however many variables name it
		return 1
	case traits.Mapper:
		for it := v.Iterator(); size <= limit && it.HasNext() == types.True; {
			inner, _ := v.Find(it.Next())
			size += 1 + sizeOf(inner, limit-size)
		}
	case traits.Lister:
		for it := v.Iterator(); size <= limit && it.HasNext() == types.True; {
			size += sizeOf(it.Next(), limit-size)
		}
	}
	return size
}

// key names the object in questions to fact services, by its place: "0" is the report or request,
// "3" the third entry or expense, "3.1" its first itemization or segment. The first allocation
// of an entry without itemizations is "3.0.1".
func (s *scope) key() string {
	switch {
	case s.outer == nil:
		return "0"
	case s.outer.outer == nil:
		return strconv.Itoa(s.index + 1)
	}
	return s.outer.key() + "." + strconv.Itoa(s.index+1)
}

// place says where the object is: "entry 3, itemization 1".
func (s *scope) place() string {
	if s.outer == nil {
		return ""
	}
	outer, own := s.outer.place(), ""
	if s.index >= 0 {
		own = string(s.level) + " " + strconv.Itoa(s.index+1)
	}
	if outer == "" || own == "" {
		return outer + own
	}
	return outer + ", " + own
}

// before orders objects as the report lists them; the report or request comes first.
func before(a, b *scope) int {
	pathA, pathB := a.path(), b.path()
	for i := range min(len(pathA), len(pathB)) {
		if d := pathA[i] - pathB[i]; d != 0 {
			return d
		}
	}
	return len(pathA) - len(pathB)
}

func (s *scope) path() []int {
	if s == nil || s.outer == nil {
		return nil
	}
	return append(s.outer.path(), s.index)
}

// scopesOf returns the objects of a level, in the order of the report.
func (e *evaluation) scopesOf(level rulesfile.Level) []*scope {
	if known, there := e.scopes[level]; there {
		return known
	}
	var all []*scope
	switch level {
	case rulesfile.ReportLevel, rulesfile.RequestLevel:
		all = []*scope{e.whole}
	case rulesfile.EntryLevel:
		all = e.parts(e.whole, rulesfile.EntryLevel, "entries", nil)
	case rulesfile.ItemizationLevel:
		for _, entry := range e.scopesOf(rulesfile.EntryLevel) {
			all = e.parts(entry, rulesfile.ItemizationLevel, "itemizations", all)
		}
	case rulesfile.AllocationLevel:
		all = e.allocations()
	case rulesfile.ExpectedExpenseLevel:
		all = e.parts(e.whole, rulesfile.ExpectedExpenseLevel, "expenses", nil)
	case rulesfile.SegmentLevel:
		for _, expected := range e.scopesOf(rulesfile.ExpectedExpenseLevel) {
			all = e.parts(expected, rulesfile.SegmentLevel, "segments", all)
		}
	}
	e.scopes[level] = all
	return all
}

// allocations are those of entries without itemizations, under an empty itemization, and those
// of itemizations.
func (e *evaluation) allocations() (all []*scope) {
	items := e.scopesOf(rulesfile.ItemizationLevel)
	for _, entry := range e.scopesOf(rulesfile.EntryLevel) {
		none := e.scope(entry, rulesfile.ItemizationLevel, e.noItemization(), -1)
		none.object.computed = map[string]ref.Val{}
		all = e.partsOf(entry.object, none, rulesfile.AllocationLevel, "allocations", all)
		for len(items) > 0 && items[0].outer == entry {
			all = e.parts(items[0], rulesfile.AllocationLevel, "allocations", all)
			items = items[1:]
		}
	}
	return all
}

// parts appends the scopes of the objects in a list of an object.
func (e *evaluation) parts(of *scope, level rulesfile.Level, list string, all []*scope) []*scope {
	return e.partsOf(of.object, of, level, list, all)
}

func (e *evaluation) partsOf(o *object, outer *scope, level rulesfile.Level, list string, all []*scope) []*scope {
	v, _ := o.get(list)
	objects := v.(traits.Lister)
	n, _ := objects.Size().(types.Int)
	for i := range n {
		all = append(all, e.scope(outer, level, objects.Get(i).(*object), int(i)))
	}
	return all
}

// noItemization is the empty itemization of an allocation that belongs to an entry directly.
func (e *evaluation) noItemization() *object {
	none := itemizationShape.of(&expense.Itemization{})
	none.via = e.whole.object.via
	return none
}
