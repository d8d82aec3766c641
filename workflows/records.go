package workflows

import (
	"context"
	"sync"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
)

// recordsAtOnce is how many records Records asks for at a time.
const recordsAtOnce = 8

// Records returns the records of the runs that were open at some time since then, of at most the
// newest runs in number. from is zero if these are all; otherwise runs that have started earlier may be
// missing. A run that does not answer before ctx ends is left out, too.
func (c *Client) Records(ctx context.Context, since time.Time, number int) (records []RunRecord, from time.Time, err error) {
	var runs []*workflowpb.WorkflowExecutionInfo
	for run, err := range c.RecordedRuns(ctx, since) {
		if err != nil {
			return nil, time.Time{}, err
		}
		if len(runs) == number {
			from = runs[number-1].GetStartTime().AsTime()
			break
		}
		runs = append(runs, run)
	}
	found := make([]*RunRecord, len(runs))
	var group sync.WaitGroup
	turn := make(chan struct{}, recordsAtOnce)
	for i, run := range runs {
		turn <- struct{}{}
		group.Go(func() {
			defer func() { <-turn }()
			if record, err := c.RecordOf(ctx, run); err == nil {
				found[i] = &record
			}
		})
	}
	group.Wait()
	for i, one := range found {
		if one == nil {
			from = later(from, runs[i].GetStartTime().AsTime())
			continue
		}
		records = append(records, *one)
	}
	return records, from, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
