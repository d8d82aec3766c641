package approvals

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"concur-connector/expense"
)

const (
	maxBody       = 16 << 10
	maxDecisionID = 100
	maxTaskID     = 400 // a notification ID, a revision and a counter
	maxComment    = 2000
)

// readDecision reads a decision from the body of a request. If it fails, status and err are the
// answer; err is one sentence.
//
// The body must be JSON, because a form on another web site cannot send JSON.
func readDecision(r *http.Request) (d expense.Decision, status int, err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return d, http.StatusUnsupportedMediaType, errors.New("the Content-Type must be application/json")
	}
	tooLarge := fmt.Errorf("the body is larger than %d bytes", maxBody)
	if r.ContentLength > maxBody {
		return d, http.StatusRequestEntityTooLarge, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return d, http.StatusBadRequest, errors.New("the body is truncated")
	case len(body) > maxBody:
		return d, http.StatusRequestEntityTooLarge, tooLarge
	}
	if d, err = parseDecision(body); err != nil {
		return d, http.StatusBadRequest, err
	}
	return d, 0, nil
}

func parseDecision(body []byte) (d expense.Decision, err error) {
	fields, err := parseFlat(body, "taskId", "decisionId", "decision", "comment")
	if err != nil {
		return d, err
	}
	d = expense.Decision{
		TaskID:   fields["taskId"],
		ID:       fields["decisionId"],
		Decision: expense.DecisionChoice(fields["decision"]),
		Comment:  fields["comment"],
	}
	if d.ID == "" {
		d.ID = uuid.NewString()
	}
	switch {
	case d.TaskID == "":
		return d, errors.New("taskId is required; the status of the run names it")
	case !isPrintable(d.TaskID, maxTaskID):
		return d, fmt.Errorf("taskId must be at most %d printable characters", maxTaskID)
	case !isPrintable(d.ID, maxDecisionID):
		return d, fmt.Errorf("decisionId must be at most %d printable characters", maxDecisionID)
	case d.Decision != expense.DecideApprove && d.Decision != expense.DecideSendBack:
		return d, fmt.Errorf("decision must be %q or %q", expense.DecideApprove, expense.DecideSendBack)
	case utf8.RuneCountInString(d.Comment) > maxComment:
		return d, fmt.Errorf("comment must be at most %d characters", maxComment)
	case strings.ContainsFunc(d.Comment, isUnfit):
		return d, errors.New("comment must not contain control characters")
	}
	return d, nil
}

// parseFlat reads one JSON object whose values are texts. It is stricter than encoding/json: it
// rejects unknown names, names in another case, duplicate names, and text after the object.
func parseFlat(body []byte, names ...string) (map[string]string, error) {
	notObject := errors.New("the body must be one JSON object")
	if !utf8.Valid(body) {
		return nil, errors.New("the body must be valid UTF-8")
	}
	if !json.Valid(body) {
		return nil, notObject // empty, not JSON, or more than one value
	}
	in := json.NewDecoder(bytes.NewReader(body))
	if token, err := in.Token(); err != nil || token != json.Delim('{') {
		return nil, notObject
	}
	fields := map[string]string{}
	for in.More() {
		token, err := in.Token()
		name, _ := token.(string)
		if err != nil || !slices.Contains(names, name) {
			return nil, fmt.Errorf("the body may contain only %s", strings.Join(names, ", "))
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		value, err := in.Token()
		text, ok := value.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s must be a text", name)
		}
		fields[name] = text
	}
	return fields, nil
}

func isPrintable(text string, most int) bool {
	return utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// isUnfit reports whether Concur's XML cannot contain a character of a comment.
func isUnfit(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff'
}
