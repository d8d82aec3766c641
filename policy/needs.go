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

// needs are the fields of each shape that rules read. They may hold more than a rule reads on
// one report, never less.
type needs map[*shape]map[string]need

// need says how much of a field is read.
type need struct {
	all     bool
	numbers map[string]bool // of custom fields or organisational units, unless the whole map is read
}

// reportNeeds holds the fields that the connector itself reads of a report. The action URL and
// the interface are not in the language; SelectFields copies them.
func reportNeeds() needs {
	n := needs{}
	n.add(reportShape, "id", "key", "currency", "status", "hasException", "entries")
	n.add(entryShape, "id", "hasExceptions")
	n.add(itemizationShape, "id")
	n.add(allocationShape, "id")
	return n
}

// needsOf holds the lists and IDs that lead to the objects of a level.
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

// requestNeeds holds the fields that the connector itself reads of a travel request. The
// operations that Concur offers are not in the language; SelectRequestFields copies them.
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
	n := p.reportFields
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

// ReadsFields reports whether these rules read a custom field or an organisational unit of a
// report, and of a travel request. For list fields, Concur's v4 interfaces give only the
// identifier of the item.
func (p *Policy) ReadsFields() (ofReports, ofRequests bool) {
	within := func(n needs) bool {
		return slices.ContainsFunc(parts(), func(s *shape) bool { return n.reads(s, "custom", "orgUnits") })
	}
	return within(p.reportFields), within(p.requestFields)
}

// MayAsk reports whether these rules may ask a person about a report, and about a travel
// request. Each rule but a shadow rule may, because a rule that cannot be evaluated asks a person.
func (p *Policy) MayAsk() (ofReports, ofRequests bool) {
	for _, r := range p.rules {
		if !r.Shadow {
			ofRequests = ofRequests || r.Level.OfRequest()
			ofReports = ofReports || !r.Level.OfRequest()
		}
	}
	return ofReports, ofRequests
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

// addAll adds the needs of others.
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

// addWhole adds every field of a shape and of its parts.
func (n needs) addWhole(s *shape) {
	for field, m := range s.fields {
		n.add(s, field)
		for _, inner := range partsIn(m.typ) {
			n.addWhole(inner)
		}
	}
}

// partsIn returns the shapes of the objects in a value of the type. Custom fields are left out:
// they are copied with their map.
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

// parts are the shapes of reports, travel requests and their parts.
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

// collect adds the fields that a checked expression reads of a report or travel request. ours
// reports the types that the rules file adds.
func (n needs) collect(checked *ast.AST, whole *shape, ours func(*types.Type) bool) {
	r := reading{ast: checked, needs: n, whole: whole, ours: ours, numbered: map[int64]bool{}}
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(r.visit))
}

// reading walks a checked expression from the outside to the inside. A selected field is read.
// Where the type of the object is unknown, the whole report or travel request is read. An
// object that goes into a comparison, or into a function of any type, is read whole. A list in
// a loop is read where the variables of the loop are used.
type reading struct {
	ast      *ast.AST
	needs    needs
	whole    *shape // what is read where the type of the object is unknown
	ours     func(*types.Type) bool
	numbered map[int64]bool // selections of a map that read one of its numbers
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
		if field == "valid" { // code and value are always copied with the field; not every interface provides valid
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

// number notes that only one custom field or organisational unit of a map is read, because its
// number is written out.
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

// passOn handles a value that goes into another value. An object that is still in the outcome
// is read where the outcome is read; any other object is read whole.
func (r reading) passOn(value, outcome ast.Expr) {
	remain := partsIn(r.ast.GetType(outcome.ID()))
	for _, s := range partsIn(r.ast.GetType(value.ID())) {
		if !slices.Contains(remain, s) {
			r.needs.addWhole(s)
		}
	}
}
