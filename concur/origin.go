package concur

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"concur-connector/expense"
)

// reading is what a client keeps to read reports by v3 and v4.
type reading struct {
	users   directory       // the client itself
	origins lookups[origin] // by path and query of their object URIs
	fell    sync.Once       // it has been logged that a report is read by v1.1 instead
}

// directory finds users, by Identity v4.
type directory interface {
	UserID(ctx context.Context, login string) (string, error)
	Login(ctx context.Context, userID string) (string, error)
}

// origin is what the newer interfaces need to know of a report that a callout names by
// its v1.1 address. It never changes.
type origin struct {
	reportID, login string
}

func originOf(report *expense.Report, owner string) (origin, error) {
	switch {
	case report.ID == "":
		return origin{}, &Error{Op: "read report", Kind: Malformed, Message: "the report has no ReportId, by which v3 and v4 name it"}
	case owner == "":
		return origin{}, &Error{Op: "read report", Kind: Malformed, Message: "the report does not name its owner, without whom v3 and v4 do not show it"}
	}
	return origin{report.ID, owner}, nil
}

// refusedBy finds the error of a newer interface that proves that it does not show us the
// report, whatever the reason, and that nothing else went wrong.
func refusedBy(err error) (*Error, bool) {
	var e *Error
	if !errors.As(err, &e) {
		return nil, false
	}
	status := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	return e, e.Kind == Forbidden || e.Kind == NotFound || e.Kind == Unauthorized && status || e.Kind == Rejected && e.absent
}

// clause says in a few words what was refused.
func clause(e *Error) string {
	if e.Kind == Incomplete {
		return e.Op + " did not show all of it: " + e.Message
	}
	what := e.Op + " was refused: " + string(e.Kind)
	if e.absent {
		what = e.Op + " was refused: " + e.Message
	}
	if e.Status != 0 {
		what += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return what
}

// notGone makes something else of a "not found" that is not that of the report: whoever
// reads it would take the report for gone.
func notGone(err error, message string) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotFound {
		return err
	}
	other := *e
	other.Kind, other.Message, other.absent = Rejected, message, true
	return &other
}
