package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
)

// Fact is what the company's own systems are asked about each object of a level.
type Fact struct {
	Name   string            `json:"name"`
	Level  Level             `json:"level"`
	URL    string            `json:"url"`
	Match  string            `json:"match,omitempty"`
	Send   map[string]string `json:"send"`   // expressions
	Answer map[string]string `json:"answer"` // kinds of value
}

const (
	maxFacts  = 20
	maxValues = 30
	maxAsked  = 8 << 20 // bytes of all that is asked about a report, about
)

type factDeclaration struct {
	name   string
	at     *yaml.Node
	level  Level
	url    string
	match  *yaml.Node
	send   []entryNode
	answer map[string]valueKind
}

// fact is a declared one, ready.
type fact struct {
	factDeclaration
	match *expression // nil: always
	send  []sent
	needs needs
}

type sent struct {
	name  string
	value *expression
}

const (
	errNotAsked  = failure("it was not asked for")
	errAsked     = failure("what the facts send together is too large")
	errUnasked   = "facts.%s was not asked for here; ask with has(facts.%s) whether it was"
	notAsked     = " could not be asked for: " // because of an error
	notAnswered  = " was not answered"
	errBadAnswer = "the answer facts.%s.%s is not %s, as the rules file says"
)

func (s *source) facts(n *yaml.Node) []factDeclaration {
	var all []factDeclaration
	for _, p := range s.named(n, "facts", identifier, identifierForm, maxFacts) {
		what := "the fact " + p.key
		keys, ok := s.mapping(p.value, "", what, "level", "url", "match", "send", "answer")
		if !ok {
			continue
		}
		d := factDeclaration{name: p.key, at: p.name, answer: map[string]valueKind{}}
		d.level = s.levelOf(keys["level"], at(p.name), "", what)
		s.address(&d, keys["url"])
		if v := keys["match"]; v != nil {
			if _, ok := s.text(v, "", "match"); ok {
				d.match = v
			}
		}
		if d.send = s.named(keys["send"], "send", identifier, identifierForm, maxValues); keys["send"] == nil {
			s.fail(at(p.name), "", "%s sends nothing: send names what is told about each object", what)
		}
		for _, a := range s.named(keys["answer"], "answer", identifier, identifierForm, maxValues) {
			if kind, ok := s.kind(a.value, true); ok {
				d.answer[a.key] = kind
			}
		}
		if keys["answer"] == nil {
			s.fail(at(p.name), "", "%s has no answer: it names what is answered, and its kind", what)
		}
		all = append(all, d)
	}
	return all
}

func (s *source) address(d *factDeclaration, n *yaml.Node) {
	if n == nil {
		s.fail(at(d.at), "", "the fact %s has no url", d.name)
		return
	}
	v, ok := s.text(n, "", "url")
	if !ok {
		return
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		s.fail(at(n), "", "url must be an address such as https://erp.example.com/facts, without user name and fragment")
		return
	}
	d.url = v
}

// declareFact adds a fact to what expressions of its level and of the inner ones may name.
func (p *Policy) declareFact(s *source, lang *language, d factDeclaration) {
	if d.level == "" {
		return
	}
	what := "the fact " + d.name
	f := &fact{factDeclaration: d, needs: needsOf(d.level)}
	add := func(x *expression) {
		n, facts := p.whole(x)
		f.needs.addAll(n)
		if len(facts) > 0 {
			s.fail(at(d.at), "", "%s is asked for by what another fact answers; they are asked together", what)
		}
	}
	if d.match != nil {
		if f.match = s.expression(p, lang, d.level, "", what+": match", d.match, cel.BoolType); f.match != nil {
			add(f.match)
		}
	}
	for _, one := range d.send {
		if _, ok := s.text(one.value, "", "an expression of send"); !ok {
			continue
		}
		x := s.expression(p, lang, d.level, "", what+": "+one.key, one.value, nil)
		if x == nil {
			continue
		}
		if t := x.ast.OutputType(); !sendable(t) {
			s.fail(at(one.value), "", "%s: %s is %s, which cannot be sent; send a text, a number, true or false, an amount, a date, or a list of texts",
				what, one.key, article(t))
			continue
		}
		add(x)
		f.send = append(f.send, sent{one.key, x})
	}
	answered := lang.newShape("Fact " + d.name)
	answered.says = "facts." + d.name
	for name, kind := range d.answer {
		answered.fields[name] = member{typ: kind.typ(), read: func(o *object) (ref.Val, bool) {
			answer := o.native.(map[string]json.RawMessage)
			if answer == nil {
				return types.WrapErr(failure(fmt.Sprintf(errUnasked, d.name, d.name))), false
			}
			data, there := answer[name]
			if !there {
				return nil, false
			}
			v, ok := kind.decode(data)
			if !ok {
				return types.WrapErr(failure(fmt.Sprintf(errBadAnswer, d.name, name, article(kind.typ())))), true
			}
			return v, something(v)
		}}
	}
	p.facts = append(p.facts, f)
	for _, level := range d.level.inner() {
		lang.facts[level].fields[d.name] = member{typ: answered.typ, read: func(o *object) (ref.Val, bool) {
			values, err := o.native.(*scope).answer(f)
			switch {
			case err == errNotAsked:
				return answered.of(map[string]json.RawMessage(nil)), false // of what was not asked for there is no answer to read
			case err != nil:
				return types.WrapErr(err), false
			}
			return answered.of(values), true
		}}
	}
}

