package expense

// DecisionChoice is the action that a person chose.
type DecisionChoice string

// The choices.
const (
	DecideApprove  DecisionChoice = "approve"
	DecideSendBack DecisionChoice = "send-back"
)

// Decision is one person's answer to one task. It is the payload of the signal "decided".
// Sending a decision again with the same ID has no further effect.
type Decision struct {
	TaskID   string         `json:"taskId"`
	ID       string         `json:"decisionId,omitempty"`
	Decision DecisionChoice `json:"decision"`
	Comment  string         `json:"comment,omitempty"`
	By       string         `json:"by,omitempty"`
}
