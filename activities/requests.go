package activities

import (
	"context"
	"errors"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ListPendingRequests looks, in a part of the list of travel requests that are submitted,
// for those that wait for us, or of which that is not clear: the run of each says so. Nothing
// is asked where the rules have none for travel requests.
func (a *Activities) ListPendingRequests(ctx context.Context, in expense.ListPendingRequestsInput) (result expense.PendingRequests, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if !a.options.Rules.Current().JudgesRequests() {
		return expense.PendingRequests{WithoutRules: true}, nil
	}
	api, own, external := a.options.Concur, a.options.OwnSteps, a.external()
	a.announce(ctx, stepsOf(expense.RequestObject, in.Callouts, expense.AnyStep))
	var found expense.PendingRequests
	known, err := a.known(ctx)
	if err != nil {
		return expense.PendingRequests{}, err
	}
	ours := func(request expense.TravelRequest) bool {
		if in.Announced && len(own.Policies) == 0 {
			return true // it may be any of them
		}
		return own.OwnsListed(known, expense.RequestObject, request.Policy)
	}
	found.Next, err = api.PendingRequests(ctx, in.Page, func(row expense.TravelRequest, unread error) error {
		if unread != nil {
			found.NotChecked = &expense.NotChecked{Kind: expense.Malformed, Message: unread.Error()}
			return nil
		}
		uri, err := api.RequestURI(ctx, row.ID)
		if err != nil {
			return err
		}
		if row.Over() && row.Standing(external).ValidationID == "" {
			return nil
		}
		request, err := a.whole(ctx, uri, row, external)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && table(e.Kind) == parked: // it stops no other
			found.NotChecked = &expense.NotChecked{Kind: e.Kind, Message: e.Error()}
			return nil
		case err != nil:
			return err
		case request == nil:
		case request.Standing(external).SkippedReason != "":
			found.Skipped++
			found.SkippedReason = "request " + request.Number + ": " + request.Standing(external).SkippedReason
		case request.Standing(external).ValidationID != "" && !ours(*request):
			found.Unannounced++
			found.UnannouncedPolicies = addPolicy(found.UnannouncedPolicies, request.Policy)
		case request.Standing(external).ValidationID != "":
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
		a.options.Logger.Warn("travel requests are left alone that a person may want to look at", "count", found.Skipped, "last", found.SkippedReason)
	}
	return found, nil
}

// whole returns what a row of the list shows. A row that does not say what Concur offers,
// for whom the request waits, or when it was changed, is read by itself: the single request
// decides. It is nil when that is gone.
func (a *Activities) whole(ctx context.Context, uri string, row expense.TravelRequest, x expense.ExternalValidation) (*expense.TravelRequest, error) {
	standing := row.Standing(x)
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
