package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"concur-connector/expense"
)

// queuePage is what the template queue shows.
type queuePage struct {
	Queue
	Form     queueForm
	Next     string // address of the next page; empty on the last one
	First    string // address of the first page; empty on it
	Filtered bool
	Wrong    []string // the fields of the filter that cannot be read
	Ages     []int    // days to choose from
}

// queueForm is the filter as the person has typed it.
type queueForm struct {
	Group, Employee, Least, Most, Currency string
	Age                                    int // days
	Mine                                   bool
}

var ages = []int{1, 3, 7, 14}

func (p *Page) queue(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	v := p.newView(r, actor)
	form, filter, wrong := v.readFilter(r.URL.Query())
	found, err := p.options.UseCases.List(r.Context(), actor, filter)
	if err != nil {
		p.explain(w, r, actor, err)
		return
	}
	data := queuePage{Queue: found, Form: form, Wrong: wrong, Filtered: form != queueForm{}, Ages: ages}
	with := func(cursor string) string {
		query := url.Values{}
		for name, values := range r.URL.Query() {
			if name != "cursor" && values[0] != "" {
				query.Set(name, values[0])
			}
		}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		return "/?" + query.Encode()
	}
	if found.Next != "" {
		data.Next = with(found.Next)
	}
	if filter.Cursor != "" {
		data.First = with("")
	}
	v.Title, v.Here, v.Data = v.T("queue.title"), "queue", data
	p.render(w, r, http.StatusOK, "queue", "layout", v)
}

// readFilter reads the filter of the queue. It leaves out what it cannot read, and names it in wrong.
func (v view) readFilter(query url.Values) (form queueForm, f Filter, wrong []string) {
	text := func(name string) string {
		value := strings.TrimSpace(query.Get(name))
		return value[:min(len(value), 200)]
	}
	form = queueForm{
		Group: text("group"), Employee: text("employee"), Least: text("least"), Most: text("most"),
		Currency: strings.ToUpper(text("currency")), Mine: query.Get("mine") != "",
	}
	f = Filter{Group: form.Group, Employee: form.Employee, Mine: form.Mine, Currency: form.Currency, Cursor: query.Get("cursor")}
	if days, err := strconv.Atoi(query.Get("age")); err == nil && slices.Contains(ages, days) {
		form.Age, f.OpenedBefore = days, v.now.Add(-time.Duration(days)*24*time.Hour)
	}
	var ok bool
	if f.Least, ok = v.parseAmount(form.Least); !ok {
		wrong = append(wrong, "least")
	}
	if f.Most, ok = v.parseAmount(form.Most); !ok {
		wrong = append(wrong, "most")
	}
	if (f.Least != nil || f.Most != nil) && f.Currency == "" {
		wrong = append(wrong, "currency")
		f.Least, f.Most = nil, nil
	}
	return form, f, wrong
}

// Name is the name of a queued report.
func (t QueuedTask) Name() string { return nameOf(t.Fields) }

// nameOf returns the name of a report or travel request, if the rules file shows it.
func nameOf(fields []expense.ShownField) string {
	for _, f := range fields {
		if f.Name == "report.name" || f.Name == "request.name" {
			return f.Text
		}
	}
	return ""
}

// Path is the address of a task's page.
func (t QueuedTask) Path() string { return "/tasks/" + url.PathEscape(t.NotificationID) }

// Name is the name of a decided report.
func (i DecidedItem) Name() string { return nameOf(i.Fields) }

// Path is the address of the report's page.
func (i DecidedItem) Path() string { return "/tasks/" + url.PathEscape(i.NotificationID) }

func (p *Page) mine(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	found, err := p.options.UseCases.Mine(r.Context(), actor)
	if err != nil {
		p.explain(w, r, actor, err)
		return
	}
	v := p.newView(r, actor)
	v.Title, v.Here, v.Data = v.T("mine.title"), "mine", found
	p.render(w, r, http.StatusOK, "mine", "layout", v)
}
