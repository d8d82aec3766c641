package main

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// faultTests are the tests of the faults, by kind.
var faultTests = map[string]func(*testing.T, *fixture, reportView){
	"lost-answer": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: lost-answer}")
		require.Error(t, w.approve(r).err)
		require.Equal(t, approved, w.state("r").Status)
	},
	"cut-body": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: cut-body}")
		answer := w.approve(r)
		require.Equal(t, http.StatusOK, answer.status)
		require.Error(t, answer.err)
		require.NotContains(t, answer.body, "</ActionStatus>")
		require.Equal(t, approved, w.state("r").Status)
	},
	"refused-connection": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: refused-connection}")
		require.Error(t, w.approve(r).err)
		require.Equal(t, waiting, w.state("r").Status)
	},
	"down": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: all, kind: down, times: 2}")
		before := w.requests()
		require.Error(t, w.read(r).err)
		require.Error(t, w.askToken().err)
		require.Equal(t, before, w.requests())
		require.Equal(t, http.StatusOK, w.read(r).status)
	},
	"server-error": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: action, kind: server-error}, {endpoint: action, kind: server-error, skip: 1, param: {effect: true}}]")
		answer := w.approve(r)
		require.Equal(t, http.StatusInternalServerError, answer.status)
		require.NotEmpty(t, elementText(answer.body, "Message"))
		require.Equal(t, waiting, w.state("r").Status)
		require.Equal(t, http.StatusInternalServerError, w.approve(r).status)
		require.Equal(t, approved, w.state("r").Status)
	},
	"unavailable": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: all, kind: unavailable}")
		require.Equal(t, http.StatusServiceUnavailable, w.askToken().status)
		require.Equal(t, http.StatusOK, w.read(r).status)
	},
	"too-many-requests": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: too-many-requests, param: {retryAfter: 7}}, {endpoint: details, kind: too-many-requests}]")
		first, second := w.read(r), w.read(r)
		require.Equal(t, http.StatusTooManyRequests, first.status)
		require.Equal(t, "7", first.header.Get("Retry-After"))
		require.Equal(t, http.StatusTooManyRequests, second.status)
		require.Empty(t, second.header.Values("Retry-After"))
	},
	"rate-400": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: exceptions, kind: rate-400}")
		answer := w.except(r, "NODATE")
		require.Equal(t, http.StatusBadRequest, answer.status)
		require.Contains(t, elementText(answer.body, "Message"), "request limit")
		require.Empty(t, w.state("r").Exceptions)
	},
	"deadlock-400": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: deadlock-400}")
		answer := w.approve(r)
		require.Equal(t, http.StatusBadRequest, answer.status)
		require.Contains(t, elementText(answer.body, "Message"), "deadlock")
		require.Equal(t, waiting, w.state("r").Status)
	},
	"slow": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: slow, param: {ms: 1}}, {endpoint: action, kind: slow, param: {ms: 60000}}, {endpoint: action, kind: slow, skip: 1, param: {ms: 1}}]")
		require.Equal(t, http.StatusOK, w.read(r).status)
		step := w.state("r").Step
		require.Error(t, w.approveAndGiveUp(step, func() bool { return w.sim.faults[1].Applied == 1 }).err)
		require.Equal(t, waiting, w.state("r").Status)
		w.control(http.MethodPost, "/breakpoints", "{endpoint: action, phase: before, answer: true}", nil)
		require.Error(t, w.approveAndGiveUp(step, func() bool { return w.sim.breakpoints[0].Reached }).err)
		w.control(http.MethodPost, "/breakpoints/release", "", nil)
		w.waitFor(func() bool { return w.sim.reports[0].status == approved })
	},
	"late-effect": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: action, kind: late-effect, param: {ms: 60000}}, {endpoint: action, kind: late-effect, skip: 1, param: {ms: 1}}]")
		require.Error(t, w.approve(r).err)
		require.Equal(t, waiting, w.state("r").Status)
		require.Error(t, w.approve(r).err)
		w.waitFor(func() bool { return w.sim.reports[0].status == approved })
	},
	"compressed": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: compressed, times: 3}")
		answer := w.sendTo(w.sim.base(w.host)+detailsPath+r.Key, http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}, "Accept-Encoding": {"gzip"}})
		require.Equal(t, "gzip", answer.header.Get("Content-Encoding"))
		packed, err := gzip.NewReader(strings.NewReader(answer.body))
		require.NoError(t, err)
		body, err := io.ReadAll(packed)
		require.NoError(t, err)
		require.Contains(t, string(body), "</ReportDetails>")
		require.Contains(t, w.read(r).body, "</ReportDetails>")
		plain := w.sendTo(w.sim.base(w.host)+detailsPath+r.Key, http.MethodGet, "", http.Header{"Authorization": {"Bearer " + w.bearer}, "Accept-Encoding": {"identity"}})
		require.Empty(t, plain.header.Values("Content-Encoding"))
		require.Contains(t, plain.body, "</ReportDetails>")
	},
	"chunked": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: chunked}, {endpoint: action, kind: chunked}, {endpoint: action, kind: cut-body}]")
		answer := w.read(r)
		require.Empty(t, answer.header.Values("Content-Length"))
		require.Contains(t, answer.body, "</ReportDetails>")
		require.ErrorIs(t, w.approve(r).err, io.ErrUnexpectedEOF, "the answer is cut between two chunks")
	},
	"gzip-bomb": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: gzip-bomb, param: {mb: 3, effect: true}}")
		answer := w.approve(r)
		require.Equal(t, strings.Repeat(" ", 3<<20), answer.body)
		require.Equal(t, approved, w.state("r").Status)
	},
	"html": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: html}")
		answer := w.approve(r)
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, "text/html", answer.header.Get("Content-Type"))
		require.Equal(t, waiting, w.state("r").Status)
	},
	"gateway": func(t *testing.T, w *fixture, r reportView) {
		for form, want := range gatewayAnswers {
			w.fault("{endpoint: details, kind: gateway, param: {status: 404, text: %s}}", form)
			answer := w.read(r)
			require.Equal(t, http.StatusNotFound, answer.status)
			require.Equal(t, want.contentType, answer.header.Get("Content-Type"))
			require.Equal(t, form != "nothing", strings.Contains(answer.body, gatewayMark))
			require.Empty(t, answer.header.Get("concur-correlationid"))
		}
		w.fault("[{endpoint: action, kind: gateway}, {endpoint: action, kind: gateway, skip: 1, param: {effect: true, status: 200}}]")
		require.Equal(t, http.StatusForbidden, w.approve(r).status)
		require.Equal(t, waiting, w.state("r").Status)
		require.Equal(t, http.StatusOK, w.approve(r).status)
		require.Equal(t, approved, w.state("r").Status)
	},
	"empty-body": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: empty-body, param: {effect: true}}")
		answer := w.approve(r)
		require.Equal(t, http.StatusOK, answer.status)
		require.Empty(t, answer.body)
		require.Equal(t, approved, w.state("r").Status)
	},
	"malformed": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: malformed}")
		answer := w.read(r)
		require.Equal(t, xmlType, answer.header.Get("Content-Type"))
		_, err := scan([]byte(answer.body))
		require.Error(t, err)
	},
	"wrong-root": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: wrong-root}")
		root, err := scan([]byte(w.read(r).body))
		require.NoError(t, err)
		require.Equal(t, "Something", root.name)
	},
	"failure-in-200": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: action, kind: failure-in-200, param: {text: Nicht möglich}}, {endpoint: exceptions, kind: failure-in-200}]")
		answer := w.approve(r)
		require.Equal(t, "Nicht möglich", elementText(answer.body, "Message"))
		require.Equal(t, "FAILURE", elementText(answer.body, "Status"))
		require.Equal(t, "2", elementText(w.except(r, "NODATE", "OVERLIM").body, "exceptions-failed"))
		require.Zero(t, w.state("r").Writes)
	},
	"partial-exceptions": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: exceptions, kind: partial-exceptions, param: {index: 2}}, {endpoint: exceptions, kind: partial-exceptions, skip: 1, param: {code: NODATE}}]")
		answer := w.except(r, "NODATE", "OVERLIM")
		require.Equal(t, "1", elementText(answer.body, "exceptions-succeeded"))
		require.Contains(t, answer.body, "<Index>2</Index>\n            <message>Invalid Exception Code</message>")
		require.Equal(t, "NODATE", w.state("r").Exceptions[0].Code)
		require.Equal(t, "1", elementText(w.except(r, "NODATE").body, "exceptions-failed"))
	},
	"expired-token": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: expired-token, param: {status: 401}}, {endpoint: details, kind: expired-token, param: {status: 403}}, {endpoint: details, kind: expired-token, times: 2}]")
		refused := func() int {
			w.login()
			return w.read(r).status
		}
		require.Equal(t, http.StatusUnauthorized, refused())
		require.Contains(t, []int{401, 403}, w.read(r).status, "the token stays invalid")
		require.Equal(t, http.StatusForbidden, refused())
		require.ElementsMatch(t, []int{401, 403}, []int{refused(), refused()})
		require.Equal(t, http.StatusOK, refused())
	},
	"forbidden": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: failed-list, kind: forbidden, times: -1}")
		for range 3 {
			require.Equal(t, http.StatusForbidden, w.send(http.MethodGet, failedPath+"?status=failed", "").status)
		}
	},
	"user-token": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: exceptions-v4, kind: user-token}")
		answer := w.send(http.MethodGet, expenseV4Path+"reports/"+r.ReportID+"/exceptions", "")
		require.Equal(t, http.StatusUnauthorized, answer.status)
		require.Contains(t, answer.body, notCompany)
	},
	"not-found": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: not-found, report: r}")
		require.Equal(t, http.StatusNotFound, w.read(r).status)
		require.Equal(t, http.StatusOK, w.read(r).status)
	},
	"redirect": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: redirect, param: {location: 'https://127.0.0.1:1/elsewhere'}}")
		answer := w.read(r)
		require.Equal(t, http.StatusFound, answer.status)
		require.Equal(t, "https://127.0.0.1:1/elsewhere", answer.header.Get("Location"))
	},
	"moved": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: action, kind: moved, report: r, param: {to: recall}}")
		answer := w.approve(r)
		require.Equal(t, "FAILURE", elementText(answer.body, "Status"))
		state := w.state("r")
		require.Equal(t, toResubmit, state.Status)
		require.Empty(t, state.Decisions)
	},
	"hostile-url": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: hostile-url, param: {url: 'https://evil.example/a?b=1&c'}}")
		require.Equal(t, "https://evil.example/a?b=1&c", elementText(w.read(r).body, "WorkflowActionURL"))
	},
	"new-step-each-read": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: details, kind: new-step-each-read, times: -1}")
		first := elementText(w.read(r).body, "WorkflowActionURL")
		second := elementText(w.read(r).body, "WorkflowActionURL")
		require.NotEqual(t, first, second)
		answer := w.act(stepIn(second), "Approve", "")
		require.Equal(t, "FAILURE", elementText(answer.body, "Status"))
	},
	"no-entries":      missingEntries("no-entries", 0),
	"fewer-entries":   missingEntries("fewer-entries", 2),
	"no-itemizations": missingItemizations,
	"wrong-count":     wrongCount,
	"other-total":     otherTotal,
	"cut-next-page":   cutNextPage,
	"page-again":      pageAgain,
	"deprecated": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: deprecated, times: -1}, {endpoint: details, kind: too-many-requests, skip: 1, param: {retryAfter: 7}}, {endpoint: failed-list, kind: deprecated, param: {text: Use v4}}]")
		usual, refused := w.read(r), w.read(r)
		require.Equal(t, http.StatusOK, usual.status)
		require.Equal(t, waiting, elementText(usual.body, "ApsKey"))
		require.Equal(t, http.StatusTooManyRequests, refused.status)
		require.Equal(t, "7", refused.header.Get("Retry-After"))
		for _, answer := range []reply{usual, refused} {
			require.Contains(t, answer.header.Get("X-Api-Warn"), "deprecated")
			require.Equal(t, "Sat, 31 Jul 2027 23:59:59 GMT", answer.header.Get("Sunset"))
		}
		require.Equal(t, "Use v4", w.failedList().header.Get("X-Api-Warn"))
		require.Empty(t, w.failedList().header.Values("X-Api-Warn"))
		require.Empty(t, w.failedList().header.Values("Sunset"))
	},
	"unclean-text": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: report-v4, kind: unclean-text}, {endpoint: details, kind: unclean-text}, {endpoint: details, kind: unclean-text, skip: 1, param: {text: character}}, {endpoint: details, kind: unclean-text, skip: 2, param: {text: byte}}, {endpoint: callout, kind: unclean-text, report: odd}]")
		var odd reportView
		w.control(http.MethodPost, "/reports", "{name: odd, reportName: Lunch␋Break, steps: [{extv: SUB␋MIT}], entries: [{type: MEALS, amount: 1}]}", &odd)
		for _, want := range []string{"Lunch&#xB;Break", "Lunch\x0bBreak", "Lunch\xffBreak", "Lunch␋Break"} {
			require.Contains(t, w.read(odd).body, want)
		}
		require.Contains(t, w.send(http.MethodGet, pathOf(odd.V4URI), "").body, `Lunch\u000bBreak`)
		w.waitFor(func() bool { return sentFor(w.sim, "odd") == 1 })
	},
	"other-encoding": func(t *testing.T, w *fixture, r reportView) {
		w.fault("[{endpoint: details, kind: other-encoding, param: {text: utf-16}}, {endpoint: details, kind: other-encoding, skip: 1, param: {text: iso-8859-1}}, {endpoint: details, kind: other-encoding, skip: 2, param: {text: utf-16-in-name}}, {endpoint: report-v4, kind: other-encoding, param: {text: iso-8859-1}}]")
		var odd reportView
		w.control(http.MethodPost, "/reports", "{name: odd, reportName: Café, entries: [{type: MEALS, amount: 1}]}", &odd)
		require.Contains(t, w.read(odd).body, "C\x00a\x00f\x00\xe9\x00")
		latin := w.read(odd).body
		require.Contains(t, latin, `encoding="iso-8859-1"`)
		require.Contains(t, latin, "Caf\xe9")
		named := w.read(odd).body
		require.Contains(t, named, `encoding="utf-16"`)
		require.Contains(t, named, "Café")
		newer := w.send(http.MethodGet, pathOf(odd.V4URI), "")
		require.Contains(t, newer.body, "Caf\xe9")
		require.Contains(t, newer.header.Get("Content-Type"), "charset=iso-8859-1")
	},
	"duplicate-callout": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: callout, kind: duplicate-callout, report: again}")
		w.submit("again")
		w.waitFor(func() bool { return sentFor(w.sim, "again") == 2 })
		require.Empty(t, w.sim.failed.items)
	},
	"lost-callout": func(t *testing.T, w *fixture, r reportView) {
		w.fault("{endpoint: callout, kind: lost-callout, report: lost}")
		w.submit("lost")
		w.waitFor(func() bool { return len(w.sim.failed.items) == 1 })
		var failed []failedItem
		w.control(http.MethodGet, "/failed", "", &failed)
		require.Equal(t, "lost", failed[0].Report)
	},
}

