package approvers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
)

const people = `
approvers:
  - {name: Anna, logins: [anna@example.com, AM4711], groups: [finance, controllers]}
  - {name: Bob, logins: [bob@example.com], groups: [finance]}
  - {name: Cleo, logins: [cleo@example.com], groups: [controllers]}
  - {name: Dora, logins: [dora@example.com]}
  - {name: Eve, logins: [eve@example.com]}
  - {name: Bare, groups: [finance]}
  - {name: External auditor, groups: [finance], submitsReports: false}
delegations:
  - {from: Anna, to: Dora, since: 2026-11-01, until: 2026-11-30}
  - {from: Dora, to: Eve, until: 2026-12-31}
  - {from: Bob, to: Eve, until: 2026-11-29}
  - {from: Cleo, to: Bob, until: 2026-12-31}
`

func asked(group string, count int) expense.TaskGroup {
	return expense.TaskGroup{RequiredApproval: expense.RequiredApproval{Group: group, Count: count}}
}

func escalated(from, to string) expense.TaskGroup {
	g := asked(to, 1)
	g.EscalatedFrom = from
	return g
}

func approved(g expense.TaskGroup, by ...string) expense.TaskGroup {
	for _, name := range by {
		g.Approvals = append(g.Approvals, expense.TaskApproval{By: name})
	}
	return g
}

func approvedFor(g expense.TaskGroup, by, onBehalfOf string) expense.TaskGroup {
	g.Approvals = append(g.Approvals, expense.TaskApproval{By: by, OnBehalfOf: onBehalfOf})
	return g
}

// question is a decision of one person on a task, and what should become of it.
type question struct {
	groups   []expense.TaskGroup
	task     expense.Task // everything but the groups
	by       *expense.Actor
	choice   expense.DecisionChoice // approve if empty
	comment  string                 // "please" if empty
	to       string
	owner    string // owner@example.com if empty
	unknown  bool   // the owner is unknown
	at       time.Time
	unsealed bool
	allow    string // the group that accepts decisions without a seal

	accepted   []string // groups; nil: refused
	onBehalfOf string
	why        string // part of the refusal
	shown      string // By, if it is not the actor's name
}

func (q question) ask(t *testing.T, a *approvers.Approvers, k *approvers.SealKeys) expense.CheckedDecision {
	t.Helper()
	in := expense.CheckDecisionInput{Task: q.task, At: noon, Owner: expense.Owner{Login: "owner@example.com", Name: "O"}}
	in.Task.ID, in.Task.Groups = taskID, q.groups
	if q.owner != "" {
		in.Owner.Login = q.owner
	}
	if q.unknown {
		in.Owner.Login = " "
	}
	if !q.at.IsZero() {
		in.At = q.at
	}
	in.Decision = expense.Decision{TaskID: taskID, ID: "d", Decision: q.choice, Comment: q.comment, To: q.to, At: in.At, Actor: q.by}
	if q.choice == "" {
		in.Decision.Decision = expense.DecideApprove
	}
	if q.comment == "" {
		in.Decision.Comment = "please"
	}
	if q.unsealed {
		in.Decision.By = "Anna"
	} else {
		require.NoError(t, k.Seal(&in.Decision))
	}
	return a.Check(in, func(group string) bool { return q.allow != "" && group == q.allow }, k)
}

func run(t *testing.T, cases map[string]question) {
	t.Helper()
	a, k := parse(t, people), keys(t)
	for name, q := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := q.ask(t, a, k)
			if q.shown == "" && q.by != nil {
				q.shown = q.by.Name
			}
			require.Equal(t, q.shown, got.By)
			require.Equal(t, q.why == "", got.Accepted, "%s", got.Why)
			if q.why != "" {
				require.Contains(t, got.Why, q.why)
				require.Empty(t, got.Groups)
				require.Empty(t, got.OnBehalfOf)
				require.NotContains(t, got.Why, "\n")
				return
			}
			require.Empty(t, got.Why)
			require.Equal(t, q.accepted, got.Groups)
			require.Equal(t, q.onBehalfOf, got.OnBehalfOf)
			require.Equal(t, q.by.IdentifiedBy, got.IdentifiedBy)
		})
	}
}

