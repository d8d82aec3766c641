package rulesfile

import (
	"slices"
	"strings"

	"concur-connector/expense"
	"concur-connector/internal/spelling"

	"go.yaml.in/yaml/v4"
)

// Group is a group of approvers, with its reminders, escalation and deadline.
type Group struct {
	Name      string `json:"name"`
	Reminders []Wait `json:"reminders,omitempty"` // after the task was opened, rising
	// EscalateTo is asked, too, after EscalateAfter.
	EscalateTo    string `json:"escalateTo,omitempty"`
	EscalateAfter Wait   `json:"escalateAfter,omitzero"`
	// DeadlineThen is what becomes of the report after DeadlineAfter: [expense.ThenKeepWaiting]
	// or [expense.ThenSendBack]. Silence never approves.
	DeadlineAfter Wait   `json:"deadlineAfter,omitzero"`
	DeadlineThen  string `json:"deadlineThen,omitempty"`
	// AcceptsUnsealed is true if decisions count although nobody has verified who sent them.
	AcceptsUnsealed bool `json:"acceptsUnsealed,omitempty"`
}

const (
	maxGroups    = 100
	maxReminders = 10
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
	names := GroupNames(c.Groups)
	for _, g := range c.Groups {
		at := places[g.Name]
		if g.EscalateTo == "" || at == nil {
			continue
		}
		if !slices.Contains(names, g.EscalateTo) {
			s.Fail(At(at), "", "there is no group %q%s", Clip(g.EscalateTo, 40), spelling.Suggestion(g.EscalateTo, names))
			continue
		}
		switch chain := escalations(c.Groups, g); {
		case g.EscalateTo == g.Name:
			s.Fail(At(at), "", "the group %s escalates to itself", g.Name)
		case chain[len(chain)-1] == g.Name:
			s.Fail(At(at), "", "the groups escalate in a circle: %s", strings.Join(chain, ", "))
		}
	}
}

// escalations are the groups to which a group escalates, directly and through others, beginning
// with the group itself. The list ends with the first group that it repeats.
func escalations(groups []Group, g Group) []string {
	chain := []string{g.Name}
	for g.EscalateTo != "" {
		repeated := slices.Contains(chain, g.EscalateTo)
		chain = append(chain, g.EscalateTo)
		i := slices.IndexFunc(groups, func(other Group) bool { return other.Name == g.EscalateTo })
		if repeated || i < 0 {
			break
		}
		g = groups[i]
	}
	return chain
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
	if !g.DeadlineAfter.IsZero() {
		for _, earlier := range append(slices.Clone(g.Reminders), g.EscalateAfter) {
			if !earlier.before(g.DeadlineAfter) {
				s.Fail(p.place(), "", "%s: %s may come after the deadline of %s, and everything else must come before it; give both in working days, or both in hours",
					what, earlier, g.DeadlineAfter)
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
		s.Fail(At(n), "", "unsealed must be allow or refuse, not %q%s", Clip(v, 40), spelling.Suggestion(v, []string{"allow", "refuse"}))
	}
	return v == "allow"
}

func (p Named) place() Place { return At(p.Name) }

func (s *Source) reminders(n *yaml.Node, what string) []Wait {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxReminders {
		s.Fail(At(n), "", "reminders must be a list of at most %d durations such as [24h, 72h] or [1 working day, 3 working days]", maxReminders)
		return nil
	}
	var all []Wait
	for _, one := range n.Content {
		w := s.wait(one, n, "a reminder")
		if w.IsZero() {
			continue
		}
		if len(all) > 0 && !all[len(all)-1].before(w) {
			s.Fail(At(one), "", "%s: each reminder must come later than the one before; give both in working days, or both in hours", what)
		}
		all = append(all, w)
	}
	return all
}

func (s *Source) deadline(n, in *yaml.Node) string {
	if n == nil {
		s.Fail(At(in), "", "deadline needs then: %s or %s", expense.ThenKeepWaiting, expense.ThenSendBack)
		return ""
	}
	v, ok := s.text(n, "", "then")
	if ok && v == "hold" {
		s.Fail(At(n), "", "then: hold is now called %s", expense.ThenKeepWaiting)
	} else if ok && v != expense.ThenKeepWaiting && v != expense.ThenSendBack {
		s.Fail(At(n), "", "then must be %s or %s, not %q: silence never approves", expense.ThenKeepWaiting, expense.ThenSendBack, Clip(v, 40))
	}
	return v
}
