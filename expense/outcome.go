package expense

// Outcome says how a run ended.
type Outcome string

// The outcomes.
const (
	Approved               Outcome = "approved"
	ApprovedWithExceptions Outcome = "approved-with-exceptions"
	SentBack               Outcome = "sent-back"
	Withdrawn              Outcome = "withdrawn"   // recalled or sent back by others before we acted
	Superseded             Outcome = "superseded"  // every other move that was not ours
	Gone                   Outcome = "gone"        // Concur no longer has the report
	Unsupported            Outcome = "unsupported" // an object that we do not handle
	Cancelled              Outcome = "cancelled"   // by an operator
	DryRun                 Outcome = "dry-run"     // judged and shown; nothing was written
	HandedOver             Outcome = "handed-over" // another run sees to it
	NotOurs                Outcome = "not-ours"    // at a step of another connector, as far as is known
)

// Kind is the kind of an error, and with it what is done about the error. It is
// the type of the Temporal application error that carries it.
type Kind string

// The kinds of error. Each says when it is given, and what whoever called can do.
const (
	Unavailable  Kind = "Unavailable"  // no connection, no answer in time, 5xx on a read, 503
	RateLimited  Kind = "RateLimited"  // too many requests
	Deadlock     Kind = "Deadlock"     // Concur asks to send it again
	Unauthorized Kind = "Unauthorized" // our access is refused, after one refresh
	Forbidden    Kind = "Forbidden"    // a role or a scope is missing
	NotFound     Kind = "NotFound"     // Concur does not have the object
	NotWaiting   Kind = "NotWaiting"   // the report does not wait at the stop
	Rejected     Kind = "Rejected"     // Concur understood and refused
	// InvalidArgument is for what the caller passed: an empty ID, a comment that is missing, a
	// guard of a field that nobody documents. Nothing was sent; the caller must be mended.
	InvalidArgument Kind = "InvalidArgument"
	// Interrupted is for a context of the caller's that was cancelled, or whose deadline passed,
	// before there was an answer. It says nothing about Concur. Nothing was written.
	Interrupted          Kind = "Interrupted"
	Untrusted            Kind = "Untrusted"            // a URL that must not be followed
	Malformed            Kind = "Malformed"            // an answer that cannot be read
	Incomplete           Kind = "Incomplete"           // an answer that does not hold what Concur claims
	TooLarge             Kind = "TooLarge"             // a report above the payload limit
	OutcomeUnknown       Kind = "OutcomeUnknown"       // a write was sent and its answer was lost
	WritesOff            Kind = "WritesOff"            // writes to Concur are switched off
	SendBackLimitReached Kind = "SendBackLimitReached" // more reports go back than the brake allows
	Blocked              Kind = "Blocked"              // a blocking exception stops the action
	NoApprover           Kind = "NoApprover"           // the owner has no approver whom it could go to
	CommentMissing       Kind = "CommentMissing"       // Concur requires a comment that it did not get
	UnclearStep          Kind = "UnclearStep"          // Concur does not say clearly for whom a travel request waits
	AmbiguousStep        Kind = "AmbiguousStep"        // the stop cannot be told from another one of the rules
)

// Error makes a kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }
