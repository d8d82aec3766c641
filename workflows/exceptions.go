package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"concur-connector/expense"
)

// maxRefusals is how often an exception that Concur refuses is sent again.
const maxRefusals = 2

// postExceptions posts what the verdict wants and is not yet on the report. Items
// that Concur refuses are sent again alone, after another read, so that the flags
// they are compared with are those of before. It reports whether they were only shown:
// then the action is, too, whatever has become of the setting meanwhile.
func (r *run) postExceptions(ctx workflow.Context, read expense.FetchedReport, action expense.Action) (shown bool, err error) {
	wanted := r.wanted(action)
	if _, err := r.clear(ctx, r.unwanted(read, action, wanted)); err != nil {
		return false, err
	}
	missing := r.missing(r.ValidationID, wanted)
	if len(missing) == 0 {
		return false, r.listed(read, wanted)
	}
	r.enter(ctx, Posting)
	doubt := UnknownWrite{ValidationID: r.ValidationID}
	own := r.Written
	r.Written = true
	var posted expense.PostedExceptions
	err = r.readable(ctx, func() error {
		input := expense.PostExceptionsInput{
			Attempt:      r.attempt(ctx),
			ObjectURI:    r.ObjectURI,
			ValidationID: r.ValidationID,
			Exceptions:   missing,
			Flags:        read.Report.Flags(),
		}
		if r.doubted(r.ValidationID) && r.UnknownWrite.Action == "" {
			input.Flags = r.UnknownWrite.Flags // as they were before the write in doubt
		}
		var err error
		posted, err = call[expense.PostedExceptions](r.concurOptions(ctx, "post "+count(len(missing), "exception"), requestsOfEach), &r.calls, PostExceptions, input)
		doubt.Flags = input.Flags
		return r.doubt(err, doubt)
	})
	switch {
	case err != nil:
		r.Written = own || r.UnknownWrite != nil
		return false, err
	case posted.Kind != "":
		next := errAgain // it has moved: another stop is another validation
		if posted.MayHaveMoved {
			next = r.mayHaveMoved(false)
		}
		if posted.OutcomeUnknown {
			r.UnknownWrite = &doubt // a report that is there again may have them
		}
		return false, next
	case posted.DryRun != "":
		r.DryRun = posted.DryRun
		if r.calls.permits > 0 { // to an attempt before the writes were withheld
			r.UnknownWrite = &doubt
		}
		for _, e := range missing {
			r.did(fmt.Sprintf("would post exception %s on %s", e.Code, onObject(e)))
		}
		return true, nil
	}
	r.UnknownWrite = nil
	if err := r.postedOrRefused(posted.Items); err != nil {
		return false, err
	}
	if err := r.compare(posted.HeaderHash, posted.MayHaveMoved); err != nil {
		return false, err
	}
	return false, r.listed(read, wanted)
}

// listed parks the run when Concur has accepted an exception that is wanted, and does not list
// it. It is not put again. The report is not passed on without it either: the run goes on once
// a later read finds it.
func (r *run) listed(read expense.FetchedReport, wanted []expense.Exception) error {
	var unlisted []string
	for i := range r.Posted {
		p := &r.Posted[i]
		switch {
		case p.ValidationID != r.ValidationID || p.State != expense.Unlisted || !slices.ContainsFunc(wanted, p.Same):
		case slices.ContainsFunc(read.Existing, func(held expense.ExistingException) bool { return held.Same(p.Exception) }):
			p.State = expense.Posted
			r.did(fmt.Sprintf("exception %s on %s is listed now", p.Code, onObject(p.Exception)))
		default:
			unlisted = append(unlisted, fmt.Sprintf("%s on %s", p.Code, onObject(p.Exception)))
		}
	}
	if len(unlisted) == 0 {
		return nil
	}
	return &ParkReason{
		Kind:    expense.Rejected,
		Message: "Concur has accepted these exceptions, and does not list them: " + strings.Join(first(unlisted, 5), "; "),
		Fix: "Nothing is put again. The run goes on when Concur lists them: look whether they are on the report in Concur. If Concur has lost one, " +
			"put it there by hand, or take the rule that wants it out of the rules file.",
	}
}

// compare goes on from the header as it was read after our own exceptions: what is written
// next is compared with that. When it says something else than before them, nobody can tell
// whether the exceptions did that or somebody moved the report, so the rules judge it anew.
func (r *run) compare(mark string, moved bool) error {
	if mark != "" { // where the stop has a name there is none
		r.HeaderHash = mark
	}
	r.Written = false
	if !moved {
		return nil
	}
	r.Reevaluate = true
	return errAgain
}

func onObject(e expense.Exception) string {
	return strings.TrimSpace(strings.ToLower(string(e.ObjectType)) + " " + e.ObjectID)
}

func (r *run) postedOrRefused(items []expense.PostedException) error {
	var refused []string
	for _, item := range items {
		on := onObject(item.Exception)
		switch item.State {
		case expense.Refused:
			refused = append(refused, fmt.Sprintf("exception %s on %s: %s", item.Code, on, item.Message))
			continue
		case expense.Unlisted:
			r.did(fmt.Sprintf("exception %s on %s: accepted, and not listed by Concur", item.Code, on))
		case expense.Unconfirmed:
			r.did(fmt.Sprintf("exception %s on %s: unconfirmed, its flag was set before", item.Code, on))
		default:
			r.did(fmt.Sprintf("exception %s posted on %s", item.Code, on))
		}
		r.Posted = append(r.Posted, PostedAtStep{ValidationID: r.ValidationID, PostedException: item})
	}
	if len(refused) == 0 {
		r.RejectedPosts = 0
		return nil
	}
	r.RejectedPosts++
	if r.RejectedPosts <= maxRefusals {
		return errAgain
	}
	r.RejectedPosts = 0
	return &ParkReason{Kind: expense.Rejected, Message: "Concur refuses " + strings.Join(first(refused, 5), "; ")}
}

