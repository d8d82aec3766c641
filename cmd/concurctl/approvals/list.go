package approvals

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/expense"
)

// listedTask is a task that waits for the approver.
type listedTask struct {
	expense.TaskSummary
	Total         *expense.Money `json:"total,omitempty"`
	ApprovedByYou bool           `json:"approvedByYou,omitempty"`
	OnBehalfOf    []string       `json:"onBehalfOf,omitempty"`
}

type filter struct {
	groups              []string
	employee, currency  string
	minAmount, maxTotal string
	olderThan           time.Duration
	overdue             bool
}

func (f *filter) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.groups, "group", nil, "only tasks that ask this group; may be given several times")
	cmd.Flags().StringVar(&f.employee, "employee", "", "only tasks of employees whose name or login contains this")
	cmd.Flags().StringVar(&f.minAmount, "min", "", "only tasks of at least this amount; needs --currency")
	cmd.Flags().StringVar(&f.maxTotal, "max", "", "only tasks of at most this amount; needs --currency")
	cmd.Flags().StringVar(&f.currency, "currency", "", "currency of --min and --max, such as EUR")
	cmd.Flags().DurationVar(&f.olderThan, "older-than", 0, "only tasks that have waited for so long, such as 72h")
	cmd.Flags().BoolVar(&f.overdue, "overdue", false, "only tasks whose deadline has passed")
}

func (f *filter) query() url.Values {
	q := url.Values{"limit": {"200"}}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	q["group"] = f.groups
	set("employee", f.employee)
	set("minAmount", f.minAmount)
	set("maxAmount", f.maxTotal)
	set("currency", f.currency)
	if f.olderThan > 0 {
		set("olderThan", f.olderThan.String())
	}
	if f.overdue {
		set("overdue", strconv.FormatBool(true))
	}
	return q
}

func listCommand() *cobra.Command {
	var a access
	var f filter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tasks that wait for an approver",
		Long: `Lists the tasks that the owner of the token may decide, the most urgent first: when the task
was opened, its deadline, the groups that still have to decide, the employee, the amount, the
number of findings, and the ID of the task, which approve and send-back need. Nobody sees a
task about their own report.`,
		Example: `  concurctl approvals list --token-file ~/.concur-token
  concurctl approvals list --token-file - --min 10000 --currency EUR -o json < ~/.concur-token`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.open(cmd.InOrStdin())
			if err != nil {
				return err
			}
			tasks, err := e.list(cmd.Context(), f)
			if err != nil {
				return err
			}
			return cli.Show(cmd, tasks, func(w io.Writer) { printTasks(w, tasks) })
		},
	}
	f.flags(cmd)
	return a.flags(cmd)
}

// list reads all pages.
func (e *endpoint) list(ctx context.Context, f filter) ([]listedTask, error) {
	tasks := []listedTask{}
	for query := f.query(); ; {
		var page struct {
			Tasks []listedTask `json:"tasks"`
			Next  string       `json:"next"`
		}
		if _, err := e.get(ctx, "/api/tasks", query.Encode(), &page); err != nil {
			return nil, err
		}
		tasks = append(tasks, page.Tasks...)
		if page.Next == "" || len(page.Tasks) == 0 {
			return tasks, nil
		}
		query.Set("cursor", page.Next)
	}
}

func printTasks(w io.Writer, tasks []listedTask) {
	if len(tasks) == 0 {
		fmt.Fprintln(w, "No task waits for you.")
		return
	}
	rows := make([][]string, len(tasks))
	for i, t := range tasks {
		rows[i] = t.row()
	}
	cli.Table(w, []string{"OPENED", "DEADLINE", "GROUPS", "EMPLOYEE", "AMOUNT", "FINDINGS", "TASK"}, rows)
}

func (t listedTask) row() []string {
	deadline := ""
	if !t.Deadline.IsZero() {
		deadline = cli.FormatTime(t.Deadline)
	}
	if t.Overdue {
		deadline = strings.TrimSpace(deadline + " overdue")
	}
	amount := ""
	if t.Total != nil {
		amount = t.Total.String()
	}
	return []string{cli.FormatTime(t.OpenedAt), deadline, groupsText(t.Groups), employee(t.Owner), amount, strconv.Itoa(t.Findings), t.TaskID}
}

func employee(o expense.Owner) string {
	if o.Name != "" {
		return o.Name
	}
	return o.Login
}

func groupsText(groups []string) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		if names[i] = g; g == "" {
			names[i] = "any approver"
		}
	}
	return strings.Join(names, ", ")
}
