package rulesfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Wait is a length of time, in hours and minutes or in whole working days. Only one of the two
// is set.
type Wait struct {
	Hours       time.Duration
	WorkingDays int
}

const (
	minWait        = time.Second
	maxWait        = 365 * 24 * time.Hour
	maxWorkingDays = 250
)

var workingDaysForm = regexp.MustCompile(`^([0-9]{1,4}) working days?$`)

// IsZero reports whether there is nothing to wait for.
func (w Wait) IsZero() bool { return w == Wait{} }

// String writes the time as a rules file has it.
func (w Wait) String() string {
	switch {
	case w.WorkingDays == 1:
		return "1 working day"
	case w.WorkingDays > 1:
		return fmt.Sprintf("%d working days", w.WorkingDays)
	}
	return hours(w.Hours)
}

// MarshalText writes the time as a rules file has it.
func (w Wait) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// before reports whether w certainly ends before other, whatever day both begin. Working days
// may take any number of hours more than 24 each, and a day on which clocks change takes less.
func (w Wait) before(other Wait) bool {
	switch {
	case w.WorkingDays > 0 && other.WorkingDays > 0:
		return w.WorkingDays < other.WorkingDays
	case w.WorkingDays > 0:
		return false
	case other.WorkingDays > 0:
		return w.Hours < time.Duration(other.WorkingDays)*24*time.Hour-2*time.Hour
	}
	return w.Hours < other.Hours
}

// wait reads a length of time.
func (s *Source) wait(n, in *yaml.Node, what string) Wait {
	if n == nil {
		s.Fail(At(in), "", "%s needs after: a duration such as 48h or 3 working days", what)
		return Wait{}
	}
	v, ok := s.text(n, "", what)
	if !ok {
		return Wait{}
	}
	if days := workingDaysForm.FindStringSubmatch(v); days != nil {
		if n, err := strconv.Atoi(days[1]); err == nil && n >= 1 && n <= maxWorkingDays {
			return Wait{WorkingDays: n}
		}
		s.Fail(At(n), "", "%q is not a number of working days from 1 to %d", Clip(v, 40), maxWorkingDays)
		return Wait{}
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < minWait || d > maxWait {
		s.Fail(At(n), "", "%q is not a duration from %s to %s, such as 48h, and not a number of working days, such as 3 working days", Clip(v, 40), hours(minWait), hours(maxWait))
		return Wait{}
	}
	return Wait{Hours: d}
}

// hours writes a duration without the units that are zero.
func hours(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
