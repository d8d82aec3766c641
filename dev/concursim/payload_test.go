package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const rawReport = `<?xml version='1.0'?><!-- <ApsKey>A_FAKE</ApsKey> -->
<x:ReportDetails xmlns:x="urn:x" note="a > b">
  <ApsKey> A_EXTV </ApsKey><ApvStatusName>Wartet auf Pr&#252;fung</ApvStatusName>
  <HasException>N</HasException><RptKey>nRaw$p1</RptKey>
  <WorkflowActionURL/>
  <Odd><![CDATA[<ApsKey>]]></Odd>
  <Entries Count="2">
    <ExpenseEntry><RpeKey>nE1</RpeKey><HasExceptions>N</HasExceptions>
      <ItemizationsList><ItemizationEntryDetails><ItemizationKey>nI1</ItemizationKey></ItemizationEntryDetails></ItemizationsList>
      <Allocations><allocKey>nA1</allocKey></Allocations></ExpenseEntry>
    <ExpenseEntry><RpeKey>nE2</RpeKey><HasExceptions/></ExpenseEntry>
  </Entries>
</x:ReportDetails>
`

const rawCallout = "<?xml version=\"1.0\"?>\r\n<Notification><ObjectURI>https://www.concursolutions.com" + detailsPath +
	"8%Qr$sKEY</ObjectURI><ObjectType>EXPRPT</ObjectType></Notification>"

// payloadsIn writes files under a new directory, "name/file" to content.
func payloadsIn(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		writeFile(t, filepath.Join(dir, name), content)
	}
	return dir
}

func withPayloads(dir string) func(*options) { return func(o *options) { o.payloads = dir } }

