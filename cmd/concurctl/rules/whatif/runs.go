package whatif

import (
	"context"
	"errors"
	"fmt"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"
)

const (
	page     = 100 // runs listed at once
	inFlight = 8   // histories read at one time
)

// Asked says which runs to compare, and how fast.
type Asked struct {
	Query string        // of Temporal's visibility
	Limit int           // 0: all
	Pause time.Duration // between two histories
}

// Each compares every run that a asks for, and passes each change to seen, in the order of the
// list. It holds one page of the list and a few histories at a time. It ends with the first error
// of seen or of Temporal.
func (r *Reader) Each(ctx context.Context, a Asked, compare func(Past) Change, seen func(Change) error) error {
	tick := time.NewTicker(max(a.Pause, 1))
	defer tick.Stop()
	left := a.Limit
	var next []byte
	for {
		list, err := r.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: r.Namespace, Query: a.Query, PageSize: page, NextPageToken: next,
		})
		if err != nil {
			return fmt.Errorf("list the runs: %w", err)
		}
		runs := list.GetExecutions()
		if a.Limit > 0 {
			runs = runs[:min(left, len(runs))]
			left -= len(runs)
		}
		changes, err := r.part(ctx, tick.C, runs, compare)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if err := seen(c); err != nil {
				return err
			}
		}
		next = list.GetNextPageToken()
		if len(next) == 0 || a.Limit > 0 && left == 0 {
			return nil
		}
	}
}

// part reads and compares the runs of one page of the list.
func (r *Reader) part(ctx context.Context, tick <-chan time.Time, runs []*workflowpb.WorkflowExecutionInfo, compare func(Past) Change) ([]Change, error) {
	changes := make([]Change, len(runs))
	reading, within := errgroup.WithContext(ctx)
	reading.SetLimit(inFlight)
	for i, run := range runs {
		select {
		case <-tick:
		case <-within.Done():
		}
		if within.Err() != nil {
			break
		}
		reading.Go(func() error {
			id, runID := run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()
			past, err := r.Read(within, id, runID)
			var skip Skip
			switch {
			case errors.As(err, &skip):
				changes[i] = Change{ID: id, RunID: runID, At: run.GetStartTime().AsTime(), Result: Skipped, Skipped: skip}
			case err != nil:
				return err
			default:
				changes[i] = compare(past)
			}
			return nil
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	return changes, ctx.Err()
}