func provider(name string, logins []string, groups ...string) *expense.Actor {
	return &expense.Actor{Name: name, IdentifiedBy: expense.ByOIDC, Logins: logins, Groups: groups}
}

func TestOnlyAMemberDecides(t *testing.T) {
	t.Parallel()
	finance, controllers := asked("finance", 1), asked("controllers", 1)
	both := []expense.TaskGroup{finance, controllers}
	run(t, map[string]question{
		"a member":                         {groups: both, by: byToken("Bob"), accepted: []string{"finance"}},
		"a member of both groups":          {groups: both, by: byToken("Anna"), accepted: []string{"finance", "controllers"}},
		"a stranger":                       {groups: both, by: byToken("Eve"), at: noon.AddDate(0, 1, 5), why: "Eve is in no group that has to decide: finance, controllers"},
		"nobody of the file any more":      {groups: both, by: byToken("Zoe"), why: "Zoe is no longer in the approvers' file"},
		"another case of a name":           {groups: both, by: byToken("anna"), why: "no longer in the approvers' file"},
		"a group that has decided":         {groups: []expense.TaskGroup{approved(finance, "Anna"), controllers}, by: byToken("External auditor"), why: "has decided already; these still have to decide: controllers"},
		"every group has decided":          {groups: []expense.TaskGroup{approved(finance, "Anna")}, by: byToken("Bob"), why: "every group of this task has decided"},
		"any approver":                     {groups: []expense.TaskGroup{asked("", 1)}, by: byToken("Dora"), accepted: []string{""}},
		"any approver, from the provider":  {groups: []expense.TaskGroup{asked("", 1)}, by: provider("x@y", []string{"x@y"}, "finance"), why: "x@y is in no group that has to decide: any approver"},
		"a group by another case":          {groups: []expense.TaskGroup{asked("Finance", 1)}, by: byToken("Bob"), why: "in no group that has to decide: Finance"},
		"a send-back":                      {groups: both, by: byToken("Bob"), choice: expense.DecideSendBack, accepted: []string{"finance"}},
		"a send-back after one's approval": {groups: []expense.TaskGroup{approved(asked("finance", 2), "Bob")}, by: byToken("Bob"), choice: expense.DecideSendBack, accepted: []string{"finance"}},
		"a send-back without a word":       {groups: both, by: byToken("Bob"), choice: expense.DecideSendBack, comment: " \u200b", why: "a send-back needs a comment"},
		"an approval without a word":       {groups: both, by: byToken("Bob"), comment: " ", accepted: []string{"finance"}},
		"an approval that needs a word":    {groups: both, by: byToken("Bob"), comment: " ", task: expense.Task{CommentRequired: true}, why: "an approval of this task needs a comment"},
		"another choice":                   {groups: both, by: byToken("Bob"), choice: "Approve", why: `the decision must be "approve"`},
		"a group to which it was escalated": {
			groups: []expense.TaskGroup{asked("board", 1), escalated("board", "finance"), escalated("finance", "controllers")}, by: byToken("Cleo"),
			accepted: []string{"controllers"}},
		"an approval of another group of the escalation": {
			groups: []expense.TaskGroup{asked("board", 1), approved(escalated("board", "finance"), "Bob")}, by: byToken("Anna"), why: "every group of this task has decided"},
	})
}

