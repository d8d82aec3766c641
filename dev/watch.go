package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"concur-connector/workflows"
)

// watch prints what happens in the system.
type watch struct {
	story *story
	out   io.Writer
	ui    string

	callouts int
	runs     map[string]string // the last run of each report, by the report's name

	mu   sync.Mutex
	said map[string]string // the last line about each subject
}

func newWatch(out io.Writer, ui string) *watch {
	return &watch{out: out, ui: ui, runs: map[string]string{}, said: map[string]string{}}
}

func (w *watch) follow(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		w.programs()
		w.checkConcur(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.story.system.setup.temporal.child.done:
			return fmt.Errorf("the dev server of Temporal has ended: %w", w.story.system.setup.temporal.child.err)
		case <-tick.C:
		}
	}
}

// programs reports programs that have ended without being asked to.
func (w *watch) programs() {
	sys := w.story.system
	sys.mu.Lock()
	running := []*child{sys.ingress, sys.worker, sys.concur}
	sys.mu.Unlock()
	for _, c := range running {
		select {
		case <-c.done:
			w.say("program", c.name, fmt.Sprintf("has ended: %v", c.err))
		default:
		}
	}
}

// checkConcur reports news from the simulated Concur and from the runs of its reports.
func (w *watch) checkConcur(ctx context.Context) {
	sim := w.story.system.sim
	reports, err := sim.reports(ctx)
	var sent []simCallout
	var faults []simFault
	if err == nil {
		sent, err = sim.callouts(ctx)
	}
	if err == nil {
		faults, err = sim.faults(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.say("concur", "simulator", "does not answer; the connector retries")
		return
	case w.knows("concur", "simulator"):
		w.say("concur", "simulator", "answers again")
	}
	w.faults(faults)
	for _, r := range reports {
		w.say("report", r.Name, "status in Concur: "+r.Status)
	}
	for _, c := range sent {
		if c.N > w.callouts && c.Done {
			w.callouts = c.N
			w.line("callout", c.Report, fmt.Sprintf("answered %d %s", c.Status, c.Error))
		}
	}
	for _, r := range reports {
		w.run(ctx, r)
	}
}

// faults reports which faults, such as an outage, begin and end.
func (w *watch) faults(faults []simFault) {
	now := map[string]bool{}
	for _, f := range faults {
		name := fmt.Sprintf("fault %d", f.ID)
		now[name] = !f.over()
		where := f.Endpoint
		if f.Report != "" {
			where += " of " + f.Report
		}
		if now[name] {
			w.say("concur", name, fmt.Sprintf("begins: %s at %s", f.Kind, where))
		}
	}
	w.mu.Lock()
	var over []string
	for subject := range w.said {
		if name, ok := strings.CutPrefix(subject, "concur fault"); ok && !now["fault"+name] {
			over = append(over, "fault"+name)
		}
	}
	w.mu.Unlock()
	for _, name := range over {
		w.say("concur", name, "has ended")
	}
}

// worker reports what the worker logs about its rules file.
func (w *watch) worker(line string) {
	var entry struct{ Msg, Rules, Before, Error, Warning string }
	if json.Unmarshal([]byte(line), &entry) != nil {
		return
	}
	switch entry.Msg {
	case "the rules have changed":
		w.say("rules", "file", fmt.Sprintf("accepted the changed file: %s replaces %s", entry.Rules, entry.Before))
	case "the rules file has changed and cannot be used; the rules before are kept":
		w.say("rules", "file", fmt.Sprintf("rejected the changed file, %s stays in use: %s", entry.Rules, strings.ReplaceAll(entry.Error, "\n", "; ")))
	case "the rules file is again what the rules in use were read from":
		w.say("rules", "file", "the file is again the one of "+entry.Rules+", which stayed in use")
	case "the rules can be used, and probably do not say what is meant":
		w.line("rules", "file", "warning: "+entry.Warning)
	}
}

// run reports the state of a report's run, and what was done to it from outside.
func (w *watch) run(ctx context.Context, r simReport) {
	id := r.run()
	d, err := w.describe(ctx, id, "")
	if err != nil {
		return // no notification yet
	}
	info := d.GetWorkflowExecutionInfo()
	before, now := w.runs[r.Name], info.GetExecution().GetRunId()
	if before != now {
		w.runs[r.Name] = now
		w.forget("run", r.Name)
		w.forget("outcome", r.Name)
		w.forget("retry", r.Name)
		if before != "" {
			w.replaced(ctx, r.Name, id, before)
		}
	}
	switch info.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		w.retries(r.Name, d.GetPendingActivities())
		w.open(r.Name, id)
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		if !w.knows("outcome", r.Name) {
			if run, err := w.story.describe(id); err == nil {
				w.say("outcome", r.Name, run.outcome)
			}
		}
	default:
		w.say("run", r.Name, "was ended from outside: "+strings.ToLower(info.GetStatus().String()))
	}
}

