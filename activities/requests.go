package activities

import (
	"context"
	"errors"

	"concur-connector/concur"
	"concur-connector/expense"
)

// ListPendingRequests looks, in a part of the list of travel requests that are submitted,
// for those that wait for us: those for which Concur offers us to pass them on or to send
// them back. Nothing is asked where the rules have none for travel requests.
func (a *Activities) ListPendingRequests(ctx context.Context, in expense.ListPendingRequestsInput) (result expense.PendingRequests, _ error) {
	defer sign(ctx, &result.Answer)
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if !a.options.Rules.Current().JudgesRequests() {
		return expense.PendingRequests{Unjudged: true}, nil
	}
	api, own := a.options.Concur, a.options.Own
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
		return own.Lists(known, expense.RequestObject, request.Policy)
	}
	found.Next, err = api.PendingRequests(ctx, in.Page, func(row expense.TravelRequest, unread error) error {
		if unread != nil {
			found.Unlooked = &expense.Unlooked{Kind: expense.Malformed, Message: unread.Error()}
			return nil
		}
		uri, err := api.RequestURI(ctx, row.ID)
		if err != nil {
			return err
		}
		request, err := a.whole(ctx, uri, row)
		var e *concur.Error
		switch {
		case errors.As(err, &e) && table(e.Kind) == parked: // it stops no other
			found.Unlooked = &expense.Unlooked{Kind: e.Kind, Message: e.Error()}
			return nil
		case err != nil:
			return err
		case request.AtStop() && !ours(request):
			found.Unannounced++
			found.UnannouncedPolicies = addPolicy(found.UnannouncedPolicies, request.Policy)
		case request.AtStop():
			found.Notifications = append(found.Notifications, expense.Notification{
				Kind: expense.RequestObject, Key: row.ID, ObjectURI: uri, ObjectType: string(expense.RequestObject), EventDateTime: string(request.Modified),
			})
		}
		return nil
	})
	if err != nil {
		return expense.PendingRequests{}, a.failure(ctx, err)
	}
	return found, nil
}

// whole returns what a row of the list shows. A row that does not say what Concur offers,
// or when the request was changed, is read by itself; one that is gone waits for nobody.
func (a *Activities) whole(ctx context.Context, uri string, row expense.TravelRequest) (expense.TravelRequest, error) {
	if len(row.Operations) > 0 && (!row.AtStop() || row.Modified != "" && (row.Policy != "" || a.options.Own.All)) {
		return row, nil
	}
	read, err := a.options.Concur.ReadRequest(ctx, uri, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}})
	switch {
	case errors.Is(err, concur.NotFound):
		return expense.TravelRequest{}, nil
	case err != nil:
		return expense.TravelRequest{}, err
	}
	return *read.Request, nil
}
