package rules

import (
	"fmt"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/policy"
)

func rulesDocCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doc [FILE]",
		Short: "Print the rules as a page that finance can read",
		Long: `Prints the rules file as a page in Markdown. The page lists the rules by step and level, each with
its description, its condition and its effects; then the exception codes, the groups of approvers,
the lists, the facts and the settings. It names the version and the hash, which every verdict has
too. With -o json it prints the rules as data.`,
		Example: `  concurctl rules doc rules.yaml > rules.md
  concurctl rules doc rules.yaml -o json | jq -r '.[].name'`,
		Args: cli.MaxArgs(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, file, err := loadRules(firstOf(args))
			if err != nil {
				return err
			}
			if cli.WantsJSON(cmd) {
				return cli.WriteJSON(cmd.OutOrStdout(), append([]policy.Rule{}, rules.Rules()...))
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), page(rules, file))
			return err
		},
	}
}
