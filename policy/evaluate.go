package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// What evaluations may cost, in CEL's units: an operation is about one.
const (
	maxCost      = 1_000_000   // one evaluation of one expression
	maxRuleCost  = 20_000_000  // all evaluations of one rule for one report or travel request
	maxTotalCost = 100_000_000 // those of all rules
	maxLookCost  = 5_000_000   // what rules saw, of all findings
	maxTime      = 30 * time.Second

	// maxFound bounds the memory of what is found: so many times a rule is violated or errs.
	// Of all of it the verdict shows little, and above maxExceptions a person looks anyway.
	maxFound = 50_000
)

var (
	errTotalCost = value.Error{Reason: "the rules together exceed what they may cost"}
	errRuleCost  = value.Error{Reason: "it exceeds what one rule may cost"}
	errTime      = value.Error{Reason: "the rules together took too long"}
	errFound     = value.Error{Reason: "the rules together find more than can be handled"}
	errNoMessage = value.Error{Reason: "its message is empty"}
	errNoID      = value.Error{Reason: "its object has no ID to post an exception on"}
	errNothing   = value.Error{Reason: "there is nothing to judge"}
	errNoToday   = value.Error{Reason: "it is not known when the report is judged"}
	errNoStop    = value.Error{Reason: "it is violated if it applies here: it is limited to some stops, and at which stop this is, is not known"}
)

// violation is a rule that does not hold on an object, or could not be evaluated.
type violation struct {
	rule    *rule
	at      *scope // nil for a rule of which nothing was evaluated any more
	message string
	erred   bool // the message says why
	saw     []expense.RuleValue
}

// Evaluate judges a case by all rules of its kind. It never panics and always ends: what
// costs too much errs.
func (p *Policy) Evaluate(c Case) expense.Verdict {
	return p.evaluate(c, func(*rule) bool { return true })
}

func (p *Policy) evaluate(c Case, chosen func(*rule) bool) expense.Verdict {
	if c.Report == nil && c.Request == nil {
		return p.verdict([]violation{{rule: &rule{}, message: errNothing.Error(), erred: true}}, nil, nil)
	}
	e, done := p.begin(c)
	defer done()
	for _, r := range p.inOrder {
		if r.Level.OfRequest() == (c.Request != nil) && chosen(r) {
			e.apply(r)
		}
	}
	codes := expense.AssumedDecimals(c.Report)
	if c.Request != nil {
		codes = expense.AssumedDecimals(c.Request)
	}
	return p.verdict(e.found, e.inFileOrder(), codes)
}

// evaluation is the judging of one report or travel request.
type evaluation struct {
	policy *Policy
	ctx    context.Context
	left   uint64 // cost
	spent  uint64 // by the present rule
	// looking is what may still be spent on evaluating rules once more for what they saw.
	looking uint64
	weight  weight
	whole   *scope
	scopes  map[rulesfile.Level][]*scope
	today   any
	facts   expense.Facts
	kept    int   // elements in the values of variables
	untold  error // what has() could not tell, in the present evaluation
	stop    string
	atStop  bool // stop is known

	explain func(Look) // nil: nobody listens
	found   []violation
	looks   map[*rule]*expense.RuleSummary
}

func (p *Policy) begin(c Case) (*evaluation, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), p.time)
	e := &evaluation{
		policy: p, ctx: ctx, left: p.budget, looking: maxLookCost, scopes: map[rulesfile.Level][]*scope{}, facts: c.Facts,
		today: ref.Val(types.WrapErr(errNoToday)), looks: map[*rule]*expense.RuleSummary{},
	}
	e.stop, e.atStop = p.StepOf(c.EventType)
	if !c.At.IsZero() {
		e.today = p.dayAt(c.At)
	}
	if c.Request != nil {
		e.weight.weigh(requestShape, c.Request)
		whole := requestShape.of(c.Request)
		whole.via = cmp.Or(c.Request.Via, expense.RequestV4)
		e.whole = e.scope(nil, rulesfile.RequestLevel, whole, 0)
	} else {
		report := c.Report
		if report == nil {
			report = &expense.Report{}
		}
		e.weight.weigh(reportShape, report)
		whole := reportShape.of(report)
		whole.via = report.Via
		e.whole = e.scope(nil, rulesfile.ReportLevel, whole, 0)
	}
	return e, cancel
}

// apply evaluates a rule on every object of its level.
func (e *evaluation) apply(r *rule) {
	look := &expense.RuleSummary{Rule: r.Name, Shadow: r.Shadow}
	e.looks[r] = look
	doubtful := false
	if len(r.Steps) > 0 {
		switch here, known := r.appliesAt(e); {
		case !known:
			doubtful = true
		case !here:
			look.OtherStep = true
			e.say(r, nil, LookOtherStop, "")
			return
		}
	}
	e.spent = 0
	for i, at := range e.scopesOf(r.Level) {
		if err := e.exhausted(i); err != nil {
			look.Failed++
			e.found = append(e.found, violation{rule: r, at: nil, message: notEvaluated(err), erred: true})
			e.say(r, at, LookNotReached, notEvaluated(err))
			return
		}
		e.judge(r, at, doubtful, look)
	}
}

