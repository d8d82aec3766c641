package concur_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

const actionAt = "https://www.concursolutions.com/api/expense/expensereport/v1.1/report/"

var newer = []expense.Interface{expense.V3, expense.V4}

// reads reads a header twice, and changes the fake between.
func reads(t *testing.T, f *fake, c *concur.Client, o concur.ReadOptions, change func()) (before, after concur.Read) {
	t.Helper()
	o.Parts.HeaderOnly = true
	for i, read := range []*concur.Read{&before, &after} {
		if i > 0 {
			f.mu.Lock()
			change()
			f.mu.Unlock()
		}
		var err error
		*read, err = c.ReadReport(context.Background(), objectURI, o)
		require.NoError(t, err)
	}
	return before, after
}

// The approver that v3 names is the one of the report's owner, and names of statuses are in
// the language of whoever reads.
func TestAReportAtExternalValidationWaitsForUsWhateverElseItShows(t *testing.T) {
	t.Parallel()
	for _, via := range newer {
		for status, waits := range map[string]bool{"A_EXTV": true, "A_PEND": false} {
			f := newFake(t, 1)
			f.status = status
			f.more = `,"ApproverLoginID":"lee@example.com","ApproverName":"Lee","ApprovalStatusName":"Pending External Validation","approvalStatus":"Submitted & Pending Approval","WorkflowActionUrl":""`
			read, _ := reads(t, f, f.reader(t), concur.ReadOptions{Via: via}, func() {})
			require.Equal(t, waits, read.Validation != "", "%s by %s", status, via)
			require.Empty(t, read.Unclear)
		}
	}
}

