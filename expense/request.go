package expense

import (
	"encoding/json"
	"slices"
)

// The approval status codes of travel requests in Request v4. They do not show at which step a
// submitted request waits: see [TravelRequest.Standing].
const (
	RequestSubmitted    = "SUBMITTED"
	RequestNotSubmitted = "NOT_SUBMITTED"
	RequestApproved     = "APPROVED"
	RequestCanceled     = "CANCELED"
	RequestSentBack     = "SENTBACK"
)

// TravelRequest is a travel request. If Concur did not provide a value, it is nil or an empty
// text. The only person that TravelRequest names is its owner: see [Report].
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
type TravelRequest struct {
	ID       string `json:"id"`               // which v4 URLs contain
	Number   string `json:"number,omitempty"` // Concur's requestId, which people see
	Name     string `json:"name,omitempty"`
	Purpose  string `json:"purpose,omitempty"`
	Type     string `json:"type,omitempty"`     // its code
	Currency string `json:"currency,omitempty"` // ISO 4217
	Status   string `json:"status"`             // approval status code
	// StatusName is the name of the status, in the language of the connector's Concur user.
	StatusName string `json:"statusName,omitempty"`
	// Ended is true if Concur shows the request as approved, closed, canceled or not pending,
	// independent of its status.
	Ended  *bool  `json:"ended,omitempty"`
	Policy string `json:"policy,omitempty"`

	// Owner is the employee who owns the request. As in [Report], it is not part of the content.
	Owner Owner `json:"owner,omitzero"`

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

	// Operations are the operations that Concur offers to the caller, such as "approve" and
	// "sendback". The list is nil if Concur's answer has none, and empty if it offers nothing.
	Operations []string `json:"operations,omitzero"`
}

// Expected is an expected expense of a travel request.
type Expected struct {
	ID           string           `json:"id"`
	Type         string           `json:"type,omitempty"`
	TypeName     string           `json:"typeName,omitempty"`
	Date         Date             `json:"date,omitempty"`
	Purpose      string           `json:"purpose,omitempty"` // its description
	Transaction  *Money           `json:"transaction,omitempty"`
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

// RequestException is an exception on a travel request. The connector cannot post one.
type RequestException struct {
	Code     string `json:"code"`
	Level    *int   `json:"level,omitempty"`
	Blocking *bool  `json:"blocking,omitempty"`
}

// AwaitsValidation reports whether the request waits or may wait for the connector.
func (r *TravelRequest) AwaitsValidation() bool { return r.ValidationID() != "" }

// ValidationID identifies the validation step at which the request waits or may wait for the
// connector, by the status names that Concur documents: see [TravelRequest.Standing]. It is
// empty if the request does not wait for the connector.
func (r *TravelRequest) ValidationID() string { return r.Standing(ExternalValidation{}).ValidationID }

// Revision identifies the content of the request and its validation step.
func (r *TravelRequest) Revision() string { return digest(r.ContentHash() + " " + r.ValidationID()) }

// ContentHash is a hash of the request without its validation step and without the fields that
// reads or the connector's own writes change.
func (r *TravelRequest) ContentHash() string {
	c := *r
	c.EverSentBack, c.HasException, c.Exceptions, c.Operations, c.Status, c.Modified = nil, nil, nil, nil, "", ""
	c.StatusName, c.Ended, c.Owner = "", nil, Owner{}
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

// EachField calls f for every custom field of the request.
func (r *TravelRequest) EachField(f func(*Field)) {
	eachField(f, r.Custom)
	for i := range r.Expenses {
		e := &r.Expenses[i]
		eachField(f, e.OrgUnits, e.Custom)
		for j := range e.Allocations {
			eachField(f, e.Allocations[j].Custom)
		}
		for j := range e.Segments {
			eachField(f, e.Segments[j].Custom)
		}
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
