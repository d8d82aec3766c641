package approvals

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
	"concur-connector/workflows"
)

// TaskView is everything an approver sees of a task and of what became of it.
type TaskView struct {
	NotificationID string             `json:"notificationId"`
	Kind           expense.ObjectKind `json:"kind"`
	ReportID       string             `json:"reportId,omitempty"`
	Revision       string             `json:"revision,omitempty"`

	// Open is true while the task waits for approvers. Task is nil once nobody needs to decide any
	// more.
	Open        bool                       `json:"open"`
	Task        *expense.Task              `json:"task,omitempty"`
	Deadline    time.Time                  `json:"deadline,omitzero"`
	Overdue     bool                       `json:"overdue,omitempty"`
	StillNeeded []expense.RequiredApproval `json:"stillNeeded"`
	You         You                        `json:"you"`

	Owner    expense.Owner        `json:"owner,omitzero"`
	Fields   []expense.ShownField `json:"fields"` // of the report or travel request itself
	Objects  []ObjectView         `json:"objects"`
	Findings []FindingView        `json:"findings"`      // about the whole, or about objects that are not shown
	URL      string               `json:"url,omitempty"` // opens the report in Concur

	// Changes says what differs from ComparedWith. Both are empty if there is nothing to compare
	// with, or if no worker answered in time.
	Changes      []Change  `json:"changes,omitempty"`
	ComparedWith *Compared `json:"comparedWith,omitempty"`

	StepName   string   `json:"stepName,omitempty"`   // the company's name of the workflow step in Concur
	DelegateTo []string `json:"delegateTo,omitempty"` // the people to whom the person may delegate the task
	Unchecked  int      `json:"unchecked,omitempty"`  // decisions that the run has received and not checked

	// What happened. Done lists what was done in Concur, in order.
	Record     []expense.TaskEvent `json:"record"`
	State      workflows.State     `json:"state"`
	WaitingFor string              `json:"waitingFor,omitempty"` // approver, operator or nobody
	Done       []string            `json:"done"`
	Outcome    expense.Outcome     `json:"outcome,omitempty"`
	Trouble    string              `json:"trouble,omitempty"` // why the run waits for an operator
	Rules      RulesView           `json:"rules,omitzero"`
}

// RulesView identifies the rules that have asked.
type RulesView struct {
	Hash    string `json:"hash,omitempty"`
	Version string `json:"version,omitempty"`
}

// You says what the person who asks may do.
type You struct {
	MayDecide  bool     `json:"mayDecide"`
	Groups     []string `json:"groups,omitempty"`     // of the task, for which the person may act
	OnBehalfOf []string `json:"onBehalfOf,omitempty"` // those for whom the person may act
	Why        string   `json:"why,omitempty"`        // why the person may not decide now
}

// ObjectView is an entry or another part of a report, and the findings about it.
type ObjectView struct {
	expense.ShownObject
	Findings []FindingView `json:"findings,omitempty"`
}

// FindingView is a finding of the rules.
type FindingView struct {
	Rule    string `json:"rule"`
	Object  string `json:"object,omitempty"`
	Message string `json:"message,omitempty"` // for approvers
	Warning bool   `json:"warning,omitempty"` // without effect on what the rules decide
	Error   bool   `json:"error,omitempty"`   // the rule could not be evaluated; Message says why
}

// Show shows a task that the person may decide or, once it is closed, could decide. It also takes
// the ID of a task, to which messages link, and shows the present task of that run. It needs a worker.
func (s *Service) Show(ctx context.Context, actor expense.Actor, notificationID string) (TaskView, error) {
	notificationID, _, _ = strings.Cut(notificationID, "/") // the ID of a task begins with it
	if err := s.exists(ctx, notificationID); err != nil {
		return TaskView{}, err
	}
	status, err := s.status(ctx, notificationID)
	if err != nil {
		return TaskView{}, s.unanswered(ctx, notificationID, err)
	}
	task, found := lastTask(status)
	if !found {
		return TaskView{}, problem(NotFound, "the rules have asked nobody about this report or travel request")
	}
	people := s.people.Current()
	part := people.Viewer(actor).Part(task, ownerOf(status), time.Now())
	if part.Why != "" {
		return TaskView{}, notEntitled(part)
	}
	view := view(status, task, part, actor)
	if people.Named(actor.Name) != nil && view.Open {
		for _, p := range people.People {
			if p.Name != actor.Name {
				view.DelegateTo = append(view.DelegateTo, p.Name)
			}
		}
	}
	view.Changes, view.ComparedWith = s.changes(ctx, notificationID, status)
	return view, nil
}

func notEntitled(part approvers.Part) *Problem {
	if part.OwnReport {
		return problem(OwnReport, part.Why)
	}
	return problem(NotEntitled, part.Why)
}