// clearStale takes off what was posted on the report at an earlier stop, so that the
// rules judge it without: what they post is not what they judge. It is lived once for
// each stop; what a write in doubt may have posted is left to the write.
func (r *run) clearStale(ctx workflow.Context, read expense.FetchedReport) error {
	if r.doubted(r.ValidationID) && !r.UnknownWrite.Earlier && !r.UnknownWrite.Deleting {
		return nil
	}
	here := r.posted(r.ValidationID)
	var stale []expense.ExistingException
	for _, held := range read.Existing {
		ours := slices.ContainsFunc(here, func(p PostedAtStep) bool { return p.Same(held.Exception) })
		if !ours && !has(r.NotDeleted, held) && !has(r.DryRunRemovals, held) {
			stale = append(stale, held)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	known := len(r.NotDeleted) + len(r.DryRunRemovals)
	cleared, err := r.clear(ctx, stale)
	if err != nil {
		return err
	}
	if cleared == 0 && len(r.NotDeleted)+len(r.DryRunRemovals) == known &&
		workflow.GetVersion(ctx, "exceptions-that-stay", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		return nil // more of them stay than are remembered: reading again would end the same way
	}
	return errAgain
}

// wanted are the exceptions that the report is to have, all but the one that passes it on: a
// rule that posts that one would pass on what is to be sent back, or what other exceptions
// are still missing on.
func (r *run) wanted(action expense.Action) []expense.Exception {
	if action == expense.SendBack && r.Verdict.SendBackWithoutExceptions {
		return nil
	}
	var wanted []expense.Exception
	for _, e := range r.Verdict.Exceptions {
		if r.Verdict.ApproveByException == "" || !e.Same(r.approving()) {
			wanted = append(wanted, e)
		}
	}
	return wanted
}

// unwanted are the exceptions that were posted at this stop for a verdict that no longer
// holds, those included of a post of which the answer is lost. So is one that others see
// than the rules now want: Concur does not say that putting it again changes that, so it is
// taken off and put anew.
func (r *run) unwanted(read expense.FetchedReport, action expense.Action, all []expense.Exception) []expense.ExistingException {
	var unwanted []expense.ExistingException
	for _, held := range read.Existing {
		wanted := slices.ContainsFunc(all, func(e expense.Exception) bool { return held.Same(e) && held.Visibility.Is(e.Visibility) })
		approves := r.byException(action) && held.Same(r.approving())
		if !wanted && !approves && !has(r.NotDeleted, held) {
			unwanted = append(unwanted, held)
		}
	}
	return unwanted
}

func has(list []expense.ExistingException, e expense.ExistingException) bool {
	return slices.ContainsFunc(list, func(one expense.ExistingException) bool { return one.Same(e.Exception) })
}

// clear takes exceptions off the report, and counts those that are off it then.
func (r *run) clear(ctx workflow.Context, exceptions []expense.ExistingException) (gone int, err error) {
	if len(exceptions) == 0 {
		return 0, nil
	}
	r.enter(ctx, Posting)
	r.Written = true
	var cleared expense.DeletedExceptions
	err = r.readable(ctx, func() error {
		input := expense.DeleteExceptionsInput{Attempt: r.attempt(ctx), ObjectURI: r.ObjectURI, ValidationID: r.ValidationID, Exceptions: exceptions}
		var err error
		cleared, err = call[expense.DeletedExceptions](r.concurOptions(ctx, "take "+count(len(exceptions), "exception")+" off", requestsOfEach), &r.calls, DeleteExceptions, input)
		if err != nil && r.calls.permits > 0 && !r.doubted(r.ValidationID) {
			r.UnknownWrite = &UnknownWrite{ValidationID: r.ValidationID, Deleting: true}
		}
		return err
	})
	if err == nil && r.doubted(r.ValidationID) && r.UnknownWrite.Deleting {
		r.UnknownWrite = nil // the activity has waited until no earlier one can be acting
	}
	switch {
	case err != nil:
		return 0, err
	case cleared.Kind != "":
		if cleared.MayHaveMoved {
			return 0, r.mayHaveMoved(false)
		}
		return 0, errAgain
	case cleared.DryRun != "":
		r.DryRun = cleared.DryRun
		for _, e := range remember(&r.DryRunRemovals, exceptions) {
			r.did(fmt.Sprintf("would take exception %s off %s", e.Code, onObject(e.Exception)))
		}
		return 0, nil
	}
	for _, e := range cleared.Deleted {
		r.did(fmt.Sprintf("exception %s taken off %s", e.Code, onObject(e.Exception)))
		r.Posted = slices.DeleteFunc(r.Posted, func(p PostedAtStep) bool { return p.Same(e.Exception) })
	}
	for _, e := range remember(&r.NotDeleted, cleared.NotDeleted) {
		r.did(fmt.Sprintf("exception %s stays on %s: Concur does not take it off", e.Code, onObject(e.Exception)))
	}
	return len(cleared.Deleted), r.compare(cleared.HeaderHash, cleared.MayHaveMoved)
}

// remember adds exceptions to a list and returns those that are new there.
func remember(list *[]expense.ExistingException, exceptions []expense.ExistingException) (added []expense.ExistingException) {
	for _, e := range exceptions {
		if !has(*list, e) && len(*list) < maxKept {
			*list = append(*list, e)
			added = append(added, e)
		}
	}
	return added
}
