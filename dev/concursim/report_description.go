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

// description is the small form in which a report is asked for over the
// control API.
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

	// Request makes a travel request of it. Held is what Concur holds against it,
	// BlockingCodes what keeps it where it is, as Blocked does with a request; nobody is
	// there to approve it further with NoApprover.
	Request       bool              `yaml:"request"`
	UUID          string            `yaml:"uuid"` // of a request, 32 hexadecimal digits in upper case
	Held          []heldDescription `yaml:"held"`
	BlockingCodes []string          `yaml:"blockingCodes"`
	Blocked       bool              `yaml:"blocked"`

	// Operations are what a travel request's answers offer while it is submitted: at an
	// approver's step approver (approve and sendback), and at every step traveler (recall and
	// cancel), none (an empty list) or missing (no list at all).
	// StatusName is the name of its status then.
	Operations string `yaml:"operations"`
	StatusName string `yaml:"statusName"`

	// MovesOn are codes by which the workflow takes it on to its next step once they are
	// posted on the report, after MovesAfter, a duration.
	MovesOn    []string `yaml:"movesOn"`
	MovesAfter string   `yaml:"movesAfter"`

	NoApprover bool `yaml:"noApprover"`

	// ReceiptImage has the report as a whole have an image of receipts, which only v4 tells.
	ReceiptImage bool `yaml:"receiptImage"`

	// Refusal is the documented code with which v4 refuses to approve it. WrongStep is the
	// status, 400 or 403, with which v4 refuses an action while it does not wait for the client.
	Refusal   string `yaml:"refusal"`
	WrongStep int    `yaml:"wrongStep"`

	// ShownAfter is a duration: reads go on for so long to show what it was before a write of
	// the client's, and the failed list shows an entry about it that the client has deleted.
	ShownAfter string `yaml:"shownAfter"`

	// WantsComment says why an approval needs a comment: always, cost-object or budget.
	WantsComment string `yaml:"wantsComment"`

	// Touched has every exception that is put or taken off change LastModifiedDate and
	// reportVersion. Quiet has them stay as they are when the report comes from one external
	// validation to the next: its headers then show nothing of the step.
	Touched bool `yaml:"touched"`
	Quiet   bool `yaml:"quiet"`

	// ListItems says by code which list items are not as they should be: deleted, invalid
	// or gone.
	ListItems map[string]string `yaml:"listItems"`

	// HeaderDate has LastModifiedDate say when the header was edited, and nothing else: it is a
	// moment before the submission, and no step, entry or exception changes it.
	HeaderDate bool `yaml:"headerDate"`

	// Policy names the report's policy: reports with the same name have the same identifiers.
	// TestUser makes the owner a test user. CentralReconciliation makes it a report that no
	// list of v3 shows.
	Policy                string `yaml:"policy"`
	TestUser              bool   `yaml:"testUser"`
	CentralReconciliation bool   `yaml:"centralReconciliation"`

	// Flat has the expenses of v4 list itemizations beside the entries, with nothing that
	// tells them apart.
	Flat bool `yaml:"flat"`

	// Unordered has its entries, itemizations and allocations come in another order at each read.
	Unordered bool `yaml:"unordered"`

	// Copies asks for that many reports, Failed for their first callouts in the failed
	// list, Junk for what is wrong with them there.
	Copies int    `yaml:"copies"`
	Failed bool   `yaml:"failed"`
	Junk   string `yaml:"junk"`

	totals *sums // of the header, where they are not those of the entries any more
}

type entryDescription struct {
	Times                int                     `yaml:"times"` // so many of them
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
	Region               string                  `yaml:"region"`      // its name, which v3 prints
	Country              string                  `yaml:"country"`
	PaymentType          string                  `yaml:"paymentType"`
	CardCharge           *bool                   `yaml:"cardCharge"`   // it comes from the feed of a company card
	PersonalCard         bool                    `yaml:"personalCard"` // it comes from the feed of a personal card
	Receipt              bool                    `yaml:"receipt"`
	EReceipt             bool                    `yaml:"ereceipt"`        // the receipt is electronic
	MissingReceipt       bool                    `yaml:"missingReceipt"`  // the employee has declared that it is missing
	ReceiptRequired      *bool                   `yaml:"receiptRequired"` // an image of it
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
	Rejected             bool                    `yaml:"rejected"` // by an approver before us
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
	Hidden       bool            `yaml:"hidden"` // Concur made it
}

var hexID = regexp.MustCompile(`^[0-9A-F]{32}$`)

var handle = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// complete checks the description and fills in what it leaves out.
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
			return fmt.Errorf("list item %s: %q is not deleted, invalid or gone", code, state)
		}
	}
	for i, h := range d.Held {
		if h.Code == "" || h.Entry < 0 || h.Entry > len(d.Entries) {
			return fmt.Errorf("held %d: want a code, and an entry that there is", i+1)
		}
	}
	if err := checkMoving(*d); err != nil {
		return err
	}
	if err := checkLate(*d); err != nil {
		return err
	}
	if d.WantsComment != "" && missingComments[d.WantsComment].id == "" {
		return fmt.Errorf("wantsComment %q: want always, cost-object or budget", d.WantsComment)
	}
	if d.UUID != "" && (!d.Request || !hexID.MatchString(d.UUID)) {
		return fmt.Errorf("uuid %q: want a travel request's 32 hexadecimal digits in upper case", d.UUID)
	}
	switch {
	case !d.Request && (d.Operations != "" || d.StatusName != ""):
		return errors.New("operations and statusName are of a travel request")
	case !slices.Contains([]string{"", "traveler", "approver", "none", "missing"}, d.Operations):
		return fmt.Errorf("operations %q: want traveler, approver, none or missing", d.Operations)
	case d.Request:
		requestSteps(d.Steps)
	}
	return checkSteps(&d.Steps)
}

// repeated puts an entry as often as its Times says, and no more than is refused.
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
		return fmt.Errorf("%s: it comes from the feed of one card", where)
	}
	if e.EReceipt && !e.Receipt {
		return fmt.Errorf("%s: an ereceipt wants a receipt", where)
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
		return fmt.Errorf("%s: an itemized entry has its allocations under the itemizations", where)
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

// withHidden adds the hidden allocation that Concur makes of what nobody has allocated: of
// all of an expense, or of the rest. It carries the account code of the expense type.
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

// kindOf says how much of an expense is allocated, by somebody: F in full, P in part, N not.
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
				return fmt.Errorf("%s, allocation %d: no percentage", where, i+1)
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

// checkDate accepts a date with or without a time; an empty one, written as a
// dash, stays empty.
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
		return fmt.Errorf("%s: date %q is not YYYY-MM-DD, with or without Thh:mm:ss", where, *date)
	}
	return nil
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// currencyNames is how version 1.1 names a currency; it prints no code.
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

// currencyCode is the code of a name that is known, and else that of the report.
func currencyCode(name, otherwise string) string {
	for code, known := range currencyNames {
		if known == name {
			return code
		}
	}
	return otherwise
}

// numbered holds the texts of Custom1, Custom2 and so on by their number; JSON
// writes the numbers as strings.
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
