package expense

import (
	"encoding/json"
	"slices"
)

// Approval status codes of a travel request, as Request v4 gives them. Every other code
// is data. The code does not say at which step a submitted one waits: see
// [TravelRequest.Standing].
const (
	RequestSubmitted    = "SUBMITTED"
	RequestNotSubmitted = "NOT_SUBMITTED"
	RequestApproved     = "APPROVED"
	RequestCanceled     = "CANCELED"
	RequestSentBack     = "SENTBACK"
)

// TravelRequest is a travel request as the rules see it. An absent value is nil, or an empty
// text, and is not stored. Names of people are not here.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
type TravelRequest struct {
	ID       string `json:"id"`               // the one in Concur's v4 URLs
	Number   string `json:"number,omitempty"` // requestId: the short one that people see
	Name     string `json:"name,omitempty"`
	Purpose  string `json:"purpose,omitempty"`
	Type     string `json:"type,omitempty"`     // its code
	Currency string `json:"currency,omitempty"` // ISO 4217
	Status   string `json:"status"`             // approval status code
	// StatusName is what the status is called in the language of the connector's user.
	StatusName string `json:"statusName,omitempty"`
	// Ended is true when it is shown as approved, closed, canceled or not pending, whatever its
	// status says.
	Ended  *bool  `json:"ended,omitempty"`
	Policy string `json:"policy,omitempty"`

	Created   Date `json:"created,omitempty"`
	Submitted Date `json:"submitted,omitempty"`
	Modified  Date `json:"modified,omitempty"`
	Start     Date `json:"start,omitempty"`
	End       Date `json:"end,omitempty"`

	EverSentBack *bool `json:"everSentBack,omitempty"`
	HasException *bool `json:"hasException,omitempty"`

	Posted    *Money `json:"posted,omitempty"` // the total
	Approved  *Money `json:"approved,omitempty"`
	Remaining *Money `json:"remaining,omitempty"`

	City        string `json:"city,omitempty"` // of the main destination
	Subdivision string `json:"subdivision,omitempty"`
	Country     string `json:"country,omitempty"`

	Custom   map[string]Field `json:"custom,omitempty"` // "1".."20"
	Expenses []Expected       `json:"expenses,omitempty"`

	Exceptions []RequestException `json:"exceptions,omitempty"`

	// Operations are what Concur offers the caller to do: "approve", "sendback". They are nil
	// when Concur's answer has none, and empty when nothing is offered.
	Operations []string `json:"operations,omitzero"`

	// Via is RequestV1 when a document of that interface was decoded; empty: RequestV4.
	Via Interface `json:"via,omitempty"`
}

// Expected is an expense that a travel request expects.
type Expected struct {
	ID           string           `json:"id"`
	Type         string           `json:"type,omitempty"`
	TypeName     string           `json:"typeName,omitempty"`
	Date         Date             `json:"date,omitempty"`
	Purpose      string           `json:"purpose,omitempty"` // its description
	Transaction  *Money           `json:"transaction,omitempty"`
	CurrencyName string           `json:"currencyName,omitempty"` // of Transaction, where only a name is given
	ExchangeRate string           `json:"exchangeRate,omitempty"`
	Posted       *Money           `json:"posted,omitempty"`
	Approved     *Money           `json:"approved,omitempty"`
	Remaining    *Money           `json:"remaining,omitempty"`
	OrgUnits     map[string]Field `json:"orgUnits,omitempty"`
	Custom       map[string]Field `json:"custom,omitempty"`
	Allocations  []Allocation     `json:"allocations,omitempty"`
	Segments     []Segment        `json:"segments,omitempty"`
}

// Segment is a leg of a journey.
type Segment struct {
	ID        string           `json:"id,omitempty"`
	Type      string           `json:"type,omitempty"`
	Class     string           `json:"class,omitempty"` // of service, its code
	From      string           `json:"from,omitempty"`
	To        string           `json:"to,omitempty"`
	Departure Date             `json:"departure,omitempty"`
	Arrival   Date             `json:"arrival,omitempty"`
	Custom    map[string]Field `json:"custom,omitempty"`
}

// RequestException is an exception that Concur holds on a travel request. None can be
// posted.
type RequestException struct {
	Code     string `json:"code"`
	Level    *int   `json:"level,omitempty"`
	Blocking *bool  `json:"blocking,omitempty"`
}

// AwaitsValidation reports whether the request waits for us, or may wait.
func (r *TravelRequest) AwaitsValidation() bool { return r.ValidationID() != "" }

// ValidationID names the step at which the request waits for us, or may wait, as far as the names that
// Concur documents say: see [TravelRequest.Standing]. It is empty when the request does not
// wait for us.
func (r *TravelRequest) ValidationID() string { return r.Standing(ExternalValidation{}).ValidationID }

// Revision identifies what was judged: the request's content and its stop.
func (r *TravelRequest) Revision() string { return digest(r.Content() + " " + r.ValidationID()) }

// Content identifies the request without its stop and without what reading or our own
// writes change.
func (r *TravelRequest) Content() string {
	c := *r
	c.EverSentBack, c.HasException, c.Exceptions, c.Operations, c.Status, c.Modified = nil, nil, nil, nil, "", ""
	c.StatusName, c.Ended = "", nil
	c.Created, c.Submitted, c.Start, c.End = c.Created.toSecond(), c.Submitted.toSecond(), c.Start.toSecond(), c.End.toSecond()
	c.Expenses = slices.Clone(r.Expenses)
	for i := range c.Expenses {
		c.Expenses[i].Date = c.Expenses[i].Date.toSecond()
		c.Expenses[i].Allocations = inOrder(c.Expenses[i].Allocations)
		c.Expenses[i].Segments = inOrder(c.Expenses[i].Segments)
	}
	c.Expenses = inOrder(c.Expenses)
	data, err := json.Marshal(c)
	if err != nil {
		panic("expense: a travel request cannot be encoded: " + err.Error()) // no field can fail
	}
	return digest(string(data))
}

// EachField calls f with every custom field of the request.
func (r *TravelRequest) EachField(f func(*Field)) {
	eachField(f, r.Custom)
	for i := range r.Expenses {
		e := &r.Expenses[i]
		eachField(f, e.OrgUnits, e.Custom)
		eachOfAllocations(f, e.Allocations)
		for j := range e.Segments {
			eachField(f, e.Segments[j].Custom)
		}
	}
}

// EachField calls f with every custom and organisational-unit field of the report.
func (r *Report) EachField(f func(*Field)) {
	eachField(f, r.OrgUnits, r.Custom)
	for i := range r.Entries {
		e := &r.Entries[i]
		eachField(f, e.OrgUnits, e.Custom)
		eachOfAllocations(f, e.Allocations)
		for j := range e.Itemizations {
			item := &e.Itemizations[j]
			eachField(f, item.OrgUnits, item.Custom)
			eachOfAllocations(f, item.Allocations)
		}
	}
}

func eachOfAllocations(f func(*Field), list []Allocation) {
	for i := range list {
		eachField(f, list[i].Custom)
	}
}

func eachField(f func(*Field), all ...map[string]Field) {
	for _, fields := range all {
		for number, field := range fields {
			f(&field)
			fields[number] = field
		}
	}
}
