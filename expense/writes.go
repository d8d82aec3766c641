package expense

// Withheld says why a write is shown and not sent to Concur; empty: it is sent.
type Withheld string

// Why a write is withheld.
const (
	ByDryRun    Withheld = "dry-run"    // the connector writes nothing
	ByTestUsers Withheld = "test-users" // the report's owner is not among the test users
)

// Admission asks the brake whether what the rules decided may be done. It is repeated
// safely with the same key.
type Admission struct {
	Key    string `json:"key"`    // of the report at its stop
	Action Action `json:"action"` // SendBack is held; Approve is only counted
	// SendBacks and Share are the limits, for an hour; zero is none.
	SendBacks int     `json:"sendBacks,omitempty"`
	Share     float64 `json:"share,omitempty"` // of send-backs in all decisions, above 0 and below 1
}

// Admitted is the brake's answer: empty, or why it holds.
type Admitted struct {
	Held string `json:"held,omitempty"`
}
