package expense_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

const submitEvent = "Report Entered Expense Report Workflow Step - SUBMIT"

func TestOwnSteps(t *testing.T) {
	t.Parallel()
	known := []expense.AnnouncedStep{
		{Step: expense.Step{Object: expense.ReportObject, Policy: "P", Event: submitEvent}},
		{Step: expense.Step{Object: expense.ReportObject, Policy: "Q", Event: expense.AnyStep}},
		{Step: expense.Step{Object: expense.ReportObject, Policy: expense.AnyStep, Event: "BY HAND"}},
	}
	own := func(entries ...string) expense.OwnSteps {
		o, err := expense.ParseOwnSteps(entries)
		require.NoError(t, err)
		return o
	}
	lists := func(o expense.OwnSteps, policies ...string) bool {
		return o.OwnsListed(known, expense.ReportObject, policies...)
	}
	owns := func(o expense.OwnSteps, event string, policies ...string) bool {
		o2 := o.Owns(known, expense.ReportObject, []string{event}, policies...)
		if o2 {
			require.True(t, o.MayOwn(known, expense.ReportObject, event), "what is taken up in the end is read")
		}
		return o2
	}
	t.Run("announced: a list by its policy, which must be known", func(t *testing.T) {
		t.Parallel()
		o := own("announced")
		require.True(t, lists(o, "P"))
		require.True(t, lists(o, "Q"))
		require.True(t, lists(o, "other", "P"), "any of its identifiers")
		require.False(t, lists(o, "R"))
		require.False(t, lists(o, ""))
		require.False(t, lists(o))
		require.False(t, o.OwnsListed(nil, expense.ReportObject, "P"), "a fresh installation")
		require.False(t, o.OwnsListed(known, expense.RequestObject, "P"))
	})
	t.Run("announced: an entry by its event and its policy", func(t *testing.T) {
		t.Parallel()
		o := own("announced")
		require.True(t, owns(o, submitEvent, "P"))
		require.True(t, owns(o, "report entered  expense report workflow step - submit", "P"), "capitals and spaces")
		require.False(t, owns(o, submitEvent, "R"), "the same event of another policy")
		require.False(t, owns(o, "Report Entered Expense Report Workflow Step - PRE-EXTRACT", "P"))
		require.True(t, owns(o, "anything", "Q"), "an operator has named the policy, and any event")
		require.True(t, owns(o, "Step - BY HAND", "R"), "or the event, and any policy")
		require.True(t, owns(o, "by hand"), "of a report that is gone, too")
		require.False(t, owns(o, submitEvent), "a report that is gone has no policy")
		require.False(t, owns(o, ""))
		require.False(t, owns(o, "", "P"))
	})
	t.Run("announced: a travel request by any callout about one", func(t *testing.T) {
		t.Parallel()
		announced := []expense.AnnouncedStep{{Step: expense.Step{Object: expense.RequestObject, Policy: expense.AnyStep, Event: "E"}}}
		require.True(t, own("announced").OwnsListed(announced, expense.RequestObject, "X"))
		require.True(t, own("announced").OwnsListed(announced, expense.RequestObject, ""))
		require.False(t, own("announced").OwnsListed(announced, expense.ReportObject, "X"))
	})
	t.Run("named policies and events", func(t *testing.T) {
		t.Parallel()
		o := own("policy:R")
		require.True(t, lists(o, "R"))
		require.False(t, lists(o, "P"), "what was announced does not count")
		require.True(t, owns(o, "anything", "R"))
		require.False(t, owns(o, submitEvent, "P"))
		o = own(" event: submit ")
		require.False(t, lists(o, "P"), "a list names no event")
		require.True(t, owns(o, submitEvent, "R"))
		require.True(t, owns(o, submitEvent))
		require.False(t, owns(o, "PRE-EXTRACT", "R"))
		o = own("policy:R", "event:SUBMIT")
		require.True(t, owns(o, submitEvent, "R"))
		require.False(t, owns(o, submitEvent, "S"))
		require.False(t, owns(o, "PRE-EXTRACT", "R"))
		require.True(t, owns(own("announced", "event:PRE-EXTRACT"), "x - Pre-Extract", "S"))
		require.True(t, owns(own("announced", "event:PRE-EXTRACT"), submitEvent, "P"))
	})
	t.Run("all, and none", func(t *testing.T) {
		t.Parallel()
		require.True(t, lists(own("all")))
		require.True(t, owns(own("all"), ""))
		require.False(t, lists(expense.OwnSteps{}, "P"))
		require.False(t, owns(expense.OwnSteps{}, submitEvent, "P"))
	})
	t.Run("announced by a callout without an event", func(t *testing.T) {
		t.Parallel()
		announced := []expense.AnnouncedStep{{Step: expense.Step{Object: expense.RequestObject, Policy: "P"}}}
		o := own("announced")
		require.True(t, o.OwnsListed(announced, expense.RequestObject, "P"))
		require.True(t, o.MayOwn(announced, expense.RequestObject, ""))
		require.False(t, o.MayOwn(announced, expense.RequestObject, "SUBMIT"))
		require.False(t, o.MayOwn(announced, expense.ReportObject, ""))
		require.True(t, o.Owns(announced, expense.RequestObject, []string{""}, "P"))
		require.False(t, o.Owns(announced, expense.RequestObject, []string{""}, "Q"))
		require.False(t, own("event:SUBMIT").Owns(announced, expense.RequestObject, []string{""}, "P"))
	})
	t.Run("a comma in a name", func(t *testing.T) {
		t.Parallel()
		o := own("event:Finance%2C after the approver", "policy:a%2cb")
		require.Equal(t, []string{"Finance, after the approver"}, o.Events)
		require.Equal(t, []string{"a,b"}, o.Policies)
		require.True(t, owns(o, "Report Entered - Finance, after the approver", "a,b"))
	})
	t.Run("what cannot be read", func(t *testing.T) {
		t.Parallel()
		for _, entries := range [][]string{{"everything"}, {"all", "announced"}, {"all:x"}, {"policy:"}, {"event: "}, {""}, {"announced:x"}} {
			_, err := expense.ParseOwnSteps(entries)
			require.Error(t, err, entries)
		}
	})
}
