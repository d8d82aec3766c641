package policy

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// needs is what rules read of a report or of a travel request: the fields of each
// shape. It may hold more than a rule reads on one report, never less.
type needs map[*shape]map[string]need

// need says how much of a field is read.
type need struct {
	all     bool
	numbers map[string]bool // of custom fields or organisational units, unless all
}

// reportNeeds holds what the connector itself reads of a report. The action URL and the
// interface are not in the language and are kept by Keep.
func reportNeeds() needs {
	n := needs{}
	n.add(reportShape, "id", "key", "currency", "status", "hasException", "entries")
	n.add(entryShape, "id", "hasExceptions")
	n.add(itemizationShape, "id")
	n.add(allocationShape, "id")
	return n
}

// needsOf holds what must be there so that there are objects of the level, and so that each
// can be named.
func needsOf(level rulesfile.Level) needs {
	n := needs{}
	switch level {
	case rulesfile.AllocationLevel:
		n.add(entryShape, "allocations", "itemizations")
		n.add(itemizationShape, "allocations")
	case rulesfile.ItemizationLevel:
		n.add(entryShape, "itemizations")
	case rulesfile.SegmentLevel:
		n.add(requestShape, "expenses")
		n.add(expectedExpenseShape, "id", "segments")
		n.add(segmentShape, "id")
	case rulesfile.ExpectedExpenseLevel:
		n.add(requestShape, "expenses")
		n.add(expectedExpenseShape, "id")
	}
	return n
}

// requestNeeds holds what the connector itself reads of a travel request. What Concur
// offers to do with it is not in the language and is kept by KeepRequest.
func requestNeeds() needs {
	n := needs{}
	n.add(requestShape, "id", "number", "currency", "status", "submitted")
	return n
}

// Parts says what of a report these rules read that takes requests of its own in the
// newer interfaces of Concur.
//
// Of taxes and of custom and organisational fields v4 tells only in the single expense,
// and whether an entry is itemized only by its itemizations. The allocations of an entry
// are those of one that is not itemized, so that they need to know it as well. Whether there
// are exceptions on the report itself only their list says.
func (p *Policy) Parts() expense.Parts {
	n := p.needs
	return expense.Parts{
		Details:      n.reads(entryShape, "custom", "orgUnits", "hasVat", "rejected") || n.reads(itemizationShape, "custom", "orgUnits"),
		Itemizations: n.reads(entryShape, "itemizations", "itemized", "allocations"),
		Allocations:  n.reads(entryShape, "allocations") || n.reads(itemizationShape, "allocations"),
		Attendees:    n.reads(entryShape, "attendeeCount"),
		Comments:     n.reads(entryShape, "commentCount"),
		// The connector itself keeps the flag, and does not need it by v4.
		Exceptions: slices.ContainsFunc(p.rules, func(r rule) bool { return r.needs.reads(reportShape, "hasException") }),
	}
}

// ReadsFields reports whether these rules read a custom field or an organisational unit of
// a report, and of a travel request: of one that is a list's, Concur's v4 interfaces show
// the item's identifier only.
func (p *Policy) ReadsFields() (ofReports, ofRequests bool) {
	within := func(n needs) bool {
		return slices.ContainsFunc(parts(), func(s *shape) bool { return n.reads(s, "custom", "orgUnits") })
	}
	return within(p.needs), within(p.asked)
}

// reads reports whether one of the fields is read.
func (n needs) reads(s *shape, fields ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { _, ok := n[s][field]; return ok })
}

func (n needs) add(s *shape, fields ...string) {
	if n[s] == nil {
		n[s] = map[string]need{}
	}
	for _, field := range fields {
		n[s][field] = need{all: true}
		if s == reportShape && field == "entriesTotal" {
			n.add(reportShape, "currency", "entries")
			n.add(entryShape, "posted")
		}
	}
}

func (n needs) addNumber(s *shape, field, number string) {
	have := n[s][field]
	switch {
	case have.all:
	case have.numbers == nil:
		if n[s] == nil {
			n[s] = map[string]need{}
		}
		n[s][field] = need{numbers: map[string]bool{number: true}}
	default:
		have.numbers[number] = true
	}
}

