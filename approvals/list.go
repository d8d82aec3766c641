package approvals

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// The limits of a page of tasks.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// Filter chooses tasks. The zero value chooses all.
type Filter struct {
	Groups       []string       // asked by the task; any of them
	OpenedBefore time.Time      // the task has waited since before
	AtLeast      *expense.Money // the total; tasks in another currency are left out
	AtMost       *expense.Money
	Employee     string // part of the employee's name or login; case does not matter
	Claimed      Claimed
	Overdue      bool // only tasks whose deadline has passed

	Limit  int    // most tasks of an answer; zero means 50, and the largest is 200
	Cursor string // of the answer before; empty means from the beginning
}

// Claimed says which tasks a filter chooses, by who has claimed them.
type Claimed string

// The values of Claimed. The empty value chooses all tasks.
const (
	ClaimedByMe     Claimed = "me"
	ClaimedByNobody Claimed = "nobody"
	ClaimedByOthers Claimed = "others"
)

// List is a page of tasks, the most urgent first.
type List struct {
	Tasks []ListedTask `json:"tasks"`
	// Total is how many tasks the filter chooses on all pages.
	Total int `json:"total"`
	// Groups are those of all tasks that the person may decide, whatever the filter.
	Groups []string `json:"groups"`
	// Cut is true if there are more tasks than the endpoint can list.
	Cut bool `json:"cut,omitempty"`
	// Next is the cursor of the next page; empty on the last.
	Next string `json:"next,omitempty"`
}

// ListedTask is a task that waits for the person who asks.
type ListedTask struct {
	expense.TaskSummary
	Total *expense.Money `json:"total,omitempty"` // the first amount among Fields
	// ApprovedByYou is true if the person has approved and the task waits for others.
	ApprovedByYou bool     `json:"approvedByYou,omitempty"`
	OnBehalfOf    []string `json:"onBehalfOf,omitempty"` // those for whom the person may decide
}