func (w *watch) describe(ctx context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return w.story.system.setup.temporal.client.DescribeWorkflowExecution(ctx, id, runID)
}

// replaced reports why a notification has a new run.
func (w *watch) replaced(ctx context.Context, name, id, before string) {
	d, err := w.describe(ctx, id, before)
	switch status := d.GetWorkflowExecutionInfo().GetStatus(); {
	case err == nil && status == enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: // the same run continues
	case err == nil && status == enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		w.line("run", name, "was terminated, and a new run has started")
	default:
		w.line("run", name, "has ended, and a new run has started")
	}
}

// retries reports why a run waits to retry an activity.
func (w *watch) retries(name string, pending []*workflowpb.PendingActivityInfo) {
	for _, a := range pending {
		if failure := a.GetLastFailure(); failure != nil {
			w.say("retry", name, fmt.Sprintf("%s is retried: %s", a.GetActivityType().GetName(), strings.Join(strings.Fields(failure.GetMessage()), " ")))
			return
		}
	}
	w.forget("retry", name)
}

// open reports what an open run waits for.
func (w *watch) open(name, id string) {
	status, err := w.story.status(id)
	if err != nil {
		return // no worker answers yet
	}
	switch {
	case status.State == workflows.Closed: // reported when Temporal shows the run as closed
	case status.Parked != nil:
		if w.say("run", name, "parked, waits for an operator: "+status.Parked.Message) {
			fmt.Fprintf(w.out, "           fix it, then send the signal \"retried\": %s/namespaces/default/workflows/%s\n", w.ui, url.PathEscape(id))
		}
	case status.Task != nil && status.WaitingFor == workflows.WaitingForApprover:
		if w.say("run", name, "waits for a person"+ofGroup(strings.Join(status.Task.Asked(), ", "))) {
			w.help(id, status.Task.ID)
		}
	default:
		w.say("run", name, string(status.State))
	}
}

func ofGroup(group string) string {
	if group == "" {
		return ""
	}
	return " of group " + group
}

// help prints a command for deciding that can be copied.
func (w *watch) help(id, task string) {
	target := w.story.system.approve + "/api/tasks/" + url.PathEscape(id)
	fmt.Fprintf(w.out, `           to decide:
             curl -X POST '%s/decisions' \
               -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
               -d '{"taskId": "%s", "decision": "approve", "comment": ""}'
`, target, w.story.system.token, task)
}

// say prints a line unless it was the last line about the subject.
func (w *watch) say(subject, name, text string) bool {
	key := subject + " " + name
	w.mu.Lock()
	news := w.said[key] != text
	w.said[key] = text
	w.mu.Unlock()
	if news {
		w.line(subject, name, text)
	}
	return news
}

// knows reports whether there was a line about the subject.
func (w *watch) knows(subject, name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said[subject+" "+name] != ""
}

// forget makes the next line about the subject news again.
func (w *watch) forget(subject, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.said, subject+" "+name)
}

func (w *watch) line(subject, name, text string) {
	fmt.Fprintf(w.out, "%s  %-8s %-16s %s\n", time.Now().Format("15:04:05"), subject, name, text)
}
