package workflows

import (
	"fmt"
	"strings"
	"time"

	"concur-connector/expense"
)

// taskText says in Markdown what an open task waits for.
func taskText(task expense.Task, overdue bool, now time.Time) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }
	line("**Waits for a person's decision**, since %s", clock(task.OpenedAt))
	if overdue {
		line("**Overdue:** a deadline has passed, and nobody has decided.")
	}
	for _, needed := range task.StillNeeded() {
		fmt.Fprintf(&b, "- still needed: %s of %s%s\n", count(needed.Count, "approval"), groupAsCode(needed.Group), askedBy(needed.Rules))
	}
	for _, g := range task.Groups {
		if g.EscalatedFrom != "" {
			fmt.Fprintf(&b, "- escalated: %s may decide for %s, too\n", groupAsCode(g.Group), groupAsCode(g.EscalatedFrom))
		}
		for _, a := range g.Approvals {
			fmt.Fprintf(&b, "- approved by %s%s for %s, at %s\n", code(a.By), onBehalf(a.OnBehalfOf), groupAsCode(g.Group), clock(a.At))
		}
	}
	if task.ClaimedBy != "" {
		fmt.Fprintf(&b, "- %s works on it\n", code(task.ClaimedBy))
	}
	for _, d := range task.Delegates {
		fmt.Fprintf(&b, "- %s may decide on behalf of %s\n", code(d.To), code(d.From))
	}
	for _, step := range task.Plan {
		if task.Needs(step.Group) {
			fmt.Fprintf(&b, "- next, at %s: %s\n", clock(step.At), code(stepText(step)))
			break
		}
	}
	if at := deadline(&task); !at.IsZero() && at.After(now) {
		fmt.Fprintf(&b, "- deadline: %s\n", clock(at))
	}
	b.WriteByte('\n')
	return b.String()
}

func askedBy(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return " (asked by " + code(strings.Join(first(rules, 5), ", ")) + ")"
}

func onBehalf(of string) string {
	if of == "" {
		return ""
	}
	return " on behalf of " + code(of)
}

// decisionExample shows an operator the form of a decision. The run refuses it as it stands.
func decisionExample(task *expense.Task) string {
	id := "the task ID of the status"
	if task != nil {
		id = task.ID
	}
	return fmt.Sprintf("{\"taskId\": %q,\n \"decision\": \"approve or send-back\",\n \"comment\": \"what the employee reads\"}", id)
}

// maxEvents is how many events of the record the details show.
const maxEvents = 20

// recordText lists the newest events of a record in Markdown.
func recordText(record []expense.TaskEvent, dropped int) string {
	var b strings.Builder
	if more := len(record) - maxEvents + dropped; more > 0 {
		fmt.Fprintf(&b, "- %s before these\n", count(more, "event"))
	}
	for _, e := range record[max(0, len(record)-maxEvents):] {
		fmt.Fprintf(&b, "- %s: %s\n", clock(e.At), eventText(e))
	}
	return b.String()
}

// eventText says in Markdown what happened to a task.
func eventText(e expense.TaskEvent) string {
	who := code(e.By) + onBehalf(e.OnBehalfOf)
	why := ""
	if e.Why != "" {
		why = ": " + code(e.Why)
	}
	switch e.Kind {
	case expense.TaskOpened:
		return "asked " + groupAsCode(strings.Join(e.Groups, ", "))
	case expense.TaskReminded:
		return "reminded " + groupAsCode(strings.Join(e.Groups, ", "))
	case expense.TaskEscalated:
		return fmt.Sprintf("%s had not decided; asked %s, too", groupAsCode(strings.Join(e.Groups, ", ")), groupAsCode(e.To))
	case expense.TaskOverdue:
		return fmt.Sprintf("the deadline of %s passed (%s)", groupAsCode(strings.Join(e.Groups, ", ")), e.Why)
	case expense.TaskWithdrawn:
		return "the task was withdrawn" + why
	case expense.TaskCarriedOut:
		return "carried out in Concur" + why
	case expense.TaskSignalLost:
		return "a decision could not be decoded" + why
	case expense.TaskRefused:
		return fmt.Sprintf("refused: %s of %s%s", code(string(e.Decision)), who, why)
	}
	said := ""
	if e.Comment != "" {
		said = ": " + code(e.Comment)
	}
	switch e.Decision {
	case expense.DecideApprove:
		return "approved by " + who + identified(e) + said
	case expense.DecideSendBack:
		return "sent back by " + who + identified(e) + said
	case expense.ClaimTask:
		return "claimed by " + who
	case expense.ReleaseTask:
		return "released by " + who
	case expense.DelegateTask:
		return "delegated by " + who + " to " + code(e.To)
	}
	return "comment of " + who + identified(e) + said
}

// identified says how a person was identified.
func identified(e expense.TaskEvent) string {
	if e.IdentifiedBy == "" {
		return ""
	}
	return " (identified by " + string(e.IdentifiedBy) + ")"
}
