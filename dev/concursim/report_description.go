package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v4"
)

const (
	maxEntries = 5000
	maxPadding = 16 << 20

	maxAttendees = 500
)

// description describes a report in the control API.
type description struct {
	Name         string             `yaml:"name"`
	Key          string             `yaml:"key"`
	ReportID     string             `yaml:"reportId"`
	RptKey       string             `yaml:"rptKey"`
	ReportName   string             `yaml:"reportName"`
	Purpose      string             `yaml:"purpose"`
	Currency     string             `yaml:"currency"`
	Employee     string             `yaml:"employee"`
	Login        string             `yaml:"login"`
	Date         string             `yaml:"date"`
	Custom       numbered           `yaml:"custom"`
	OrgUnit      numbered           `yaml:"orgUnit"`
	Entries      []entryDescription `yaml:"entries"`
	Steps        []step             `yaml:"steps"`
	HasException bool               `yaml:"hasException"`
	Padding      int                `yaml:"padding"`
	Submit       *bool              `yaml:"submit"`

	// Request makes a travel request. Existing are Concur's own exceptions, BlockingCodes
	// the codes that block the report once they are posted; Blocked blocks a travel
	// request. With NoApprover nobody can approve the report further.
	Request       bool                  `yaml:"request"`
	UUID          string                `yaml:"uuid"` // of a travel request, 32 hexadecimal digits in upper case
	Existing      []existingDescription `yaml:"existing"`
	BlockingCodes []string              `yaml:"blockingCodes"`
	Blocked       bool                  `yaml:"blocked"`

	// Operations are what the answers of a submitted travel request offer: approver
	// (approve and sendback, at an approver's step), or at every step traveler (recall and
	// cancel), none (an empty list) or missing (no list). StatusName is the name of its
	// status meanwhile.
	Operations string `yaml:"operations"`
	StatusName string `yaml:"statusName"`

	// MovesOn are codes that move the report to its next step once they are posted on it,
	// after the duration MovesAfter.
	MovesOn    []string `yaml:"movesOn"`
	MovesAfter string   `yaml:"movesAfter"`

	NoApprover bool `yaml:"noApprover"`

	// ReceiptImage gives the report as a whole an image of receipts, which only v4 shows.
	ReceiptImage bool `yaml:"receiptImage"`

	// Refusal is the documented code with which v4 refuses to approve the report.
	// WrongStepStatus is the status, 400 or 403, with which v4 refuses an action while the
	// report does not wait for the client.
	Refusal         string `yaml:"refusal"`
	WrongStepStatus int    `yaml:"wrongStepStatus"`

	// VisibleAfter is a duration. For so long after a write of the client, reads show the
	// report as it was before, and the failed list still shows a deleted entry about it.
	VisibleAfter string `yaml:"visibleAfter"`

	// CommentRequired says why an approval needs a comment: always, cost-object or budget.
	CommentRequired string `yaml:"commentRequired"`

	// ExceptionsChangeHeader lets every posted or deleted exception change LastModifiedDate
	// and reportVersion. StepsKeepHeader keeps both unchanged from one external validation
	// to the next, so that the headers show nothing of the step.
	ExceptionsChangeHeader bool `yaml:"exceptionsChangeHeader"`
	StepsKeepHeader        bool `yaml:"stepsKeepHeader"`

	// ListItems gives broken list items by code: deleted, invalid or gone.
	ListItems map[string]string `yaml:"listItems"`

	// HeaderDate lets LastModifiedDate show only edits of the header. It is a moment before
	// the submission; no step, entry or exception changes it.
	HeaderDate bool `yaml:"headerDate"`

	// Policy names the report's policy; reports with the same name have the same policy
	// identifiers. TestUser makes the owner a test user. No v3 list shows a report with
	// CentralReconciliation.
	Policy                string `yaml:"policy"`
	TestUser              bool   `yaml:"testUser"`
	CentralReconciliation bool   `yaml:"centralReconciliation"`

	// Flat makes v4 list itemizations beside the entries, without telling them apart.
	Flat bool `yaml:"flat"`

	// Unordered makes every read show entries, itemizations and allocations in another
	// order.
	Unordered bool `yaml:"unordered"`

	// Copies makes several reports. Failed puts their first callouts into the failed list;
	// Junk makes these entries malformed.
	Copies int    `yaml:"copies"`
	Failed bool   `yaml:"failed"`
	Junk   string `yaml:"junk"`

	totals *sums // of the header, if an edit left them unchanged
}

type entryDescription struct {
	Times                int                     `yaml:"times"` // how many such entries there are
	Type                 string                  `yaml:"type"`
	Name                 string                  `yaml:"name"`
	Amount               decimal.Decimal         `yaml:"amount"`
	Currency             string                  `yaml:"currency"` // of the transaction
	CurrencyName         string                  `yaml:"currencyName"`
	ExchangeRate         decimal.Decimal         `yaml:"exchangeRate"`
	Date                 string                  `yaml:"date"`
	Vendor               string                  `yaml:"vendor"`
	Purpose              string                  `yaml:"purpose"`
	Location             string                  `yaml:"location"`
	Subdivision          string                  `yaml:"subdivision"` // the code of the region, such as WA
	Region               string                  `yaml:"region"`      // the name of the region, which v3 prints
	Country              string                  `yaml:"country"`
	PaymentType          string                  `yaml:"paymentType"`
	CardCharge           *bool                   `yaml:"cardCharge"`   // from the feed of a company card
	PersonalCard         bool                    `yaml:"personalCard"` // from the feed of a personal card
	Receipt              bool                    `yaml:"receipt"`
	EReceipt             bool                    `yaml:"ereceipt"`        // the receipt is electronic
	MissingReceipt       bool                    `yaml:"missingReceipt"`  // the employee has declared that the receipt is missing
	ReceiptRequired      *bool                   `yaml:"receiptRequired"` // an image of the receipt is required
	PaperReceiptRequired bool                    `yaml:"paperReceiptRequired"`
	Personal             bool                    `yaml:"personal"`
	Comments             int                     `yaml:"comments"`
	Custom               numbered                `yaml:"custom"`
	OrgUnit              numbered                `yaml:"orgUnit"`
	Itemizations         []itemDescription       `yaml:"itemizations"`
	AccountCode          string                  `yaml:"accountCode"` // of the expense type
	Allocations          []allocationDescription `yaml:"allocations"`
	Attendees            int                     `yaml:"attendees"`
	Exceptions           bool                    `yaml:"exceptions"`
	Rejected             bool                    `yaml:"rejected"` // by an earlier approver
}

type itemDescription struct {
	Type        string                  `yaml:"type"`
	Name        string                  `yaml:"name"`
	Amount      decimal.Decimal         `yaml:"amount"`
	Date        string                  `yaml:"date"`
	Purpose     string                  `yaml:"purpose"`
	Personal    bool                    `yaml:"personal"`
	Custom      numbered                `yaml:"custom"`
	OrgUnit     numbered                `yaml:"orgUnit"`
	AccountCode string                  `yaml:"accountCode"`
	Allocations []allocationDescription `yaml:"allocations"`
}

type allocationDescription struct {
	Percentage   decimal.Decimal `yaml:"percentage"`
	AccountCode  string          `yaml:"accountCode"`
	AccountCode2 string          `yaml:"accountCode2"`
	Custom       numbered        `yaml:"custom"`
	Hidden       bool            `yaml:"hidden"` // Concur created it
}

var hexID = regexp.MustCompile(`^[0-9A-F]{32}$`)

var handle = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// complete checks the description and fills in defaults.
func (d *description) complete(now time.Time) error {
	if !handle.MatchString(d.Name) {
		return fmt.Errorf("name %q: want 1 to 80 letters, digits, dots, dashes and underscores", d.Name)
	}
	if strings.ContainsAny(d.Key, "/?# \t\r\n") {
		return fmt.Errorf("key %q: want no slash, question mark, number sign or space", d.Key)
	}
	if strings.ContainsAny(d.RptKey, "/?# \t\r\n") {
		return fmt.Errorf("rptKey %q: want no slash, question mark, number sign or space", d.RptKey)
	}
	if d.Padding < 0 || d.Padding > maxPadding {
		return fmt.Errorf("padding %d is not between 0 and %d bytes", d.Padding, maxPadding)
	}
	if err := d.checkRefusals(); err != nil {
		return err
	}
	d.Entries = repeated(d.Entries)
	if len(d.Entries) > maxEntries {
		return fmt.Errorf("%d entries are more than %d", len(d.Entries), maxEntries)
	}
	if err := checkNumbers("report", d.Custom, 20, d.OrgUnit); err != nil {
		return err
	}
	switch err := checkJunk(d.Junk); {
	case err != nil:
		return err
	case d.Junk != "" && !d.Failed:
		return errNoJunk
	}
	setDefault(&d.Currency, "USD")
	setDefault(&d.Employee, "Tester, Terry ")
	setDefault(&d.Login, "terry.tester@example.com")
	setDefault(&d.ReportName, "Report "+d.Name)
	setDefault(&d.Date, now.Format(time.DateOnly))
	if err := checkDate("report", &d.Date); err != nil {
		return err
	}
	if d.Submit == nil {
		yes := true
		d.Submit = &yes
	}
	for i := range d.Entries {
		if err := d.Entries[i].complete(fmt.Sprintf("entry %d", i+1), d.Currency, d.Date); err != nil {
			return err
		}
	}
	for code, state := range d.ListItems {
		if state != itemDeleted && state != itemInvalid && state != itemGone {
			return fmt.Errorf("list item %s: state %q: want deleted, invalid or gone", code, state)
		}
	}
	for i, h := range d.Existing {
		if h.Code == "" || h.Entry < 0 || h.Entry > len(d.Entries) {
			return fmt.Errorf("existing %d: want a code, and the number of an entry", i+1)
		}
	}
	if err := checkMoving(*d); err != nil {
		return err
	}
	if err := checkLate(*d); err != nil {
		return err
	}
	if d.CommentRequired != "" && missingComments[d.CommentRequired].id == "" {
		return fmt.Errorf("commentRequired %q: want always, cost-object or budget", d.CommentRequired)
	}
	if d.UUID != "" && (!d.Request || !hexID.MatchString(d.UUID)) {
		return fmt.Errorf("uuid %q: want 32 hexadecimal digits in upper case, for a travel request", d.UUID)
	}
	switch {
	case !d.Request && (d.Operations != "" || d.StatusName != ""):
		return errors.New("operations and statusName are for travel requests only")
	case !slices.Contains([]string{"", "traveler", "approver", "none", "missing"}, d.Operations):
		return fmt.Errorf("operations %q: want traveler, approver, none or missing", d.Operations)
	case d.Request:
		requestSteps(d.Steps)
	}
	return checkSteps(&d.Steps)
}

// repeated repeats each entry as often as Times says, up to one more than the limit.
func repeated(entries []entryDescription) []entryDescription {
	var all []entryDescription
	for _, e := range entries {
		for range max(1, min(e.Times, maxEntries+1)) {
			all = append(all, e)
		}
	}
	return all[:min(len(all), maxEntries+1)]
}

func (e *entryDescription) complete(where, currency, date string) error {
	setDefault(&e.Type, "MEALS")
	setDefault(&e.Name, e.Type)
	setDefault(&e.Currency, currencyCode(e.CurrencyName, currency))
	setDefault(&e.CurrencyName, currencyName(e.Currency))
	setDefault(&e.Date, date)
	setDefault(&e.PaymentType, "CASH")
	if e.ExchangeRate.IsZero() {
		e.ExchangeRate = decimal.NewFromInt(1)
	}
	if e.ReceiptRequired == nil {
		yes := true
		e.ReceiptRequired = &yes
	}
	if e.CardCharge == nil {
		fed := isCard(e.PaymentType)
		e.CardCharge = &fed
	}
	if *e.CardCharge && e.PersonalCard {
		return fmt.Errorf("%s: want cardCharge or personalCard, not both", where)
	}
	if e.EReceipt && !e.Receipt {
		return fmt.Errorf("%s: an ereceipt needs receipt: true", where)
	}
	if e.Attendees < 0 || e.Attendees > maxAttendees {
		return fmt.Errorf("%s: attendees %d is not between 0 and %d", where, e.Attendees, maxAttendees)
	}
	if err := checkNumbers(where, e.Custom, 40, e.OrgUnit); err != nil {
		return err
	}
	if err := checkAllocations(where, e.Allocations); err != nil {
		return err
	}
	if len(e.Itemizations) > 0 && len(e.Allocations) > 0 {
		return fmt.Errorf("%s: an itemized entry has allocations on its itemizations only", where)
	}
	setDefault(&e.AccountCode, e.Type)
	if len(e.Itemizations) == 0 {
		e.Allocations = withHidden(e.Allocations, e.AccountCode)
	}
	for i := range e.Itemizations {
		item := &e.Itemizations[i]
		at := fmt.Sprintf("%s, itemization %d", where, i+1)
		setDefault(&item.Type, e.Type)
		setDefault(&item.Name, item.Type)
		setDefault(&item.Date, e.Date)
		if err := checkDate(at, &item.Date); err != nil {
			return err
		}
		if err := checkNumbers(at, item.Custom, 40, item.OrgUnit); err != nil {
			return err
		}
		if err := checkAllocations(at, item.Allocations); err != nil {
			return err
		}
		setDefault(&item.AccountCode, item.Type)
		item.Allocations = withHidden(item.Allocations, item.AccountCode)
	}
	return checkDate(where, &e.Date)
}

