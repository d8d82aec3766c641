package expense

import "time"

// PendingReport is a row of Concur's list of reports at external validation. It contains no
// names of people.
type PendingReport struct {
	ID           string    `json:"id"`
	LastModified time.Time `json:"lastModified,omitzero"` // of the header; zero if unknown
	Submitted    time.Time `json:"submitted,omitzero"`    // zero if unknown
	Policy       string    `json:"policy,omitempty"`      // as v3 prints it; empty if unknown
}

// Since returns the earliest time from which the report can have waited, or zero if it is
// unknown. The report may have arrived later: moving from one validation step to the next need
// not change the header's LastModifiedDate.
func (r PendingReport) Since() time.Time {
	if r.Submitted.After(r.LastModified) {
		return r.Submitted
	}
	return r.LastModified
}

// ListPendingReportsInput asks for one page of the list. Reports that have waited for less than
// MissedAfter are not counted.
type ListPendingReportsInput struct {
	MissedAfter time.Duration `json:"missedAfter"`
	Page        string        `json:"page,omitempty"` // Next of the previous page
	// FirstReadWithin is how long a run may need until its first read. While such a run exists, a
	// report stays undetermined for this time after MissedAfter: the run may handle the report.
	FirstReadWithin time.Duration `json:"firstReadWithin,omitempty"`
	// WithNotifications asks for the notifications of missed reports, to start their runs.
	WithNotifications bool `json:"withNotifications,omitempty"`
}

// PendingReports summarizes one page of the list, and names the missed reports: those without
// a run, because their callout and their entry in the failed list were lost.
type PendingReports struct {
	Answer
	Waiting      int      `json:"waiting"`                // reports that have waited longer than MissedAfter
	Known        int      `json:"known"`                  // of these: a run handles them or recently did
	Missed       int      `json:"missed"`                 // of these: no run handles them
	Undetermined int      `json:"undetermined,omitempty"` // of these: a run without a first read may be theirs
	Reports      []string `json:"reports,omitempty"`      // the first of the missed reports
	Next         string   `json:"next,omitempty"`         // empty after the last page

	// Unannounced counts the reports that have waited longer than MissedAfter at a step which is
	// not known to belong to this deployment. The lists hold the first of these reports and
	// their policies.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedReports  []string `json:"unannouncedReports,omitempty"`
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"`

	Notifications    []Notification `json:"notifications,omitempty"`    // of the missed reports, if asked for
	NotStartedReason string         `json:"notStartedReason,omitempty"` // why some missed reports have no notification
}

// ListPendingRequestsInput asks for one page of the list of travel requests.
type ListPendingRequestsInput struct {
	Page string `json:"page,omitempty"` // Next of the previous page
	// Announced is true if a callout, or an entry of the failed list for a step of this
	// deployment, says that some travel request waits. Callouts holds the event types.
	Announced bool     `json:"announced,omitempty"`
	Callouts  []string `json:"callouts,omitempty"`
}

// PendingRequests holds the notifications of the travel requests on one page of the list that
// wait or may wait for the connector: see [TravelRequest.Standing].
type PendingRequests struct {
	Answer
	Notifications []Notification `json:"notifications,omitempty"`
	Next          string         `json:"next,omitempty"` // empty after the last page
	// Skipped counts other requests that a person may want to check. SkippedReason says why,
	// for the last of them: see [Standing].
	Skipped       int    `json:"skipped,omitempty"`
	SkippedReason string `json:"skippedReason,omitempty"`
	// NotChecked is the error of the last request that could not be read.
	NotChecked *NotChecked `json:"notChecked,omitempty"`
	// Unannounced counts the requests that wait at a step which is not known to belong to this
	// deployment. UnannouncedPolicies holds their policies.
	Unannounced         int      `json:"unannounced,omitempty"`
	UnannouncedPolicies []string `json:"unannouncedPolicies,omitempty"`
	// WithoutRules is true if the rules file has no rules for travel requests. The list was then
	// not read.
	WithoutRules bool `json:"withoutRules,omitempty"`
}

// NotChecked says why a row of a list could not be checked.
type NotChecked struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}