func TestPeopleOfTheProviderDecideByTheirGroups(t *testing.T) {
	t.Parallel()
	finance := []expense.TaskGroup{asked("finance", 1)}
	run(t, map[string]question{
		"by a group":                     {groups: finance, by: provider("kim@example.com", []string{"kim@example.com"}, "finance"), accepted: []string{"finance"}},
		"without a group":                {groups: finance, by: provider("kim@example.com", []string{"kim@example.com"}), why: "in no group"},
		"a group beside the file's":      {groups: finance, by: provider("Cleo", []string{"cleo@example.com"}, "finance"), accepted: []string{"finance"}},
		"known by their login":           {groups: finance, by: provider("B. Ob", []string{"BOB@example.com"}), shown: "Bob", accepted: []string{"finance"}},
		"with logins of two people":      {groups: finance, by: provider("x", []string{"bob@example.com", "anna@example.com"}), why: "belong to another person or to several"},
		"with a login of another person": {groups: finance, by: provider("Bob", []string{"anna@example.com"}), why: "belong to another person"},
		"without a login":                {groups: finance, by: provider("kim", nil, "finance"), why: "no Concur login of kim"},
		"their own report":               {groups: finance, by: provider("kim@x", []string{"kim@x"}, "finance"), owner: "KIM@X", why: "nobody decides about their own"},
		"by no known way":                {groups: finance, by: &expense.Actor{Name: "kim", IdentifiedBy: "magic", Groups: []string{"finance"}}, why: "no longer in the approvers' file"},
	})
}

func TestNobodyDecidesAboutTheirOwnReport(t *testing.T) {
	t.Parallel()
	finance := []expense.TaskGroup{asked("finance", 1)}
	const own = "nobody decides about their own report or request"
	run(t, map[string]question{
		"by a login":                          {groups: finance, by: byToken("Anna"), owner: "AM4711", why: own},
		"by a login in another case":          {groups: finance, by: byToken("Anna"), owner: " Anna@EXAMPLE.com ", why: own},
		"by a login in other letters":         {groups: finance, by: byToken("Anna"), owner: "ａnna@example.com", why: own},
		"by a login that the endpoint knows":  {groups: finance, by: &expense.Actor{Name: "Anna", IdentifiedBy: expense.ByProxy, Logins: []string{"straße@example.com"}}, owner: "STRASSE@example.com", why: own},
		"sends it back":                       {groups: finance, by: byToken("Anna"), owner: "AM4711", choice: expense.DecideSendBack, why: own},
		"comments":                            {groups: finance, by: byToken("Anna"), owner: "AM4711", choice: expense.AddComment, why: own},
		"claims":                              {groups: finance, by: byToken("Anna"), owner: "AM4711", choice: expense.ClaimTask, why: own},
		"delegates":                           {groups: finance, by: byToken("Anna"), owner: "AM4711", choice: expense.DelegateTask, to: "Bob", why: own},
		"the owner decides for somebody":      {groups: finance, by: byToken("Dora"), owner: "dora@example.com", why: own},
		"somebody decides for the owner":      {groups: finance, by: byToken("Dora"), owner: "AM4711", why: own + ", and this one belongs to Anna"},
		"is delegated to the owner":           {groups: finance, by: byToken("Anna"), owner: "eve@example.com", choice: expense.DelegateTask, to: "Eve", why: own + ", and this one belongs to Eve"},
		"a similar login":                     {groups: finance, by: byToken("Anna"), owner: "anna@example.co", accepted: []string{"finance"}},
		"without a login":                     {groups: finance, by: byToken("Bare"), why: "no Concur login of Bare"},
		"an unknown owner":                    {groups: finance, by: byToken("Anna"), unknown: true, why: "Concur does not say whose report or request this is"},
		"an unknown owner, sends it back":     {groups: finance, by: byToken("Anna"), unknown: true, choice: expense.DecideSendBack, why: "submitsReports: false"},
		"an unknown owner, and not themself":  {groups: finance, by: byToken("External auditor"), unknown: true, accepted: []string{"finance"}},
		"a person who submits no reports":     {groups: finance, by: byToken("External auditor"), accepted: []string{"finance"}},
		"delegates without knowing the owner": {groups: finance, by: byToken("External auditor"), unknown: true, choice: expense.DelegateTask, to: "Bob", why: "Concur does not say whose"},
	})
}

