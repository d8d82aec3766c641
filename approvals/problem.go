package approvals

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// Kind is the kind of a problem. The type of an error answer is typePrefix and the kind.
type Kind string

const typePrefix = "urn:concur-connector:problem:"

// The kinds of problems.
const (
	Malformed      Kind = "malformed"       // the request cannot be read
	Unidentified   Kind = "unidentified"    // nobody knows who sends the request
	NotApprover    Kind = "not-an-approver" // the sender is known and is no approver
	NotEntitled    Kind = "not-entitled"    // the person is in no group that may decide this task
	OwnReport      Kind = "own-report"      // the report or travel request is the person's own
	CrossSite      Kind = "cross-site"      // another web site has made the browser send the request
	NotFound       Kind = "not-found"
	WrongMethod    Kind = "method-not-allowed"
	Conflict       Kind = "conflict" // the task is stale, closed, decided or claimed
	TooLarge       Kind = "too-large"
	WrongMedia     Kind = "unsupported-media-type"
	WrongHost      Kind = "wrong-host"
	CommentMissing Kind = "comment-missing"
	TooMany        Kind = "too-many-requests"
	Internal       Kind = "internal"
	Unavailable    Kind = "unavailable" // Temporal, the workers or the OpenID provider do not answer
	Unknown        Kind = "unknown"     // the decision may or may not be stored; send it again
)

// about gives the HTTP status and the title of each kind.
var about = map[Kind]struct {
	status int
	title  string
}{
	Malformed:      {http.StatusBadRequest, "The request cannot be read"},
	Unidentified:   {http.StatusUnauthorized, "Nobody knows who sends the request"},
	NotApprover:    {http.StatusForbidden, "You are no approver"},
	NotEntitled:    {http.StatusForbidden, "You may not decide this task"},
	OwnReport:      {http.StatusForbidden, "Nobody decides about their own report"},
	CrossSite:      {http.StatusForbidden, "Another web site has sent the request"},
	NotFound:       {http.StatusNotFound, "Not found"},
	WrongMethod:    {http.StatusMethodNotAllowed, "The method is not allowed"},
	Conflict:       {http.StatusConflict, "The decision does not count"},
	TooLarge:       {http.StatusRequestEntityTooLarge, "The request is too large"},
	WrongMedia:     {http.StatusUnsupportedMediaType, "The media type is not supported"},
	WrongHost:      {http.StatusMisdirectedRequest, "The request is for another host"},
	CommentMissing: {http.StatusUnprocessableEntity, "A comment is missing"},
	TooMany:        {http.StatusTooManyRequests, "Too many requests"},
	Internal:       {http.StatusInternalServerError, "The endpoint has failed"},
	Unavailable:    {http.StatusServiceUnavailable, "No answer at the moment"},
	Unknown:        {http.StatusServiceUnavailable, "It is unknown whether the decision is stored"},
}

// Problem says why a request has failed. As JSON it is a problem detail of RFC 9457.
type Problem struct {
	Kind   Kind
	Detail string // one sentence: what failed and what to do

	DecisionID string // of the request, if it has one
	// Winner is the decision that counts, if another one was first. Current is the state of the
	// run. Both are nil for people who may not see the task.
	Winner  *expense.TaskEvent
	Current *Current
	// Missing are the approvals that the task still needs.
	Missing []expense.RequiredApproval
}

// Current is the state of a run.
type Current struct {
	State      workflows.State `json:"state"`
	WaitingFor string          `json:"waitingFor,omitempty"` // approver, operator or nobody
	TaskID     string          `json:"taskId,omitempty"`     // of the open task
	ClaimedBy  string          `json:"claimedBy,omitempty"`
	Outcome    expense.Outcome `json:"outcome,omitempty"`
}

func problem(kind Kind, detail string) *Problem { return &Problem{Kind: kind, Detail: detail} }

func (p *Problem) Error() string { return p.Detail }

// Status returns the HTTP status of the problem.
func (p *Problem) Status() int { return about[p.Kind].status }

// Title returns a short sentence that is the same for every problem of the kind.
func (p *Problem) Title() string { return about[p.Kind].title }

// MarshalJSON returns the problem detail.
func (p *Problem) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type       string                     `json:"type"`
		Title      string                     `json:"title"`
		Status     int                        `json:"status"`
		Detail     string                     `json:"detail"`
		DecisionID string                     `json:"decisionId,omitempty"`
		Winner     *expense.TaskEvent         `json:"winner,omitempty"`
		Current    *Current                   `json:"current,omitempty"`
		Missing    []expense.RequiredApproval `json:"missing,omitempty"`
	}{typePrefix + string(p.Kind), p.Title(), p.Status(), p.Detail, p.DecisionID, p.Winner, p.Current, p.Missing})
}

// refuse answers with a problem. An error of another type is an internal one; its text stays here.
func refuse(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		p = problem(Internal, "the endpoint has failed; its log says why")
	}
	switch p.Status() {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="concur-connector"`)
	}
	write(w, p.Status(), "application/problem+json", p)
}

// retryAfter is how many seconds a client should wait before it tries again.
const retryAfter = 10

func answer(w http.ResponseWriter, status int, body any) { write(w, status, "application/json", body) }

func write(w http.ResponseWriter, status int, media string, body any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has disconnected needs no answer
}
