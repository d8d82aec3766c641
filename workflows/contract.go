package workflows

import (
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

// Temporal stores everything in this file, in the histories of its users. A golden test notices every
// change.

// Workflow types.
const (
	ProcessNotification      = "ProcessNotification"
	SweepFailedNotifications = "SweepFailedNotifications"
	LimitSendBacks           = "LimitSendBacks"
	RememberSteps            = "RememberSteps"
	SendDigests              = "SendDigests"
)

// Activity types.
const (
	FetchReport             = "FetchReport"
	ValidateReport          = "ValidateReport"
	PostExceptions          = "PostExceptions"
	TakeAction              = "TakeAction"
	DeleteNotification      = "DeleteNotification"
	ListFailedNotifications = "ListFailedNotifications"
	ListPendingReports      = "ListPendingReports"
	StartProcessing         = "StartProcessing"
	DeliverDigests          = "DeliverDigests"

	FetchRequest        = "FetchRequest"
	ValidateRequest     = "ValidateRequest"
	ListPendingRequests = "ListPendingRequests"
	DeleteExceptions    = "DeleteExceptions"
	HandOverRun         = "HandOverRun"
	FetchFacts          = "FetchFacts"
	ApproveByException  = "ApproveByException"

	PlanTask        = "PlanTask"
	CheckDecision   = "CheckDecision"
	NotifyApprovers = "NotifyApprovers"
	ExportRecord    = "ExportRecord"
)

// Signals. Notified carries an expense.Notification, Decided an expense.Decision,
// Retried a Retry.
const (
	Notified = "notified"
	Decided  = "decided"
	Retried  = "retried"
)

// Retry is the payload of the signal Retried. It is optional.
type Retry struct {
	By string `json:"by,omitempty"`
}

// StatusQuery is the query that returns a Status.
const StatusQuery = "status"

// CheckSendBackUpdate is the update of LimitSendBacks that takes an expense.SendBackCheck and
// returns an expense.SendBackAnswer.
const CheckSendBackUpdate = "checkSendBack"

// PermitUpdate is the update of ProcessNotification that takes an expense.Permission and
// returns an expense.Permitted.
const PermitUpdate = "permit"

// AnnounceUpdate is the update of RememberSteps that takes an expense.Announcement and
// returns an expense.AnnouncedSteps.
const AnnounceUpdate = "announce"

// DefaultTaskQueue is where workflows run, and the activities that do not call
// Concur.
const DefaultTaskQueue = "concur-connector"

// SweepQueue names the queue of the runs that a sweep starts. It has a Concur queue of its own, too. So
// no callout waits behind a sweep.
func SweepQueue(taskQueue string) string { return taskQueue + "-sweep" }

// SweepScheduleID names the Temporal Schedule that sweeps the failed list.
func SweepScheduleID(taskQueue string) string { return "sweep-" + taskQueue }

// DigestScheduleID names the Temporal Schedule that sends digests to approvers.
func DigestScheduleID(taskQueue string) string { return "digest-" + taskQueue }

// SendBackLimitID names the one run of LimitSendBacks.
func SendBackLimitID(taskQueue string) string { return "send-back-limit-" + taskQueue }

// StepsID names the one run of RememberSteps.
func StepsID(taskQueue string) string { return "steps-" + taskQueue }

// ConcurQueue names the queue of the activities that call Concur. It is separate so that Temporal can
// limit its rate for all workers together.
func ConcurQueue(taskQueue string) string { return taskQueue + "-api" }

// FactQueue names the queue of the activity that asks the fact services. It is separate so that a slow
// fact service delays only the runs that wait for it, not calls of Concur or the rules.
func FactQueue(taskQueue string) string { return taskQueue + "-facts" }

// Search attributes, all of type Keyword. They hold no personal data: Temporal
// never encrypts a search attribute.
const (
	ReportIDAttribute   = "ConcurReportID"
	WaitingForAttribute = "ConcurWaitingFor"
	OutcomeAttribute    = "ConcurOutcome"
)

// NotificationMemo is the memo of a run that a sweep has started for an entry of the failed list: the
// entry's notification URI.
const NotificationMemo = "ConcurNotificationURI"

// TaskMemo is the memo of a run that waits for approvers: an expense.TaskSummary.
const TaskMemo = "ConcurTask"

// RefusedHostMemo is the memo of a run that is parked because the address in its own notification is
// refused: an expense.RefusedHost.
const RefusedHostMemo = "ConcurRefusedHost"

func reportIDKey() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword(ReportIDAttribute)
}

func waitingForKey() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword(WaitingForAttribute)
}

func outcomeKey() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword(OutcomeAttribute)
}

// Who a run waits for: the values of Status.WaitingFor and of the search attribute
// ConcurWaitingFor.
const (
	WaitingForApprover = "approver"
	WaitingForOperator = "operator"
)

// Outcomes lists how a run can end.
func Outcomes() []expense.Outcome {
	return []expense.Outcome{
		expense.Approved, expense.ApprovedWithExceptions, expense.SentBack, expense.Withdrawn,
		expense.Superseded, expense.Gone, expense.Unsupported, expense.Cancelled, expense.DryRun, expense.HandedOver,
		expense.NotOurs,
	}
}

// Kinds lists the kinds of error that a history can show.
func Kinds() []expense.Kind {
	return []expense.Kind{
		expense.Unavailable, expense.RateLimited, expense.Deadlock, expense.Unauthorized,
		expense.Forbidden, expense.NotFound, expense.NotWaiting, expense.Rejected,
		expense.Untrusted, expense.Malformed, expense.Incomplete, expense.TooLarge, expense.OutcomeUnknown,
		expense.WritesOff, expense.SendBackLimitReached, expense.Blocked, expense.NoApprover, expense.CommentMissing, expense.UnclearStep,
		expense.AmbiguousStep,
		expense.InvalidArgument, expense.Interrupted,
	}
}
