package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// page writes the rules in Markdown.
func page(rules *policy.Policy, file string) string {
	p := &markdown{}
	p.line("# Rules", "")
	p.line(fmt.Sprintf("From `%s`: %s, %s.", file, cli.Count(len(rules.Rules()), "rule"), named(rules)),
		"Every verdict names the same version and hash.", "")
	p.line("Each rule has a condition that must be true; otherwise the rule is violated. A report is sent",
		"back to the employee if a violated rule sends back. Otherwise a person decides if a violated",
		"rule asks. Otherwise the report is approved, with its exceptions. If a rule cannot be",
		"evaluated, "+unevaluated(rules)+" decides.")
	p.rules(rules)
	p.codes(rules.PostedCodes())
	p.groups(rules)
	p.approvals(rules)
	p.steps(rules.Steps())
	p.variables(rules.Variables())
	p.lists(rules.Lists())
	p.facts(rules.Facts())
	p.settings(rules)
	return p.text.String()
}

type markdown struct{ text strings.Builder }

func (p *markdown) line(lines ...string) {
	for _, line := range lines {
		p.text.WriteString(line + "\n")
	}
}

// table writes nothing without rows.
func (p *markdown) table(title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.line("", "## "+title, "", "| "+strings.Join(head, " | ")+" |", strings.Repeat("| --- ", len(head))+"|")
	for _, row := range rows {
		p.line("| " + strings.Join(row, " | ") + " |")
	}
}

var special = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)

// prose keeps a text from meaning something in Markdown.
func prose(text string) string { return special.Replace(cli.Plain(text)) }

