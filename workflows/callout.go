package workflows

import (
	"errors"

	"concur-connector/expense"
)

// A run that a sweep has started knows its report by a v4 address, by which v1.1 cannot be
// asked for the workflow step. The run of a callout that joins it tells the callout's address.
// That is hearsay: it is used only for what the run's own address does not show, and
// FetchReport refuses it unless Concur shows the same report there.

// needsCallout reports whether the report is to be read by the callout's address. Once
// exceptions have been put, or a write is in doubt, the stop must keep the name under which
// these are remembered.
func (r *run) needsCallout(read expense.FetchedReport, err error) bool {
	var t *ParkReason
	unread := errors.As(err, &t) || err == nil && read.Kind == expense.NotFound
	return unread && r.Callout != "" && r.begun() == ""
}

// readByCallout reads the report by the callout's address. That becomes the run's own address
// if it shows the same report. Otherwise it stays as it was.
func (r *run) readByCallout(input expense.FetchReportInput,
	readBy func(expense.FetchReportInput) (expense.FetchedReport, error),
) (expense.FetchedReport, bool) {
	input.ObjectURI, input.ReportID = r.Callout, r.ReportID
	if input.ReportID == "" && expense.IsV4Report(r.ObjectURI) {
		input.ReportID = r.notification.Key
	}
	if input.ReportID == "" {
		return expense.FetchedReport{}, false
	}
	read, err := readBy(input)
	var t *ParkReason
	switch {
	case errors.As(err, &t) && t.Kind == expense.Untrusted:
		r.Callout = ""
		r.did("the address that another run has told is not used: " + t.Message)
		return expense.FetchedReport{}, false
	case err != nil || read.Kind == expense.NotFound:
		return expense.FetchedReport{}, false
	}
	r.ObjectURI, r.Callout = r.Callout, ""
	r.did("the report is read by the address of a callout from now on")
	return read, true
}

// isAlike reports whether a read failed because the stop looks like another one.
func isAlike(err error) bool {
	var t *ParkReason
	return errors.As(err, &t) && t.Kind == expense.AmbiguousStep
}
