package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// signalCallout signals a callout that names the step.
func (p *play) signalCallout(eventType, at string) {
	n := named(callout(), eventType)
	n.EventDateTime = at
	p.env.SignalWorkflow(workflows.Notified, n)
}

// askAgain is ask in other words, as for a step that is not known.
var askAgain = expense.Verdict{Action: expense.Ask, Approvals: asks("finance"), RulesHash: "h1"}

func dependingOnStepV4() expense.FetchedReport { return dependingOnStep(byV4("m1")) }

// each plays a test for a step that has an address of its own, and for one that has none.
func each(t *testing.T, play func(t *testing.T, read expense.FetchedReport)) {
	t.Helper()
	for name, read := range map[string]expense.FetchedReport{"v1.1": dependingOnStep(waiting(1, 10)), "v4": dependingOnStepV4()} {
		t.Run(name, func(t *testing.T) { play(t, read) })
	}
}

func TestASecondNameMakesAStepUnknown(t *testing.T) {
	t.Parallel()
	t.Run("for good when it comes later, and the task stays", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask, askAgain, approval}
			var task expense.Task
			p.after(time.Minute, func() {
				require.Equal(t, "SUBMIT", p.status().StepName)
				task = *p.status().Task
			})
			for i, name := range []string{"PRE-EXTRACT", "PRE-EXTRACT", "SUBMIT", "submit ", "THIRD", "PRE-EXTRACT"} {
				p.after(time.Duration(i+2)*time.Minute, func() { p.signalCallout(name, fmt.Sprintf("2030-01-0%dT00:00:00", i+1)) })
				p.after(time.Duration(i+2)*time.Minute+time.Second, func() {
					require.Equal(t, task, *p.status().Task, "after %d callouts", i+1)
					require.Empty(t, p.status().StepName)
				})
			}
			p.after(time.Hour, func() {
				require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT", "THIRD"}, p.status().StepNames)
				p.decide(task.ID, "d1", expense.DecideApprove)
			})
			require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
			require.Equal(t, []string{"SUBMIT", ""}, p.evaluatedFor())
		})
	})
	t.Run("when both came before the first read", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask}
			p.after(0, func() { p.signalCallout("SUBMIT", "") })
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.Equal(t, []string{""}, p.evaluatedFor())
			require.Empty(t, p.read[0].EventType)
		})
	})
	t.Run("whatever its date is", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask}
			p.after(time.Minute, func() { p.signalCallout("SUBMIT", "2026-11-03T10:00:00") })
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			forged := named(callout(), "PRE-EXTRACT")
			forged.EventDateTime = "2099-11-03T10:00:00"
			require.Equal(t, expense.Approved, p.run(forged).Outcome)
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.evaluatedFor())
		})
	})
	t.Run("also when it is in the failed list, whatever the callout's date is", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask}
			p.after(time.Minute, func() {
				true1 := named(failedCopy(1), "SUBMIT")
				true1.EventDateTime = "2026-11-03"
				p.env.SignalWorkflow(workflows.Notified, true1)
			})
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			forged := named(callout(), "PRE-EXTRACT")
			forged.EventDateTime = "2099-11-03"
			require.Equal(t, expense.Approved, p.run(forged).Outcome)
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.evaluatedFor())
		})
	})
	t.Run("however many names come before it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{ask}
		p.after(0, func() {
			for i := range 50 {
				p.signalCallout("PRE-EXTRACT", fmt.Sprintf("2026-11-%02d", i))
			}
			p.signalCallout("SUBMIT", "2026-11-03")
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.Equal(t, []string{""}, p.evaluatedFor())
	})
	t.Run("but not when the names differ only in case and spaces", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{ask}
		p.after(time.Minute, func() { p.signalCallout(" step -  submit", "") })
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "Step - SUBMIT")).Outcome)
		require.Equal(t, []string{"Step - SUBMIT"}, p.evaluatedFor())
	})
}

