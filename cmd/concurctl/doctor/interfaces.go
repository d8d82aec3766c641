package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/policy"
)

const (
	pairCheck   = "interfaces"
	guardCheck  = "step guard"
	alikeCheck  = "steps"
	actingCheck = "acting"
)

// guard checks the step guard, which Concur compares before it acts by v4.
func (d *doctor) guard(cfg config.Worker, rules *policy.Policy) {
	switch guard, err := concur.ParseGuard(cfg.StepGuard); {
	case err != nil:
		d.fail(guardCheck, "fix CONCUR_STEP_GUARD, see docs/configuration.md", "the guard cannot be used: %v", err)
	case len(guard) == 0:
		d.warn(guardCheck, "set CONCUR_STEP_GUARD, such as expectedStepCode=EXTVAL", "there is no guard: an action by v4 applies to whatever step the report is at")
	default:
		fields := make([]string, 0, len(guard))
		for name, value := range guard {
			fields = append(fields, name+"="+value)
		}
		slices.Sort(fields)
		d.ok(guardCheck, "by v4 Concur acts only at a step with %s", listed(fields))
		if !guard.NamesOneStep() && rules != nil && len(rules.Steps()) > 1 {
			d.alike(cfg, len(rules.Steps()))
		}
	}
}

// alike warns if the rules file names several steps that the guard does not tell apart.
func (d *doctor) alike(cfg config.Worker, steps int) {
	const alone = "give each step a code of its own in Concur, and set CONCUR_STEP_GUARD to one of them"
	both := fmt.Sprintf("the rules file names %d steps, and every classic external validation has this code: the guard does not tell them apart", steps)
	switch {
	case cfg.AmbiguousSteps == "act":
		d.warn(alikeCheck, alone+"; or set CONCUR_AMBIGUOUS_STEPS=park", "%s. So an action by v4 may happen at a step for which no rules were evaluated", both)
	case expense.Interface(cfg.Interface).IsV4() && !cfg.ReadSteps:
		d.warn(alikeCheck, "set CONCUR_READ_STEPS=true, or "+alone, "%s. The connector does not ask v1.1 for the step, so every report is parked (AmbiguousStep)", both)
	case expense.Interface(cfg.Interface).IsV4() || cfg.SweepMode == "act":
		d.warn(alikeCheck, alone, "%s. If a callout has named a report, the connector asks v1.1 for the step; any other report is parked (AmbiguousStep)", both)
	}
}

// prove reads one report by each interface that the setting uses, and compares what they
// show. It writes nothing.
func (d *doctor) prove(ctx context.Context, client *concur.Client, c chosen, waiting *concur.PendingReport) {
	if c.via == "" {
		return // already reported
	}
	if uri := d.sample(ctx, client, c, waiting); uri != "" {
		var shown []*expense.Report
		for _, via := range c.compared(uri) {
			if report := d.readBy(ctx, client, c, via, uri); report != nil {
				shown = append(shown, report)
			}
		}
		if c.via == expense.V1 && isV4Address(uri) {
			d.warn(pairCheck, "give the ObjectURI of a callout with --report", "v1.1 is chosen (CONCUR_INTERFACE) and was not checked: the report's address is a v4 address")
		}
		d.compare(shown)
		d.companyToken(ctx, client, c, shown)
	}
	d.requests(ctx, client, c)
	d.ok(actingCheck, "not checked, because an action changes the report; only the scopes and the step guard were checked")
}

// sample returns the address of the report to read: the given one, otherwise the first that
// waits, otherwise any.
func (d *doctor) sample(ctx context.Context, client *concur.Client, c chosen, row *concur.PendingReport) string {
	const give = "give one with --report, the ObjectURI of a callout or an address of v4"
	if c.report != "" {
		return c.report
	}
	if row == nil {
		found, ok, err := client.AnyReport(ctx)
		switch {
		case err != nil:
			d.warn(pairCheck, give, "not compared, because the search for a report failed: %v", err)
			return ""
		case !ok:
			d.warn(pairCheck, give+", once there is one", "not compared, because the list contains no report")
			return ""
		}
		row = &found
	}
	uri, err := client.ReportURI(ctx, *row)
	switch {
	case err == nil:
		return uri
	case c.via == expense.V4:
		d.fail(pairCheck, advice(err), "v4 needs the owner of report %s, and the owner was not found: %v", row.ID, err)
	default:
		d.warn(pairCheck, give, "not compared, because the owner of report %s was not found: %v", row.ID, err)
	}
	return ""
}

// compared returns the interfaces that the doctor reads the report by, to compare them. A v4 address does not
// lead to v1.1. A deployment that reads by v1.1 reads missed reports by v3.
func (c chosen) compared(uri string) []expense.Interface {
	var all []expense.Interface
	if !isV4Address(uri) {
		all = append(all, expense.V1)
	}
	if c.via == expense.V1 {
		return append(all, expense.V3)
	}
	return append(all, expense.V3, expense.V4)
}

func isV4Address(uri string) bool {
	u, err := expense.SplitURL(uri)
	return err == nil && strings.HasPrefix(strings.ToLower(u.Path), "/expensereports/v4/")
}

// reader names the interface that reads: v3+v4 reads by v3.
func reader(via expense.Interface) string {
	if via == expense.V3 {
		return "v3"
	}
	return string(via)
}

