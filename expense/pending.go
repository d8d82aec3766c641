package expense

import "time"

// PendingReport is a row of Concur's list of reports that wait at external
// validation. It names the report and no person.
type PendingReport struct {
	ID           string    `json:"id"`
	LastModified time.Time `json:"lastModified,omitzero"` // of the header; zero when Concur does not say
	Submitted    time.Time `json:"submitted,omitzero"`    // zero when Concur does not say
	Policy       string    `json:"policy,omitempty"`      // as v3 prints it; empty when Concur does not say
}

// Since is the earliest moment since which the report may have waited, as far as the row
// tells. A report that has come from one external validation to the next may wait for a
// shorter time: LastModifiedDate is the header's, and need not change with a step. It may be
// earlier than the submission, too.
func (r PendingReport) Since() time.Time {
	if r.Submitted.After(r.LastModified) {
		return r.Submitted
	}
	return r.LastModified
}

// ListPendingReportsInput asks for a part of the list, and says since when a report
// must wait to be looked at.
type ListPendingReportsInput struct {
	MissedAfter time.Duration `json:"missedAfter"`
	Page        string        `json:"page,omitempty"` // the Next of the part before
	// Young is how long a run that has not read its report holds back the reports for which
	// the grace has passed no longer ago than this.
	Young time.Duration `json:"young,omitempty"`
	// WithNotifications has those that nobody told of named, so that runs can be started.
	WithNotifications bool `json:"withNotifications,omitempty"`
}

// PendingReports says which reports of a part of the list wait that no run knows: their
// callouts, and their entries in the failed list, were lost.
type PendingReports struct {
	Answer
	Waiting      int      `json:"waiting"`                // longer than the grace
	Known        int      `json:"known"`                  // a run sees to them, or has lately
	Missed       int      `json:"missed"`                 // no run knows of them
	Undetermined int      `json:"undetermined,omitempty"` // held back: a young run that has yet to read may be theirs
	Reports      []string `json:"reports,omitempty"`      // the first of the forgotten
	Next         string   `json:"next,omitempty"`         // empty after the last part

	// Unannounced counts those that wait longer than the grace, and are not known to be at a step
	// of this deployment; the first of them, and their policies, are named.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedReports  []string `json:"unannouncedReports,omitempty"`
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"`

	Notifications    []Notification `json:"notifications,omitempty"`    // of the forgotten, when they are named
	NotStartedReason string         `json:"notStartedReason,omitempty"` // why some have none
}

// ListPendingRequestsInput asks for a part of the list of travel requests.
type ListPendingRequestsInput struct {
	Page string `json:"page,omitempty"` // the Next of the part before
	// Announced is set when a callout of ours, or an entry of the failed list that names a step
	// of ours, has told that some travel request waits. Callouts are the event types.
	Announced bool     `json:"announced,omitempty"`
	Callouts  []string `json:"callouts,omitempty"`
}

// PendingRequests are the travel requests of a part of the list that wait for us, or of which
// that is not clear: see [TravelRequest.Standing].
type PendingRequests struct {
	Answer
	Notifications []Notification `json:"notifications,omitempty"`
	Next          string         `json:"next,omitempty"` // empty after the last part
	// Skipped counts others that a person may want to look at, and says why for the last: see
	// [Standing].
	Skipped       int    `json:"skipped,omitempty"`
	SkippedReason string `json:"skippedReason,omitempty"`
	// NotChecked says why one of them, the last, could not be looked at. The others are here.
	NotChecked *NotChecked `json:"notChecked,omitempty"`
	// Unannounced counts those that wait and are not known to be at a step of this deployment,
	// and their policies are named.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"`
	// WithoutRules is set when the rules have none for travel requests: nothing was asked.
	WithoutRules bool `json:"withoutRules,omitempty"`
}

// NotChecked is why a row of a list could not be looked at.
type NotChecked struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}
