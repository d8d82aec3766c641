package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// enter moves the run to a state and shows it in the status, in the search attributes, and in the
// details that the Web UI prints.
func (r *run) enter(ctx workflow.Context, s State) {
	if r.status.State != s {
		r.status.State, r.status.Since = s, workflow.Now(ctx)
	}
	r.show(ctx)
}

func (r *run) show(ctx workflow.Context) {
	r.status.WaitingFor = ""
	switch {
	case r.status.State == Parked:
		r.status.WaitingFor = WaitingForOperator
	case r.status.State != Closed && r.Decision.Task != nil && r.Decision.Accepted == nil:
		r.status.WaitingFor = WaitingForApprover
	}
	r.upsert(ctx)
	workflow.SetCurrentDetails(ctx, r.details(ctx))
}

// upsert sets the search attributes that have changed.
func (r *run) upsert(ctx workflow.Context) {
	var updates []temporal.SearchAttributeUpdate
	set := func(key temporal.SearchAttributeKeyKeyword, value string) {
		now := workflow.GetTypedSearchAttributes(ctx)
		before, known := now.GetKeyword(key)
		switch {
		case value == "" && known && before != "":
			updates = append(updates, key.ValueUnset())
		case value != "" && before != value:
			updates = append(updates, key.ValueSet(value))
		}
	}
	set(reportIDKey(), cutForIndex(r.Read.ReportID))
	set(waitingForKey(), r.status.WaitingFor)
	if r.status.State == Closed {
		set(outcomeKey(), string(r.Progress.Outcome))
	}
	if len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
			workflow.GetLogger(ctx).Warn("search attributes cannot be set", "error", err)
		}
	}
}

