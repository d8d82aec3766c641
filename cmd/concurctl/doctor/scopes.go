package doctor

import (
	"slices"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/policy"
)

// neededScope is a scope that the connector needs for some of its calls.
//
// Source: https://developer.concur.com/api-reference/authentication/scopes.html
type neededScope struct {
	name, to string
	without  string // what does not work without it; empty if nothing works
}

// What does not work without a scope that only a part of the work needs.
const (
	noMissed        = "sweeps cannot start runs for missed reports"
	noRequestOwners = "only an approver who owns no reports may decide about a travel request, and a sweep starts no run for a missed report"
	noListCodes     = "a list field that the rules read has no code by v4, and its run is parked"
)

// chosen holds the interface by which reports are read and acted on, and the other settings
// that decide which scopes the connector needs.
type chosen struct {
	via      expense.Interface // empty if the setting is invalid
	fallback bool
	sweeps   bool           // sweeps start runs for missed reports
	rules    *policy.Policy // nil if they cannot be used
	report   string         // the report of --report
}

func chosenBy(cfg config.Worker, problem error, rules *policy.Policy, report string) chosen {
	c := chosen{via: expense.Interface(cfg.Interface), fallback: cfg.Fallback, sweeps: cfg.SweepMode == "act", rules: rules, report: report}
	if cli.ConfigError(problem, "CONCUR_INTERFACE") != nil {
		c.via = ""
	}
	return c
}

func (c chosen) evaluatesRequests() bool { return c.rules != nil && c.rules.HasRequestRules() }

// scopes returns the scopes that the connector needs.
func (c chosen) scopes() []neededScope {
	needed := []neededScope{
		{name: "EXPRPT", to: "to read reports by v1.1 and v3, and to post exceptions and act by v1.1"},
		{name: "NOTIF", to: "to list and delete failed notifications"},
	}
	writes := []neededScope{
		{name: "expense.report.workflowstatus.write", to: "to act by v4"},
		{name: "expense.report.readwrite", to: "to list, put and delete exceptions by v4"},
	}
	owners := []neededScope{
		{name: "identity.user.ids.read", to: "to find the owner of a report or travel request"},
		{name: "identity.user.core.read", to: "to find the owner of a report or travel request"},
	}
	switch {
	case c.via == expense.V4:
	case c.evaluatesRequests():
		for i := range owners {
			owners[i].without = noRequestOwners
		}
	default:
		owners = c.swept(owners)
	}
	switch c.via {
	case expense.V4:
		needed = slices.Concat(needed, writes, []neededScope{{name: "expense.report.read", to: "to read reports by v4"}}, owners)
	case expense.V3:
		needed = slices.Concat(needed, writes, owners)
	case expense.V1:
		needed = slices.Concat(needed, c.swept(writes), owners)
	}
	return append(needed, c.forRules()...)
}

// swept returns the scopes as needed only for what a sweep finds, or none without sweeps.
func (c chosen) swept(scopes []neededScope) []neededScope {
	var needed []neededScope
	for _, s := range scopes {
		if s.without = noMissed; c.sweeps {
			needed = append(needed, s)
		}
	}
	return needed
}

// forRules returns the scopes that the rules make necessary.
func (c chosen) forRules() (needed []neededScope) {
	if c.rules == nil {
		return nil
	}
	if c.evaluatesRequests() {
		needed = append(needed,
			neededScope{name: "travelrequest.write", to: "to read travel requests"},
			neededScope{name: "travelrequest.externalsystemworkflow.write", to: "to act on travel requests"})
	}
	ofReports, ofRequests := c.rules.ReadsFields()
	if ofReports && c.via == expense.V4 || ofRequests {
		needed = append(needed, neededScope{name: "spend.listitem.read", to: "to read the codes of list fields", without: noListCodes})
	}
	return needed
}

// scopes checks the granted scopes. If only a part of the work needs a missing scope, that is a
// warning, one for each part.
func (d *doctor) scopes(granted []string) {
	if len(granted) == 0 {
		return // unknown yet
	}
	const check, do = "scopes", "give the application the scope, then run concurctl token init"
	missing := map[string][]string{}
	for _, scope := range d.needed {
		switch {
		case slices.Contains(granted, scope.name):
			d.ok(check, "%s is granted, %s", scope.name, scope.to)
		case scope.without == "":
			d.fail(check, do, "%s is not granted, and is needed %s", scope.name, scope.to)
		default:
			missing[scope.without] = append(missing[scope.without], scope.name)
		}
	}
	for _, without := range []string{noMissed, noRequestOwners, noListCodes} {
		if names := missing[without]; names != nil {
			d.warn(check, do, "not granted: %s; without it %s", listed(names), without)
		}
	}
}

func listed(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
