package rules

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
	"concur-connector/policy"
)

// unknownLook is the result of a rule that reads what the run did not keep.
const unknownLook policy.ResultKind = "unknown"

func rulesExplainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain REPORT",
		Short: "Show the result of each rule on a report, and the verdict",
		Long: `Evaluates the rules on one report or travel request. It prints the result of each rule on each
object, in the order of the report, with the values that the rule read; then the verdict. REPORT is

  a file         a payload from Concur, or a report in YAML or JSON as in a case of rules test;
                 - is the standard input
  EXPRPT:KEY     the notification ID of a run: the report, the time and the facts are taken from
                 its history. A rule that reads a field which was not stored is unknown
  https://...    an ObjectURI: the report is read from Concur, and nothing is changed. Fact services
                 are not called, so rules that need a fact are unknown

Rules that are satisfied or do not apply are only counted; --all shows them too.`,
		Example: `  concurctl rules explain report.xml --event-type SUBMIT
  concurctl rules explain 'EXPRPT:nRWlPQq4RH9EG$sbzp89HyD$plmWvBq' --rule receipt --all`,
		Args: cli.ExactArgs(1, "the REPORT: a file, a notification ID or an ObjectURI"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, _, err := loadRules(o.rules)
			if err != nil {
				return err
			}
			if o.rule != "" && !slices.ContainsFunc(rules.Rules(), func(r policy.Rule) bool { return r.Name == o.rule }) {
				return fmt.Errorf("the rules file has no rule %q", o.rule)
			}
			s, err := o.subject(cmd, rules, args[0])
			if err != nil {
				return err
			}
			e := explain(rules, s, o)
			return cli.Show(cmd, e, func(w io.Writer) { e.print(w, o.all) })
		},
	}
	cmd.Flags().StringVar(&o.rules, "rules", "", "the rules file (default: CONCUR_RULES)")
	cmd.Flags().StringVar(&o.rule, "rule", "", "show this rule only")
	cmd.Flags().BoolVar(&o.all, "all", false, "also show the rules that are satisfied or do not apply")
	cmd.Flags().StringVar(&o.event, "event-type", "", "EventType of the notification, which names the validation step")
	cmd.Flags().StringVar(&o.at, "at", "", "time of the evaluation, such as 2026-05-01")
	cmd.Flags().BoolVar(&o.useRefreshToken, "use-refresh-token", false, "read from Concur without a token store")
	return cmd
}

type explainOptions struct {
	rules, rule, event, at string
	all, useRefreshToken   bool
}

// explained is the result of the rules on one report or travel request.
type explained struct {
	ID      string          `json:"id,omitempty"`
	Rules   string          `json:"rulesHash"`
	Version string          `json:"version,omitempty"`
	At      time.Time       `json:"at,omitzero"`
	Event   string          `json:"eventType,omitempty"`
	Objects []lookedAt      `json:"objects"`
	Verdict expense.Verdict `json:"verdict"`
	// Plan is what happens to the task for people if it is opened at At.
	Plan     *expense.TaskPlan `json:"plan,omitempty"`
	Unknown  []string          `json:"unknown,omitempty"`  // rules
	Missing  string            `json:"missing,omitempty"`  // what Concur claims and does not show
	Recorded *expense.Verdict  `json:"recorded,omitempty"` // of the run

	zone *time.Location // of the rules
}

// lookedAt is one object and what the rules made of it.
type lookedAt struct {
	Object string                `json:"object,omitempty"` // its ID
	Place  string                `json:"place"`
	Looks  []policy.ObjectResult `json:"looks"`
}

func explain(rules *policy.Policy, s subject, o explainOptions) explained {
	verdict, unknown := rules.EvaluateStored(s.Input, s.kept)
	e := explained{
		ID: s.id, Rules: rules.Hash(), Version: rules.Version(), At: s.At, Event: s.EventType, Objects: []lookedAt{},
		Verdict: verdict, Unknown: unknown, Missing: s.missing,
	}
	e.Verdict.Owner = nil // is not shown
	if s.recorded != nil {
		e.Recorded = new(*s.recorded)
		e.Recorded.Owner = nil
	}
	if verdict.Action == expense.Ask && !s.At.IsZero() {
		e.Plan, e.zone = new(rules.PlanTask(expense.PlanTaskInput{Groups: verdict.Approvals, OpenedAt: rules.Moment(s.At)})), rules.Zone()
	}
	at := map[string]int{}
	for _, look := range rules.Explain(s.Input) {
		if o.rule != "" && look.Rule != o.rule {
			continue
		}
		if slices.Contains(unknown, look.Rule) {
			look.Result, look.Message, look.Values = unknownLook, "", nil
		}
		place := cmp.Or(look.Place, look.Object, s.noun())
		i, ok := at[place]
		if !ok {
			i = len(e.Objects)
			at[place] = i
			e.Objects = append(e.Objects, lookedAt{Object: look.Object, Place: place})
		}
		e.Objects[i].Looks = append(e.Objects[i].Looks, look)
	}
	order := s.order()
	slices.SortStableFunc(e.Objects, func(a, b lookedAt) int { return cmp.Compare(order[a.Object], order[b.Object]) })
	return e
}

