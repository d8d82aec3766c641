package expense

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

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

// The most that a decision may contain. The endpoint and the run refuse a larger one.
const (
	MaxDecisionID   = 100      // characters
	MaxTaskID       = 400      // characters: a notification ID, a revision and a counter
	MaxDelegate     = 64       // characters: the longest name of an approver
	MaxComment      = 2000     // characters
	MaxDecisionSize = 32 << 10 // bytes of JSON: the whole decision with its actor
)

// Unfit says why a decision cannot be used, whoever sent it and whatever task it is about: it is
// too long, or its IDs contain characters that cannot be shown. It is empty if the
// decision can be used. It quotes nothing of the decision.
func (d Decision) Unfit() string {
	switch {
	case !isPrintableUpTo(d.ID, MaxDecisionID):
		return fmt.Sprintf("decisionId must be at most %d printable characters", MaxDecisionID)
	case !isPrintableUpTo(d.TaskID, MaxTaskID):
		return fmt.Sprintf("taskId must be at most %d printable characters", MaxTaskID)
	case !isPrintableUpTo(d.To, MaxDelegate):
		return fmt.Sprintf("to must be at most %d printable characters", MaxDelegate)
	case !isPrintableUpTo(d.Seal, MaxDecisionID):
		return "the seal cannot be read"
	case utf8.RuneCountInString(d.Comment) > MaxComment:
		return fmt.Sprintf("comment must be at most %d characters", MaxComment)
	}
	return ""
}

func isPrintableUpTo(text string, most int) bool {
	return utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
