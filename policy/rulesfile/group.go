package rulesfile

import (
	"fmt"
	"slices"
	"time"

	"concur-connector/internal/spelling"

	"go.yaml.in/yaml/v4"
)

// Group is a group of approvers, with its reminders, escalation and deadline.
type Group struct {
	Name      string          `json:"name"`
	Reminders []time.Duration `json:"reminders,omitempty"` // after the task was opened, rising
	// After EscalateAfter, the group EscalateTo is asked as well.
	EscalateTo    string        `json:"escalateTo,omitempty"`
	EscalateAfter time.Duration `json:"escalateAfter,omitempty"`
	// DeadlineThen says what happens to the report after DeadlineAfter: KeepWaiting or
	// DeadlineSendBack. Silence never approves.
	DeadlineAfter time.Duration `json:"deadlineAfter,omitempty"`
	DeadlineThen  string        `json:"deadlineThen,omitempty"`
	// AcceptsUnsealed is true if decisions count although nobody has verified who sent them.
	AcceptsUnsealed bool `json:"acceptsUnsealed,omitempty"`
}

// The values of Group.DeadlineThen.
const (
	KeepWaiting      = "keep-waiting"
	DeadlineSendBack = "send-back"
)

const (
	maxGroups    = 100
	maxReminders = 10
	maxWait      = 365 * 24 * time.Hour
)

func (s *Source) groups(c *File, n *yaml.Node) {
	places := map[string]*yaml.Node{}
	for _, p := range s.named(n, "groups", groupForm, groupFormed, maxGroups) {
		g, to := s.group(p)
		c.Groups = append(c.Groups, g)
		if to != nil {
			places[g.Name] = to
		}
	}
	for _, g := range c.Groups {
		if g.EscalateTo == "" || places[g.Name] == nil {
			continue
		}
		switch {
		case g.EscalateTo == g.Name:
			s.Fail(At(places[g.Name]), "", "the group %s escalates to itself", g.Name)
		case !slices.ContainsFunc(c.Groups, func(o Group) bool { return o.Name == g.EscalateTo }):
			s.Fail(At(places[g.Name]), "", "there is no group %q%s", Clip(g.EscalateTo, 40), spelling.Suggestion(g.EscalateTo, GroupNames(c.Groups)))
		}
	}
}

// GroupNames returns the names of the groups.
func GroupNames(groups []Group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return names
}

func (s *Source) group(p Named) (g Group, to *yaml.Node) {
	g.Name = p.Key
	what := "the group " + p.Key
	if p.Value.ShortTag() == "!!null" {
		return g, nil
	}
	keys, ok := s.mapping(p.Value, "", what, "reminders", "escalate", "deadline", "unsealed")
	if !ok {
		return g, nil
	}
	if n := keys["reminders"]; n != nil {
		g.Reminders = s.reminders(n, what)
	}
	if n := keys["escalate"]; n != nil {
		if inner, ok := s.mapping(n, "", "escalate", "after", "to"); ok {
			g.EscalateAfter = s.wait(inner["after"], n, "escalate")
			if to = inner["to"]; to == nil {
				s.Fail(At(n), "", "escalate needs to: the name of another group")
			} else if v, ok := s.text(to, "", "to"); ok {
				g.EscalateTo = v
			}
		}
	}
	if n := keys["deadline"]; n != nil {
		if inner, ok := s.mapping(n, "", "deadline", "after", "then"); ok {
			g.DeadlineAfter = s.wait(inner["after"], n, "deadline")
			g.DeadlineThen = s.deadline(inner["then"], n)
		}
	}
	if n := keys["unsealed"]; n != nil {
		g.AcceptsUnsealed = s.unsealed(n)
	}
	if g.DeadlineAfter > 0 {
		for _, earlier := range append(slices.Clone(g.Reminders), g.EscalateAfter) {
			if earlier >= g.DeadlineAfter {
				s.Fail(p.place(), "", "%s: reminders and escalation must come before the deadline", what)
				break
			}
		}
	}
	return g, to
}

// unsealed reads whether a group accepts decisions that nobody has verified.
func (s *Source) unsealed(n *yaml.Node) bool {
	v, ok := s.text(n, "", "unsealed")
	if ok && v != "allow" && v != "refuse" {
		s.Fail(At(n), "", "unsealed must be allow or refuse, not %q", Clip(v, 40))
	}
	return v == "allow"
}

func (p Named) place() Place { return At(p.Name) }

func (s *Source) reminders(n *yaml.Node, what string) []time.Duration {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxReminders {
		s.Fail(At(n), "", "reminders must be a list of at most %d durations such as [24h, 72h]", maxReminders)
		return nil
	}
	var all []time.Duration
	for _, one := range n.Content {
		d := s.wait(one, n, "a reminder")
		if len(all) > 0 && d > 0 && d <= all[len(all)-1] {
			s.Fail(At(one), "", "%s: each reminder must come later than the one before", what)
		}
		all = append(all, d)
	}
	return all
}

// wait reads a duration of hours and minutes.
func (s *Source) wait(n, in *yaml.Node, what string) time.Duration {
	if n == nil {
		s.Fail(At(in), "", "%s needs after: a duration such as 48h", what)
		return 0
	}
	v, ok := s.text(n, "", what)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Minute || d > maxWait {
		s.Fail(At(n), "", "%q is not a duration from 1m to %s, such as 48h (days are written in hours)", Clip(v, 40), fmt.Sprintf("%.0fh", maxWait.Hours()))
		return 0
	}
	return d
}

func (s *Source) deadline(n, in *yaml.Node) string {
	if n == nil {
		s.Fail(At(in), "", "deadline needs then: %s or %s", KeepWaiting, DeadlineSendBack)
		return ""
	}
	v, ok := s.text(n, "", "then")
	if ok && v == "hold" {
		s.Fail(At(n), "", "then: hold is now called %s", KeepWaiting)
	} else if ok && v != KeepWaiting && v != DeadlineSendBack {
		s.Fail(At(n), "", "then must be %s or %s, not %q: silence never approves", KeepWaiting, DeadlineSendBack, Clip(v, 40))
	}
	return v
}
