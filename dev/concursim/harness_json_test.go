package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

// get reads a path and expects 200. Numbers stay as they are printed.
func (w *fixture) get(path string, into any) reply {
	w.t.Helper()
	answer := w.send(http.MethodGet, path, "")
	require.Equal(w.t, http.StatusOK, answer.status, answer.body)
	require.Equal(w.t, jsonType, answer.header.Get("Content-Type"))
	w.decode(answer, into)
	return answer
}

func (w *fixture) decode(answer reply, into any) {
	w.t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(answer.body)))
	decoder.UseNumber()
	require.NoError(w.t, decoder.Decode(into), answer.body)
}

// refused expects a status and returns the error's ids of Expense v4 or codes of Request v4.
func (w *fixture) refused(status int, answer reply) []string {
	w.t.Helper()
	require.Equal(w.t, status, answer.status, answer.body)
	require.Equal(w.t, jsonType, answer.header.Get("Content-Type"))
	var parsed struct {
		ErrorMessage     string
		ValidationErrors []struct{ ID string }
		Errors           []struct{ ErrorCode string }
	}
	w.decode(answer, &parsed)
	ids := []string{}
	for _, one := range parsed.ValidationErrors {
		ids = append(ids, one.ID)
	}
	for _, one := range parsed.Errors {
		ids = append(ids, one.ErrorCode)
	}
	return ids
}

// long returns the report's long path for its owner, and short its short path.
func long(r reportView) string {
	return expenseV4Path + "users/" + r.UserID + "/context/TRAVELER/reports/" + r.ReportID
}
func short(r reportView) string { return expenseV4Path + "reports/" + r.ReportID }

// next returns the path of a NextPage, which is an absolute http URL.
func (w *fixture) next(url *string) string {
	w.t.Helper()
	if url == nil {
		return ""
	}
	rest, plainHTTP := strings.CutPrefix(*url, "http://"+w.sim.authority(firstHost))
	require.True(w.t, plainHTTP, *url)
	return rest
}

// rich makes a report with every kind of content.
func (w *fixture) rich(name string) reportView {
	w.t.Helper()
	var r reportView
	w.control(http.MethodPost, "/reports", `
name: `+name+`
currency: EUR
purpose: Fair
custom: {1: "(12) North", 3: plain text}
orgUnit: {2: "(7-B)Sales"}
entries:
  - {type: HOTEL, amount: "33.33333334", date: 2026-03-01, receipt: true, attendees: 2, location: Bonn, country: DE, comments: 2,
     custom: {4: "(12) North"},
     itemizations: [{type: ROOM, amount: 30, custom: {5: x}, allocations: [{percentage: "33.33333334"}, {percentage: "66.66666666", custom: {11: "(9) Nine"}}]}, {amount: "3.33333334", personal: true}]}
  - {type: TAXI, amount: 20, currency: USD, exchangeRate: 1.5, vendor: Cab, allocations: [{accountCode: 6000}]}
  - {type: GIFT, amount: 5, personal: true}
steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}]`, &r)
	return r
}

// lastLine returns the journal's last line about that endpoint.
func (w *fixture) lastLine(endpoint string) journal.Line {
	w.t.Helper()
	lines := w.journal()
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Endpoint == endpoint {
			return lines[i]
		}
	}
	require.Fail(w.t, "no line", endpoint)
	return journal.Line{}
}

func (w *fixture) header(r reportView) reply { return w.send(http.MethodGet, long(r), "") }

func (w *fixture) patch(r reportView, action, body string) reply {
	return w.send(http.MethodPatch, short(r)+"/"+action, body)
}

// guarded is the body of an action with a guard.
const guarded = `{"expectedStepCode":"EXTVAL"}`

func (w *fixture) put(r reportView, on, code string) reply {
	return w.send(http.MethodPut, short(r)+on+"/exceptions", `{"exceptionCode":"`+code+`","exceptionVisibility":"ALL"}`)
}

func (w *fixture) drop(r reportView, on, code string) reply {
	return w.send(http.MethodDelete, short(r)+on+"/exceptions/"+code, "")
}
