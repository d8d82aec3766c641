package concur

import (
	"errors"
	"strings"

	"concur-connector/concur/wire"
)

// listPath is where v3 keeps its lists.
const listPath = "/api/v3.0/expense/"

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
	if !wire.IsGUID(at.userID) || len(at.userID) != 36 {
		return address{}, errors.New("has a path that names no user")
	}
	if err := checkID(at.reportID); err != nil {
		return address{}, errors.New("has a path that names no report")
	}
	return at, nil
}
