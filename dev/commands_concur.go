package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v4"
)

func (s *story) doReport(ts *testscript.TestScript, args []string) error {
	if err := want(args, 1, "report FILE..."); err != nil {
		return err
	}
	for _, file := range args {
		r, err := s.system.sim.add(s.ctx, []byte(expand(ts, file)))
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.reports[r.Name] = r.run()
		s.reports[r.Name+"@other"] = r.other()
		s.mu.Unlock()
	}
	return nil
}

func (s *story) doMove(ts *testscript.TestScript, args []string) error {
	if err := want(args, 2, "move NAME approve|send-back|recall|cancel|resubmit|edit|delete|submit [FILE]"); err != nil {
		return err
	}
	var body []byte
	if len(args) > 2 {
		body = []byte(ts.ReadFile(args[2]))
	}
	return s.system.sim.do(s.ctx, http.MethodPost, "/reports/"+args[0]+"/"+args[1], body, nil)
}

// doCallout sends the callout of a report again, changed by a YAML file.
func (s *story) doCallout(ts *testscript.TestScript, args []string) error {
	if err := want(args, 1, "callout NAME [FILE]"); err != nil {
		return err
	}
	var body []byte
	if len(args) > 1 {
		body = []byte(expand(ts, args[1]))
	}
	return s.system.sim.do(s.ctx, http.MethodPost, "/reports/"+args[0]+"/callout", body, nil)
}

// doControl posts a file to a path of the simulator's control API.
func (s *story) doControl(ts *testscript.TestScript, args []string) error {
	if err := want(args, 1, "control PATH [FILE]"); err != nil {
		return err
	}
	var body []byte
	if len(args) > 1 {
		body = []byte(expand(ts, args[1]))
	}
	return s.system.sim.do(s.ctx, http.MethodPost, args[0], body, nil)
}

// doPayload makes a report from a folder of raw payloads, after expanding its files.
func (s *story) doPayload(ts *testscript.TestScript, args []string) error {
	if err := want(args, 1, "payload FOLDER..."); err != nil {
		return err
	}
	for _, folder := range args {
		dir := ts.MkAbs(folder)
		err := filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
			if err != nil || f.IsDir() {
				return err
			}
			return os.WriteFile(path, []byte(expand(ts, path)), 0o600)
		})
		if err != nil {
			return err
		}
		body, err := yaml.Marshal(map[string]string{"dir": dir})
		if err == nil {
			err = s.system.sim.do(s.ctx, http.MethodPost, "/payloads", body, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expand reads a file of the story and replaces $API, $API2, $PLAIN and $PLAYING.
func expand(ts *testscript.TestScript, file string) string {
	return strings.NewReplacer("$PLAYING", ts.Getenv("PLAYING"), "$API2", ts.Getenv("API2"), "$API", ts.Getenv("API"), "$PLAIN", ts.Getenv("PLAIN")).Replace(ts.ReadFile(file))
}

// doFault sets a fault: fault ENDPOINT KIND [times=N] [report=NAME] [skip=N] [PARAM=VALUE].
func (s *story) doFault(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "fault ENDPOINT KIND [times=N] [report=NAME] [skip=N] [PARAM=VALUE]..."); err != nil {
		return err
	}
	fault := map[string]any{"kind": args[1]}
	param := map[string]any{}
	for _, arg := range args[2:] {
		name, text, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=VALUE", arg)
		}
		var value any = text
		if n, err := strconv.Atoi(text); err == nil {
			value = n
		} else if text == "true" {
			value = true
		}
		switch name {
		case "times", "report", "skip":
			fault[name] = value
		default:
			param[name] = value
		}
	}
	if len(param) > 0 {
		fault["param"] = param
	}
	for _, endpoint := range s.system.setup.endpoints(args[0]) {
		fault["endpoint"] = endpoint
		body, err := yaml.Marshal(fault)
		if err != nil {
			return err
		}
		if err := s.system.sim.do(s.ctx, http.MethodPost, "/faults", body, nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) doFaults(_ *testscript.TestScript, args []string) error {
	if !slices.Equal(args, []string{"clear"}) {
		return fmt.Errorf("usage: faults clear")
	}
	return s.system.sim.do(s.ctx, http.MethodDelete, "/faults", nil, nil)
}

func (s *story) isStatus(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "status NAME CODE"); err != nil {
		return err
	}
	return s.until(func() error {
		r, err := s.system.sim.report(s.ctx, args[0])
		if err == nil && r.Status != args[1] {
			err = fmt.Errorf("its status is %s", r.Status)
		}
		return err
	})
}

// isDecisions compares all actions that took effect, in order.
func (s *story) isDecisions(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "decisions NAME [approve|send-back]..."); err != nil {
		return err
	}
	r, err := s.system.sim.report(s.ctx, args[0])
	if err != nil {
		return err
	}
	got := []string{}
	for _, d := range r.Decisions {
		got = append(got, strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(d.Action, " to Employee"), " ", "-")))
	}
	if !slices.Equal(got, args[1:]) {
		return fmt.Errorf("the simulated Concur shows: %v", got)
	}
	return nil
}

