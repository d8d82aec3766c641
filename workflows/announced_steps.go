package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// maxSteps bounds how many steps are remembered: anybody who knows the callout's password can
// announce any.
const maxSteps = 500

// RememberSteps remembers the validation steps of this deployment: those that its callouts have
// announced, and those that an operator has added. There is one run of it, which never ends and
// continues as new, because Temporal does not keep the runs of the callouts. The query "status"
// returns an expense.AnnouncedSteps.
func (w Workflows) RememberSteps(ctx workflow.Context, known expense.AnnouncedSteps) error {
	announce := func(ctx workflow.Context, a expense.Announcement) (expense.AnnouncedSteps, error) {
		noteSteps(&known, a, expense.AnnouncedStep{By: cmp.Or(a.By, expense.ByCallout), Since: workflow.Now(ctx)})
		workflow.SetCurrentDetails(ctx, stepsDetails(known))
		return known, nil
	}
	err := errors.Join(
		workflow.SetUpdateHandlerWithOptions(ctx, AnnounceUpdate, announce, workflow.UpdateHandlerOptions{
			Description: "Steps to remember, or to forget. Activities that read a report of a callout send them, and concurctl.",
		}),
		workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (expense.AnnouncedSteps, error) { return known, nil },
			workflow.QueryHandlerOptions{Description: "The validation steps of this deployment."}),
	)
	if err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, stepsDetails(known))
	if err := untilHistoryIsLong(ctx); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, RememberSteps, known)
}

// noteSteps adds the steps of an announcement, or removes them.
func noteSteps(known *expense.AnnouncedSteps, a expense.Announcement, how expense.AnnouncedStep) {
	for _, step := range a.Steps {
		is := func(k expense.AnnouncedStep) bool { return k.Step == step }
		switch {
		case a.Forget:
			known.Steps = slices.DeleteFunc(known.Steps, is)
		case slices.ContainsFunc(known.Steps, is):
		case len(known.Steps) >= maxSteps:
			known.Refused++
		default:
			known.Steps = append(known.Steps, expense.AnnouncedStep{Step: step, By: how.By, Since: how.Since})
		}
	}
}

func stepsDetails(known expense.AnnouncedSteps) string {
	text := "The validation steps of this deployment: those that its callouts have announced, and those that an operator has added. " +
		"A sweep starts runs for no others (CONCUR_OWN_STEPS).\n\n"
	for _, k := range known.Steps {
		text += fmt.Sprintf("- %s, policy %s, event %s, by %s\n", k.Object, code(k.Policy), code(cutForIndex(k.Event)), k.By)
	}
	if known.Refused > 0 {
		text += fmt.Sprintf("\nThe list is full: %s could not be added.\n", count(known.Refused, "other"))
	}
	return text + "\n\u00a0"
}

// Announce adds steps to those of this deployment, or removes them. Repeating it changes nothing. If
// an operator has ended the run of RememberSteps, the next one begins with its steps.
func (c *Client) Announce(ctx context.Context, a expense.Announcement) (known expense.AnnouncedSteps, err error) {
	before, err := c.endedSteps(ctx)
	if err != nil {
		return known, err
	}
	start := client.StartWorkflowOptions{ID: StepsID(c.taskQueue), StaticSummary: "The validation steps of this deployment"}
	if err := c.updateOrStart(ctx, start, RememberSteps, before, AnnounceUpdate, a, &known); err != nil {
		return expense.AnnouncedSteps{}, fmt.Errorf("remember the steps of this deployment: %w", err)
	}
	return known, nil
}

// endedSteps returns the steps of the last run of RememberSteps, if it has ended and Temporal still
// has it.
func (c *Client) endedSteps(ctx context.Context) (expense.AnnouncedSteps, error) {
	last, err := c.latest(ctx, StepsID(c.taskQueue))
	if err != nil || last == nil || isOpen(last) {
		return expense.AnnouncedSteps{}, err
	}
	return c.AnnouncedSteps(ctx)
}

// AnnouncedSteps returns the steps of this deployment: none before the first was announced.
func (c *Client) AnnouncedSteps(ctx context.Context) (known expense.AnnouncedSteps, err error) {
	if err := c.CheckExists(ctx, StepsID(c.taskQueue)); errors.Is(err, ErrNoRun) {
		return known, nil
	}
	answer, err := c.temporal.QueryWorkflow(ctx, StepsID(c.taskQueue), "", StatusQuery)
	if err == nil {
		err = answer.Get(&known)
	}
	if err != nil {
		return expense.AnnouncedSteps{}, fmt.Errorf("query the steps of this deployment: %w", err)
	}
	return known, nil
}