// cutForIndex cuts a foreign text to the length of a search attribute: Temporal fails a run that sets
// a longer one.
func cutForIndex(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// answer is the answer of the status query.
func (r *run) answer() Status {
	s := r.status
	s.ReportID, s.ValidationID, s.Revision = r.Read.ReportID, r.Step.ValidationID, r.Read.Revision
	s.Task, s.Decisions, s.Done, s.PendingDeletes, s.Parked = r.Decision.Task, r.Decision.Received, r.Progress.Done, r.Deletes.Pending, r.Parking.Reason
	s.TotalDiffers = r.Read.TotalDiffers
	if s.State == Fetching {
		s.ReadsAgain = r.readsAgain
	}
	if s.State == Closed {
		s.Outcome = r.Progress.Outcome
	}
	s.Unreadable = r.Inbox.Unreadable
	if here := r.Step.here(); here != nil && s.State != Closed {
		s.StepName = r.Step.name()
		s.StepNames = r.Step.contradiction()
	}
	if s.State == FetchingFacts {
		s.Facts = r.Evaluation.pendingFacts
	}
	if v := r.Evaluation.Verdict; v != nil {
		s.Verdict = &VerdictStatus{
			Action: v.Action, Exceptions: v.Exceptions, Findings: v.Findings, Rules: v.Rules,
			RulesHash: v.RulesHash, Version: v.Version, ApproveByException: v.ApproveByException,
			Assumed: v.Assumed,
		}
	}
	return s.withoutNulls()
}

// details is the Markdown text that an operator reads in the Web UI.
func (r *run) details(ctx workflow.Context) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }
	switch r.status.State {
	case Parked:
		p := r.Parking.Reason
		line("**Parked: waits for an operator** (%s), since %s", p.Kind, clock(r.Parking.Since))
		line("What is wrong: %s", code(p.Message))
		line("What to do: %s", p.Fix)
		again := "The run tries again by itself at " + clock(r.Parking.RetryAt) + "."
		if r.Parking.RetryAt.IsZero() {
			again = "The run does not try again by itself. It goes on when another notification arrives, or when workers start with another allow-list."
		}
		line("Then send this workflow the signal `%s`; it needs no input. %s", Retried, again)
	case Waiting:
		line("**Waits for a person's decision** (%s), since %s", groupAsCode(r.Decision.Task.Group), clock(r.status.Since))
		line("To decide here, send the signal `%s` with", Decided)
		line("```json\n{\"taskId\": %q,\n \"decision\": \"approve\",\n \"comment\": \"\",\n \"by\": \"your name\"}\n```", r.Decision.Task.ID)
		line("or with `\"decision\": \"send-back\"`.")
	case Closed:
		line("**Ended: %s**%s", r.Progress.Outcome, because(r.Progress.Cause))
		if r.Progress.Outcome == expense.DryRun {
			line("Nothing was written to Concur: %s. The report waits where it was.", dryRunText(r.Writes.DryRun))
		}
	case FetchingFacts:
		line("**Fetches facts**: %s, since %s", code(strings.Join(r.Evaluation.pendingFacts, ", ")), clock(r.status.Since))
		line("The rules evaluate the %s when the fact services have answered. The activity `%s` shows why they have not.", r.noun(), FetchFacts)
	default:
		line("**%s**", stateText(r.status.State, r.noun()))
		if r.status.State == Fetching && r.readsAgain != "" {
			line("Reads again because: %s", code(r.readsAgain))
		}
	}
	if n := len(r.Inbox.Unreadable); n > 0 && r.status.State != Closed {
		last := r.Inbox.Unreadable[n-1]
		line("**A signal could not be decoded:** `%s`, at %s: %s. Send it again with a payload like this:", last.Signal, clock(last.At), last.Problem)
		line("```json\n%s\n```", last.Example)
	}
	if !r.Step.trustedAt.IsZero() {
		line("Only one callout has named the validation step: %s. Without that name, the rules would ask a person, or other people. The run waits until %s, in case another notification names the step differently.",
			code(cutForIndex(r.Step.name())), clock(r.Step.trustedAt))
	}
	if names := r.Step.contradiction(); len(names) > 0 && r.status.State != Closed {
		line("**Notifications contradict each other** about the validation step at which the %s waits. They call it:", r.noun())
		for _, name := range names {
			fmt.Fprintf(&b, "- %s\n", code(cutForIndex(name)))
		}
		line("\nSo the step is unknown, and a person decides on findings of rules that are limited to steps. " +
			"If Concur did not send all of them, somebody else knows the callout's password: change it in Concur.")
	}
	if r.Read.TotalDiffers != "" {
		line("Check the amounts: %s", code(r.Read.TotalDiffers))
	}
	if v := r.Evaluation.Verdict; v != nil {
		line("The rules (%s) say: %s", rulesText(*v), verdictText(*v))
		b.WriteString(findingsText(v.Findings))
		for _, assumed := range v.Assumed {
			fmt.Fprintf(&b, "- %s\n", code(assumed))
		}
		b.WriteByte('\n')
	}
	if len(r.Progress.Done) > 0 {
		title := "Done:"
		if r.Progress.Outcome == expense.DryRun {
			title = "Would have done:"
		}
		line("%s", title)
		for _, d := range r.Progress.Done {
			fmt.Fprintf(&b, "- %s\n", code(d))
		}
	}
	// The Web UI cuts the last line off: this one is empty.
	return strings.TrimSpace(b.String()) + "\n\n\u00a0"
}

func stateText(s State, noun string) string {
	switch s {
	case Fetching:
		return "Reads the " + noun
	case Validating:
		return "Evaluates the rules for the " + noun
	case Posting:
		return "Posts or deletes exceptions"
	case Acting:
		return "Approves the " + noun + " or sends it back"
	case Deleting:
		return "Deletes the failed notification"
	}
	return string(s)
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func group(name string) string {
	if name == "" {
		return "any approver"
	}
	return "group " + name
}

// groupAsCode is group for Markdown.
func groupAsCode(name string) string {
	if name == "" {
		return group(name)
	}
	return "group " + code(name)
}

func because(cause string) string {
	if cause == "" {
		return ""
	}
	return " (cause: " + cause + ")"
}

// count says how many there are of something.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// first returns the first n lines, and says how many there are besides.
func first(lines []string, n int) []string {
	if len(lines) > n {
		return append(lines[:n:n], fmt.Sprintf("and %d more", len(lines)-n))
	}
	return lines
}
