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
	maxDecisionID = expense.MaxDecisionID
	maxTaskID     = expense.MaxTaskID
	maxTo         = expense.MaxDelegate
	maxComment    = expense.MaxComment
)

// readDecision reads a decision from the body of a request.
//
// The body must be JSON, because a form on another web site cannot send JSON.
func readDecision(r *http.Request) (d expense.Decision, err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return d, problem(WrongMedia, "the Content-Type must be application/json")
	}
	tooLarge := problem(TooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody))
	if r.ContentLength > maxBody {
		return d, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return d, problem(Malformed, "the body is truncated")
	case len(body) > maxBody:
		return d, tooLarge
	}
	fields, err := parseFlat(body, "taskId", "decisionId", "decision", "comment", "to")
	if err != nil {
		return d, problem(Malformed, err.Error())
	}
	id, err := decisionID(r.Header.Values("Idempotency-Key"), fields["decisionId"])
	return expense.Decision{
		TaskID: fields["taskId"], ID: id, Decision: expense.DecisionChoice(fields["decision"]),
		Comment: fields["comment"], To: fields["to"],
	}, err
}

// decisionID returns the ID of a decision: the idempotency key of the request, which may also
// stand in the body. A request without one gets a new ID.
func decisionID(keys []string, inBody string) (string, error) {
	switch {
	case len(keys) > 1:
		return "", problem(Malformed, "the request has more than one Idempotency-Key")
	case len(keys) == 0 && inBody == "":
		return uuid.NewString(), nil
	case len(keys) == 0:
		return inBody, nil
	}
	key := strings.Trim(keys[0], `"`) // a structured header puts a text in quotes
	if inBody != "" && inBody != key {
		return "", problem(Malformed, "the Idempotency-Key and decisionId differ; give one, or both the same")
	}
	return key, nil
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
