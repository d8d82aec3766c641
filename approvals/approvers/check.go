package approvers

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"concur-connector/expense"
)

// Check says whether a decision counts: for which of the task's groups, by whom and on whose
// behalf, or else why not, in one sentence. It depends only on its arguments and on the file.
//
// unsealedAllowed says whether the rules accept decisions without a seal for a group. keys verify
// seals; without keys every seal is invalid. A decision without a seal counts only for groups that
// accept it. One whose seal is invalid never counts. Neither is shown under the name that it
// claims.
//
// The groups of the answer are names of the task's groups. An approval counts once for each of
// them. If the task has a group twice, because it was escalated to a group that decides anyway,
// the approval counts for the first one that is not complete.
//
// The same decision may be sealed and sent twice. Check accepts it twice; the run ignores a
// decision whose ID it knows.
func (a *Approvers) Check(in expense.CheckDecisionInput, unsealedAllowed func(group string) bool, keys *SealKeys) expense.CheckedDecision {
	c := &check{Approvers: a, in: in, choice: in.Decision.Decision, asked: in.Task.AskedGroups()}
	answer := expense.CheckedDecision{By: expense.Unverified}
	if in.Decision.Seal == "" {
		answer.Groups, answer.Why = c.unsealed(unsealedAllowed)
	} else if why := keys.verify(in.Decision, in.At); why != "" {
		answer.Why = "nobody has verified who sent this decision: " + why
	} else {
		c.actor = *in.Decision.Actor
		answer.IdentifiedBy = c.actor.IdentifiedBy
		answer.By, answer.OnBehalfOf, answer.Groups, answer.Why = c.sealed()
	}
	answer.Accepted = answer.Why == ""
	if !answer.Accepted {
		answer.OnBehalfOf, answer.Groups = "", nil
	}
	return answer
}

// check is one decision and what it is checked against.
type check struct {
	*Approvers
	in     expense.CheckDecisionInput
	choice expense.DecisionChoice
	actor  expense.Actor
	asked  []expense.AskedGroup
}

// basics says what is wrong with a decision, whoever sent it.
func (c *check) basics() string {
	d := c.in.Decision
	switch {
	case d.TaskID == "":
		return "the decision names no taskId; the status shows the one that is open"
	case d.TaskID != c.in.Task.ID:
		return "the decision is about another task; this one is " + c.in.Task.ID
	}
	if why := CommentMissing(d, c.in.Task); why != "" {
		return why
	}
	switch c.choice {
	case expense.DecideApprove, expense.DecideSendBack, expense.AddComment:
	case expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask:
	default:
		return `the decision must be "approve", "send-back", "comment", "claim", "release" or "delegate"`
	}
	return ""
}

// CommentMissing says which comment a decision lacks. It is empty if the decision lacks none.
func CommentMissing(d expense.Decision, task expense.Task) string {
	switch {
	case readable(d.Comment):
	case d.Decision == expense.DecideApprove && task.CommentRequired:
		return "an approval of this task needs a comment"
	case d.Decision == expense.DecideSendBack:
		return "a send-back needs a comment, which tells the employee what to change"
	case d.Decision == expense.AddComment:
		return "the comment is empty"
	}
	return ""
}

// readable reports whether a text has a visible character.
func readable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// unsealed checks a decision that nobody has sealed.
func (c *check) unsealed(allowed func(group string) bool) (groups []string, why string) {
	if why := c.basics(); why != "" {
		return nil, why
	}
	switch c.choice {
	case expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask:
		return nil, "only somebody whom the approvals endpoint has identified can claim, release or delegate a task"
	}
	why = "nobody has verified who sent this decision; the rules accept such decisions from no group that still has to decide: " + c.missing()
	for _, asked := range c.asked {
		if asked.IsComplete() && c.choice != expense.AddComment {
			continue
		}
		at := slices.IndexFunc(asked.Members, func(g expense.TaskGroup) bool { return allowed(g.Group) })
		switch {
		case at < 0:
		case c.choice == expense.DecideApprove && (asked.Count > 1 || len(asked.Approvals) > 0 || c.in.Task.DifferentPeople && len(c.asked) > 1):
			why = "this task needs approvals of different people, and nobody can tell who sent this decision"
		default:
			groups = append(groups, asked.Members[at].Group)
		}
	}
	if len(groups) > 0 {
		return groups, ""
	}
	return nil, why
}

// sealed checks a decision of an identified person.
func (c *check) sealed() (by, onBehalfOf string, groups []string, why string) {
	who, why := c.identify()
	if why == "" {
		why = c.basics()
	}
	if why != "" {
		return who.name, "", nil, why
	}
	switch c.choice {
	case expense.DecideApprove, expense.DecideSendBack:
		onBehalfOf, groups, why = c.decide(who)
	case expense.DelegateTask:
		groups, why = c.delegate(who)
	default:
		onBehalfOf, groups, why = c.takePart(who)
	}
	return who.name, onBehalfOf, groups, why
}

// decide finds the groups for which a person approves or sends back, and on whose behalf.
func (c *check) decide(who person) (onBehalfOf string, groups []string, why string) {
	if why := ownReport(who, c.in.Owner); why != "" {
		return "", nil, why
	}
	if !slices.ContainsFunc(c.asked, func(asked expense.AskedGroup) bool { return !asked.IsComplete() }) {
		return "", nil, "every group of this task has decided"
	}
	for _, as := range c.capacities(who) {
		if as.onBehalfOf != nil {
			if refused := ownReport(*as.onBehalfOf, c.in.Owner); refused != "" {
				why = firstOf(why, refused)
				continue
			}
		}
		groups, refused := c.groupsFor(as)
		if len(groups) > 0 {
			return as.principal(), groups, ""
		}
		why = firstOf(why, refused)
	}
	return "", nil, firstOf(why, c.notAMember(who))
}

