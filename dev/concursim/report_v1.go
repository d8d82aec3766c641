package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

const (
	reportNamespace   = "http://www.concursolutions.com/api/expense/expensereport/2011/03"
	instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	wireTime          = "2006-01-02T15:04:05"
	noTime            = "0001-01-01T00:00:00"
)

// dialect holds the choices where the documentation writes something in several ways. The
// seed chooses for each report.
type dialect struct {
	lastModified, itemList, item, allocationKey, percentage, secondAccount string
	accountingFlag, empty, userID                                          string
	noAccount                                                              string // of a company without a second account
	parentApproved, submitDate, country                                    bool
}

func (s *simulator) dialect(r *report) dialect {
	random := s.draw(r.name, "dialect")
	pick := func(forms ...string) string { return forms[random.IntN(len(forms))] }
	return dialect{
		lastModified:   pick("LastModifiedDate", "LastModified"),
		itemList:       pick("ItemizationsList", "ItemizationList"),
		item:           pick("ItemizationEntryDetails", "ItemizationEntry"),
		allocationKey:  pick("allocKey", "AllocationKey"),
		percentage:     pick("Percentage", "percentage"),
		secondAccount:  pick("AccountCode2", "AccountCode"),
		accountingFlag: pick("F", "Y"),
		empty:          pick("<%s />", "<%s/>", "<%[1]s></%[1]s>"),
		userID:         pick("X_UserID", "X-UserID"),
		parentApproved: random.IntN(2) == 0,
		noAccount:      pick("", "Pending Client"),
		submitDate:     random.IntN(2) == 0,
		country:        random.IntN(2) == 0,
	}
}

// subdivision returns the code of the region, with or without the code of the country.
func (form dialect) subdivision(d entryDescription) string {
	if form.country {
		return d.subdivisionCode()
	}
	return d.Subdivision
}

// document writes XML as the service does: indented, with elements in no namespace.
type document struct {
	bytes.Buffer
	depth int
	empty string
}

func (d *document) open(tag string) {
	d.indent()
	fmt.Fprintf(d, "<%s>\n", tag)
	d.depth++
}

func (d *document) close(tag string) {
	d.depth--
	d.indent()
	fmt.Fprintf(d, "</%s>\n", tag)
}

func (d *document) leaf(tag, text string) {
	d.indent()
	if text == "" {
		fmt.Fprintf(d, d.empty+"\n", tag)
		return
	}
	fmt.Fprintf(d, "<%s>%s</%[1]s>\n", tag, escapeText(text))
}

func (d *document) flag(tag string, set bool) { d.leaf(tag, yesNo(set)) }

func (d *document) amount(tag string, amount decimal.Decimal) { d.leaf(tag, amount.StringFixed(8)) }

func (d *document) numbered(tag string, most int, values map[int]string) {
	for n := 1; n <= most; n++ {
		d.leaf(tag+strconv.Itoa(n), values[n])
	}
}

func (d *document) indent() { d.WriteString(strings.Repeat("  ", d.depth)) }

func yesNo(set bool) string {
	if set {
		return "Y"
	}
	return "N"
}

func escapeText(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}

