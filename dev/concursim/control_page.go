package main

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// page is the page for people: plain HTML that reloads itself.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Concur simulator</title>
<style>body{font:15px/1.4 sans-serif;margin:2rem}table{border-collapse:collapse;margin-bottom:1.5rem}
td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}.bad{color:#b00}</style></head><body>
<h1>Concur simulator</h1>
<p>API {{.Ready.API}}, the other data centre {{.Ready.API2}}; the company lives in {{.Home}}. Seed {{.Ready.Seed}}. This is not the real service.</p>
<h2>Reports ({{.AllReports}})</h2>
<table><tr><th>Name<th>Key<th>Status<th>Step<th>Exceptions<th>Decisions<th>Writes<th>Reads</tr>
{{range .Reports}}<tr><td><a href="/control/reports/{{.Name}}">{{.Name}}</a><td>{{.Key}}<td>{{if .Deleted}}deleted{{else}}{{.Status}}{{end}}<td>{{.StepName}}
<td>{{range .Exceptions}}{{.ObjectType}} {{.Code}} {{end}}<td>{{range .Decisions}}{{.Action}} {{end}}<td>{{.Writes}}<td>{{.Reads}}</tr>
{{else}}<tr><td colspan="8">none</tr>{{end}}</table>
<h2>Violations ({{.AllViolations}})</h2>
<table><tr><th>Invariant<th>Report<th>Journal<th>Detail</tr>
{{range .Violations}}<tr class="bad"><td>{{.Invariant}}<td>{{.Report}}<td>{{.Journal}}<td>{{.Detail}}</tr>
{{else}}<tr><td colspan="4">none</tr>{{end}}</table>
<h2>Failed notifications ({{.AllFailed}})</h2>
<table><tr><th>Notification<th>Type<th>Object</tr>
{{range .Failed}}<tr><td>{{.ID}}<td>{{.EventType}}<td>{{.ObjectURI}}</tr>
{{else}}<tr><td colspan="3">none</tr>{{end}}</table>
<h2>Journal</h2>
<table><tr><th>#<th>Request<th>At<th>What<th>Report<th>Status<th>Fault<th>Effect<th>Note</tr>
{{range .Journal}}<tr><td>{{.N}}<td>{{if .Request}}{{.Request}}{{end}}<td>{{.At.Format "15:04:05.000"}}<td>{{.Direction}} {{.Endpoint}} {{.Action}}<td>{{.Report}}<td>{{.Status}}<td>{{.Fault}}<td>{{if .Effect}}yes{{end}}<td>{{.Note}}</tr>
{{else}}<tr><td colspan="9">nothing yet</tr>{{end}}</table>
</body></html>
`))

// maxRows limits the rows of each table on the page.
const maxRows = 200

// showPage shows the first reports, violations and failed notifications, and the latest
// lines of the journal, newest first.
func (s *simulator) showPage(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	lines := s.journal.Since(s.journal.Len()-maxRows, "")
	slices.Reverse(lines)
	views := []reportView{}
	for _, r := range s.reports[:min(maxRows, len(s.reports))] {
		views = append(views, s.view(r))
	}
	violations := s.journal.Violations()
	data := map[string]any{
		"Ready": s.ready, "Home": s.home, "Journal": lines,
		"Reports": views, "AllReports": len(s.reports),
		"Violations": violations[:min(maxRows, len(violations))], "AllViolations": len(violations),
		"Failed": slices.Clone(s.failed.items[:min(maxRows, len(s.failed.items))]), "AllFailed": len(s.failed.items),
	}
	s.mu.Unlock()
	var out strings.Builder
	if err := page.Execute(&out, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(out.String()))
}
