package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// told signals a callout that names the stop.
func (p *play) told(eventType, at string) {
	n := named(callout(), eventType)
	n.EventDateTime = at
	p.env.SignalWorkflow(workflows.Notified, n)
}

// askAgain is ask in other words, as for a stop that is not known.
var askAgain = expense.Verdict{Action: expense.Ask, Approvals: asks("finance"), RulesHash: "h1"}

func byStopV4() expense.FetchedReport { return byStop(byV4("m1")) }

// each plays a test for a stop that has an address of its own, and for one that has none.
func each(t *testing.T, play func(t *testing.T, read expense.FetchedReport)) {
	t.Helper()
	for name, read := range map[string]expense.FetchedReport{"v1.1": byStop(waiting(1, 10)), "v4": byStopV4()} {
		t.Run(name, func(t *testing.T) { play(t, read) })
	}
}

func TestASecondNameMakesAStepUnknown(t *testing.T) {
	t.Parallel()
	t.Run("when it comes later, once and for all, and the task stays", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask, askAgain, passOn}
			var task workflows.Task
			p.after(time.Minute, func() {
				require.Equal(t, "SUBMIT", p.status().StepName)
				task = *p.status().Task
			})
			for i, name := range []string{"PRE-EXTRACT", "PRE-EXTRACT", "SUBMIT", "submit ", "THIRD", "PRE-EXTRACT"} {
				p.after(time.Duration(i+2)*time.Minute, func() { p.told(name, fmt.Sprintf("2030-01-0%dT00:00:00", i+1)) })
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
			require.Equal(t, []string{"SUBMIT", ""}, p.judgedFor())
		})
	})
	t.Run("when both came before the first read", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask}
			p.after(0, func() { p.told("SUBMIT", "") })
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.Equal(t, []string{""}, p.judgedFor())
			require.Empty(t, p.read[0].EventType)
		})
	})
	t.Run("whatever its date says", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{ask}
			p.after(time.Minute, func() { p.told("SUBMIT", "2026-11-03T10:00:00") })
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			forged := named(callout(), "PRE-EXTRACT")
			forged.EventDateTime = "2099-11-03T10:00:00"
			require.Equal(t, expense.Approved, p.run(forged).Outcome)
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.judgedFor())
		})
	})
	t.Run("also an entry of the failed list, whatever date a callout had", func(t *testing.T) {
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
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.judgedFor())
		})
	})
	t.Run("however many names come before it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{ask}
		p.after(0, func() {
			for i := range 50 {
				p.told("PRE-EXTRACT", fmt.Sprintf("2026-11-%02d", i))
			}
			p.told("SUBMIT", "2026-11-03")
		})
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.Equal(t, []string{""}, p.judgedFor())
	})
	t.Run("but not the same name in other capitals and spaces", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{ask}
		p.after(time.Minute, func() { p.told(" step -  submit", "") })
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		require.Equal(t, expense.Approved, p.run(named(callout(), "Step - SUBMIT")).Outcome)
		require.Equal(t, []string{"Step - SUBMIT"}, p.judgedFor())
	})
}

func TestAVerdictThatDependsOnTheStepNameWaitsForAnotherName(t *testing.T) {
	t.Parallel()
	needs := func(v expense.Verdict) any { return expense.EvaluationResult{Verdict: &v, DependsOnStepName: true} }
	t.Run("and is carried out when none comes", func(t *testing.T) {
		for name, verdict := range map[string]expense.Verdict{"pass on": passOn, "send back": sendBack} {
			t.Run(name, func(t *testing.T) {
				p := newPlay(t)
				p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{needs(verdict)}
				p.after(4*time.Minute, func() { require.Empty(t, p.acted) })
				p.after(6*time.Minute, func() { require.Len(t, p.acted, 1) })
				p.after(7*time.Minute, func() {})
				p.run(named(callout(), "SUBMIT"))
				require.Len(t, p.acted, 1)
			})
		}
	})
	t.Run("and a person is asked when one comes", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read}, []any{needs(passOn), ask}
			p.after(4*time.Minute, func() { p.told("SUBMIT", "") })
			p.after(time.Hour, func() {
				require.Empty(t, p.acted)
				p.decide(p.status().Task.ID, "d1", expense.DecideSendBack)
			})
			require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.Equal(t, []string{"PRE-EXTRACT", ""}, p.judgedFor())
		})
	})
	t.Run("and the same name, again and again, makes it neither shorter nor longer", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{needs(passOn)}
		for i := range 9 {
			p.after(time.Duration(i+1)*30*time.Second, func() {
				p.told("PRE-EXTRACT", "")
				require.Empty(t, p.acted)
			})
		}
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.WithinDuration(t, begun.Add(5*time.Minute), p.env.Now(), time.Minute)
	})
	t.Run("and a stream of callouts does not prolong the wait", func(t *testing.T) {
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
				p.told("PRE-EXTRACT", "") // one is unread whenever the run looks
			}
			return byStop(waiting(1, 10))
		}}
		p.verdicts = []any{needs(passOn)}
		p.after(time.Minute, func() { p.told("PRE-EXTRACT", "") })
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.Len(t, p.acted, 1)
		require.WithinDuration(t, begun.Add(6*time.Minute), p.env.Now(), 2*time.Minute)
	})
	t.Run("and one that comes between the exceptions and the action stops the action", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStop(waiting(1, 10))}
		p.verdicts = []any{needs(flagged), ask}
		p.posts = []any{func() any { p.told("SUBMIT", ""); return posted(expense.Posted, "") }}
		p.after(time.Hour, func() {
			require.Empty(t, p.acted)
			p.decide(p.status().Task.ID, "d1", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
	})
	t.Run("and not when Concur's own list has named the stop", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{needs(passOn)}
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
			p.after(4*time.Minute, func() { require.Empty(t, p.acted); p.told("SUBMIT", "") })
			p.after(time.Hour, func() {
				require.Empty(t, p.acted)
				require.Equal(t, "finance", p.status().Task.Group)
				p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
			})
			require.Equal(t, expense.SentBack, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		})
	})
	t.Run("and it is carried out when none contradicts", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{byName}
		p.after(time.Second, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		begun := p.env.Now()
		require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
		require.WithinDuration(t, begun.Add(5*time.Minute), p.env.Now(), time.Minute)
	})
}

