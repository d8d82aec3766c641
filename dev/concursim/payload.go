package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// maxPayload limits the size of each file of a payload.
const maxPayload = 32 << 20

// payload is a document that somebody else wrote. It is served byte for byte, except for
// the texts that follow the report's state.
type payload struct {
	name    string
	doc     []byte
	root    *node
	entries map[*node]*reportEntry
	keep    []string
	callout *notification
	docs    documents // the JSON documents
	version int       // the report's version when the payload was loaded

	startStatus, startName string
	keptStep, keptPath     string
}

// stateFile is DIR/<name>/state.yaml.
type stateFile struct {
	Status string   `yaml:"status"`
	Steps  []step   `yaml:"steps"`
	Keep   []string `yaml:"keep"`
}

var followed = []string{
	"ApsKey", "ApvStatusName", "HasException", "HasExceptions", "WorkflowActionURL",
	"ApprovalStatusCode", "ApprovalStatusName", "EverSentBack", "LastModifiedDate",
	"approvalStatusId", "approvalStatus", "reportVersion", "lastModifiedDate", "hasExceptions",
	"code", "name", "approved", "pendingApproval", "everSentBack", "lastModified", "operations",
}

// loadPayloads makes a report from every folder of the directory.
func (s *simulator) loadPayloads(dir string) error {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("-payloads: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, folder := range folders {
		info, err := os.Stat(filepath.Join(dir, folder.Name()))
		if err != nil {
			return fmt.Errorf("-payloads: %w", err)
		}
		if !info.IsDir() || strings.HasPrefix(folder.Name(), ".") {
			continue
		}
		if err := s.loadPayload(filepath.Join(dir, folder.Name()), folder.Name()); err != nil {
			return fmt.Errorf("payload %s: %w", folder.Name(), err)
		}
	}
	return nil
}

func (s *simulator) loadPayload(dir, name string) error {
	report, err := readOptional(filepath.Join(dir, "report.xml"))
	if err != nil {
		return err
	}
	callout, err := readOptional(filepath.Join(dir, "callout.xml"))
	if err != nil {
		return err
	}
	state, err := readState(filepath.Join(dir, "state.yaml"))
	if err != nil {
		return err
	}
	docs, err := readDocuments(dir)
	if err != nil {
		return err
	}
	if report == nil && callout == nil && len(docs) == 0 {
		return errors.New("there is no report.xml, no callout.xml and no JSON document")
	}
	p := &payload{name: name, doc: report, docs: docs, keep: state.Keep, entries: map[*node]*reportEntry{}}
	if callout != nil {
		p.callout = readCallout(callout)
	}
	return s.registerPayload(p, state)
}

func (s *simulator) registerPayload(p *payload, state stateFile) error {
	r := &report{
		name: p.name, payload: p, at: -1, steps: state.Steps,
		key: makeKey(s.draw(p.name, "key")), created: time.Now().UTC(),
		objects: map[string]object{},
	}
	r.path = detailsPath + r.key
	if p.callout != nil {
		if path := pathOf(p.callout.ObjectURI); path != "" {
			r.path = path
			r.key = path[strings.LastIndex(path, "/")+1:]
		}
	}
	if p.docs.have(documentsRequest) {
		requestSteps(r.steps)
	}
	if err := checkSteps(&r.steps); err != nil {
		return err
	}
	if err := p.checkFaults(s.faults); err != nil {
		return err
	}
	s.payloads = append(s.payloads, p)
	switch {
	case p.doc == nil && len(p.docs) == 0:
		if s.opts.payloadCallouts {
			s.queueCallout(nil, p.callout)
		}
		return nil
	case p.doc != nil:
		p.readReport(r)
	}
	if len(p.docs) > 0 {
		if err := s.enterDocuments(r); err != nil {
			return err
		}
	}
	setDefault(&r.rptKey, r.key)
	setDefault(&r.status, waiting)
	if state.Status != "" {
		r.status = state.Status
		for status, shown := range requestStatuses {
			if shown == state.Status {
				r.status = status
			}
		}
	}
	r.statusName = statusName(r.status)
	if r.status == p.startStatus && p.startName != "" {
		r.statusName = p.startName
	}
	r.changed = r.created
	if err := s.register(r); err != nil {
		return err
	}
	if r.status == waiting {
		if err := s.beginPayload(r); err != nil {
			return err
		}
	}
	p.version = r.version
	return nil
}