func TestADelegationHoldsForItsPeriodAndIsNotPassedOn(t *testing.T) {
	t.Parallel()
	finance, controllers := asked("finance", 1), asked("controllers", 1)
	both := []expense.TaskGroup{finance, controllers}
	ofTask := expense.Task{Delegates: []expense.Delegate{{From: "Bob", To: "Eve"}, {From: "Eve", To: "Dora"}, {From: "Zoe", To: "Eve"}}}
	run(t, map[string]question{
		"in its period":                   {groups: both, by: byToken("Dora"), accepted: []string{"finance", "controllers"}, onBehalfOf: "Anna"},
		"before it":                       {groups: both, by: byToken("Dora"), at: time.Date(2026, 10, 31, 23, 59, 59, 0, time.UTC), why: "Dora is in no group"},
		"after it":                        {groups: both, by: byToken("Dora"), at: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), why: "Dora is in no group"},
		"passed on":                       {groups: both, by: byToken("Eve"), why: "a delegation cannot be passed on"},
		"of the task":                     {groups: both, task: ofTask, by: byToken("Eve"), accepted: []string{"finance"}, onBehalfOf: "Bob"},
		"of the task, passed on":          {groups: both, task: ofTask, at: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC), by: byToken("Dora"), why: "Dora may decide for Eve only what Eve may decide in their own right"},
		"their own right comes first":     {groups: both, by: byToken("Bob"), accepted: []string{"finance"}},
		"then that of another":            {groups: []expense.TaskGroup{approved(finance, "Anna"), controllers}, by: byToken("Bob"), accepted: []string{"controllers"}, onBehalfOf: "Cleo"},
		"a send-back":                     {groups: both, by: byToken("Dora"), choice: expense.DecideSendBack, accepted: []string{"finance", "controllers"}, onBehalfOf: "Anna"},
		"a comment":                       {groups: both, by: byToken("Dora"), choice: expense.AddComment, accepted: []string{"finance", "controllers"}, onBehalfOf: "Anna"},
		"a member delegates":              {groups: both, by: byToken("Bob"), choice: expense.DelegateTask, to: "Eve", accepted: []string{"finance"}},
		"a delegate delegates":            {groups: both, by: byToken("Dora"), choice: expense.DelegateTask, to: "Eve", why: "only people whom the approvers' file lists in a group that decides can delegate"},
		"a stranger delegates":            {groups: both, by: byToken("Eve"), at: noon.AddDate(0, 2, 0), choice: expense.DelegateTask, to: "Bob", why: "Eve is in no group"},
		"to oneself":                      {groups: both, by: byToken("Bob"), choice: expense.DelegateTask, to: "Bob", why: "must be to somebody else"},
		"to nobody":                       {groups: both, by: byToken("Bob"), choice: expense.DelegateTask, why: "does not say to whom"},
		"to a stranger":                   {groups: both, by: byToken("Bob"), choice: expense.DelegateTask, to: "Zoe", why: `no approver called "Zoe"`},
		"to somebody without logins":      {groups: both, by: byToken("Bob"), choice: expense.DelegateTask, to: "Bare", why: "no Concur login of Bare"},
		"of a group that has decided":     {groups: []expense.TaskGroup{approved(finance, "Anna"), controllers}, by: byToken("External auditor"), choice: expense.DelegateTask, to: "Eve", why: "still have to decide: controllers"},
		"by the provider's groups":        {groups: both, by: provider("Eve", []string{"eve@example.com"}, "finance"), choice: expense.DelegateTask, to: "Bob", why: "only people whom the approvers' file lists"},
		"by somebody who is not listed":   {groups: both, by: provider("kim@x", []string{"kim@x"}, "finance"), choice: expense.DelegateTask, to: "Bob", why: "not in the approvers' file"},
		"a delegator who has left counts": {groups: both, task: expense.Task{Delegates: []expense.Delegate{{From: "Zoe", To: "Eve"}}}, at: noon.AddDate(0, 2, 0), by: byToken("Eve"), why: "Eve is in no group"},
	})
}

