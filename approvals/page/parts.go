package page

import (
	"net/url"
	"strings"

	"concur-connector/expense"
)

// part is what a part of the report's page gets.
type part struct {
	V         view
	D         reportPage
	Task      string // the task of the form that is open in the browser; empty if there is no form
	OutOfBand bool   // it replaces the part of the same name on the page that is open
}

// Live is the address that says whether the report has changed.
func (p part) Live() string {
	return p.D.Path() + "/live?" + url.Values{"seen": {p.D.Seen()}, "task": {p.Task}}.Encode()
}

// findingPart is what the part finding gets.
type findingPart struct {
	V view
	F expense.Finding
}

func (v view) reportPage() reportPage {
	switch d := v.Data.(type) {
	case reportPage:
		return d
	case livePage:
		return d.reportPage
	case confirmPage:
		return d.reportPage
	}
	return reportPage{}
}

// For returns the part that shows how far the report has come.
func (v view) For(stale bool) part {
	p := part{V: v, D: v.reportPage()}
	if p.D.MayDecide() && !stale {
		p.Task = p.D.Task.ID
	}
	return p
}

// Part returns a part of the page.
func (v view) Part() part { return part{V: v, D: v.reportPage()} }

// OutOfBandPart returns a part that replaces the one on the page that is open.
func (v view) OutOfBandPart() part { return part{V: v, D: v.reportPage(), OutOfBand: true} }

// Finding returns what the part finding gets.
func (v view) Finding(f expense.Finding) findingPart { return findingPart{v, f} }

// ConcurLink opens the report in Concur. It is empty if there is no link that may be followed.
func (d reportPage) ConcurLink() string {
	if d.Shown == nil || !strings.HasPrefix(d.Shown.URL, "https://") {
		return ""
	}
	return d.Shown.URL
}
