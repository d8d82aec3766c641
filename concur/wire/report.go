package wire

import (
	"cmp"
	"fmt"

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
	r, _, err := DecodeOwnedReport(body)
	return r, err
}

// DecodeOwnedReport is DecodeReport, and returns beside the report the login of its
// owner, for package concur to compare and to forget.
func DecodeOwnedReport(body []byte) (_ *expense.Report, login string, err error) {
	r := &expense.Report{}
	err = parse(body, maxReportDepth, func(d *document) error {
		return (&reportReader{document: d, report: r, login: &login}).read()
	}, "ReportDetails")
	if err != nil {
		return nil, "", unreadable("the report", err)
	}
	SetCurrency(r)
	return r, login, nil
}

// reportReader reads the parts of one report. The switches list elements by their
// lower-case names; spellings that Concur uses side by side, and the names of v1.1 and
// v2.0, stand side by side. The ReportKey of v2.0 is another key than the RptKey.
type reportReader struct {
	*document
	report *expense.Report
	login  *string // of the report's owner
}

func (d *reportReader) read() error {
	r := d.report
	return d.each(func(name string) error {
		switch name {
		case "reportid":
			return d.string(&r.ID)
		case "x_userid", "x-userid", "userloginid":
			return d.string(d.login)
		case "rptkey":
			return d.string(&r.Key)
		case "reportname":
			return d.string(&r.Name)
		case "purpose":
			return d.string(&r.Purpose)
		case "crncode", "currencycode":
			return d.string(&r.Currency)
		case "apskey", "approvalstatuscode":
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
		case "entries", "expenseentrieslist":
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
		if err := d.entry(&e); err != nil {
			return fmt.Errorf("entry %d: %w", number, err)
		}
		if d.texts > before {
			d.report.Entries = append(d.report.Entries, e)
		}
		return nil
	})
}

func (d *reportReader) entry(e *expense.Entry) error {
	attendees, counted, vendor, currency := 0, false, "", ""
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
		case "receiptimageid", "entryimageid", "ereceiptid", "e-receiptid":
			return d.present(&e.HasReceipt)
		case "commentcount":
			_, err := d.count(&e.CommentCount)
			return err
		case "attendeecount":
			given, err := d.count(&e.AttendeeCount)
			counted = counted || given
			return err
		case "attendeedetails":
			text, err := d.skip()
			if text {
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
	paidIn(e, currency)
	if !counted {
		e.AttendeeCount = attendees
	}
	return err
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