func (e explained) print(w io.Writer, all bool) {
	fmt.Fprintf(w, "%s, by the rules %s, as of %s", cmp.Or(cli.Plain(e.ID), "it has no ID"), cmp.Or(cli.Plain(e.Version), e.Rules), moment(e.At))
	if e.Event != "" {
		fmt.Fprintf(w, ", at %s", cli.Plain(e.Event))
	}
	fmt.Fprintln(w)
	hidden := map[policy.ResultKind]int{}
	for _, object := range e.Objects {
		shown := object.Looks
		if !all {
			shown = slices.DeleteFunc(slices.Clone(shown), func(look policy.ObjectResult) bool {
				quiet := look.Result == policy.Satisfied || look.Result == policy.NoMatch || look.Result == policy.OtherStep
				if quiet {
					hidden[look.Result]++
				}
				return quiet
			})
		}
		if len(shown) > 0 {
			printObject(w, object, shown)
		}
	}
	var parts []string
	for _, result := range []policy.ResultKind{policy.Satisfied, policy.NoMatch, policy.OtherStep} {
		if n := hidden[result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, result))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "not shown: %s (--all shows them)\n", strings.Join(parts, ", "))
	}
	e.printVerdict(w)
}

func printObject(w io.Writer, object lookedAt, looks []policy.ObjectResult) {
	fmt.Fprint(w, cli.Plain(object.Place))
	if object.Object != "" && object.Object != object.Place {
		fmt.Fprintf(w, " (%s)", cli.Plain(object.Object))
	}
	fmt.Fprintln(w)
	for _, look := range looks {
		fmt.Fprintf(w, "  %-11s %s", look.Result, look.Rule)
		if look.Shadow {
			fmt.Fprint(w, " (shadow)")
		}
		if look.Message != "" {
			fmt.Fprintf(w, ": %s", cli.Plain(look.Message))
		}
		fmt.Fprintln(w)
		if look.ForApprover != "" {
			fmt.Fprintf(w, "              approvers read: %s\n", cli.Plain(look.ForApprover))
		}
		for _, saw := range look.Values {
			fmt.Fprintf(w, "              %s = %s\n", cli.Plain(saw.Name), cli.Plain(saw.Value))
		}
	}
}

func (e explained) printVerdict(w io.Writer) {
	if e.Missing != "" {
		fmt.Fprintf(w, "not complete: %s; a worker parks this report (%s) and does not evaluate it\n", cli.Plain(e.Missing), expense.Incomplete)
	}
	fmt.Fprintf(w, "verdict: %s", verdictLine(e.Verdict))
	if len(e.Unknown) > 0 {
		fmt.Fprintf(w, ", as far as is known; unknown: %s", strings.Join(e.Unknown, ", "))
	}
	fmt.Fprintln(w)
	e.printTask(w)
	for _, assumed := range e.Verdict.Assumed {
		fmt.Fprintf(w, "  %s\n", cli.Plain(assumed))
	}
	after := ""
	if e.Verdict.SendBackWithoutExceptions && e.Verdict.Action == expense.SendBack {
		after = ", not posted: it is sent back without"
	}
	for _, x := range e.Verdict.Exceptions {
		fmt.Fprintf(w, "  exception %s on %s (%s)%s\n", x.Code, cli.Plain(strings.TrimSpace(strings.ToLower(string(x.ObjectType))+" "+x.ObjectID)), x.Rule, after)
	}
	if e.Verdict.Comment != "" {
		fmt.Fprintln(w, "comment:")
		for line := range strings.Lines(e.Verdict.Comment) {
			fmt.Fprintf(w, "  %s\n", cli.Plain(strings.TrimRight(line, "\n")))
		}
	}
	if r := e.Recorded; r != nil {
		fmt.Fprintf(w, "the run evaluated it by %s: %s\n", rulesOf(*r, e.Rules), verdictLine(*r))
	}
}

// printTask says who must approve, and what happens if nobody does.
func (e explained) printTask(w io.Writer) {
	for _, a := range e.Verdict.Approvals {
		who := "a person of " + a.Group
		if a.Count > 1 {
			who = fmt.Sprintf("%d different people of %s", a.Count, a.Group)
		}
		if a.Group == "" {
			who = "any approver"
		}
		fmt.Fprintf(w, "  %s must approve", cli.Plain(who))
		if len(a.Rules) > 0 {
			fmt.Fprintf(w, " (%s)", cli.Plain(strings.Join(a.Rules, ", ")))
		}
		fmt.Fprintln(w)
	}
	if e.Plan == nil {
		return
	}
	if e.Plan.DifferentPeople {
		fmt.Fprintln(w, "  nobody may approve for two groups")
	}
	if e.Plan.CommentRequired {
		fmt.Fprintln(w, "  an approval needs a comment")
	}
	for _, step := range e.Plan.Steps {
		what := "reminder of " + step.Group
		switch {
		case step.Kind == expense.Escalate:
			what = step.To + " is asked, too, for " + step.Group
		case step.Kind == expense.Deadline && step.Then == expense.ThenSendBack:
			what = "deadline of " + step.Group + "; the report goes back to the employee"
		case step.Kind == expense.Deadline:
			what = "deadline of " + step.Group + "; it keeps waiting"
		}
		fmt.Fprintf(w, "  %s: %s\n", step.At.In(e.zone).Format("Mon 2006-01-02 15:04"), cli.Plain(what))
	}
}

// verdictLine says what follows in a word or two.
func verdictLine(v expense.Verdict) string {
	switch {
	case v.Action == expense.Ask && len(v.Approvals) > 0:
		return "ask " + cli.Plain(v.AskedInWords())
	case v.Action == expense.Approve && v.ApproveByException != "":
		return "approve by " + cli.Plain(v.ApproveByException)
	}
	return string(v.Action)
}

func rulesOf(v expense.Verdict, hash string) string {
	if v.RulesHash == hash {
		return "the same rules"
	}
	return strings.TrimSpace("the rules " + cli.Plain(v.RulesHash) + " " + cli.Plain(v.Version))
}

// moment writes a time as the rules see it: a date without a zone stays one.
func moment(t time.Time) string {
	switch {
	case t.Location() != policy.AsWritten:
		return cli.FormatTime(t)
	case t.Hour() == 0 && t.Minute() == 0:
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04")
}