// addAll adds what others need.
func (n needs) addAll(others needs) {
	for s, fields := range others {
		for field, need := range fields {
			if need.all {
				n.add(s, field)
			}
			for number := range need.numbers {
				n.addNumber(s, field, number)
			}
		}
	}
}

// addWhole adds everything of a shape and of what is in it.
func (n needs) addWhole(s *shape) {
	for field, m := range s.fields {
		n.add(s, field)
		for _, inner := range partsIn(m.typ) {
			n.addWhole(inner)
		}
	}
}

// partsIn returns the shapes of the objects that a value of the type holds. A
// custom field is not among them: it is kept with the map that it is in.
func partsIn(t *types.Type) []*shape {
	if s := partOf(t); s != nil {
		return []*shape{s}
	}
	var all []*shape
	for _, parameter := range t.Parameters() {
		all = append(all, partsIn(parameter)...)
	}
	return all
}

// parts are the shapes of what has parts, and of the parts.
func parts() []*shape {
	return []*shape{
		reportShape, entryShape, itemizationShape, allocationShape,
		requestShape, expectedExpenseShape, segmentShape, requestExceptionShape,
	}
}

func partOf(t *types.Type) *shape {
	for _, s := range parts() {
		if t.IsExactType(s.typ) {
			return s
		}
	}
	return nil
}

// collect adds what a checked expression reads of the whole, a report or a travel
// request. Of ours are the types that hold nothing of either.
func (n needs) collect(checked *ast.AST, whole *shape, ours func(*types.Type) bool) {
	r := reading{ast: checked, needs: n, whole: whole, ours: ours, numbered: map[int64]bool{}}
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(r.visit))
}

// reading walks a checked expression from the outside to the inside. A field is
// read where it is selected; where the types do not say of what, the whole report
// or travel request is. Where a part of it goes elsewhere than to a selection (into a
// comparison, or into a function that takes anything), all of that part counts as read.
// What goes into a loop is read where the loop's variables are used.
type reading struct {
	ast      *ast.AST
	needs    needs
	whole    *shape // what is read where the types do not say
	ours     func(*types.Type) bool
	numbered map[int64]bool // selections of which only a number is read
}

func (r reading) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		r.selection(e)
	case ast.CallKind:
		r.call(e)
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			r.passOn(element, e)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			r.passOn(entry.AsMapEntry().Key(), e)
			r.passOn(entry.AsMapEntry().Value(), e)
		}
	}
}

func (r reading) selection(e ast.Expr) {
	operand, field := e.AsSelect().Operand(), e.AsSelect().FieldName()
	t := r.ast.GetType(operand.ID())
	switch s := partOf(t); {
	case r.numbered[e.ID()]:
	case s != nil:
		r.needs.add(s, field)
	case t.IsExactType(fieldShape.typ):
		if field == "valid" { // code and value are kept with the field; this one not every interface tells
			r.needs.add(fieldShape, field)
		}
	case t.Kind() == types.MapKind, r.ours(t):
	default:
		r.needs.addWhole(r.whole)
	}
}

func (r reading) call(e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case overloads.Size:
		return
	case operators.Index:
		r.number(args[0], args[1])
	case operators.In:
		r.number(args[1], args[0])
	}
	if call.IsMemberFunction() {
		args = append(slices.Clip(args), call.Target())
	}
	for _, arg := range args {
		r.passOn(arg, e)
	}
}

// number notes that of a selected map of custom fields or organisational units only
// the one is read whose number is written out.
func (r reading) number(fields, key ast.Expr) {
	if fields.Kind() != ast.SelectKind || !isNumbered(r.ast.GetType(fields.ID())) {
		return
	}
	s := partOf(r.ast.GetType(fields.AsSelect().Operand().ID()))
	number, ok := key.AsLiteral().(types.String)
	if s == nil || !ok {
		return
	}
	r.needs.addNumber(s, fields.AsSelect().FieldName(), string(number))
	r.numbered[fields.ID()] = true
}

// passOn looks at a value that goes into another. A part of the report that is
// still in the outcome is judged by what becomes of that; any other is read whole.
func (r reading) passOn(value, outcome ast.Expr) {
	remain := partsIn(r.ast.GetType(outcome.ID()))
	for _, s := range partsIn(r.ast.GetType(value.ID())) {
		if !slices.Contains(remain, s) {
			r.needs.addWhole(s)
		}
	}
}