func TestADecisionIsCarriedOutDespiteAStreamOfCallouts(t *testing.T) {
	t.Parallel()
	streamed := func(p *play, read expense.FetchedReport) any {
		return func() any { p.told("", ""); return read }
	}
	t.Run("of a person", func(t *testing.T) {
		each(t, func(t *testing.T, read expense.FetchedReport) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{read, streamed(p, read), streamed(p, read), moved("A_APPR")}, []any{ask}
			p.after(time.Hour, func() { p.told("", ""); p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(callout()).Outcome)
			require.Equal(t, []string{"read", "judge", "read", "read", "approve"}, p.calls[:5])
		})
	})
	t.Run("but the report is read after it, as it may have changed", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{waiting(1, 10), streamed(p, waiting(1, 10)), waiting(1, 20)}, []any{ask}
		p.after(time.Hour, func() { p.told("", ""); p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		p.after(2*time.Hour, func() {
			require.Empty(t, p.acted)
			p.decide(p.status().Task.ID, "d2", expense.DecideSendBack)
		})
		require.Equal(t, expense.SentBack, p.run(callout()).Outcome)
	})
	t.Run("of the rules, when they ask the company's systems", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{streamed(p, asking(1, 10)), streamed(p, asking(1, 10)), moved("A_APPR")}, []any{passOn}
		p.facts = []any{answered("true")}
		require.Equal(t, expense.Approved, p.run(callout()).Outcome)
		require.Equal(t, []string{"read", "ask for facts", "read", "ask for facts", "judge", "approve", "read"}, p.calls)
	})
	t.Run("nor another from being taken when Concur refuses it", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{waiting(1, 10)}, []any{ask}, []any{certain(expense.Blocked), nil}
		p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
		for i := range 20 {
			p.after(time.Hour+time.Duration(i+1)*time.Second, func() {
				p.told("", "")
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
			p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(1, 10)), byStop(waiting(2, 10))}
			p.verdicts, p.actions = []any{ask}, []any{next, nil}
			p.after(time.Minute, func() { p.told("PRE-EXTRACT", c.at) }) // forged
			p.after(2*time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			p.after(3*time.Minute, func() { p.told("SUBMIT", "2026-11-04") }) // forged
			p.after(4*time.Minute, func() { p.told(c.true2, c.at) })
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
	p.reads, p.verdicts = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}, []any{ask}
	p.actions = []any{func() any { p.told("STEP", first); p.told("STEP", second); return next }, nil}
	p.after(time.Minute, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	p.after(2*time.Minute, func() { require.Equal(t, "STEP", p.status().StepName); p.told("OTHER", "") })
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
	told.EventDateTime, copied.EventDateTime = "2026-11-03", "2026-11-03" // both of the first stop
	second := passOn
	p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
	p.verdicts = []any{passOn, expense.EvaluationResult{Verdict: &second, DependsOnStepName: true}, ask}
	p.actions = []any{func() any {
		p.told("SUBMIT", "2026-11-04") // forged
		p.env.SignalWorkflow(workflows.Notified, copied)
		return next
	}, nil}
	p.after(4*time.Minute, func() { require.Len(t, p.acted, 1); p.told("PRE-EXTRACT", "2026-11-03") })
	p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideSendBack) })
	require.Equal(t, expense.SentBack, p.run(told).Outcome)
}

