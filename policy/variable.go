package policy

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"go.yaml.in/yaml/v4"
)

// Variable is a value that several rules use, computed once for each object of its level.
type Variable struct {
	Name       string `json:"name"`
	Level      Level  `json:"level"`
	Expression string `json:"expression"`
}

const maxVariables = 200

type variableDeclaration struct {
	name       string
	at         place
	level      Level
	expression *yaml.Node
}

// variable is a declared value, ready. What it needs includes what those need that it names.
type variable struct {
	Variable
	at    place
	value *expression
	needs needs
	facts map[string]bool
	sized bool // as a list it is no longer than a report has objects
	plain bool // as a text it is no longer than the longest that there is before
}

func (s *source) variables(n *yaml.Node) []variableDeclaration {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxVariables {
		s.fail(at(n), "", "variables must be a list of at most %d, each with name, level and expression", maxVariables)
		return nil
	}
	var all []variableDeclaration
	lines := map[string]int{}
	for _, one := range n.Content {
		d, ok := s.variable(one)
		if !ok {
			continue
		}
		if before := lines[d.name]; before > 0 {
			s.fail(d.at, "", "the variable %s is declared twice, first in line %d", d.name, before)
			continue
		}
		lines[d.name] = d.at.line
		all = append(all, d)
	}
	return all
}

func (s *source) variable(n *yaml.Node) (d variableDeclaration, ok bool) {
	d.at = at(n)
	keys, ok := s.mapping(n, "", "a variable", "name", "level", "expression")
	if !ok {
		return d, false
	}
	if v := keys["name"]; v == nil {
		s.fail(d.at, "", "a variable has no name")
		return d, false
	} else if d.name, ok = s.text(v, "", "name"); !ok {
		return d, false
	} else if d.at = at(v); !identifier.MatchString(d.name) {
		s.fail(d.at, "", "%q cannot be the name of a variable: %s", clip(d.name, 40), identifierForm)
		return d, false
	}
	d.level = s.levelOf(keys["level"], d.at, "", "the variable "+d.name)
	if d.expression = keys["expression"]; d.expression == nil {
		s.fail(d.at, "", "the variable %s has no expression", d.name)
	} else if _, ok := s.text(d.expression, "", "expression"); !ok {
		d.expression = nil
	}
	return d, true
}

// declareVariable adds a variable to what expressions of its level and of the inner ones
// may name. One that cannot be used is added, too, when its type is known.
func (p *Policy) declareVariable(s *source, lang *language, d variableDeclaration) {
	if d.level == "" || d.expression == nil {
		return
	}
	value := s.expression(p, lang, d.level, "", "the variable "+d.name, d.expression, nil)
	if value == nil {
		return
	}
	v := &variable{Variable: Variable{d.name, d.level, d.expression.Value}, at: d.at, value: value}
	v.needs, v.facts = p.whole(value)
	m := measure(p, value.ast.NativeRep())
	v.sized = !m.bound.open && m.isSized(m.ast.Expr())
	v.plain = m.isPlainVariable()
	p.variables[d.name] = v
	p.variableOrder = append(p.variableOrder, d.name)
	for _, level := range d.level.inner() {
		lang.variables[level].fields[d.name] = member{typ: value.ast.OutputType(), read: func(o *object) (ref.Val, bool) {
			return o.native.(*scope).variable(v)
		}}
	}
}

// something reports whether there is something in a value, as has() asks. False and zero are
// something.
func something(v ref.Val) bool {
	switch v := v.(type) {
	case nil:
		return false
	case types.String:
		return v != ""
	case traits.Sizer:
		return v.Size() != types.IntZero
	}
	return !types.IsError(v)
}
