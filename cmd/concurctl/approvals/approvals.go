// Package approvals contains the commands of the family "approvals": they show and decide tasks
// through the approvals endpoint, and keep the record of decisions.
package approvals

import (
	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
)

// Exit statuses beside 0 and 1.
const (
	exitNotCounted = 2 // of approve and send-back: the decision does not count, or nobody knows yet
	exitBroken     = 3 // of export and verify: the record was changed
)

// Command returns the command family.
func Command() *cobra.Command {
	return cli.Group("approvals", "Show and decide tasks, and keep the record of decisions",
		`list, show, approve, send-back and watch are for approvers. They use the approvals endpoint
(CONCUR_APPROVALS_URL) with the token of one person, which they read from a file or from the
standard input, and never from an argument.

export and verify keep the record of all decisions in a file whose lines are chained by
hashes. export reads the runs from Temporal.

Exit status: 0 done; 1 something failed; 2 the decision does not count, or no worker has
answered yet; 3 somebody has changed the record.`,
		`  concurctl approvals list --token-file ~/.concur-token
  concurctl approvals export decisions.jsonl`,
		approveCommand(), exportCommand(), listCommand(), sendBackCommand(), showCommand(), verifyCommand(), watchCommand())
}
