package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"concur-connector/expense"
	"concur-connector/internal/record"
)

// RecordFile keeps the record of decisions in a file. It stores each entry once.
type RecordFile interface {
	Append(ctx context.Context, entries ...record.Entry) (record.Head, error)
}

// RecordWebhook sends the record of decisions to a system of the company. Its error is a
// *record.WebhookError.
type RecordWebhook interface {
	Send(ctx context.Context, e record.Entry) error
}

// ExportRecord stores events outside Temporal: in a file, in another system, in both, or nowhere
// if the worker has neither. Every error is retried, because a run does not end without its record.
func (a *Activities) ExportRecord(ctx context.Context, in expense.ExportRecordInput) (exported expense.ExportedRecord, _ error) {
	defer sign(ctx, &exported.Answer)
	ctx, beats, stop := a.startHeartbeat(ctx)
	defer stop()
	entries := make([]record.Entry, len(in.Events))
	for i, e := range in.Events {
		entries[i] = record.Entry{
			NotificationID: in.NotificationID, RunID: in.RunID, ReportID: in.ReportID, Event: e, Outcome: in.Outcome, Cause: in.Cause,
		}
		exported.Last = max(exported.Last, e.Number)
	}
	if file := a.options.RecordFile; file != nil {
		if _, err := file.Append(ctx, entries...); err != nil {
			return expense.ExportedRecord{}, a.recordFailure(ctx, err)
		}
	}
	if webhook := a.options.RecordWebhook; webhook != nil {
		if err := sendRecord(ctx, beats, webhook, entries); err != nil {
			return expense.ExportedRecord{}, a.recordFailure(ctx, err)
		}
	}
	return exported, nil
}

// sendRecord sends the entries that no earlier attempt has sent. The heartbeat detail counts them.
func sendRecord(ctx context.Context, beats *heartbeater, webhook RecordWebhook, entries []record.Entry) error {
	sent := 0
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &sent) // otherwise the entries are sent again, and the receiver stores each once
	}
	for ; sent >= 0 && sent < len(entries); sent++ {
		beats.store(sent)
		if err := beats.send(ctx); err != nil && final(err) {
			return err
		}
		if err := webhook.Send(ctx, entries[sent]); err != nil {
			return err
		}
	}
	return nil
}

// recordFailure is failure for a record that was not stored. It is retried whatever the reason.
func (a *Activities) recordFailure(ctx context.Context, err error) error {
	options := temporal.ApplicationErrorOptions{}
	kind := expense.Unavailable
	var refused *record.WebhookError
	var broken *record.Fault
	switch {
	case ctx.Err() != nil:
		return a.failure(ctx, err)
	case errors.As(err, &refused):
		kind, options.NextRetryDelay = refused.Kind, refused.RetryAfter
	case errors.As(err, &broken):
		kind = expense.Malformed
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(kind), options)
}
