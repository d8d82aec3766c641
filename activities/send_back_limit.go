package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

// SendBackLimit limits how many reports the rules may send back. It neither refuses nor
// counts the decisions of people. The zero value limits nothing.
type SendBackLimit struct {
	Counter   SendBackCounter
	SendBacks int     // in an hour; 0 turns this limit off
	Share     float64 // of the actions that the rules decide in an hour; 0 turns this limit off
}

func (l SendBackLimit) on() bool { return l.SendBacks > 0 || l.Share > 0 }

// maxQuestionTime is how long an activity waits for an answer of Temporal while the report
// that it has read grows old.
const maxQuestionTime = 5 * time.Second

// check returns an error if the limit is reached. The counter recognises an action by its
// validation, so a second attempt does not count again, and a report that was submitted
// again does.
func (l SendBackLimit) check(ctx context.Context, in expense.TakeActionInput) error {
	counted := in.Action == expense.SendBack || l.Share > 0
	if !l.on() || !in.ByRules || !counted || in.LimitOverridden {
		return nil
	}
	sum := sha256.Sum256([]byte(in.ValidationID))
	ctx, cancel := context.WithTimeout(ctx, maxQuestionTime)
	defer cancel()
	answer, err := l.Counter.CheckSendBack(ctx, expense.SendBackCheck{
		Key: hex.EncodeToString(sum[:8]), Action: in.Action, SendBacks: l.SendBacks, Share: l.Share,
	})
	if err != nil || answer.Reason == "" {
		return err
	}
	return &concur.Error{Op: "send the report back", Kind: expense.SendBackLimitReached, Message: answer.Reason}
}
