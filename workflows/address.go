package workflows

import (
	"errors"
	"slices"

	"concur-connector/expense"
)

// address is where the run reads its report, and what else may be tried.
type address struct {
	ObjectURI string `json:"objectUri"`
	Confirmed bool   `json:"confirmed,omitempty"` // a read by ObjectURI has succeeded

	// Others are further addresses that notifications gave before one was read. NotFound are
	// those for which Concur answered 404.
	Others   []string `json:"others,omitempty"`
	NotFound []string `json:"notFound,omitempty"`

	// Callout is the address in a callout whose run handed the report over to this one. The
	// run uses it for what ObjectURI does not show, above all the workflow step. FetchReport
	// refuses it unless Concur shows the same report there, because anybody who knows the
	// callout's password could have sent it.
	Callout string `json:"callout,omitempty"`
}

// maxAddresses bounds how many addresses of its object a run tries.
const maxAddresses = 8

func newAddress(n expense.Notification) address { return address{ObjectURI: n.ObjectURI} }

// addOther remembers another address of the same object while none has been read.
func (a *address) addOther(uri string) {
	if !a.Confirmed && uri != a.ObjectURI && len(a.Others) < maxAddresses && !slices.Contains(a.Others, uri) {
		a.Others = append(a.Others, uri)
	}
}

// addCallout remembers the address by which a callout named the report.
func (a *address) addCallout(uri string) {
	if uri != "" && !expense.IsV4Report(uri) {
		a.Callout = uri
	}
}

// succeeded notes that ObjectURI was read.
func (a *address) succeeded() { a.Confirmed = true }

// useAnother switches to another address when the report could not be read by this one and by
// none before: the first notification may have been forged. It keeps an address that was not
// found, because Concur may have been mistaken. It returns false when there is no other.
func (a *address) useAnother(read expense.FetchedReport, err error) bool {
	var t *ParkReason
	refused := errors.As(err, &t) && t.Kind == expense.Untrusted
	notFound := err == nil && read.Kind == expense.NotFound
	switch {
	case a.Confirmed || !refused && !notFound:
		return false
	case len(a.Others) > 0:
		if notFound && len(a.NotFound) < maxAddresses && !slices.Contains(a.NotFound, a.ObjectURI) {
			a.NotFound = append(slices.Clone(a.NotFound), a.ObjectURI)
		}
		a.ObjectURI, a.Others = a.Others[0], a.Others[1:]
		return true
	case refused && len(a.NotFound) > 0:
		a.ObjectURI, a.NotFound = a.NotFound[0], a.NotFound[1:]
		return true
	}
	return false
}

// eachNotFound tries every address that was not found once more, this one last, until try
// returns true.
func (a *address) eachNotFound(try func() bool) {
	addresses := append(a.NotFound, a.ObjectURI)
	for i, uri := range addresses {
		a.ObjectURI, a.NotFound = uri, addresses[i+1:]
		if try() {
			return
		}
	}
}

// readByCallout reads the report by the callout's address when its own address is not enough,
// and keeps that address if it shows the same report. It is not used once the run has written at
// the step: the step must keep the name under which the writes are remembered.
func (r *run) readByCallout(input expense.FetchReportInput, read expense.FetchedReport, err error,
	readBy func(expense.FetchReportInput) (expense.FetchedReport, error),
) (expense.FetchedReport, error) {
	var t *ParkReason
	needed := errors.As(err, &t) || err == nil && read.Kind == expense.NotFound
	input.ObjectURI, input.ReportID = r.Address.Callout, r.Read.ReportID
	if input.ReportID == "" && expense.IsV4Report(r.Address.ObjectURI) {
		input.ReportID = r.notification.Key
	}
	if !needed || input.ObjectURI == "" || input.ReportID == "" || r.writtenVia() != "" {
		return read, err
	}
	shown, failed := readBy(input)
	switch {
	case errors.As(failed, &t) && t.Kind == expense.Untrusted:
		r.Address.Callout = ""
		r.Progress.record("the address of the callout is not used: " + t.Message)
		return read, err
	case failed != nil || shown.Kind == expense.NotFound:
		return read, err
	}
	r.Address.ObjectURI, r.Address.Callout = r.Address.Callout, ""
	r.Progress.record("the report is read by the address of the callout from now on")
	return shown, nil
}
