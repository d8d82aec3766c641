package expense

// Outcome says how a run ended.
type Outcome string

// The outcomes.
const (
	Approved               Outcome = "approved"
	ApprovedWithExceptions Outcome = "approved-with-exceptions"
	SentBack               Outcome = "sent-back"
	Withdrawn              Outcome = "withdrawn"   // others recalled it or sent it back before the connector acted
	Superseded             Outcome = "superseded"  // others moved it in another way
	Gone                   Outcome = "gone"        // Concur no longer has the report
	Unsupported            Outcome = "unsupported" // the connector does not handle this kind of object
	Cancelled              Outcome = "cancelled"   // by an operator
	DryRun                 Outcome = "dry-run"     // evaluated; nothing was written
	HandedOver             Outcome = "handed-over" // an older run of the same report handles it
	NotOurs                Outcome = "not-ours"    // it probably waits at a step of another connector
)

// Kind is the kind of an error. It decides whether the error is retried, parks the run or
// becomes a result. It is also the type of the Temporal application error.
type Kind string

// The kinds of error, each with its cause.
const (
	Unavailable  Kind = "Unavailable"  // no connection, no answer in time, 5xx on a read, 503
	RateLimited  Kind = "RateLimited"  // too many requests
	Deadlock     Kind = "Deadlock"     // Concur asks to send the request again
	Unauthorized Kind = "Unauthorized" // Concur rejects the token, also after one refresh
	Forbidden    Kind = "Forbidden"    // a role or a scope is missing
	NotFound     Kind = "NotFound"     // Concur does not have the object
	NotWaiting   Kind = "NotWaiting"   // the report does not wait at the validation step
	Rejected     Kind = "Rejected"     // Concur understood the request and rejected it
	// InvalidArgument means that the caller passed an invalid value, such as an empty ID or no
	// comment. Nothing was sent. The caller has a bug.
	InvalidArgument Kind = "InvalidArgument"
	// Interrupted means that the caller's context ended before an answer arrived. Nothing was
	// written. The error does not come from Concur.
	Interrupted          Kind = "Interrupted"
	Untrusted            Kind = "Untrusted"            // a URL that must not be called
	Malformed            Kind = "Malformed"            // an unreadable answer
	Incomplete           Kind = "Incomplete"           // an answer without all the entries that Concur claims
	TooLarge             Kind = "TooLarge"             // a report above the payload limit
	OutcomeUnknown       Kind = "OutcomeUnknown"       // a write was sent and its answer was lost
	WritesOff            Kind = "WritesOff"            // writes to Concur are switched off
	SendBackLimitReached Kind = "SendBackLimitReached" // the rules have sent back too many reports in an hour
	Blocked              Kind = "Blocked"              // a blocking exception prevents the approval
	NoApprover           Kind = "NoApprover"           // the report's owner has no approver
	CommentMissing       Kind = "CommentMissing"       // Concur requires a comment
	UnclearStep          Kind = "UnclearStep"          // Concur does not show clearly who must decide on a travel request
	AmbiguousStep        Kind = "AmbiguousStep"        // the report may wait at either of two steps with different rules
)

// Error makes a kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }
