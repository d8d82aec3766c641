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

// InterfaceOptions says which of Concur's interfaces reads reports. The zero value reads by
// v1.1 the reports that callouts name.
type InterfaceOptions struct {
	Via expense.Interface
	// Fallback uses v1.1 for a report that Concur refuses to show by Via.
	Fallback bool
	// ReadSteps asks v1.1 for the workflow step of a report that a callout names and that v3
	// or v4 reads.
	ReadSteps bool
}

func (o InterfaceOptions) check() error {
	switch o.Via {
	case "", expense.V1, expense.V3, expense.V4:
		return nil
	}
	return fmt.Errorf("activities: unknown interface %q", o.Via)
}

// after returns the options for a report that a run has written to by an interface. v1.1
// does not show exceptions that were posted by v4, so a run stays with v3 or v4.
func (o InterfaceOptions) after(writtenVia expense.Interface) InterfaceOptions {
	switch {
	case !writtenVia.IsV4():
		return o
	case !o.Via.IsV4():
		return InterfaceOptions{Via: writtenVia}
	}
	return InterfaceOptions{Via: o.Via}
}

// FetchReport reads a report. A report that does not wait for the connector is a result: it
// says where the report is and holds nothing else of it.
func (a *Activities) FetchReport(ctx context.Context, in expense.FetchReportInput) (result expense.FetchedReport, _ error) {
	defer sign(ctx, &result.Answer)
	return a.fetch(ctx, in, a.fetchReport)
}

// FetchRequest is FetchReport for a travel request.
func (a *Activities) FetchRequest(ctx context.Context, in expense.FetchReportInput) (result expense.FetchedReport, _ error) {
	defer sign(ctx, &result.Answer)
	return a.fetch(ctx, in, a.fetchRequest)
}

// fetch checks the addresses that notifications gave, and reads the object.
func (a *Activities) fetch(ctx context.Context, in expense.FetchReportInput,
	read func(context.Context, expense.FetchReportInput) (expense.FetchedReport, error),
) (expense.FetchedReport, error) {
	ctx, _, stop := a.startHeartbeat(ctx)
	defer stop()
	if err := a.options.Concur.CheckURL(concur.ObjectURI, in.ObjectURI); err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err, expense.RefusedHost{
			Host: hostOf(in.ObjectURI), AllowList: a.options.Concur.AllowList(),
		})
	}
	fetched, err := read(ctx, in)
	if err != nil {
		return expense.FetchedReport{}, a.failure(ctx, err)
	}
	fetched.VisibleWithin = a.options.Delays.VisibleWithin
	for _, uri := range in.UncheckedURIs {
		if why := a.untrusted(uri); why != "" {
			fetched.UntrustedURIs = append(fetched.UntrustedURIs, expense.UntrustedURI{URI: uri, Why: why})
		}
	}
	return fetched, nil
}

