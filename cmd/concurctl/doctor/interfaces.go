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
	alikeCheck  = "stops"
	actingCheck = "acting"
)

// guard looks at what Concur is to compare before it acts by v4.
func (d *doctor) guard(cfg config.Worker, rules *policy.Policy) {
	switch guard, err := concur.ParseGuard(cfg.StepGuard); {
	case err != nil:
		d.fail(guardCheck, "mend CONCUR_STEP_GUARD, see docs/configuration.md", "it cannot be used: %v", err)
	case len(guard) == 0:
		d.warn(guardCheck, "set CONCUR_STEP_GUARD, such as expectedStepCode=EXTVAL", "there is none: an action by v4 applies to whatever step the report is at")
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

// alike says what the guard does not do for a company with several stops.
func (d *doctor) alike(cfg config.Worker, stops int) {
	const alone = "give the steps codes of their own in Concur, and one of them to CONCUR_STEP_GUARD"
	both := fmt.Sprintf("the rules file names %d stops, and every classic external validation has this code: the guard does not tell them apart", stops)
	switch {
	case cfg.AmbiguousSteps == "act":
		d.warn(alikeCheck, alone+"; or set CONCUR_AMBIGUOUS_STEPS=park", "%s, so that an action by v4 may happen at a stop that was not judged", both)
	case expense.Interface(cfg.Interface).IsV4() && !cfg.ReadSteps:
		d.warn(alikeCheck, "set CONCUR_READ_STEPS=true, or "+alone, "%s, and v1.1 is not asked for the step, so that every report is parked (AmbiguousStep)", both)
	case expense.Interface(cfg.Interface).IsV4() || cfg.SweepMode == "act":
		d.warn(alikeCheck, alone, "%s. Where a callout has named a report, v1.1 is asked for the step; any other is parked (AmbiguousStep)", both)
	}
}

// prove reads one report by each of the interfaces that the setting is about, and compares
// what they show. Nothing is written.
func (d *doctor) prove(ctx context.Context, client *concur.Client, c chosen, waiting *concur.PendingReport) {
	if c.via == "" {
		return // said
	}
	if uri := d.sample(ctx, client, c, waiting); uri != "" {
		var shown []*expense.Report
		for _, via := range c.compared(uri) {
			if report := d.readBy(ctx, client, c, via, uri); report != nil {
				shown = append(shown, report)
			}
		}
		if c.via == expense.V1 && isV4Address(uri) {
			d.warn(pairCheck, "give the ObjectURI of a callout with --report", "v1.1 is chosen (CONCUR_INTERFACE) and not tried: the report's address is one of v4")
		}
		d.compare(shown)
		d.companyToken(ctx, client, c, shown)
	}
	d.requests(ctx, client, c)
	d.ok(actingCheck, "not tried, since it changes what is in Concur: it is proved as far as the scopes and the step guard go")
}

// sample is the address of a report to be read: the one that was given, the first that
// waits, or any.
func (d *doctor) sample(ctx context.Context, client *concur.Client, c chosen, row *concur.PendingReport) string {
	const give = "give one with --report, the ObjectURI of a callout or an address of v4"
	if c.report != "" {
		return c.report
	}
	if row == nil {
		found, ok, err := client.AnyReport(ctx)
		switch {
		case err != nil:
			d.warn(pairCheck, give, "not compared, for no report can be found: %v", err)
			return ""
		case !ok:
			d.warn(pairCheck, give+", once there is one", "not compared, for the list shows no report")
			return ""
		}
		row = &found
	}
	uri, err := client.ReportURI(ctx, *row)
	switch {
	case err == nil:
		return uri
	case c.via == expense.V4:
		d.fail(pairCheck, advice(err), "the owner of report %s is not found, without whom v4 shows none: %v", row.ID, err)
	default:
		d.warn(pairCheck, give, "not compared, for the owner of report %s is not found: %v", row.ID, err)
	}
	return ""
}

// compared are the interfaces by which the report is read. A v4 address says nothing of
// v1.1, and a deployment that reads by v1.1 reads by v3 what nobody told of.
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
			d.ok(pairCheck, "v3, by which a report is read that nobody told of, shows report %s", read.Report.ID)
		}
		return read.Report
	}
	if errors.Is(err, concur.Incomplete) { // its words hold amounts
		err = &concur.Error{Op: "read report", Kind: concur.Incomplete, Message: "Concur claims more of it than it shows"}
	}
	switch {
	case via != c.via:
		d.warn(pairCheck, advice(err), "not compared with what %s shows: %v", reader(via), err)
	case c.fallback && via != expense.V1:
		d.warn(pairCheck, advice(err), "%s is chosen and does not show the report, so that v1.1 is asked instead (CONCUR_FALLBACK): %v", via, err)
	default:
		d.fail(pairCheck, advice(err), "%s is chosen (CONCUR_INTERFACE) and does not show the report: %v", via, err)
	}
	return nil
}