func (p *Policy) factNamed(name string) *fact {
	for _, f := range p.facts {
		if f.name == name {
			return f
		}
	}
	return &fact{} // it has a mistake of its own
}

// sendable reports whether a value of the type has a form in JSON.
func sendable(t *cel.Type) bool {
	return slices.ContainsFunc([]*cel.Type{
		cel.StringType, cel.BoolType, cel.IntType, decimalType, moneyType, dayType, cel.ListType(cel.StringType),
	}, t.IsExactType)
}

// Asks names the facts that the rules ask the company's own systems for, of reports and of
// travel requests, in the order of the file. A fact that no rule reads is not asked for.
func (p *Policy) Asks() (ofReports, ofRequests []string) {
	for _, f := range p.facts {
		switch {
		case !p.asksFor[f.name]:
		case f.level.ofRequest():
			ofRequests = append(ofRequests, f.name)
		default:
			ofReports = append(ofReports, f.name)
		}
	}
	return ofReports, ofRequests
}

// FactURLs are the addresses that the rules ask for facts, each once.
func (p *Policy) FactURLs() []string {
	var all []string
	for _, f := range p.facts {
		if p.asksFor[f.name] && !slices.Contains(all, f.url) {
			all = append(all, f.url)
		}
	}
	return all
}

// Questions says what to ask the company's own systems about a case, one question for each
// fact that has one. An object of which the question cannot be evaluated is left out: a rule
// that reads the answer errs. The error says that the questions cost too much, or are too
// large.
func (p *Policy) Questions(c Case) ([]expense.Question, error) {
	e, done := p.begin(c)
	defer done()
	var all []expense.Question
	size := 0
	for _, f := range p.facts {
		if !p.asksFor[f.name] || f.level.ofRequest() != (c.Request != nil) {
			continue
		}
		e.spent = 0
		q := expense.Question{Fact: f.name, URL: f.url, Watched: !p.waitsFor[f.name], Wants: slices.Sorted(maps.Keys(f.answer))}
		for i, at := range e.scopesOf(f.level) {
			if err := e.exhausted(i); err != nil {
				return nil, err
			}
			if values, err := f.about(at); err == nil {
				if size += weightOf(values); size > maxAsked {
					return nil, errAsked
				}
				q.Items = append(q.Items, expense.QuestionItem{Key: at.key(), Values: values})
			}
		}
		if len(q.Items) > 0 {
			all = append(all, q)
		}
	}
	return all, nil
}

// about is what is sent about an object. The error is errNotAsked where the match leaves it
// out, and says otherwise why there is no question.
func (f *fact) about(at *scope) (map[string]any, error) {
	if f.match != nil {
		switch v, err := at.eval(f.match); {
		case err != nil:
			return nil, f.unasked(at, err)
		case v != types.True:
			return nil, errNotAsked
		}
	}
	values := map[string]any{}
	for _, one := range f.send {
		v, err := at.eval(one.value)
		if err == nil {
			values[one.name], err = encode(v)
		}
		if err != nil {
			return nil, f.unasked(at, err)
		}
	}
	return values, nil
}

func (f *fact) unasked(at *scope, err error) failure {
	return failure("the fact " + f.name + notAsked + at.e.reason(err))
}

// answer returns what a fact was answered for the object of its level. Where it was not,
// the error says why: it is errNotAsked where there was no question.
func (s *scope) answer(f *fact) (map[string]json.RawMessage, error) {
	at := s.at(f.level)
	answers, asked := s.e.facts[f.name]
	values, there := answers[at.key()]
	switch {
	case there:
		return values, nil
	case !asked:
		return nil, errNotAsked
	}
	why, known := at.unanswered[f]
	if !known {
		if _, why = f.about(at); why == nil {
			why = failure("the fact " + f.name + notAnswered)
		}
		if at.unanswered == nil {
			at.unanswered = map[*fact]error{}
		}
		at.unanswered[f] = why
	}
	return nil, why
}
