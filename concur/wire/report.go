package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"concur-connector/expense"
)

const maxReportDepth = 32

// DecodeReport reads an expense report as the v1.1 full details or the v2.0 details
// give it. A text that is empty or nil is absent; amounts are exact and in the report's
// currency, but for what was paid, whose currency is only named; dates are ISO where
// they can be read. Names and logins of people, attendees (but their number), cards,
// bank accounts, taxes, journal entries, image and receipt links are not kept.
//
// The error names the element, and the entry by its number, and no value.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-report-get.html
func DecodeReport(body []byte) (*expense.Report, error) {
	d, err := DecodeDetails(body)
	return d.Report, err
}

// Details are a report with what package concur needs beside it.
type Details struct {
	Report *expense.Report
	Owner  string // the login, for package concur to compare and to forget
	// Missing says what Concur claims of the report and what of it is not there.
	Missing Missing
}

// Missing says what of a report Concur claims and does not show. Each is one sentence, and
// empty when nothing is missing.
type Missing struct {
	Entries      string // or their itemizations, or their allocations
	Attendees    string
	CommentCount string
}

// Of returns what is missing of what was asked for.
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

// DecodeDetails is DecodeReport with what else the document says.
func DecodeDetails(body []byte) (Details, error) {
	reader := reportReader{report: &expense.Report{}}
	err := parse(body, maxReportDepth, func(d *document) error {
		reader.document = d
		return reader.read()
	}, "ReportDetails")
	if err != nil {
		return Details{}, unreadable("the report", err)
	}
	SetCurrency(reader.report)
	if missing := reader.report.MissingEntries(reader.counts...); missing != "" {
		reader.missing.Entries = missing
	}
	return Details{Report: reader.report, Owner: reader.login, Missing: reader.missing}, nil
}

// reportReader reads the parts of one report. The switches list elements by their
// lower-case names; spellings that Concur uses side by side, and the names of v1.1 and
// v2.0, stand side by side. The ReportKey of v2.0 is another key than the RptKey.
type reportReader struct {
	*document
	report  *expense.Report
	login   string // of the report's owner
	counts  []int  // of the entries, as Concur gives them
	missing Missing
}

func (d *reportReader) read() error {
	r := d.report
	return d.each(func(name string) error {
		switch name {
		case "reportid":
			return d.string(&r.ID)
		case "x_userid", "x-userid", "userloginid":
			return d.string(&d.login)
		case "rptkey":
			return d.string(&r.Key)
		case "reportname":
			return d.string(&r.Name)
		case "purpose":
			return d.string(&r.Purpose)
		case "crncode", "currencycode":
			return d.string(&r.Currency)
		case "apskey":
			return d.string(&r.Status)
		case "approvalstatuscode":
			r.Via = expense.V2
			return d.string(&r.Status)
		case "paykey", "paymentstatuscode":
			return d.string(&r.PaymentStatus)
		case "polkey", "policyid":
			return d.string(&r.Policy)
		case "ledgername":
			return d.string(&r.Ledger)
		case "reportdate":
			return d.date(&r.Date)
		case "creationdate":
			return d.date(&r.Created)
		case "submitdate":
			return d.date(&r.Submitted)
		case "eversentback":
			return d.bool(&r.EverSentBack)
		case "hasexception", "hasexceptions":
			return d.bool(&r.HasException)
		case "reporttotal":
			return d.money(&r.Total)
		case "personalexpenses":
			return d.money(&r.PersonalExpenses)
		case "amountdueemployee":
			return d.money(&r.DueEmployee)
		case "amountduecompanycard":
			return d.money(&r.DueCompanyCard)
		case "totalclaimedamount":
			return d.money(&r.Claimed)
		case "totalapprovedamount":
			return d.money(&r.Approved)
		case "workflowactionurl", "workflowstepurl":
			return d.string(&r.ActionURL)
		case "entrycount":
			var text string
			err := d.said(&text)
			d.claims(text)
			return err
		case "entries", "expenseentrieslist":
			d.claims(d.counted)
			return d.entries()
		}
		return d.fields(name, &r.OrgUnits, &r.Custom)
	})
}

// entries reads the expenses. An element without any content is not an expense.
func (d *reportReader) entries() error {
	number := 0
	return d.each(func(name string) error {
		if name != "expenseentry" {
			return nil
		}
		number++
		var e expense.Entry
		before := d.texts
		if err := d.entry(&e, number); err != nil {
			return fmt.Errorf("entry %d: %w", number, err)
		}
		if d.texts > before {
			d.report.Entries = append(d.report.Entries, e)
		}
		return nil
	})
}

