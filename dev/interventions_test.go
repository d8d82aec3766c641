package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"concur-connector/expense"
)

// A scene is a report that makes the connector write, and its expected state in Concur at
// the end, whatever an operator does in between.
type scene struct {
	write     string            // the activity that an operator intervenes in
	endpoints map[string]string // of the simulator, by interface
	report    string
	rules     string   // empty: dev/rules.yaml
	swept     bool     // a sweep finds the report; there is no callout
	decisions []string // all actions with effect, in order
	posted    []string // all codes that were ever posted
}

var scenes = map[string]scene{
	"post": {
		write: "PostExceptions", endpoints: map[string]string{"v1.1": "exceptions", "v3+v4": "exception-put", "v4": "exception-put"},
		report: `entries: [{type: MEALS, amount: "82.10"}]`, decisions: []string{"Approve"}, posted: []string{"NORECPT"},
	},
	"clear": {
		write: "DeleteExceptions", endpoints: map[string]string{"v3+v4": "exception-delete", "v4": "exception-delete"},
		report:    `{steps: [{extv: SUBMIT}, {extv: PRE-EXTRACT}, {status: A_APPR}], entries: [{type: MEALS, amount: "82.10"}]}`,
		decisions: []string{"Approve", "Approve"}, posted: []string{"NORECPT"},
	},
	"approve": { // both steps have the same code
		write: "TakeAction", endpoints: map[string]string{"v1.1": "action", "v3+v4": "approve", "v4": "approve"},
		report:    `{steps: [{extv: SUBMIT}, {extv: SUBMIT}, {status: A_APPR}], entries: [{type: MEALS, amount: "42.50", receipt: true}]}`,
		decisions: []string{"Approve", "Approve"},
	},
	"send-back": {
		write: "TakeAction", endpoints: map[string]string{"v1.1": "action", "v3+v4": "send-back", "v4": "send-back"},
		report: `entries: [{type: ALCOH, amount: "42.50", receipt: true}]`, decisions: []string{"Send Back to Employee"},
	},
	"approve-by-exception": {
		write: "ApproveByException", endpoints: map[string]string{"v1.1": "exceptions", "v3+v4": "exception-put", "v4": "exception-put"},
		report: `{movesOn: [APPROVED], entries: [{type: MEALS, amount: "12.00"}]}`, posted: []string{"APPROVED"},
		rules: `apiVersion: concur-connector/v1
settings: {approveByException: APPROVED}
rules:
  - name: large
    level: report
    expression: report.total <= money("5000.00", report.currency)
    message: A large report.
    then: {sendBack: true}
`,
	},
	"request": { // its two steps look the same
		write: "TakeAction", endpoints: map[string]string{"v4": "request-action"},
		report:    `{request: true, purpose: Kick-off, steps: [{extv: SUBMIT}, {extv: SECOND}], entries: [{type: AIRFR, amount: "494.56"}]}`,
		decisions: []string{"Approve", "Approve"},
	},
	"request-send-back": {
		write: "TakeAction", endpoints: map[string]string{"v4": "request-action"},
		report: `{request: true, entries: [{type: AIRFR, amount: "94.56"}]}`, decisions: []string{"Send Back to Employee"},
	},
	"delete": {
		write: "DeleteNotification", endpoints: map[string]string{"v1.1": "failed-delete", "v3+v4": "failed-delete", "v4": "failed-delete"},
		report: `entries: [{type: MEALS, amount: "42.50", receipt: true}]`, swept: true, decisions: []string{"Approve"},
	},
}

// A moment is when an operator intervenes. The request is held before or after its effect.
// Then its answer is lost, or the request continues late.
type moment struct {
	phase  string
	answer bool
}

var moments = map[string]moment{
	"before-the-effect": {phase: "before"},
	"late-effect":       {phase: "before", answer: true},
	"lost-answer":       {phase: "after"},
	"late-answer":       {phase: "after", answer: true},
}

// usualInterventions are the interventions of every test run, at the worst moments for each write.
// INTERVENTIONS=all plays every intervention at every moment through every interface.
// INTERVENTIONS='v4/approve/lost-answer/reset' plays those whose names contain that text.
var usualInterventions = map[string][]string{
	"v1.1/post/lost-answer":                 {"reset-heartbeats", "complete-empty", "terminate-restart", "no-heartbeat-timeout-reset", "reset-run-to-6"},
	"v1.1/approve/late-effect":              {"reset-heartbeats", "complete-null", "reset-run-last"},
	"v1.1/approve-by-exception/lost-answer": {"pause-unpause-reset", "terminate-restart"},
	"v3+v4/approve/lost-answer":             {"reset-heartbeats", "fail-certain", "terminate"},
	"v3+v4/post/before-the-effect":          {"complete-plausible", "schedule-to-close"},
	"v4/approve/lost-answer":                {"pause-unpause-reset", "complete-plausible", "reset-run-first"},
	"v4/clear/lost-answer":                  {"reset-heartbeats", "cancel"},
	"v4/request/lost-answer":                {"reset-heartbeats", "terminate-restart"},
}

