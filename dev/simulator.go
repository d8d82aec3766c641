package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// simulator drives the Concur simulator through its control API. Its types are written
// again here on purpose: dev and the simulator share no code.
type simulator struct {
	API     string `json:"api"`
	API2    string `json:"api2"`
	Control string `json:"control"`
	Plain   string `json:"plain"`
	Seed    uint64 `json:"seed"`
}

// simReport is a report as the simulator shows it.
type simReport struct {
	Name      string   `json:"name"`
	Key       string   `json:"key"`
	ReportID  string   `json:"reportId"`
	UUID      string   `json:"uuid"` // of a travel request
	ObjectURI string   `json:"objectUri"`
	Status    string   `json:"status"`
	StepName  string   `json:"stepName"`
	Entries   []string `json:"entries"`

	Itemizations [][]struct {
		Key         string   `json:"key"`
		Allocations []string `json:"allocations"`
	} `json:"itemizations"` // of each entry
	Allocations [][]string `json:"allocations"` // of each entry

	Writes     int            `json:"writes"`
	Reads      int            `json:"reads"`
	Comments   []string       `json:"comments"`
	Exceptions []simException `json:"exceptions"` // ever posted
	Existing   []simException `json:"existing"`   // on the report now, whoever put them there
	Decisions  []struct {
		Action  string `json:"action"`
		Comment string `json:"comment"`
	} `json:"decisions"`
}

// simException is an exception on a report.
type simException struct {
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId"`
	Code       string `json:"code"`
	Visibility string `json:"visibility"` // only of existing exceptions
}

// run returns the notification ID of the report's run: the ID of its callout or, for a
// travel request, the ID of the run that handles the request.
func (r simReport) run() string {
	if r.UUID != "" {
		return "TRAVELREQ:" + r.UUID
	}
	return "EXPRPT:" + r.Key
}

// other returns the run's other ID: the ID of a missed report or, for a travel request, the
// ID of its callout.
func (r simReport) other() string {
	if r.UUID != "" {
		return "TRAVELREQ:" + r.Key
	}
	return "EXPRPT:" + r.ReportID
}

// simCallout is a callout that the simulator sent.
type simCallout struct {
	N         int    `json:"n"`
	Report    string `json:"report"`
	ObjectURI string `json:"objectUri"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Done      bool   `json:"done"`
}

// simFault is a fault that was set in the simulator.
type simFault struct {
	ID       int    `json:"id"`
	Endpoint string `json:"endpoint"`
	Kind     string `json:"kind"`
	Report   string `json:"report"`
	Times    *int   `json:"times"` // nil is once; negative is forever
	Applied  int    `json:"applied"`
}

// over reports whether the fault has been applied as often as it should.
func (f simFault) over() bool {
	times := 1
	if f.Times != nil {
		times = *f.Times
	}
	return times >= 0 && f.Applied >= times
}

// simEntry is one line of the simulator's journal.
type simEntry struct {
	N         int    `json:"n"`
	Request   int    `json:"request"`
	Direction string `json:"direction"`
	Method    string `json:"method"`
	Endpoint  string `json:"endpoint"`
	Host      string `json:"host"`
	Report    string `json:"report"`
	Status    int    `json:"status"`
	Fault     string `json:"fault"`
	Effect    bool   `json:"effect"`
	Note      string `json:"note"`
}

// simViolation is a broken invariant.
type simViolation struct {
	Invariant string `json:"invariant"`
	Report    string `json:"report"`
	Journal   []int  `json:"journal"`
	Detail    string `json:"detail"`
}

// simSummary holds the simulator's counts.
type simSummary struct {
	Decisions  simDecided     `json:"decisions"`
	Failed     int            `json:"failed"`
	Requests   map[string]int `json:"requests"`
	Violations int            `json:"violations"`
}

type simDecided struct {
	Never int `json:"never"`
	Once  int `json:"once"`
	More  int `json:"more"`
}

// do calls the control API. The body is YAML or JSON.
func (s simulator) do(ctx context.Context, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.Control+"/control"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("simulator: %s %s: %s", method, path, bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func (s simulator) add(ctx context.Context, description []byte) (simReport, error) {
	var r simReport
	err := s.do(ctx, http.MethodPost, "/reports", description, &r)
	return r, err
}

func (s simulator) report(ctx context.Context, name string) (simReport, error) {
	var r simReport
	err := s.do(ctx, http.MethodGet, "/reports/"+url.PathEscape(name), nil, &r)
	return r, err
}

func (s simulator) reports(ctx context.Context) ([]simReport, error) {
	var list []simReport
	err := s.do(ctx, http.MethodGet, "/reports", nil, &list)
	return list, err
}

func (s simulator) callouts(ctx context.Context) ([]simCallout, error) {
	var sent struct {
		History []simCallout `json:"history"`
	}
	err := s.do(ctx, http.MethodGet, "/callouts", nil, &sent)
	return sent.History, err
}

func (s simulator) faults(ctx context.Context) ([]simFault, error) {
	var list []simFault
	err := s.do(ctx, http.MethodGet, "/faults", nil, &list)
	return list, err
}

func (s simulator) failed(ctx context.Context) (int, error) {
	var list []json.RawMessage
	err := s.do(ctx, http.MethodGet, "/failed", nil, &list)
	return len(list), err
}

func (s simulator) journal(ctx context.Context) ([]simEntry, error) {
	var list []simEntry
	err := s.do(ctx, http.MethodGet, "/journal", nil, &list)
	return list, err
}

func (s simulator) violations(ctx context.Context) ([]simViolation, error) {
	var list []simViolation
	err := s.do(ctx, http.MethodGet, "/violations", nil, &list)
	return list, err
}
