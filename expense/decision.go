package expense

import "time"

// DecisionChoice is what a person does with a task.
type DecisionChoice string

// The choices. The last four decide nothing.
const (
	DecideApprove  DecisionChoice = "approve"
	DecideSendBack DecisionChoice = "send-back"
	AddComment     DecisionChoice = "comment"  // notes a comment in the task's record
	ClaimTask      DecisionChoice = "claim"    // says that this person works on the task
	ReleaseTask    DecisionChoice = "release"  // ends a claim
	DelegateTask   DecisionChoice = "delegate" // lets the person To decide, too
)

// Decision is what one person does with one task. It is the payload of the signal "decided".
// Sending a decision again with the same ID has no further effect.
type Decision struct {
	TaskID   string         `json:"taskId"`
	ID       string         `json:"decisionId,omitempty"`
	Decision DecisionChoice `json:"decision"`
	Comment  string         `json:"comment,omitempty"`
	To       string         `json:"to,omitempty"` // of a delegation: the approver's name
	By       string         `json:"by,omitempty"` // not verified; shown only together with a valid seal

	// The approvals endpoint sets these.
	Actor *Actor    `json:"actor,omitempty"`
	At    time.Time `json:"at,omitzero"`    // when the endpoint identified the actor
	Seal  string    `json:"seal,omitempty"` // proves that the endpoint sent all of the above
}
