package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/internal/textfile"
)

// Policy is a rules file with its lists, checked and ready. It does not change and is safe
// for concurrent use.
type Policy struct {
	file     string
	version  string
	zone     *time.Location
	settings Settings
	stops    []Stop
	groups   []Group
	lists    []*table
	facts    []*fact
	rules    []rule
	inOrder  []*rule // of evaluation: those that are only watched come last

	variables     map[string]*variable
	variableOrder []string

	lang       *language
	listObject *object
	asksFor    map[string]bool // facts that a rule reads
	waitsFor   map[string]bool // of these, what a rule reads that is not only watched
	needs      needs           // of a report
	asked      needs           // of a travel request
	hash       string
	warnings   []*Warning
	approveAll bool   // the file says so
	unseen     string // why everything would be passed on without being looked at

	budget uint64        // cost of the evaluations of one report
	time   time.Duration // of the same; far above what the budget allows
}

type rule struct {
	declaration
	match             *expression // nil: always
	expression        *expression
	message           string
	messageExpression *expression // nil: message

	needs needs           // of everything that it reads, variables included
	facts map[string]bool // likewise
}

// Load reads and checks a rules file and the lists that it names, which lie beside it.
// What is wrong with their content is returned as [Errors], all of it at once.
func Load(path string) (*Policy, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	defer folder.Close()
	return parse(path, data, func(name string) (io.ReadCloser, error) {
		name = filepath.FromSlash(name)
		if info, err := folder.Stat(name); err == nil && !info.Mode().IsRegular() {
			return nil, errNoFile
		}
		return folder.Open(name)
	})
}

// errNoFile is of a folder, and of a pipe that would be waited for without end.
var errNoFile = errors.New("it is not a file")

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return textfile.Trim(data)
}

// Parse checks the content of a rules file that names no lists. The name stands for the
// file in errors. What is wrong is returned as [Errors], all of it at once.
func Parse(name string, data []byte) (*Policy, error) { return parse(name, data, nil) }

func parse(name string, data []byte, open opener) (*Policy, error) {
	s := newSource(name, data)
	c := s.read(data)
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	p := &Policy{
		file: name, version: c.version, zone: c.zone, settings: c.settings, stops: c.stops, groups: c.groups,
		variables: map[string]*variable{}, lang: lang, listObject: lang.lists.of(nil), asksFor: map[string]bool{}, waitsFor: map[string]bool{},
		needs: reportNeeds(), asked: requestNeeds(), budget: maxTotalCost, time: maxTime,
	}
	hash := sha256.New()
	hash.Write(data)
	size := 0
	for _, d := range c.lists {
		t, content := s.table(lang, d, open)
		if size += len(content); size > maxListAll {
			s.fail(at(d.at), "", "the lists together are larger than %d MiB", maxListAll>>20)
		}
		if size > maxListAll || s.listed > maxCells {
			return nil, s.errors.sorted() // the rest is not known, and would be missed
		}
		if t != nil {
			t.declare(lang)
			p.lists = append(p.lists, t)
			fmt.Fprintf(hash, "\n%s %s %d\n", d.name, d.file, len(content))
			hash.Write(content)
		}
	}
	p.hash = hex.EncodeToString(hash.Sum(nil))[:16]
	p.declareVariables(s, lang, c)
	for _, d := range c.rules {
		p.rules = append(p.rules, p.compile(s, lang, d))
	}
	if len(s.errors) > 0 {
		return nil, s.errors.sorted()
	}
	p.settle()
	p.warn(s, c)
	if len(s.errors) > 0 {
		return nil, s.errors.sorted()
	}
	return p, nil
}

// declareVariables makes variables and facts known. A fact may send variables, and a
// variable may be made of facts: they are taken in the order in which each can be checked.
func (p *Policy) declareVariables(s *source, lang *language, c content) {
	late := usesFacts(c.variables)
	for _, d := range c.variables {
		s.waiting["variables."+d.name] = true
	}
	for _, d := range c.facts {
		s.waiting["facts."+d.name] = true
	}
	declare := func(these bool) {
		for _, d := range c.variables {
			if late[d.name] == these {
				p.declareVariable(s, lang, d)
				delete(s.waiting, "variables."+d.name)
			}
		}
	}
	declare(false)
	for _, d := range c.facts {
		p.declareFact(s, lang, d)
		delete(s.waiting, "facts."+d.name)
	}
	declare(true)
}

// settle gathers what all rules together need, and says in which order they are evaluated.
func (p *Policy) settle() {
	for i := range p.rules {
		r := &p.rules[i]
		if !r.shadow {
			p.inOrder = append(p.inOrder, r)
		}
		needed := p.needs
		if r.level.ofRequest() {
			needed = p.asked
		}
		needed.addAll(r.needs)
		maps.Copy(p.asksFor, r.facts)
		if !r.shadow {
			maps.Copy(p.waitsFor, r.facts)
		}
	}
	for i := range p.rules {
		if p.rules[i].shadow {
			p.inOrder = append(p.inOrder, &p.rules[i])
		}
	}
	for _, f := range p.facts {
		needed := p.needs
		if f.level.ofRequest() {
			needed = p.asked
		}
		if p.asksFor[f.name] {
			needed.addAll(f.needs)
		}
	}
}

