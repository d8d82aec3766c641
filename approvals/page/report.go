package page

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"concur-connector/expense"
)

// reportPage is what the template report shows.
type reportPage struct {
	Report
	Me     string
	Facts  []expense.ShownField // of the report itself, without its name and total
	Total  *expense.Money
	Lines  []line
	Whole  []expense.Finding // about the whole report, or about objects that are not shown
	Pager  pager
	Form   decisionForm
	Notice *notice
	Query  url.Values
}

// line is an entry or another object of the report.
type line struct {
	expense.ShownObject
	Depth    int
	Title    string
	Date     expense.Date
	Amount   *expense.Money
	Facts    []expense.ShownField
	Findings []expense.Finding
	Receipt  bool
}

// pager says which lines of a long report are shown.
type pager struct {
	All, First, Last int
	Findings         int  // how many lines have findings
	Only             bool // only lines with findings are shown
	Previous, Next   string
	Everything       string // address of all lines; empty if they are shown
	OnlyFindings     string // address of the lines with findings; empty if they are shown
}

// decisionForm is the form to decide, as the person has filled it in.
type decisionForm struct {
	DecisionID string
	Comment    string
	To         string
	Wrong      string // key of a message
	About      expense.DecisionChoice
	Undo       int // seconds
}

// notice says at the top of a report what became of a decision.
type notice struct {
	Kind  string // good, bad or info
	Title string
	Text  string
	Plain bool // Text comes from the server and is in English
	Again *decisionForm
}

// linesPerPage is how many lines of a report one page shows.
const linesPerPage = 100

func (p *Page) report(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	found, err := p.options.UseCases.Show(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		p.explain(w, r, actor, err)
		return
	}
	v := p.newView(r, actor)
	p.renderReport(w, r, http.StatusOK, v, found, v.outcomeOf(found, r.URL.Query().Get("decision")), decisionForm{})
}

func (p *Page) renderReport(w http.ResponseWriter, r *http.Request, status int, v view, found Report, n *notice, form decisionForm) {
	if form.DecisionID == "" {
		form.DecisionID = uuid.NewString()
	}
	form.Undo = int(p.options.Undo.Seconds())
	data := reportPage{Report: found, Me: v.Actor.Name, Form: form, Notice: n, Query: r.URL.Query()}
	data.arrange(v, found.Path())
	v.Title, v.Data = data.Title(v), data
	if r.URL.Query().Has("decision") && found.Outcome == "" && found.Task == nil {
		v.Refresh = 5
	}
	p.render(w, r, status, "report", "layout", v)
}

// Path is the address of the report's page.
func (r Report) Path() string { return "/tasks/" + url.PathEscape(r.NotificationID) }

// Title names the report.
func (d reportPage) Title(v view) string {
	if d.Shown != nil {
		if name := nameOf(d.Shown.Fields); name != "" {
			return name
		}
	}
	return v.T("kind."+string(d.Kind)) + " " + d.ReportID
}

// arrange puts each finding next to its line and chooses the lines of this page.
func (d *reportPage) arrange(v view, path string) {
	if d.Shown != nil {
		for _, f := range d.Shown.Fields {
			switch f.Name {
			case "report.name", "request.name":
			case "report.total", "request.posted":
				d.Total = f.Money
			default:
				d.Facts = append(d.Facts, f)
			}
		}
		for _, object := range d.Shown.Objects {
			d.Lines = append(d.Lines, v.newLine(object))
		}
	}
	depth, at := map[string]int{}, map[string]int{}
	for i := range d.Lines {
		one := &d.Lines[i]
		if outer, ok := depth[one.Parent]; ok && one.Parent != "" {
			one.Depth = min(outer+1, 3)
		}
		depth[one.ID], at[one.ID] = one.Depth, i
	}
	for _, f := range d.Findings {
		if f.Shadow {
			continue
		}
		if i, ok := at[f.Object]; ok && f.Object != "" {
			d.Lines[i].Findings = append(d.Lines[i].Findings, f)
		} else {
			d.Whole = append(d.Whole, f)
		}
	}
	d.page(path)
}

func (d *reportPage) page(path string) {
	all := d.Lines
	marked := slices.DeleteFunc(slices.Clone(all), func(l line) bool { return len(l.Findings) == 0 })
	d.Pager = pager{All: len(all), Findings: len(marked), Only: d.Query.Get("lines") == "findings"}
	address := func(only bool, number int) string {
		query := url.Values{}
		if only {
			query.Set("lines", "findings")
		}
		if number > 1 {
			query.Set("page", strconv.Itoa(number))
		}
		if len(query) == 0 {
			return path + "#lines"
		}
		return path + "?" + query.Encode() + "#lines"
	}
	if d.Pager.Only {
		all = marked
		d.Pager.Everything = address(false, 1)
	} else if len(marked) > 0 && len(marked) < len(all) {
		d.Pager.OnlyFindings = address(true, 1)
	}
	number, _ := strconv.Atoi(d.Query.Get("page"))
	number = max(1, min(number, (len(all)+linesPerPage-1)/linesPerPage))
	first := (number - 1) * linesPerPage
	last := min(first+linesPerPage, len(all))
	d.Lines = all[first:last]
	d.Pager.First, d.Pager.Last = min(first+1, last), last
	if number > 1 {
		d.Pager.Previous = address(d.Pager.Only, number-1)
	}
	if last < len(all) {
		d.Pager.Next = address(d.Pager.Only, number+1)
	}
}

