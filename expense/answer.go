package expense

// Answer names the activity that returned a result. Every activity result embeds it. The
// workflow rejects a result without it: somebody has completed the activity by hand.
type Answer struct {
	Of string `json:"of,omitempty"`
}

// AnswerOf returns the name of the activity that returned the result.
func (a Answer) AnswerOf() string { return a.Of }

// ActivityName names one activity of one workflow. All attempts of the activity share it.
func ActivityName(workflowID, activityID string) string { return workflowID + "/" + activityID }