// claims notes how many entries Concur claims. What is no number claims nothing.
func (d *reportReader) claims(count string) {
	if n, err := strconv.Atoi(count); err == nil && n >= 0 {
		d.counts = append(d.counts, n)
	}
}

// said reads what is compared only. It is no content of an entry, and may be of any form.
func (d *reportReader) said(into *string) error {
	before := d.texts
	text, _, err := d.content()
	d.texts = before
	*into = text
	return err
}

// announced are the parts that an entry is said to have.
type announced struct{ allocations, attendees, comments string }

// compare notes the first part that an entry is said to have and does not show. An
// itemized entry of which nothing was approved may come without its itemizations. An itemized
// entry may say that it is allocated although none of its itemizations is.
func (d *reportReader) compare(number int, e *expense.Entry, said announced) {
	note := func(into *string, missing bool, what string) {
		if missing && *into == "" {
			*into = fmt.Sprintf("Concur says that entry %d has %s, and none arrived", number, what)
		}
	}
	unapproved := e.Approved != nil && e.Approved.Amount.IsZero()
	note(&d.missing.Entries, expense.True(e.Itemized) && len(e.Itemizations) == 0 && !unapproved, "itemizations")
	note(&d.missing.Entries, allocated(said.allocations) && !expense.True(e.Itemized) && len(e.Allocations) == 0 && !unapproved, "allocations")
	note(&d.missing.Attendees, isYes(said.attendees) && (e.AttendeeCount == nil || *e.AttendeeCount == 0), "attendees")
	note(&d.missing.CommentCount, isYes(said.comments) && e.CommentCount == nil, "comments")
}

// hide tells which allocations of an entry are hidden, as far as HasAllocation says it. Where
// the entry is not allocated (N), its only allocation is hidden; several contradict the flag.
// Where it is allocated in full (F) none is hidden, if they come to just 100 percent. Where it
// is allocated in part (P) the rest is hidden, and v1.1 does not say which allocation is the
// rest. Y may mean either; but one allocation of 100 percent leaves no rest. v1.1 says nothing
// of an itemization.
func hide(e *expense.Entry, kind string) {
	hidden, single := kind != "" && !allocated(kind), len(e.Allocations) == 1
	switch {
	case hidden && single:
	case (strings.EqualFold(kind, "F") || isYes(kind) && single) && expense.InFull(e.Allocations):
	default:
		return
	}
	for i := range e.Allocations {
		e.Allocations[i].Hidden = new(hidden)
	}
}

func isYes(flag string) bool { yes, _ := yesOf(flag); return yes }

// attended is how many attend an entry that does not say it: those that are listed, be the
// list empty, or none where there are said to be none. Otherwise it is nil.
func attended(listed bool, attendees int, said announced) *int {
	if some, ok := yesOf(said.attendees); listed || ok && !some {
		return &attendees
	}
	return nil
}

