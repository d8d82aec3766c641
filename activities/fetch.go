package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/activity"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
)

// InterfaceOptions says by which of Concur's interfaces reports are read. The zero value reads
// by v1.1 what a callout names.
type InterfaceOptions struct {
	Via expense.Interface
	// Fallback has a report read by v1.1 that Via's interface refuses to show.
	Fallback bool
	// ReadSteps has v1.1 asked for the address of the workflow step of a report that a callout
	// names and that is read by v3 or v4.
	ReadSteps bool
}

func (r InterfaceOptions) check() error {
	switch r.Via {
	case "", expense.V1, expense.V3, expense.V4:
		return nil
	}
	return errors.New("activities: the interface to read by is none")
}

// of says how to read a report on which a run has begun to write. What was put there by v4
// v1.1 cannot see, and would post again.
func (r InterfaceOptions) of(begun expense.Interface) InterfaceOptions {
	switch {
	case !begun.IsV4():
		return r
	case !r.Via.IsV4():
		return InterfaceOptions{Via: begun}
	}
	return InterfaceOptions{Via: r.Via}
}

// FetchReport reads a report. One that does not wait for us is a value: it says
// where the report is and holds nothing of it.
func (a *Activities) FetchReport(ctx context.Context, in expense.FetchReportInput) (result expense.FetchedReport, _ error) {
	defer sign(ctx, &result.Answer)
	return a.fetch(ctx, in, a.fetchReport)
}

// FetchRequest is FetchReport for a travel request.
func (a *Activities) FetchRequest(ctx context.Context, in expense.FetchReportInput) (result expense.FetchedReport, _ error) {
	defer sign(ctx, &result.Answer)
	return a.fetch(ctx, in, a.fetchRequest)
}

// fetch checks the addresses that notifications gave, and reads what one of them names.
func (a *Activities) fetch(ctx context.Context, in expense.FetchReportInput,
	read func(context.Context, expense.FetchReportInput) (expense.FetchedReport, error),
) (expense.FetchedReport, error) {
	ctx, _, stop := a.alive(ctx)
	defer stop()
	if err := a.options.Concur.CheckURL(concur.ObjectURI, in.ObjectURI); err != nil {
		return expense.FetchedReport{}, a.describe(ctx, err, expense.RefusedHost{
			Host: hostOf(in.ObjectURI), AllowList: a.options.Concur.AllowList(),
		})
	}
	fetched, err := read(ctx, in)
	fetched.VisibleWithin = a.options.Delays.VisibleWithin
	for _, uri := range in.UncheckedURIs {
		if why := a.refuses(uri); why != "" {
			fetched.UntrustedURIs = append(fetched.UntrustedURIs, expense.UntrustedURI{URI: uri, Why: why})
		}
	}
	return fetched, err
}

