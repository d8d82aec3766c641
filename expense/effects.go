package expense

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// The inputs and results of the activities. Each activity has one effect; what
// cannot be avoided and is no accident (a report that is gone, an exception that
// Concur refuses) is a value here, not an error.

// FetchReportInput says which report, or which travel request, to read.
type FetchReportInput struct {
	ObjectURI string `json:"objectUri"`
	// ReportID is the ID of the report that must be found at ObjectURI. Empty, any is.
	ReportID string `json:"reportId,omitempty"`
	// EventType names the stop at which it waits, if a notification has.
	EventType string `json:"eventType,omitempty"`
	// ValidationID and Mark are those of the last read, with which this one is compared.
	ValidationID string `json:"validationId,omitempty"`
	HeaderHash   string `json:"headerHash,omitempty"`
	// ContentHashes is that of the last read, wherever that was.
	ContentHashes string `json:"contentHashes,omitempty"`
	// WrittenVia is the interface by which the run has begun to write where the report waits.
	WrittenVia Interface `json:"writtenVia,omitempty"`
	// ReadAgain says that a report that is not complete will be read once more: only the last
	// of these reads may fall back to another interface.
	ReadAgain bool `json:"readAgain,omitempty"`
	// CheckedRuns are the run IDs of runs before this one whose writes the run knows of.
	CheckedRuns []string `json:"checkedRuns,omitempty"`
	// UncheckedURIs are notification URIs that the run owes and that no read has checked yet.
	UncheckedURIs []string `json:"uncheckedUris,omitempty"`
	// CalloutEventTypes are the event types of callouts that no read has answered yet.
	CalloutEventTypes []string `json:"calloutEventTypes,omitempty"`
	// FailedListEventTypes are the event types of entries of the failed list, if nothing but such entries has
	// told of it.
	FailedListEventTypes []string `json:"failedListEventTypes,omitempty"`
}

// RefusedHost is the detail of an error of kind Untrusted about the address that a
// notification gave to its object. Nothing was sent there.
type RefusedHost struct {
	Host string `json:"host,omitempty"`
	// AllowList is a hash of the addresses that were allowed then.
	AllowList string `json:"allowList,omitempty"`
}

// FetchedReport is a report or a travel request as it was read, or why there is none to
// judge.
type FetchedReport struct {
	Answer
	ReportState
	ReportID string         `json:"reportId,omitempty"` // of a travel request: its own
	Revision string         `json:"revision,omitempty"`
	Content  string         `json:"content,omitempty"` // the revision without the stop
	Report   *Report        `json:"report,omitempty"`  // only while it waits at a stop
	Request  *TravelRequest `json:"request,omitempty"` // in the place of a report
	// RulesHash is of the rules for which Report was read: it holds what they read and
	// nothing else.
	RulesHash string `json:"rulesHash,omitempty"`
	// VisibleWithin is how long Concur may take until it shows a write, as the worker that read
	// was told. The run takes it from here and not from its own settings: they may be others
	// when its history is replayed.
	VisibleWithin time.Duration `json:"visibleWithin,omitzero"`
	// StoredFields names what of it those rules have kept; a name without parts stands for all of it.
	StoredFields []string `json:"storedFields,omitempty"`
	// FactNames names the facts that those rules ask the company's own systems for.
	FactNames []string `json:"factNames,omitempty"`
	// DependsOnStep is set when those rules differ between stops, which the EventType names.
	DependsOnStep bool `json:"dependsOnStep,omitempty"`
	// DryRun says that what follows from this read will not be written.
	DryRun DryRunReason `json:"dryRun,omitempty"`

	// Via is the interface by which it was read, and by which what follows is written.
	Via Interface `json:"via,omitempty"`
	// Replaced is set when U+FFFD stands in a text for a character that cannot be read.
	Replaced bool `json:"replaced,omitempty"`
	// FallbackReason says why Via is not the interface that the deployment prefers.
	FallbackReason string `json:"fallbackReason,omitempty"`
	// HeaderHash is what Concur shows of the step where the stop has no name of its own, and empty
	// where it has one. Only package concur knows what is in it.
	HeaderHash string `json:"headerHash,omitempty"`
	// ContentHashes holds digests of what the read showed. Only package concur knows what is in it.
	ContentHashes string `json:"contentHashes,omitempty"`
	// Edited is set when the content differs from that in the input, as far as both show it.
	Edited bool `json:"edited,omitempty"`
	// ReadAt is when it was read, and Parts are what was read of it by v3 or v4.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// MayHaveMoved is set when the stop has the name of that in the input, and the marks differ: the
	// report was changed since, or has come to another stop of the same name.
	MayHaveMoved bool `json:"mayHaveMoved,omitempty"`
	// Existing are the exceptions of those codes that our rules post at this stop which are on the
	// report, where Concur lists them.
	Existing []ExistingException `json:"existing,omitempty"`
	// TotalDiffers says what the entries sum to and what the report's total is, when these
	// are different amounts.
	TotalDiffers string `json:"totalDiffers,omitempty"`
	// SkippedReason says why a person may want to look at a travel request that does not wait for us:
	// see [Standing].
	SkippedReason string `json:"skippedReason,omitempty"`
	// UntrustedURIs are those of the unchecked notification URIs that must not be followed.
	UntrustedURIs []UntrustedURI `json:"untrustedUris,omitempty"`
	// Earlier says what runs before this one have written to the report at its stop.
	Earlier EarlierRuns `json:"earlier,omitzero"`
	// NotOurs is set when only entries of the failed list tell of it, and the step that they
	// name is not known to be this deployment's: nothing is to be done. Policies are then its
	// policy, as the interfaces print it.
	NotOurs  bool     `json:"notOurs,omitempty"`
	Policies []string `json:"policies,omitempty"`
}

