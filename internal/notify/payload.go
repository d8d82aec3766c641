package notify

import (
	"encoding/json"
	"time"

	"concur-connector/expense"
)

// event is the body of a webhook, in the form that Standard Webhooks recommends.
type event struct {
	Type      string    `json:"type"` // task.opened, task.reminder, …, task.digest
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

type taskPayload struct {
	NotificationID string               `json:"notificationId,omitempty"`
	TaskID         string               `json:"taskId,omitempty"`
	Groups         []string             `json:"groups"`
	OpenedAt       time.Time            `json:"openedAt,omitzero"`
	Deadline       time.Time            `json:"deadline,omitzero"`
	Overdue        bool                 `json:"overdue,omitempty"`
	Why            string               `json:"why,omitempty"`
	URL            string               `json:"url"`
	Fields         []expense.ShownField `json:"fields,omitempty"`
}

type digestPayload struct {
	Tasks []taskPayload `json:"tasks"`
	URL   string        `json:"url"`
}

// newsPayload is the body of a webhook about one task.
func newsPayload(c *config, in expense.NotifyApproversInput, link string) ([]byte, error) {
	groups := in.Groups
	if groups == nil {
		groups = []string{}
	}
	return json.Marshal(event{Type: "task." + string(in.News), Timestamp: in.At.UTC(), Data: taskPayload{
		NotificationID: in.NotificationID, TaskID: in.TaskID, Groups: groups, Deadline: in.Deadline, Why: in.Why, URL: link, Fields: c.selected(in.Fields),
	}})
}

// digestPayload is the body of a webhook about every task that waits. It lists all of them.
func (n *Notifier) digestPayload(c *config, at time.Time, tasks []expense.TaskSummary) ([]byte, error) {
	all := digestPayload{URL: n.base.String()}
	for _, t := range tasks {
		all.Tasks = append(all.Tasks, taskPayload{
			NotificationID: t.NotificationID, TaskID: t.TaskID, Groups: t.Groups, OpenedAt: t.OpenedAt, Deadline: t.Deadline,
			Overdue: t.Overdue, URL: n.link(t.TaskID), Fields: c.selected(t.Fields),
		})
	}
	return json.Marshal(event{Type: "task.digest", Timestamp: at.UTC(), Data: all})
}
