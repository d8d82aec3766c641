package expense

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Approval status codes that the connector acts on. Every other code is data: a
// company has its own. Codes are compared, never the localised names.
const (
	StatusExternalValidation = "A_EXTV" // waits for us
	StatusToBeResubmitted    = "A_RESU" // sent back or recalled
	StatusNotSubmitted       = "A_NOTF"
)

// Report is an expense report as the rules see it, whatever interface of Concur
// it was read from. An absent value is nil, or an empty text, and is not stored: Concur did
// not tell it. [Interface.Tells] says which interface tells what. By v3 and v4 a list
// is nil when it was not read, and has no elements when it was read and there are none; v1.1
// and v2.0 show all lists.
// What no rule may need is not here: names of people, bank and card data, receipt
// links and image links stay inside package concur.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html
type Report struct {
	ID            string `json:"id,omitempty"`  // ReportId: the one people see
	Key           string `json:"key,omitempty"` // RptKey: the one in Concur's v1.1 URLs
	Name          string `json:"name,omitempty"`
	Purpose       string `json:"purpose,omitempty"`
	Currency      string `json:"currency,omitempty"`      // ISO 4217
	Status        string `json:"status"`                  // approval status code
	PaymentStatus string `json:"paymentStatus,omitempty"` // payment status code
	Policy        string `json:"policy,omitempty"`
	Ledger        string `json:"ledger,omitempty"`

	Date      Date `json:"date,omitempty"`
	Created   Date `json:"created,omitempty"`
	Submitted Date `json:"submitted,omitempty"`

	EverSentBack *bool `json:"everSentBack,omitempty"`
	HasException *bool `json:"hasException,omitempty"`

	// HasReceiptImage is whether there is an image of receipts for the report as a whole. Such
	// an image may show the receipt of any entry.
	HasReceiptImage *bool `json:"hasReceiptImage,omitempty"`

	Total            *Money `json:"total,omitempty"`
	PersonalExpenses *Money `json:"personalExpenses,omitempty"`
	DueEmployee      *Money `json:"dueEmployee,omitempty"`
	DueCompanyCard   *Money `json:"dueCompanyCard,omitempty"`
	Claimed          *Money `json:"claimed,omitempty"`
	Approved         *Money `json:"approved,omitempty"`

	OrgUnits map[string]Field `json:"orgUnits,omitempty"` // "1".."6"
	Custom   map[string]Field `json:"custom,omitempty"`   // "1".."20"

	Entries []Entry `json:"entries,omitempty"`

	// ActionURL is Concur's WorkflowActionURL as it was read: untrusted, and valid
	// for the step at which it was read. Only v1.1 and v2.0 have one that can be used; in a
	// report that was read by v3 or v4 it was read by v1.1 beside, and only names the step.
	ActionURL string `json:"actionUrl,omitempty"`

	// Via is by which interface it was read; empty: v1.1. Whatever is done with the
	// report goes by the same.
	Via Interface `json:"via,omitempty"`
}

// Entry is one expense of a report.
type Entry struct {
	ID       string `json:"id"` // RpeKey
	Type     string `json:"type,omitempty"`
	TypeName string `json:"typeName,omitempty"`
	Category string `json:"category,omitempty"`
	Date     Date   `json:"date,omitempty"`

	// Transaction is what was paid. Concur's v1.1 gives the currency's name only,
	// so its Currency is empty and CurrencyName holds the name.
	Transaction  *Money `json:"transaction,omitempty"`
	CurrencyName string `json:"currencyName,omitempty"`
	ExchangeRate string `json:"exchangeRate,omitempty"` // a decimal number
	Posted       *Money `json:"posted,omitempty"`       // in the report's currency
	Approved     *Money `json:"approved,omitempty"`     // by v1.1 and v2.0 absent on an itemized entry

	Purpose     string `json:"purpose,omitempty"`
	Vendor      string `json:"vendor,omitempty"`
	Location    string `json:"location,omitempty"`
	Subdivision string `json:"subdivision,omitempty"`
	Country     string `json:"country,omitempty"`
	PaymentType string `json:"paymentType,omitempty"`

	Personal        *bool `json:"personal,omitempty"`
	CompanyCard     *bool `json:"companyCard,omitempty"`
	PersonalCard    *bool `json:"personalCard,omitempty"`
	Itemized        *bool `json:"itemized,omitempty"`
	HasVAT          *bool `json:"hasVat,omitempty"`
	HasExceptions   *bool `json:"hasExceptions,omitempty"`
	ReceiptRequired *bool `json:"receiptRequired,omitempty"`
	ImageRequired   *bool `json:"imageRequired,omitempty"`
	Rejected        *bool `json:"rejected,omitempty"`       // by an approver or a processor
	HasReceipt      *bool `json:"hasReceipt,omitempty"`     // an image or an e-receipt is attached to it
	MissingReceipt  *bool `json:"missingReceipt,omitempty"` // the employee has declared that the receipt is missing
	AttendeeCount   *int  `json:"attendeeCount,omitempty"`
	CommentCount    *int  `json:"commentCount,omitempty"`

	// Attending is a digest of who attends. It is compared and not stored; it is empty where
	// only the number is known.
	Attending string `json:"-"`

	OrgUnits map[string]Field `json:"orgUnits,omitempty"`
	Custom   map[string]Field `json:"custom,omitempty"` // "1".."40"

	Itemizations []Itemization `json:"itemizations,omitempty"`
	Allocations  []Allocation  `json:"allocations,omitempty"` // of an entry that is not itemized, or whose itemizations v3 does not tell apart
}