// UntrustedURI is a notification URI that must not be followed, and why.
type UntrustedURI struct {
	URI string `json:"uri"`
	Why string `json:"why"`
}

// ReportState is where a report was found.
type ReportState struct {
	Kind         Kind   `json:"kind,omitempty"`   // NotWaiting, NotFound, or empty: it waits at Stop
	Status       string `json:"status,omitempty"` // approval status code
	ValidationID string `json:"validationId,omitempty"`
}

// ValidateReportInput is what the rules judge.
type ValidateReportInput struct {
	Report    *Report `json:"report"`
	RulesHash string  `json:"rulesHash"` // for which the report was read
	EventType string  `json:"eventType,omitempty"`
	// At is when it is judged: the rules' today.
	At    time.Time `json:"at,omitzero"`
	Facts Facts     `json:"facts,omitempty"`
}

// ValidateRequestInput is what the rules judge of a travel request.
type ValidateRequestInput struct {
	Request   *TravelRequest `json:"request"`
	RulesHash string         `json:"rulesHash"` // for which the request was read
	EventType string         `json:"eventType,omitempty"`
	At        time.Time      `json:"at,omitzero"`
	Facts     Facts          `json:"facts,omitempty"`
}

// EvaluationResult is a verdict, or none when the rules are others than those for which the
// report was read: it is to be read again.
type EvaluationResult struct {
	Answer
	Verdict *Verdict `json:"verdict,omitempty"`
	// DependsOnStepName is set when the verdict acts, and without the name of the stop would not, or when
	// it would then ask other people.
	DependsOnStepName bool `json:"dependsOnStepName,omitempty"`
}

// Attempt tells a write what it cannot know of itself: whether it may be the
// first. A write that is not the first treats its outcome as unknown.
type Attempt struct {
	// OriginalRunID is the run in which this write was first scheduled. It differs
	// from the activity's own run after a reset.
	OriginalRunID string `json:"originalRunId"`
	// OutcomeUnknown is set when an earlier write at this stop ended without an answer.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// Via is the interface by which the report was read.
	Via Interface `json:"via,omitempty"`
	// HeaderHash is the mark of the read that was judged or, when exceptions were put or taken off
	// since, of the read after the last of those writes.
	HeaderHash string `json:"headerHash,omitempty"`
	// ContentHashes holds digests of what was judged, as it was read.
	ContentHashes string `json:"contentHashes,omitempty"`
	// ReadAt is when that was, and Parts are what was read of it. What was read long ago is
	// read whole again before anything is written.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// ApproverAsked is set when a person was asked since: then it is read whole again, too.
	ApproverAsked bool `json:"approverAsked,omitempty"`
}

// FailedWrite is the detail of the error of a write that did not succeed.
type FailedWrite struct {
	Answer
	// OutcomeUnknown is set unless it is certain that neither this attempt nor one before
	// it has taken effect.
	OutcomeUnknown bool `json:"outcomeUnknown"`
	// Fix says what a person can do, when Concur's own code says what is wrong.
	Fix string `json:"fix,omitempty"`
}

// PostExceptionsInput says which exceptions to post, and what the flags were when
// the report was read and judged.
type PostExceptionsInput struct {
	Attempt
	ObjectURI    string      `json:"objectUri"`
	ValidationID string      `json:"validationId"`
	Exceptions   []Exception `json:"exceptions"`
	Flags        Flags       `json:"flags"`
}