func TestOnePersonCountsOnce(t *testing.T) {
	t.Parallel()
	two, controllers := asked("finance", 2), asked("controllers", 1)
	apart := expense.Task{DifferentPeople: true}
	run(t, map[string]question{
		"the second person":                     {groups: []expense.TaskGroup{approved(two, "Anna")}, by: byToken("Bob"), accepted: []string{"finance"}},
		"the same person":                       {groups: []expense.TaskGroup{approved(two, "Bob")}, by: byToken("Bob"), why: "Bob has approved for finance already"},
		"the same person for another":           {groups: []expense.TaskGroup{approved(two, "Dora")}, by: byToken("Dora"), why: "Dora has approved for finance already"},
		"a person and their delegate":           {groups: []expense.TaskGroup{approved(two, "Anna")}, by: byToken("Dora"), why: "Anna has approved for finance already"},
		"a delegate and their person":           {groups: []expense.TaskGroup{approvedFor(two, "Dora", "Anna")}, by: byToken("Anna"), why: "Anna has approved for finance already"},
		"the same person after an escalation":   {groups: []expense.TaskGroup{approved(asked("board", 2), "Anna"), escalated("board", "finance")}, by: byToken("Anna"), why: "Anna has approved for board already"},
		"one person for two groups":             {groups: []expense.TaskGroup{approved(asked("finance", 1), "Anna"), controllers}, by: byToken("Anna"), accepted: []string{"controllers"}},
		"one person for two groups, forbidden":  {groups: []expense.TaskGroup{approved(asked("finance", 1), "Anna"), controllers}, task: apart, by: byToken("Anna"), why: "Anna has approved for finance, and nobody may approve this task for two groups"},
		"one person at once, forbidden":         {groups: []expense.TaskGroup{asked("finance", 1), controllers}, task: apart, by: byToken("Anna"), accepted: []string{"finance"}},
		"a delegate for the second, forbidden":  {groups: []expense.TaskGroup{approved(asked("finance", 1), "Anna"), controllers}, task: apart, by: byToken("Dora"), why: "Anna has approved for finance, and nobody may"},
		"another person for the second":         {groups: []expense.TaskGroup{approved(asked("finance", 1), "Anna"), controllers}, task: apart, by: byToken("Cleo"), accepted: []string{"controllers"}},
		"one person sends back after approving": {groups: []expense.TaskGroup{approved(asked("finance", 1), "Anna"), controllers}, task: apart, by: byToken("Anna"), choice: expense.DecideSendBack, accepted: []string{"controllers"}},
	})
}

func TestAMemberClaimsAndReleases(t *testing.T) {
	t.Parallel()
	groups := []expense.TaskGroup{asked("finance", 1), asked("controllers", 1)}
	claimed := expense.Task{ClaimedBy: "Anna"}
	run(t, map[string]question{
		"a member claims":             {groups: groups, by: byToken("Bob"), choice: expense.ClaimTask, accepted: []string{"finance"}},
		"a stranger claims":           {groups: groups, by: byToken("Eve"), at: noon.AddDate(0, 2, 0), choice: expense.ClaimTask, why: "Eve is in no group"},
		"what another has claimed":    {groups: groups, task: claimed, by: byToken("Bob"), choice: expense.ClaimTask, why: "Anna has claimed this task; release it first"},
		"what they have claimed":      {groups: groups, task: claimed, by: byToken("Anna"), choice: expense.ClaimTask, why: "claimed this task already"},
		"the claimant releases":       {groups: groups, task: claimed, by: byToken("Anna"), choice: expense.ReleaseTask},
		"a member releases":           {groups: groups, task: claimed, by: byToken("Cleo"), choice: expense.ReleaseTask, accepted: []string{"controllers"}},
		"a stranger releases":         {groups: groups, task: claimed, by: byToken("Eve"), at: noon.AddDate(0, 2, 0), choice: expense.ReleaseTask, why: "Eve is in no group"},
		"what nobody has claimed":     {groups: groups, by: byToken("Bob"), choice: expense.ReleaseTask, why: "nobody has claimed this task"},
		"a member comments":           {groups: groups, task: claimed, by: byToken("Bob"), choice: expense.AddComment, accepted: []string{"finance"}},
		"a member comments afterward": {groups: []expense.TaskGroup{approved(groups[0], "Anna"), groups[1]}, by: byToken("External auditor"), choice: expense.AddComment, accepted: []string{"finance"}},
		"an empty comment":            {groups: groups, by: byToken("Bob"), choice: expense.AddComment, comment: "\t", why: "the comment is empty"},
	})
}