func TestAContradictionSurvivesAChangeOfTheInterface(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string][2]expense.FetchedReport{
		"from v4 to v1.1": {byStopV4(), byStop(waiting(1, 10))},
		"from v1.1 to v4": {byStop(waiting(1, 10)), byStopV4()},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{reads[0], reads[0], reads[1], reads[1], reads[0]}, []any{ask}
			p.after(time.Minute, func() { p.told("SUBMIT", "") })
			p.after(2*time.Minute, func() { p.told("", "") })
			for i := range 3 {
				p.after(time.Duration(i+3)*time.Minute, func() {
					require.Equal(t, []string{"PRE-EXTRACT", "SUBMIT"}, p.status().StepNames)
					p.told("PRE-EXTRACT", "")
				})
			}
			p.after(time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
			require.Equal(t, expense.Approved, p.run(named(callout(), "PRE-EXTRACT")).Outcome)
			require.NotContains(t, p.judgedFor()[1:], "PRE-EXTRACT")
		})
	}
}

func TestANameBelongsToOneOfTwoStepsThatLookAlike(t *testing.T) {
	t.Parallel()
	again := expense.ActionTaken{Confirmed: true, ReportState: expense.ReportState{Kind: expense.NotWaiting, ValidationID: byV4("").ValidationID}}
	t.Run("and not of the next, to which our action led", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts, p.actions = []any{byStopV4()}, []any{passOn, ask}, []any{again, nil}
		p.after(time.Minute, func() { p.told("PRE-EXTRACT", "") })
		p.after(time.Hour, func() {
			require.Equal(t, "PRE-EXTRACT", p.status().StepName)
			p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
		require.Equal(t, []string{"SUBMIT", "", "PRE-EXTRACT"}, p.judgedFor())
	})
	t.Run("nor of the one to which somebody else has moved it, once it was seen elsewhere", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{byStopV4(), func() any { p.told("PRE-EXTRACT", ""); return moved("A_PEND") }, byStopV4()}
		p.verdicts = []any{ask}
		p.after(time.Minute, func() { p.told("", "") })
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
		"an older one contradicts, and names nothing":             {"2026-11-03", "2026-11-02", "EARLIER", "PRE-EXTRACT", ""},
		"one of the same name and day contradicts":                {"2026-11-03", "2026-11-03", "SUBMIT", "PRE-EXTRACT", ""},
		"one of the same name and second is that of before":       {"2026-11-03T10:00:00", "2026-11-03T10:00:00", "SUBMIT", "PRE-EXTRACT", "PRE-EXTRACT"},
		"one of the same name and a later second is of this stop": {"2026-11-03T10:00:00", "2026-11-03T10:00:01", "SUBMIT", "", "SUBMIT"},
		"another name of the same day is of this stop":            {"2026-11-03", "2026-11-03", "PRE-EXTRACT", "", "PRE-EXTRACT"},
		"a forged date of a callout makes it name nothing, only":  {"2099-11-03", "2026-11-03", "PRE-EXTRACT", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads = []any{byStop(waiting(1, 10)), byStop(waiting(2, 10))}
			p.verdicts, p.actions = []any{passOn, ask}, []any{next, nil}
			first, copied := named(callout(), "SUBMIT"), named(failedCopy(1), c.copyName)
			first.EventDateTime, copied.EventDateTime = c.first, c.copied
			p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, copied) })
			p.after(2*time.Minute, func() { p.told(c.callout, "2026-11-03T12:00:00") })
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
	p.reads, p.verdicts = []any{gone, byStopV4(), gone, byStopV4()}, []any{ask}
	p.after(time.Hour, func() { p.told("", "") })
	p.after(2*time.Hour, func() { p.decide(p.status().Task.ID, "d1", expense.DecideApprove) })
	require.Equal(t, expense.Approved, p.run(named(callout(), "SUBMIT")).Outcome)
	require.Equal(t, []string{"SUBMIT"}, p.judgedFor())
}

func TestStepNamesSurviveContinueAsNew(t *testing.T) {
	p := newPlay(t)
	memory := &workflows.Memory{MustRead: true}
	memory.Address.ObjectURI, memory.Step.ValidationID = reportURI, waiting(1, 10).ValidationID
	memory.Step.Named = []workflows.NamedStep{{ValidationID: waiting(1, 10).ValidationID, Names: []workflows.StepName{{Name: "SUBMIT"}}}}
	memory.Step.NewNames = []workflows.StepName{{Name: "PRE-EXTRACT"}}
	p.reads, p.verdicts = []any{byStop(waiting(1, 10))}, []any{ask}
	p.after(time.Hour, func() {
		require.Equal(t, []string{"SUBMIT", "PRE-EXTRACT"}, p.status().StepNames)
		p.decide(p.status().Task.ID, "d1", expense.DecideApprove)
	})
	p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: callout(), Memory: memory})
	require.NoError(t, p.env.GetWorkflowError())
	require.Equal(t, []string{""}, p.judgedFor())
}
