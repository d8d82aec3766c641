package rulestest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/internal/textfile"
	"concur-connector/policy"
)

// maxFile bounds a file of cases, in bytes.
const maxFile = 16 << 20

// Case is a report or travel request, and the verdict that the rules must give.
type Case struct {
	policy.Input
	Name string
	File string
	Line int
	Want Want
}

// Decode reads a payload of Concur. One of the two is not nil unless there is an error.
type Decode func(body []byte) (*expense.Report, *expense.TravelRequest, error)

// Load reads a file of cases. It returns all mistakes in the file at once, as
// [rulesfile.Errors]. A case may name a payload of Concur in the folder of the file; decode reads
// it.
func Load(path string, decode Decode) ([]Case, error) {
	s, root, err := open(path)
	if err != nil {
		return nil, err
	}
	top, ok := s.mapping(root, "the file", "apiVersion", "cases")
	if !ok {
		return nil, s.errors
	}
	if v := top["apiVersion"]; v != nil && v.Value != "concur-connector/v1" {
		s.fail(v, "apiVersion must be concur-connector/v1")
	}
	if top["cases"] == nil {
		s.fail(root, "cases is missing")
		return nil, s.errors
	}
	var all []Case
	taken := map[string]int{}
	for _, n := range s.list(top["cases"], "cases") {
		c := s.one(n, decode)
		if before := taken[c.Name]; before > 0 && c.Name != "" {
			s.fail(n, "the case in line %d has the same name", before)
		}
		taken[c.Name] = c.Line
		all = append(all, c)
	}
	return all, s.err()
}

// ParseReport reads a case without name and want, or a report alone. Errors name the file by
// name.
func ParseReport(name string, data []byte, decode Decode) (policy.Input, error) {
	s := &source{file: name}
	root := s.document(data)
	if root == nil {
		return policy.Input{}, s.errors
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch root.Content[i].Value {
		case "report", "request", "payload":
			values, _ := s.mapping(root, "the file", "report", "request", "payload", "eventType", "at", "facts", "name", "want")
			return s.input(root, values, decode), s.err()
		}
	}
	c := policy.Input{Report: s.report(root)}
	c.At = submitted(c)
	return c, s.err()
}

func open(path string) (*source, *yaml.Node, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the cases: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read the cases: %w", err)
	case len(data) > maxFile:
		return nil, nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	if data, err = textfile.Trim(data); err != nil {
		return nil, nil, fmt.Errorf("read the cases: %s: %w", path, err)
	}
	s := &source{file: path}
	root := s.document(data)
	if root == nil {
		return nil, nil, s.errors
	}
	return s, root, nil
}

func (s *source) one(n *yaml.Node, decode Decode) Case {
	c := Case{File: s.file, Line: n.Line}
	values, ok := s.mapping(n, "a case", "name", "report", "request", "payload", "eventType", "at", "facts", "want")
	if !ok {
		return c
	}
	if v := values["name"]; v == nil {
		s.fail(n, "a case has no name")
	} else {
		c.Name = s.text(v, "name")
	}
	c.Input = s.input(n, values, decode)
	if v := values["want"]; v == nil {
		s.fail(n, "want is missing: write what the rules must find, or none for nothing")
	} else {
		c.Want = s.want(v)
	}
	return c
}

// input reads the object, the EventType, the time and the facts of a case.
func (s *source) input(n *yaml.Node, values map[string]*yaml.Node, decode Decode) policy.Input {
	var c policy.Input
	given := 0
	if v := values["report"]; v != nil {
		c.Report, given = s.report(v), given+1
	}
	if v := values["request"]; v != nil {
		c.Request, given = s.request(v), given+1
	}
	if v := values["payload"]; v != nil {
		c.Report, c.Request, given = nil, nil, given+1
		s.payload(v, &c, decode)
	}
	if given != 1 {
		s.fail(n, "a case needs exactly one of report, request and payload")
	}
	if v := values["eventType"]; v != nil {
		c.EventType = s.text(v, "eventType")
	}
	if v := values["at"]; v != nil {
		c.At = s.time(v)
	} else {
		c.At = submitted(c)
	}
	if v := values["facts"]; v != nil {
		c.Facts = s.facts(v)
	}
	return c
}

func (s *source) report(n *yaml.Node) *expense.Report {
	report := &expense.Report{}
	s.currency = ""
	s.fill(n, reflect.ValueOf(report).Elem(), "report")
	identify(report)
	return report
}

func (s *source) request(n *yaml.Node) *expense.TravelRequest {
	request := &expense.TravelRequest{}
	s.currency = ""
	s.fill(n, reflect.ValueOf(request).Elem(), "request")
	identifyRequest(request)
	return request
}

func (s *source) payload(n *yaml.Node, c *policy.Input, decode Decode) {
	body, err := os.ReadFile(filepath.Join(filepath.Dir(s.file), s.text(n, "payload")))
	if err == nil {
		c.Report, c.Request, err = decode(body)
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		s.fail(n, "payload cannot be used: %v", err)
	}
}
