package rules

import (
	"fmt"
	"io"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/policy"
)

func rulesCodesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "codes [FILE]",
		Short: "List the exception codes that the rules can post",
		Long: `Lists every exception code that the rules can post, with its object type, its visibility and
the rules that post it. Create each code in Concur, under Expense Admin, Exceptions: a code that
is missing there parks the run. Concur has exceptions on reports, entries and allocations, and
treats an itemization as an entry. Only v4 uses the visibility; with v1.1 everybody sees every
exception.`,
		Example: `  concurctl rules codes rules.yaml
  concurctl rules codes rules.yaml -o json | jq -r '.[].code'`,
		Args: cli.MaxArgs(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, _, err := loadRules(firstOf(args))
			if err != nil {
				return err
			}
			codes := rules.PostedCodes()
			if codes == nil {
				codes = []policy.Code{}
			}
			return cli.Show(cmd, codes, func(w io.Writer) { printCodes(w, codes) })
		},
	}
}

func printCodes(w io.Writer, codes []policy.Code) {
	if len(codes) == 0 {
		fmt.Fprintln(w, "the rules post no exceptions")
		return
	}
	fmt.Fprintln(w, "Create these in Expense Admin:")
	var rows [][]string
	for _, c := range codes {
		rows = append(rows, []string{c.Code, string(c.Object), onWhat(c), visibleTo(c), postedBy(c)})
	}
	cli.Table(w, []string{"CODE", "ON", "LEVEL", "VISIBILITY", "RULES"}, rows)
}

func onWhat(c policy.Code) string {
	if c.Level == "" {
		return "-"
	}
	return string(c.Level)
}

func visibleTo(c policy.Code) string {
	if c.Visibility == "" {
		return "ALL"
	}
	return string(c.Visibility)
}

func postedBy(c policy.Code) string {
	if len(c.Rules) == 0 {
		return "(passes the report on: approveByException)"
	}
	return strings.Join(c.Rules, ", ")
}
