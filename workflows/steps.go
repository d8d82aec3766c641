package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// maxSteps bounds how many steps are remembered: whoever knows the callout's password can
// announce any.
const maxSteps = 500

// RememberSteps remembers which kinds of external validation are this deployment's: those
// that its callouts have announced, and those that an operator has named. There is one run
// of it, which lives for ever and continues as new, so that nothing is forgotten when the
// runs of the callouts are no longer kept. The query "status" answers an
// expense.AnnouncedSteps.
func (w Workflows) RememberSteps(ctx workflow.Context, known expense.AnnouncedSteps) error {
	announce := func(ctx workflow.Context, a expense.Announcement) (expense.AnnouncedSteps, error) {
		note(&known, a, expense.AnnouncedStep{By: cmp.Or(a.By, expense.ByCallout), Since: workflow.Now(ctx)})
		workflow.SetCurrentDetails(ctx, stepsDetails(known))
		return known, nil
	}
	err := errors.Join(
		workflow.SetUpdateHandlerWithOptions(ctx, AnnounceUpdate, announce, workflow.UpdateHandlerOptions{
			Description: "Steps to remember, or to forget. Sent by the activities that read what a callout names, and by concurctl.",
		}),
		workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (expense.AnnouncedSteps, error) { return known, nil },
			workflow.QueryHandlerOptions{Description: "The steps that are this deployment's."}),
	)
	if err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, stepsDetails(known))
	info := workflow.GetInfo(ctx)
	if err := workflow.Await(ctx, func() bool {
		return info.GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
	}); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, RememberSteps, known)
}

// note adds the steps of an announcement, or takes them out.
func note(known *expense.AnnouncedSteps, a expense.Announcement, how expense.AnnouncedStep) {
	for _, step := range a.Steps {
		is := func(k expense.AnnouncedStep) bool { return k.Step == step }
		switch {
		case a.Forget:
			known.Steps = slices.DeleteFunc(known.Steps, is)
		case slices.ContainsFunc(known.Steps, is):
		case len(known.Steps) >= maxSteps:
			known.Refused++
		default:
			how.Step = step
			known.Steps = append(known.Steps, how)
		}
	}
}

func stepsDetails(known expense.AnnouncedSteps) string {
	text := "The external validations of this deployment: what its callouts have announced, and what an operator has named. " +
		"A sweep takes up nothing else (CONCUR_OWN_STEPS).\n\n"
	for _, k := range known.Steps {
		text += fmt.Sprintf("- %s, policy %s, event %s, by %s\n", k.Object, code(k.Policy), code(indexed(k.Event)), k.By)
	}
	if known.Refused > 0 {
		text += fmt.Sprintf("\nFor %s there was no room.\n", count(known.Refused, "other"))
	}
	return text + "\n\u00a0"
}

// Announce has steps remembered as this deployment's, or forgotten. Asking again changes
// nothing. Where an operator has ended the run that remembers, the next one begins with what
// that run knew.
func (c *Client) Announce(ctx context.Context, a expense.Announcement) (known expense.AnnouncedSteps, err error) {
	before, err := c.endedSteps(ctx)
	if err != nil {
		return known, err
	}
	start := c.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       StepsID(c.taskQueue),
		TaskQueue:                c.taskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "The external validations of this deployment",
	}, RememberSteps, before)
	told, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: AnnounceUpdate, Args: []any{a}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = told.Get(ctx, &known)
	}
	if err != nil {
		return expense.AnnouncedSteps{}, fmt.Errorf("remember the steps of this deployment: %w", err)
	}
	return known, nil
}

// endedSteps is what the last run of RememberSteps knew, if it has ended and Temporal still
// keeps it. An open run needs no reminder.
func (c *Client) endedSteps(ctx context.Context) (expense.AnnouncedSteps, error) {
	last, err := c.temporal.DescribeWorkflowExecution(ctx, StepsID(c.taskQueue), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return expense.AnnouncedSteps{}, nil
	case err != nil:
		return expense.AnnouncedSteps{}, fmt.Errorf("look for what remembers the steps of this deployment: %w", err)
	case last.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return expense.AnnouncedSteps{}, nil
	}
	return c.AnnouncedSteps(ctx)
}

// AnnouncedSteps returns the steps that are remembered as this deployment's. None are where
// nothing was announced yet.
func (c *Client) AnnouncedSteps(ctx context.Context) (known expense.AnnouncedSteps, err error) {
	if err := c.CheckExists(ctx, StepsID(c.taskQueue)); errors.Is(err, ErrNoRun) {
		return known, nil
	}
	answer, err := c.temporal.QueryWorkflow(ctx, StepsID(c.taskQueue), "", StatusQuery)
	if err == nil {
		err = answer.Get(&known)
	}
	if err != nil {
		return expense.AnnouncedSteps{}, fmt.Errorf("ask which steps are this deployment's: %w", err)
	}
	return known, nil
}
