package policy

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"

	"concur-connector/internal/spelling"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// calendar reads the days on which nobody works.
func (l *loader) calendar(c rulesfile.File) {
	p := l.policy
	p.holidays = map[value.Date]bool{}
	for _, text := range c.Approvals.Holidays {
		if day, ok := value.ParseDate(text); ok {
			p.holidays[day] = true
		}
	}
	name := c.Approvals.HolidayList
	if name == "" {
		return
	}
	at := rulesfile.At(c.Approvals.HolidayListAt)
	i := slices.IndexFunc(p.lists, func(t *table) bool { return t.Name == name })
	if i < 0 {
		if !l.Declared["lists."+name] {
			var names []string
			for _, t := range p.lists {
				names = append(names, t.Name)
			}
			l.Fail(at, "", "holidays: there is no list %q%s", name, spelling.Among(name, names))
		}
		return
	}
	list := p.lists[i]
	j := slices.IndexFunc(c.Lists, func(d rulesfile.List) bool { return d.Name == name })
	var dates []int
	for column, title := range list.Columns {
		if c.Lists[j].Columns[title].Kind == rulesfile.KindDate {
			dates = append(dates, column)
		}
	}
	if len(dates) != 1 {
		l.Fail(at, "", "holidays: the list %s has %d columns of dates, and needs one; say so in its columns: {%s: date}", name, len(dates), list.Columns[0])
		return
	}
	for it := list.rows.Iterator(); it.HasNext() == types.True; {
		if day, ok := list.rows.Get(it.Next()).(*object).native.(row)[dates[0]].(value.Date); ok {
			p.holidays[day] = true
		}
	}
}

// isWorkingDay reports whether people work on a day.
func (p *Policy) isWorkingDay(day value.Date) bool {
	return slices.Contains(p.approval.WorkingDays, day.Time().Weekday()) && !p.holidays[day]
}

// nextWorkingDay is the first working day after a day. There is one, because the week has
// a working day and the holidays end.
func (p *Policy) nextWorkingDay(day value.Date) value.Date {
	for day++; !p.isWorkingDay(day); day++ {
	}
	return day
}

// after returns when a wait ends that begins at a time. Working days end at the same time of day.
// A wait that begins on another day begins when the next working day does.
func (p *Policy) after(from time.Time, w rulesfile.Wait) time.Time {
	if w.WorkingDays == 0 {
		return from.Add(w.Hours)
	}
	from = from.In(p.zone)
	day := value.DateOf(from)
	var clock time.Duration
	if p.isWorkingDay(day) {
		clock = time.Duration(from.Hour())*time.Hour + time.Duration(from.Minute())*time.Minute +
			time.Duration(from.Second())*time.Second + time.Duration(from.Nanosecond())
	} else {
		day = p.nextWorkingDay(day)
	}
	for range w.WorkingDays {
		day = p.nextWorkingDay(day)
	}
	return p.timeOn(day, clock)
}

// timeOn is a time of day on a day, in the time zone of the rules. If clocks skip that time, it is
// the same time after the change.
func (p *Policy) timeOn(day value.Date, clock time.Duration) time.Time {
	d := day.Time()
	at := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, int(clock), p.zone)
	if value.DateOf(at) < day { // midnight does not exist where clocks change at midnight
		at = at.Add(time.Hour)
	}
	return at
}
