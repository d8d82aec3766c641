package main

import (
	"fmt"
	"strings"

	"concur-connector/expense"
)

// The interfaces by which a story can be played: reading and acting are of one, or of
// the pair whose identifiers match.
var pairings = []string{string(expense.V1), string(expense.V3), string(expense.V4)}

// only marks a story that is not told by every interface, and says why.
const only = "# Told by one interface: "

// condition lets a line of a story be of one generation: [v1.1] or [v4]; v3+v4 counts as
// v4, by which it acts, and is [v3], too, by which it reads.
func (h houseSetup) condition(name string) (bool, error) {
	newer := expense.Interface(h.via).IsV4()
	switch name {
	case "v1.1":
		return !newer, nil
	case "v4":
		return newer, nil
	case "v3":
		return h.via == string(expense.V3), nil
	}
	return false, fmt.Errorf("a line is of v1.1, v3 or v4, not of %q", name)
}

// endpoints are those of the simulator that stand for an endpoint of v1.1 when the story
// is played by another interface.
func (h houseSetup) endpoints(name string) []string {
	if !expense.Interface(h.via).IsV4() {
		return []string{name}
	}
	switch name {
	case "details-v1.1":
		return []string{"details"}
	case "details":
		if h.via == string(expense.V3) {
			return []string{"report-v3"}
		}
		return []string{"report-v4"}
	case "exceptions":
		return []string{"exception-put"}
	case "action":
		return []string{"approve", "send-back"}
	}
	return []string{name}
}

// playable reports whether a story can be told by an interface.
func playable(script, via string) bool {
	return via == string(expense.V1) || !strings.Contains("\n"+script, "\n"+only)
}