// refuses says why a notification URI must not be followed, or nothing.
func (a *Activities) refuses(uri string) string {
	err := a.options.Concur.CheckURL(concur.NotificationURI, uri)
	var e *concur.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

// hostOf returns the host of an address, as an operator compares it with others; "?" for one
// that can be none.
func hostOf(uri string) string {
	u, err := expense.SplitURL(uri)
	if err != nil {
		return "?"
	}
	host, err := expense.HostPort(u.Host)
	if err != nil {
		return "?"
	}
	return strings.TrimSuffix(host, ":443")
}

func (a *Activities) fetchReport(ctx context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
	rules := a.options.Rules.Current()
	how := a.options.Interface.of(in.WrittenVia)
	parts := rules.Parts()
	found, err := a.read(ctx, a.options.Concur.ReadReport, in.ObjectURI, concur.ReadOptions{
		Via: how.Via, Fallback: how.Fallback, ReadAgain: in.ReadAgain, Parts: parts, Steps: a.options.Interface.ReadSteps,
	})
	if err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	if in.ReportID != "" && found.Report != nil && found.Report.ID != in.ReportID {
		return expense.FetchedReport{}, a.failure(ctx, &concur.Error{Op: "read the report", Kind: expense.Untrusted,
			Message: "the address names another report"})
	}
	fetched := fetchedOf(ctx, found, in)
	fetched.FallbackReason = found.FellBack
	if found.Report != nil {
		fetched.ReportID, fetched.Via = found.Report.ID, found.Report.Via
		a.announceReport(ctx, in, found.Report)
	}
	if fetched.NotOurs, fetched.Policies, err = a.notOursReport(ctx, in, found.Report); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	if found.Kind != "" || fetched.NotOurs {
		return fetched, nil
	}
	if err := a.usable(found, rules); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	report := found.Report
	fetched.ReadAt, fetched.Parts = activity.GetInfo(ctx).StartedTime, parts
	fetched.Replaced = holdsReplacement(report)
	if fetched.Earlier, err = a.earlier(ctx, in, found); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	fetched.TotalDiffers = report.TotalDiffers()
	fetched.Revision, fetched.Content = report.Revision(), report.Content()
	held, reading, err := a.held(ctx, in.ObjectURI, found, rules.CodesAt(in.EventType))
	switch {
	case err != nil:
		return expense.FetchedReport{}, a.failure(ctx, err)
	case reading.Kind != "":
		return expense.FetchedReport{ReportState: reading, ReportID: report.ID, Via: report.Via, HeaderHash: found.Mark, MayHaveMoved: fetched.MayHaveMoved, DryRun: found.withheld}, nil
	}
	fetched.Existing = held
	fetched.Report = rules.Keep(report)
	fetched.FactNames, _ = rules.Asks()
	fetched.StoredFields, _ = rules.Fields()
	readFor(&fetched, rules)
	if err := a.resolve(ctx, fetched.Report); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	return fetched, a.failure(ctx, a.fits("read", "the report", fetched))
}

// fetchedOf is a read with what it is compared with later, compared with the read before.
func fetchedOf(ctx context.Context, found found, in expense.FetchReportInput) expense.FetchedReport {
	return expense.FetchedReport{
		ReportState: found.ReportState, DryRun: found.withheld, HeaderHash: found.Mark, ContentHashes: found.Content,
		MayHaveMoved: in.ValidationID != "" && in.ValidationID == found.ReportState.ValidationID && !found.at(in.ValidationID, expense.Attempt{HeaderHash: in.HeaderHash}),
		Edited:       !found.SameContent(concur.Read{Content: in.ContentHashes}),
	}
}

func (a *Activities) fetchRequest(ctx context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
	rules := a.options.Rules.Current()
	found, err := a.read(ctx, a.options.Concur.ReadRequest, in.ObjectURI, concur.ReadOptions{})
	if err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	fetched := fetchedOf(ctx, found, in)
	fetched.SkippedReason = found.LeftAlone
	if found.Request != nil {
		fetched.ReportID = found.Request.ID
		a.announce(ctx, stepsOf(expense.RequestObject, in.CalloutEventTypes, found.Request.Policy))
	}
	if fetched.NotOurs, fetched.Policies, err = a.notOursRequest(ctx, in, found.Request); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	if found.Kind != "" || fetched.NotOurs {
		return fetched, nil
	}
	fetched.ReadAt = activity.GetInfo(ctx).StartedTime
	if fetched.Earlier, err = a.earlier(ctx, in, found); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	fetched.Revision, fetched.Content = found.Request.Revision(), found.Request.Content()
	fetched.Replaced = holdsReplacement(found.Request)
	fetched.Request = rules.KeepRequest(found.Request)
	_, fetched.FactNames = rules.Asks()
	_, fetched.StoredFields = rules.Fields()
	readFor(&fetched, rules)
	if err := a.resolve(ctx, fetched.Request); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	return fetched, a.failure(ctx, a.fits("read", "the travel request", fetched))
}

// holdsReplacement reports whether U+FFFD stands in a text of it for a character that
// cannot be read.
func holdsReplacement(read any) bool {
	text, err := json.Marshal(read)
	return err == nil && bytes.ContainsRune(text, utf8.RuneError)
}

// readFor says for which rules it was read.
func readFor(fetched *expense.FetchedReport, rules *policy.Policy) {
	fetched.RulesHash, fetched.DependsOnStep = rules.Hash(), rules.DependsOnStep()
}

// usable says at once what would otherwise stop the action at the end: nothing is
// posted on a report that could not be passed on.
func (a *Activities) usable(found found, rules *policy.Policy) error {
	report := found.Report
	switch {
	case found.withheld == "" && !a.options.ActOnAmbiguousStep && a.alike(report, rules):
		return &concur.Error{Op: "read the report", Kind: expense.AmbiguousStep, Message: "the rules name several stops, and Concur does not tell " +
			"by v4 at which of them this report waits: v1.1 does not show its step, and the step guard (CONCUR_STEP_GUARD) fits each of them"}
	case report.Via.IsV4():
		return nil // the action's address is made of the report's ID
	case report.ActionURL == "":
		return &concur.Error{Op: "read the report", Kind: expense.Malformed, Message: "the report waits at external validation " +
			"but has no WorkflowActionURL; the connector's user needs the Web Services Administrator role"}
	}
	return a.options.Concur.CheckURL(concur.ActionURL, report.ActionURL)
}

// alike reports whether an action on the report may happen at another stop than the one
// that is judged, where the company has several.
func (a *Activities) alike(report *expense.Report, rules *policy.Policy) bool {
	return !report.ShowsStep() && !a.options.Guard.NamesOneStep() && len(rules.Steps()) > 1
}

// earlier looks for what earlier runs have written at the stop: one that an operator has
// terminated, or has reset, cannot tell this one. Without an answer nothing may be written.
func (a *Activities) earlier(ctx context.Context, in expense.FetchReportInput, now found) (expense.EarlierRuns, error) {
	self := activity.GetInfo(ctx).WorkflowExecution
	ask := expense.EarlierInput{NotificationID: self.ID, RunID: self.RunID, ValidationID: now.ReportState.ValidationID, CheckedRuns: in.CheckedRuns, VisibleWithin: a.options.Delays.VisibleWithin}
	if now.Report != nil {
		ask.Via = now.Report.Via
		if !holdsReplacement(now.Report.ID) { // two reports may look alike then
			ask.ReportID = now.Report.ID
		}
	}
	return a.options.EarlierWrites.EarlierWrites(ctx, ask)
}

// held lists the exceptions on a report that have one of those codes, which our rules post
// at the stop. What rules of another stop have posted is not theirs to take off.
func (a *Activities) held(ctx context.Context, objectURI string, now found, codes []string) ([]expense.ExistingException, expense.ReportState, error) {
	if !now.Report.Via.IsV4() || len(codes) == 0 {
		return nil, expense.ReportState{}, nil
	}
	all, reading, err := a.listed(ctx, objectURI, now)
	return slices.DeleteFunc(all, func(e expense.ExistingException) bool { return !slices.Contains(codes, e.Code) }), reading, err
}

// resolve looks up what list items mean, of the fields that were kept: those that the
// rules read. Of an item that Concur does not show the code stays unknown.
func (a *Activities) resolve(ctx context.Context, kept interface{ EachField(func(*expense.Field)) }) error {
	var failed error
	kept.EachField(func(f *expense.Field) {
		if f.ListItem == "" || failed != nil {
			return
		}
		item, err := a.options.Concur.ListItem(ctx, f.ListItem)
		switch {
		case errors.Is(err, concur.NotFound):
		case err != nil:
			failed = err
		default:
			f.LookUp(item)
		}
	})
	return failed
}

// fits returns an error when a result is too large for a payload.
func (a *Activities) fits(verb, what string, result any) error {
	op := verb + " " + what
	data, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if len(data) <= a.options.MaxReportBytes {
		return nil
	}
	return &concur.Error{Op: op, Kind: expense.TooLarge,
		Message: fmt.Sprintf("%s takes %d KiB and at most %d KiB can be handled", what, len(data)>>10, a.options.MaxReportBytes>>10)}
}

// found is a report, or a travel request, as one read showed it; neither when it is gone.
type found struct {
	expense.ReportState
	concur.Read
	withheld expense.DryRunReason // why nothing is written to it
	changed  bool                 // it waits at a stop of the same name, and is not what it was
}

// moved is where it is, when it no longer waits at the stop as it was.
func (f found) moved() expense.ReportState {
	if f.Kind == "" {
		return expense.ReportState{}
	}
	return f.ReportState
}

// reader reads reports, or travel requests.
type reader func(ctx context.Context, objectURI string, o concur.ReadOptions) (concur.Read, error)

// read reads afresh and says where the report is, or the travel request.
func (a *Activities) read(ctx context.Context, read reader, objectURI string, o concur.ReadOptions) (found, error) {
	writes := a.options.Writes
	o.Logins, o.External = writes.TestUsers, a.external()
	seen, err := read(ctx, objectURI, o)
	switch {
	case errors.Is(err, concur.NotFound):
		return found{ReportState: expense.ReportState{Kind: expense.NotFound}, withheld: writes.withhold(false)}, nil
	case err != nil:
		return found{}, err
	case seen.Unclear != "":
		return found{}, unclearStep(seen.Request, seen.Unclear)
	}
	f := found{Read: seen, withheld: writes.withhold(seen.Theirs)}
	if seen.Request != nil {
		f.ReportState = expense.ReportState{Status: seen.Request.Status, ValidationID: seen.Stop}
	} else {
		f.ReportState = expense.ReportState{Status: seen.Report.Status, ValidationID: seen.Stop}
	}
	if seen.Stop == "" {
		f.Kind = expense.NotWaiting
	}
	return f, nil
}

// external is how the company's travel requests show that they wait at external validation.
func (a *Activities) external() expense.ExternalValidation {
	s := a.options.Rules.Current().Settings()
	return expense.ExternalValidation{Names: s.ExternalValidationNames, WithoutOperations: s.ActWithoutOperations}
}

// unclearStep is the error of a travel request of which Concur does not say clearly whether it
// waits for us. Nothing is written to it.
func unclearStep(r *expense.TravelRequest, why string) error {
	return &concur.Error{Op: "read the travel request", Kind: expense.UnclearStep, Message: "it is not known whether request " + r.Number + " waits for us: " + why}
}

// readAt reads the report afresh, by the interface by which it was read and judged; its
// reading has a Kind unless the report waits at this very stop. By v1.1 the report is read
// with its entries, which must be all there: they are compared with those that were judged.
func (a *Activities) readAt(ctx context.Context, objectURI, stop string, via expense.Interface) (found, error) {
	parts := expense.Parts{HeaderOnly: true}
	if via == "" {
		via = expense.V1
	}
	read := a.options.Concur.ReadReport
	if kind, _, err := expense.Identify(objectURI); err == nil && kind == expense.RequestObject {
		read = a.options.Concur.ReadRequest
	} else if via == expense.V1 {
		parts.HeaderOnly = false
	}
	f, err := a.read(ctx, read, objectURI, concur.ReadOptions{Via: via, Parts: parts, Steps: a.options.Interface.ReadSteps})
	if err == nil && f.Kind == "" && f.ReportState.ValidationID != stop {
		f.Kind = expense.NotWaiting
	}
	return f, err
}

// readJudged is readAt before the first write of an attempt.
func (a *Activities) readJudged(ctx context.Context, objectURI, stop string, judged expense.Attempt) (found, error) {
	now, err := a.readAt(ctx, objectURI, stop, judged.Via)
	if err != nil {
		return now, err
	}
	return a.readWhole(ctx, objectURI, stop, judged, now)
}

// readWhole reads a report whole once more when that is needed, and else returns the read that
// was just made. When a person was asked since what was judged was read, or that was long ago,
// somebody may have edited an entry, and a header does not tell of it: where v1.1 does not show
// all of the report, it must be read. The header is read last, for the report may be moved
// meanwhile.
func (a *Activities) readWhole(ctx context.Context, objectURI, stop string, judged expense.Attempt, now found) (found, error) {
	before := concur.Read{Content: judged.ContentHashes}
	age := activity.GetInfo(ctx).StartedTime.Sub(judged.ReadAt)
	if now.Kind != "" || before.Content == "" || now.Compares(before) || !judged.ApproverAsked && age <= a.options.ReadAgainAfter {
		return now, nil
	}
	read := a.options.Concur.ReadReport
	if now.Request != nil {
		read = a.options.Concur.ReadRequest
	}
	whole, err := a.read(ctx, read, objectURI, concur.ReadOptions{Via: judged.Via, Parts: judged.Parts})
	if err == nil {
		now, err = a.readAt(ctx, objectURI, stop, judged.Via)
	}
	now.Content = strings.TrimSpace(now.Content + " " + whole.Content)
	if err == nil && now.Kind == "" && !now.Compares(before) {
		err = &concur.Error{Op: "read the report whole", Kind: expense.Unavailable, Message: "it was moved while it was read"}
	}
	return now, err
}

// edited reports whether the content is another than was judged, as far as both are known.
// Exceptions of our own do not change it.
func (f found) edited(judged expense.Attempt) bool {
	return !f.SameContent(concur.Read{Content: judged.ContentHashes})
}

// at reports whether the report waits where it was judged, and is what was judged, as far as
// Concur tells.
func (f found) at(stop string, judged expense.Attempt) bool {
	return f.SameStop(concur.Read{Stop: stop, Mark: judged.HeaderHash, Content: judged.ContentHashes})
}
