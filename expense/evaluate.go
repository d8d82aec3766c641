package expense

import "time"

// ValidateReportInput is a report to evaluate.
type ValidateReportInput struct {
	Report    *Report `json:"report"`
	RulesHash string  `json:"rulesHash"` // of the rules for which the report was read
	EventType string  `json:"eventType,omitempty"`
	// At is the time of the evaluation. It defines "today" in rules.
	At    time.Time `json:"at,omitzero"`
	Facts Facts     `json:"facts,omitempty"`
}

// ValidateRequestInput is a travel request to evaluate.
type ValidateRequestInput struct {
	Request   *TravelRequest `json:"request"`
	RulesHash string         `json:"rulesHash"` // of the rules for which the request was read
	EventType string         `json:"eventType,omitempty"`
	At        time.Time      `json:"at,omitzero"`
	Facts     Facts          `json:"facts,omitempty"`
}

// EvaluationResult is the verdict of the rules. Verdict is nil if the rules have changed since
// the report was read. The run then reads the report again.
type EvaluationResult struct {
	Answer
	Verdict *Verdict `json:"verdict,omitempty"`
	// DependsOnStepName is true if the verdict would be another one without the step's name:
	// it would not act, or it would ask other people.
	DependsOnStepName bool `json:"dependsOnStepName,omitempty"`
}