// readReport reads what the simulator must know from the v1.1 details. From a document that
// is not well-formed it reads what it can find.
func (p *payload) readReport(r *report) {
	root, err := scan(p.doc)
	if err != nil {
		r.status, r.rptKey = findText(p.doc, "ApsKey"), findText(p.doc, "RptKey")
		setDefault(&r.status, waiting)
		return
	}
	p.root = root
	p.readHeader(r)
	p.readEntries(r)
}

// beginPayload lets the payload's report wait at its first step.
func (s *simulator) beginPayload(r *report) error {
	p := r.payload
	first := slices.IndexFunc(r.steps, func(one step) bool { return one.Extv != "" })
	if first < 0 {
		return errors.New("the report waits at an external validation, but its steps have none")
	}
	name := r.statusName
	r.at = first
	s.arrive(r, waiting, r.steps[first].Extv)
	r.statusName = name
	if p.callout == nil {
		p.callout = s.notificationOf(r)
	}
	if s.opts.payloadCallouts {
		s.queueCallout(r, p.callout.again())
	}
	return nil
}

func (n *notification) again() *notification {
	again := *n
	return &again
}

func readOptional(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPayload {
		return nil, fmt.Errorf("%s is larger than %d bytes", filepath.Base(path), maxPayload)
	}
	content, err := os.ReadFile(path)
	if content == nil {
		content = []byte{}
	}
	return content, err
}

func readState(path string) (stateFile, error) {
	var state stateFile
	content, err := readOptional(path)
	if err != nil || len(bytes.TrimSpace(content)) == 0 {
		return state, err
	}
	if err := yaml.Load(content, &state, yaml.WithKnownFields()); err != nil {
		return state, fmt.Errorf("state.yaml: %w", err)
	}
	for _, name := range state.Keep {
		if !slices.Contains(followed, name) {
			return state, fmt.Errorf("state.yaml: keep %q: want one of %s", name, strings.Join(followed, ", "))
		}
	}
	return state, nil
}

// readCallout reads what it can. The bytes are sent unchanged in any case.
func readCallout(content []byte) *notification {
	n := &notification{Body: string(content)}
	root, err := scan(content)
	if err != nil {
		return n
	}
	root.every(func(one *node) {
		text := one.text(content)
		switch one.name {
		case "EventType":
			n.EventType = text
		case "ObjectType":
			n.ObjectType = text
		case "ObjectURI":
			n.ObjectURI = text
		case "EventDateTime":
			n.EventDateTime = text
		}
	})
	return n
}

// pathOf returns the path of a URI, byte for byte, without query, fragment and final slash.
func pathOf(uri string) string {
	_, rest, found := strings.Cut(uri, "://")
	if !found {
		return ""
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return ""
	}
	path := rest[slash:]
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	return strings.TrimSuffix(path, "/")
}

func (p *payload) readHeader(r *report) {
	text := func(name string) string {
		if one := p.root.child(name); one != nil {
			return one.text(p.doc)
		}
		return ""
	}
	r.status = cmp.Or(text("ApsKey"), text("ApprovalStatusCode")) // the second name is that of version 2.0
	p.startStatus, p.startName = r.status, cmp.Or(text("ApvStatusName"), text("ApprovalStatusName"))
	r.rptKey, r.reportID = text("RptKey"), text("ReportId")
	r.hasException = text("HasException") == "Y"
	r.everSentBack = text("EverSentBack") == "Y"
	if p.keeps("WorkflowActionURL") {
		if url := text("WorkflowActionURL"); url != "" {
			p.keptPath = pathOf(url)
			p.keptStep = stepIn(p.keptPath)
		}
	}
}

