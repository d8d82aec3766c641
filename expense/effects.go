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
	// Stop and Mark are those of the last read, with which this one is compared.
	Stop string `json:"stop,omitempty"`
	Mark string `json:"mark,omitempty"`
	// Shown is that of the last read, wherever that was.
	Shown string `json:"shown,omitempty"`
	// Begun is the interface by which the run has begun to write where the report waits.
	Begun Interface `json:"begun,omitempty"`
	// ReadAgain says that a report that is not complete will be read once more: only the last
	// of these reads may fall back to another interface.
	ReadAgain bool `json:"readAgain,omitempty"`
	// Looked are the run IDs of runs before this one whose writes the run knows of.
	Looked []string `json:"looked,omitempty"`
	// Unchecked are notification URIs that the run owes and that no read has checked yet.
	Unchecked []string `json:"unchecked,omitempty"`
	// Callouts are the event types of callouts that no read has answered yet.
	Callouts []string `json:"callouts,omitempty"`
	// Entries are the event types of entries of the failed list, if nothing but such entries has
	// told of it.
	Entries []string `json:"entries,omitempty"`
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
	Reading
	ReportID string         `json:"reportId,omitempty"` // of a travel request: its own
	Revision string         `json:"revision,omitempty"`
	Content  string         `json:"content,omitempty"` // the revision without the stop
	Report   *Report        `json:"report,omitempty"`  // only while it waits at a stop
	Request  *TravelRequest `json:"request,omitempty"` // in the place of a report
	// RulesHash is of the rules for which Report was read: it holds what they read and
	// nothing else.
	RulesHash string `json:"rulesHash,omitempty"`
	// ShownWithin is how long Concur may take until it shows a write, as the worker that read
	// was told. The run takes it from here and not from its own settings: they may be others
	// when its history is replayed.
	ShownWithin time.Duration `json:"shownWithin,omitzero"`
	// Kept names what of it those rules have kept; a name without parts stands for all of it.
	Kept []string `json:"kept,omitempty"`
	// Asks names the facts that those rules ask the company's own systems for.
	Asks []string `json:"asks,omitempty"`
	// ByStop is set when those rules differ between stops, which the EventType names.
	ByStop bool `json:"byStop,omitempty"`
	// Withheld says that what follows from this read will not be written.
	Withheld Withheld `json:"withheld,omitempty"`

	// Via is the interface by which it was read, and by which what follows is written.
	Via Interface `json:"via,omitempty"`
	// Replaced is set when U+FFFD stands in a text for a character that cannot be read.
	Replaced bool `json:"replaced,omitempty"`
	// FellBack says why Via is not the interface that the deployment prefers.
	FellBack string `json:"fellBack,omitempty"`
	// Mark is what Concur shows of the step where the stop has no name of its own, and empty
	// where it has one. Only package concur knows what is in it.
	Mark string `json:"mark,omitempty"`
	// Shown holds digests of what the read showed. Only package concur knows what is in it.
	Shown string `json:"shown,omitempty"`
	// Edited is set when the content differs from that in the input, as far as both show it.
	Edited bool `json:"edited,omitempty"`
	// ReadAt is when it was read, and Parts are what was read of it by v3 or v4.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// Moved is set when the stop has the name of that in the input, and the marks differ: the
	// report was changed since, or has come to another stop of the same name.
	Moved bool `json:"moved,omitempty"`
	// Held are the exceptions of those codes that our rules post at this stop which are on the
	// report, where Concur lists them.
	Held []HeldException `json:"held,omitempty"`
	// TotalDiffers says what the entries sum to and what the report's total is, when these
	// are different amounts.
	TotalDiffers string `json:"totalDiffers,omitempty"`
	// LeftAlone says why a person may want to look at a travel request that does not wait for us:
	// see [Standing].
	LeftAlone string `json:"leftAlone,omitempty"`
	// Foreign are those of the unchecked notification URIs that must not be followed.
	Foreign []RefusedURI `json:"foreign,omitempty"`
	// Earlier says what runs before this one have written to the report at its stop.
	Earlier EarlierRuns `json:"earlier,omitzero"`
	// NotOurs is set when only entries of the failed list tell of it, and the step that they
	// name is not known to be this deployment's: nothing is to be done. Policies are then its
	// policy, as the interfaces print it.
	NotOurs  bool     `json:"notOurs,omitempty"`
	Policies []string `json:"policies,omitempty"`
}

