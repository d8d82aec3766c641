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
		Long: `Checks what can be checked of a deployment from its environment, and changes nothing: the
configuration, the credential that Concur sends, the public endpoint (certificate, TLS,
the connection test) with --url, the access to Concur, the allow-list, Temporal and its
search attributes, the rules, and whether the fact services that they ask for facts
may be asked and speak TLS; nothing is sent to those.

The interfaces that CONCUR_INTERFACE chooses are proved on one report: that of --report,
else the first that waits, else any. It is read by each of them, and what they show is
compared. Acting is not tried.

Each line is ok, warn or FAIL, with what to do about it; the exit status is 1 when one is
FAIL. Where the ingress and the worker have environments of their own, call it in each
with --program.

The access to Concur is tried by reading the failed list. That may need a new access
token, and Concur may replace the refresh token with it, so it is tried only with a token
store (CONCUR_TOKEN_FILE) that keeps the new one, or when --use-refresh-token says so.`,
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
	flags.StringVar(&options.url, "url", "", "base URL of the public endpoint, to be checked from here: https://host[:port]")
	flags.StringVar(&options.ca, "ca", "", "file of PEM certificates to trust at --url besides the system's")
	flags.StringVar(&options.program, "program", "", "the program whose environment this is, when it is not both: ingress or worker")
	flags.StringVar(&options.report, "report", "", "a report to read by each interface: the ObjectURI of a callout, or an address of v4")
	flags.BoolVar(&options.useRefreshToken, "use-refresh-token", false, "try the access to Concur even without a token store")
	return cmd
}

// checkReport refuses what cannot be an address of a report, and one that nobody would read.
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

// state is how a check ended.
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
	errs     io.Writer // for what the client for Concur warns of
	needed   []neededScope
	findings []finding
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

// examine makes every check that the options and the environment allow. One that
// fails does not keep the others.
func (d *doctor) examine(ctx context.Context, o doctorOptions) {
	var c cli.Credential
	if o.program != workerProgram {
		c = d.ingress()
	}
	if o.url != "" {
		d.publicEndpoint(ctx, o, c)
	} else if o.program != workerProgram {
		d.warn("public endpoint", "call concurctl doctor with --url https://HOST, from outside if you can", "not looked at: no --url was given")
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