// withHidden adds the hidden allocation that Concur creates for the part of an expense that
// nobody has allocated. It has the account code of the expense type.
func withHidden(allocations []allocationDescription, account string) []allocationDescription {
	rest := decimal.NewFromInt(100)
	for _, a := range allocations {
		rest = rest.Sub(a.Percentage)
	}
	if !rest.IsPositive() {
		return allocations
	}
	return append(slices.Clip(allocations), allocationDescription{Percentage: rest, AccountCode: account, Hidden: true})
}

// kindOf says how much of an expense is allocated by somebody: F fully, P partially, N not.
func kindOf(allocations []allocationDescription) string {
	sum := decimal.Zero
	for _, a := range allocations {
		if !a.Hidden {
			sum = sum.Add(a.Percentage)
		}
	}
	switch {
	case sum.IsZero():
		return "N"
	case sum.LessThan(decimal.NewFromInt(100)):
		return "P"
	}
	return "F"
}

func checkAllocations(where string, allocations []allocationDescription) error {
	for i := range allocations {
		a := &allocations[i]
		if a.Percentage.IsZero() {
			if len(allocations) > 1 {
				return fmt.Errorf("%s, allocation %d: percentage is missing", where, i+1)
			}
			a.Percentage = decimal.NewFromInt(100)
		}
		if err := checkNumbers(fmt.Sprintf("%s, allocation %d", where, i+1), a.Custom, 20, nil); err != nil {
			return err
		}
	}
	return nil
}

func checkNumbers(where string, custom map[int]string, most int, orgUnit map[int]string) error {
	for n := range custom {
		if n < 1 || n > most {
			return fmt.Errorf("%s: custom %d is not between 1 and %d", where, n, most)
		}
	}
	for n := range orgUnit {
		if n < 1 || n > 6 {
			return fmt.Errorf("%s: orgUnit %d is not between 1 and 6", where, n)
		}
	}
	return nil
}

// checkDate accepts a date with or without a time. A dash stands for an empty date.
func checkDate(where string, date *string) error {
	if *date == "-" {
		*date = ""
		return nil
	}
	if _, err := time.Parse(time.DateOnly, *date); err == nil {
		*date += "T00:00:00"
		return nil
	}
	if _, err := time.Parse("2006-01-02T15:04:05", *date); err != nil {
		return fmt.Errorf("%s: date %q: want YYYY-MM-DD, with or without Thh:mm:ss", where, *date)
	}
	return nil
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// currencyNames are the names of currencies in v1.1, which prints no code.
var currencyNames = map[string]string{
	"USD": "US, Dollar", "EUR": "Euro", "GBP": "UK, Pound Sterling",
	"CHF": "Switzerland, Franc", "JPY": "Japan, Yen", "CAD": "Canada, Dollar",
	"SEK": "Sweden, Krona",
}

func currencyName(code string) string {
	if name, ok := currencyNames[code]; ok {
		return name
	}
	return code
}

// currencyCode returns the code of a known name, otherwise the given code.
func currencyCode(name, otherwise string) string {
	for code, known := range currencyNames {
		if known == name {
			return code
		}
	}
	return otherwise
}

// numbered holds the texts of Custom1, Custom2 and so on by their number. JSON writes the
// numbers as strings.
type numbered map[int]string

// UnmarshalYAML reads a mapping from a number to a text.
func (n *numbered) UnmarshalYAML(value *yaml.Node) error {
	var texts map[string]string
	if err := value.Decode(&texts); err != nil {
		return err
	}
	*n = numbered{}
	for key, text := range texts {
		number, err := strconv.Atoi(key)
		if err != nil {
			return fmt.Errorf("line %d: %q is not a number", value.Line, key)
		}
		(*n)[number] = text
	}
	return nil
}
