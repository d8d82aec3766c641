package expense

import "time"

// The results of activities are values, not errors, for everything that is expected: a report
// that is gone, or an exception that Concur rejects.

// FetchReportInput says which report or travel request to read.
type FetchReportInput struct {
	ObjectURI string `json:"objectUri"`
	// ReportID is the report ID that ObjectURI must lead to. Empty accepts any report.
	ReportID string `json:"reportId,omitempty"`
	// EventType names the workflow step, if a notification gave it.
	EventType string `json:"eventType,omitempty"`
	// ValidationID, HeaderHash and ContentHashes are from the previous read. The activity
	// compares the new read with them.
	ValidationID  string `json:"validationId,omitempty"`
	HeaderHash    string `json:"headerHash,omitempty"`
	ContentHashes string `json:"contentHashes,omitempty"`
	// WrittenVia is the interface that the run has already used to write at this step.
	WrittenVia Interface `json:"writtenVia,omitempty"`
	// ReadAgain is true if the run reads an incomplete report once more. Only the last of
	// these reads may fall back to another interface.
	ReadAgain bool `json:"readAgain,omitempty"`
	// CheckedRuns are the IDs of earlier runs whose writes this run already knows.
	CheckedRuns []string `json:"checkedRuns,omitempty"`
	// UncheckedURIs are notification URIs that the run must delete and no read has checked yet.
	UncheckedURIs []string `json:"uncheckedUris,omitempty"`
	// CalloutEventTypes are the event types of callouts since the last read.
	CalloutEventTypes []string `json:"calloutEventTypes,omitempty"`
	// FailedListEventTypes are the event types of entries of the failed list. It is empty if
	// the report is also known from a callout or from another list.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
}

// RefusedHost is the detail of an Untrusted error about a notification's ObjectURI. Nothing
// was sent to the host.
type RefusedHost struct {
	Host string `json:"host,omitempty"`
	// AllowList is a hash of the allow-list that refused the host.
	AllowList string `json:"allowList,omitempty"`
}

// FetchedReport is the result of reading a report or a travel request. If Kind is not empty,
// there is nothing to evaluate, and Kind says why.
type FetchedReport struct {
	Answer
	ReportState
	ReportID    string         `json:"reportId,omitempty"` // for a travel request, the request's ID
	Revision    string         `json:"revision,omitempty"`
	ContentHash string         `json:"content,omitempty"` // the revision without the validation ID
	Report      *Report        `json:"report,omitempty"`  // only while it waits for the connector
	Request     *TravelRequest `json:"request,omitempty"` // instead of a report
	// RulesHash identifies the rules for which the report was read. Report holds only the
	// fields that these rules use.
	RulesHash string `json:"rulesHash,omitempty"`
	// VisibleWithin is the longest time that Concur may need to show a write, from the settings
	// of the worker that read the report. The run uses this value instead of its own setting,
	// because a replay may happen under another setting.
	VisibleWithin time.Duration `json:"visibleWithin,omitzero"`
	// StoredFields names the fields that Report holds. A name without parts covers the whole object.
	StoredFields []string `json:"storedFields,omitempty"`
	// FactNames names the facts that the rules need from the fact services.
	FactNames []string `json:"factNames,omitempty"`
	// DependsOnStep is true if some rule applies only at certain workflow steps.
	DependsOnStep bool `json:"dependsOnStep,omitempty"`
	// DryRun says why nothing will be written after this read. Empty means writes are on.
	DryRun DryRunReason `json:"dryRun,omitempty"`

	// Via is the interface that read the report. Writes use the same interface.
	Via Interface `json:"via,omitempty"`
	// Replaced is true if a text contains U+FFFD instead of an unreadable character.
	Replaced bool `json:"replaced,omitempty"`
	// FallbackReason says why Via is not the preferred interface of the deployment.
	FallbackReason string `json:"fallbackReason,omitempty"`
	// HeaderHash stands for the workflow step if Concur does not show the step. It is empty if
	// Concur does. Its content is private to package concur.
	HeaderHash string `json:"headerHash,omitempty"`
	// ContentHashes holds hashes of the content. Its format is private to package concur.
	ContentHashes string `json:"contentHashes,omitempty"`
	// Edited is true if the content differs from the previous read, as far as both reads
	// covered the same parts.
	Edited bool `json:"edited,omitempty"`
	// ReadAt is the time of the read. Parts are the parts that v3 or v4 read.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// MayHaveMoved is true if the validation ID equals the previous one and the header hashes
	// differ: the report was edited, or it waits at another step with the same ID.
	MayHaveMoved bool `json:"mayHaveMoved,omitempty"`
	// Existing lists the exceptions on the report whose codes the rules can post at this step.
	// Only v4 lists them.
	Existing []ExistingException `json:"existing,omitempty"`
	// TotalDiffers names the sum of the entries and the report's total if they differ.
	TotalDiffers string `json:"totalDiffers,omitempty"`
	// SkippedReason says why a person may want to check a travel request that does not wait
	// for the connector: see [Standing].
	SkippedReason string `json:"skippedReason,omitempty"`
	// UntrustedURIs lists the unchecked notification URIs that must not be called.
	UntrustedURIs []UntrustedURI `json:"untrustedUris,omitempty"`
	// Earlier says what earlier runs have written to the report at this step.
	Earlier EarlierRuns `json:"earlier,omitzero"`
	// NotOurs is true if the report is known only from the failed list and its step probably
	// belongs to another connector. The run then does nothing. Policies holds the identifiers
	// of the report's policy, one for each interface.
	NotOurs  bool     `json:"notOurs,omitempty"`
	Policies []string `json:"policies,omitempty"`
}

// UntrustedURI is a notification URI that must not be called, with the reason.
type UntrustedURI struct {
	URI string `json:"uri"`
	Why string `json:"why"`
}

// ReportState is where a read found a report.
type ReportState struct {
	Kind         Kind   `json:"kind,omitempty"`   // NotWaiting, NotFound, or empty: it waits at ValidationID
	Status       string `json:"status,omitempty"` // approval status code
	ValidationID string `json:"validationId,omitempty"`
}
