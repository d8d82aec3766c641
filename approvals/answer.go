package approvals

import (
	"encoding/json"
	"net/http"

	"concur-connector/expense"
)

// refusal is the body of every error answer.
type refusal struct {
	Error string `json:"error"`
}

// storedDecision is the answer to a decision that Temporal has stored. Accepted is null until a
// worker has processed the decision.
type storedDecision struct {
	DecisionID string `json:"decisionId"`
	Accepted   *bool  `json:"accepted"`
	Message    string `json:"message,omitempty"`
}

// rejectedDecision is the answer to a decision that the run rejected.
type rejectedDecision struct {
	refusal
	DecisionID string  `json:"decisionId"`
	Accepted   bool    `json:"accepted"` // false
	Why        string  `json:"why"`
	Winner     *winner `json:"winner,omitempty"` // the accepted decision of the same task
}

// unknownDecision is the answer if it is unknown whether Temporal has stored the decision.
type unknownDecision struct {
	refusal
	DecisionID string `json:"decisionId"`
}

type winner struct {
	ID       string                 `json:"id"`
	By       string                 `json:"by"`
	Decision expense.DecisionChoice `json:"decision"`
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	answer(w, status, refusal{Error: sentence})
}

func answer(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "10")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has disconnected needs no answer
}
