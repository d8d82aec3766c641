package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/workflows"
)

const v4ReportURI = "https://us.api.concursolutions.com/expensereports/v4/users/32c2fcc3-b2e8-4907-9672-5b3f49b1c643/context/TRAVELER/reports/R1"

// swept is the notification of a report that only a sweep has found.
func swept() expense.Notification {
	return expense.Notification{Kind: expense.ReportObject, Key: "R1", ObjectURI: v4ReportURI, Found: true}
}

// left is what the run of a callout tells when it leaves the report to another run.
func left() expense.Notification {
	return expense.Notification{HandedOverBy: callout().ID(), ObjectURI: reportURI, EventType: "Step - SUBMIT"}
}

func TestARunReadsByTheCalloutsAddressWhenItsOwnIsNotEnough(t *testing.T) {
	t.Parallel()
	said := "the report is read by the address of the callout from now on"
	for name, own := range map[string]any{
		"its step looks like another":      kind(expense.AmbiguousStep),
		"it does not hold what is claimed": kind(expense.Incomplete),
		"Concur refuses to show it":        kind(expense.Forbidden),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.reads, p.verdicts = []any{own}, []any{approval}
			p.after(time.Hour, func() {
				require.Equal(t, workflows.WaitingForOperator, p.status().WaitingFor)
				p.reads = []any{own, waiting(1, 10)}
				if name == "it does not hold what is claimed" {
					p.reads = []any{own, own, own, waiting(1, 10)} // it is asked three times
				}
				p.env.SignalWorkflow(workflows.Notified, left())
			})
			result := p.run(swept())
			require.Equal(t, expense.Approved, result.Outcome)
			require.Equal(t, []string{said, "approved"}, result.Done)
			last := p.read[len(p.read)-1]
			require.Equal(t, reportURI, last.ObjectURI)
			require.Equal(t, "R1", last.ReportID, "and only if the same report is there")
			require.Equal(t, reportURI, p.acted[0].ObjectURI)
			require.Equal(t, "Step - SUBMIT", last.EventType)
		})
	}
	t.Run("when its own address was not found", func(t *testing.T) {
		p := newPlay(t)
		gone := expense.FetchedReport{ReportState: expense.ReportState{Kind: expense.NotFound}}
		p.reads, p.verdicts = []any{gone, gone, waiting(1, 10)}, []any{approval}
		p.after(time.Second, func() { p.env.SignalWorkflow(workflows.Notified, left()) })
		require.Equal(t, expense.Approved, p.run(swept()).Outcome)
	})
}

func TestTheCalloutsAddressIsNotTrusted(t *testing.T) {
	t.Parallel()
	wait := func(p *play, then func()) {
		p.after(time.Hour, func() {
			require.Equal(t, expense.AmbiguousStep, p.status().Parked.Kind)
			then()
			p.env.CancelWorkflow()
		})
	}
	t.Run("an address that shows another report or is untrusted is not used", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.AmbiguousStep), kind(expense.AmbiguousStep), kind(expense.Untrusted), kind(expense.AmbiguousStep)}
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, left()) })
		wait(p, func() {
			require.Contains(t, p.status().Done[0], "is not used")
			require.Equal(t, v4ReportURI, p.read[len(p.read)-1].ObjectURI)
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: swept()})
		require.Empty(t, p.acted)
	})
	t.Run("an address of v4 is not used", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.AmbiguousStep)}
		n := left()
		n.ObjectURI = v4ReportURI
		p.after(time.Minute, func() { p.env.SignalWorkflow(workflows.Notified, n) })
		wait(p, func() {
			for _, in := range p.read {
				require.Empty(t, in.ReportID)
			}
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: swept()})
	})
	t.Run("no address is used while the run's own address shows the report", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1")}, []any{ask}
		task := ""
		p.after(time.Hour, func() {
			task = p.status().Task.ID
			p.env.SignalWorkflow(workflows.Notified, left())
		})
		p.after(2*time.Hour, func() {
			require.Equal(t, task, p.status().Task.ID)
			p.decide(task, "d1", expense.DecideApprove)
		})
		require.Equal(t, expense.Approved, p.run(swept()).Outcome)
		for _, in := range p.read {
			require.Equal(t, v4ReportURI, in.ObjectURI)
		}
	})
	t.Run("no address is used once exceptions were posted at the step", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.verdicts = []any{byV4("m1"), byV4("m1"), kind(expense.AmbiguousStep)}, []any{flagged}
		p.posts, p.actions = []any{posted(expense.Posted, "")}, []any{certain(expense.NoApprover)}
		p.after(time.Minute*5, func() { p.env.SignalWorkflow(workflows.Notified, left()) })
		wait(p, func() { require.Equal(t, v4ReportURI, p.read[len(p.read)-1].ObjectURI) })
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: swept()})
		require.Empty(t, p.acted[1:])
	})
}

func TestOtherRunsFindARunParkedForAnAmbiguousStep(t *testing.T) {
	t.Parallel()
	t.Run("they find it by the report's ID", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.AmbiguousStep)}
		p.after(time.Hour, func() {
			require.Equal(t, "R1", p.status().ReportID)
			p.env.CancelWorkflow()
		})
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: swept()})
		require.Len(t, p.handedOver, 1, "it looks for others as well")
	})
	t.Run("it hands the report over to a callout's run", func(t *testing.T) {
		p := newPlay(t)
		p.reads, p.handOvers = []any{kind(expense.AmbiguousStep)}, []any{expense.HandedOverRun{To: callout().ID()}}
		require.Equal(t, expense.HandedOver, p.run(swept()).Outcome)
		require.Empty(t, p.handedOver[0].ObjectURI, "a v4 address shows no step")
	})
	t.Run("they do not find it by the key of a forged callout", func(t *testing.T) {
		p := newPlay(t)
		p.reads = []any{kind(expense.Untrusted)}
		p.after(time.Hour, func() {
			require.Empty(t, p.status().ReportID)
			p.env.CancelWorkflow()
		})
		n := swept()
		n.Found = false
		p.env.ExecuteWorkflow(workflows.ProcessNotification, workflows.ProcessInput{Notification: n})
	})
}