// Itemization is a part of an entry that has a type and allocations of its own.
type Itemization struct {
	ID          string           `json:"id"` // ItemizationKey
	Type        string           `json:"type,omitempty"`
	TypeName    string           `json:"typeName,omitempty"`
	Date        Date             `json:"date,omitempty"`
	Transaction *Money           `json:"transaction,omitempty"`
	Posted      *Money           `json:"posted,omitempty"`
	Approved    *Money           `json:"approved,omitempty"`
	Purpose     string           `json:"purpose,omitempty"`
	Personal    *bool            `json:"personal,omitempty"`
	OrgUnits    map[string]Field `json:"orgUnits,omitempty"`
	Custom      map[string]Field `json:"custom,omitempty"`
	Allocations []Allocation     `json:"allocations,omitempty"`
}

// Allocation says which share of an entry or itemization is charged where. An entry that
// nobody has allocated has one, too, which carries its account: a hidden one.
type Allocation struct {
	ID           string           `json:"id,omitempty"`
	Percentage   string           `json:"percentage,omitempty"` // a decimal number without a percent sign
	AccountCode1 string           `json:"accountCode1,omitempty"`
	AccountCode2 string           `json:"accountCode2,omitempty"`
	Hidden       *bool            `json:"hidden,omitempty"` // Concur made it, and usually shows it to nobody
	Custom       map[string]Field `json:"custom,omitempty"`
}

// Field is a custom or organisational-unit field. A list field that is printed
// "(code) name" has both parts; any other has its text in Value and no Code.
type Field struct {
	Value string `json:"value,omitempty"`
	Code  string `json:"code,omitempty"`

	// ListItem is the identifier of the list item that v4 gives in the place of its code
	// and its name. Until it is looked up it is the Value, too.
	ListItem string `json:"listItem,omitempty"`

	// Valid says whether the value may be used now. A list item that is deleted, or not valid
	// any more, still has its code and its name. Nil: Concur does not say it.
	Valid *bool `json:"valid,omitempty"`
}

// LookUp takes code and name from the list item that the field names. What the item does
// not say stays as the field has it. The field is valid only if neither Concur's answer
// about the field nor that about the item denies it.
func (f *Field) LookUp(item Field) {
	f.Code, f.Value = cmp.Or(item.Code, f.Code), cmp.Or(item.Value, f.Value)
	if item.Valid != nil && !isFalse(f.Valid) {
		f.Valid = item.Valid
	}
}

// Unknown reports whether a list item is named and could not be looked up: what its code
// and its name are is not known.
func (f *Field) Unknown() (code, name bool) {
	return f.ListItem != "" && f.Code == "", f.ListItem != "" && f.Value == f.ListItem
}

// Date is a date, or a date and a time, in ISO form without a time zone unless
// Concur gave one: "2026-05-01", "2026-05-01T14:15:36". A text that could not be
// read as either is kept as it was.
type Date string

// toSecond is a date with a time in one form, whatever the zone and the precision in which
// Concur prints it: in UTC, to the second. A time without a zone is taken for UTC. Any
// other text stays what it is.
func (d Date) toSecond() Date {
	const form = "2006-01-02T15:04:05"
	for _, layout := range []string{time.RFC3339, form} { // both take a fraction, too
		if t, err := time.Parse(layout, string(d)); err == nil {
			return Date(t.UTC().Format(form))
		}
	}
	return d
}