// PostedExceptions says what became of each exception, in the order of the input.
// When Kind is not empty the report no longer waited at the stop and nothing more was sent.
type PostedExceptions struct {
	Answer
	ReportState
	Items []PostedException `json:"items,omitempty"`
	// OutcomeUnknown is set beside a Kind when some may have been posted all the same.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// HeaderHash is that of a read after what this wrote; Moved is set when it is another than that
	// in the input. When Kind is not empty, Moved says that the report may have come to
	// another stop of the same name, and nothing was sent.
	HeaderHash   string `json:"headerHash,omitempty"`
	MayHaveMoved bool   `json:"mayHaveMoved,omitempty"`
	// DryRun says that nothing was sent, and Items is then empty.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// PostState is what became of one exception.
type PostState string

// The states of an exception that was to be posted.
const (
	Posted      PostState = "posted"
	Refused     PostState = "refused"     // Concur answered so; Message says why
	Unconfirmed PostState = "unconfirmed" // its flag was set before; not sent again
	Unlisted    PostState = "unlisted"    // Concur has accepted it and does not list it; not sent again
)

// PostedException is one exception and what became of it.
type PostedException struct {
	Exception
	State   PostState `json:"state"`
	Message string    `json:"message,omitempty"` // Concur's words
}

// DeleteExceptionsInput names exceptions that are to be taken off a report again: those
// that were posted on it at an earlier stop, or for a verdict that no longer holds.
type DeleteExceptionsInput struct {
	Attempt
	ObjectURI    string              `json:"objectUri"`
	ValidationID string              `json:"validationId"`
	Exceptions   []ExistingException `json:"exceptions"`
}

// DeletedExceptions says what became of them.
type DeletedExceptions struct {
	Answer
	ReportState
	Deleted    []ExistingException `json:"deleted,omitempty"`
	NotDeleted []ExistingException `json:"notDeleted,omitempty"` // Concur does not take them off: others put them there
	// HeaderHash is that of a read after what this wrote; Moved is set when it is another than that
	// in the input. When Kind is not empty, Moved says that the report may have come to
	// another stop of the same name, and nothing was sent.
	HeaderHash   string `json:"headerHash,omitempty"`
	MayHaveMoved bool   `json:"mayHaveMoved,omitempty"`
	// DryRun says that nothing was sent.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// HandOverRunInput is what a run that has read its report leaves to another run of that report,
// if there is one.
type HandOverRunInput struct {
	ReportID string `json:"reportId"`
	// ObjectURI is the address by which a callout names the report. It is empty when the run
	// does not know it.
	ObjectURI      string   `json:"objectUri,omitempty"`
	EventTypes     []string `json:"eventTypes,omitempty"`
	PendingDeletes []string `json:"pendingDeletes,omitempty"` // notification URIs
}

// HandedOverRun names the run that the report was left to, by its notification ID. It is empty
// when no other run sees to the report.
type HandedOverRun struct {
	Answer
	To string `json:"to,omitempty"`
}

// TakeActionInput says what to do with the report, and at which stop.
type TakeActionInput struct {
	Attempt
	ObjectURI    string `json:"objectUri"`
	ValidationID string `json:"validationId"`
	Action       Action `json:"action"` // Approve or SendBack
	Comment      string `json:"comment,omitempty"`
	// ExpenseRejectedComment is sent only if Concur asks for it.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`
	// ByRules is set when no person has decided it: the brake is asked.
	ByRules bool `json:"byRules,omitempty"`
	// LimitOverridden is set when an operator has it done whatever the brake says.
	LimitOverridden bool `json:"limitOverridden,omitempty"`
}

// ActionTaken says what became of an action. When Kind is not empty the report no
// longer waited at the stop and nothing was sent by this attempt. When it is empty the
// action was taken, and Stop is where the object waits for us again, if Concur says so.
type ActionTaken struct {
	Answer
	ReportState
	// Confirmed is set when a read, and not Concur's answer, showed that the report
	// has left the stop in the direction of our action. The report may then wait at
	// the next stop.
	Confirmed bool `json:"confirmed,omitempty"`
	// OutcomeUnknown is set when this was not the first attempt: an earlier one may have
	// acted, though what was read does not look like it.
	OutcomeUnknown bool `json:"outcomeUnknown,omitempty"`
	// MayHaveMoved is set when the report waits, and was changed since it was judged or has come to
	// another stop that has the same name: nothing was sent, and it is to be judged anew.
	MayHaveMoved bool `json:"mayHaveMoved,omitempty"`
	// Posted is set when the exception that passes the report on is on it, by this attempt or
	// by one before.
	Posted bool `json:"posted,omitempty"`
	// StillWaiting is set when the report waits at the stop all the same.
	StillWaiting bool `json:"stillWaiting,omitempty"`
	// DryRun says that nothing was sent.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// ApproveByExceptionInput says by which exception the report is to be passed on: this
// company's workflow moves a report on that has it. Its Comment is not sent.
type ApproveByExceptionInput struct {
	TakeActionInput
	Code string `json:"code"`
	// AlreadyPosted is set when it is known to be on the report since this stop: it is not posted
	// again, and it is only looked whether the report has left.
	AlreadyPosted bool `json:"alreadyPosted,omitempty"`
	// FlagWasSet is set when the report's flag was up before, or may have been: it then proves
	// nothing.
	FlagWasSet bool `json:"flagWasSet,omitempty"`
}

// Exception is the one that is posted.
func (in ApproveByExceptionInput) Exception() Exception {
	return Exception{ObjectType: OnReport, Code: in.Code}
}

// DeleteNotificationInput names the entry of the failed list to delete.
type DeleteNotificationInput struct {
	NotificationURI string `json:"notificationUri"`
	// DryRun says why the report that it told of is not written to.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// DeletedNotification says what became of the entry.
type DeletedNotification struct {
	Answer
	DryRun DryRunReason `json:"dryRun,omitempty"` // it was left where it is
	// Untrusted says why the URI must not be followed: nothing was sent.
	Untrusted string `json:"untrusted,omitempty"`
}

// ListFailedNotificationsInput asks for a part of the failed list.
type ListFailedNotificationsInput struct {
	After string `json:"after,omitempty"` // the Next of the part before
	Limit int    `json:"limit"`
	// Reported are the marks of entries that cannot be understood and were named before.
	Reported []string `json:"reported,omitempty"`
}

// FailedNotifications is a part of Concur's failed list, ordered by notification URI.
type FailedNotifications struct {
	Answer
	Items      []Notification    `json:"items,omitempty"`
	Unreadable []UnreadableEntry `json:"unreadable,omitempty"`
	Unlisted   int               `json:"unlisted,omitempty"` // more that cannot be understood
	Reported   []string          `json:"reported,omitempty"` // the marks of those that were named before
	// NotOurs counts the entries that name a step of another connector, as far as is known, and
	// Others are the first of them that were not named before.
	NotOurs        int               `json:"notOurs,omitempty"`
	NotOursEntries []UnreadableEntry `json:"notOursEntries,omitempty"`
	Next           string            `json:"next,omitempty"` // empty after the last part
}

// UnreadableEntry is an entry of the failed list that cannot be understood. It is
// reported and left where it is.
type UnreadableEntry struct {
	NotificationURI string `json:"notificationUri,omitempty"`
	ObjectURI       string `json:"objectUri,omitempty"`
	Reason          string `json:"reason"`
}

// Hash is a short hash by which an entry is known again.
func (q UnreadableEntry) Hash() string {
	sum := sha256.Sum256([]byte(q.NotificationURI + "\n" + q.ObjectURI + "\n" + q.Reason))
	return hex.EncodeToString(sum[:6])
}

// StartProcessingInput is what a sweep found, in a list that was read at that moment.
type StartProcessingInput struct {
	Notifications []Notification `json:"notifications"`
	ListedAt      time.Time      `json:"listedAt,omitzero"`
	// Grace is how long a run that has closed is reason enough to leave alone what a list
	// shows as waiting.
	Grace time.Duration `json:"grace,omitempty"`
}

// ListRead is how a list was read in which something was found.
type ListRead struct {
	At            time.Time
	Grace         time.Duration // see StartProcessingInput
	DryRun        DryRunReason  // why nothing would be written now
	VisibleWithin time.Duration // how long the list may show an entry that was deleted
	// Owns reports whether an object of which the failed list tells is this deployment's: by the
	// events that name its step, and by its policy. Nil: it is not.
	Owns func(object ObjectKind, events, policies []string) bool
}

// StartedProcessing says what became of each.
type StartedProcessing struct {
	Answer
	Started  int `json:"started,omitempty"`  // a new run
	Signaled int `json:"signaled,omitempty"` // an open run was told
	Skipped  int `json:"skipped,omitempty"`  // left alone: its last run says so

	// Failed are those that Temporal refused for what they are.
	Failed []UnreadableEntry `json:"failed,omitempty"`
}

// Swept is what became of one notification that a sweep found.
type Swept string

// What becomes of a notification that a sweep finds.
const (
	SweptStarted     Swept = "started"
	SweptSignaled    Swept = "signaled"
	SweptSkipped     Swept = "skipped"
	SweptStillListed Swept = "still-listed" // Concur has said several times that it deleted it
	SweptUnknown     Swept = "unknown"      // an operator ended its last run, perhaps because of it, and that cannot be asked
)

// WaitsUntilShown bounds how often one attempt of an activity waits until Concur shows a write.
// Each wait may take as long as Concur may take to show one. A run gives the activity that
// much more time.
const WaitsUntilShown = 3
