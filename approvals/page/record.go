package page

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"concur-connector/expense"
)

// who names the person of an event, and the one on whose behalf they acted.
func (r reader) who(e expense.TaskEvent) string {
	name := isolate(e.By)
	if e.By == expense.Unverified {
		name = r.T("unverified")
	}
	if e.OnBehalfOf != "" {
		return r.T("on-behalf", "who", name, "of", isolate(e.OnBehalfOf))
	}
	return name
}

// Who is who for templates.
func (r reader) Who(e expense.TaskEvent) string { return r.who(e) }

// Event says in one sentence what happened to a task.
func (r reader) Event(e expense.TaskEvent) string {
	key := "event." + string(e.Kind)
	if e.Kind == expense.TaskCounted || e.Kind == expense.TaskRefused {
		key += "." + string(e.Decision)
	}
	if !r.Has(key) {
		return string(e.Kind) + " " + string(e.Decision)
	}
	return r.T(key, "who", r.who(e), "groups", r.Groups(e.Groups), "to", isolate(r.Group(e.To)))
}

// EventKind chooses the mark in front of an event: good, bad, or nothing.
func (r reader) EventKind(e expense.TaskEvent) string {
	switch {
	case e.Kind == expense.TaskRefused, e.Kind == expense.TaskSignalLost, e.Kind == expense.TaskOverdue:
		return "bad"
	case e.Kind == expense.TaskCarriedOut, e.Kind == expense.TaskCounted && e.Decision == expense.DecideApprove:
		return "good"
	case e.Kind == expense.TaskCounted && e.Decision == expense.DecideSendBack:
		return "warn"
	}
	return "info"
}

// isolate keeps a name with letters that run from right to left from turning the sentence around
// it.
func isolate(name string) string {
	if !strings.ContainsFunc(name, func(c rune) bool { return c >= 0x0590 }) {
		return name
	}
	name = strings.Map(func(c rune) rune {
		if c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069 {
			return -1
		}
		return c
	}, name)
	return "\u2068" + name + "\u2069"
}

// Verified says how the person of an event was identified.
func (r reader) Verified(e expense.TaskEvent) string {
	if e.IdentifiedBy == "" {
		return ""
	}
	return r.T("identified." + string(e.IdentifiedBy))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
