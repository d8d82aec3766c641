package policy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// The limits of evaluations, in CEL's units of cost: an operation costs about one.
const (
	maxCost      = 1_000_000   // one evaluation of one expression
	maxRuleCost  = 20_000_000  // all evaluations of one rule for one report or travel request
	maxTotalCost = 100_000_000 // those of all rules
	maxTraceCost = 5_000_000   // to trace the values of all findings
	maxTime      = 30 * time.Second

	// maxFound bounds the memory of violations and failures. The verdict shows few of them, and
	// above maxExceptions a person decides anyway.
	maxFound = 50_000
)

var (
	errTotalCost = value.Error{Reason: "the rules together exceed what they may cost"}
	errRuleCost  = value.Error{Reason: "it exceeds what one rule may cost"}
	errTime      = value.Error{Reason: "the rules together took too long"}
	errFound     = value.Error{Reason: "the rules together find more than can be handled"}
	errNoGroup   = value.Error{Reason: "the name is empty"}
	errGroupName = value.Error{Reason: "the text has not the form of a group's name"}
	errNoMessage = value.Error{Reason: "its message is empty"}
	errNoID      = value.Error{Reason: "its object has no ID to post an exception on"}
	errNothing   = value.Error{Reason: "there is no report and no travel request"}
	errNoToday   = value.Error{Reason: "the time of the evaluation is unknown, and today with it"}
	errNoStep    = value.Error{Reason: "it is violated, but applies at some steps only, and the current step is unknown"}
)

// violation is a rule that is violated on an object, or that could not be evaluated.
type violation struct {
	rule    *rule
	at      *scope // nil when a limit ended the evaluation of the rule
	message string
	// forApprover is what approvers read; empty if they read message.
	forApprover string
	asked       []expense.RequiredApproval
	failed      bool // the message says why
	values      []expense.RuleValue
}

// Evaluate evaluates all rules for reports, or for travel requests, and returns the verdict. It
// never panics and always ends: a rule that costs too much fails.
func (p *Policy) Evaluate(c Input) expense.Verdict {
	v := p.evaluate(c, func(*rule) bool { return true })
	if v.Action == expense.Ask {
		v.Owner = c.owner()
	}
	return v
}

func (p *Policy) evaluate(c Input, chosen func(*rule) bool) expense.Verdict {
	if c.Report == nil && c.Request == nil {
		return p.verdict([]violation{{rule: &rule{}, message: errNothing.Error(), failed: true}}, nil, nil)
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
	v := p.verdict(e.found, e.inFileOrder(), codes)
	if v.Action == expense.Ask {
		v.Shown = e.show()
	}
	return v
}

// evaluation evaluates the rules on one report or travel request.
type evaluation struct {
	policy *Policy
	ctx    context.Context
	left   uint64 // cost
	spent  uint64 // by the present rule
	// tracing is the cost left for evaluating rules again to learn which values they read.
	tracing     uint64
	weight      weight
	whole       *scope
	scopes      map[rulesfile.Level][]*scope
	today       any
	facts       expense.Facts
	kept        int   // elements in the values of all variables
	unavailable error // why has() has no answer in the current evaluation
	step        string
	stepKnown   bool // step is known

	explain   func(ObjectResult) // nil when the results of single objects are not needed
	found     []violation
	summaries map[*rule]*expense.RuleSummary
}

func (p *Policy) begin(c Input) (*evaluation, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), p.time)
	e := &evaluation{
		policy: p, ctx: ctx, left: p.budget, tracing: maxTraceCost, scopes: map[rulesfile.Level][]*scope{}, facts: c.Facts,
		today: ref.Val(types.WrapErr(errNoToday)), summaries: map[*rule]*expense.RuleSummary{},
	}
	e.step, e.stepKnown = p.StepOf(c.EventType)
	if !c.At.IsZero() {
		e.today = p.dayAt(c.At)
	}
	if c.Request != nil {
		e.weight.weigh(requestShape, c.Request)
		whole := requestShape.of(c.Request)
		whole.via = expense.RequestV4
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
	summary := &expense.RuleSummary{Rule: r.Name, Shadow: r.Shadow}
	e.summaries[r] = summary
	stepUnknown := false
	if len(r.Steps) > 0 {
		switch here, known := r.appliesAt(e); {
		case !known:
			stepUnknown = true
		case !here:
			summary.OtherStep = true
			e.report(r, nil, OtherStep, texts{})
			return
		}
	}
	e.spent = 0
	for i, at := range e.scopesOf(r.Level) {
		if err := e.exhausted(i); err != nil {
			summary.Failed++
			e.found = append(e.found, violation{rule: r, at: nil, message: notEvaluated(err), failed: true})
			e.report(r, at, NotReached, texts{message: notEvaluated(err)})
			return
		}
		e.evaluateOn(r, at, stepUnknown, summary)
	}
}

// appliesAt reports whether the rule applies at the current step, and whether that is known.
func (r *rule) appliesAt(e *evaluation) (here, known bool) {
	for _, name := range r.Steps {
		if e.stepKnown && name == e.step {
			return true, true
		}
	}
	return false, e.stepKnown
}

// exhausted says why the rule is not evaluated on its nth object. It checks the time every 16
// objects only: an evaluation without a loop takes no time to speak of.
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

