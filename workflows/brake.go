package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

const (
	// brakeWindow is what the brake looks back on.
	brakeWindow = time.Hour
	// brakeSample is how many decisions there must be before a share of them says anything.
	brakeSample = 20
	// maxBraked bounds what is remembered of either kind where no limit does.
	maxBraked = 5000
)

// SendBackCounts is what LimitSendBacks remembers of the last hour, the oldest first. The query
// "status" answers it.
type SendBackCounts struct {
	SentBack []CountedReport `json:"sentBack,omitempty"`
	Approved []CountedReport `json:"approved,omitempty"` // while a share is limited
	Refusals int             `json:"refusals,omitempty"` // how often a report was held
}

// CountedReport is one report that the brake has let pass.
type CountedReport struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// LimitSendBacks is the brake: it counts for the whole fleet what the rules decide, and
// holds back what would be one send-back too many. There is one run of it, which lives
// for ever, and continues as new.
func (w Workflows) LimitSendBacks(ctx workflow.Context, brake SendBackCounts) error {
	admit := func(ctx workflow.Context, a expense.SendBackCheck) (expense.SendBackAnswer, error) {
		admitted := brake.admit(a, workflow.Now(ctx))
		workflow.SetCurrentDetails(ctx, brake.details())
		return admitted, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, CheckSendBackUpdate, admit, workflow.UpdateHandlerOptions{
		Description: "May one more report be sent back? Asked by the activities.",
	})
	if err != nil {
		return err
	}
	err = workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SendBackCounts, error) { return brake, nil },
		workflow.QueryHandlerOptions{Description: "What was sent back in the last hour, as of the last question."})
	if err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, brake.details())
	info := workflow.GetInfo(ctx)
	if err := workflow.Await(ctx, func() bool {
		return info.GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
	}); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, LimitSendBacks, brake)
}

// admit counts a report and lets it pass, or says why not. One that was let pass before
// passes again and is counted once.
func (b *SendBackCounts) admit(a expense.SendBackCheck, now time.Time) expense.SendBackAnswer {
	recent := func(list []CountedReport) []CountedReport {
		list = slices.DeleteFunc(list, func(one CountedReport) bool { return now.Sub(one.At) >= brakeWindow })
		return list[max(0, len(list)-maxBraked):]
	}
	b.SentBack, b.Approved = recent(b.SentBack), recent(b.Approved)
	known := func(one CountedReport) bool { return one.Key == a.Key }
	if a.Action != expense.SendBack {
		if !slices.ContainsFunc(b.Approved, known) {
			b.Approved = append(b.Approved, CountedReport{Key: a.Key, At: now})
		}
		return expense.SendBackAnswer{}
	}
	if slices.ContainsFunc(b.SentBack, known) {
		return expense.SendBackAnswer{}
	}
	if held := b.hold(a); held != "" {
		b.Refusals++
		return expense.SendBackAnswer{Reason: held}
	}
	b.SentBack = append(b.SentBack, CountedReport{Key: a.Key, At: now})
	return expense.SendBackAnswer{}
}

// hold says why one more send-back would be too many.
func (b *SendBackCounts) hold(a expense.SendBackCheck) string {
	sent := len(b.SentBack)
	all := sent + 1 + len(b.Approved)
	switch {
	case a.SendBacks > 0 && sent >= a.SendBacks:
		return fmt.Sprintf("the rules have sent back %s within an hour, as many as the brake allows (CONCUR_SENDBACK_LIMIT)", count(sent, "report"))
	case a.Share > 0 && all >= brakeSample && float64(sent+1) > a.Share*float64(all):
		return fmt.Sprintf("the rules would have sent back %d of %d reports within an hour, a larger share than the brake allows (CONCUR_SENDBACK_SHARE_LIMIT)", sent+1, all)
	}
	return ""
}

func (b *SendBackCounts) details() string {
	text := fmt.Sprintf("The brake of this deployment. In the hour before it was last asked the rules sent back %s", count(len(b.SentBack), "report"))
	if len(b.Approved) > 0 {
		text += fmt.Sprintf(" and passed on %d", len(b.Approved))
	}
	return text + fmt.Sprintf(". A report was held %s.\n\n\u00a0", count(b.Refusals, "time"))
}
