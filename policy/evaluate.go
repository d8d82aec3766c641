package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/traits"

	"concur-connector/expense"
)

const (
	maxCost      = 1_000_000  // of one evaluation of one expression, in CEL's units
	maxTotalCost = 50_000_000 // of all evaluations for one report or travel request
	maxTime      = 30 * time.Second
)

const (
	errTotalCost = failure("the rules together exceed what they may cost")
	errTime      = failure("the rules together took too long")
	errNoMessage = failure("its message is empty")
	errNoID      = failure("the entry has no ID to post an exception on")
	errNothing   = failure("there is nothing to judge")
)

// violation is a rule that does not hold on an object, or could not be evaluated.
type violation struct {
	rule    *rule
	object  int    // index of the entry; -1 for the whole
	id      string // of the entry
	message string
	erred   bool // the message says why
}

// Evaluate judges a case by all rules of its kind. It never panics and always ends: what
// costs too much errs.
func (p *Policy) Evaluate(c Case) expense.Verdict {
	if c.Report == nil && c.Request == nil {
		return p.verdict([]violation{{rule: &rule{}, object: -1, message: errNothing.Error(), erred: true}})
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.time)
	defer cancel()
	e := &evaluation{ctx: ctx, left: p.budget}
	if c.Request != nil {
		e.judgeRequest(p, c.Request)
	} else {
		e.report = reportShape.of(c.Report)
		for i := range p.rules {
			if p.rules[i].level != RequestLevel {
				e.apply(&p.rules[i], c.Report)
			}
		}
	}
	return p.verdict(e.found)
}

func (e *evaluation) judgeRequest(p *Policy, request *expense.TravelRequest) {
	seen := requestShape.of(request)
	for i := range p.rules {
		r := &p.rules[i]
		if r.level != RequestLevel {
			continue
		}
		if err := e.exhausted(); err != nil {
			e.found = append(e.found, violation{rule: r, object: -1, message: notEvaluated(err), erred: true})
			continue
		}
		e.judge(r, -1, "", map[string]any{"request": seen})
	}
}

// evaluation is the judging of one report or travel request.
type evaluation struct {
	ctx    context.Context
	left   uint64  // cost
	report *object // nil for a travel request
	found  []violation
}

func (e *evaluation) apply(r *rule, report *expense.Report) {
	if err := e.exhausted(); err != nil {
		e.found = append(e.found, violation{rule: r, object: -1, message: notEvaluated(err), erred: true})
		return
	}
	if r.level == ReportLevel {
		e.judge(r, -1, "", map[string]any{"report": e.report})
		return
	}
	entries, _ := e.report.get("entries")
	for i := range report.Entries {
		if err := e.exhausted(); err != nil {
			e.found = append(e.found, violation{rule: r, object: -1, message: notEvaluated(err), erred: true})
			return
		}
		entry := entries.(traits.Indexer).Get(types.Int(i))
		e.judge(r, i, report.Entries[i].ID, map[string]any{"report": e.report, "entry": entry})
	}
}

func (e *evaluation) exhausted() error {
	switch {
	case e.ctx.Err() != nil:
		return errTime
	case e.left == 0:
		return errTotalCost
	}
	return nil
}

func notEvaluated(err error) string { return "could not be evaluated: " + err.Error() }

func (e *evaluation) judge(r *rule, object int, id string, vars map[string]any) {
	message, violated, err := e.run(r, vars)
	if err == nil && violated && object >= 0 && id == "" && r.then.code != "" {
		err = errNoID
	}
	switch {
	case err != nil:
		e.found = append(e.found, violation{r, object, id, "could not be evaluated: " + e.reason(err), true})
	case violated:
		e.found = append(e.found, violation{r, object, id, message, false})
	}
}

// run evaluates one rule on one object.
func (e *evaluation) run(r *rule, vars map[string]any) (message string, violated bool, err error) {
	if r.match != nil {
		applies, err := e.eval(r.match, vars)
		if err != nil || applies != true {
			return "", false, err
		}
	}
	holds, err := e.eval(r.expression, vars)
	if err != nil || holds == true {
		return "", false, err
	}
	if r.messageExpression == nil {
		return r.message, true, nil
	}
	text, err := e.eval(r.messageExpression, vars)
	if err != nil {
		return "", false, err
	}
	message = clip(oneLine(text.(string)), maxMessage)
	if message == "" {
		return "", false, errNoMessage
	}
	return message, true, nil
}

// eval runs one expression and charges its cost.
func (e *evaluation) eval(p cel.Program, vars map[string]any) (any, error) {
	value, details, err := p.ContextEval(e.ctx, vars)
	if cost := details.ActualCost(); cost != nil {
		e.left -= min(e.left, *cost)
	}
	if err != nil {
		return nil, err
	}
	switch v := value.Value().(type) {
	case bool, string:
		return v, nil
	default:
		return nil, fmt.Errorf("an expression gave %T", v)
	}
}

func (e *evaluation) reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || e.ctx.Err() != nil {
		return errTime.Error()
	}
	return reason(err)
}