// untrusted says why a notification URI must not be followed. It is empty if it may be.
func (a *Activities) untrusted(uri string) string {
	err := a.options.Concur.CheckURL(concur.NotificationURI, uri)
	var e *concur.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

// hostOf returns the host of an address in the form that an operator compares. It returns
// "?" if the address is invalid.
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
	options := a.options.Interface.after(in.WrittenVia)
	parts := rules.Parts()
	mayAsk, _ := rules.MayAsk()
	found, err := a.read(ctx, a.options.Concur.ReadReport, in.ObjectURI, concur.ReadOptions{
		Via: options.Via, Fallback: options.Fallback, ReadAgain: in.ReadAgain, Parts: parts, Steps: a.options.Interface.ReadSteps, Owner: mayAsk,
	})
	if err != nil {
		return expense.FetchedReport{}, err
	}
	if in.ReportID != "" && found.Report != nil && found.Report.ID != in.ReportID {
		return expense.FetchedReport{}, &concur.Error{Op: "read the report", Kind: expense.Untrusted, Message: "the address names another report"}
	}
	fetched := newFetched(found, in)
	fetched.FallbackReason = found.FallbackReason
	if found.Report != nil {
		fetched.ReportID, fetched.Via = found.Report.ID, found.Report.Via
		a.announceReport(ctx, in, found.Report)
	}
	if fetched.NotOurs, fetched.Policies, err = a.notOursReport(ctx, in, found.Report); err != nil {
		return expense.FetchedReport{}, err
	}
	if found.Kind != "" || fetched.NotOurs {
		return fetched, nil
	}
	if err := a.canAct(found, rules); err != nil {
		return expense.FetchedReport{}, err
	}
	report := found.Report
	fetched.ReadAt, fetched.Parts = activity.GetInfo(ctx).StartedTime, parts
	fetched.Replaced = hasReplacement(report)
	if fetched.Earlier, err = a.earlierWrites(ctx, in, found); err != nil {
		return expense.FetchedReport{}, err
	}
	fetched.TotalDiffers = report.TotalDiffers()
	fetched.Revision, fetched.ContentHash = report.Revision(), report.ContentHash()
	existing, now, err := a.existing(ctx, in.ObjectURI, found, rules.CodesAt(in.EventType))
	switch {
	case err != nil:
		return expense.FetchedReport{}, err
	case now.Kind != "":
		return expense.FetchedReport{ReportState: now.ReportState, ReportID: report.ID, Via: report.Via, HeaderHash: found.HeaderHash, MayHaveMoved: fetched.MayHaveMoved, DryRun: found.dryRunReason}, nil
	}
	fetched.Existing = existing
	fetched.Report = rules.SelectFields(report)
	fetched.FactNames, _ = rules.FactNames()
	fetched.StoredFields, _ = rules.StoredFields()
	fetched.RulesHash, fetched.DependsOnStep = rules.Hash(), rules.DependsOnStep()
	if err := a.lookUpListItems(ctx, fetched.Report); err != nil {
		return expense.FetchedReport{}, err
	}
	return fetched, a.fits("read", "the report", fetched)
}

// newFetched starts the result with the state of a read, compared with the run's last read.
func newFetched(found found, in expense.FetchReportInput) expense.FetchedReport {
	sameValidation := in.ValidationID != "" && in.ValidationID == found.ReportState.ValidationID
	return expense.FetchedReport{
		ReportState: found.ReportState, DryRun: found.dryRunReason, HeaderHash: found.HeaderHash, ContentHashes: found.Content,
		MayHaveMoved: sameValidation && !found.at(in.ValidationID, expense.Attempt{HeaderHash: in.HeaderHash}),
		Edited:       !found.SameContent(concur.Read{Content: in.ContentHashes}),
	}
}

func (a *Activities) fetchRequest(ctx context.Context, in expense.FetchReportInput) (expense.FetchedReport, error) {
	rules := a.options.Rules.Current()
	_, mayAsk := rules.MayAsk()
	found, err := a.read(ctx, a.options.Concur.ReadRequest, in.ObjectURI, concur.ReadOptions{Owner: mayAsk})
	if err != nil {
		return expense.FetchedReport{}, err
	}
	fetched := newFetched(found, in)
	fetched.SkippedReason = found.SkippedReason
	if found.Request != nil {
		fetched.ReportID = found.Request.ID
		a.announce(ctx, stepsOf(expense.RequestObject, in.CalloutEventTypes, found.Request.Policy))
	}
	if fetched.NotOurs, fetched.Policies, err = a.notOursRequest(ctx, in, found.Request); err != nil {
		return expense.FetchedReport{}, err
	}
	if found.Kind != "" || fetched.NotOurs {
		return fetched, nil
	}
	fetched.ReadAt = activity.GetInfo(ctx).StartedTime
	if fetched.Earlier, err = a.earlierWrites(ctx, in, found); err != nil {
		return expense.FetchedReport{}, err
	}
	fetched.Revision, fetched.ContentHash = found.Request.Revision(), found.Request.ContentHash()
	fetched.Replaced = hasReplacement(found.Request)
	fetched.Request = rules.SelectRequestFields(found.Request)
	_, fetched.FactNames = rules.FactNames()
	_, fetched.StoredFields = rules.StoredFields()
	fetched.RulesHash, fetched.DependsOnStep = rules.Hash(), rules.DependsOnStep()
	if err := a.lookUpListItems(ctx, fetched.Request); err != nil {
		return expense.FetchedReport{}, err
	}
	return fetched, a.fits("read", "the travel request", fetched)
}