// code writes an expression. In a table a bar needs a mark of its own.
func code(text string) string {
	text = cli.Plain(strings.Join(strings.Fields(text), " "))
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

func cell(expression string) string { return strings.ReplaceAll(code(expression), "|", `\|`) }

// rules lists them by the steps to which they are limited, and there by level.
func (p *markdown) rules(rules *policy.Policy) {
	const everywhere = "At every step"
	places := []string{everywhere}
	byPlace := map[string][]policy.Rule{}
	for _, r := range rules.Rules() {
		place := everywhere
		if len(r.Steps) > 0 {
			place = "Only at " + strings.Join(r.Steps, ", ")
		}
		if byPlace[place] == nil && place != everywhere {
			places = append(places, place)
		}
		byPlace[place] = append(byPlace[place], r)
	}
	for _, place := range places {
		ordered := byPlace[place]
		if len(ordered) == 0 {
			continue
		}
		p.line("", "## "+place)
		level := rulesfile.Level("")
		slices.SortStableFunc(ordered, func(a, b policy.Rule) int {
			return cmp.Compare(slices.Index(inWords, levelIn(a.Level)), slices.Index(inWords, levelIn(b.Level)))
		})
		for _, r := range ordered {
			if r.Level != level {
				level = r.Level
				p.line("", "### "+levelIn(level).title)
			}
			p.rule(r)
		}
	}
}

// levelWords are a level in words.
type levelWords struct {
	level       rulesfile.Level
	title, each string
}

var inWords = []levelWords{
	{rulesfile.ReportLevel, "The report", "the report"},
	{rulesfile.EntryLevel, "Each entry", "each entry"},
	{rulesfile.ItemizationLevel, "Each itemization", "each itemization"},
	{rulesfile.AllocationLevel, "Each allocation", "each allocation"},
	{rulesfile.RequestLevel, "The travel request", "the travel request"},
	{rulesfile.ExpectedExpenseLevel, "Each expected expense", "each expected expense of the travel request"},
	{rulesfile.SegmentLevel, "Each segment", "each segment of the travel request"},
}

func levelIn(level rulesfile.Level) levelWords {
	for _, words := range inWords {
		if words.level == level {
			return words
		}
	}
	return levelWords{level, string(level), string(level)}
}

func (p *markdown) rule(r policy.Rule) {
	p.line("", "#### "+r.Name, "")
	if r.Description != "" {
		p.line(prose(r.Description), "")
	}
	if r.Match == "" {
		p.line("- Applies to " + levelIn(r.Level).each + ".")
	} else {
		p.line("- Applies to " + levelIn(r.Level).each + " where " + code(r.Match))
	}
	p.line("- Must be true: " + code(r.Expression))
	if r.MessageExpression != "" {
		p.line("- Otherwise the message is: " + code(r.MessageExpression))
	} else {
		p.line("- Otherwise the message is: “" + prose(r.Message) + "”")
	}
	switch {
	case r.ApproverMessageExpression != "":
		p.line("- Approvers read: " + code(r.ApproverMessageExpression))
	case r.ApproverMessage != "":
		p.line("- Approvers read: “" + prose(r.ApproverMessage) + "”")
	}
	then := strings.Join(followsFrom(r), "; ") + "."
	if r.Shadow {
		p.line("- Then nothing happens, because this is a **shadow** rule. Without `shadow`: " + then)
		return
	}
	p.line("- Then " + then)
}

// followsFrom are the effects of a rule in words.
func followsFrom(r policy.Rule) (all []string) {
	if r.SendBack {
		all = append(all, "the report goes back to the employee, with the message")
	}
	for _, a := range r.Ask {
		all = append(all, asks(a))
	}
	if r.Code != "" {
		all = append(all, "the exception **"+prose(r.Code)+"** is posted, for "+audience(r.Visibility))
	}
	if r.Warn {
		all = append(all, "it is noted, and nothing else follows")
	}
	return all
}

func asks(a policy.Asked) string {
	group := "**" + prose(a.Group) + "**"
	if a.Expression != "" {
		group = "the group that " + code(a.Expression) + " names"
	}
	if a.Count > 1 {
		return fmt.Sprintf("%d different people of %s must approve", a.Count, group)
	}
	return "a person of " + group + " must approve"
}

func audience(v expense.Visibility) string {
	switch v {
	case expense.VisibleToApprovers:
		return "approvers and processors"
	case expense.VisibleToProcessors:
		return "processors"
	}
	return "everybody"
}

func (p *markdown) codes(codes []policy.Code) {
	var rows [][]string
	for _, c := range codes {
		by := strings.Join(c.Rules, ", ")
		if by == "" {
			by = "whatever is approved"
		}
		rows = append(rows, []string{prose(c.Code), string(c.Object), audience(c.Visibility), by})
	}
	p.table("Exception codes", []string{"Code", "On", "For", "Posted by"}, rows)
}

// groups shows those that are declared, and those that rules ask besides.
func (p *markdown) groups(rules *policy.Policy) {
	declared := rules.Groups()
	for _, name := range rules.AskedGroups() {
		if !slices.ContainsFunc(declared, func(g rulesfile.Group) bool { return g.Name == name }) {
			declared = append(declared, rulesfile.Group{Name: name})
		}
	}
	var rows [][]string
	for _, g := range declared {
		reminders := make([]string, len(g.Reminders))
		for i, after := range g.Reminders {
			reminders[i] = after.String()
		}
		escalates, ends := "", "it waits"
		if g.EscalateTo != "" {
			escalates = prose(g.EscalateTo) + " after " + g.EscalateAfter.String()
		}
		if !g.DeadlineAfter.IsZero() {
			ends = "it goes back to the employee after " + g.DeadlineAfter.String()
			if g.DeadlineThen == expense.ThenKeepWaiting {
				ends = "it is overdue after " + g.DeadlineAfter.String() + ", and keeps waiting"
			}
		}
		rows = append(rows, []string{prose(g.Name), strings.Join(reminders, ", "), escalates, ends})
	}
	p.table("Groups that are asked", []string{"Group", "Reminded after", "Also asked", "Without a decision"}, rows)
}

// unevaluated says who is asked where a rule cannot be evaluated.
func unevaluated(rules *policy.Policy) string {
	if name := rules.Approvals().DefaultGroup; name != "" {
		return "a person of **" + prose(name) + "**"
	}
	return "any approver"
}

// approvals shows what holds for every task for people.
func (p *markdown) approvals(rules *policy.Policy) {
	if len(rules.AskedGroups()) == 0 {
		return
	}
	a := rules.Approvals()
	var days, fields []string
	for _, day := range a.WorkingDays {
		days = append(days, day.String())
	}
	for _, f := range a.Page {
		fields = append(fields, code(f.Name))
	}
	holidays := strings.Join(a.Holidays, ", ")
	if a.HolidayList != "" {
		holidays = "the list " + code(a.HolidayList)
	}
	comment, checked := "when a report is sent back", "never"
	if a.CommentRequired {
		comment = "always"
	}
	if a.CheckEvery > 0 {
		checked = "every " + rulesfile.Wait{Hours: a.CheckEvery}.String()
	}
	p.table("Approvals", []string{"What", "How"}, [][]string{
		{"Who decides where a rule cannot be evaluated", unevaluated(rules)},
		{"Nobody may approve for two groups", yesNo(a.DifferentPeople)},
		{"A comment is required", comment},
		{"Working days", strings.Join(days, ", ")},
		{"Holidays", cmp.Or(holidays, "none")},
		{"A report that waits is read again", checked},
		{"What approvers see", cmp.Or(strings.Join(fields, ", "), "the findings only")},
	})
}

func (p *markdown) steps(steps []rulesfile.Step) {
	var rows [][]string
	for _, s := range steps {
		rows = append(rows, []string{prose(s.Name), prose(strings.Join(s.Events, ", "))})
	}
	p.table("Steps", []string{"Step", "Texts of EventType"}, rows)
}

func (p *markdown) variables(variables []policy.Variable) {
	var rows [][]string
	for _, v := range variables {
		rows = append(rows, []string{code("variables." + v.Name), "of " + levelIn(v.Level).each, cell(v.Expression)})
	}
	p.table("Variables", []string{"Variable", "Of", "Value"}, rows)
}

func (p *markdown) lists(lists []policy.List) {
	var rows [][]string
	for _, l := range lists {
		rows = append(rows, []string{code("lists." + l.Name), code(l.File), strconv.Itoa(l.Rows), prose(strings.Join(l.Key, ", ")), prose(strings.Join(l.Columns, ", "))})
	}
	p.table("Lists", []string{"List", "File", "Rows", "Key", "Columns"}, rows)
}

func (p *markdown) facts(facts []policy.Fact) {
	var rows [][]string
	for _, f := range facts {
		about := levelIn(f.Level).each
		if f.Match != "" {
			about += " where " + cell(f.Match)
		}
		rows = append(rows, []string{code("facts." + f.Name), code(f.URL), about, pairs(f.Send), pairs(f.Answer)})
	}
	p.table("What the fact services are asked", []string{"Fact", "Whom", "About", "Sent", "Answered"}, rows)
}

func pairs(values map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, name+": "+cell(values[name]))
	}
	return strings.Join(parts, ", ")
}