func TestADecisionWithoutASealCountsOnlyWhereTheRulesSaySo(t *testing.T) {
	t.Parallel()
	a, k := parse(t, people), keys(t)
	finance, controllers := asked("finance", 1), asked("controllers", 1)
	both := []expense.TaskGroup{finance, controllers}
	for name, q := range map[string]question{
		"not at all":                     {groups: both, why: "the rules accept such decisions from no group that still has to decide: finance, controllers"},
		"for one group":                  {groups: both, allow: "controllers", accepted: []string{"controllers"}},
		"a send-back":                    {groups: both, allow: "controllers", choice: expense.DecideSendBack, accepted: []string{"controllers"}},
		"a send-back without a word":     {groups: both, allow: "controllers", choice: expense.DecideSendBack, comment: " ", why: "needs a comment"},
		"a comment":                      {groups: both, allow: "controllers", choice: expense.AddComment, accepted: []string{"controllers"}},
		"a claim":                        {groups: both, allow: "controllers", choice: expense.ClaimTask, why: "only somebody whom the approvals endpoint has identified"},
		"a group that has decided":       {groups: []expense.TaskGroup{approved(finance, "Anna"), controllers}, allow: "finance", why: "no group that still has to decide: controllers"},
		"after an escalation":            {groups: []expense.TaskGroup{finance, escalated("finance", "board")}, allow: "board", accepted: []string{"board"}},
		"of two people":                  {groups: []expense.TaskGroup{asked("finance", 2)}, allow: "finance", why: "different people"},
		"of a group each, and different": {groups: both, task: expense.Task{DifferentPeople: true}, allow: "finance", why: "different people"},
		"that claims an actor":           {groups: both, by: byToken("Anna"), why: "nobody has verified who sent this decision"},
	} {
		q.unsealed = true
		got := q.ask(t, a, k)
		require.Equal(t, expense.Unverified, got.By, name)
		require.Empty(t, got.IdentifiedBy, name)
		require.Equal(t, q.why == "", got.Accepted, "%s: %s", name, got.Why)
		require.Contains(t, got.Why, q.why, name)
		require.Equal(t, q.accepted, got.Groups, name)
		require.NotContains(t, got.Why, "Anna", name)
	}
}

func TestAnInvalidSealIsNotTakenForNone(t *testing.T) {
	t.Parallel()
	k, d := keys(t), decision("Anna")
	require.NoError(t, k.Seal(&d))
	d.TaskID = "EXPRPT:other/1/1" // redirected
	a := parse(t, people)
	in := expense.CheckDecisionInput{Task: expense.Task{ID: d.TaskID, Groups: []expense.TaskGroup{asked("finance", 1)}}, Decision: d, At: noon}
	got := a.Check(in, func(string) bool { return true }, k)
	require.False(t, got.Accepted)
	require.Equal(t, expense.Unverified, got.By)
	require.Contains(t, got.Why, "its seal does not fit")

	in.Task.ID, in.Decision.TaskID = taskID+"0", taskID
	got = a.Check(in, func(string) bool { return true }, k)
	require.False(t, got.Accepted)
	require.Contains(t, got.Why, "about another task")

	in.Decision.TaskID = ""
	in.Decision.Seal = ""
	require.Contains(t, a.Check(in, func(string) bool { return true }, k).Why, "names no taskId")
}