func TestSameStopByV3AndV4ComparesWhatTellsOfTheStep(t *testing.T) {
	t.Parallel()
	const submitted = `,"submitDate":"2026-04-05T08:00:00.5","lastModifiedDate":"2026-04-05T08:00:00.7","total":1,"reportTotal":{"value":1}`
	for name, c := range map[string]struct {
		before, after string // of the header
		same          bool
	}{
		"nothing has changed": {submitted, submitted, true},
		"exceptions of ours, which raise flags": {
			submitted + `,"HasException":false,"hasExceptions":false`, submitted + `,"HasException":true,"hasExceptions":true,"hasBlockingExceptions":true`, true},
		"another data centre and language, and links that are signed anew": {
			submitted + `,"URI":"http://a/x","links":[{"href":"https://a"}],"receiptUrl":"https://img/1","ApprovalStatusName":"Pending","approvalStatus":"Pending","currency":"Euro","WorkflowActionUrl":"http://a/api/v3.0/expense/reports/report/gStep1/WorkFlowAction?user=ALL"`,
			submitted + `,"URI":"http://b/x","links":[{"href":"https://b"}],"receiptUrl":"https://img/2","ApprovalStatusName":"En attente","approvalStatus":"En attente","currency":"Euro, UE","WorkflowActionUrl":"https://b/api/v3.0/expense/reports/report/gStep1/WorkFlowAction?limit=15"`, true},
		"times in another zone and precision": {submitted,
			`,"submitDate":"2026-04-05T10:00:00+02:00","lastModifiedDate":"2026-04-05T08:00:00Z","total":1.00,"reportTotal":{"value":1.00000000}`, true},
		"fields that one read leaves out": {submitted + `,"WorkflowActionUrl":"http://a/report/gStep1/WorkFlowAction","LastComment":"Hm"`,
			`,"submitDate":"2026-04-05T08:00:00.5","lastModifiedDate":"2026-04-05T08:00:00.7","total":1,"reportTotal":{"value":1},"WorkflowActionUrl":"","LastComment":null`, true},
		"submitted again": {submitted, `,"submitDate":"2026-04-06T08:00:00.5","lastModifiedDate":"2026-04-05T08:00:00.7","total":1,"reportTotal":{"value":1}`, false},
		"changed later":   {submitted, `,"submitDate":"2026-04-05T08:00:00.5","lastModifiedDate":"2026-04-05T08:00:00.71","total":1,"reportTotal":{"value":1}`, false},
		"another amount":  {submitted, `,"submitDate":"2026-04-05T08:00:00.5","lastModifiedDate":"2026-04-05T08:00:00.7","total":2,"reportTotal":{"value":2}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, via := range newer {
				f := newFake(t, 1)
				f.more = c.before
				before, after := reads(t, f, f.reader(t), concur.ReadOptions{Via: via}, func() { f.more = c.after })
				require.Equal(t, c.same, after.SameValidation(before), "%s\n%s\n%s", via, before.HeaderHash, after.HeaderHash)
				require.Equal(t, c.same, before.SameValidation(after))
				stored := concur.Read{Validation: before.Validation, HeaderHash: before.HeaderHash}
				require.Equal(t, c.same, after.SameValidation(stored), "what is compared can be stored")
			}
		})
	}
	t.Run("another step in the URL of v3, or another last comment", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		c := f.reader(t)
		f.more = `,"WorkflowActionUrl":"http://a/report/gStep1/WorkFlowAction","LastComment":"Hm"`
		before, after := reads(t, f, c, concur.ReadOptions{Via: expense.V3}, func() {
			f.more = `,"WorkflowActionUrl":"http://a/report/gStep2/WorkFlowAction","LastComment":"Hm"`
		})
		require.False(t, after.SameValidation(before))
		f.more = `,"LastComment":"Hm"`
		before, after = reads(t, f, c, concur.ReadOptions{Via: expense.V3}, func() { f.more = `,"LastComment":"Well"` })
		require.False(t, after.SameValidation(before))
		require.NotContains(t, after.HeaderHash, "Well", "nobody's words are stored")
	})
	t.Run("another version by v4", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		before, after := reads(t, f, f.reader(t), concur.ReadOptions{Via: expense.V4}, func() { f.version = func() string { return "2" } })
		require.False(t, after.SameValidation(before))
	})
	t.Run("a report that does not wait is at no stop", func(t *testing.T) {
		t.Parallel()
		for _, via := range append(newer, expense.V1) {
			f := newFake(t, 1)
			f.status = "A_APPR"
			before, after := reads(t, f, f.reader(t), concur.ReadOptions{Via: via}, func() {})
			require.False(t, after.SameValidation(before))
			require.Empty(t, after.Validation)
		}
	})
}

func TestSameStopByV11ComparesTheAddressOfTheStep(t *testing.T) {
	t.Parallel()
	f := newFake(t, 1)
	c := f.reader(t)
	f.action = actionAt + "gOne/WorkFlowAction"
	before, after := reads(t, f, c, concur.ReadOptions{}, func() {
		f.action = "http://eu2.api.concursolutions.com/api/expense/expensereport/v1.1/report/gOne/WorkFlowAction?x=1"
	})
	require.True(t, after.SameValidation(before), "another data centre is no other step")
	require.Empty(t, after.HeaderHash)
	before, after = reads(t, f, c, concur.ReadOptions{}, func() { f.action = actionAt + "gTwo/WorkFlowAction" })
	require.False(t, after.SameValidation(before))
}

func TestAReportThatWasChangedAtItsStepIsNotWhatItWas(t *testing.T) {
	t.Parallel()
	for _, o := range []concur.ReadOptions{{}, {Via: expense.V3, Steps: true}, {Via: expense.V4, Steps: true}} {
		f := newFake(t, 1)
		c := f.reader(t)
		f.action = actionAt + "gOne/WorkFlowAction"
		f.moreV1 = `<Purpose>Lunch</Purpose><HasException>N</HasException>`
		before, after := reads(t, f, c, o, func() { f.moreV1 = `<Purpose>Lunch</Purpose><HasException>Y</HasException>` })
		require.True(t, after.SameValidation(before), "an exception of ours is no change")
		before, after = reads(t, f, c, o, func() { f.moreV1 = `<Purpose>Dinner</Purpose>` })
		require.False(t, after.SameValidation(before))
		require.True(t, after.SameValidation(concur.Read{Validation: before.Validation}), "what was not read is not compared")
		require.False(t, after.SameValidation(concur.Read{Validation: before.Validation, HeaderHash: before.HeaderHash, Content: before.Content}), "what is compared can be stored")
	}
}

func TestTheStepOfAReportThatACalloutNamesIsReadByV11(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	steps := concur.ReadOptions{Steps: true}
	t.Run("and it alone is compared", func(t *testing.T) {
		t.Parallel()
		for _, steps.Via = range newer {
			f := newFake(t, 3)
			c := f.reader(t)
			f.action = actionAt + "gOne/WorkFlowAction"
			before, after := reads(t, f, c, steps, func() { f.version, f.more = func() string { return "2" }, `,"LastComment":"Hm"` })
			require.True(t, after.SameValidation(before), "the header has changed, and the step has not")
			require.True(t, after.Report.ShowsStep())
			require.Equal(t, "A_EXTV /api/expense/expensereport/v1.1/report/gOne/WorkFlowAction", after.Validation)
			require.Equal(t, steps.Via, after.Report.Via)

			before, after = reads(t, f, c, steps, func() { f.action = actionAt + "gTwo/WorkFlowAction" })
			require.False(t, after.SameValidation(before), "the header has not changed, and the step has")
		}
	})
	t.Run("before the rest of a whole report, and last before a write", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		f.action = actionAt + "gOne/WorkFlowAction"
		c := f.reader(t)
		_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4, Steps: true})
		require.NoError(t, err)
		require.Equal(t, 1, f.count("v1"))
		_, err = c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4, Steps: true, Parts: expense.Parts{HeaderOnly: true}})
		require.NoError(t, err)
		require.Equal(t, 2, f.count("v1"))
		require.Equal(t, 3, f.count("header"))
	})
	t.Run("of which the status counts, before a write", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		f.action = actionAt + "gOne/WorkFlowAction"
		c := f.reader(t)
		header := concur.ReadOptions{Via: expense.V3, Steps: true, Parts: expense.Parts{HeaderOnly: true}}
		_, err := c.ReadReport(ctx, objectURI, header)
		require.NoError(t, err)
		f.statusV1 = "A_APPR" // it is moved after v3 has answered
		read, err := c.ReadReport(ctx, objectURI, header)
		require.NoError(t, err)
		require.Empty(t, read.Validation)
		require.Equal(t, "A_APPR", read.Report.Status)
	})
	t.Run("unless v1.1 does not show it", func(t *testing.T) {
		t.Parallel()
		for name, break1 := range map[string]func(*fake){
			"no address":       func(f *fake) { f.action = "" },
			"one that is none": func(f *fake) { f.action = "nonsense" },
			"forbidden":        func(f *fake) { f.refuse["reportfulldetails"] = http.StatusForbidden },
			"not found":        func(f *fake) { f.refuse["reportfulldetails"] = http.StatusNotFound },
			"ended":            func(f *fake) { f.refuse["reportfulldetails"] = http.StatusGone },
		} {
			f := newFake(t, 1)
			c := f.reader(t)
			_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4})
			require.NoError(t, err)
			break1(f)
			for _, parts := range []expense.Parts{{}, {HeaderOnly: true}} {
				read, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4, Steps: true, Parts: parts})
				require.NoError(t, err, name)
				require.False(t, read.Report.ShowsStep(), name)
				require.NotEmpty(t, read.HeaderHash, name)
			}
		}
	})
	t.Run("and a passing trouble of v1.1 is one of the read", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		c := f.reader(t)
		_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4})
		require.NoError(t, err)
		f.refuse["reportfulldetails"] = http.StatusServiceUnavailable
		for _, parts := range []expense.Parts{{}, {HeaderOnly: true}} {
			_, err = c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V4, Steps: true, Parts: parts})
			require.ErrorIs(t, err, concur.Unavailable)
		}
	})
	t.Run("one that is named by a v4 address has none", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 1)
		read, err := f.reader(t).ReadReport(ctx, v4URI, concur.ReadOptions{Via: expense.V4, Steps: true})
		require.NoError(t, err)
		require.Zero(t, f.count("v1"))
		require.False(t, read.Report.ShowsStep())
	})
}
