package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"concur-connector/workflows"
)

//go:embed samples/*.yaml
var samples embed.FS

// play runs the whole system, shows what happens, and stays until it is ended.
func play(ctx context.Context, o options) error {
	if o.payloads != "" {
		dir, err := filepath.Abs(o.payloads)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("payloads: %w", err)
		}
		o.payloads = dir
	}
	world, err := newWorld(ctx, o, true)
	if err != nil {
		return err
	}
	defer world.close()
	setup := world.setup()
	setup.queue, setup.fixed, setup.sweep = workflows.DefaultTaskQueue, true, "act"
	h, err := open(ctx, setup, world.dir)
	if err != nil {
		return err
	}
	defer h.close()
	fmt.Printf(`
The connector runs. Everything is on this machine and ends with Ctrl-C.

  Temporal          %s, namespace %s, task queue %s
  Temporal Web UI   %s/namespaces/default/workflows
  Simulated Concur  %s          (seed %d)
  Public door       %s
  Approvals         %s/approvals/…

`, world.temporal.address, client.DefaultNamespace, setup.queue, world.temporal.ui, h.sim.Control, o.seed, h.public, h.internal)
	s := &stage{ctx: ctx, house: h, reports: map[string]string{}}
	w := &watch{stage: s, ui: world.temporal.ui}
	if o.payloads == "" {
		if err := submitSamples(ctx, h); err != nil {
			return err
		}
	}
	err = w.follow(ctx)
	fmt.Println("\nending …")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func submitSamples(ctx context.Context, h *house) error {
	files, err := fs.Glob(samples, "samples/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		description, err := samples.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := h.sim.add(ctx, description); err != nil {
			return err
		}
	}
	return nil
}

// watch prints what happens, as it happens.
type watch struct {
	stage    *stage
	ui       string
	callouts int
	said     map[string]string // the last line of each subject
}

func (w *watch) follow(ctx context.Context) error {
	w.said = map[string]string{}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (w *watch) look(ctx context.Context) error {
	reports, err := w.stage.house.sim.reports(ctx)
	if err != nil {
		return err
	}
	for _, r := range reports {
		w.say("report", r.Name, "in Concur: "+r.Status)
	}
	sent, err := w.stage.house.sim.callouts(ctx)
	if err != nil {
		return err
	}
	for _, c := range sent {
		if c.N > w.callouts && c.Done {
			w.callouts = c.N
			w.line("callout", c.Report, fmt.Sprintf("answered %d %s", c.Status, c.Error))
		}
	}
	for _, r := range reports {
		w.run(r)
	}
	return nil
}

// run says where the run of a report is.
func (w *watch) run(r simReport) {
	id := r.run()
	if w.said["end "+r.Name] != "" {
		if run, err := w.stage.describe(id); err != nil || w.said["end "+r.Name] == run.runID {
			return
		}
	}
	status, err := w.stage.status(id)
	if err != nil {
		return // not notified yet
	}
	switch {
	case status.State == workflows.Closed:
		w.say("outcome", r.Name, string(status.Outcome))
		if run, err := w.stage.describe(id); err == nil {
			w.said["end "+r.Name] = run.runID
		}
	case status.Parked != nil:
		if w.say("run", r.Name, "parked, waits for an operator: "+status.Parked.Message) {
			fmt.Printf("           mend it, then send the signal \"retried\": %s/namespaces/default/workflows/%s\n", w.ui, url.PathEscape(id))
		}
	case status.Task != nil && status.WaitingFor == workflows.WaitingForApprover:
		if w.say("run", r.Name, "waits for a person"+ofGroup(status.Task.Group)) {
			w.help(id, status.Task.ID)
		}
	default:
		w.say("run", r.Name, string(status.State))
	}
}

func ofGroup(group string) string {
	if group == "" {
		return ""
	}
	return " of group " + group
}

// help prints how to decide, ready to be copied.
func (w *watch) help(id, task string) {
	target := w.stage.house.internal + "/approvals/" + url.PathEscape(id)
	fmt.Printf(`           to decide:
             curl -X POST '%s/decisions' \
               -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
               -d '{"taskId": "%s", "decision": "pass-on", "comment": ""}'
`, target, w.stage.house.token, task)
}

// say prints a line when it is news.
func (w *watch) say(subject, name, text string) bool {
	key := subject + " " + name
	if w.said[key] == text {
		return false
	}
	w.said[key] = text
	w.line(subject, name, text)
	return true
}

func (w *watch) line(subject, name, text string) {
	fmt.Printf("%s  %-8s %-16s %s\n", time.Now().Format("15:04:05"), subject, name, text)
}