func (e *evaluation) evaluateOn(r *rule, at *scope, stepUnknown bool, summary *expense.RuleSummary) {
	said, result, err := e.run(r, at)
	if err == nil && result == Violated {
		switch {
		case stepUnknown:
			err = errNoStep
		case at.outer != nil && at.id == "" && r.Then.Code != "":
			err = errNoID
		}
	}
	if err != nil {
		result, said = Failed, texts{message: notEvaluated(e.reason(err))}
	}
	switch result {
	case NoMatch:
		e.report(r, at, result, texts{})
		return
	case Satisfied:
		if summary.Satisfied++; at.outer == nil && r.expression.bound.within(&e.weight, maxSatisfiedCost) {
			summary.Values = e.values(r, at)
		}
	case Violated:
		summary.Violated++
	default:
		summary.Failed++
	}
	summary.Objects++
	if result != Satisfied {
		v := violation{rule: r, at: at, message: said.message, forApprover: said.forApprover, failed: result == Failed}
		if len(e.found) < maxFindings {
			v.values = e.values(r, at)
		}
		var unknown error
		if result == Violated {
			v.asked, unknown = e.whom(r, at)
		}
		e.found = append(e.found, v)
		if unknown != nil {
			why := "the group that it asks is unknown: " + unknown.Error()
			e.found = append(e.found, violation{rule: r, at: at, message: why, failed: true})
			e.report(r, at, Failed, texts{message: why})
		}
	}
	e.report(r, at, result, said)
}

// texts are what a violated rule says.
type texts struct{ message, forApprover string }

// run evaluates one rule on one object.
func (e *evaluation) run(r *rule, at *scope) (said texts, result ResultKind, err error) {
	if r.match != nil {
		switch applies, err := at.eval(r.match); {
		case err != nil:
			return said, Failed, err
		case applies != types.True:
			return said, NoMatch, nil
		}
	}
	switch holds, err := at.eval(r.expression); {
	case err != nil:
		return said, Failed, err
	case holds == types.True:
		return said, Satisfied, nil
	}
	if said.message, err = at.text(r.message); err != nil {
		return said, Failed, err
	}
	if !r.approverMessage.isEmpty() {
		if said.forApprover, err = at.text(r.approverMessage); err != nil {
			return said, Failed, err
		}
	}
	return said, Violated, nil
}

// text returns a message about an object, in one line.
func (s *scope) text(m message) (string, error) {
	if m.computed == nil {
		return m.fixed, nil
	}
	v, err := s.eval(m.computed)
	if err != nil {
		return "", err
	}
	text := rulesfile.Clip(rulesfile.OneLine(string(v.(types.String))), rulesfile.MaxMessage)
	if text == "" {
		return "", errNoMessage
	}
	return text, nil
}

// eval evaluates an expression on an object and charges its cost.
func (s *scope) eval(x *expression) (ref.Val, error) {
	outer := s.e.unavailable
	s.e.unavailable = nil
	v, err := s.run(x)
	if err == nil && s.e.unavailable != nil {
		v, err = nil, s.e.unavailable
	}
	s.e.unavailable = outer
	return v, err
}

// run evaluates an expression under the cost limit. An expression that is known to cost less
// runs without counting.
func (s *scope) run(x *expression) (ref.Val, error) {
	e := s.e
	if cost, known := x.bound.of(&e.weight); known && cost <= maxCost {
		e.charge(cost)
		if !x.bound.loops {
			return evaluated(x.free.Eval(s))
		}
		return evaluated(x.free.ContextEval(e.ctx, s))
	}
	return s.runLimited(x.limited)
}

// runLimited runs a program under the cost limit and charges what it has cost.
func (s *scope) runLimited(p cel.Program) (ref.Val, error) {
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

// inFileOrder returns the summary of each rule, in the order of the file.
func (e *evaluation) inFileOrder() []expense.RuleSummary {
	var all []expense.RuleSummary
	for i := range e.policy.rules {
		if summary := e.summaries[&e.policy.rules[i]]; summary != nil {
			all = append(all, *summary)
		}
	}
	return all
}

var (
	errCost    = value.Error{Reason: "it exceeds what one evaluation may cost"}
	errOutside = value.Error{Reason: "it asks for what lies outside a list, a text or a range of numbers", Kind: value.Unavailable}
)

// The errors of CEL's own arithmetic, which CEL does not export.
var (
	celDivideByZero  = types.IntOne.Divide(types.IntZero).(*types.Err).Unwrap()
	celModulusByZero = types.IntOne.Modulo(types.IntZero).(*types.Err).Unwrap()
	celOverflow      = types.Int(math.MaxInt64).Add(types.IntOne).(*types.Err).Unwrap()
)

// celTexts are the errors that CEL tells apart by their texts alone. A test pins the texts.
var celTexts = []struct {
	begins string
	means  value.Error
}{
	{"no such key", value.ErrNoKey},
	{"insert failed", value.Errorf("two values of a map have the same key; use groupBy()")},
	{"index", errOutside}, // of a list: out of bounds; of a text: out of range
}

// reason says why an evaluation failed, without a value of the report. CEL's own errors quote
// values, so reason replaces them.
func reason(err error) value.Error {
	var own value.Error
	var cancelled interpreter.EvalCancelledError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return errCost
	case errors.Is(err, celDivideByZero), errors.Is(err, celModulusByZero):
		return value.Errorf("it divides by zero")
	case errors.Is(err, celOverflow):
		return value.Errorf("a number grows too large")
	}
	for _, cel := range celTexts {
		if strings.HasPrefix(err.Error(), cel.begins) {
			return cel.means
		}
	}
	return value.Errorf("a value does not fit what is done with it")
}
