package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
	"concur-connector/internal/textfile"
	"concur-connector/policy/rulesfile"
)

// Load reads and checks a rules file and the lists that it names, which lie beside it.
// All mistakes in their content are returned together, as [rulesfile.Errors].
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

// errNoFile is the error for a folder, and for a pipe, which could block for ever.
var errNoFile = errors.New("it is not a file")

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, rulesfile.MaxFile+1))
	if err != nil {
		return nil, err
	}
	return textfile.Trim(data)
}

// Parse checks the content of a rules file that names no lists. The name stands for the
// file in errors. All mistakes are returned together, as [rulesfile.Errors].
func Parse(name string, data []byte) (*Policy, error) { return parse(name, data, nil) }

// loader turns what a rules file says into a policy. Every mistake is collected in the
// embedded source.
type loader struct {
	*rulesfile.Source
	policy  *Policy
	lang    *language
	open    opener          // nil: there is no folder to read lists from
	cells   int             // cells and rows of all lists
	waiting map[string]bool // "variables.limit": declared below, and not checked yet
}

func parse(name string, data []byte, open opener) (*Policy, error) {
	s, c := rulesfile.Read(name, data)
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	p := &Policy{
		file: name, version: c.Version, zone: c.Zone, settings: c.Settings, steps: c.Steps, groups: c.Groups, approval: c.Approvals,
		variables: map[string]*variable{}, lang: lang, listObject: lang.lists.of(nil), readFacts: map[string]bool{}, actingFacts: map[string]bool{},
		reportFields: reportNeeds(), requestFields: requestNeeds(), budget: maxTotalCost, time: maxTime,
	}
	l := &loader{Source: s, policy: p, lang: lang, open: open, waiting: map[string]bool{}}
	sum := sha256.New()
	sum.Write(data)
	if !l.readLists(c.Lists, sum) {
		return nil, s.Errors.Sorted() // rules that use the other lists would seem to be wrong
	}
	p.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	l.declareVariables(c)
	for _, d := range c.Rules {
		p.rules = append(p.rules, l.compile(d))
	}
	l.checkDefaultGroup(c)
	l.calendar(c)
	l.page(c.Approvals.Page)
	if len(s.Errors) > 0 {
		return nil, s.Errors.Sorted()
	}
	p.prepare()
	p.needPage()
	p.warn(s, c)
	if len(s.Errors) > 0 {
		return nil, s.Errors.Sorted()
	}
	return p, nil
}

// readLists reads the lists and adds them to the hash. It is false when they are too large.
func (l *loader) readLists(lists []rulesfile.List, sum hash.Hash) bool {
	size := 0
	for _, d := range lists {
		t, content := l.table(d)
		if size += len(content); size > maxListAll {
			l.Fail(rulesfile.At(d.At), "", "the lists together are larger than %d MiB", maxListAll>>20)
		}
		if size > maxListAll || l.cells > maxCells {
			return false
		}
		if t != nil {
			t.declare(l.lang)
			l.policy.lists = append(l.policy.lists, t)
			fmt.Fprintf(sum, "\n%s %s %d\n", d.Name, d.File, len(content))
			sum.Write(content)
		}
	}
	return true
}

// declareVariables makes variables and facts known. A fact may send variables, and a
// variable may read facts. Variables that read facts are therefore checked after the facts.
func (l *loader) declareVariables(c rulesfile.File) {
	late := usesFacts(c.Variables)
	for _, d := range c.Variables {
		l.waiting["variables."+d.Name] = true
	}
	for _, d := range c.Facts {
		l.waiting["facts."+d.Name] = true
	}
	declare := func(these bool) {
		for _, d := range c.Variables {
			if late[d.Name] == these {
				l.declareVariable(d)
				delete(l.waiting, "variables."+d.Name)
			}
		}
	}
	declare(false)
	for _, d := range c.Facts {
		l.declareFact(d)
		delete(l.waiting, "facts."+d.Name)
	}
	declare(true)
}