// newLine chooses what stands in the first row of a line: what it is, its date and its amount.
func (v view) newLine(object expense.ShownObject) line {
	one := line{ShownObject: object}
	fields := map[string]expense.ShownField{}
	for _, f := range object.Fields {
		_, name, _ := strings.Cut(f.Name, ".")
		fields[name] = f
	}
	used := map[string]bool{}
	first := func(names ...string) (found expense.ShownField) {
		for _, name := range names {
			if f, ok := fields[name]; ok {
				used[f.Name] = true
				return f
			}
		}
		return found
	}
	one.Title = first("typeName", "type").Text
	if from, to := fields["from"].Text, fields["to"].Text; object.Level == "segment" && from != "" && to != "" {
		one.Title = strings.TrimSpace(one.Title + " " + from + " → " + to)
		used[fields["from"].Name], used[fields["to"].Name] = true, true
	}
	one.Date = first("date", "departure").Date
	one.Amount = first("posted", "amount", "transaction", "approved").Money
	if f := fields["hasReceipt"]; f.Yes != nil {
		one.Receipt = *f.Yes
	}
	if one.Title == "" {
		one.Title = v.T("level." + object.Level)
	}
	if _, named := fields["typeName"]; named {
		used[fields["type"].Name] = true
	}
	if t := fields["transaction"]; t.Money != nil && one.Amount != nil && t.Money.Currency == one.Amount.Currency && t.Money.Amount.Equal(one.Amount.Amount) {
		used[t.Name] = true
	}
	for _, f := range object.Fields {
		if !used[f.Name] {
			one.Facts = append(one.Facts, f)
		}
	}
	return one
}

// Phase says how far the report has come: waiting, checking, working, parked or ended.
func (r Report) Phase() string {
	switch {
	case r.Outcome != "":
		return "ended"
	case r.Parked != "":
		return "parked"
	case r.Unchecked > 0:
		return "checking"
	case r.Task != nil:
		return "waiting"
	}
	return "working"
}

// MayDecide reports whether the person may decide now.
func (r Report) MayDecide() bool { return r.Task != nil && r.Refusal == "" }

// Winner is the decision that ended the last task, or nil.
func (r Report) Winner() *expense.TaskEvent {
	if r.Task != nil {
		return nil
	}
	for _, e := range slices.Backward(r.Record) {
		if e.Kind == expense.TaskCounted && (e.Decision == expense.DecideApprove || e.Decision == expense.DecideSendBack) {
			return &e
		}
		if e.Kind == expense.TaskOpened || e.Kind == expense.TaskWithdrawn {
			return nil
		}
	}
	return nil
}

// Withdrawal is the event that withdrew the last task, or nil.
func (r Report) Withdrawal() *expense.TaskEvent {
	for _, e := range slices.Backward(r.Record) {
		switch e.Kind {
		case expense.TaskWithdrawn:
			return &e
		case expense.TaskOpened, expense.TaskCounted:
			return nil
		}
	}
	return nil
}

// Deadline is the next deadline of the task, or nil.
func (r Report) Deadline() *expense.TaskStep {
	if r.Task == nil {
		return nil
	}
	at := slices.IndexFunc(r.Task.Plan, func(s expense.TaskStep) bool { return s.Kind == expense.Deadline })
	if at < 0 {
		return nil
	}
	return &r.Task.Plan[at]
}

// Seen stands for what the person sees of the task. The page asks whether it has changed.
func (r Report) Seen() string {
	task := ""
	if r.Task != nil {
		task = r.Task.ID + "\n" + r.Task.ClaimedBy
	}
	return digest(fmt.Sprintf("%s\n%s\n%d\n%s\n%s\n%d\n%s\n%s", task, r.Refusal, len(r.Record), r.State, r.Parked, r.Unchecked, r.Outcome, strings.Join(r.Done, "\n")))
}

// live answers a page that is open: 204 if nothing has changed since, or else the parts that have.
func (p *Page) live(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	found, err := p.options.UseCases.Show(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		// Next time it may work. What the person has typed stays.
		w.WriteHeader(http.StatusNoContent)
		return
	}
	query := r.URL.Query()
	if query.Get("seen") == found.Seen() {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	v := p.newView(r, actor)
	data := livePage{reportPage: reportPage{Report: found, Me: actor.Name}}
	shown := query.Get("task")
	data.Stale = (shown != "") != found.MayDecide() || found.MayDecide() && found.Task.ID != shown
	v.Data = data
	p.render(w, r, http.StatusOK, "report", "live", v)
}

// livePage is what the template live shows.
type livePage struct {
	reportPage
	Stale bool // the form on the open page can no longer be sent
}
