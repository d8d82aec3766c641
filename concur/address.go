package concur

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"concur-connector/expense"
)

// listPath is where v3 keeps its lists.
const listPath = "/api/v3.0/expense/"

// checkSegment checks an ID that comes from outside and becomes one segment of a path.
func checkSegment(id string) error {
	switch {
	case id == "":
		return errors.New("is empty")
	case len(id) > expense.MaxKey:
		return fmt.Errorf("is longer than %d bytes", expense.MaxKey)
	case !printable(id), strings.ContainsAny(id, `/?#%\;@"'`), strings.Trim(id, ".") == "":
		return errors.New("has a character that no ID has")
	}
	return nil
}

// address is where v4 keeps a report: under its owner.
type address struct {
	userID, reportID string
}

// addressOf reads the v4 address of a report, whatever the context that it names.
func addressOf(path string) (address, error) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(segments) != 9 || !strings.HasPrefix(strings.ToLower(path), v4UsersPath) || !strings.EqualFold(segments[5], "context") || !strings.EqualFold(segments[7], "reports") {
		return address{}, errors.New("has a path that names no report")
	}
	at := address{userID: segments[4], reportID: segments[8]}
	switch strings.ToUpper(segments[6]) {
	case "TRAVELER", "PROXY", "MANAGER", "PROCESSOR":
	default:
		return address{}, errors.New("has a path that names no context")
	}
	if uuid.Validate(at.userID) != nil || len(at.userID) != 36 {
		return address{}, errors.New("has a path that names no user")
	}
	if err := checkSegment(at.reportID); err != nil {
		return address{}, errors.New("has a path that names no report")
	}
	return at, nil
}
