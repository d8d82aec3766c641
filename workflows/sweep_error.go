package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
)

// sweepError is the error of a sweep, or nil when none of its parts has failed. Its type is the kind
// of the first error, and its message names each. The history shows the causes, with the activities.
func sweepError(parts ...error) error {
	var kind expense.Kind
	var messages []string
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
			t.Kind = expense.Unavailable // of the connector or of Temporal
		}
		if kind == "" {
			kind = t.Kind
		}
		messages = append(messages, strings.Join(strings.Fields(t.Message), " "))
	}
	if kind == "" {
		return nil
	}
	return temporal.NewApplicationError(strings.Join(messages, "; and "), string(kind))
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
