package workflows

import "time"

// Settings are the durations that the workflows hand to Temporal. They may change
// between deployments: a replay does not compare them.
type Settings struct {
	// RequestTimeout is how long Concur may take for one answer (60 s by its own rules).
	RequestTimeout time.Duration
	// FactTimeout is how long a system of the company's own may take for one answer.
	FactTimeout time.Duration
	// HeartbeatTimeout is how soon a killed worker's attempt is given to another.
	HeartbeatTimeout time.Duration
	// RetryInterval and RetryMaxInterval bound the growing delay between attempts.
	RetryInterval    time.Duration
	RetryMaxInterval time.Duration
	// ParkedRetryDelays is when a parked run tries again by itself; the last repeats.
	ParkedRetryDelays []time.Duration
	// RereadDelay is the pause before an unreadable answer is asked for again.
	RereadDelay time.Duration
	// WriteCheckDelay comes before it is looked again whether Concur shows a write; it doubles.
	WriteCheckDelay time.Duration
	// VisibleWithin is how long Concur may take until it shows a write.
	VisibleWithin time.Duration
	// EventTypeDelay is how long the name that a single callout gave to a stop may be contradicted
	// before something is done only because of that name.
	EventTypeDelay time.Duration
	// ConfirmDelay is the pause before a second look at what one answer does not prove: that
	// a report is gone, and that no other run sees to a report that a sweep has found.
	ConfirmDelay time.Duration
}

// DefaultSettings are those of production.
func DefaultSettings() Settings {
	return Settings{
		RequestTimeout:    time.Minute,
		FactTimeout:       10 * time.Second,
		HeartbeatTimeout:  15 * time.Second,
		RetryInterval:     2 * time.Second,
		RetryMaxInterval:  5 * time.Minute,
		ParkedRetryDelays: []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour},
		RereadDelay:       30 * time.Second,
		WriteCheckDelay:   5 * time.Second,
		VisibleWithin:     time.Minute,
		EventTypeDelay:    5 * time.Minute,
		ConfirmDelay:      time.Minute,
	}
}

// Workflows holds the workflow functions.
type Workflows struct{ Settings }

// All returns the workflow functions by the names under which a worker registers them.
func (w Workflows) All() map[string]any {
	return map[string]any{
		ProcessNotification:      w.ProcessNotification,
		SweepFailedNotifications: w.SweepFailedNotifications,
		LimitSendBacks:           w.LimitSendBacks,
		RememberSteps:            w.RememberSteps,
	}
}
