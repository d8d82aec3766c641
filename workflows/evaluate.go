package workflows

import (
	"errors"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// evaluation is what the rules said, and for what.
type evaluation struct {
	Verdict           *expense.Verdict `json:"verdict,omitempty"`           // for the revision of the last read
	VerdictEventType  string           `json:"verdictEventType,omitempty"`  // the name of the step for which it was given
	DependsOnStepName bool             `json:"dependsOnStepName,omitempty"` // without that name it would be milder, or ask other people
	Reevaluate        bool             `json:"reevaluate,omitempty"`        // something may have changed that the revision does not show
	Rules             *RulesUsed       `json:"rules,omitempty"`             // of the last evaluation

	pendingFacts  []string // the facts that are being fetched
	restartedOnce bool     // a notification has interrupted the evaluation after facts were fetched
}

// again has the rules evaluate the report again, even if its revision is the same.
func (e *evaluation) again() { e.Reevaluate = true }

func (e *evaluation) set(result expense.EvaluationResult, eventType string) {
	e.Verdict, e.VerdictEventType, e.DependsOnStepName = result.Verdict, eventType, result.DependsOnStepName
	e.Rules = &RulesUsed{Hash: result.Verdict.RulesHash, Version: result.Verdict.Version}
	e.Reevaluate = false
}

func (e *evaluation) forget() { e.Verdict = nil }

func (e *evaluation) fetches(facts []string) { e.pendingFacts = facts }

// restarts returns true when a notification that arrived while facts were fetched is a reason to
// read the report first: once, or a stream of notifications would keep the rules from evaluating.
func (e *evaluation) restarts(notificationPending bool) bool {
	e.restartedOnce = notificationPending && !e.restartedOnce
	return e.restartedOnce
}

// isFor returns true when the verdict applies to what was read at the step of that name.
func (e *evaluation) isFor(read expense.FetchedReport, eventType string) bool {
	return e.Verdict != nil && !e.Reevaluate && !(read.DependsOnStep && e.VerdictEventType != eventType)
}

// evaluate asks the rules for a verdict, unless they have given one for this revision, and for
// this step if they differ between steps. The rules' today is the day of the evaluation: a report
// that waits for a person is not evaluated again because a day has passed. A verdict with the
// same effect keeps the open task and the decision on it.
func (r *run) evaluate(ctx workflow.Context, p *pass) next {
	eventType, at := r.Step.name(), workflow.Now(ctx)
	if r.Evaluation.isFor(p.read, eventType) {
		return goOn()
	}
	facts, next := r.fetchFacts(ctx, p.read, eventType, at)
	if !next.continues() {
		return next
	}
	if r.Decision.Task == nil {
		r.enter(ctx, Validating)
	}
	result, err := r.validate(ctx, p.read, eventType, at, facts)
	switch {
	case err != nil:
		return after(err)
	case result.Verdict == nil:
		return r.readForNewRules(ctx)
	case r.changesTask(*result.Verdict):
		r.closeTask(ctx, "the rules give another verdict now")
	}
	r.Evaluation.set(result, eventType)
	return goOn()
}

func (r *run) validate(ctx workflow.Context, read expense.FetchedReport, eventType string, at time.Time, facts expense.Facts) (result expense.EvaluationResult, err error) {
	activity, input := ValidateReport, any(expense.ValidateReportInput{
		Report: read.Report, RulesHash: read.RulesHash, EventType: eventType, At: at, Facts: facts,
	})
	if read.Request != nil {
		activity, input = ValidateRequest, expense.ValidateRequestInput{
			Request: read.Request, RulesHash: read.RulesHash, EventType: eventType, At: at, Facts: facts,
		}
	}
	err = r.retryUnreadable(ctx, func() (err error) {
		result, err = call[expense.EvaluationResult](r.localOptions(ctx, "evaluate the rules for the "+r.noun()), &r.calls, activity, input)
		return err
	})
	return result, err
}

// changesTask returns true when a verdict has another effect than the one before. A comment that
// differs only because notifications contradict each other about the step is no change: whoever
// sends such notifications must not be able to keep people from deciding.
func (r *run) changesTask(now expense.Verdict) bool {
	if r.Evaluation.Verdict == nil {
		return false
	}
	before := *r.Evaluation.Verdict
	if now.Action == expense.Ask && len(r.Step.contradiction()) > 0 {
		before.Comment = now.Comment
	}
	return before.Action != now.Action || !before.SameApprovals(now) || before.Comment != now.Comment ||
		!slices.EqualFunc(before.Exceptions, now.Exceptions, expense.Exception.Same)
}

// readForNewRules reads the report again: it was read for other rules than those in force.
func (r *run) readForNewRules(ctx workflow.Context) next {
	if err := r.pause(ctx, "the rules have changed: the report is read again for the new ones"); err != nil {
		return after(err)
	}
	return again("the rules have changed since the report was read")
}

// forgetVerdict forgets what was decided about a report that has changed.
func (r *run) forgetVerdict(ctx workflow.Context) {
	r.Writes.obeyLimit()
	if r.Evaluation.Verdict != nil {
		r.closeTask(ctx, "the report has changed")
	}
	r.Evaluation.forget()
}

// maxCarriedVerdict limits the size of a verdict that a run carries on. The next run begins with
// one payload of at most 2 MiB, and the other lists may take several hundred KiB.
const maxCarriedVerdict = 512 << 10

// trim drops what only explains a verdict that is too large to carry on. The history of this
// run has all of it.
func (e *evaluation) trim() {
	if e.Verdict == nil || jsonSize(e.Verdict) <= maxCarriedVerdict {
		return
	}
	small := *e.Verdict
	small.Findings = slices.Clone(small.Findings)
	for i := range small.Findings {
		small.Findings[i].Values = nil
	}
	if jsonSize(&small) > maxCarriedVerdict {
		small.Rules = nil
	}
	if jsonSize(&small) > maxCarriedVerdict {
		small.Findings = []expense.Finding{{Message: "the findings are too large to carry on: see the history of the run before"}}
	}
	e.Verdict = &small
}

// encode encodes a value as Temporal stores it.
func encode(value any) []byte {
	payload, err := converter.GetDefaultDataConverter().ToPayload(value)
	if err != nil {
		return nil // it came from a payload
	}
	return payload.GetData()
}

func jsonSize(value any) int { return len(encode(value)) }

// fetchFacts asks the fact services for the facts that the rules need. It waits for as long as
// one is away. The answers serve this evaluation only: a report that has changed is asked about
// again.
func (r *run) fetchFacts(ctx workflow.Context, read expense.FetchedReport, eventType string, at time.Time) (expense.Facts, next) {
	if len(read.FactNames) == 0 {
		return nil, goOn()
	}
	r.Evaluation.fetches(read.FactNames)
	if r.Decision.Task == nil {
		r.enter(ctx, FetchingFacts)
	}
	var fetched expense.FetchedFacts
	err := r.retryUnreadableFrom(ctx, "an answer of a fact service", func() (err error) {
		fetched, err = call[expense.FetchedFacts](r.factOptions(ctx, "fetch facts: "+cutForIndex(strings.Join(read.FactNames, ", "))), &r.calls, FetchFacts, expense.FetchFactsInput{
			Report: read.Report, Request: read.Request, RulesHash: read.RulesHash, EventType: eventType, At: at,
		})
		return err
	})
	var t *ParkReason
	switch {
	case errors.As(err, &t):
		t.Fix = fixForFact(t.Kind)
		return nil, parked(t)
	case err != nil:
		return nil, after(err)
	case fetched.Stale:
		return nil, r.readForNewRules(ctx)
	case r.Evaluation.restarts(r.Inbox.NotificationPending):
		return nil, again("a notification arrived while facts were fetched: the report may have changed")
	}
	return fetched.Facts, goOn()
}

// fixForFact says what a person can do when a fact service does not answer.
func fixForFact(k expense.Kind) string {
	switch k {
	case expense.Unavailable:
		return "A proxy, firewall or gateway refuses the request to the service that the message names: have it let the request through. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "The service that the message names refuses the connector's signature. Give the service the secret of CONCUR_FACT_SECRET, and check its log."
	case expense.Rejected:
		return "The service that the message names refuses the request. Check its log. The rules file says to which address the connector sends what."
	case expense.Untrusted:
		return "If the company's data may go to this host, add it to CONCUR_FACT_HOSTS, set CONCUR_FACT_SECRET, and restart the workers. If not, remove the fact from the rules file."
	case expense.Malformed:
		return "Change the service that the message names so that it answers as docs/policy/fact-answer.schema.json says."
	}
	return fixFor(k)
}