// RefusedURI is a notification URI that must not be followed, and why.
type RefusedURI struct {
	URI string `json:"uri"`
	Why string `json:"why"`
}

// Reading is where a report was found.
type Reading struct {
	Kind   Kind   `json:"kind,omitempty"`   // NotWaiting, NotFound, or empty: it waits at Stop
	Status string `json:"status,omitempty"` // approval status code
	Stop   string `json:"stop,omitempty"`
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

// Judgement is a verdict, or none when the rules are others than those for which the
// report was read: it is to be read again.
type Judgement struct {
	Answer
	Verdict *Verdict `json:"verdict,omitempty"`
	// ByName is set when the verdict acts, and without the name of the stop would not, or when
	// it would then ask other people.
	ByName bool `json:"byName,omitempty"`
}

// Attempt tells a write what it cannot know of itself: whether it may be the
// first. A write that is not the first treats its outcome as unknown.
type Attempt struct {
	// OriginalRunID is the run in which this write was first scheduled. It differs
	// from the activity's own run after a reset.
	OriginalRunID string `json:"originalRunId"`
	// Doubtful is set when an earlier write at this stop ended without an answer.
	Doubtful bool `json:"doubtful,omitempty"`
	// Via is the interface by which the report was read.
	Via Interface `json:"via,omitempty"`
	// Mark is the mark of the read that was judged or, when exceptions were put or taken off
	// since, of the read after the last of those writes.
	Mark string `json:"mark,omitempty"`
	// Shown holds digests of what was judged, as it was read.
	Shown string `json:"shown,omitempty"`
	// ReadAt is when that was, and Parts are what was read of it. What was read long ago is
	// read whole again before anything is written.
	ReadAt time.Time `json:"readAt,omitzero"`
	Parts  Parts     `json:"parts,omitzero"`
	// Asked is set when a person was asked since: then it is read whole again, too.
	Asked bool `json:"asked,omitempty"`
}

// FailedWrite is the detail of the error of a write that did not succeed.
type FailedWrite struct {
	Answer
	// Doubtful is set unless it is certain that neither this attempt nor one before
	// it has taken effect.
	Doubtful bool `json:"doubtful"`
	// Mend says what a person can do, when Concur's own code says what is wrong.
	Mend string `json:"mend,omitempty"`
}

// PostExceptionsInput says which exceptions to post, and what the flags were when
// the report was read and judged.
type PostExceptionsInput struct {
	Attempt
	ObjectURI  string      `json:"objectUri"`
	Stop       string      `json:"stop"`
	Exceptions []Exception `json:"exceptions"`
	Flags      Flags       `json:"flags"`
}

// PostedExceptions says what became of each exception, in the order of the input.
// When Kind is not empty the report no longer waited at the stop and nothing more was sent.
type PostedExceptions struct {
	Answer
	Reading
	Items []PostedException `json:"items,omitempty"`
	// Doubtful is set beside a Kind when some may have been posted all the same.
	Doubtful bool `json:"doubtful,omitempty"`
	// Mark is that of a read after what this wrote; Moved is set when it is another than that
	// in the input. When Kind is not empty, Moved says that the report may have come to
	// another stop of the same name, and nothing was sent.
	Mark  string `json:"mark,omitempty"`
	Moved bool   `json:"moved,omitempty"`
	// Withheld says that nothing was sent, and Items is then empty.
	Withheld Withheld `json:"withheld,omitempty"`
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

// ClearExceptionsInput names exceptions that are to be taken off a report again: those
// that were posted on it at an earlier stop, or for a verdict that no longer holds.
type ClearExceptionsInput struct {
	Attempt
	ObjectURI  string          `json:"objectUri"`
	Stop       string          `json:"stop"`
	Exceptions []HeldException `json:"exceptions"`
}

// ClearedExceptions says what became of them.
type ClearedExceptions struct {
	Answer
	Reading
	Cleared []HeldException `json:"cleared,omitempty"`
	Kept    []HeldException `json:"kept,omitempty"` // Concur does not take them off: others put them there
	// Mark is that of a read after what this wrote; Moved is set when it is another than that
	// in the input. When Kind is not empty, Moved says that the report may have come to
	// another stop of the same name, and nothing was sent.
	Mark  string `json:"mark,omitempty"`
	Moved bool   `json:"moved,omitempty"`
	// Withheld says that nothing was sent.
	Withheld Withheld `json:"withheld,omitempty"`
}

// JoinRunInput is what a run that has read its report leaves to another run of that report,
// if there is one.
type JoinRunInput struct {
	ReportID string `json:"reportId"`
	// ObjectURI is the address by which a callout names the report. It is empty when the run
	// does not know it.
	ObjectURI  string   `json:"objectUri,omitempty"`
	EventTypes []string `json:"eventTypes,omitempty"`
	Owed       []string `json:"owed,omitempty"` // notification URIs
}

// JoinedRun names the run that the report was left to, by its notification ID. It is empty
// when no other run sees to the report.
type JoinedRun struct {
	Answer
	With string `json:"with,omitempty"`
}

// TakeActionInput says what to do with the report, and at which stop.
type TakeActionInput struct {
	Attempt
	ObjectURI string `json:"objectUri"`
	Stop      string `json:"stop"`
	Action    Action `json:"action"` // Approve or SendBack
	Comment   string `json:"comment,omitempty"`
	// ExpenseRejectedComment is sent only if Concur asks for it.
	ExpenseRejectedComment string `json:"expenseRejectedComment,omitempty"`
	// ByRules is set when no person has decided it: the brake is asked.
	ByRules bool `json:"byRules,omitempty"`
	// Overruled is set when an operator has it done whatever the brake says.
	Overruled bool `json:"overruled,omitempty"`
}

// ActionTaken says what became of an action. When Kind is not empty the report no
// longer waited at the stop and nothing was sent by this attempt. When it is empty the
// action was taken, and Stop is where the object waits for us again, if Concur says so.
type ActionTaken struct {
	Answer
	Reading
	// Confirmed is set when a read, and not Concur's answer, showed that the report
	// has left the stop in the direction of our action. The report may then wait at
	// the next stop.
	Confirmed bool `json:"confirmed,omitempty"`
	// Doubtful is set when this was not the first attempt: an earlier one may have
	// acted, though what was read does not look like it.
	Doubtful bool `json:"doubtful,omitempty"`
	// Moved is set when the report waits, and was changed since it was judged or has come to
	// another stop that has the same name: nothing was sent, and it is to be judged anew.
	Moved bool `json:"moved,omitempty"`
	// Posted is set when the exception that passes the report on is on it, by this attempt or
	// by one before.
	Posted bool `json:"posted,omitempty"`
	// Stays is set when the report waits at the stop all the same.
	Stays bool `json:"stays,omitempty"`
	// Withheld says that nothing was sent.
	Withheld Withheld `json:"withheld,omitempty"`
}

// ApproveByExceptionInput says by which exception the report is to be passed on: this
// company's workflow moves a report on that has it. Its Comment is not sent.
type ApproveByExceptionInput struct {
	TakeActionInput
	Code string `json:"code"`
	// Posted is set when it is known to be on the report since this stop: it is not posted
	// again, and it is only looked whether the report has left.
	Posted bool `json:"posted,omitempty"`
	// Flagged is set when the report's flag was up before, or may have been: it then proves
	// nothing.
	Flagged bool `json:"flagged,omitempty"`
}

// Exception is the one that is posted.
func (in ApproveByExceptionInput) Exception() Exception {
	return Exception{ObjectType: OnReport, Code: in.Code}
}

// DeleteNotificationInput names the entry of the failed list to delete.
type DeleteNotificationInput struct {
	NotificationURI string `json:"notificationUri"`
	// Withheld says why the report that it told of is not written to.
	Withheld Withheld `json:"withheld,omitempty"`
}

// DeletedNotification says what became of the entry.
type DeletedNotification struct {
	Answer
	Withheld Withheld `json:"withheld,omitempty"` // it was left where it is
	// Refused says why the URI must not be followed: nothing was sent.
	Refused string `json:"refused,omitempty"`
}

// ListFailedNotificationsInput asks for a part of the failed list.
type ListFailedNotificationsInput struct {
	After string `json:"after,omitempty"` // the Next of the part before
	Limit int    `json:"limit"`
	// Told are the marks of entries that cannot be understood and were named before.
	Told []string `json:"told,omitempty"`
}

// FailedNotifications is a part of Concur's failed list, ordered by notification URI.
type FailedNotifications struct {
	Answer
	Items       []Notification `json:"items,omitempty"`
	Quarantined []Quarantined  `json:"quarantined,omitempty"`
	Unlisted    int            `json:"unlisted,omitempty"` // more that cannot be understood
	Told        []string       `json:"told,omitempty"`     // the marks of those that were named before
	// NotOurs counts the entries that name a step of another connector, as far as is known, and
	// Others are the first of them that were not named before.
	NotOurs int           `json:"notOurs,omitempty"`
	Others  []Quarantined `json:"others,omitempty"`
	Next    string        `json:"next,omitempty"` // empty after the last part
}

// Quarantined is an entry of the failed list that cannot be understood. It is
// reported and left where it is.
type Quarantined struct {
	NotificationURI string `json:"notificationUri,omitempty"`
	ObjectURI       string `json:"objectUri,omitempty"`
	Reason          string `json:"reason"`
}

// Mark is a short hash by which an entry is known again.
func (q Quarantined) Mark() string {
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

// Sight is how a list was read in which something was found.
type Sight struct {
	At       time.Time
	Grace    time.Duration // see StartProcessingInput
	Withheld Withheld      // why nothing would be written now
	Shown    time.Duration // how long the list may show an entry that was deleted
	// Owns reports whether an object of which the failed list tells is this deployment's: by the
	// events that name its step, and by its policy. Nil: it is not.
	Owns func(object ObjectKind, events, policies []string) bool
}

// StartedProcessing says what became of each.
type StartedProcessing struct {
	Answer
	Started int `json:"started,omitempty"` // a new run
	Joined  int `json:"joined,omitempty"`  // an open run was told
	Left    int `json:"left,omitempty"`    // left alone: its last run says so

	// Failed are those that Temporal refused for what they are.
	Failed []Quarantined `json:"failed,omitempty"`
}

// Swept is what became of one notification that a sweep found.
type Swept string

// What becomes of a notification that a sweep finds.
const (
	SweptStarted Swept = "started"
	SweptJoined  Swept = "joined"
	SweptLeft    Swept = "left"
	SweptStays   Swept = "stays"   // Concur has said several times that it deleted it
	SweptUnknown Swept = "unknown" // an operator ended its last run, perhaps because of it, and that cannot be asked
)

// WaitsUntilShown bounds how often one attempt of an activity waits until Concur shows a write.
// Each wait may take as long as Concur may take to show one. A run gives the activity that
// much more time.
const WaitsUntilShown = 3