func view(status workflows.Status, task expense.Task, part approvers.Part, actor expense.Actor) TaskView {
	kind, _, _ := strings.Cut(status.NotificationID, ":")
	v := TaskView{
		NotificationID: status.NotificationID, Kind: expense.ObjectKind(kind), ReportID: status.ReportID, Revision: status.Revision,
		Open: waits(status), Task: status.Task, StillNeeded: []expense.RequiredApproval{}, Owner: ownerOf(status),
		Fields: []expense.ShownField{}, Objects: []ObjectView{}, Findings: []FindingView{},
		StepName: status.StepName, Unchecked: status.Unchecked, Record: withoutSeals(status.Record), State: status.State, WaitingFor: status.WaitingFor, Done: status.Done, Outcome: status.Outcome,
	}
	if v.Open {
		v.StillNeeded = append(v.StillNeeded, task.StillNeeded()...)
		v.Deadline, v.Overdue = deadline(status)
	}
	v.You = you(v.Open, task, part, actor)
	if status.Parked != nil {
		v.Trouble = status.Parked.Message
	}
	if verdict := status.Verdict; verdict != nil {
		v.Rules = RulesView{Hash: verdict.RulesHash, Version: verdict.Version}
		v.show(verdict)
	}
	return v
}

// show adds the fields of the report, and each finding to its object.
func (v *TaskView) show(verdict *workflows.VerdictStatus) {
	at := map[string]int{}
	if shown := verdict.Shown; shown != nil {
		v.URL = shown.URL
		v.Fields = append(v.Fields, shown.Fields...)
		for i, o := range shown.Objects {
			v.Objects = append(v.Objects, ObjectView{ShownObject: o})
			at[o.ID] = i
		}
	}
	for _, f := range verdict.Findings {
		if f.Shadow {
			continue
		}
		finding := FindingView{Rule: f.Rule, Object: f.Object, Message: cmp.Or(f.ForApprover, f.Message), Warning: f.Warn, Error: f.Error}
		if i, shown := at[f.Object]; shown {
			v.Objects[i].Findings = append(v.Objects[i].Findings, finding)
		} else {
			v.Findings = append(v.Findings, finding)
		}
	}
}

// you says what a person who may see a task may do with it.
func you(open bool, task expense.Task, part approvers.Part, actor expense.Actor) You {
	you := You{Groups: part.Groups, OnBehalfOf: part.OnBehalfOf}
	approved := slices.ContainsFunc(task.Groups, func(g expense.TaskGroup) bool {
		return slices.ContainsFunc(g.Approvals, func(a expense.TaskApproval) bool { return a.By == actor.Name })
	})
	switch {
	case !open:
		you.Why = "nothing waits for a decision any more"
	case !slices.ContainsFunc(part.Groups, task.Needs):
		you.Why = "your groups have decided, and others still have to decide"
	case approved && len(part.OnBehalfOf) == 0 && !slices.ContainsFunc(part.Groups, func(g string) bool { return task.Needs(g) && !approvedFor(task, g, actor.Name) }):
		you.Why = "you have approved, and another person still has to decide"
	default:
		you.MayDecide = true
	}
	return you
}

func approvedFor(task expense.Task, group, name string) bool {
	return slices.ContainsFunc(task.Groups, func(g expense.TaskGroup) bool {
		return g.Group == group && slices.ContainsFunc(g.Approvals, func(a expense.TaskApproval) bool { return a.By == name })
	})
}

// waits reports whether a task waits for approvers.
func waits(status workflows.Status) bool {
	return status.Task != nil && status.WaitingFor == workflows.WaitingForApprover
}

func ownerOf(status workflows.Status) expense.Owner {
	if status.Verdict != nil && status.Verdict.Owner != nil {
		return *status.Verdict.Owner
	}
	return expense.Owner{}
}

// deadline returns the next deadline of the open task, and whether one has passed.
func deadline(status workflows.Status) (next time.Time, overdue bool) {
	for _, step := range status.Task.Plan {
		if step.Kind == expense.Deadline {
			next = step.At
			break
		}
	}
	for _, e := range status.Record {
		overdue = overdue || e.Kind == expense.TaskOverdue && e.TaskID == status.Task.ID
	}
	return next, overdue
}

// lastTask returns the open task or, if none is open, the last one as the record tells it. It
// returns false if there was none.
func lastTask(status workflows.Status) (task expense.Task, found bool) {
	if status.Task != nil {
		return *status.Task, true
	}
	for _, e := range status.Record {
		switch {
		case e.Kind == expense.TaskOpened:
			task, found = expense.Task{ID: e.TaskID, OpenedAt: e.At}, true
			groups := e.Groups
			if len(groups) == 0 {
				groups = []string{""}
			}
			for _, group := range groups {
				task.Groups = append(task.Groups, expense.TaskGroup{RequiredApproval: expense.RequiredApproval{Group: group, Count: 1}})
			}
		case e.Kind == expense.TaskEscalated && len(e.Groups) > 0:
			task.Groups = append(task.Groups, expense.TaskGroup{
				RequiredApproval: expense.RequiredApproval{Group: e.To, Count: 1}, EscalatedFrom: e.Groups[0],
			})
		case e.Kind == expense.TaskCounted && e.Decision == expense.DelegateTask:
			task.Delegates = append(task.Delegates, expense.Delegate{To: e.To, From: e.By})
		}
	}
	return task, found
}

// withoutSeals returns a record without the seals of refused decisions, which help nobody who reads it.
func withoutSeals(record []expense.TaskEvent) []expense.TaskEvent {
	record = slices.Clone(record)
	for i := range record {
		record[i].Seal = ""
	}
	return record
}