func TestPayloads(t *testing.T) {
	t.Parallel()
	t.Run("a payload is served byte for byte except for the report's state", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector, withPayloads(payloadsIn(t, map[string]string{"p/report.xml": rawReport, "p/callout.xml": rawCallout})))
		require.Equal(t, rawCallout, (<-got).body)
		r := w.state("p")
		require.Equal(t, "8%Qr$sKEY", r.Key)
		require.Equal(t, waiting, r.Status)

		url := "http://" + w.sim.authority(firstHost) + reportPath + r.Step + "/WorkFlowAction"
		want := strings.Replace(rawReport, "<WorkflowActionURL/>", "<WorkflowActionURL>"+url+"</WorkflowActionURL>", 1)
		require.Equal(t, want, w.read(r).body)

		w.exceptRaw(r, "<Exception><Index>1</Index><ObjectType>Entry</ObjectType><ObjectId>nE2</ObjectId><ExceptionCode>NODATE</ExceptionCode></Exception>")
		want = strings.Replace(want, "<HasException>N", "<HasException>Y", 1)
		want = strings.Replace(want, "<HasExceptions/>", "<HasExceptions>Y</HasExceptions>", 1)
		require.Equal(t, want, w.read(r).body)

		require.Equal(t, "SUCCESS!", elementText(w.approve(r).body, "Status"))
		after := w.read(r).body
		require.Equal(t, "A_APPR", elementText(after[strings.Index(after, "-->"):], "ApsKey"))
		require.Equal(t, "Approved", elementText(after, "ApvStatusName"))
		require.Contains(t, after, "<WorkflowActionURL/>")
	})
	t.Run("exceptions can be posted on a payload's itemizations and allocations", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{"p/report.xml": rawReport})))
		r := w.state("p")
		answer := w.exceptRaw(r, "<Exception><Index>1</Index><ObjectType>Entry</ObjectType><ObjectId>nI1</ObjectId><ExceptionCode>NODATE</ExceptionCode></Exception>"+
			"<Exception><Index>2</Index><ObjectType>Allocation</ObjectType><ObjectId>nA1</ObjectId><ExceptionCode>NODATE</ExceptionCode></Exception>")
		require.Equal(t, "2", elementText(answer.body, "exceptions-succeeded"))
		require.Contains(t, w.read(r).body, "<HasExceptions>Y</HasExceptions>\n")
	})
	t.Run("a payload that does not wait is served unchanged and sends no callout", func(t *testing.T) {
		t.Parallel()
		doc := "<ReportDetails><ApsKey>A_NOTF</ApsKey><WorkflowActionURL>http://x/y</WorkflowActionURL></ReportDetails>"
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{"p/report.xml": doc})))
		r := w.state("p")
		require.Equal(t, doc, w.read(r).body)
		var queue callouts
		w.control(http.MethodGet, "/callouts", "", &queue)
		require.Empty(t, append(queue.History, make([]*sentCallout, len(queue.Queue))...))
		w.control(http.MethodPost, "/payloads/p/callout", "", nil)
		w.waitFor(func() bool { return sentFor(w.sim, "p") == 1 })
		require.Equal(t, http.StatusNotFound, w.tryControl(http.MethodPost, "/payloads/q/callout", "").status)
	})
	t.Run("state.yaml sets the status, the steps and the fields that stay unchanged", func(t *testing.T) {
		t.Parallel()
		doc := "<ReportDetails><ApsKey>A_NOTF</ApsKey><WorkflowActionURL>http://www.concursolutions.com" + reportPath + "7%t8$p/WorkFlowAction</WorkflowActionURL></ReportDetails>"
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{
			"p/report.xml": doc,
			"p/state.yaml": "status: A_EXTV\nsteps: [{extv: PRE}, {status: A_ACCO}]\nkeep: [WorkflowActionURL]\n",
		})))
		r := w.state("p")
		require.Equal(t, strings.Replace(doc, "A_NOTF", "A_EXTV", 1), w.read(r).body)
		require.Equal(t, "PRE", r.StepName)
		require.Equal(t, "SUCCESS!", elementText(w.act("7%25t8$p", "Approve", "").body, "Status"))
		require.Equal(t, "A_ACCO", w.state("p").Status)
		require.Empty(t, w.brokenInvariants())
	})
	t.Run("a missing or nil WorkflowActionURL is replaced", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{
			"a/report.xml": "<ReportDetails><ApsKey>A_EXTV</ApsKey></ReportDetails>",
			"b/report.xml": `<ReportDetails xmlns:i="i"><ApsKey>A_EXTV</ApsKey><WorkflowActionURL i:nil="true"></WorkflowActionURL></ReportDetails>`,
		})))
		for _, name := range []string{"a", "b"} {
			require.Contains(t, w.read(w.state(name)).body, "<WorkflowActionURL>http://")
		}
	})
	t.Run("an unreadable document is served unchanged, and a write to its report breaks an invariant", func(t *testing.T) {
		t.Parallel()
		doc := "<ReportDetails><ApsKey>A_EXTV</ApsKey><RptKey>nBad</RptKey><Entries>"
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{"p/report.xml": doc})))
		r := w.state("p")
		require.Equal(t, doc, w.read(r).body)
		require.Equal(t, waiting, r.Status)
		w.waitFor(func() bool { return sentFor(w.sim, "p") == 1 })
		w.approve(r)
		require.Contains(t, w.brokenInvariants(), "stale-read")
	})
	t.Run("a payload of only a callout sends it and serves nothing", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector, withPayloads(payloadsIn(t, map[string]string{"p/callout.xml": rawCallout})))
		require.Equal(t, rawCallout, (<-got).body)
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, detailsPath+"8%Qr$sKEY", "").status)
	})
	t.Run("with -payload-callouts=false callouts wait for the control call", func(t *testing.T) {
		t.Parallel()
		connector, got := connectorWith(t, always(http.StatusOK))
		w := newFixture(t, connector, func(o *options) { o.payloadCallouts = false },
			withPayloads(payloadsIn(t, map[string]string{"p/report.xml": rawReport, "p/callout.xml": rawCallout})))
		w.submit("other")
		require.NotEqual(t, rawCallout, (<-got).body)
		w.control(http.MethodPost, "/payloads/p/callout", "", nil)
		require.Equal(t, rawCallout, (<-got).body)
	})
	t.Run("a write to a shared key applies to the payload that was read last", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, withPayloads(payloadsIn(t, map[string]string{"a/report.xml": rawReport, "b/report.xml": rawReport})))
		w.read(w.state("a"))
		require.Equal(t, http.StatusOK, w.except(w.state("a"), "NODATE").status)
		w.read(w.state("b"))
		w.except(w.state("b"), "OVERLIM")
		require.Equal(t, "NODATE", w.state("a").Exceptions[0].Code)
		require.Equal(t, "OVERLIM", w.state("b").Exceptions[0].Code)
	})
	for name, files := range map[string]map[string]string{
		"an unknown field in state.yaml":       {"p/report.xml": rawReport, "p/state.yaml": "mood: good"},
		"a field that cannot stay unchanged":   {"p/report.xml": rawReport, "p/state.yaml": "keep: [ReportId]"},
		"an empty payload":                     {"p/notes.txt": "x"},
		"two payloads with one path":           {"p/report.xml": rawReport, "p/callout.xml": rawCallout, "q/report.xml": rawReport, "q/callout.xml": rawCallout},
		"steps without an external validation": {"p/report.xml": rawReport, "p/state.yaml": "steps: [{status: A_PEND}]"},
	} {
		t.Run(name+" is refused at the start", func(t *testing.T) {
			t.Parallel()
			opts := defaultOptions(t)
			opts.payloads = payloadsIn(t, files)
			_, err := start(opts)
			require.ErrorContains(t, err, "payload ")
		})
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	t.Run("scan refuses documents that are not well-formed", func(t *testing.T) {
		t.Parallel()
		for _, doc := range []string{"", "text", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a", "<a b='>", "<!DOCTYPE a><a/>", "<!-- <a/>", "<a><![CDATA[</a>", "<a><<b/></a>", "< a></ a>"} {
			_, err := scan([]byte(doc))
			require.Error(t, err, doc)
		}
	})
	t.Run("text trims, resolves entities and leaves out comments", func(t *testing.T) {
		t.Parallel()
		doc := []byte("<a> x<!-- y -->&amp;<![CDATA[<z>]]> </a>")
		root, err := scan(doc)
		require.NoError(t, err)
		require.Equal(t, "x&<z>", root.text(doc))
	})
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(rawReport))
	f.Add([]byte(rawCallout))
	f.Fuzz(func(t *testing.T, doc []byte) {
		root, err := scan(doc)
		if err != nil {
			return
		}
		root.every(func(n *node) {
			require.True(t, n.start <= n.contentStart && n.contentStart <= n.contentEnd && n.contentEnd <= n.end && n.end <= len(doc))
			n.text(doc)
		})
	})
}
