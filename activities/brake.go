package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"concur-connector/concur"
	"concur-connector/expense"
)

// SendBackLimit limits how many reports the rules may send back. What a person decided is
// neither held nor counted. The zero value limits nothing.
type SendBackLimit struct {
	Counter   SendBackCounter
	SendBacks int     // in an hour; 0: any number
	Share     float64 // of what the rules decide in an hour; 0: any
}

func (b SendBackLimit) on() bool { return b.SendBacks > 0 || b.Share > 0 }

// admitLimit bounds how long the brake is asked: what was read of the report grows old
// meanwhile.
const admitLimit = 5 * time.Second

// admit returns nil when the brake lets an action pass. The key is the report's stop: a
// report that comes again comes to another, and an attempt that is made again does not.
func (b SendBackLimit) admit(ctx context.Context, in expense.TakeActionInput) error {
	counted := in.Action == expense.SendBack || b.Share > 0
	if !b.on() || !in.ByRules || !counted || in.LimitOverridden {
		return nil
	}
	sum := sha256.Sum256([]byte(in.ValidationID))
	ctx, cancel := context.WithTimeout(ctx, admitLimit)
	defer cancel()
	admitted, err := b.Counter.CheckSendBack(ctx, expense.SendBackCheck{
		Key: hex.EncodeToString(sum[:8]), Action: in.Action, SendBacks: b.SendBacks, Share: b.Share,
	})
	if err != nil || admitted.Reason == "" {
		return err
	}
	return &concur.Error{Op: "send the report back", Kind: expense.SendBackLimitReached, Message: admitted.Reason}
}
