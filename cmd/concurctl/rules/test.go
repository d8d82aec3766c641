package rules

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/policy/rulesfile"
)

func rulesTestCommand() *cobra.Command {
	var least int
	cmd := &cobra.Command{
		Use:   "test [FILE [CASES...]]",
		Short: "Run the cases of a rules file, and show which rules they cover",
		Long: `Runs cases. Each case has a report or a travel request and the verdict that the rules must give.
Cases are in YAML beside the rules: for rules.yaml those are rules_test.yaml and rules_*_test.yaml
or, where there is none, every *_test.yaml of the folder; or the files that are given.

  cases:
    - name: a dinner without a receipt
      report:                          # or request: or payload: a file of Concur's
        currency: USD
        entries:
          - {type: MEALS, posted: "129.00"}
      eventType: SUBMIT                # EventType of the notification
      at: 2026-05-01                   # today; else the day of submission
      facts: {duplicates: {"1": {duplicate: true}}}
      want:                            # or none: approved, and nothing found
        action: approve                # send-back, ask
        exceptions: [{code: NORECPT, object: "1"}]
        violated: [receipt]
        comment: {contains: receipt}   # or the whole text

An object without an id is named by its place: entry "1", its itemization "1.1", an allocation
"1/1" or "1.1/1"; the whole is "report" or "request". Facts
name their objects in the same way. Anything that want does not name is not checked.

A rule is covered when it is satisfied in one case and violated in another. The exit status is
1 when a case fails, when there is no case, and when the coverage is below --coverage percent.`,
		Example: `  concurctl rules test rules.yaml
  concurctl rules test rules.yaml --coverage 100 -o json > result.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if least < 0 || least > 100 {
				return errors.New("--coverage must be 0 to 100")
			}
			rules, file, err := loadRules(firstOf(args))
			if err != nil {
				return err
			}
			files := args[min(len(args), 1):]
			if len(files) == 0 {
				if files, err = casesBeside(file); err != nil {
					return err
				}
			}
			cases, err := loadCases(files, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			result := tried{rulestest.Run(rules, cases)}
			if err := cli.Show(cmd, result, result.print); err != nil {
				return err
			}
			return result.err(least)
		},
	}
	cmd.Flags().IntVar(&least, "coverage", 0, "percent of the rules' sides, holding and violated, that the cases must have seen")
	return cmd
}

// casesBeside finds the files of cases that belong to a rules file.
func casesBeside(file string) ([]string, error) {
	folder := filepath.Dir(file)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("look for cases: %w", err)
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	var own, all []string
	for _, entry := range entries {
		stem, ok := strings.CutSuffix(entry.Name(), "_test.yaml")
		if !ok || entry.IsDir() {
			continue
		}
		all = append(all, filepath.Join(folder, entry.Name()))
		if stem == name || strings.HasPrefix(stem, name+"_") {
			own = append(own, all[len(all)-1])
		}
	}
	switch {
	case len(own) > 0:
		return own, nil
	case len(all) > 0:
		return all, nil
	}
	return nil, fmt.Errorf("there are no cases: write %s, see concurctl rules test -h", filepath.Join(folder, name+"_test.yaml"))
}

// loadCases writes to errs what is wrong with the cases, each with its line.
func loadCases(files []string, errs io.Writer) (all []rulestest.Case, err error) {
	wrong := 0
	for _, file := range files {
		cases, err := rulestest.Load(file, readPayload)
		var some rulesfile.Errors
		switch {
		case errors.As(err, &some):
			lines := linesOf(file)
			for _, f := range faults(some) {
				f.print(errs, "", file, lines)
			}
			wrong += len(some)
		case err != nil:
			return nil, err
		}
		all = append(all, cases...)
	}
	switch {
	case wrong > 0:
		return nil, fmt.Errorf("the cases cannot be used: %s", cli.Count(wrong, "error"))
	case len(all) == 0:
		return nil, fmt.Errorf("there are no cases in %s", strings.Join(files, ", "))
	}
	return all, nil
}

// tried is what came of the cases.
type tried struct{ rulestest.Result }

func (t tried) print(w io.Writer) {
	for _, c := range t.Cases {
		if c.OK {
			fmt.Fprintf(w, "ok    %s\n", cli.Plain(c.Name))
			continue
		}
		fmt.Fprintf(w, "FAIL  %s (%s:%d)\n", cli.Plain(c.Name), c.File, c.Line)
		for _, line := range c.Diff {
			fmt.Fprintf(w, "      %s\n", cli.Plain(line))
		}
	}
	var rows [][]string
	for _, rule := range t.Rules {
		if rule.Full() {
			continue
		}
		rows = append(rows, []string{rule.Rule, seen(rule.Held), seen(rule.Violated), unmatched(rule), some(rule.Erred)})
	}
	if len(rows) > 0 {
		fmt.Fprintln(w)
		cli.Table(w, []string{"NOT COVERED", "HELD", "VIOLATED", "NO MATCH", "ERRED"}, rows)
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s: %d ok, %d failed; coverage %d %%\n", cli.Count(len(t.Cases), "case"), len(t.Cases)-t.Failed, t.Failed, t.Coverage)
}

// seen writes in how many cases something was seen.
func seen(n int) string {
	if n == 0 {
		return "never"
	}
	return cli.Count(n, "case")
}

func unmatched(rule rulestest.RuleCoverage) string {
	if !rule.Matches {
		return "-"
	}
	return seen(rule.NoMatch)
}

func some(n int) string {
	if n == 0 {
		return "-"
	}
	return cli.Count(n, "case")
}

func (t tried) err(least int) error {
	switch {
	case t.Failed > 0:
		return fmt.Errorf("%s of %d failed", cli.Count(t.Failed, "case"), len(t.Cases))
	case t.Coverage < least:
		bare := slices.DeleteFunc(slices.Clone(t.Rules), rulestest.RuleCoverage.Full)
		return fmt.Errorf("the coverage is %d %%, and at least %d %% is wanted: %s not covered", t.Coverage, least, isAre(len(bare), "rule"))
	}
	return nil
}

func isAre(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return cli.Count(n, thing) + " are"
}