// groupsFor returns the groups for which a person decides in one capacity. why says what keeps a
// member from approving, and is empty if there is no such group.
func (c *check) groupsFor(as capacity) (groups []string, why string) {
	for i, asked := range c.asked {
		at := slices.IndexFunc(asked.Members, func(g expense.TaskGroup) bool { return as.in(g.Group) })
		if at < 0 || asked.IsComplete() {
			continue
		}
		if c.choice == expense.DecideApprove {
			refused := c.approvedBefore(as, i)
			if refused == "" && c.in.Task.DifferentPeople && len(groups) > 0 {
				break
			}
			if refused != "" {
				why = firstOf(why, refused)
				continue
			}
		}
		groups = append(groups, asked.Members[at].Group)
	}
	return groups, why
}

// approvedBefore says which earlier approval keeps a person from approving for a group: one of
// the same people for the same group, or for any group if the task needs different people.
func (c *check) approvedBefore(as capacity, of int) string {
	for i, asked := range c.asked {
		if i != of && !c.in.Task.DifferentPeople {
			continue
		}
		for _, before := range asked.Approvals {
			for _, name := range []string{as.who.name, as.principal()} {
				if name == "" || name != before.By && name != before.OnBehalfOf {
					continue
				}
				if i == of {
					return fmt.Sprintf("%s has approved for %s already, and each approval must come from another person", name, groupName(asked.Group))
				}
				return fmt.Sprintf("%s has approved for %s, and nobody may approve this task for two groups", name, groupName(asked.Group))
			}
		}
	}
	return ""
}

// delegate checks that a person may let another decide the task.
func (c *check) delegate(who person) (groups []string, why string) {
	if why := ownReport(who, c.in.Owner); why != "" {
		return nil, why
	}
	if who.listed == nil {
		return nil, fmt.Sprintf("%s is not in the approvers' file, and only its people can delegate", who.name)
	}
	for _, asked := range c.asked {
		// Nobody asks the provider about people who are absent. So only groups of the file count.
		at := slices.IndexFunc(asked.Members, func(g expense.TaskGroup) bool { return who.listed.in(g.Group) })
		if !asked.IsComplete() && at >= 0 {
			groups = append(groups, asked.Members[at].Group)
		}
	}
	to := c.Named(c.in.Decision.To)
	switch {
	case len(groups) == 0 && slices.ContainsFunc(c.capacities(who), c.mayStillDecide):
		return nil, fmt.Sprintf("%s may decide this task, and only people whom the approvers' file lists in a group that decides can delegate: %s", who.name, c.missing())
	case len(groups) == 0:
		return nil, c.notAMember(who)
	case c.in.Decision.To == "":
		return nil, "the delegation does not say to whom; name an approver of the approvers' file"
	case to == nil:
		return nil, fmt.Sprintf("there is no approver called %q in the approvers' file", clip(c.in.Decision.To))
	case to == who.listed:
		return nil, "a delegation must be to somebody else"
	}
	if why := ownReport(listed(to), c.in.Owner); why != "" {
		return nil, why
	}
	return groups, ""
}

// mayStillDecide reports whether a group of a capacity still has to decide.
func (c *check) mayStillDecide(as capacity) bool {
	return slices.ContainsFunc(c.asked, func(asked expense.AskedGroup) bool {
		return !asked.IsComplete() && slices.ContainsFunc(asked.Members, func(g expense.TaskGroup) bool { return as.in(g.Group) })
	})
}

// takePart checks a comment, a claim or a release. The person must be able to decide for one of
// the task's groups, whether or not that group has decided.
func (c *check) takePart(who person) (onBehalfOf string, groups []string, why string) {
	if why := ownReport(who, c.in.Owner); why != "" {
		return "", nil, why
	}
	claimed := c.in.Task.ClaimedBy
	switch {
	case c.choice == expense.ReleaseTask && claimed == "":
		return "", nil, "nobody has claimed this task"
	case c.choice == expense.ReleaseTask && claimed == who.name:
		return "", nil, ""
	case c.choice == expense.ClaimTask && claimed == who.name:
		return "", nil, who.name + " has claimed this task already"
	case c.choice == expense.ClaimTask && claimed != "":
		return "", nil, claimed + " has claimed this task; release it first"
	}
	for _, as := range c.capacities(who) {
		if as.onBehalfOf != nil && ownReport(*as.onBehalfOf, c.in.Owner) != "" {
			continue
		}
		return as.principal(), as.groups, ""
	}
	return "", nil, c.notAMember(who)
}

func firstOf(sentences ...string) string {
	for _, one := range sentences {
		if one != "" {
			return one
		}
	}
	return ""
}

// missing names the groups that still have to decide.
func (c *check) missing() string {
	var names []string
	for _, group := range c.in.Task.Asked() {
		names = append(names, groupName(group))
	}
	if len(names) == 0 {
		return "every group has decided"
	}
	return strings.Join(names, ", ")
}

func groupName(group string) string {
	if group == "" {
		return "any approver"
	}
	return group
}