func TestAVerdictThatDependsOnTheStepNameWaitsForAnotherName(t *testing.T) {
	t.Parallel()
	needs := func(v expense.Verdict) any { return expense.EvaluationResult{Verdict: &v, DependsOnStepName: true} }
	t.Run("and is carried out when no other name comes", func(t *testing.T) {
		for name, verdict := range map[string]expense.Verdict{"pass on": approval, "send back": sendBack} {
			t.Run(name, func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{needs(verdict)}
				p.after(4*time.Minute, func() { require.Empty(t, p.acted) })
				p.after(6*time.Minute, func() { require.Len(t, p.acted, 1) })
				p.after(7*time.Minute, func() {})
				p.run(named(callout(), "SUBMIT"))
				require.Len(t, p.acted, 1)
			})
		}
	})
	t.Run("and a person is asked when another name comes", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{needs(approval), ask}
			p.after(4*time.Minute, func() { p.signalCallout("SUBMIT", "") })
			p.after(time.Hour, func() {
				require.Empty(t, p.acted)
				p.decide(p.status().Task.ID, "d1", expense.DecideSendBack)
			})
			require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.evaluatedFor())
		})
	})
	t.Run("a repeated name does not change the wait", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{needs(approval)}
		for i := range 9 {
			p.after(time.Duration(i+1)*30*time.Second, func() {
				p.signalCallout("PRE-EXTRACT", "")
				require.Empty(t, p.acted)
			})
		}
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.WithinDuration(t, begun.Add(5*time.Minute), p.env.Now(), time.Minute)
	})
	t.Run("a stream of callouts does not prolong the wait", func(t *testing.T) {
		p := newPlay(t)
		reads := 0
		p.reads = []any{func() any {
			reads++
			switch {
			case len(p.acted) > 0:
				return moved("A_APPR")
			case reads%2 == 0:
				return certain(expense.Malformed) // time passes until it is read again
			case reads > 1:
				p.signalCallout("PRE-EXTRACT", "") // one is unread whenever the run looks
			}
			return dependingOnStep(waiting(1, 10))
		}}
		p.verdicts = []any{needs(approval)}
		p.after(time.Minute, func() { p.signalCallout("PRE-EXTRACT", "") })
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.Len(t, p.acted, 1)
		require.WithinDuration(t, begun.Add(6*time.Minute), p.env.Now(), 2*time.Minute)
	})
	t.Run("a name that arrives between the exceptions and the action prevents the action", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStep(waiting(1, 10))}
		p.verdicts = []any{needs(flagged), ask}
		p.posts = []any{func() any { p.signalCallout("SUBMIT", ""); return posted(expense.Posted, "") }}
		p.after(time.Hour, func() {
			require.Empty(t, p.acted)
			p.decide(p.status().Task.ID, "d1", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
	})
	t.Run("but not when the failed list has named the step", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{needs(approval)}
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(failedCopy(1), "SUBMIT")).Outcome)
		require.WithinDuration(t, begun, p.env.Now(), time.Minute)
	})
}

func TestAPersonChosenByAForgedStepNameDecidesNothing(t *testing.T) {
	t.Parallel()
	auditors := ask
	auditors.Approvals = asks("auditors")
	byName := expense.EvaluationResult{Verdict: &auditors, DependsOnStepName: true}
	t.Run("when Concur's callout comes after the decision", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{byName, ask}
			p.after(time.Second, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			p.after(4*time.Minute, func() { require.Empty(t, p.acted); p.signalCallout("SUBMIT", "") })
			p.after(time.Hour, func() {
				require.Empty(t, p.acted)
				require.Equal(t, "finance", p.status().Task.Groups[0].Group)
				p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
			})
			require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		})
	})
	t.Run("the decision is carried out when no name contradicts", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{byName}
		p.after(time.Second, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.WithinDuration(t, begun.Add(5*time.Minute), p.env.Now(), time.Minute)
	})
}

func TestADecisionIsCarriedOutDespiteAStreamOfCallouts(t *testing.T) {
	t.Parallel()
	streamed := func(p *play, read expense.FetchedReport) any {
		return func() any { p.signalCallout("", ""); return read }
	}
	t.Run("of a person", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read, streamed(p, read), streamed(p, read), streamed(p, read), streamed(p, read), moved("A_APPR")}, []any{ask}
			p.after(time.Hour, func() { p.signalCallout("", ""); p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Contains(t, p.calls[:6], "approve")
		})
	})
	t.Run("after the report was read again", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), streamed(p, waiting(1, 10)), waiting(1, 20)}, []any{ask}
		p.after(time.Hour, func() { p.signalCallout("", ""); p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Hour, func() {
			require.Empty(t, p.acted)
			p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
	})
	t.Run("of the rules, while facts are fetched", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{streamed(p, asking(1, 10)), streamed(p, asking(1, 10)), moved("A_APPR")}, []any{approval}
		p.facts = []any{answered("true")}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "ask for facts", "read", "ask for facts", "evaluate", "approve", "read"}, p.calls)
	})
	t.Run("and another decision may follow when Concur refuses the first", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{ask}, []any{certain(expense.Blocked), nil}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		for i := range 20 {
			p.after(time.Hour+time.Duration(i+1)*time.Second, func() {
				p.signalCallout("", "")
				require.Equal(t, workflows.Parked, p.status().State)
			})
		}
		p.after(time.Hour+25*time.Second, func() {
			require.Len(t, p.acted, 1)
			p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
		require.Len(t, p.acted, 2)
	})
}

