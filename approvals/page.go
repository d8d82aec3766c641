package approvals

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"concur-connector/approvals/page"
	"concur-connector/expense"
)

// NewPage returns the approvers' page of an endpoint.
func NewPage(e *Endpoint) (Page, error) {
	options := page.Options{UseCases: pageUseCases{e.Service}, Sessions: pageSessions{e.Sessions}, Logger: e.Service.logger}
	if e.openID != nil {
		options.OpenIDLogin = OpenIDLogin
	}
	built, err := page.New(options)
	if err != nil {
		return nil, err
	}
	return mountedPage{built}, nil
}

// mountedPage explains the problems of this package in the page's words.
type mountedPage struct{ *page.Page }

func (p mountedPage) SignInFailed(w http.ResponseWriter, r *http.Request, err error) {
	err = inWordsOfPage(err)
	if errors.Is(err, page.ErrNotEntitled) {
		err = page.ErrToken
	}
	p.Page.SignInFailed(w, r, err)
}

// inWordsOfPage turns a problem into the error that the page can explain.
func inWordsOfPage(err error) error {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		return err
	}
	known := map[Kind]error{
		NotFound: page.ErrNotFound, OwnReport: page.ErrOwnReport, NotEntitled: page.ErrNotEntitled, NotApprover: page.ErrNotEntitled,
		Unidentified: page.ErrSignedOut, TooMany: page.ErrThrottled,
	}[p.Kind]
	if known == nil {
		known = page.ErrUnavailable
	}
	return fmt.Errorf("%w: %w", known, err)
}

// pageSessions are the sessions as the page needs them.
type pageSessions struct{ *Sessions }

func (s pageSessions) Actor(r *http.Request) (expense.Actor, error) {
	actor, err := s.Sessions.Actor(r)
	if err != nil {
		return expense.Actor{}, inWordsOfPage(err)
	}
	return actor, nil
}

func (s pageSessions) SignIn(w http.ResponseWriter, r *http.Request, token string) error {
	err := s.Sessions.SignIn(w, r, token)
	if err == nil {
		return nil
	}
	if err = inWordsOfPage(err); errors.Is(err, page.ErrSignedOut) || errors.Is(err, page.ErrNotEntitled) {
		return page.ErrToken
	}
	return err
}

// pageUseCases are the use cases as the page needs them.
type pageUseCases struct{ service *Service }

func (u pageUseCases) List(ctx context.Context, actor expense.Actor, f page.Filter) (page.Queue, error) {
	filter := Filter{OpenedBefore: f.OpenedBefore, Employee: f.Employee, Limit: f.Limit, Cursor: f.Cursor}
	if f.Limit == 0 {
		filter.Limit = 25
	}
	if f.Group != "" {
		filter.Groups = []string{f.Group}
	}
	if f.Least != nil {
		filter.AtLeast = &expense.Money{Amount: *f.Least, Currency: f.Currency}
	}
	if f.Most != nil {
		filter.AtMost = &expense.Money{Amount: *f.Most, Currency: f.Currency}
	}
	if f.Mine {
		filter.Claimed = ClaimedByMe
	}
	list, err := u.service.List(ctx, actor, filter)
	if p, ok := errors.AsType[*Problem](err); ok && p.Kind == Malformed && filter.Cursor != "" {
		filter.Cursor = "" // of an address that somebody has changed
		list, err = u.service.List(ctx, actor, filter)
	}
	if err != nil {
		return page.Queue{}, inWordsOfPage(err)
	}
	queue := page.Queue{Total: list.Total, Next: list.Next, Groups: u.groups(actor)}
	for _, t := range list.Tasks {
		queue.Tasks = append(queue.Tasks, page.QueuedTask{
			TaskSummary: t.TaskSummary, Total: t.Total, ApprovedByYou: t.ApprovedByYou, OnBehalfOf: t.OnBehalfOf,
		})
	}
	return queue, nil
}

