package workflows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// UnreadableSignal is a signal whose payload could not be read. What the payload holds is not
// shown: it may be anything.
type UnreadableSignal struct {
	Signal  string    `json:"signal"`
	At      time.Time `json:"at"`
	Problem string    `json:"problem"`
	Example string    `json:"example"` // of a payload that can be read
}

// maxUnreadable bounds how many such signals are remembered, the newest.
const maxUnreadable = 20

// take receives a signal and decodes its payload into value, which stays what it is if there
// is none. It reports whether the signal can be used; one that cannot is recorded. (A channel
// that is asked to decode drops what it cannot.)
func (r *run) take(ctx workflow.Context, c workflow.ReceiveChannel, signal string, value any) bool {
	var raw converter.RawValue
	if !c.ReceiveAsync(&raw) {
		return false
	}
	payload := raw.Payload()
	if payload == nil || len(payload.GetData()) == 0 {
		return true
	}
	if err := converter.GetDefaultDataConverter().FromPayload(payload, value); err == nil {
		return true
	}
	r.Unreadable = append(r.Unreadable, UnreadableSignal{
		Signal: signal, At: workflow.Now(ctx), Problem: problemOf(payload.GetData(), value), Example: r.example(signal),
	})
	r.Unreadable = r.Unreadable[max(0, len(r.Unreadable)-maxUnreadable):]
	workflow.GetLogger(ctx).Warn("a signal cannot be read", "notification", r.notification.ID(), "signal", signal)
	r.show(ctx)
	return false
}

// problemOf says why a payload cannot be read, and quotes nothing of it.
func problemOf(data []byte, value any) string {
	what := fmt.Sprintf("its payload of %s is %s", count(len(data), "byte"), jsonKind(data))
	var mistyped *json.UnmarshalTypeError
	if errors.As(json.Unmarshal(data, value), &mistyped) && mistyped.Field != "" {
		return fmt.Sprintf("%s whose field %q holds a value of the type %s, not %s", what, mistyped.Field, mistyped.Value, mistyped.Type.Kind())
	}
	return what + ", not the object that is expected"
}

func jsonKind(data []byte) string {
	data = bytes.TrimSpace(data)
	if !json.Valid(data) {
		return "no JSON"
	}
	switch data[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	}
	return "a number"
}

// example is a payload that the run can read.
func (r *run) example(signal string) string {
	if signal != Decided {
		return "{}"
	}
	task := "the task ID of the status"
	if r.Task != nil {
		task = r.Task.ID
	}
	return fmt.Sprintf(`{"taskId": %q, "decision": "approve", "comment": "", "by": "your name"}`, task)
}