func TestANameAnnouncedAtAnEarlierStepStillCounts(t *testing.T) {
	t.Parallel()
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	for name, c := range map[string]struct{ at, before, true2 string }{
		"as it was contradicted there":             {"2026-11-03T10:00:05", "SUBMIT", "PRE-EXTRACT"},
		"as midnight is no time of day":            {"2026-11-03T00:00:00", "", "PRE-EXTRACT"},
		"nor is midnight of another form":          {"2026-11-03:00:00:00", "", "PRE-EXTRACT"},
		"nor is midnight in a zone":                {"2026-11-03T00:00:00+01:00", "", "PRE-EXTRACT"},
		"nor a text that is no time, with a colon": {"a:b:c", "", "PRE-EXTRACT"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
			p.verdicts, p.actions = []any{ask}, []any{next, nil}
			p.after(time.Minute, func() { p.signalCallout("PRE-EXTRACT", c.at) }) // forged
			p.after(2*time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			p.after(3*time.Minute, func() { p.signalCallout("SUBMIT", "2026-11-04") }) // forged
			p.after(4*time.Minute, func() { p.signalCallout(c.true2, c.at) })
			p.after(time.Hour, func() {
				require.Empty(t, p.status().StepName)
				require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.status().StepNames)
				p.decide(p.status().Task.ID, "d2", expense.DecideApprove)
			})
			require.Equal(t, expense.Approved, p.run(named(callout(), c.before)).Outcome)
		})
	}
}

func TestARepeatedNotificationDoesNotReplaceANewOne(t *testing.T) {
	p := newPlay(t)
	const first, second = "2026-11-03T10:00:05", "2026-11-03T11:00:00"
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	told := callout()
	told.EventType, told.EventDateTime = "STEP", first
	p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}, []any{ask}
	p.actions = []any{func() any { p.signalCallout("STEP", first); p.signalCallout("STEP", second); return next }, nil}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	p.after(2*time.Minute, func() { require.Equal(t, "STEP", p.status().StepName); p.signalCallout("OTHER", "") })
	p.after(time.Hour, func() {
		require.Equal(t, []string{"STEP", "OTHER"}, p.status().StepNames)
		p.decide(p.status().Task.ID, "d2", expense.DecideApprove)
	})
	require.Equal(t, expense.Approved, p.run(told).Outcome)
}

func TestAStaleFailedListEntryDoesNotConfirmACalloutsName(t *testing.T) {
	p := newPlay(t)
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	told, copied := named(callout(), "SUBMIT"), named(failedCopy(1), "SUBMIT")
	told.EventDateTime, copied.EventDateTime = "2026-11-03", "2026-11-03" // both of the first step
	second := approval
	p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
	p.verdicts = []any{approval, expense.EvaluationResult{Verdict: &second, DependsOnStepName: true}, ask}
	p.actions = []any{func() any {
		p.signalCallout("SUBMIT", "2026-11-04") // forged
		p.env.SignalWorkflow(workflows.Notified, copied)
		return next
	}, nil}
	p.after(4*time.Minute, func() { require.Len(t, p.acted, 1); p.signalCallout("PRE-EXTRACT", "2026-11-03") })
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
	require.Equal(t, expense.SentBack, p.run(told).Outcome)
}

func TestAContradictionSurvivesAChangeOfTheInterface(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string][2]expense.FetchedReport{
		"from v4 to v1.1": {dependingOnStepV4(), dependingOnStep(waiting(1, 10))},
		"from v1.1 to v4": {dependingOnStep(waiting(1, 10)), dependingOnStepV4()},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{reads[0], reads[0], reads[1], reads[1], reads[0]}, []any{ask}
			p.after(time.Minute, func() { p.signalCallout("SUBMIT", "") })
			p.after(2*time.Minute, func() { p.signalCallout("", "") })
			for i := range 3 {
				p.after(time.Duration(i+3)*time.Minute, func() {
					require.Equal(t, []string{"PRE-EXTRACT", "SUBMIT"}, p.status().StepNames)
					p.signalCallout("PRE-EXTRACT", "")
				})
			}
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.NotContains(t, p.evaluatedFor()[1:], "PRE-EXTRACT")
		})
	}
}

