package workflows

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

const (
	// limitWindow is the time in which reports are counted.
	limitWindow = time.Hour
	// minSample is how many reports there must be before the share limit applies.
	minSample = 20
	// maxCounted bounds how many reports of either kind are remembered where no limit does.
	maxCounted = 5000
)

// SendBackCounts is what LimitSendBacks has counted in the last hour, the oldest first. The query "status"
// returns it.
type SendBackCounts struct {
	SentBack []CountedReport `json:"sentBack,omitempty"`
	Approved []CountedReport `json:"approved,omitempty"` // while a share is limited
	Refusals int             `json:"refusals,omitempty"` // how often a send-back was refused
}

// CountedReport is one report that was counted.
type CountedReport struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// LimitSendBacks counts for all workers what the rules decide, and refuses one send-back too many.
// There is one run of it, which never ends and continues as new.
func (w Workflows) LimitSendBacks(ctx workflow.Context, counts SendBackCounts) error {
	check := func(ctx workflow.Context, a expense.SendBackCheck) (expense.SendBackAnswer, error) {
		answer := counts.check(a, workflow.Now(ctx))
		workflow.SetCurrentDetails(ctx, counts.details())
		return answer, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, CheckSendBackUpdate, check, workflow.UpdateHandlerOptions{
		Description: "May one more report be sent back? Activities ask this.",
	})
	if err == nil {
		err = workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SendBackCounts, error) { return counts, nil },
			workflow.QueryHandlerOptions{Description: "What was sent back in the hour before the last check."})
	}
	if err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, counts.details())
	if err := untilHistoryIsLong(ctx); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, LimitSendBacks, counts)
}

// untilHistoryIsLong answers updates until the history is long and every update is answered.
func untilHistoryIsLong(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	return workflow.Await(ctx, func() bool {
		return info.GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
	})
}

// check counts a report, or says why it may not be sent back. A report that was counted before may be
// sent back again, and is counted once.
func (s *SendBackCounts) check(a expense.SendBackCheck, now time.Time) expense.SendBackAnswer {
	recent := func(list []CountedReport) []CountedReport {
		list = slices.DeleteFunc(list, func(one CountedReport) bool { return now.Sub(one.At) >= limitWindow })
		return list[max(0, len(list)-maxCounted):]
	}
	s.SentBack, s.Approved = recent(s.SentBack), recent(s.Approved)
	known := func(one CountedReport) bool { return one.Key == a.Key }
	if a.Action != expense.SendBack {
		if !slices.ContainsFunc(s.Approved, known) {
			s.Approved = append(s.Approved, CountedReport{Key: a.Key, At: now})
		}
		return expense.SendBackAnswer{}
	}
	if slices.ContainsFunc(s.SentBack, known) {
		return expense.SendBackAnswer{}
	}
	if refusal := s.refusal(a); refusal != "" {
		s.Refusals++
		return expense.SendBackAnswer{Reason: refusal}
	}
	s.SentBack = append(s.SentBack, CountedReport{Key: a.Key, At: now})
	return expense.SendBackAnswer{}
}

// refusal says why one more send-back would be too many, or nothing.
func (s *SendBackCounts) refusal(a expense.SendBackCheck) string {
	sent := len(s.SentBack)
	all := sent + 1 + len(s.Approved)
	switch {
	case a.SendBacks > 0 && sent >= a.SendBacks:
		return fmt.Sprintf("the rules have sent back %s within an hour, as many as the limit allows (CONCUR_SENDBACK_LIMIT)", count(sent, "report"))
	case a.Share > 0 && all >= minSample && float64(sent+1) > a.Share*float64(all):
		return fmt.Sprintf("the rules would have sent back %d of %d reports within an hour, a larger share than the limit allows (CONCUR_SENDBACK_SHARE_LIMIT)", sent+1, all)
	}
	return ""
}

func (s *SendBackCounts) details() string {
	text := fmt.Sprintf("Send-back limit of this deployment. In the hour before the last check, the rules sent back %s", count(len(s.SentBack), "report"))
	if len(s.Approved) > 0 {
		text += fmt.Sprintf(" and approved %d", len(s.Approved))
	}
	return text + fmt.Sprintf(". A send-back was refused %s.\n\n\u00a0", count(s.Refusals, "time"))
}

// CheckSendBack asks LimitSendBacks, and starts its run if there is none. A second call with the
// same key changes nothing. After an error it is unknown whether the report was counted.
func (c *Client) CheckSendBack(ctx context.Context, check expense.SendBackCheck) (answer expense.SendBackAnswer, err error) {
	start := client.StartWorkflowOptions{ID: SendBackLimitID(c.taskQueue), StaticSummary: "The send-back limit"}
	if err := c.updateOrStart(ctx, start, LimitSendBacks, SendBackCounts{}, CheckSendBackUpdate, check, &answer); err != nil {
		return expense.SendBackAnswer{}, fmt.Errorf("check the send-back limit: %w", err)
	}
	return answer, nil
}
