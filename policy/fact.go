package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"
)

// Fact is a question to a fact service about each object of a level.
type Fact struct {
	Name   string            `json:"name"`
	Level  rulesfile.Level   `json:"level"`
	URL    string            `json:"url"`
	Match  string            `json:"match,omitempty"`
	Send   map[string]string `json:"send"`   // expressions
	Answer map[string]string `json:"answer"` // kinds of value
}

const maxQuestions = 8 << 20 // approximate bytes of all questions about a report

// fact is a declared fact, ready to ask.
type fact struct {
	rulesfile.Fact
	match *expression // nil: always
	send  []sentValue
	needs needs
}

type sentValue struct {
	name  string
	value *expression
}

var (
	errNotAsked      = value.Error{Reason: "it was not asked for", Kind: value.Unavailable}
	errQuestionsSize = value.Errorf("what the facts send together is too large")
)

// declareFact makes a fact known to expressions of its level and of the inner levels.
func (l *loader) declareFact(d rulesfile.Fact) {
	p := l.policy
	if d.Level == "" {
		return
	}
	what := "the fact " + d.Name
	f := &fact{Fact: d, needs: needsOf(d.Level)}
	add := func(x *expression) {
		n, facts := p.whole(x)
		f.needs.addAll(n)
		if len(facts) > 0 {
			l.Fail(rulesfile.At(d.At), "", "%s is asked for by what another fact answers; they are asked together", what)
		}
	}
	if d.MatchNode != nil {
		if f.match = l.expression(d.Level, "", what+": match", d.MatchNode, cel.BoolType); f.match != nil {
			add(f.match)
		}
	}
	for _, one := range d.Send {
		x := l.expression(d.Level, "", what+": "+one.Key, one.Value, nil)
		if x == nil {
			continue
		}
		if t := x.ast.OutputType(); !sendable(t) {
			l.Fail(rulesfile.At(one.Value), "", "%s: %s is %s, which cannot be sent; send a text, a number, true or false, an amount, a date, or a list of texts",
				what, one.Key, article(t))
			continue
		}
		add(x)
		f.send = append(f.send, sentValue{one.Key, x})
	}
	answered := l.lang.newShape("Fact " + d.Name)
	answered.called = "facts." + d.Name
	for name, kind := range d.Answer {
		answered.fields[name] = shapeField{typ: typeOf(kind), read: func(o *object) (ref.Val, bool) {
			answer := o.native.(map[string]json.RawMessage)
			if answer == nil {
				return types.WrapErr(value.Error{
					Reason: fmt.Sprintf("facts.%s was not asked for here; ask with has(facts.%s) whether it was", d.Name, d.Name), Kind: value.Unavailable,
				}), false
			}
			data, there := answer[name]
			if !there {
				return nil, false
			}
			v, ok := decodeKind(kind, data)
			if !ok {
				return types.WrapErr(value.Errorf("the answer facts.%s.%s is not %s, as the rules file says", d.Name, name, article(typeOf(kind)))), true
			}
			return v, something(v)
		}}
	}
	p.facts = append(p.facts, f)
	for _, level := range d.Level.Inner() {
		l.lang.facts[level].fields[d.Name] = shapeField{typ: answered.typ, read: func(o *object) (ref.Val, bool) {
			values, err := o.native.(*scope).answer(f)
			switch {
			case err == errNotAsked:
				return answered.of(map[string]json.RawMessage(nil)), false // there is no answer to a question that nobody asked
			case err != nil:
				return types.WrapErr(err), false
			}
			return answered.of(values), true
		}}
	}
}

func (p *Policy) factNamed(name string) *fact {
	for _, f := range p.facts {
		if f.Name == name {
			return f
		}
	}
	return &fact{} // its declaration has a mistake
}

// sendable reports whether a value of the type has a form in JSON.
func sendable(t *cel.Type) bool {
	return slices.ContainsFunc([]*cel.Type{
		cel.StringType, cel.BoolType, cel.IntType, value.DecimalType, value.MoneyType, value.DateType, cel.ListType(cel.StringType),
	}, t.IsExactType)
}

// FactNames returns the names of the facts that the rules read, for reports and for travel
// requests, in the order of the file.
func (p *Policy) FactNames() (ofReports, ofRequests []string) {
	for _, f := range p.facts {
		switch {
		case !p.readFacts[f.Name]:
		case f.Level.OfRequest():
			ofRequests = append(ofRequests, f.Name)
		default:
			ofReports = append(ofReports, f.Name)
		}
	}
	return ofReports, ofRequests
}

// FactURLs are the addresses of the fact services that the rules use, each once.
func (p *Policy) FactURLs() []string {
	var all []string
	for _, f := range p.facts {
		if p.readFacts[f.Name] && !slices.Contains(all, f.URL) {
			all = append(all, f.URL)
		}
	}
	return all
}

// Questions returns the questions to the fact services about an input, one for each fact. It
// leaves out an object whose question cannot be evaluated; a rule that reads the answer then
// fails. The error says that the questions cost too much or are too large.
func (p *Policy) Questions(c Input) ([]expense.Question, error) {
	e, done := p.begin(c)
	defer done()
	var all []expense.Question
	size := 0
	for _, f := range p.facts {
		if !p.readFacts[f.Name] || f.Level.OfRequest() != (c.Request != nil) {
			continue
		}
		e.spent = 0
		q := expense.Question{Fact: f.Name, URL: f.URL, ShadowOnly: !p.actingFacts[f.Name], Wants: slices.Sorted(maps.Keys(f.Answer))}
		for i, at := range e.scopesOf(f.Level) {
			if err := e.exhausted(i); err != nil {
				return nil, err
			}
			if values, err := f.about(at); err == nil {
				if size += weightOf(values); size > maxQuestions {
					return nil, errQuestionsSize
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

// about returns what is sent about an object. The error is errNotAsked when the match leaves
// the object out; any other error says why the question cannot be evaluated.
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

func (f *fact) unasked(at *scope, err error) value.Error {
	return value.Errorf("the fact %s could not be asked for: %s", f.Name, at.e.reason(err).Reason)
}

// answer returns the answer to a fact about the object of its level. The error is errNotAsked
// when there was no question; any other error says why the answer is missing.
func (s *scope) answer(f *fact) (map[string]json.RawMessage, error) {
	at := s.at(f.Level)
	answers, asked := s.e.facts[f.Name]
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
			why = value.Errorf("the fact %s was not answered", f.Name)
		}
		if at.unanswered == nil {
			at.unanswered = map[*fact]error{}
		}
		at.unanswered[f] = why
	}
	return nil, why
}