func TestANameBelongsToOneOfTwoStepsThatLookAlike(t *testing.T) {
	t.Parallel()
	again := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, ValidationID: byV4("").ValidationID}}
	t.Run("not to the next step, to which our action led", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{dependingOnStepV4()}, []any{approval, ask}, []any{again, nil}
		p.after(time.Minute, func() { p.signalCallout("PRE-EXTRACT", "") })
		p.after(time.Hour, func() {
			require.Equal(t, "PRE-EXTRACT", p.status().StepName)
			p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "", "PRE-EXTRACT"}, p.evaluatedFor())
	})
	t.Run("not to a step to which somebody else has moved the report", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{dependingOnStepV4(), func() any { p.signalCallout("PRE-EXTRACT", ""); return moved("A_PEND") }, dependingOnStepV4()}
		p.verdicts = []any{ask}
		p.after(time.Minute, func() { p.signalCallout("", "") })
		p.after(time.Hour, func() {
			require.Equal(t, "PRE-EXTRACT", p.status().StepName)
			p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
	})
}

func TestAFailedListEntryMayBeAboutAnEarlierStep(t *testing.T) {
	t.Parallel()
	next := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: waiting(2, 10).ValidationID}}
	for name, c := range map[string]struct {
		first, copied     string // dates
		copyName, callout string
		want              string
	}{
		"an older one contradicts, and names nothing":            {"2026-11-03", "2026-11-02", "EARLIER", "PRE-EXTRACT", ""},
		"one of the same name and day contradicts":               {"2026-11-03", "2026-11-03", "SUBMIT", "PRE-EXTRACT", ""},
		"one of the same name and second is that of before":      {"2026-11-03T10:00:00", "2026-11-03T10:00:00", "SUBMIT", "PRE-EXTRACT", "PRE-EXTRACT"},
		"a later second of the same name is of this step":        {"2026-11-03T10:00:00", "2026-11-03T10:00:01", "SUBMIT", "", "SUBMIT"},
		"another name of the same day is of this step":           {"2026-11-03", "2026-11-03", "PRE-EXTRACT", "", "PRE-EXTRACT"},
		"a forged date of a callout makes it name nothing, only": {"2099-11-03", "2026-11-03", "PRE-EXTRACT", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads = []any{dependingOnStep(waiting(1, 10)), dependingOnStep(waiting(2, 10))}
			p.verdicts, p.actions = []any{approval, ask}, []any{next, nil}
			first, copied := named(callout(), "SUBMIT"), named(failedCopy(1), c.copyName)
			first.EventDateTime, copied.EventDateTime = c.first, c.copied
			p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, copied) })
			p.after(2*time.Minute, func() { p.signalCallout(c.callout, "2026-11-03T12:00:00") })
			p.after(time.Hour, func() {
				require.Equal(t, c.want, p.status().StepName)
				p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
			})
			require.Equal(t, expense.Approved, p.run(first).Outcome)
		})
	}
}

func TestASingle404LosesNoName(t *testing.T) {
	p := newPlay(t)
	gone := expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}
	p.reads, p.verdicts = []any{gone, dependingOnStepV4(), gone, dependingOnStepV4()}, []any{ask}
	p.after(time.Hour, func() { p.signalCallout("", "") })
	p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
	require.Equal(t, []string{"SUBMIT"}, p.evaluatedFor())
}

func TestStepNamesSurviveContinueAsNew(t *testing.T) {
	p := newPlay(t)
	memory := &workflows.Memory{MustRead: true}
	memory.Address.ObjectURI, memory.Step.ValidationID = reportURI, waiting(1, 10).ValidationID
	memory.Step.Named = []workflows.NamedStep{{ValidationID: waiting(1, 10).ValidationID, Names: []workflows.StepName{{Name: "SUBMIT"}}}}
	memory.Step.NewNames = []workflows.StepName{{Name: "PRE-EXTRACT"}}
	p.reads, p.verdicts = []any{dependingOnStep(waiting(1, 10))}, []any{ask}
	p.after(time.Hour, func() {
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.status().StepNames)
		p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
	})
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout(), Memory: memory})
	require.NoError(t, p.env.GetWorkflowError())
	require.Equal(t, []string{""}, p.evaluatedFor())
}
