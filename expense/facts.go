package expense

import (
	"encoding/json"
	"time"
)

// Facts are the answers of the fact services, by the name of the fact.
type Facts map[string]Answers

// Answers are the answers for one fact: for each object, by its key in the question, the
// values in JSON by their names.
type Answers map[string]map[string]json.RawMessage

// Question asks a fact service about the objects of one report or travel request. Wants names
// the values that the rules file declares. All other values of the answer are discarded.
type Question struct {
	Fact  string         `json:"fact"`
	URL   string         `json:"url"`
	Wants []string       `json:"wants,omitempty"`
	Items []QuestionItem `json:"items"`
	// ShadowOnly is true if only shadow rules need the fact. The run does not wait for it.
	ShadowOnly bool `json:"shadowOnly,omitempty"`

	// At is the time of the question. IdempotencyKey identifies the question. All attempts to
	// send it use the same values.
	At             time.Time `json:"at,omitzero"`
	IdempotencyKey string    `json:"idempotencyKey,omitempty"`
}

// QuestionItem asks about one object. Values holds the values to send, as the rules file
// names them. An amount is sent as {"amount", "currency"}, a date as "2026-05-01".
type QuestionItem struct {
	Key    string         `json:"key"`
	Values map[string]any `json:"values"`
}

// FetchFactsInput is the report or travel request whose rules need facts.
type FetchFactsInput struct {
	Report    *Report        `json:"report,omitempty"`
	Request   *TravelRequest `json:"request,omitempty"`
	RulesHash string         `json:"rulesHash"`
	EventType string         `json:"eventType,omitempty"`
	At        time.Time      `json:"at,omitzero"`
}

// FetchedFacts holds the answers. Stale is true if the rules have changed since the report was
// read. Facts is then empty.
type FetchedFacts struct {
	Answer
	Facts Facts `json:"facts,omitempty"`
	Stale bool  `json:"stale,omitempty"`
}