func (p *markdown) settings(rules *policy.Policy) {
	s := rules.Settings()
	rows := [][]string{
		{"A report that is sent back gets its exceptions, too", yesNo(s.SendBackPostsExceptions)},
		{"A report is approved", "by the action"},
		{"Comment when it is approved", "none"},
		{"Today is that of", prose(rules.Timezone())},
	}
	if s.ApproveByException != "" {
		rows[1][1] = "by the exception **" + prose(s.ApproveByException) + "**"
	}
	if s.ApproveComment != "" {
		rows[2][1] = "“" + prose(s.ApproveComment) + "”"
	}
	if s.ExpenseRejectedComment != "" {
		rows = append(rows, []string{"Comment about expenses that an approver has rejected", "“" + prose(s.ExpenseRejectedComment) + "”"})
	}
	if len(s.ExternalValidationNames) > 0 {
		rows = append(rows, []string{"Status of a travel request that waits at external validation", prose(strings.Join(s.ExternalValidationNames, ", "))})
	}
	if s.ActWithoutOperations {
		rows = append(rows, []string{"The status alone says that a travel request waits, where Concur's answer has no operations", "yes"})
	}
	if s.Language != "" {
		rows = append(rows, []string{"Language of the messages", prose(s.Language)})
	}
	if rules.ApprovesAll() {
		rows = append(rows, []string{"Everything is approved without anybody looking at it", "yes"})
	}
	p.table("Settings", []string{"What", "How"}, rows)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