// TestInterventionPoints lets an operator intervene in a write in every way that Temporal
// offers. Nothing may be done twice, nothing may be done without a read, and the report
// must end in the same state.
func TestInterventionPoints(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	asked := os.Getenv("INTERVENTIONS")
	for _, via := range interfaces {
		for _, play := range slices.Sorted(maps.Keys(scenes)) {
			for _, when := range slices.Sorted(maps.Keys(moments)) {
				place := via + "/" + play + "/" + when
				names := usualInterventions[place]
				if asked != "" {
					names = slices.DeleteFunc(everyIntervention(), func(name string) bool {
						return asked != "all" && !strings.Contains(place+"/"+name+"/", asked)
					})
				}
				endpoint := scenes[play].endpoints[via]
				if endpoint == "" || len(names) == 0 {
					continue
				}
				t.Run(place, func(t *testing.T) {
					t.Parallel()
					interveneAt(t, suite, via, place, scenes[play], moments[when], names)
				})
			}
		}
	}
}

// mostResets is more than the events that any scene's run can be reset to.
const mostResets = 40

// everyIntervention returns the names of all interventions. The resets to single events
// come last, in the order of the events.
func everyIntervention() []string {
	names := slices.Sorted(maps.Keys(interventions))
	for n := 1; n <= mostResets; n++ {
		names = append(names, resetTo+strconv.Itoa(n))
	}
	return names
}

// interveneAt plays a scene once for each intervention, one after the other in one test
// system.
func interveneAt(t *testing.T, suite *suite, via, place string, play scene, when moment, names []string) {
	setup := suite.setup()
	setup.via = via
	setup.queue = fmt.Sprintf("interventions.%s-%d", strings.NewReplacer("/", ".", "+", ".").Replace(place), queueNumber())
	setup.seed = seedOf(setup.queue, setup.seed)
	if play.rules != "" {
		setup.rules = filepath.Join(t.TempDir(), "rules.yaml")
		require.NoError(t, os.WriteFile(setup.rules, []byte(play.rules), 0o600))
	}
	setup.own = "all" // a swept run is the first run of its test system
	sys, err := open(t.Context(), setup, t.TempDir())
	require.NoError(t, err)
	s := &story{ctx: context.WithoutCancel(t.Context()), system: sys, reports: map[string]string{}}
	defer func() {
		s.clear()
		sys.close()
	}()
	require.NoError(t, sys.sim.do(s.ctx, http.MethodPost, "/codes", []byte("codes: [NORECPT, APPROVED]"), nil))
	done := false // the run was reset to every event of its history
	for _, name := range names {
		if done && strings.HasPrefix(name, resetTo) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			err := s.playIntervention(via, play, when, name)
			if done = errors.Is(err, errNoEvent); done || errors.Is(err, errRefused) {
				t.Skip(err)
			}
			if err != nil {
				t.Log(s.evidence())
			}
			require.NoError(t, err)
		})
	}
}

func (s *story) playIntervention(via string, play scene, when moment, name string) error {
	sim := s.system.sim
	point := fmt.Sprintf(`{"endpoint": %q, "phase": %q, "answer": %t}`, play.endpoints[via], when.phase, when.answer)
	if err := sim.do(s.ctx, http.MethodPost, "/breakpoints", []byte(point), nil); err != nil {
		return err
	}
	body := strings.Trim(play.report, "{}")
	if strings.HasPrefix(play.report, "entries") {
		body = play.report
	}
	report, err := sim.add(s.ctx, fmt.Appendf(nil, "{name: %s, failed: %t, %s}", name, play.swept, body))
	if err != nil {
		return err
	}
	id := report.run()
	s.reports = map[string]string{name: id}
	if play.swept {
		if err := s.doSweep(nil, nil); err != nil {
			return err
		}
	}
	var reached struct{ Reached bool }
	if err := sim.do(s.ctx, http.MethodGet, "/breakpoints?wait=20s", nil, &reached); err != nil || !reached.Reached {
		return errors.Join(err, sim.do(s.ctx, http.MethodDelete, "/breakpoints", nil, nil), fmt.Errorf("nothing came to %s: %s", play.endpoints[via], s.statusText(id)))
	}
	before, err := s.pending(id)
	if err == nil {
		err = s.intervene(id, name)
	}
	var notPlayed error
	if errors.Is(err, errNoEvent) || errors.Is(err, errRefused) {
		notPlayed, err = err, nil // the run must still end as expected
	}
	if err == nil && notPlayed == nil {
		s.untilWrittenAnew(id, play.write, before)
	}
	if err := errors.Join(err, sim.do(s.ctx, http.MethodPost, "/breakpoints/release", nil, nil)); err != nil {
		return err
	}
	if err := s.settle(id, name, play.swept); err != nil {
		return err
	}
	if err := s.isAsExpected(name, play); err != nil {
		return err
	}
	return notPlayed
}