// hasReplacement reports whether a text of the value holds U+FFFD, which stands for a
// character that could not be read.
func hasReplacement(value any) bool {
	text, err := json.Marshal(value)
	return err == nil && bytes.ContainsRune(text, utf8.RuneError)
}

// canAct returns an error if an action on the report could not succeed in the end. It says so
// before any exception is posted.
func (a *Activities) canAct(found found, rules *policy.Policy) error {
	report := found.Report
	switch {
	case found.dryRunReason == "" && !a.options.ActOnAmbiguousStep && a.ambiguousStep(report, rules):
		return &concur.Error{Op: "read the report", Kind: expense.AmbiguousStep, Message: "the rules name several steps, and the connector cannot " +
			"tell at which of them the report waits: v1.1 does not show the step, and the step guard (CONCUR_STEP_GUARD) fits each of them"}
	case report.Via.IsV4():
		return nil // the address of the action needs only the report's ID
	case report.ActionURL == "":
		return &concur.Error{Op: "read the report", Kind: expense.Malformed, Message: "the report waits at external validation " +
			"but has no WorkflowActionURL; the connector's user needs the Web Services Administrator role"}
	}
	return a.options.Concur.CheckURL(concur.ActionURL, report.ActionURL)
}

// ambiguousStep reports whether the company has several validation steps, and an action on
// the report might happen at another one than the rules evaluate.
func (a *Activities) ambiguousStep(report *expense.Report, rules *policy.Policy) bool {
	return !report.ShowsStep() && !a.options.Guard.NamesOneStep() && len(rules.Steps()) > 1
}

// earlierWrites finds what earlier runs have written at this validation. A run that an
// operator has terminated or reset cannot pass on what it knew. Without an answer the run
// writes nothing.
func (a *Activities) earlierWrites(ctx context.Context, in expense.FetchReportInput, now found) (expense.EarlierRuns, error) {
	self := activity.GetInfo(ctx).WorkflowExecution
	question := expense.EarlierInput{NotificationID: self.ID, RunID: self.RunID, ValidationID: now.ReportState.ValidationID, CheckedRuns: in.CheckedRuns, VisibleWithin: a.options.Delays.VisibleWithin}
	if now.Report != nil {
		question.Via = now.Report.Via
		if !hasReplacement(now.Report.ID) { // such an ID may belong to two reports
			question.ReportID = now.Report.ID
		}
	}
	return a.options.EarlierWrites.EarlierWrites(ctx, question)
}

// existing lists the exceptions on a report that have one of the codes that the rules post
// at this step. Exceptions that the rules post at other steps are not deleted here.
func (a *Activities) existing(ctx context.Context, objectURI string, now found, codes []string) ([]expense.ExistingException, found, error) {
	if !now.Report.Via.IsV4() || len(codes) == 0 {
		return nil, now, nil
	}
	all, now, err := a.listExceptions(ctx, objectURI, now)
	return slices.DeleteFunc(all, func(e expense.ExistingException) bool { return !slices.Contains(codes, e.Code) }), now, err
}

// lookUpListItems looks up the list items in the fields that the rules read. The code of an
// item that Concur does not show stays unknown.
func (a *Activities) lookUpListItems(ctx context.Context, selected interface{ EachField(func(*expense.Field)) }) error {
	var failed error
	selected.EachField(func(f *expense.Field) {
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

// fits returns an error if a result is too large for a payload.
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
