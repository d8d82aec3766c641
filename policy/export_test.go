package policy

import (
	"strings"
	"time"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// Budgeted returns the policy with other bounds on the judging of one report.
func (p *Policy) Budgeted(cost uint64, within time.Duration) *Policy {
	q := *p
	q.budget, q.time = cost, within
	return &q
}

// VerdictOn evaluates the rules on a report, without other input. The verdict is returned without
// the values that the rules read.
func (p *Policy) VerdictOn(report *expense.Report) expense.Verdict {
	return bare(p.Evaluate(Input{Report: report}))
}

// VerdictOnRequest is VerdictOn for a travel request.
func (p *Policy) VerdictOnRequest(request *expense.TravelRequest) expense.Verdict {
	return bare(p.Evaluate(Input{Request: request}))
}

func bare(v expense.Verdict) expense.Verdict {
	v.Rules, v.Shown = nil, nil
	for i := range v.Findings {
		v.Findings[i].Values = nil
	}
	return v
}

// Bare evaluates the expressions of all rules on all objects as a program does that uses
// CEL alone: without limits, verdict and reasons. What they are evaluated on is the same.
func (p *Policy) Bare(report *expense.Report) (held int) {
	e, done := p.begin(Input{Report: report})
	defer done()
	for _, r := range p.inOrder {
		for _, at := range e.scopesOf(r.Level) {
			if r.match != nil {
				if v, _, err := r.match.free.Eval(at); err != nil || v != types.True {
					continue
				}
			}
			if v, _, err := r.expression.free.Eval(at); err == nil && v == types.True {
				held++
			}
		}
	}
	return held
}

// Cost says what the expression of the first rule is judged to cost on the first object of
// its level, whether that is known, what CEL counts, and whether it gives up.
func (p *Policy) Cost(c Input) (bound uint64, known bool, counted uint64, exceeded bool) {
	e, done := p.begin(c)
	defer done()
	r := &p.rules[0]
	at := e.scopesOf(r.Level)[0]
	bound, known = r.expression.bound.of(&e.weight)
	_, details, err := r.expression.limited.ContextEval(e.ctx, at)
	if cost := details.ActualCost(); cost != nil {
		counted = *cost
	}
	return bound, known && bound <= maxCost, counted, err != nil && reason(err) == errCost
}

// Functions are the names of the functions of the language, operators left out.
func Functions() ([]string, error) {
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range lang.env[rulesfile.EntryLevel].Functions() {
		if _, isOperator := operators.FindReverse(name); !isOperator && !strings.ContainsAny(name, "@_") && value.LeftOut[name] == "" {
			names = append(names, name)
		}
	}
	return names, nil
}