// pending names the run's pending activity.
func (s *story) pending(id string) (string, error) {
	d, err := s.temporal().DescribeWorkflowExecution(s.ctx, id, "")
	if err != nil {
		return "", err
	}
	for _, p := range d.GetPendingActivities() {
		return d.GetWorkflowExecutionInfo().GetExecution().GetRunId() + " " + p.GetActivityType().GetName() + " " + p.GetActivityId(), nil
	}
	return "", nil
}

// untilWrittenAnew waits briefly, while the request is held, for another activity that is
// about to make the same write. The earlier request is then the most dangerous.
func (s *story) untilWrittenAnew(id, write, before string) {
	ctx, cancel := context.WithTimeout(s.ctx, 700*time.Millisecond) // the request is held for less than CONCUR_REQUEST_TIMEOUT
	defer cancel()
	_ = until(ctx, func() error {
		now, err := s.pending(id)
		if err == nil && (now == before || !strings.Contains(now, write)) {
			err = errors.New("no other activity writes")
		}
		return err
	})
}

// settle does what an operator and Concur do about unfinished work: it retries a parked
// run, and repeats the callout of a report that waits without an open run.
func (s *story) settle(id, name string, swept bool) error {
	repeated, sweeps := time.Now(), 0
	return s.until(func() error {
		run, err := s.describe(id)
		if err != nil {
			return err
		}
		report, err := s.system.sim.report(s.ctx, name)
		if err != nil {
			return err
		}
		failed, err := s.system.sim.failed(s.ctx)
		if err != nil {
			return err
		}
		again := time.Since(repeated) > time.Second
		waits := report.Status == expense.StatusExternalValidation || report.Status == expense.RequestSubmitted
		switch open := run.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING; {
		case !open && !waits && (!swept || failed == s.leftListed):
			return nil
		case !open && !waits && sweeps > 0 && failed == s.leftListed+1 && run.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			s.leftListed++ // an operator ended the run before it deleted its entry: sweeps leave that alone
			return nil
		case !open && again && swept:
			repeated, sweeps = time.Now(), sweeps+1
			_ = s.doSweep(nil, nil)
		case !open && again:
			repeated = time.Now()
			_ = s.system.sim.do(s.ctx, http.MethodPost, "/reports/"+name+"/callout", nil, nil)
		case open && again && run.waiting != "":
			repeated = time.Now()
			_ = s.temporal().SignalWorkflow(s.ctx, id, "", "retried", nil)
		}
		return fmt.Errorf("the run is %s, the report at %s: %s", run.status, report.Status, s.statusText(id))
	})
}

func (s *story) isAsExpected(name string, play scene) error {
	report, err := s.system.sim.report(s.ctx, name)
	if err != nil {
		return err
	}
	var decisions, posted []string
	for _, d := range report.Decisions {
		decisions = append(decisions, d.Action)
	}
	for _, e := range report.Exceptions {
		posted = append(posted, e.Code)
	}
	broken, err := s.system.sim.violations(s.ctx)
	if err != nil {
		return err
	}
	for _, v := range broken {
		if v.Report == name {
			err = errors.Join(err, fmt.Errorf("%s is broken: %s (lines %v)", v.Invariant, v.Detail, v.Journal))
		}
	}
	if !slices.Equal(decisions, play.decisions) {
		err = errors.Join(err, fmt.Errorf("it was decided %q, not %q", decisions, play.decisions))
	}
	if !slices.Equal(posted, play.posted) {
		err = errors.Join(err, fmt.Errorf("the exceptions %q were posted, not %q", posted, play.posted))
	}
	return err
}

func TestTheUsualInterventionsExist(t *testing.T) {
	t.Parallel()
	for place, names := range usualInterventions {
		parts := strings.Split(place, "/")
		require.NotEmpty(t, scenes[parts[1]].endpoints[parts[0]], place)
		require.Contains(t, moments, parts[2])
		for _, name := range names {
			require.NotNil(t, interventionOf(name), name)
		}
	}
}
