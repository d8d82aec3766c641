package rules

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/internal/textfile"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

func rulesCheckCommand() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Find the mistakes in a rules file",
		Long: `Checks a rules file as a worker does when it starts. It prints each mistake with file, line,
column, rule and a suggestion, and below it the line of the file. It warns of valid input that is
probably a mistake, and of a rule that reads a field which the interface never returns. The exit
status is 1 when there is a mistake, and 0 when there are only warnings.`,
		Example: `  concurctl rules check rules.yaml
  concurctl rules check rules.yaml --interface v4
  concurctl rules check rules.yaml -o json | jq -r '.errors[] | "\(.line): \(.reason)"'`,
		Args: cli.MaxArgs(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := rulesFile(firstOf(args))
			if err != nil {
				return err
			}
			via, err := interfaceNamed(by)
			if err != nil {
				return err
			}
			c, err := checkRules(file, via)
			if err != nil {
				return err
			}
			if err := cli.Show(cmd, c, c.print); err != nil {
				return err
			}
			if n := len(c.Errors); n > 0 {
				return fmt.Errorf("%s cannot be used: %s", file, cli.Count(n, "error"))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&by, "interface", "", "v1.1, v3+v4 or v4: warn of fields that it never returns (default: CONCUR_INTERFACE)")
	return cmd
}

// interfaceNamed is the interface of that name, or else that of CONCUR_INTERFACE.
func interfaceNamed(name string) (expense.Interface, error) {
	if name == "" {
		cfg, _, err := config.LoadWorker()
		return expense.Interface(cfg.Interface), cli.ConfigError(err, "CONCUR_INTERFACE")
	}
	switch via := expense.Interface(name); via {
	case expense.V1, expense.V3, expense.V4:
		return via, nil
	}
	return "", fmt.Errorf("--interface is %s, %s or %s, not %q", expense.V1, expense.V3, expense.V4, name)
}

// checked is the result of checking a rules file.
type checked struct {
	File     string  `json:"file"`
	OK       bool    `json:"ok"`
	Rules    int     `json:"rules"`
	Version  string  `json:"version,omitempty"`
	Hash     string  `json:"hash,omitempty"`
	Errors   []fault `json:"errors"`
	Warnings []fault `json:"warnings"`

	named string
	lines []string
}

// fault is a mistake or a warning.
type fault struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Reason string `json:"reason"`
}

// checkRules returns an error only for a file that cannot be read.
func checkRules(file string, via expense.Interface) (*checked, error) {
	c := &checked{File: file, Errors: []fault{}, Warnings: []fault{}}
	rules, err := policy.Load(file)
	var wrong rulesfile.Errors
	switch {
	case errors.As(err, &wrong):
		c.Errors = faults(wrong)
	case err != nil:
		return nil, err
	default:
		c.OK, c.Rules, c.Version, c.Hash, c.named = true, len(rules.Rules()), rules.Version(), rules.Hash(), named(rules)
		c.Warnings = faults(append(rules.Warnings(), rules.NeverToldFields(via)...))
	}
	c.lines = linesOf(file)
	return c, nil
}

func faults(all []*rulesfile.Error) []fault {
	list := make([]fault, len(all))
	for i, e := range all {
		list[i] = fault(*e)
	}
	return list
}

// linesOf is only for people: a file that cannot be read again is shown without its lines.
func linesOf(file string) []string {
	data, err := textfile.Read(file)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}

func (c *checked) print(w io.Writer) {
	for _, f := range c.Errors {
		file, lines := c.File, c.lines
		if f.File != file { // a list
			file, lines = f.File, linesOf(f.File)
		}
		f.print(w, "", file, lines)
	}
	for _, f := range c.Warnings {
		f.print(w, "warning: ", c.File, c.lines)
	}
	if c.OK {
		fmt.Fprintf(w, "ok: %s, %s\n", cli.Count(c.Rules, "rule"), c.named)
	}
}

// shownLine is how much of a line is shown, in characters.
const shownLine = 160

// print shows the line with a caret below the column. Of another file than the one that is
// given it is shown without.
func (f fault) print(w io.Writer, kind, file string, lines []string) {
	e := rulesfile.Error(f)
	fmt.Fprintf(w, "%s%s\n", kind, cli.Plain(e.Error()))
	if f.File != file || f.Line < 1 || f.Line > len(lines) {
		return
	}
	line := []rune(cli.Plain(strings.TrimRight(lines[f.Line-1], "\r")))
	before, after := max(f.Column-1, 0), ""
	if f.Column < 1 || before > len(line) || before >= shownLine {
		before = -1
	}
	if len(line) > shownLine {
		line, after = line[:shownLine], "…"
	}
	number := fmt.Sprintf("%5d | ", f.Line)
	fmt.Fprintf(w, "%s%s%s\n", number, string(line), after)
	if before >= 0 {
		fmt.Fprintf(w, "%s| %s^\n", strings.Repeat(" ", utf8.RuneCountInString(number)-2), strings.Repeat(" ", before))
	}
}
