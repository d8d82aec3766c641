package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

// failedSweep is how a sweep fails, or nil when none of its parts has failed: its type is
// the kind of the first error, and its message is one sentence that names each. The causes
// are in the history, with the activities.
func failedSweep(parts ...error) error {
	var kind expense.Kind
	var said []string
	for _, err := range parts {
		if temporal.IsCanceledError(err) {
			return err
		}
		var t *ParkReason
		if !errors.As(trouble(err), &t) {
			continue
		}
		if late := lateActivity(err); late != "" {
			t.Message = late
		}
		if !slices.Contains(Kinds(), t.Kind) {
			t.Kind = expense.Unavailable // an error of ours, or of Temporal: it passes
		}
		if kind == "" {
			kind = t.Kind
		}
		said = append(said, strings.Join(strings.Fields(t.Message), " "))
	}
	if kind == "" {
		return nil
	}
	return temporal.NewApplicationError(strings.Join(said, "; and "), string(kind))
}

// lateActivity says which activity did not end in time, when that is why it failed.
func lateActivity(err error) string {
	var activity *temporal.ActivityError
	var timeout *temporal.TimeoutError
	if !errors.As(err, &activity) || !errors.As(err, &timeout) {
		return ""
	}
	return fmt.Sprintf("%s did not end in time", activity.ActivityType().GetName())
}
