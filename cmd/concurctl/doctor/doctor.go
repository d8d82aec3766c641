package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
)

func Command() *cobra.Command {
	var options doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check a deployment and say what to fix",
		Long: `Checks a deployment from its environment, and changes nothing.

The doctor checks the configuration, the callout's credential, the allow-list, the tokens
for Concur, Temporal with its search attributes, and the rules. With --url it also checks
the public endpoint: its certificate, TLS, and the connection test. If the rules ask fact
services for facts, the doctor checks that each may be asked and speaks TLS. It sends
nothing to them.

The doctor reads one report by each interface that CONCUR_INTERFACE chooses, and compares
what they show. It takes the report of --report, otherwise the first that waits, otherwise
any. It does not act on the report.

Each line is ok, warn or FAIL, and says what to do. The exit status is 1 if any line is
FAIL. If the ingress and the worker have different environments, run the doctor in each,
with --program.

To check the tokens, the doctor reads the list of failed notifications. This may replace
the refresh token. So the doctor does it only with a token store (CONCUR_TOKEN_FILE), which
keeps the new token, or with --use-refresh-token.`,
		Example: `  concurctl doctor --url https://connector.example.com
  concurctl doctor --program worker --report 'https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKEY$pX'
  concurctl doctor --program worker -o json | jq '.[] | select(.state != "ok")'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if options.program != "" && options.program != ingressProgram && options.program != workerProgram {
				return fmt.Errorf("--program %q is neither ingress nor worker", options.program)
			}
			if err := checkReport(options); err != nil {
				return err
			}
			d := &doctor{now: time.Now(), errs: cmd.ErrOrStderr(), findings: []finding{}}
			d.examine(cmd.Context(), options)
			if err := cli.Show(cmd, d.findings, d.print); err != nil {
				return err
			}
			if n := d.count(broken); n > 0 {
				return fmt.Errorf("%s failed", cli.Count(n, "check"))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.url, "url", "", "base URL of the public endpoint to check: https://host[:port]")
	flags.StringVar(&options.ca, "ca", "", "file of PEM certificates to trust at --url, in addition to the system's")
	flags.StringVar(&options.program, "program", "", "check the environment of one program only: ingress or worker")
	flags.StringVar(&options.report, "report", "", "report to read by each interface: the ObjectURI of a callout, or a v4 address")
	flags.BoolVar(&options.useRefreshToken, "use-refresh-token", false, "check the tokens for Concur even without a token store")
	return cmd
}

// checkReport refuses a --report that is no address of a report, or that no check would read.
func checkReport(o doctorOptions) error {
	if o.report == "" {
		return nil
	}
	kind, _, err := expense.Identify(o.report)
	switch {
	case err != nil:
		return fmt.Errorf("--report cannot be used: %w", err)
	case kind != expense.ReportObject:
		return errors.New("--report is not the address of an expense report")
	case o.program == ingressProgram:
		return errors.New("--report is read with the worker's environment: leave out --program ingress")
	}
	return nil
}

const (
	ingressProgram = "ingress"
	workerProgram  = "worker"
)

type doctorOptions struct {
	url, ca, program string
	report           string
	useRefreshToken  bool
}

// state is the result of a check.
type state string

const (
	passed state = "ok"
	warned state = "warn"
	broken state = "FAIL"
)

// finding is one line of the doctor.
type finding struct {
	Check string `json:"check"`
	State state  `json:"state"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"`
}

// doctor collects findings.
type doctor struct {
	now      time.Time
	errs     io.Writer // for warnings of the client for Concur
	needed   []neededScope
	findings []finding
	files    []string // of approvers and seal keys, already checked
}

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, State: passed, Says: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(check, do, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, State: warned, Says: fmt.Sprintf(format, args...), Do: do})
}

func (d *doctor) fail(check, do, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, State: broken, Says: fmt.Sprintf(format, args...), Do: do})
}

func (d *doctor) count(s state) (n int) {
	for _, f := range d.findings {
		if f.State == s {
			n++
		}
	}
	return n
}

// examine makes every check that the options and the environment allow. A failed check does
// not prevent the others.
func (d *doctor) examine(ctx context.Context, o doctorOptions) {
	var c cli.Credential
	if o.program != workerProgram {
		c = d.ingress()
	}
	if o.url != "" {
		d.publicEndpoint(ctx, o, c)
	} else if o.program != workerProgram {
		d.warn("public endpoint", "call concurctl doctor with --url https://HOST, from outside if you can", "not checked: no --url was given")
	}
	if o.program != ingressProgram {
		d.worker(ctx, o)
	}
	d.temporal(ctx, o)
}

func (d *doctor) print(w io.Writer) {
	wide := 0
	for _, f := range d.findings {
		wide = max(wide, len(f.Check))
	}
	for _, f := range d.findings {
		fmt.Fprintf(w, "%-4s  %-*s  %s\n", f.State, wide, f.Check, cli.Plain(f.Says))
		if f.Do != "" {
			fmt.Fprintf(w, "%s  → %s\n", strings.Repeat(" ", len("FAIL")+2+wide), cli.Plain(f.Do))
		}
	}
	fmt.Fprintf(w, "%d ok, %d warn, %d FAIL\n", d.count(passed), d.count(warned), d.count(broken))
}
