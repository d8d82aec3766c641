package rules

import (
	"cmp"
	"errors"
	"fmt"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/decode"

	"github.com/spf13/cobra"

	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func Command() *cobra.Command {
	return cli.Group("rules", "Check, test and explain the rules file",
		`Check, test and explain a rules file, before and after a worker uses it. A command without
FILE takes the file of CONCUR_RULES. These commands change nothing, neither the file nor
anything in Concur.`,
		`  concurctl rules check rules.yaml
  concurctl rules test rules.yaml
  concurctl rules what-if rules.yaml`,
		rulesCheckCommand(), rulesCodesCommand(), rulesDocCommand(), rulesExplainCommand(),
		rulesSchemaCommand(), rulesTestCommand(), rulesWhatIfCommand())
}

// rulesFile is the file that was given, or that of the configuration.
func rulesFile(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	cfg, _, err := config.LoadWorker()
	switch {
	case cfg.Rules != "":
		return cfg.Rules, nil
	case cli.ConfigError(err, "CONCUR_RULES_FILE") != nil:
		return "", cli.ConfigError(err, "CONCUR_RULES_FILE")
	}
	return "", errors.New("give the rules FILE, or set CONCUR_RULES")
}

// firstOf is the file among a command's arguments.
func firstOf(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// loadRules reads the rules for a command that does not check them.
func loadRules(given string) (*policy.Policy, string, error) {
	file, err := rulesFile(given)
	if err != nil {
		return nil, "", err
	}
	rules, err := policy.Load(file)
	return rules, file, brief(err, "rules check "+file)
}

// brief makes one sentence of all that is wrong with a file.
func brief(err error, shows string) error {
	var all rulesfile.Errors
	if !errors.As(err, &all) {
		return err
	}
	if len(all) == 1 {
		return all[0]
	}
	return fmt.Errorf("%w (and %s more; concurctl %s shows all)", all[0], cli.Count(len(all)-1, "error"), shows)
}

// readPayload decodes a payload that rules can evaluate: a report or a travel request.
func readPayload(body []byte) (*expense.Report, *expense.TravelRequest, error) {
	p, err := decode.Decode(body)
	if err != nil {
		return nil, nil, err
	}
	switch view := p.View.(type) {
	case decode.Report:
		return view.Report, nil, nil
	case decode.Request:
		return nil, view.Request, nil
	}
	return nil, nil, fmt.Errorf("it is %s, and neither a report nor a travel request", p.About)
}

// missingFrom says which parts of a report a payload announces and lacks.
func missingFrom(body []byte) string {
	p, err := decode.Decode(body)
	view, isReport := p.View.(decode.Report)
	if err != nil || !isReport {
		return ""
	}
	return cmp.Or(view.Missing, view.Report.MissingEntries())
}

// named is how a policy calls itself.
func named(rules *policy.Policy) string {
	if v := rules.Version(); v != "" {
		return fmt.Sprintf("version %s, hash %s", cli.Plain(v), rules.Hash())
	}
	return "hash " + rules.Hash()
}
