package concur

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// ReadOptions say how a report or a travel request is read.
type ReadOptions struct {
	// Via is the interface for a report that a callout names by its v1.1 address. Empty means
	// v1.1. A report with a v4 address is read by v4 if Via is v4, else by v3, because its v1.1
	// key is unknown.
	Via expense.Interface
	// Fallback reads a report that a callout names by v1.1 if the interface of Via refuses the
	// report.
	Fallback bool
	// ReadAgain says that the caller will read an incomplete report again. Such a report does
	// not fall back to v1.1 yet.
	ReadAgain bool
	Parts     expense.Parts
	// Full reads all parts by v3 and v4 even if the report does not wait at an external
	// validation. v1.1 always shows the full report.
	Full   bool
	Logins []string // of the employees in [Read.OwnerListed]
	// Owner has the owner of a report or travel request that waits looked up, if the interface
	// shows only the owner's UUID. That takes one request at most, once in some hours for each
	// owner. Otherwise such an owner is unknown.
	Owner bool
	// External says how the company's travel requests show that they wait at external
	// validation.
	External expense.ExternalValidation
	// Steps also reads a report that a callout names by v1.1 if Via is v3 or v4, because only
	// v1.1 shows the address of the workflow step. If v1.1 does not show the report, Steps has
	// no effect.
	Steps bool
}

// Read is the result of one read.
type Read struct {
	Report      *expense.Report
	Request     *expense.TravelRequest // set instead of Report
	OwnerListed bool                   // the owner is one of the logins
	// Validation identifies the validation step. It is empty if the report or travel request
	// does not wait for the connector.
	Validation string
	// Unclear says why it is unknown whether a travel request waits for the connector. The
	// caller must then write nothing. SkippedReason says why a person may want to check a
	// request that does not wait for the connector. See [expense.Standing].
	Unclear       string
	SkippedReason string
	// HeaderHash is a hash of the header if Validation does not identify the step exactly (v3,
	// v4, and travel requests), else it is empty. [Read.SameValidation] compares it.
	HeaderHash string
	// Content is a digest of all that the read showed, without the fields that the connector's
	// own writes change. It names the interface. It is empty if only a header was read by v3 or
	// v4. [Read.SameValidation] compares it.
	Content string
	// FallbackReason says why the report was not read by the interface that was asked for.
	FallbackReason string
}

// SameValidation reports whether a report or a travel request still waits at the same
// validation step as in an earlier read, and has the same content, as far as Concur shows.
// Call it on the read directly before a write, and write only if it returns true.
//
// It compares ValidationID, HeaderHash and Content. A program that acts later must keep these
// three. What they show depends on the interface:
//
//   - v1.1, and v3 and v4 with [ReadOptions].Steps for a report that a callout names: the
//     status and the address of the workflow step, which are exact; and whether the report,
//     with its entries and attendees, has changed.
//   - v3 and v4, and a travel request, if both reads were of more than the header: whether
//     the parts that both have read have changed.
//   - v3: the status, the time of the submission, LastModifiedDate, the step in
//     WorkflowActionUrl if there is one, the last comment, and the header's own fields.
//   - v4: the status, the time of the submission, reportVersion, lastModifiedDate and the
//     header's own fields.
//   - a travel request: the status, the time of the submission, lastModified, whether Concur
//     still offers the action, and the request's own fields.
//
// Names in a language, exception flags, links and hosts are not compared. Neither is a value
// that only one of the reads shows.
//
// If the address of the step is not known, false may mean that the report was changed and has
// not moved. True does not prove that it has not moved: Concur does not promise that any of
// these fields changes with a step. The connector's own exceptions may change LastModifiedDate
// and reportVersion. After the last own write, read again and compare later reads with that
// read.
func (r Read) SameValidation(before Read) bool {
	return r.SameContent(before) && r.Validation != "" && r.Validation == before.Validation && wire.SameHeader(r.HeaderHash, before.HeaderHash)
}