// compile makes a rule ready.
func (p *Policy) compile(s *source, lang *language, d declaration) rule {
	r := rule{declaration: d, needs: needsOf(d.level), facts: map[string]bool{}}
	for i, name := range d.stops {
		if !slices.ContainsFunc(p.stops, func(stop Stop) bool { return stop.Name == name }) {
			s.fail(at(d.stopNodes[i]), d.name, "there is no stop %q%s", clip(name, 40), p.stopMeant(name))
		}
	}
	if d.then.ask != "" && len(p.groups) > 0 && !slices.Contains(groupNames(p.groups), d.then.ask) {
		s.fail(at(d.ask), d.name, "there is no group %q in groups%s", clip(d.then.ask, 40), Among(d.then.ask, groupNames(p.groups)))
	}
	if d.level == "" {
		return r // what the expressions may say is not known
	}
	one := func(key string, n *yaml.Node, want *cel.Type) *expression {
		if n == nil {
			return nil
		}
		x := s.expression(p, lang, d.level, d.name, key, n, want)
		if x == nil {
			return nil
		}
		n2, facts := p.whole(x)
		r.needs.addAll(n2)
		maps.Copy(r.facts, facts)
		return x
	}
	r.match = one("match", d.match, cel.BoolType)
	r.expression = one("expression", d.expression, cel.BoolType)
	found := false
	for _, m := range d.messages {
		computed := one("messageExpression", m.computed, cel.StringType)
		if m.language == "" || m.language == p.settings.Language {
			r.message, r.messageExpression, found = m.fixed, computed, true
		}
	}
	switch {
	case found || len(d.messages) == 0:
	case p.settings.Language == "":
		s.fail(at(d.messages[0].at), d.name, "the message is given in languages, and settings.language does not say which is used")
	default:
		s.fail(at(d.messages[0].at), d.name, "there is no message in the language of settings, %q", p.settings.Language)
	}
	return r
}

// stopMeant ends a sentence about a stop that is not known: it may be the text of an
// EventType.
func (p *Policy) stopMeant(name string) string {
	switch stop, known := p.stopOf(name); {
	case known && stop != name:
		return fmt.Sprintf("; that is a text of the stop %q", stop)
	case len(p.stops) == 0:
		return "; stops names the stops, each with the texts of its EventType"
	}
	return Among(name, stopNames(p.stops))
}

func stopNames(stops []Stop) []string {
	names := make([]string, len(stops))
	for i, s := range stops {
		names[i] = s.Name
	}
	return names
}

// expression checks an expression. Any type is wanted when want is nil.
func (s *source) expression(p *Policy, lang *language, level Level, rule, what string, n *yaml.Node, want *cel.Type) *expression {
	checked, problems := lang.check(level, n.Value, want)
	for _, one := range problems {
		var quiet bool
		if one.text, quiet = s.unready(one.text); quiet {
			continue
		}
		if what == "messageExpression" && strings.HasPrefix(one.text, "Syntax error") {
			one.text += "; a message that is a text only is given as message"
		}
		s.fail(s.locate(n, one.offset), rule, "%s: %s", what, one.text)
	}
	if len(problems) > 0 {
		return nil
	}
	m := measure(p, checked.NativeRep())
	x, err := lang.ready(level, n.Value, checked, m.bound)
	if err != nil {
		s.fail(at(n), rule, "%s: %v", what, err)
		return nil
	}
	return x
}

// whole is what an expression reads, with what the variables read that it names, and the
// facts that it names.
func (p *Policy) whole(x *expression) (needs, map[string]bool) {
	n, facts := needs{}, map[string]bool{}
	n.addAll(x.reads)
	for use := range x.uses {
		kind, name, _ := strings.Cut(use, ".")
		switch v := p.variables[name]; {
		case kind == "facts":
			facts[name] = true
			n.addAll(p.factNamed(name).needs) // of which object it was asked is known by them
		case kind == "variables" && v != nil:
			n.addAll(v.needs)
			maps.Copy(facts, v.facts)
		}
	}
	return n, facts
}

// Hash identifies the rules: the first 16 hexadecimal digits of the SHA-256 of their file
// and of the lists that it names.
func (p *Policy) Hash() string { return p.hash }

// Version is what the file calls itself; empty when it does not.
func (p *Policy) Version() string { return p.version }

// JudgesRequests reports whether there is a rule for travel requests. Without one nothing
// is said about them: they are not to be passed on.
func (p *Policy) JudgesRequests() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.level.ofRequest() })
}

// ByStop reports whether a rule is limited to some stops.
func (p *Policy) ByStop() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return len(r.stops) > 0 })
}

// Codes returns the exception codes that rules may post, sorted, each once.
func (p *Policy) Codes() []string {
	var all []string
	for _, c := range p.PostedCodes() {
		all = append(all, c.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// AskedGroups returns the groups that rules may ask, sorted, each once.
func (p *Policy) AskedGroups() []string {
	var all []string
	for _, r := range p.rules {
		if r.then.ask != "" && !r.shadow {
			all = append(all, r.then.ask)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// visibilityOf is the visibility of an exception: an empty one is everybody's.
func visibilityOf(v expense.Visibility) expense.Visibility {
	if v == "" {
		return expense.VisibleToAll
	}
	return v
}
