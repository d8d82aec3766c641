package concur

import (
	"context"

	"golang.org/x/time/rate"
)

// pace spreads the requests of one client. The fleet's own limit is Temporal's; this one
// holds for whatever else a process sends, and when its limit is set wrong.
type pace struct {
	limiter *rate.Limiter // nil: no limit
}

// together is how many requests may follow one another at once: those of one activity,
// so that no write waits behind its own read.
const together = 3

func newPace(perSecond float64) pace {
	if perSecond == 0 {
		return pace{}
	}
	return pace{limiter: rate.NewLimiter(rate.Limit(perSecond), together)}
}

// wait returns when it is the caller's turn, or with an error when ctx has ended or
// would end before.
func (p pace) wait(ctx context.Context) error {
	if p.limiter == nil {
		return ctx.Err()
	}
	return p.limiter.Wait(ctx)
}
