package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/decode"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/rules/rulestest"
	"concur-connector/cmd/concurctl/rules/whatif"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/policy"
)

// subject is the report or travel request to explain.
type subject struct {
	policy.Input
	id       string
	missing  string // what Concur claims of the report and does not show
	kept     []string
	recorded *expense.Verdict
}

// subject reads what a person has named.
func (o explainOptions) subject(cmd *cobra.Command, rules *policy.Policy, name string) (subject, error) {
	at := time.Now().UTC()
	if o.at != "" {
		var ok bool
		if at, ok = rulestest.ParseTime(o.at); !ok {
			return subject{}, fmt.Errorf(`--at %q is not a date like "2026-05-01" or a time like "2026-05-01T14:00:00Z"`, o.at)
		}
	}
	var s subject
	var err error
	isUnknown := strings.HasPrefix(name, string(expense.UnknownObject)) // the connector evaluates no such object
	_, missing := os.Stat(name)
	switch {
	case strings.HasPrefix(name, "https://"):
		s.Input, err = o.fromConcur(cmd, rules, name)
	case name == "-" || missing == nil:
		s.Input, s.missing, err = fromFile(cmd, rules, name)
	case expense.IsNotificationID(name) && !isUnknown:
		s, err = fromRun(cmd.Context(), cmd.ErrOrStderr(), name)
	default:
		return subject{}, fmt.Errorf("%q is no file, no notification ID such as EXPRPT:KEY, and no ObjectURI", name)
	}
	if err != nil {
		return subject{}, err
	}
	ofReports, ofRequests := rules.StoredFields()
	switch { // of a run it is known what it kept, and of all else everything is there
	case s.recorded != nil:
	case s.Request != nil:
		s.kept = ofRequests
	default:
		s.kept = ofReports
	}
	if s.At.IsZero() || o.at != "" {
		s.At = at
	}
	if o.event != "" {
		s.EventType = o.event
	}
	switch {
	case s.id != "":
	case s.Report != nil:
		s.id = s.Report.ID
	case s.Request != nil:
		s.id = s.Request.ID
	}
	return s, nil
}

// fromFile reads a payload of Concur, or what a case holds. It also says what of a payload
// is missing.
func fromFile(cmd *cobra.Command, rules *policy.Policy, name string) (c policy.Input, missing string, err error) {
	body, err := decode.ReadFile(name, cmd.InOrStdin())
	if err != nil {
		return c, "", err
	}
	report, request, undecoded := readPayload(body)
	if undecoded == nil {
		return policy.Input{Report: report, Request: request}, missingFrom(body), nil
	}
	if text := decode.Trimmed(body); len(text) > 0 && text[0] == '<' {
		return c, "", undecoded
	}
	c, err = rulestest.ParseReport(name, body, readPayload)
	if err != nil {
		return c, "", brief(err, "rules test")
	}
	c, unasked := rulestest.AlignFacts(rules, c)
	if len(unasked) > 0 {
		return c, "", fmt.Errorf("%s: %s", name, unasked[0])
	}
	return c, "", nil
}

// fromRun reads the last evaluation of a run.
func fromRun(ctx context.Context, errs io.Writer, id string) (subject, error) {
	d, err := cli.ConnectTemporal(ctx, errs)
	if err != nil {
		return subject{}, err
	}
	defer d.Temporal.Close()
	return ofRun(ctx, d, id)
}

func ofRun(ctx context.Context, d *cli.Deployment, id string) (subject, error) {
	read, err := past(d).Read(ctx, id, "")
	var skip whatif.Skip
	if errors.As(err, &skip) {
		return subject{}, fmt.Errorf("nothing can be said of %s: %w", id, skip)
	}
	return subject{Input: read.Input, id: read.ReportID, kept: read.Kept, recorded: &read.Verdict}, err
}

// past reads the histories of the deployment's runs.
func past(d *cli.Deployment) *whatif.Reader {
	return &whatif.Reader{Temporal: d.Temporal, Namespace: d.Namespace, Data: d.Data}
}

// fromConcur reads a report as the worker does.
func (o explainOptions) fromConcur(cmd *cobra.Command, rules *policy.Policy, uri string) (policy.Input, error) {
	kind, _, err := expense.Identify(uri)
	if err != nil {
		return policy.Input{}, err
	}
	cfg, _, err := config.LoadWorker()
	if err := cli.ConfigError(err, "CONCUR_INTERFACE", "CONCUR_FALLBACK"); err != nil {
		return policy.Input{}, err
	}
	client, err := cli.ConnectConcur(cmd.ErrOrStderr(), o.useRefreshToken)
	if err != nil {
		return policy.Input{}, err
	}
	defer client.Close()
	read := client.ReadReport
	if kind == expense.RequestObject {
		read = client.ReadRequest
	}
	found, err := read(cmd.Context(), uri, concur.ReadOptions{
		Via: expense.Interface(cfg.Interface), Fallback: cfg.Fallback, Parts: rules.Parts(), Full: true,
	}) // one that is not complete is an error: nothing can be said of what did not arrive
	if err != nil {
		return policy.Input{}, err
	}
	c := policy.Input{Report: found.Report, Request: found.Request}
	return c, resolve(cmd.Context(), client, c)
}

// resolve looks up what v4 gives as the identifier of a list item, as the worker does. Of one
// that Concur does not show the code stays unknown.
func resolve(ctx context.Context, client *concur.Client, c policy.Input) (failed error) {
	each := func(f *expense.Field) {
		if f.ListItem == "" || failed != nil {
			return
		}
		switch item, err := client.ListItem(ctx, f.ListItem); {
		case err == nil:
			f.LookUp(item)
		case !errors.Is(err, concur.NotFound):
			failed = err
		}
	}
	switch {
	case c.Report != nil:
		c.Report.EachField(each)
	case c.Request != nil:
		c.Request.EachField(each)
	}
	return failed
}

func (s subject) noun() string {
	if s.Request != nil {
		return "request"
	}
	return "report"
}

// order numbers the objects by their IDs, as they are in the report; the whole is first.
func (s subject) order() map[string]int {
	order := map[string]int{"": 0}
	add := func(id string) {
		if _, known := order[id]; !known {
			order[id] = len(order)
		}
	}
	allocations := func(list []expense.Allocation) {
		for _, a := range list {
			add(a.ID)
		}
	}
	if s.Request != nil {
		for _, e := range s.Request.Expenses {
			add(e.ID)
			allocations(e.Allocations)
			for _, segment := range e.Segments {
				add(segment.ID)
			}
		}
		return order
	}
	for _, e := range s.Report.Entries {
		add(e.ID)
		allocations(e.Allocations)
		for _, item := range e.Itemizations {
			add(item.ID)
			allocations(item.Allocations)
		}
	}
	return order
}