// SameContent reports whether a report or a travel request has the same content as in an
// earlier read, at whatever step, as far as both reads show it. See [Read.Compares].
func (r Read) SameContent(before Read) bool {
	same, _ := wire.SameContent(r.Content, before.Content)
	return same
}

// Compares reports whether the content of two reads can be compared: any two by v1.1; two by
// v3 or v4 if both were of more than the header. Both reads must ask for the same parts.
func (r Read) Compares(before Read) bool {
	_, compared := wire.SameContent(r.Content, before.Content)
	return compared
}

// contentBy returns a digest of the content with the interface that has shown it.
func contentBy(via, content string) string { return via + "=" + content }

// newRead returns the read of a header by v3 or v4. [Client.readNamed] adds the address of the
// step.
func newRead(h wire.Header, theirs bool, o ReadOptions) Read {
	read := Read{Report: h.Report, OwnerListed: theirs, Validation: h.Report.ValidationID(), HeaderHash: h.Hash}
	if !o.Parts.HeaderOnly && h.Report.AwaitsValidation() {
		read.Content = contentBy(string(h.Report.Via), h.Report.ContentWithAttendees())
	}
	return read
}

// withStep adds the address of the step to a read, if v1.1 shows one.
func (r Read) withStep(shown ownedReport) Read {
	actionURL := shown.report.ActionURL
	if u, err := expense.SplitURL(strings.TrimSpace(actionURL)); err == nil && len(u.Path) > 1 {
		r.Report.ActionURL, r.HeaderHash = actionURL, ""
		r.Validation = r.Report.ValidationID()
		if shown.complete("read report", expense.AllParts) == nil {
			r.Content = strings.TrimSpace(shown.content() + " " + r.Content)
		}
	}
	return r
}

// reportReading is what a client needs to read reports by v3 and v4.
type reportReading struct {
	users          directory             // the client itself
	origins        lookups[reportOrigin] // by path and query of their object URIs
	fallbackLogged sync.Once             // it has been logged that a report is read by v1.1 instead
}

// directory finds users. The client implements it by Identity v4.
type directory interface {
	UserID(ctx context.Context, login string) (string, error)
	Owner(ctx context.Context, userID string) (expense.Owner, error)
}

// reportOrigin identifies a report for v3 and v4. It never changes.
type reportOrigin struct {
	reportID, login string
	owner           expense.Owner
}

func originOf(o ownedReport) (reportOrigin, error) {
	switch {
	case o.report.ID == "":
		return reportOrigin{}, &Error{Op: "read report", Kind: Malformed, Message: "the report has no ReportId, which v3 and v4 need"}
	case o.login == "":
		return reportOrigin{}, &Error{Op: "read report", Kind: Malformed, Message: "the report does not name its owner, without whom v3 and v4 do not show it"}
	}
	return reportOrigin{o.report.ID, o.login, o.report.Owner}, nil
}

// asRefusal returns the error of v3 or v4 if the error proves that the interface does not show
// the report, and nothing else went wrong.
func asRefusal(err error) (*Error, bool) {
	var e *Error
	if !errors.As(err, &e) {
		return nil, false
	}
	status := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	return e, e.Kind == Forbidden || e.Kind == NotFound || e.Kind == Unauthorized && status || e.Kind == Rejected && e.partMissing
}

// refusalReason says in a few words what was refused.
func refusalReason(e *Error) string {
	if e.Kind == Incomplete {
		return e.Op + " did not show all of it: " + e.Message
	}
	what := e.Op + " was refused: " + string(e.Kind)
	if e.partMissing {
		what = e.Op + " was refused: " + e.Message
	}
	if e.Status != 0 {
		what += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return what
}

// asRejected turns a "not found" that is not about the report into another error. Otherwise
// the caller would take the report for gone.
func asRejected(err error, message string) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotFound {
		return err
	}
	other := *e
	other.Kind, other.Message, other.partMissing = Rejected, message, true
	return &other
}