// renderReport writes the v1.1 full details with the given WorkflowActionURL, in the form
// of
// https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html.
func (s *simulator) renderReport(c *call, r *report, url string) []byte {
	form := s.dialect(r)
	d := &document{empty: form.empty}
	desc := r.desc
	d.open(`ReportDetails xmlns:ns="` + reportNamespace + `" xmlns:i="` + instanceNamespace + `"`)
	d.leaf(form.userID, desc.Login)
	d.leaf("ReportId", r.reportID)
	d.leaf("ReportName", desc.ReportName)
	d.leaf("Purpose", desc.Purpose+strings.Repeat("padding ", desc.Padding/8)+strings.Repeat(".", desc.Padding%8))
	d.leaf("CrnCode", desc.Currency)
	d.leaf("ApsKey", r.status)
	d.leaf("ReportDate", desc.Date)
	d.leaf("CreationDate", r.created.Format(wireTime))
	d.leaf("ReceiptImageUrl", "http://"+s.authority(s.home)+"/getImage?cid=p0000002sim&val="+makeReportID(s.draw(r.name, "image"))[:16])
	d.flag("HasException", r.hasException)
	d.flag("EverSentBack", r.everSentBack)
	d.leaf("EmployeeName", desc.Employee)
	d.leaf("ApvStatusName", r.statusName)
	d.leaf("PayKey", "P_NOTP")
	d.leaf("PayStatusName", "Not Paid")
	d.indent()
	d.WriteString(`<PaidDate i:nil="true"/>` + "\n")
	submitted := r.submitDate
	if !form.submitDate { // real answers for submitted reports can lack the date
		submitted = time.Time{}
	}
	d.leaf("SubmitDate", dateOrNone(submitted))
	d.leaf("EntryCount", strconv.Itoa(c.claimedEntries(r)))
	d.leaf("LedgerName", "DEFAULT")
	d.numbered("OrgUnit", 6, desc.OrgUnit)
	d.numbered("Custom", 20, desc.Custom)
	d.leaf("PolKey", s.policyV1(r))
	d.leaf("RptKey", r.rptKey)
	sums := desc.sums()
	d.amount("ReportTotal", c.claimedTotal(sums.total))
	d.amount("PersonalExpenses", sums.personal)
	d.amount("AmountDueEmployee", sums.employee)
	d.amount("AmountDueCompanyCard", sums.card)
	d.amount("TotalClaimedAmount", sums.claimed)
	d.amount("TotalApprovedAmount", sums.claimed)
	d.leaf("WorkflowActionURL", url)
	if len(r.entries) == 0 {
		d.indent()
		d.WriteString(`<Entries Count="0" />` + "\n")
	} else {
		d.open(fmt.Sprintf(`Entries Count="%d"`, c.claimedEntries(r)))
		entriesRptKey := makeKey(s.draw(r.name, "entries' rptKey"))
		for _, i := range s.shownEntries(c, r) {
			s.renderEntry(d, c, r, i, desc.Entries[i], form, entriesRptKey)
		}
		d.close("Entries")
	}
	d.close("ReportDetails")
	return d.Bytes()
}

func (e entryDescription) posted() decimal.Decimal { return e.Amount.Mul(e.ExchangeRate).Round(8) }

func dateOrNone(t time.Time) string {
	if t.IsZero() {
		return noTime
	}
	return t.Format(wireTime)
}

func (s *simulator) renderEntry(d *document, c *call, r *report, i int, desc entryDescription, form dialect, rptKey string) {
	e := r.entries[i]
	itemized := len(e.itemizations) > 0
	d.open("ExpenseEntry")
	d.flag("ReceiptRequired", desc.PaperReceiptRequired)
	d.flag("ImageRequired", *desc.ReceiptRequired)
	electronic := ""
	if desc.EReceipt {
		electronic = makeKey(s.draw(r.name, "ereceipt", i))
	}
	d.leaf("EreceiptId", electronic)
	d.numbered("OrgUnit", 6, desc.OrgUnit)
	d.numbered("Custom", 40, desc.Custom)
	d.leaf("RpeKey", e.key)
	d.leaf("RptKey", rptKey)
	if i == 0 {
		d.leaf(form.userID, r.desc.Login)
	}
	d.leaf("ExpKey", desc.Type)
	d.leaf("FormKey", makeKey(s.draw("form", desc.Type)))
	image := ""
	if desc.Receipt && !desc.EReceipt {
		image = plainID(makeUUID(s.draw(r.name, "receipt", i)))
	}
	d.leaf("ReceiptImageId", image)
	d.leaf("ExpName", desc.Name)
	if desc.Purpose != "" || i%2 == 0 {
		d.leaf("BusinessPurpose", desc.Purpose)
	}
	d.flag("HasVat", false)
	d.leaf("ExchangeRate", desc.ExchangeRate.StringFixed(14))
	d.amount("TransactionAmount", desc.Amount)
	d.amount("PostedAmount", desc.posted())
	if itemized && !form.parentApproved {
		d.leaf("ApprovedAmount", "")
	} else {
		d.amount("ApprovedAmount", desc.posted())
	}
	d.leaf("TransactionCurrencyName", desc.CurrencyName)
	d.leaf("VendorDescription", desc.Vendor)
	d.leaf("LocationName", desc.Location)
	d.leaf("LocationSubdivision", form.subdivision(desc))
	d.leaf("LocationCountry", desc.Country)
	d.leaf("SpendCategory", "Other")
	d.flag("HasComments", desc.Comments > 0)
	d.leaf("CommentCount", strconv.Itoa(desc.Comments))
	d.leaf("PaymentTypeKey", s.payment(desc.PaymentType).key)
	d.flag("IsItemized", itemized)
	d.flag("HasExceptions", e.hasExceptions)
	d.flag("IsPersonal", desc.Personal)
	d.flag("HasAttendees", desc.Attendees > 0)
	allocated := kindOf(desc.Allocations)
	if itemized || allocated == "F" {
		allocated = form.accountingFlag
	}
	d.leaf("HasAllocation", allocated)
	d.flag("IsCreditCardCharge", *desc.CardCharge)
	d.leaf("AttendeeCount", strconv.Itoa(desc.Attendees))
	d.flag("IsPersonalCardCharge", desc.PersonalCard)
	d.leaf("TransactionDate", desc.Date)
	d.leaf(form.lastModified, e.modified.Format(wireTime))
	if itemized && !c.hasFault("no-itemizations") {
		d.open(form.itemList)
		for j, item := range e.itemizations {
			s.renderItem(d, item, desc.Itemizations[j], e, desc.ExchangeRate, form)
		}
		d.close(form.itemList)
	} else {
		d.leaf(form.itemList, "")
	}
	if len(e.allocations) == 0 {
		d.leaf("Allocations", "")
	}
	for j, key := range e.allocations {
		renderAllocation(d, key, desc.Allocations[j], form.allocationKey, form.percentage, form)
	}
	s.renderAttendees(d, r, i, desc.Attendees)
	d.close("ExpenseEntry")
}