// List lists the tasks that wait and that the person may decide: overdue ones first, then by their
// deadline, then the oldest first. A task appears and disappears shortly after it was opened or
// decided.
func (s *Service) List(ctx context.Context, actor expense.Actor, f Filter) (List, error) {
	after, err := f.check()
	if err != nil {
		return List{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	all, err := s.runs.Tasks(ctx)
	if err != nil {
		s.logger.WarnContext(ctx, "cannot list the waiting tasks", "error", err)
		return List{}, problem(Unavailable, "Temporal cannot be reached; try again")
	}
	viewer, now := s.people.Current().Viewer(actor), time.Now()
	chosen, groups := []ListedTask{}, []string{}
	for _, summary := range all {
		part := viewer.Part(taskOf(summary), summary.Owner, now)
		if part.Why != "" {
			continue
		}
		one := ListedTask{
			TaskSummary: summary, Total: total(summary.Fields), OnBehalfOf: part.OnBehalfOf,
			ApprovedByYou: slices.Contains(summary.ApprovedBy, actor.Name),
		}
		one.Overdue = one.Overdue || !one.Deadline.IsZero() && one.Deadline.Before(now)
		groups = append(groups, part.Groups...)
		if f.chooses(one, actor.Name) {
			chosen = append(chosen, one)
		}
	}
	slices.SortFunc(chosen, func(a, b ListedTask) int { return urgencyOf(a).compare(urgencyOf(b)) })
	slices.Sort(groups)
	list := List{Tasks: chosen, Total: len(chosen), Groups: slices.Compact(groups), Cut: len(all) >= workflows.MaxTasks}
	if after != nil {
		begin, _ := slices.BinarySearchFunc(chosen, *after, func(one ListedTask, after urgency) int {
			if urgencyOf(one).compare(after) <= 0 {
				return -1
			}
			return 1
		})
		list.Tasks = chosen[begin:]
	}
	if limit := cmp.Or(f.Limit, defaultLimit); len(list.Tasks) > limit {
		list.Tasks = list.Tasks[:limit]
		list.Next = urgencyOf(list.Tasks[limit-1]).cursor()
	}
	return list, nil
}

// taskOf is what the summary of a task says about who may decide it.
func taskOf(s expense.TaskSummary) expense.Task {
	task := expense.Task{ID: s.TaskID, Delegates: s.Delegates, ClaimedBy: s.ClaimedBy}
	for _, group := range s.Groups {
		task.Groups = append(task.Groups, expense.TaskGroup{RequiredApproval: expense.RequiredApproval{Group: group, Count: 1}})
	}
	return task
}

// total returns the first amount of the fields, or nil.
func total(fields []expense.ShownField) *expense.Money {
	for _, f := range fields {
		if f.Money != nil {
			return f.Money
		}
	}
	return nil
}

func (f Filter) check() (after *urgency, err error) {
	switch f.Claimed {
	case "", ClaimedByMe, ClaimedByNobody, ClaimedByOthers:
	default:
		return nil, problem(Malformed, "claimed must be me, nobody or others")
	}
	if f.Limit < 0 || f.Limit > maxLimit {
		return nil, problem(Malformed, fmt.Sprintf("limit must be a number from 1 to %d", maxLimit))
	}
	if f.Cursor == "" {
		return nil, nil
	}
	after = &urgency{}
	content, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	if err != nil || json.Unmarshal(content, after) != nil || after.ID == "" {
		return nil, problem(Malformed, "the cursor is not one of an earlier answer; begin again without it")
	}
	return after, nil
}

func (f Filter) chooses(t ListedTask, me string) bool {
	if len(f.Groups) > 0 && !slices.ContainsFunc(t.Groups, func(group string) bool { return slices.Contains(f.Groups, group) }) {
		return false
	}
	if !f.OpenedBefore.IsZero() && !t.OpenedAt.Before(f.OpenedBefore) || f.Overdue && !t.Overdue {
		return false
	}
	within := func(limit *expense.Money, sign int) bool {
		if limit == nil {
			return true
		}
		if t.Total == nil {
			return false
		}
		order, err := t.Total.Compare(*limit)
		return err == nil && order*sign >= 0
	}
	if !within(f.AtLeast, 1) || !within(f.AtMost, -1) {
		return false
	}
	part := strings.ToLower(f.Employee)
	if part != "" && !strings.Contains(strings.ToLower(t.Owner.Name), part) && !strings.Contains(strings.ToLower(t.Owner.Login), part) {
		return false
	}
	switch f.Claimed {
	case ClaimedByMe:
		return t.ClaimedBy == me
	case ClaimedByNobody:
		return t.ClaimedBy == ""
	case ClaimedByOthers:
		return t.ClaimedBy != "" && t.ClaimedBy != me
	}
	return true
}

// urgency orders tasks, the most urgent first. As a cursor it finds its place also after tasks
// have come and gone.
type urgency struct {
	Overdue  bool      `json:"o,omitempty"`
	Deadline time.Time `json:"d,omitzero"`
	Opened   time.Time `json:"t"`
	ID       string    `json:"i"`
}

func urgencyOf(t ListedTask) urgency {
	return urgency{Overdue: t.Overdue, Deadline: t.Deadline, Opened: t.OpenedAt, ID: t.NotificationID}
}

func (u urgency) compare(other urgency) int {
	first := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return -1
		}
		return 1
	}
	return cmp.Or(
		first(u.Overdue, other.Overdue), first(!u.Deadline.IsZero(), !other.Deadline.IsZero()),
		u.Deadline.Compare(other.Deadline), u.Opened.Compare(other.Opened), strings.Compare(u.ID, other.ID),
	)
}

func (u urgency) cursor() string {
	content, _ := json.Marshal(u) // it holds a bool, times of Temporal and a text
	return base64.RawURLEncoding.EncodeToString(content)
}
