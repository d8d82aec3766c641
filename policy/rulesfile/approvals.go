package rulesfile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"concur-connector/internal/spelling"

	"go.yaml.in/yaml/v4"
)

// Approvals is what a rules file says about all tasks for people.
type Approvals struct {
	// DefaultGroup is asked where a rule cannot be evaluated, and where the group that a rule asks
	// is not known. Empty means any approver.
	DefaultGroup string `json:"defaultGroup,omitempty"`
	// DifferentPeople is true if nobody may approve for two groups.
	DifferentPeople bool `json:"differentPeople,omitempty"`
	// CommentRequired is true if an approval needs a comment, as a send-back always does.
	CommentRequired bool `json:"commentRequired,omitempty"`
	// WorkingDays are the days of the week on which people work.
	WorkingDays []time.Weekday `json:"workingDays"`
	// Holidays are days on which nobody works, in ISO form, besides those in the list HolidayList.
	Holidays    []string `json:"holidays,omitempty"`
	HolidayList string   `json:"holidayList,omitempty"`
	// CheckEvery is how often a report is read again while a task is open; zero means never.
	CheckEvery time.Duration `json:"checkEvery,omitempty"`
	// Page names the fields that approvers see.
	Page []PageField `json:"page"`

	DefaultGroupAt, HolidayListAt *yaml.Node `json:"-"`
}

// PageField names a field that approvers see, such as entry.posted.
type PageField struct {
	Name string     `json:"name"`
	At   *yaml.Node `json:"-"` // nil for a field that the file does not name
}

const (
	maxHolidays   = 1000
	maxPageFields = 60
)

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// standardPage are the fields that approvers see if the file names none: what they need to
// recognise a report and its expenses. They take no further request to Concur.
var standardPage = []string{
	"report.name", "report.purpose", "report.total", "report.submitted",
	"entry.typeName", "entry.date", "entry.vendor", "entry.purpose", "entry.transaction", "entry.posted", "entry.hasReceipt",
	"request.name", "request.purpose", "request.posted", "request.start", "request.end",
	"expectedExpense.typeName", "expectedExpense.date", "expectedExpense.purpose", "expectedExpense.posted",
}

func defaultApprovals() Approvals {
	a := Approvals{
		WorkingDays: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		CheckEvery:  time.Hour,
	}
	for _, name := range standardPage {
		a.Page = append(a.Page, PageField{Name: name})
	}
	return a
}

func (s *Source) approvals(n *yaml.Node) Approvals {
	a := defaultApprovals()
	if n == nil {
		return a
	}
	keys, ok := s.mapping(n, "", "approvals", "defaultGroup", "differentPeople", "commentRequired", "workingDays", "holidays", "checkEvery", "page")
	if !ok {
		return a
	}
	if v := keys["defaultGroup"]; v != nil {
		if name, ok := s.text(v, "", "defaultGroup"); ok {
			if a.DefaultGroup, a.DefaultGroupAt = name, v; !groupForm.MatchString(name) {
				s.Fail(At(v), "", "defaultGroup must name a group: %s", groupFormed)
			}
		}
	}
	if v := keys["differentPeople"]; v != nil {
		a.DifferentPeople = s.truth(v, "", "differentPeople")
	}
	if v := keys["commentRequired"]; v != nil {
		if text, ok := s.text(v, "", "commentRequired"); ok {
			a.CommentRequired = text == "always"
			if known := []string{"send-back", "always"}; !slices.Contains(known, text) {
				s.Fail(At(v), "", "commentRequired must be send-back or always, not %q%s", Clip(text, 40), spelling.Suggestion(text, known))
			}
		}
	}
	if v := keys["workingDays"]; v != nil {
		a.WorkingDays = s.workingDays(v)
	}
	if v := keys["holidays"]; v != nil {
		s.holidays(&a, v)
	}
	if v := keys["checkEvery"]; v != nil {
		a.CheckEvery = s.checkEvery(v)
	}
	if v := keys["page"]; v != nil {
		if inner, ok := s.mapping(v, "", "page", "fields"); ok && inner["fields"] != nil {
			a.Page = s.pageFields(inner["fields"])
		}
	}
	return a
}

func (s *Source) workingDays(n *yaml.Node) []time.Weekday {
	names, nodes := s.texts(n, "", "a working day")
	var days []time.Weekday
	for i, name := range names {
		day := time.Weekday(slices.Index(weekdays, name))
		switch {
		case day < 0:
			s.Fail(At(nodes[i]), "", "%q is no day of the week; they are %s%s", Clip(name, 40), strings.Join(weekdays, ", "), weekdayMeant(name))
		case slices.Contains(days, day):
			s.Fail(At(nodes[i]), "", "workingDays names %s twice", name)
		default:
			days = append(days, day)
		}
	}
	if len(names) == 0 {
		s.Fail(At(n), "", "workingDays is empty; without a working day no reminder and no deadline would come")
	}
	return days
}

// weekdayMeant suggests the weekday that a shortened or misspelt name means.
func weekdayMeant(name string) string {
	lower := strings.ToLower(name)
	for _, day := range weekdays {
		if len(lower) >= 2 && strings.HasPrefix(day, lower) {
			return fmt.Sprintf("; did you mean %q?", day)
		}
	}
	return spelling.Suggestion(name, weekdays)
}

// holidays reads a list of dates, or the name of a list.
func (s *Source) holidays(a *Approvals, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		text, ok := s.text(n, "", "holidays")
		list, named := strings.CutPrefix(text, "lists.")
		if ok && (!named || !Identifier.MatchString(list)) {
			s.Fail(At(n), "", "holidays must be dates such as [2026-12-25, 2026-12-26], or a list of dates such as lists.holidays")
		} else if ok {
			a.HolidayList, a.HolidayListAt = list, n
		}
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxHolidays {
		s.Fail(At(n), "", "holidays must be at most %d dates such as [2026-12-25, 2026-12-26], or a list of dates such as lists.holidays", maxHolidays)
		return
	}
	for _, one := range n.Content {
		text, ok := s.text(one, "", "a holiday")
		if _, err := time.Parse(time.DateOnly, text); ok && err != nil {
			s.Fail(At(one), "", "the holiday %q is no date such as 2026-12-25", Clip(text, 40))
		} else if ok {
			a.Holidays = append(a.Holidays, text)
		}
	}
}

func (s *Source) checkEvery(n *yaml.Node) time.Duration {
	text, ok := s.text(n, "", "checkEvery")
	if !ok || text == "0" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minWait || d > maxWait {
		s.Fail(At(n), "", "checkEvery must be a duration from %s to %s, such as 1h, or 0 for never, not %q", hours(minWait), hours(maxWait), Clip(text, 40))
		return 0
	}
	return d
}

func (s *Source) pageFields(n *yaml.Node) []PageField {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxPageFields {
		s.Fail(At(n), "", "fields must be a list of at most %d fields such as [report.name, entry.posted]", maxPageFields)
		return nil
	}
	fields := []PageField{}
	for _, one := range n.Content {
		name, ok := s.text(one, "", "a field of the page")
		switch {
		case !ok:
		case slices.ContainsFunc(fields, func(f PageField) bool { return f.Name == name }):
			s.Fail(At(one), "", "fields names %s twice", Clip(name, 60))
		default:
			fields = append(fields, PageField{Name: name, At: one})
		}
	}
	return fields
}
