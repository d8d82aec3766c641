package workflows

import "time"

// Settings are the durations of timers and timeouts. They may change between deployments: a
// replay does not compare durations. No setting may decide whether a timer or an activity starts.
type Settings struct {
	// RequestTimeout is how long Concur may take for one answer. Concur's own rules say 60 s.
	RequestTimeout time.Duration
	// FactTimeout is how long a fact service may take for one answer.
	FactTimeout time.Duration
	// HeartbeatTimeout is how long after a worker was killed another worker gets its activity.
	HeartbeatTimeout time.Duration
	// RetryInterval and RetryMaxInterval bound the growing delay between attempts.
	RetryInterval    time.Duration
	RetryMaxInterval time.Duration
	// ParkedRetryDelays are the delays after which a parked run tries again; the last one repeats.
	ParkedRetryDelays []time.Duration
	// RereadDelay is the delay before the run asks again for an answer that it cannot parse.
	RereadDelay time.Duration
	// WriteCheckDelay is the delay before the run checks again whether Concur shows a write. It doubles.
	WriteCheckDelay time.Duration
	// VisibleWithin is how long Concur may take to show a write.
	VisibleWithin time.Duration
	// EventTypeDelay is how long a run waits for a second callout that names the validation step
	// differently, before it relies on the name of the first.
	EventTypeDelay time.Duration
	// ConfirmDelay is the delay before a run checks again what one answer does not prove: that a
	// report is gone, and that no other run handles a report that a sweep has found.
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
