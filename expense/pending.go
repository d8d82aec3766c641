package expense

import "time"

// PendingReport is a row of Concur's list of reports that wait at external
// validation. It names the report and no person.
type PendingReport struct {
	ID           string    `json:"id"`
	LastModified time.Time `json:"lastModified,omitzero"` // zero when Concur does not say
}

// ListPendingReportsInput asks for a part of the list, and says since when a report
// must wait to be looked at.
type ListPendingReportsInput struct {
	Grace time.Duration `json:"grace"`
	Page  string        `json:"page,omitempty"` // the Next of the part before
}

// PendingReports says which reports of a part of the list wait that no run knows: their
// callouts, and their entries in the failed list, were lost.
type PendingReports struct {
	Waiting   int      `json:"waiting"`           // longer than the grace
	Known     int      `json:"known"`             // a run is open, or closed after the last change
	Forgotten int      `json:"forgotten"`         // no run knows of them
	Unsure    int      `json:"unsure,omitempty"`  // a run that has yet to read may be theirs
	Reports   []string `json:"reports,omitempty"` // the first of the forgotten
	Next      string   `json:"next,omitempty"`    // empty after the last part
}