// compare says in what the interfaces differ, and no value of the report.
func (d *doctor) compare(shown []*expense.Report) {
	for i := 1; i < len(shown); i++ {
		a, b := shown[i-1], shown[i]
		alike, unlike := comparison(a, b)
		if len(unlike) > 0 {
			d.fail(pairCheck, "call this again, for the report may have been changed between the two; if it stays, keep to CONCUR_INTERFACE=v1.1 and report it",
				"%s and %s show the report with another %s", reader(a.Via), reader(b.Via), listed(unlike))
			continue
		}
		d.ok(pairCheck, "%s and %s show the same: %s", reader(a.Via), reader(b.Via), listed(alike))
	}
}

// comparison names what two reads have in common, and what not. The identifiers of v1.1's
// entries are others.
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

// companyToken lists the exceptions by v4's short address, which answers a company alone.
func (d *doctor) companyToken(ctx context.Context, client *concur.Client, c chosen, shown []*expense.Report) {
	if len(shown) == 0 || !c.via.IsV4() && !c.sweeps {
		return
	}
	id := shown[0].ID
	_, err := client.ExceptionsV4(ctx, id)
	switch {
	case err == nil:
		d.ok(pairCheck, "the exceptions on report %s can be listed by v4: the access token is a company's", id)
	case c.via.IsV4():
		d.fail(pairCheck, "give the application the scope, and begin the token store with a company's request token (concurctl token init)",
			"the exceptions on the report cannot be listed by v4: %v", err)
	default:
		d.warn(pairCheck, "give the application the scope, and begin the token store with a company's request token (concurctl token init)",
			"%s: %v", notTakenUp, err)
	}
}

// requests looks whether the travel requests that wait can be found, if the rules judge
// any.
func (d *doctor) requests(ctx context.Context, client *concur.Client, c chosen) {
	const check = "travel requests"
	if !c.judgesRequests() {
		return
	}
	_, err := client.PendingRequests(ctx, "", func(expense.TravelRequest, error) error { return errEnough })
	if err == nil || errors.Is(err, errEnough) {
		d.ok(check, "those that are submitted can be listed")
		return
	}
	d.fail(check, advice(err), "the rules judge them, and they cannot be listed: %v", err)
}

// advice says what to do about an error of Concur's.
func advice(err error) string {
	switch {
	case errors.Is(err, concur.Forbidden):
		return "give the application the scope and its user the role that are named"
	case errors.Is(err, concur.Unauthorized):
		return "do what it says; concurctl token init renews the refresh token"
	case errors.Is(err, concur.Unavailable), errors.Is(err, concur.RateLimited), errors.Is(err, concur.Deadlock):
		return "look at the network from here, and at the status of Concur's service"
	case errors.Is(err, concur.Incomplete):
		return "concurctl rules explain says what is missing; look at the role of the connector's user, and try another report with --report"
	case errors.Is(err, concur.NotFound):
		return "give another with --report, and look whether it is this company's"
	case errors.Is(err, concur.InvalidArgument):
		return "mend what it names; nothing was sent"
	case errors.Is(err, concur.Interrupted):
		return "give it more time, or do not interrupt it"
	case errors.Is(err, concur.Untrusted):
		return "give the address as Concur has sent it; a host of its own is added with CONCUR_TRUSTED_HOSTS"
	}
	return "report it with the correlation ID"
}
