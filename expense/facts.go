package expense

import (
	"encoding/json"
	"time"
)

// Facts are the answers of the company's own systems, by the name of the fact.
type Facts map[string]Answers

// Answers are what one fact was answered: the values by their names, as JSON, for each
// object. The key of an object is the one that its question had.
type Answers map[string]map[string]json.RawMessage

// Question is what one fact asks about the objects of one report or travel request. Wants
// names the values of the answer that the rules file declares; no other is kept.
type Question struct {
	Fact  string         `json:"fact"`
	URL   string         `json:"url"`
	Wants []string       `json:"wants,omitempty"`
	Items []QuestionItem `json:"items"`
	// ShadowOnly is set when only rules want to know that are watched: nothing waits for the
	// answer.
	ShadowOnly bool `json:"shadowOnly,omitempty"`

	// At is when it is asked, and Asking names that; both are the same however often it is
	// sent.
	At             time.Time `json:"at,omitzero"`
	IdempotencyKey string    `json:"idempotencyKey,omitempty"`
}

// QuestionItem asks about one object. Values are what the rules file says to send, as
// JSON: texts, numbers and truth values as such, amounts as {"amount", "currency"}, dates
// as texts like "2026-05-01".
type QuestionItem struct {
	Key    string         `json:"key"`
	Values map[string]any `json:"values"`
}

// FetchFactsInput is what the rules ask about.
type FetchFactsInput struct {
	Report    *Report        `json:"report,omitempty"`
	Request   *TravelRequest `json:"request,omitempty"`
	RulesHash string         `json:"rulesHash"`
	EventType string         `json:"eventType,omitempty"`
	At        time.Time      `json:"at,omitzero"`
}

// FetchedFacts are what was answered, or nothing when the rules are others than those for
// which the report was read.
type FetchedFacts struct {
	Answer
	Facts Facts `json:"facts,omitempty"`
	Stale bool  `json:"stale,omitempty"`
}