// AwaitsValidation reports whether the report waits for us.
func (r *Report) AwaitsValidation() bool { return r.Status == StatusExternalValidation }

// ValidationID names the workflow step at which the report waits for us: the status and
// the path of its action URL, which is of the step and not of the report. By v3 and v4,
// which show no step, it names the submission of the report, unless the action URL was
// read by v1.1 beside. It is empty when the report does not wait. Stops with different
// names are different. Those with equal names are the same if [Report.NamesStep]; if not,
// two stops of one submission have the same name.
func (r *Report) ValidationID() string {
	if !r.AwaitsValidation() {
		return ""
	}
	if r.Via.IsV4() && r.ActionURL == "" {
		return strings.TrimSpace(r.Status + " " + r.ID + " " + string(r.Submitted.toSecond()))
	}
	u, err := SplitURL(strings.TrimSpace(r.ActionURL))
	if err != nil {
		return r.Status
	}
	return r.Status + " " + u.Path
}

// ShowsStep reports whether the report shows the address of its workflow step, and Stop
// names that.
func (r *Report) ShowsStep() bool {
	return r.AwaitsValidation() && (!r.Via.IsV4() || r.ActionURL != "")
}

// Revision identifies what was judged: the report's content and its stop.
func (r *Report) Revision() string {
	return digest(r.Content() + " " + r.ValidationID())
}

// Content identifies the report without its stop and without what our own writes
// change (the exception flags).
func (r *Report) Content() string {
	c := *r
	c.HasException, c.EverSentBack, c.ActionURL, c.Status, c.Via = nil, nil, "", "", ""
	c.Date, c.Created, c.Submitted = c.Date.toSecond(), c.Created.toSecond(), c.Submitted.toSecond()
	c.Entries = make([]Entry, len(r.Entries))
	for i, e := range r.Entries {
		e.HasExceptions = nil
		e.Date = e.Date.toSecond()
		e.Allocations = inOrder(e.Allocations)
		e.Itemizations = slices.Clone(e.Itemizations)
		for j := range e.Itemizations {
			e.Itemizations[j].Date = e.Itemizations[j].Date.toSecond()
			e.Itemizations[j].Allocations = inOrder(e.Itemizations[j].Allocations)
		}
		e.Itemizations = inOrder(e.Itemizations)
		c.Entries[i] = e
	}
	c.Entries = inOrder(c.Entries)
	data, err := json.Marshal(c)
	if err != nil {
		panic("expense: a report cannot be encoded: " + err.Error()) // no field can fail
	}
	return digest(string(data))
}

// ContentWithAttendees is Content with who attends, as far as it was read. A report that was stored no
// longer holds that.
func (r *Report) ContentWithAttendees() string {
	var attending []string
	for _, e := range r.Entries {
		if e.Attending != "" {
			attending = append(attending, " "+e.ID+" "+e.Attending)
		}
	}
	return digest(r.Content() + strings.Join(inOrder(attending), ""))
}

// inOrder returns a list in an order of its own, for Concur promises none: the same list in
// another order is the same content.
func inOrder[T any](list []T) []T {
	if len(list) < 2 {
		return list
	}
	type item struct {
		key string
		one T
	}
	items := make([]item, len(list))
	for i, one := range list {
		data, err := json.Marshal(one)
		if err != nil {
			panic("expense: a part of a report cannot be encoded: " + err.Error()) // no field can fail
		}
		items[i] = item{string(data), one}
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	sorted := make([]T, len(list))
	for i := range items {
		sorted[i] = items[i].one
	}
	return sorted
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

func isFalse(b *bool) bool { return b != nil && !*b }

// Flags are the exception flags as one read saw them: the only trace that a v1.1
// exception leaves.
type Flags struct {
	Report  bool     `json:"report,omitempty"`
	Entries []string `json:"entries,omitempty"` // IDs of the entries whose flag is set
}

// Flags returns the report's exception flags. One that was not told counts as set: that it is
// set later proves nothing.
func (r *Report) Flags() Flags {
	f := Flags{Report: !isFalse(r.HasException)}
	for _, e := range r.Entries {
		if !isFalse(e.HasExceptions) {
			f.Entries = append(f.Entries, e.ID)
		}
	}
	return f
}