// groups are those of a person and of the people who have delegated to them.
func (u pageUseCases) groups(actor expense.Actor) []string {
	file, now := u.service.people.Current(), time.Now()
	groups := slices.Clone(actor.Groups)
	add := func(name string) {
		if p := file.Named(name); p != nil {
			groups = append(groups, p.Groups...)
		}
	}
	add(actor.Name)
	for _, d := range file.Delegations {
		if d.To == actor.Name && d.InForce(now) {
			add(d.From)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

func (u pageUseCases) Show(ctx context.Context, actor expense.Actor, notificationID string) (page.Report, error) {
	v, err := u.service.Show(ctx, actor, notificationID)
	if err != nil {
		return page.Report{}, inWordsOfPage(err)
	}
	report := page.Report{
		NotificationID: v.NotificationID, ReportID: v.ReportID, Kind: v.Kind, Owner: v.Owner, StepName: v.StepName,
		Shown: &expense.ShownReport{Fields: v.Fields, URL: v.URL}, Changes: changesOfPage(v),
		Missing: v.StillNeeded, Overdue: v.Overdue, Record: v.Record, Groups: v.You.Groups, OnBehalfOf: v.You.OnBehalfOf,
		State: string(v.State), Done: v.Done, Unchecked: v.Unchecked, People: v.DelegateTo, Parked: v.Trouble, Outcome: v.Outcome,
	}
	if v.Open {
		report.Task = v.Task
	}
	if !v.You.MayDecide {
		report.Refusal = v.You.Why
	}
	add := func(findings []FindingView) {
		for _, f := range findings {
			report.Findings = append(report.Findings, expense.Finding{Rule: f.Rule, Object: f.Object, Message: f.Message, Error: f.Error, Warn: f.Warning})
		}
	}
	add(v.Findings)
	for _, o := range v.Objects {
		report.Shown.Objects = append(report.Shown.Objects, o.ShownObject)
		add(o.Findings)
	}
	return report, nil
}

// changesOfPage names the object of each change.
func changesOfPage(v TaskView) []page.Change {
	labels := map[string]string{}
	for _, o := range v.Objects {
		for _, f := range o.Fields {
			if strings.HasSuffix(f.Name, ".typeName") || labels[o.ID] == "" && strings.HasSuffix(f.Name, ".type") {
				labels[o.ID] = f.Text
			}
		}
	}
	var changes []page.Change
	for _, c := range v.Changes {
		changes = append(changes, page.Change{
			Level: c.Level, Object: c.Object, Label: labels[c.Object], Name: c.Field,
			Added: c.Added, Removed: c.Removed, Before: c.Before, After: c.After,
		})
	}
	return changes
}

func (u pageUseCases) Decide(ctx context.Context, actor expense.Actor, notificationID string, d expense.Decision) (page.Answer, error) {
	answer, err := u.service.Decide(ctx, actor, notificationID, d)
	p, isProblem := errors.AsType[*Problem](err)
	switch {
	case err == nil && answer.Counted:
		return page.Answer{Result: page.Counted, Missing: answer.StillNeeded}, nil
	case err == nil:
		return page.Answer{Result: page.Stored}, nil
	case !isProblem:
		return page.Answer{}, err
	}
	results := map[Kind]page.Result{
		CommentMissing: page.CommentMissing, Conflict: page.Closed, Unknown: page.Unknown,
		NotEntitled: page.Refused, OwnReport: page.Refused, NotApprover: page.Refused, Malformed: page.Refused, TooMany: page.Refused,
	}
	result, known := results[p.Kind]
	if !known {
		return page.Answer{}, inWordsOfPage(err)
	}
	if p.Winner != nil {
		result = page.Late
	}
	return page.Answer{Result: result, Why: p.Detail, Winner: p.Winner, Missing: p.Missing}, nil
}

// What the page says about a person's own decisions.
const (
	mineSince = 30 * 24 * time.Hour
	mineRuns  = 300
	mineLimit = 5 * time.Second
)

// Mine looks at the newest runs only; concurctl approvals export has all of them.
func (u pageUseCases) Mine(ctx context.Context, actor expense.Actor) (page.Decided, error) {
	ctx, cancel := context.WithTimeout(ctx, mineLimit)
	defer cancel()
	since := time.Now().Add(-mineSince)
	records, from, err := u.service.runs.Records(ctx, since, mineRuns)
	if err != nil {
		u.service.logger.WarnContext(ctx, "cannot read what a person has decided", "error", err)
		return page.Decided{}, fmt.Errorf("%w: %w", page.ErrUnavailable, err)
	}
	decided := page.Decided{Since: since}
	if from.After(since) {
		decided.Since = from
	}
	for _, run := range records {
		kind, _, _ := strings.Cut(run.NotificationID, ":")
		for _, e := range run.Events {
			if e.Kind != expense.TaskCounted || e.By != actor.Name || e.IdentifiedBy == "" {
				continue
			}
			decided.Items = append(decided.Items, page.DecidedItem{
				NotificationID: run.NotificationID, ReportID: run.ReportID, Kind: expense.ObjectKind(kind), Event: e,
				Open: run.Outcome == "", Outcome: run.Outcome,
			})
		}
	}
	slices.SortStableFunc(decided.Items, func(a, b page.DecidedItem) int { return b.Event.At.Compare(a.Event.At) })
	return decided, nil
}