// at reports whether the rule applies at the stop, and whether that is known.
func (r *rule) appliesAt(e *evaluation) (here, known bool) {
	for _, name := range r.Steps {
		if e.atStop && name == e.stop {
			return true, true
		}
	}
	return false, e.atStop
}

// exhausted says why the nth evaluation in a row is not made. The time is looked at now and
// then: without a loop in it no evaluation takes long.
func (e *evaluation) exhausted(nth int) error {
	switch {
	case nth%16 == 0 && e.ctx.Err() != nil:
		return errTime
	case e.left == 0:
		return errTotalCost
	case len(e.found) >= maxFound:
		return errFound
	case e.spent > maxRuleCost:
		return errRuleCost
	}
	return nil
}

func notEvaluated(err error) string { return "could not be evaluated: " + err.Error() }

func (e *evaluation) judge(r *rule, at *scope, doubtful bool, look *expense.RuleSummary) {
	message, result, err := e.run(r, at)
	if err == nil && result == LookViolated {
		switch {
		case doubtful:
			err = errNoStop
		case at.outer != nil && at.id == "" && r.Then.Code != "":
			err = errNoID
		}
	}
	if err != nil {
		result, message = LookErred, notEvaluated(e.reason(err))
	}
	switch result {
	case LookNoMatch:
		e.say(r, at, result, "")
		return
	case LookHolds:
		if look.Satisfied++; at.outer == nil && r.expression.bound.within(&e.weight, maxSawHeld) {
			look.Values = e.saw(r, at)
		}
	case LookViolated:
		look.Violated++
	default:
		look.Failed++
	}
	look.Objects++
	if result != LookHolds {
		v := violation{rule: r, at: at, message: message, erred: result == LookErred}
		if len(e.found) < maxFindings {
			v.saw = e.saw(r, at)
		}
		e.found = append(e.found, v)
	}
	e.say(r, at, result, message)
}

// run evaluates one rule on one object.
func (e *evaluation) run(r *rule, at *scope) (message string, result LookResult, err error) {
	if r.match != nil {
		switch applies, err := at.eval(r.match); {
		case err != nil:
			return "", LookErred, err
		case applies != types.True:
			return "", LookNoMatch, nil
		}
	}
	switch holds, err := at.eval(r.expression); {
	case err != nil:
		return "", LookErred, err
	case holds == types.True:
		return "", LookHolds, nil
	case r.messageExpression == nil:
		return r.message, LookViolated, nil
	}
	text, err := at.eval(r.messageExpression)
	if err != nil {
		return "", LookErred, err
	}
	message = rulesfile.Clip(rulesfile.OneLine(string(text.(types.String))), rulesfile.MaxMessage)
	if message == "" {
		return "", LookErred, errNoMessage
	}
	return message, LookViolated, nil
}

// eval evaluates an expression on an object and charges what it costs.
func (s *scope) eval(x *expression) (ref.Val, error) {
	outer := s.e.untold
	s.e.untold = nil
	v, err := s.bounded(x)
	if err == nil && s.e.untold != nil {
		v, err = nil, s.e.untold
	}
	s.e.untold = outer
	return v, err
}

// bounded evaluates an expression under a limit. What cannot cost much is not watched while
// it runs.
func (s *scope) bounded(x *expression) (ref.Val, error) {
	e := s.e
	if cost, known := x.bound.of(&e.weight); known && cost <= maxCost {
		e.charge(cost)
		if !x.bound.loops {
			return evaluated(x.free.Eval(s))
		}
		return evaluated(x.free.ContextEval(e.ctx, s))
	}
	return s.watched(x.limited)
}

// watched runs a program under a limit, and charges what it has cost.
func (s *scope) watched(p cel.Program) (ref.Val, error) {
	v, details, err := p.ContextEval(s.e.ctx, s)
	if cost := details.ActualCost(); cost != nil {
		s.e.charge(*cost)
	}
	return evaluated(v, details, err)
}

func (e *evaluation) charge(cost uint64) {
	e.left -= min(e.left, cost)
	e.spent += cost
}

func evaluated(v ref.Val, _ *cel.EvalDetails, err error) (ref.Val, error) {
	if err == nil && types.IsUnknown(v) {
		return nil, fmt.Errorf("an expression gave %T", v)
	}
	return v, err
}

func (e *evaluation) reason(err error) value.Error {
	if errors.Is(err, context.DeadlineExceeded) || e.ctx.Err() != nil {
		return errTime
	}
	return reason(err)
}

// inFileOrder returns what each rule has made of the case, in the order of the file.
func (e *evaluation) inFileOrder() []expense.RuleSummary {
	var all []expense.RuleSummary
	for i := range e.policy.rules {
		if look := e.looks[&e.policy.rules[i]]; look != nil {
			all = append(all, *look)
		}
	}
	return all
}
