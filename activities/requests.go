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
func (a *Activities) ListPendingRequests(ctx context.Context, in expense.ListPendingRequestsInput) (expense.PendingRequests, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if !a.options.Rules.JudgesRequests() {
		return expense.PendingRequests{Unjudged: true}, nil
	}
	api := a.options.Concur
	var found expense.PendingRequests
	var err error
	found.Next, err = api.PendingRequests(ctx, in.Page, func(row expense.TravelRequest) error {
		uri, err := api.RequestURI(ctx, row.ID)
		if err != nil {
			return err
		}
		waits, err := a.waits(ctx, uri, row)
		if err != nil || !waits {
			return err
		}
		found.Notifications = append(found.Notifications, expense.Notification{
			Kind: expense.RequestObject, Key: row.ID, ObjectURI: uri, ObjectType: string(expense.RequestObject), EventDateTime: string(row.Modified),
		})
		return nil
	})
	if err != nil {
		return expense.PendingRequests{}, a.failure(ctx, err)
	}
	return found, nil
}

// waits reports whether a row of the list waits for us. A row that does not say what
// Concur offers is read by itself.
func (a *Activities) waits(ctx context.Context, uri string, row expense.TravelRequest) (bool, error) {
	if len(row.Operations) > 0 || row.Status != expense.RequestSubmitted {
		return row.AtStop(), nil
	}
	read, err := a.options.Concur.ReadRequest(ctx, uri, concur.ReadOptions{Parts: expense.Parts{HeaderOnly: true}})
	if errors.Is(err, concur.NotFound) {
		return false, nil
	}
	return err == nil && read.Request.AtStop(), err
}