// isDecisionCount compares how many reports were decided never, once or more often.
func (s *story) isDecisionCount(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "decision-count never|once|more N"); err != nil {
		return err
	}
	var sum simSummary
	if err := s.system.sim.do(s.ctx, http.MethodGet, "/summary", nil, &sum); err != nil {
		return err
	}
	got, known := map[string]int{"never": sum.Decisions.Never, "once": sum.Decisions.Once, "more": sum.Decisions.More}[args[0]]
	if !known || strconv.Itoa(got) != args[1] {
		return fmt.Errorf("the simulated Concur shows: %+v", sum.Decisions)
	}
	return nil
}

// isComment compares the last comment. An empty TEXT means that there is no comment.
func (s *story) isComment(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "comment NAME TEXT"); err != nil {
		return err
	}
	r, err := s.system.sim.report(s.ctx, args[0])
	if err != nil {
		return err
	}
	if n := len(r.Comments); (n == 0) != (args[1] == "") || n > 0 && !strings.Contains(r.Comments[n-1], args[1]) {
		return fmt.Errorf("the comments are %q", r.Comments)
	}
	return nil
}

// isAnswers waits until that many callouts of a report were answered, and compares the
// answers.
func (s *story) isAnswers(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "answers NAME STATUS..."); err != nil {
		return err
	}
	return s.until(func() error {
		sent, err := s.system.sim.callouts(s.ctx)
		if err != nil {
			return err
		}
		got := []string{}
		for _, c := range sent {
			if c.Report == args[0] && c.Done {
				got = append(got, strconv.Itoa(c.Status))
			}
		}
		switch {
		case len(got) < len(args)-1:
			return fmt.Errorf("answered so far: %v", got)
		case !slices.Equal(got, args[1:]):
			return final{fmt.Errorf("the answers were %v", got)}
		}
		return nil
	})
}

func (s *story) isFailedList(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "failed-list N"); err != nil {
		return err
	}
	return s.until(func() error {
		n, err := s.system.sim.failed(s.ctx)
		if err == nil && strconv.Itoa(n) != args[0] {
			err = fmt.Errorf("the failed list has %d entries", n)
		}
		return err
	})
}

// isFailedListAtLeast requires at least N entries in the failed list.
func (s *story) isFailedListAtLeast(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "failed-list-at-least N"); err != nil {
		return err
	}
	least, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	n, err := s.system.sim.failed(s.ctx)
	if err == nil && n < least {
		err = fmt.Errorf("the failed list has %d entries", n)
	}
	return err
}

// isRequests compares the number of requests to one endpoint or to all, at both hosts or at
// one.
func (s *story) isRequests(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "requests ENDPOINT[@api|@api2] N"); err != nil {
		return err
	}
	if s.killing {
		return nil
	}
	return s.requests(args[0], args[1])
}

// isAwaitedRequests waits until there were that many requests to an endpoint.
func (s *story) isAwaitedRequests(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "await-requests ENDPOINT[@api|@api2] N"); err != nil {
		return err
	}
	return s.until(func() error { return s.requests(args[0], args[1]) })
}

func (s *story) requests(what, wanted string) error {
	endpoint, host, _ := strings.Cut(what, "@")
	endpoints := s.system.setup.endpoints(endpoint)
	entries, err := s.system.sim.journal(s.ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range entries {
		if e.Request > 0 && (endpoint == "all" || slices.Contains(endpoints, e.Endpoint)) && (host == "" || e.Host == host) {
			n++
		}
	}
	if strconv.Itoa(n) != wanted {
		return fmt.Errorf("there were %d requests", n)
	}
	return nil
}

// isInvariants fails if the simulator or the fact services saw the connector break an
// invariant.
func (s *story) isInvariants(_ *testscript.TestScript, _ []string) error {
	broken, err := s.system.sim.violations(s.ctx)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("broken: %+v", broken)
	}
	return s.system.facts.Violations()
}
