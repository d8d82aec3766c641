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

// The approval status codes that the connector knows. Companies add codes of their own. The
// connector compares codes, never their localised names.
const (
	StatusExternalValidation = "A_EXTV" // waits for the connector
	StatusToBeResubmitted    = "A_RESU" // sent back or recalled
	StatusNotSubmitted       = "A_NOTF"
)

// Report is an expense report, independent of the interface that read it. If Concur did not
// provide a value, it is nil or an empty text; [Interface.Provides] says which interface
// provides which field. In v3 and v4 a list is nil if it was not read, and empty if it was read
// and has no elements. v1.1 and v2.0 always read all lists.
//
// The only person that Report names is its owner, who must not decide about the report. Rules
// cannot read the owner. Everything else that rules must not use stays inside package concur:
// names of other people, bank and card data, receipt links and image links.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v1dot1.report-full-details.html
type Report struct {
	ID            string `json:"id,omitempty"`  // Concur's ReportId, which people see
	Key           string `json:"key,omitempty"` // Concur's RptKey, which v1.1 URLs contain
	Name          string `json:"name,omitempty"`
	Purpose       string `json:"purpose,omitempty"`
	Currency      string `json:"currency,omitempty"`      // ISO 4217
	Status        string `json:"status"`                  // approval status code
	PaymentStatus string `json:"paymentStatus,omitempty"` // payment status code
	Policy        string `json:"policy,omitempty"`
	Ledger        string `json:"ledger,omitempty"`

	// Owner is the employee who owns the report. It is not part of [Report.Content], because
	// the owner of a report never changes and not every read shows the owner.
	Owner Owner `json:"owner,omitzero"`

	Date      Date `json:"date,omitempty"`
	Created   Date `json:"created,omitempty"`
	Submitted Date `json:"submitted,omitempty"`

	EverSentBack *bool `json:"everSentBack,omitempty"`
	HasException *bool `json:"hasException,omitempty"`

	// HasReceiptImage is true if the whole report has an image of receipts. The image may show
	// the receipt of any entry.
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

	// ActionURL is Concur's WorkflowActionURL: untrusted, and valid only for the step at which
	// it was read. v1.1 and v2.0 provide it. For a report that was read through v3 or v4, an
	// additional v1.1 request provides it, and it serves only to identify the step.
	ActionURL string `json:"actionUrl,omitempty"`

	// Via is the interface that read the report. Empty means v1.1. Writes use the same
	// interface.
	Via Interface `json:"via,omitempty"`
}

// Entry is one expense of a report.
type Entry struct {
	ID       string `json:"id"` // RpeKey
	Type     string `json:"type,omitempty"`
	TypeName string `json:"typeName,omitempty"`
	Category string `json:"category,omitempty"`
	Date     Date   `json:"date,omitempty"`

	// Transaction is the amount that was paid. v1.1 provides only the name of the currency: its
	// Currency is then empty, and CurrencyName holds the name.
	Transaction  *Money `json:"transaction,omitempty"`
	CurrencyName string `json:"currencyName,omitempty"`
	ExchangeRate string `json:"exchangeRate,omitempty"` // a decimal number
	Posted       *Money `json:"posted,omitempty"`       // in the report's currency
	Approved     *Money `json:"approved,omitempty"`     // absent on itemized entries in v1.1 and v2.0

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
	HasReceipt      *bool `json:"hasReceipt,omitempty"`     // the entry has an image or an e-receipt
	MissingReceipt  *bool `json:"missingReceipt,omitempty"` // the employee has declared the receipt missing
	AttendeeCount   *int  `json:"attendeeCount,omitempty"`
	CommentCount    *int  `json:"commentCount,omitempty"`

	// Attending is a hash of the attendees. It is never stored, and empty if only their number
	// is known.
	Attending string `json:"-"`

	OrgUnits map[string]Field `json:"orgUnits,omitempty"`
	Custom   map[string]Field `json:"custom,omitempty"` // "1".."40"

	Itemizations []Itemization `json:"itemizations,omitempty"`
	Allocations  []Allocation  `json:"allocations,omitempty"` // of an entry without itemizations; in v3 also those of its itemizations
}

// Itemization is a part of an entry with its own type and allocations.
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

// Allocation charges a share of an entry or itemization to an account. An entry that nobody
// has allocated has one hidden allocation with its account.
type Allocation struct {
	ID           string           `json:"id,omitempty"`
	Percentage   string           `json:"percentage,omitempty"` // a decimal number without a percent sign
	AccountCode1 string           `json:"accountCode1,omitempty"`
	AccountCode2 string           `json:"accountCode2,omitempty"`
	Hidden       *bool            `json:"hidden,omitempty"` // created by Concur, and usually shown to nobody
	Custom       map[string]Field `json:"custom,omitempty"`
}

