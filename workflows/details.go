package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

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
		b.WriteString(taskText(*r.Decision.Task, r.Decision.Overdue, workflow.Now(ctx)))
		line("People decide on the approvers' page. If the rules accept unsealed decisions of a group (`unsealed: allow`), an operator can decide here, too: send the signal `%s` with", Decided)
		line("```json\n%s\n```", decisionExample(r.Decision.Task))
	case Closed:
		line("**Ended: %s**%s", r.Progress.Outcome, because(r.Progress.Cause))
		if r.Progress.Outcome == expense.DryRun {
			line("Nothing was written to Concur: %s. The report waits where it was.", dryRunText(r.Writes.DryRun))
		}
	case Exporting:
		line("**Stores the record of decisions**, since %s", clock(r.status.Since))
		line("Nothing else is left to do: the run ends when the record is stored. The activity `%s` shows why it is not (CONCUR_RECORD_FILE, CONCUR_RECORD_URL).", ExportRecord)
	case FetchingFacts:
		line("**Fetches facts**: %s, since %s", code(strings.Join(r.Evaluation.pendingFacts, ", ")), clock(r.status.Since))
		line("The rules evaluate the %s when the fact services have answered. The activity `%s` shows why they have not.", r.noun(), FetchFacts)
	default:
		line("**%s**", stateText(r.status.State, r.noun()))
		if r.status.State == Fetching && r.readsAgain != "" {
			line("Reads again because: %s", code(r.readsAgain))
		}
	}
	if n := len(r.Decision.Received); n > 0 && r.status.State != Closed {
		line("**Not checked yet: %s.** The activity `%s` shows why.", count(n, "decision"), CheckDecision)
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
	if text := recordText(r.Decision.Record, r.Decision.Dropped); text != "" {
		line("Decisions and reminders:")
		b.WriteString(text)
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

func groups(names []string) string { return group(strings.Join(names, ", ")) }

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

const (
	maxFindings = 20 // findings in the details
	maxValues   = 4  // values of one of them
)

// rulesText names the rules of a verdict.
func rulesText(v expense.Verdict) string {
	if v.Version == "" {
		return "hash " + v.RulesHash
	}
	return "version " + code(v.Version) + ", hash " + v.RulesHash
}

func verdictText(v expense.Verdict) string {
	text := map[expense.Action]string{expense.Approve: "approve", expense.SendBack: "send it back", expense.Ask: "ask a person"}[v.Action]
	if v.Action == expense.Approve && v.ApproveByException != "" {
		text += " by exception " + code(v.ApproveByException)
	}
	if n := len(v.Exceptions); n > 0 {
		text += ", with " + count(n, "exception")
	}
	return text
}

// findingsText lists findings: first those with an effect, then warnings, then those of shadow rules.
func findingsText(findings []expense.Finding) string {
	ordered := slices.Clone(findings)
	slices.SortStableFunc(ordered, func(a, b expense.Finding) int { return weight(a) - weight(b) })
	var b strings.Builder
	for _, f := range ordered[:min(len(ordered), maxFindings)] {
		fmt.Fprintf(&b, "- %s%s%s: %s%s\n", label(f), code(f.Rule), on(f.Object), code(f.Message), valuesText(f.Values))
	}
	if more := len(ordered) - maxFindings; more > 0 {
		fmt.Fprintf(&b, "- and %d more\n", more)
	}
	return b.String()
}

func weight(f expense.Finding) int {
	switch {
	case f.Shadow:
		return 2
	case f.Warn:
		return 1
	}
	return 0
}

func label(f expense.Finding) string {
	switch {
	case f.Shadow:
		return "shadow: "
	case f.Warn:
		return "warning: "
	}
	return ""
}

func on(object string) string {
	if object == "" {
		return ""
	}
	return " on " + code(object)
}

// valuesText prints some of the values that a rule read. The status has all of them.
func valuesText(seen []expense.RuleValue) string {
	var values []string
	for _, s := range seen[:min(len(seen), maxValues)] {
		values = append(values, code(s.Name+" = "+s.Value))
	}
	if more := len(seen) - maxValues; more > 0 {
		values = append(values, fmt.Sprintf("and %d more", more))
	}
	if len(values) == 0 {
		return ""
	}
	return " (values: " + strings.Join(values, ", ") + ")"
}

// code shows a foreign text in the run's details as a code span. The Web UI then does not read it as
// Markdown, HTML or mathematics, and does not replace quotes. Only invisible characters change: see
// visible.
//
// Source: https://spec.commonmark.org/0.31.2/#code-spans
func code(text string) string {
	text = visible(text)
	if text == "" {
		return "(nothing)"
	}
	longest, run := 0, 0 // rows of backticks in the text
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	// Markdown drops one space at each end when both ends have one.
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	fence := strings.Repeat("`", longest+1)
	return fence + text + fence
}

// visible makes one line of a text and names each invisible character, such as one that reverses the
// direction of writing.
func visible(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\ufffd") {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