// readBy reads the report by one interface. Only the chosen one must show it.
func (d *doctor) readBy(ctx context.Context, client *concur.Client, c chosen, via expense.Interface, uri string) *expense.Report {
	read, err := client.ReadReport(ctx, uri, concur.ReadOptions{Via: via, Full: true})
	if err == nil {
		read.Report.Via = via
		switch {
		case via == c.via:
			d.ok(pairCheck, "%s is chosen (CONCUR_INTERFACE), and shows report %s", via, read.Report.ID)
		case c.via == expense.V1:
			d.ok(pairCheck, "v3, which reads missed reports, shows report %s", read.Report.ID)
		}
		return read.Report
	}
	if errors.Is(err, concur.Incomplete) { // its message contains amounts
		err = &concur.Error{Op: "read report", Kind: concur.Incomplete, Message: "Concur claims more of the report than it shows"}
	}
	switch {
	case via != c.via:
		d.warn(pairCheck, advice(err), "not compared with what %s shows: %v", reader(via), err)
	case c.fallback && via != expense.V1:
		d.warn(pairCheck, advice(err), "%s is chosen and does not show the report, so the connector uses v1.1 instead (CONCUR_FALLBACK): %v", via, err)
	default:
		d.fail(pairCheck, advice(err), "%s is chosen (CONCUR_INTERFACE) and does not show the report: %v", via, err)
	}
	return nil
}

// compare names the fields that differ between interfaces, and no value of the report.
func (d *doctor) compare(shown []*expense.Report) {
	for i := 1; i < len(shown); i++ {
		a, b := shown[i-1], shown[i]
		alike, unlike := comparison(a, b)
		if len(unlike) > 0 {
			d.fail(pairCheck, "run the doctor again, because the report may have changed between the two reads; if the difference stays, keep CONCUR_INTERFACE=v1.1 and report it",
				"%s and %s show a different %s of the report", reader(a.Via), reader(b.Via), listed(unlike))
			continue
		}
		d.ok(pairCheck, "%s and %s show the same: %s", reader(a.Via), reader(b.Via), listed(alike))
	}
}

// comparison names the fields that are alike in two reads, and those that are not. v1.1 has
// identifiers of its own for entries.
func comparison(a, b *expense.Report) (alike, unlike []string) {
	say := func(what string, same bool) {
		if same {
			alike = append(alike, what)
		} else {
			unlike = append(unlike, what)
		}
	}
	say("ID", a.ID == b.ID)
	say("total", sameAmount(a.Total, b.Total))
	if a.Via == expense.V1 || b.Via == expense.V1 {
		return alike, unlike
	}
	say("status", a.Status == b.Status)
	say("currency", a.Currency == b.Currency)
	say("set of entries ("+cli.Count(len(a.Entries), "ID")+")", slices.Equal(entryIDs(a), entryIDs(b)))
	return alike, unlike
}

func sameAmount(a, b *expense.Money) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Amount.Equal(b.Amount))
}

func entryIDs(r *expense.Report) []string {
	ids := make([]string, len(r.Entries))
	for i, e := range r.Entries {
		ids[i] = e.ID
	}
	slices.Sort(ids)
	return ids
}

// companyToken lists the exceptions by v4's short address, which accepts only a company's token.
func (d *doctor) companyToken(ctx context.Context, client *concur.Client, c chosen, shown []*expense.Report) {
	if len(shown) == 0 || !c.via.IsV4() && !c.sweeps {
		return
	}
	id := shown[0].ID
	_, err := client.ExceptionsV4(ctx, id)
	switch {
	case err == nil:
		d.ok(pairCheck, "the exceptions on report %s can be listed by v4: the token is a company's", id)
	case c.via.IsV4():
		d.fail(pairCheck, "give the application the scope, and begin the token store with a company's request token (concurctl token init)",
			"the exceptions on the report cannot be listed by v4: %v", err)
	default:
		d.warn(pairCheck, "give the application the scope, and begin the token store with a company's request token (concurctl token init)",
			"%s: %v", noMissed, err)
	}
}

// requests checks whether the travel requests that wait can be listed, if the rules evaluate
// any.
func (d *doctor) requests(ctx context.Context, client *concur.Client, c chosen) {
	const check = "travel requests"
	if !c.evaluatesRequests() {
		return
	}
	_, err := client.PendingRequests(ctx, "", func(expense.TravelRequest, error) error { return errEnough })
	if err == nil || errors.Is(err, errEnough) {
		d.ok(check, "submitted travel requests can be listed")
		return
	}
	d.fail(check, advice(err), "the rules evaluate travel requests, and they cannot be listed: %v", err)
}

// advice says what to do about an error of Concur.
func advice(err error) string {
	switch {
	case errors.Is(err, concur.Forbidden):
		return "give the application the scope, and its user the role, that the message names"
	case errors.Is(err, concur.Unauthorized):
		return "do what the message says; concurctl token init renews the refresh token"
	case errors.Is(err, concur.Unavailable), errors.Is(err, concur.RateLimited), errors.Is(err, concur.Deadlock):
		return "check the network from here, and the status of Concur's service"
	case errors.Is(err, concur.Incomplete):
		return "concurctl rules explain says what is missing; check the role of the connector's user, and try another report with --report"
	case errors.Is(err, concur.NotFound):
		return "give another report with --report, and check that it is this company's"
	case errors.Is(err, concur.InvalidArgument):
		return "fix what the message names; nothing was sent"
	case errors.Is(err, concur.Interrupted):
		return "give it more time, or do not interrupt it"
	case errors.Is(err, concur.Untrusted):
		return "give the address as Concur has sent it; add a host of your own to CONCUR_TRUSTED_HOSTS"
	}
	return "report it with the correlation ID"
}
