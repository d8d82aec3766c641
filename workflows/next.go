package workflows

import (
	"errors"

	"concur-connector/expense"
)

// next is the result of a step: what the run does next, and why.
type next struct {
	move   move
	reason string      // why the report is read again
	park   *ParkReason // why the run is parked
	err    error       // why the run stopped
}

type move int

const (
	toNextStep move = iota
	toEnd           // the pass has done its work
	toRead          // the next pass reads the report again
	toOperator      // the run is parked
	toStop          // the run was cancelled
)

func goOn() next                  { return next{} }
func done() next                  { return next{move: toEnd} }
func again(reason string) next    { return next{move: toRead, reason: reason} }
func parked(why *ParkReason) next { return next{move: toOperator, park: why} }
func (n next) continues() bool    { return n.move == toNextStep }
func (n next) isAmbiguous() bool  { return n.park != nil && n.park.Kind == expense.AmbiguousStep }

// after is what follows a call that returned err: a *Trouble parks the run, any other error is
// its cancellation.
func after(err error) next {
	var trouble *ParkReason
	switch {
	case err == nil:
		return goOn()
	case errors.As(err, &trouble):
		return parked(trouble)
	}
	return next{move: toStop, err: err}
}
