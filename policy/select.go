package policy

import (
	"maps"
	"slices"

	"concur-connector/expense"
)

// SelectFields returns a copy of a report with only the fields that these rules and the
// connector read; every other field is zero. The owner is kept if the rules may ask
// a person. [Policy.Evaluate] gives the same verdict for both. Changing the report does not change
// the copy. The copy of nil is nil.
func (p *Policy) SelectFields(report *expense.Report) *expense.Report {
	if report == nil {
		return nil
	}
	kept := &expense.Report{ActionURL: report.ActionURL, Via: report.Via}
	if report.Via.IsV4() {
		kept.Submitted = report.Submitted // it is part of the validation ID
	}
	if ofReports, _ := p.MayAsk(); ofReports {
		kept.Owner = report.Owner
	}
	p.reportFields.copy(reportShape, kept, report)
	return kept
}

// SelectRequestFields is SelectFields for a travel request.
func (p *Policy) SelectRequestFields(request *expense.TravelRequest) *expense.TravelRequest {
	if request == nil {
		return nil
	}
	kept := &expense.TravelRequest{StatusName: request.StatusName, Ended: request.Ended, Operations: slices.Clone(request.Operations)}
	if _, ofRequests := p.MayAsk(); ofRequests {
		kept.Owner = request.Owner
	}
	p.requestFields.copy(requestShape, kept, request)
	return kept
}

// copy copies the needed fields of one object of a shape to another, both given as pointers.
func (n needs) copy(s *shape, to, from any) {
	for field, this := range n[s] {
		s.fields[field].copy(to, from, this, n)
	}
}

func copyValue[T, V any](at func(T) *V) func(to, from any, _ need, _ needs) {
	return func(to, from any, _ need, _ needs) {
		*at(to.(T)) = *at(from.(T))
	}
}

// copyTold copies a pointer that is nil where Concur did not provide the value.
func copyTold[T, V any](at func(T) **V) func(to, from any, _ need, _ needs) {
	return func(to, from any, _ need, _ needs) {
		if v := *at(from.(T)); v != nil {
			*at(to.(T)) = new(*v)
		}
	}
}

func copyList[T, E any](of *shape, at func(T) *[]E) func(to, from any, _ need, all needs) {
	return func(to, from any, _ need, all needs) {
		list := *at(from.(T))
		if len(list) == 0 {
			return
		}
		kept := make([]E, len(list))
		for i := range list {
			all.copy(of, &kept[i], &list[i])
		}
		*at(to.(T)) = kept
	}
}

func copyNumbered[T any](at func(T) *map[string]expense.Field) func(to, from any, this need, _ needs) {
	return func(to, from any, this need, _ needs) {
		fields := *at(from.(T))
		if this.all {
			*at(to.(T)) = maps.Clone(fields)
			return
		}
		kept := map[string]expense.Field{}
		for number := range this.numbers {
			if f, ok := fields[number]; ok {
				kept[number] = f
			}
		}
		if len(kept) > 0 {
			*at(to.(T)) = kept
		}
	}
}
