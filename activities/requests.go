package activities

import (
	"context"
	"errors"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ListPendingRequests searches one part of Concur's list of submitted travel requests for
// those that wait for the connector. It includes requests for which that is
// unclear: the run of each parks and says so. Without rules for travel requests it sends no
// request to Concur.
func (a *Activities) ListPendingRequests(ctx context.Context, in expense.ListPendingRequestsInput) (result expense.PendingRequests, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	if !a.options.Rules.Current().HasRequestRules() {
		return expense.PendingRequests{WithoutRules: true}, nil
	}
	api, own, external := a.options.Concur, a.options.OwnSteps, a.externalValidation()
	a.announce(ctx, stepsOf(expense.RequestObject, in.Callouts, expense.AnyStep))
	var found expense.PendingRequests
	steps, err := a.announcedSteps(ctx)
	if err != nil {
		return expense.PendingRequests{}, err
	}
	ours := func(request expense.TravelRequest) bool {
		if in.Announced && len(own.Policies) == 0 {
			return true // any of them may be the announced one
		}
		return own.OwnsListed(steps, expense.RequestObject, request.Policy)
	}
	found.Next, err = api.PendingRequests(ctx, in.Page, func(row expense.TravelRequest, unreadable error) error {
		if unreadable != nil {
			found.NotChecked = &expense.NotChecked{Kind: expense.Malformed, Message: unreadable.Error()}
			return nil
		}
		uri, err := api.RequestURI(ctx, row.ID)
		if err != nil {
			return err
		}
		if row.Over() && row.Standing(external).ValidationID == "" {
			return nil
		}
		request, err := a.completeRow(ctx, uri, row, external)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && classOf(e.Kind) == parked: // the other requests are checked all the same
			found.NotChecked = &expense.NotChecked{Kind: e.Kind, Message: e.Error()}
			return nil
		case err != nil:
			return err
		case request == nil:
			return nil
		}
		switch standing := request.Standing(external); {
		case standing.SkippedReason != "":
			found.Skipped++
			found.SkippedReason = "request " + request.Number + ": " + standing.SkippedReason
		case standing.ValidationID != "" && !ours(*request):
			found.Unannounced++
			found.UnannouncedPolicies = addPolicy(found.UnannouncedPolicies, request.Policy)
		case standing.ValidationID != "":
			found.Notifications = append(found.Notifications, expense.Notification{
				Kind: expense.RequestObject, Key: row.ID, ObjectURI: uri, ObjectType: string(expense.RequestObject), EventDateTime: string(request.Modified),
			})
		}
		return nil
	})
	if err != nil {
		return expense.PendingRequests{}, a.failure(ctx, err)
	}
	if found.Skipped > 0 {
		a.options.Logger.Warn("the sweep skips travel requests that a person may want to check", "count", found.Skipped, "last", found.SkippedReason)
	}
	return found, nil
}

// completeRow returns the travel request that a row shows. If the row lacks the operations,
// the step, the time of the last change or the policy, it reads the request itself. It
// returns nil if the request is gone.
func (a *Activities) completeRow(ctx context.Context, uri string, row expense.TravelRequest, external expense.ExternalValidation) (*expense.TravelRequest, error) {
	standing := row.Standing(external)
	if len(row.Operations) > 0 && standing.Unclear == "" && (standing.ValidationID == "" || row.Modified != "" && (row.Policy != "" || a.options.OwnSteps.All)) {
		return &row, nil
	}
	read, err := a.options.Concur.ReadRequest(ctx, uri, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}})
	switch {
	case errors.Is(err, concur.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return read.Request, nil
}