// readEntries finds the objects of the report, and the entry that each belongs to.
func (p *payload) readEntries(r *report) {
	p.root.every(func(one *node) {
		if one.name != "ExpenseEntry" {
			return
		}
		e := &reportEntry{}
		r.entries = append(r.entries, e)
		one.every(func(field *node) {
			key := field.text(p.doc)
			switch strings.ToLower(field.name) {
			case "hasexceptions":
				if field.parent == one {
					e.hasExceptions = key == "Y"
					p.entries[field] = e
				}
			case "rpekey", "reportentryid":
				e.key = key
				r.objects[key] = object{"Entry", e, -1}
			case "itemizationkey", "itemizationid":
				if key == e.key { // a Regular itemization of version 2.0 is the entry itself
					return
				}
				r.objects[key] = object{"Entry", e, len(e.itemizations)}
				e.itemizations = append(e.itemizations, itemization{Key: key, Allocations: []string{}})
			case "allocationkey", "allockey", "allocationid":
				e.allocations = append(e.allocations, key)
				r.objects[key] = object{"Allocation", e, -1}
			}
		})
	})
}

func (p *payload) keeps(name string) bool { return slices.Contains(p.keep, name) }

// patch is a text that replaces some bytes.
type patch struct {
	start, end int
	text       string
}

// render returns the document with the texts that follow the state. If the document is not
// well-formed, it returns the document unchanged, and false.
func (p *payload) render(r *report, url string) ([]byte, bool) {
	if p.root == nil {
		return p.doc, false
	}
	var patches []patch
	set := func(one *node, text string) {
		if !p.keeps(one.name) && one.text(p.doc) != text {
			patches = append(patches, one.replace(text))
		}
	}
	untouched := r.at < 0 && r.instance == 0 && len(r.moves) == 0
	foundURL := false
	for _, one := range p.root.children {
		switch one.name {
		case "ApsKey", "ApprovalStatusCode":
			set(one, r.status)
		case "ApvStatusName", "ApprovalStatusName":
			set(one, r.statusName)
		case "HasException":
			if r.hasException != (one.text(p.doc) == "Y") {
				set(one, yesNo(r.hasException))
			}
		case "WorkflowActionURL":
			foundURL = true
			if !untouched {
				set(one, url)
			}
		}
	}
	for field, e := range p.entries {
		if e.hasExceptions != (field.text(p.doc) == "Y") {
			set(field, yesNo(e.hasExceptions))
		}
	}
	if !foundURL && url != "" && !p.keeps("WorkflowActionURL") && !p.root.selfClosed {
		patches = append(patches, patch{p.root.contentStart, p.root.contentStart, "<WorkflowActionURL>" + escapeText(url) + "</WorkflowActionURL>"})
	}
	return apply(p.doc, patches), true
}

// replace replaces the content of the element. An element without an end tag, or with a nil
// attribute, is written again.
func (n *node) replace(text string) patch {
	if !n.selfClosed && n.contentStart-n.start == len(n.tag)+2 {
		return patch{n.contentStart, n.contentEnd, escapeText(text)}
	}
	return patch{n.start, n.end, "<" + n.tag + ">" + escapeText(text) + "</" + n.tag + ">"}
}

func apply(doc []byte, patches []patch) []byte {
	slices.SortFunc(patches, func(a, b patch) int { return a.start - b.start })
	var out bytes.Buffer
	at := 0
	for _, one := range patches {
		out.Write(doc[at:one.start])
		out.WriteString(one.text)
		at = one.end
	}
	out.Write(doc[at:])
	return out.Bytes()
}