func (s *simulator) renderItem(d *document, item itemization, desc itemDescription, e *reportEntry, rate decimal.Decimal, form dialect) {
	posted := desc.Amount.Mul(rate).Round(8)
	d.open(form.item)
	d.numbered("Custom", 40, desc.Custom)
	d.leaf("ItemizationKey", item.Key)
	d.leaf("ExpenseKey", desc.Type)
	d.leaf("ExpenseName", desc.Name)
	d.leaf("BusinessPurpose", desc.Purpose)
	d.amount("TransactionAmount", desc.Amount)
	d.leaf("TransactionDate", desc.Date)
	d.amount("PostedAmount", posted)
	d.amount("ApprovedAmount", posted)
	d.flag("HasComments", false)
	d.leaf("CommentCount", "0")
	d.flag("IsPersonal", desc.Personal)
	d.leaf("LastModified", e.modified.Format(wireTime))
	if len(desc.OrgUnit) > 0 {
		d.numbered("OrgUnit", 6, desc.OrgUnit)
	}
	if len(item.Allocations) == 0 {
		d.leaf("AllocationsList", "")
	} else {
		d.open("AllocationsList")
		for j, key := range item.Allocations {
			renderAllocation(d, key, desc.Allocations[j], "AllocationKey", "Percentage", form)
		}
		d.close("AllocationsList")
	}
	d.close(form.item)
}

func renderAllocation(d *document, key string, desc allocationDescription, keyTag, percentageTag string, form dialect) {
	d.open("Allocations")
	d.numbered("Custom", 20, desc.Custom)
	d.leaf("AccountCode1", desc.AccountCode)
	setDefault(&desc.AccountCode2, form.noAccount)
	d.leaf(form.secondAccount, desc.AccountCode2)
	d.leaf(keyTag, key)
	d.leaf(percentageTag, desc.Percentage.StringFixed(8)+"%")
	d.close("Allocations")
}

func (s *simulator) renderAttendees(d *document, r *report, i, count int) {
	if count == 0 {
		d.leaf("AttendeeDetails", "")
		return
	}
	first := []string{"Ada", "Bo", "Cleo", "Dev", "Eve"}
	last := []string{"Example", "Sample", "Specimen", "Placeholder"}
	for n := range count {
		random := s.drawAttendee(r, "attendee", i, n)
		d.open("AttendeeDetails")
		d.numbered("Custom", 20, nil)
		d.leaf("AttendeeType", "BUSGUEST")
		d.leaf("FirstName", first[random.IntN(len(first))])
		d.leaf("LastName", last[random.IntN(len(last))])
		d.leaf("Company", "Sample Company")
		d.leaf("ExternalId", "")
		d.flag("HasExceptionsPrevYear", false)
		d.flag("HasExceptionsYtd", false)
		d.flag("IsDeleted", false)
		d.leaf("OwnerEmpName", strings.TrimSpace(r.desc.Employee))
		d.leaf("Title", "Guest")
		d.amount("TotalAmountPrevYear", decimal.Zero)
		d.amount("TotalAmountYtd", decimal.Zero)
		d.leaf("VersionNumber", "1")
		d.leaf("AttendeeKey", makeKey(random))
		d.close("AttendeeDetails")
	}
}

// drawAttendee makes the nth attendee of an entry. The first one may have been replaced.
func (s *simulator) drawAttendee(r *report, what string, entry, n int) *rand.Rand {
	if replacedAttendees := r.entries[entry].replacedAttendees; n == 0 && replacedAttendees > 0 {
		return s.draw(r.name, what, entry, n, replacedAttendees)
	}
	return s.draw(r.name, what, entry, n)
}
