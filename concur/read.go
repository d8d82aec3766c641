package concur

import (
	"context"
	"errors"

	"concur-connector/expense"
)

// ReadOptions say how a report or a travel request is read.
type ReadOptions struct {
	// Via is the interface for a report that a callout names by its v1.1 address; "" is
	// v1.1. One that is named by a v4 address is read by v4 when Via is v4, and else by v3:
	// its v1.1 key is not known.
	Via expense.Interface
	// Fallback lets a report that a callout names be read by v1.1 when Via's interface
	// refuses it, which proves that nothing was done.
	Fallback bool
	Parts    expense.Parts
	Logins   []string // of the employees in [Read.Theirs]
}

// Read is what one read showed.
type Read struct {
	Report  *expense.Report
	Request *expense.TravelRequest // in the place of a report
	Theirs  bool                   // the owner is one of the logins
	// Mark changes with whatever Concur shows of the header in v3 and v4, which name no
	// workflow step; empty by v1.1.
	Mark string
	// FellBack says why the report was not read by the interface that was asked for.
	FellBack string
}

var errNotYet = errors.New("not yet")

// ReadReport reads the expense report that an object URI names.
func (c *Client) ReadReport(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	return Read{}, errNotYet
}

// ReadRequest reads the travel request that an object URI names.
func (c *Client) ReadRequest(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	return Read{}, errNotYet
}

// UserID returns the UUID of the user with exactly that login.
func (c *Client) UserID(ctx context.Context, login string) (string, error) { return "", errNotYet }

// Login returns the login of the user with that UUID.
func (c *Client) Login(ctx context.Context, userID string) (string, error) { return "", errNotYet }

// ListItem returns code and name of a list item.
func (c *Client) ListItem(ctx context.Context, id string) (expense.Field, error) {
	return expense.Field{}, errNotYet
}

// Guard names what Concur is to compare with the present step before it acts on a
// report by v4: fields of the body with their values.
type Guard map[string]string

// ApproveReport passes a report on that waits at a system step, by Workflows v4.
func (c *Client) ApproveReport(ctx context.Context, reportID, comment string, guard Guard) error {
	return errNotYet
}

// SendBackReport sends a report that waits at a system step back to its owner, by
// Workflows v4.
func (c *Client) SendBackReport(ctx context.Context, reportID, comment string, guard Guard) error {
	return errNotYet
}

// ReportExceptions lists the exceptions that a report, its expenses and their allocations
// hold, by Exceptions v4.
func (c *Client) ReportExceptions(ctx context.Context, reportID string) ([]expense.HeldException, error) {
	return nil, errNotYet
}

// PutException puts one exception on a report, an expense or an allocation.
func (c *Client) PutException(ctx context.Context, reportID string, e expense.HeldException) error {
	return errNotYet
}

// DeleteException takes one exception off again that was put there by the interface. An
// exception that is not there is taken off.
func (c *Client) DeleteException(ctx context.Context, reportID string, e expense.HeldException) error {
	return errNotYet
}

// PendingRequests hands over a page of the travel requests that are submitted, and
// returns what names the next page: nothing after the last.
func (c *Client) PendingRequests(ctx context.Context, page string, yield func(expense.TravelRequest) error) (next string, err error) {
	return "", errNotYet
}

// TakeRequestAction passes a travel request on or sends it back, and returns the request
// as Concur's answer shows it.
func (c *Client) TakeRequestAction(ctx context.Context, requestID string, action expense.Action, comment string) (*expense.TravelRequest, error) {
	return nil, errNotYet
}

// RequestURI is the object URI of a travel request.
func (c *Client) RequestURI(ctx context.Context, requestID string) (string, error) {
	return "", errNotYet
}

// ReportURI is the v4 object URI of a report of the list: its owner is looked up.
func (c *Client) ReportURI(ctx context.Context, row PendingReport) (string, error) {
	return "", errNotYet
}

// PendingReport is a row of the list of reports. Who owns it stays in this package.
type PendingReport struct {
	expense.PendingReport
	owner string // login
}

// CheckGuard refuses a guard that Concur would not understand.
func CheckGuard(Guard) error { return nil }

// ParseGuard reads a guard as it is configured.
func ParseGuard(text string) (Guard, error) { return nil, nil }
