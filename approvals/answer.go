package approvals

import (
	"encoding/json"
	"net/http"

	"concur-connector/expense"
)

// refusal is the body of every answer that is no success.
type refusal struct {
	Error string `json:"error"`
}

// verdict is the answer to a decision that was stored. Accepted is absent (null)
// while no worker has said.
type verdict struct {
	DecisionID string `json:"decisionId"`
	Accepted   *bool  `json:"accepted"`
	Message    string `json:"message,omitempty"`
}

// overruled is the answer to a decision that does not count.
type overruled struct {
	refusal
	DecisionID string  `json:"decisionId"`
	Accepted   bool    `json:"accepted"` // false
	Why        string  `json:"why"`
	Winner     *winner `json:"winner,omitempty"` // the decision of that task that counted
}

// undecided is the answer when it is open whether a decision was stored.
type undecided struct {
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
	_ = json.NewEncoder(w).Encode(body) // whoever hung up needs no answer
}