// Field is a custom field or an organisational unit. A list field that Concur prints as
// "(code) name" has Code and Value. Every other field has only Value.
type Field struct {
	Value string `json:"value,omitempty"`
	Code  string `json:"code,omitempty"`

	// ListItem is the ID of the list item. v4 provides it instead of the code and the name.
	// Until the item is looked up, Value holds this ID, too.
	ListItem string `json:"listItem,omitempty"`

	// Valid says whether the value may still be chosen. A deleted or expired list item keeps its
	// code and its name. Valid is nil if Concur does not say.
	Valid *bool `json:"valid,omitempty"`
}

// LookUp copies code and name from the list item, unless the item has none. The field is
// invalid if Concur says so about the field or about the item.
func (f *Field) LookUp(item Field) {
	f.Code, f.Value = cmp.Or(item.Code, f.Code), cmp.Or(item.Value, f.Value)
	if item.Valid != nil && !isFalse(f.Valid) {
		f.Valid = item.Valid
	}
}

// Unknown reports whether the code and the name of the field are unknown, because its list item
// could not be looked up.
func (f *Field) Unknown() (code, name bool) {
	return f.ListItem != "" && f.Code == "", f.ListItem != "" && f.Value == f.ListItem
}

// Date is a date, or a date and a time, in ISO form: "2026-05-01", "2026-05-01T14:15:36". It
// has a time zone only if Concur prints one. An unreadable text stays as it is.
type Date string

// toSecond converts a date with a time to UTC and cuts fractions of a second, so that the same
// time always has the same text. A time without a zone counts as UTC. Other texts stay as they
// are.
func (d Date) toSecond() Date {
	const form = "2006-01-02T15:04:05"
	for _, layout := range []string{time.RFC3339, form} { // both take a fraction, too
		if t, err := time.Parse(layout, string(d)); err == nil {
			return Date(t.UTC().Format(form))
		}
	}
	return d
}

// AwaitsValidation reports whether the report waits for the connector.
func (r *Report) AwaitsValidation() bool { return r.Status == StatusExternalValidation }

// ValidationID identifies the validation step at which the report waits for the connector. It
// is empty if the report does not wait.
//
// In v1.1 it consists of the status and the path of the action URL, which belongs to the step.
// v3 and v4 show no step. There it identifies the submission of the report, unless an
// additional v1.1 request has provided the action URL. Different IDs always mean different
// steps. If [Report.ShowsStep] is false, two steps of one submission have the same ID.
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

// ShowsStep reports whether the report waits and has the address of its workflow step, so that
// ValidationID identifies the step.
func (r *Report) ShowsStep() bool {
	return r.AwaitsValidation() && (!r.Via.IsV4() || r.ActionURL != "")
}

// Revision identifies the content of the report and its validation step. A verdict applies to
// one revision.
func (r *Report) Revision() string {
	return digest(r.ContentHash() + " " + r.ValidationID())
}

// ContentHash is a hash of the report without its validation step and without the exception flags,
// which the connector's own writes change.
func (r *Report) ContentHash() string {
	c := *r
	c.HasException, c.EverSentBack, c.ActionURL, c.Status, c.Via, c.Owner = nil, nil, "", "", "", Owner{}
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

// ContentWithAttendees is a hash of Content and of the attendees, as far as they were read. A
// stored report has no attendees.
func (r *Report) ContentWithAttendees() string {
	var attending []string
	for _, e := range r.Entries {
		if e.Attending != "" {
			attending = append(attending, " "+e.ID+" "+e.Attending)
		}
	}
	return digest(r.ContentHash() + strings.Join(inOrder(attending), ""))
}

// inOrder returns a sorted copy of a list. Concur promises no order, so the same list in
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

// Flags are the exception flags of one read. In v1.1 they are the only visible effect of an
// exception.
type Flags struct {
	Report  bool     `json:"report,omitempty"`
	Entries []string `json:"entries,omitempty"` // IDs of the entries whose flag is set
}

// Flags returns the report's exception flags. An absent flag counts as set, because seeing it
// set later would not prove that an exception was posted.
func (r *Report) Flags() Flags {
	f := Flags{Report: !isFalse(r.HasException)}
	for _, e := range r.Entries {
		if !isFalse(e.HasExceptions) {
			f.Entries = append(f.Entries, e.ID)
		}
	}
	return f
}