// prepare collects what all rules together need, and orders their evaluation: shadow rules come
// last.
func (p *Policy) prepare() {
	for i := range p.rules {
		r := &p.rules[i]
		if !r.Shadow {
			p.inOrder = append(p.inOrder, r)
		}
		needed := p.reportFields
		if r.Level.OfRequest() {
			needed = p.requestFields
		}
		needed.addAll(r.needs)
		maps.Copy(p.readFacts, r.facts)
		if !r.Shadow {
			maps.Copy(p.actingFacts, r.facts)
		}
	}
	for i := range p.rules {
		if p.rules[i].Shadow {
			p.inOrder = append(p.inOrder, &p.rules[i])
		}
	}
	for _, f := range p.facts {
		needed := p.reportFields
		if f.Level.OfRequest() {
			needed = p.requestFields
		}
		if p.readFacts[f.Name] {
			needed.addAll(f.needs)
		}
	}
}

// compile makes a rule ready.
func (l *loader) compile(d rulesfile.Rule) rule {
	p := l.policy
	r := rule{Rule: d, needs: needsOf(d.Level), facts: map[string]bool{}}
	for i, name := range d.Steps {
		if !slices.ContainsFunc(p.steps, func(step rulesfile.Step) bool { return step.Name == name }) {
			l.Fail(rulesfile.At(d.StepNodes[i]), d.Name, "there is no step %q%s", rulesfile.Clip(name, 40), p.stepMeant(name))
		}
	}
	if d.Level == "" {
		return r // an expression cannot be checked without its level
	}
	compile := func(key string, n *yaml.Node, want *cel.Type) *expression {
		if n == nil {
			return nil
		}
		x := l.expression(d.Level, d.Name, key, n, want)
		if x == nil {
			return nil
		}
		fields, facts := p.whole(x)
		r.needs.addAll(fields)
		maps.Copy(r.facts, facts)
		return x
	}
	r.match = compile("match", d.MatchNode, cel.BoolType)
	r.expression = compile("expression", d.ExpressionNode, cel.BoolType)
	r.asks = l.asks(d, func(a *rulesfile.Asked) *expression { return compile("group of ask", a.Node, cel.StringType) })
	message := func(key string, all []rulesfile.Message) (chosen message) {
		found := false
		for _, m := range all {
			computed := compile(key+"Expression", m.Computed, cel.StringType)
			if m.Language == "" || m.Language == p.settings.Language {
				chosen, found = message{m.Fixed, computed}, true
			}
		}
		switch {
		case found || len(all) == 0:
		case p.settings.Language == "":
			l.Fail(rulesfile.At(all[0].At), d.Name, "the %s is given in several languages, but settings.language does not choose one", key)
		default:
			l.Fail(rulesfile.At(all[0].At), d.Name, "there is no %s in the language %q of settings.language", key, p.settings.Language)
		}
		return chosen
	}
	r.message = message("message", d.Messages)
	r.approverMessage = message("approverMessage", d.ApproverMessages)
	return r
}

// stepMeant ends an error about an unknown step. The name may be a text of an EventType.
func (p *Policy) stepMeant(name string) string {
	switch step, known := p.StepOf(name); {
	case known && step != name:
		return fmt.Sprintf("; that is a text of the step %q", step)
	case len(p.steps) == 0:
		return "; steps names the steps, each with the texts of its EventType"
	}
	return spelling.Among(name, StepNames(p.steps))
}

func StepNames(steps []rulesfile.Step) []string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Name
	}
	return names
}

// expression checks an expression and makes it ready. want is nil when it may have any type.
func (l *loader) expression(level rulesfile.Level, rule, what string, n *yaml.Node, want *cel.Type) *expression {
	checked, problems := l.lang.check(level, n.Value, want)
	for _, one := range problems {
		switch {
		case l.waiting[one.Missing]:
			kind, name, _ := strings.Cut(one.Missing, "s.")
			one.Text = fmt.Sprintf("there is no %s %q above this place; declare it before its first use", kind, name)
		case l.Declared[one.Missing]:
			continue // the declaration has a mistake of its own
		case one.Syntax && strings.HasSuffix(what, "essageExpression"):
			one.Text += "; write a fixed text under " + strings.TrimSuffix(what, "Expression") + " instead"
		}
		l.Fail(l.Locate(n, one.Offset), rule, "%s: %s", what, one.Text)
	}
	if len(problems) > 0 {
		return nil
	}
	m := measure(l.policy, checked.NativeRep())
	x, err := l.lang.ready(level, n.Value, checked, m.bound)
	if err != nil {
		l.Fail(rulesfile.At(n), rule, "%s: %v", what, err)
		return nil
	}
	return x
}