// requests counts the requests that have arrived, unlike the callouts.
func (w *fixture) requests() int {
	w.sim.mu.Lock()
	defer w.sim.mu.Unlock()
	return w.sim.journal.Requests()
}

// approveAndGiveUp sends an approval and closes the connection as soon as the condition holds.
func (w *fixture) approveAndGiveUp(step string, holds func() bool) reply {
	impatient := *w
	var giveUp func()
	impatient.ctx, giveUp = context.WithCancel(w.ctx)
	defer giveUp()
	answered := make(chan reply, 1)
	go func() { answered <- impatient.act(step, "Approve", "") }()
	w.waitFor(holds)
	giveUp()
	return <-answered
}

func sentFor(s *simulator, report string) int {
	count := 0
	for _, sent := range s.callouts.History {
		if sent.Report == report && sent.Done && sent.Status == http.StatusOK {
			count++
		}
	}
	return count
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range faultKinds {
		t.Run(kind.name+" has its effect and is in the journal", func(t *testing.T) {
			t.Parallel()
			test := faultTests[kind.name]
			require.NotNil(t, test, "a fault without a test")
			w := newFixture(t)
			test(t, w, w.submit("r"))
			var faults []fault
			w.control(http.MethodGet, "/faults", "", &faults)
			require.Positive(t, faults[0].Applied)
			if kind.name != "down" {
				named := false
				for _, line := range w.journal() {
					named = named || strings.Contains(line.Fault, kind.name)
				}
				require.True(t, named, "no journal line names the fault")
			}
		})
	}
}

