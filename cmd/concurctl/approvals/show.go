package approvals

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/expense"
)

// shownTask is what `approvals show` prints of a task as text.
type shownTask struct {
	Open        bool                       `json:"open"`
	Task        *expense.Task              `json:"task"`
	StillNeeded []expense.RequiredApproval `json:"stillNeeded"`
	You         struct {
		MayDecide bool   `json:"mayDecide"`
		Why       string `json:"why"`
	} `json:"you"`
	Owner    expense.Owner        `json:"owner"`
	Fields   []expense.ShownField `json:"fields"`
	Findings []shownFinding       `json:"findings"`
	Objects  []struct {
		expense.ShownObject
		Findings []shownFinding `json:"findings"`
	} `json:"objects"`
	URL     string              `json:"url"`
	Record  []expense.TaskEvent `json:"record"`
	Done    []string            `json:"done"`
	Outcome string              `json:"outcome"`
	Trouble string              `json:"trouble"`
}

type shownFinding struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

func showCommand() *cobra.Command {
	var a access
	cmd := &cobra.Command{
		Use:   "show TASK",
		Short: "Show a task, its report and what has happened",
		Long: `Shows who still has to decide, the report as the rules saw it, the findings, and everything
that has happened to the tasks of the run. TASK is the ID of a task or of a notification. It
needs a worker.`,
		Example: `  concurctl approvals show EXPRPT:gWr1pKey --token-file ~/.concur-token`,
		Args:    cli.ExactArgs(1, "the ID of the TASK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			notification, _, _ := strings.Cut(args[0], "/")
			e, err := a.open(cmd.InOrStdin())
			if err != nil {
				return err
			}
			var shown shownTask
			answer, err := e.get(cmd.Context(), taskPath(notification), "", &shown)
			if err != nil {
				return err
			}
			return cli.Show(cmd, answer, shown.print)
		},
	}
	return a.flags(cmd)
}

func (s shownTask) print(w io.Writer) {
	line := func(format string, args ...any) { fmt.Fprintln(w, cli.Plain(fmt.Sprintf(format, args...))) }
	switch {
	case s.Open && s.Task != nil:
		line("Task %s waits for a decision, since %s.", s.Task.ID, cli.FormatTime(s.Task.OpenedAt))
	case s.Outcome != "":
		line("No decision is needed any more: the run has ended (%s).", s.Outcome)
	default:
		line("No decision is needed now.")
	}
	for _, needed := range s.StillNeeded {
		line("  still needed: %s of %s", cli.Count(needed.Count, "approval"), groupsText([]string{needed.Group}))
	}
	if !s.You.MayDecide && s.You.Why != "" {
		line("You may not decide: %s", s.You.Why)
	}
	if s.Trouble != "" {
		line("The run waits for an operator: %s", s.Trouble)
	}
	if name := employee(s.Owner); name != "" {
		line("Employee: %s", name)
	}
	printFields(line, "", s.Fields)
	printFindings(line, "", s.Findings)
	for _, o := range s.Objects {
		line("%s %s", o.Level, o.ID)
		printFields(line, "  ", o.Fields)
		printFindings(line, "  ", o.Findings)
	}
	if s.URL != "" {
		line("In Concur: %s", s.URL)
	}
	for _, e := range s.Record {
		line("%s: %s", cli.FormatTime(e.At), eventText(e))
	}
	for _, done := range s.Done {
		line("Done in Concur: %s", done)
	}
}

func printFields(line func(string, ...any), indent string, fields []expense.ShownField) {
	for _, f := range fields {
		line("%s%s: %s", indent, f.Name, fieldText(f))
	}
}

func printFindings(line func(string, ...any), indent string, findings []shownFinding) {
	for _, f := range findings {
		line("%s! %s: %s", indent, f.Rule, f.Message)
	}
}

func fieldText(f expense.ShownField) string {
	switch {
	case f.Money != nil:
		return f.Money.String()
	case f.Date != "":
		return string(f.Date)
	case f.Number != "":
		return f.Number
	case f.Yes != nil && *f.Yes:
		return "yes"
	case f.Yes != nil:
		return "no"
	}
	return f.Text
}

// eventText says in one line what happened to a task.
func eventText(e expense.TaskEvent) string {
	what := map[expense.TaskEventKind]string{
		expense.TaskOpened: "asked", expense.TaskReminded: "reminded", expense.TaskEscalated: "escalated from",
		expense.TaskOverdue: "the deadline has passed of", expense.TaskWithdrawn: "the task was withdrawn",
		expense.TaskRefused: "refused", expense.TaskSignalLost: "a decision could not be decoded",
		expense.TaskCarriedOut: "carried out in Concur",
	}[e.Kind]
	parts := []string{}
	add := func(before, text string) {
		if text != "" {
			parts = append(parts, before+cli.Plain(text))
		}
	}
	add("", what)
	add("", string(e.Decision))
	if e.Decision == "" {
		add("", groupsText(e.Groups))
	}
	add("to ", e.To)
	add("by ", e.By)
	if e.IdentifiedBy != "" {
		add("", "(identified by "+string(e.IdentifiedBy)+")")
	}
	add("on behalf of ", e.OnBehalfOf)
	text := strings.Join(parts, " ")
	for _, more := range []string{e.Comment, e.Why} {
		if more != "" {
			text += ": " + cli.Plain(more)
		}
	}
	return text
}
