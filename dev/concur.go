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

// simulated drives the simulator over its control API. What it knows of the
// simulator is written here again on purpose: they share no code.
type simulated struct {
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
	Exceptions []simException `json:"exceptions"` // posted, ever
	Held       []simException `json:"existing"`   // there now, whoever put it there
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
	Visibility string `json:"visibility"` // of one that is there now
}

// run is the notification ID of the report's run: that of its callout or, of a travel
// request, that under which it is handed over.
func (r simReport) run() string {
	if r.UUID != "" {
		return "TRAVELREQ:" + r.UUID
	}
	return "EXPRPT:" + r.Key
}

// other is the run's other ID: that of a report that nobody told of or, of a travel
// request, that of its callout.
func (r simReport) other() string {
	if r.UUID != "" {
		return "TRAVELREQ:" + r.Key
	}
	return "EXPRPT:" + r.ReportID
}

// simCallout is one callout that the simulator sent.
type simCallout struct {
	N         int    `json:"n"`
	Report    string `json:"report"`
	ObjectURI string `json:"objectUri"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Done      bool   `json:"done"`
}

// simFault is a fault that the simulator has been told to play.
type simFault struct {
	ID       int    `json:"id"`
	Endpoint string `json:"endpoint"`
	Kind     string `json:"kind"`
	Report   string `json:"report"`
	Times    *int   `json:"times"` // once when it is not told; below 0 for ever
	Applied  int    `json:"applied"`
}

// over reports whether the fault has been played as often as it should.
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

// simSummary counts what the simulator has seen.
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

// do calls the control API; body is YAML or JSON.
func (s simulated) do(ctx context.Context, method, path string, body []byte, into any) error {
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

func (s simulated) add(ctx context.Context, description []byte) (simReport, error) {
	var r simReport
	err := s.do(ctx, http.MethodPost, "/reports", description, &r)
	return r, err
}

func (s simulated) report(ctx context.Context, name string) (simReport, error) {
	var r simReport
	err := s.do(ctx, http.MethodGet, "/reports/"+url.PathEscape(name), nil, &r)
	return r, err
}

func (s simulated) reports(ctx context.Context) ([]simReport, error) {
	var list []simReport
	err := s.do(ctx, http.MethodGet, "/reports", nil, &list)
	return list, err
}

func (s simulated) callouts(ctx context.Context) ([]simCallout, error) {
	var sent struct {
		History []simCallout `json:"history"`
	}
	err := s.do(ctx, http.MethodGet, "/callouts", nil, &sent)
	return sent.History, err
}

func (s simulated) faults(ctx context.Context) ([]simFault, error) {
	var list []simFault
	err := s.do(ctx, http.MethodGet, "/faults", nil, &list)
	return list, err
}

func (s simulated) failed(ctx context.Context) (int, error) {
	var list []json.RawMessage
	err := s.do(ctx, http.MethodGet, "/failed", nil, &list)
	return len(list), err
}

func (s simulated) journal(ctx context.Context) ([]simEntry, error) {
	var list []simEntry
	err := s.do(ctx, http.MethodGet, "/journal", nil, &list)
	return list, err
}

func (s simulated) violations(ctx context.Context) ([]simViolation, error) {
	var list []simViolation
	err := s.do(ctx, http.MethodGet, "/violations", nil, &list)
	return list, err
}