func TestInvalidFaultsAreRefused(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for name, text := range map[string]string{
		"an unknown kind":                           "{endpoint: action, kind: sabotage}",
		"an unknown endpoint":                       "{endpoint: moon, kind: html}",
		"an endpoint that the kind does not allow":  "{endpoint: token, kind: hostile-url, param: {url: x}}",
		"an unknown field":                          "{endpoint: action, kind: html, often: 2}",
		"an unknown parameter":                      "{endpoint: action, kind: html, param: {colour: red}}",
		"a parameter of another kind":               "{endpoint: action, kind: html, param: {ms: 2}}",
		"a deprecated token endpoint":               "{endpoint: token, kind: deprecated}",
		"a missing parameter":                       "{endpoint: action, kind: slow}",
		"too long a delay":                          "{endpoint: action, kind: slow, param: {ms: 61000}}",
		"too large a gzip bomb":                     "{endpoint: details, kind: gzip-bomb, param: {mb: 5000}}",
		"zero times":                                "{endpoint: action, kind: html, times: 0}",
		"an unknown move":                           "{endpoint: action, kind: moved, param: {to: heaven}}",
		"an impossible status":                      "{endpoint: action, kind: expired-token, param: {status: 418}}",
		"an unknown unclean text":                   "{endpoint: details, kind: unclean-text, param: {text: dirty}}",
		"an unknown encoding":                       "{endpoint: details, kind: other-encoding, param: {text: morse}}",
		"partial exceptions without index and code": "{endpoint: exceptions, kind: partial-exceptions}",
		"nothing": "[]",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			answer := w.tryControl(http.MethodPost, "/faults", text)
			require.Equal(t, http.StatusBadRequest, answer.status)
			require.Contains(t, answer.body, "error")
		})
	}
}