func (d *reportReader) entry(e *expense.Entry, number int) error {
	attendees, vendor, currency, who := 0, "", "", []string(nil)
	listed, image, electronic := false, false, false // whether the elements of attendees, of the receipt's image and of the e-receipt are there
	var said announced
	var items []item
	err := d.each(func(name string) error {
		switch name {
		case "rpekey", "reportentryid":
			return d.string(&e.ID)
		case "expkey", "expensetypeid":
			return d.string(&e.Type)
		case "expname", "expensetypename":
			return d.string(&e.TypeName)
		case "spendcategory":
			return d.string(&e.Category)
		case "transactiondate":
			return d.date(&e.Date)
		case "transactionamount":
			return d.money(&e.Transaction)
		case "transactioncurrencyname":
			return d.string(&e.CurrencyName)
		case "transactioncurrencycode": // of v2.0, and not always
			return d.string(&currency)
		case "exchangerate":
			return d.number(&e.ExchangeRate)
		case "postedamount":
			return d.money(&e.Posted)
		case "approvedamount":
			return d.money(&e.Approved)
		case "businesspurpose":
			return d.string(&e.Purpose)
		case "vendordescription":
			return d.string(&e.Vendor)
		case "reportentryvendorname":
			return d.string(&vendor)
		case "locationname":
			return d.string(&e.Location)
		case "locationsubdivision":
			return d.string(&e.Subdivision)
		case "locationcountry":
			return d.string(&e.Country)
		case "paymenttypekey", "paymenttypecode":
			return d.string(&e.PaymentType)
		case "ispersonal":
			return d.bool(&e.Personal)
		case "iscreditcardcharge":
			return d.bool(&e.CompanyCard)
		case "ispersonalcardcharge":
			return d.bool(&e.PersonalCard)
		case "isitemized":
			return d.bool(&e.Itemized)
		case "hasvat":
			return d.bool(&e.HasVAT)
		case "hasexceptions", "hasexception":
			return d.bool(&e.HasExceptions)
		case "receiptrequired":
			return d.bool(&e.ReceiptRequired)
		case "imagerequired":
			return d.bool(&e.ImageRequired)
		case "receiptimageid", "entryimageid":
			image = true
			return d.present(&e.HasReceipt)
		case "ereceiptid", "e-receiptid":
			electronic = true
			return d.present(&e.HasReceipt)
		case "hasallocation":
			return d.said(&said.allocations)
		case "hasattendees":
			return d.said(&said.attendees)
		case "hascomments":
			return d.said(&said.comments)
		case "commentcount":
			return d.count(&e.CommentCount)
		case "attendeecount":
			return d.count(&e.AttendeeCount)
		case "attendeedetails":
			listed = true
			there, err := d.attendee(&who)
			if there {
				attendees++
			}
			return err
		case "itemizationslist", "itemizationlist":
			return d.itemizations(&items)
		case "allocations", "allocationslist":
			return d.allocations(&e.Allocations)
		}
		return d.fields(name, &e.OrgUnits, &e.Custom)
	})
	e.Vendor = cmp.Or(e.Vendor, vendor)
	attendees += settle(e, items)
	hide(e, said.allocations)
	e.Attending = attending(who)
	paidIn(e, currency)
	paidBy(e, expense.True(e.CompanyCard), e.PaymentType)
	if e.HasReceipt == nil && image && electronic { // both elements are there, and name nothing
		e.HasReceipt = new(false)
	}
	if e.AttendeeCount == nil {
		listed = listed || slices.ContainsFunc(items, func(i item) bool { return i.listed })
		e.AttendeeCount = attended(listed, attendees, said)
	}
	if err == nil {
		d.compare(number, e, said)
	}
	if isYes(said.comments) && e.CommentCount != nil && *e.CommentCount == 0 {
		e.CommentCount = nil // its comments are on its itemizations: how many, nobody says
	}
	return err
}

// attendee adds to who what tells one attendee from another, and reports whether there is
// one. What else is said of attendees changes without the report, such as the amounts that
// they had in this year. An attendee's texts are no content of an entry.
func (d *reportReader) attendee(who *[]string) (there bool, err error) {
	if d.null {
		return d.skip()
	}
	before, said := d.texts, ""
	err = d.each(func(name string) error {
		switch name {
		case "attendeekey", "attendeetype", "externalid", "firstname", "lastname", "company", "title":
			text, _, err := d.content()
			said += name + "=" + text + "\n"
			return err
		}
		text, err := d.skip()
		if text {
			d.texts++
		}
		return err
	})
	*who = append(*who, said)
	there, d.texts = d.texts > before, before
	return there, err
}

// allocations reads one allocation, or a list of them: under an itemization they
// stand in a list, under an entry the same element is repeated without one. An
// empty element is no allocation.
func (d *reportReader) allocations(into *[]expense.Allocation) error {
	var a expense.Allocation
	own := false // a text of this element, not of the ones in it
	err := d.each(func(name string) error {
		if name == "allocations" || name == "allocation" {
			return d.allocations(into)
		}
		before := d.texts
		err := d.allocation(&a, name)
		own = own || d.texts > before
		return err
	})
	if own {
		*into = append(*into, a)
	}
	return err
}

func (d *reportReader) allocation(a *expense.Allocation, name string) error {
	switch name {
	case "allocationkey", "allockey", "allocationid":
		return d.string(&a.ID)
	case "percentage":
		return d.number(&a.Percentage)
	case "accountcode1":
		return d.string(&a.AccountCode1)
	case "accountcode2", "accountcode":
		return d.string(&a.AccountCode2)
	}
	return d.fields(name, nil, &a.Custom)
}
