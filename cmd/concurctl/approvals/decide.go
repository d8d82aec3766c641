package approvals

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/expense"
)

// decided is what the text output shows of the answer to a decision.
type decided struct {
	DecisionID  string                     `json:"decisionId"`
	Counted     bool                       `json:"counted"`
	StillNeeded []expense.RequiredApproval `json:"stillNeeded"`
	Message     string                     `json:"message"`
}

func approveCommand() *cobra.Command {
	return decisionCommand(expense.DecideApprove, "Approve: Concur moves the report to its next step",
		`Approves the report or travel request of a task. If no other approval is needed, Concur moves
it to its next step; it does not pay it at once.`,
		`  concurctl approvals approve EXPRPT:gWr1pKey/3f5a/1 --token-file ~/.concur-token
  concurctl approvals approve EXPRPT:gWr1pKey/3f5a/1 --token-file - --comment "Agreed by phone." < ~/.concur-token`)
}

func sendBackCommand() *cobra.Command {
	return decisionCommand(expense.DecideSendBack, "Send back: the employee gets the report again, with a comment",
		`Sends the report or travel request of a task back to the employee, who reads the comment.
The comment is required.`,
		`  concurctl approvals send-back EXPRPT:gWr1pKey/3f5a/1 --token-file ~/.concur-token --comment "The receipt is missing."`)
}

func decisionCommand(choice expense.DecisionChoice, short, long, example string) *cobra.Command {
	var a access
	var comment, id string
	cmd := &cobra.Command{
		Use: string(choice) + " TASK", Short: short, Example: example,
		Long: long + `

TASK is the ID of the task that you have seen in list or show. If the report has changed since,
the task has another ID, and the decision does not count.

The exit status is 0 if the decision counts, and 2 if it does not, or if no worker has
answered yet. After status 1 the decision may be stored or not: call the command again with the
same --decision-id, which is always safe.`,
		Args: cli.ExactArgs(1, "the ID of the TASK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			notification, err := notificationOf(args[0])
			if err != nil {
				return err
			}
			if choice == expense.DecideSendBack && strings.TrimSpace(comment) == "" {
				return errors.New("--comment is missing: the employee reads it")
			}
			e, err := a.open(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if id == "" {
				id = "concurctl-" + rand.Text()
			}
			status, answer, err := e.request(cmd.Context(), http.MethodPost, taskPath(notification)+"/decisions", "",
				expense.Decision{TaskID: args[0], ID: id, Decision: choice, Comment: comment})
			var refused *problem
			var d decided
			switch {
			case errors.As(err, &refused) && refused.refusesDecision():
				return &cli.ExitError{Code: exitNotCounted, Err: err}
			case err != nil:
				return fmt.Errorf("%w; to try again, repeat the command with --decision-id %s", err, id)
			case json.Unmarshal(answer, &d) != nil:
				return errors.New("the answer of the approvals endpoint cannot be read; approvals show says whether the decision counts")
			}
			if err := cli.Show(cmd, answer, d.print); err != nil {
				return err
			}
			if status == http.StatusAccepted || !d.Counted {
				return &cli.ExitError{Code: exitNotCounted, Err: errors.New("the decision is stored, and no worker has answered yet: look at approvals show later")}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "what the record keeps; the employee reads it when the report is sent back")
	cmd.Flags().StringVar(&id, "decision-id", "", "ID of an earlier attempt, to send the same decision again")
	return a.flags(cmd)
}

func (d decided) print(w io.Writer) {
	fmt.Fprintln(w, cli.Plain(d.Message))
	for _, needed := range d.StillNeeded {
		fmt.Fprintln(w, cli.Plain(fmt.Sprintf("  still needed: %s of %s", cli.Count(needed.Count, "approval"), groupsText([]string{needed.Group}))))
	}
}
