package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

const maxReportDepth = 32

// DecodeReport reads an expense report from the details of v1.1 or v2.0. A text that is empty
// or nil is absent. Amounts are exact and in the currency of the report; the currency of what
// was paid is named only. Dates are in ISO form if they can be read.
//
// DecodeReport keeps the name and the login of the owner. It does not keep names and logins of
// other people, attendees (it counts them), cards, bank accounts, taxes, journal entries, and
// links to images and receipts.
//
// The error names the element, and the number of the entry, and no value.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-report-get.html
func DecodeReport(body []byte) (*expense.Report, error) {
	d, err := DecodeDetails(body)
	return d.Report, err
}

// Details is a report with the values that only package concur needs.
type Details struct {
	Report *expense.Report
	// Login finds the owner in v3 and Identity v4. It is the header's login, or else the owner's.
	Login string
	// Missing names the parts of the report that Concur announces and the document lacks.
	Missing Missing
}

// Missing says what Concur claims of a report and does not show. Each text is one sentence, or
// empty if nothing is missing.
type Missing struct {
	Entries      string // or their itemizations, or their allocations
	Attendees    string
	CommentCount string
}

// Of returns what is missing of the parts that were asked for.
func (m Missing) Of(parts expense.Parts) string {
	switch {
	case m.Entries != "":
		return m.Entries
	case parts.Attendees && m.Attendees != "":
		return m.Attendees
	case parts.Comments:
		return m.CommentCount
	}
	return ""
}

// DecodeDetails is [DecodeReport] and returns the other details, too.
func DecodeDetails(body []byte) (Details, error) {
	reader := reportReader{report: &expense.Report{}}
	err := lenient.ReadXML(body, maxReportDepth, func(d *lenient.XML) error {
		reader.XML = d
		return reader.header()
	}, "ReportDetails")
	if err != nil {
		return Details{}, unreadable("the report", err)
	}
	SetCurrency(reader.report)
	if missing := reader.report.MissingEntries(reader.counts...); missing != "" {
		reader.missing.Entries = missing
	}
	header := NewOwner(reader.name, reader.logins...)
	reader.report.Owner = NewOwner(reader.name, append(reader.logins, reader.entryLogins...)...)
	return Details{Report: reader.report, Login: cmp.Or(header.Login, reader.report.Owner.Login), Missing: reader.missing}, nil
}

// reportReader reads one report. Its tables have the names of v1.1 and of v2.0.
type reportReader struct {
	*lenient.XML
	report  *expense.Report
	name    string // of the report's owner
	counts  []int  // of entries, as Concur claims
	missing Missing

	// logins are those that the header gives for the owner; entryLogins are different ones that
	// the entries repeat.
	logins, entryLogins []string
}

func (d *reportReader) header() error {
	r := d.report
	entries := func() error {
		d.claims(d.Count())
		return d.entries()
	}
	entryCount := func() error {
		text, err := d.unkeptText()
		d.claims(text)
		return err
	}
	statusV2 := func() error {
		r.Via = expense.V2
		text, err := d.Text()
		return keepIfAny(err, &r.Status, text)
	}
	login := func() error { return d.login(&d.logins) }
	// The ReportKey of v2.0 is another key than the RptKey, and is not read.
	return d.read(elements{
		"reportid": &r.ID, "rptkey": &r.Key,
		"x_userid": login, "x-userid": login, "userloginid": login, "employeename": &d.name,
		"reportname": &r.Name, "purpose": &r.Purpose,
		"crncode": &r.Currency, "currencycode": &r.Currency,
		"apskey": &r.Status, "approvalstatuscode": statusV2,
		"paykey": &r.PaymentStatus, "paymentstatuscode": &r.PaymentStatus,
		"polkey": &r.Policy, "policyid": &r.Policy,
		"ledgername": &r.Ledger,
		"reportdate": &r.Date, "creationdate": &r.Created, "submitdate": &r.Submitted,
		"eversentback": &r.EverSentBack,
		"hasexception": &r.HasException, "hasexceptions": &r.HasException,
		"reporttotal":       &r.Total,
		"personalexpenses":  &r.PersonalExpenses,
		"amountdueemployee": &r.DueEmployee, "amountduecompanycard": &r.DueCompanyCard,
		"totalclaimedamount": &r.Claimed, "totalapprovedamount": &r.Approved,
		"workflowactionurl": &r.ActionURL, "workflowstepurl": &r.ActionURL,
		"entrycount": entryCount,
		"entries":    entries, "expenseentrieslist": entries,
	}, &r.OrgUnits, &r.Custom)
}

// login collects a login of the owner, once.
func (d *reportReader) login(into *[]string) error {
	text, err := d.unkeptText()
	if err == nil && !slices.Contains(*into, text) {
		*into = append(*into, text)
	}
	return err
}

// keepIfAny keeps a text that is not empty.
func keepIfAny(err error, into *string, text string) error {
	if err == nil && text != "" {
		*into = text
	}
	return err
}

// entries reads the expenses. An element without any content is no expense.
func (d *reportReader) entries() error {
	number := 0
	return d.Each(func(name string) error {
		if name != "expenseentry" {
			return nil
		}
		number++
		var e expense.Entry
		before := d.Texts
		if err := d.entry(&e, number); err != nil {
			return fmt.Errorf("entry %d: %w", number, err)
		}
		if d.Texts > before {
			d.report.Entries = append(d.report.Entries, e)
		}
		return nil
	})
}

// claims records how many entries Concur claims. A text that is no number claims nothing.
func (d *reportReader) claims(count string) {
	if n, err := strconv.Atoi(count); err == nil && n >= 0 {
		d.counts = append(d.counts, n)
	}
}

// unkeptText reads a text that is only compared with others. The text may have any form, and
// is no content of an entry.
func (d *reportReader) unkeptText() (string, error) {
	before := d.Texts
	text, _, err := d.Content()
	d.Texts = before
	return text, err
}
