package rulesfile

import "go.yaml.in/yaml/v4"

const maxVariables = 200

// Variable declares a value that is computed once for each object of its level.
type Variable struct {
	Name           string
	At             Place
	Level          Level
	ExpressionNode *yaml.Node
}

func (s *Source) variables(n *yaml.Node) []Variable {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxVariables {
		s.Fail(At(n), "", "variables must be a list of at most %d, each with name, level and expression", maxVariables)
		return nil
	}
	var all []Variable
	lines := map[string]int{}
	for _, one := range n.Content {
		d, ok := s.variable(one)
		if !ok {
			continue
		}
		if before := lines[d.Name]; before > 0 {
			s.Fail(d.At, "", "the variable %s is declared twice, first in line %d", d.Name, before)
			continue
		}
		lines[d.Name] = d.At.Line
		all = append(all, d)
	}
	return all
}

func (s *Source) variable(n *yaml.Node) (d Variable, ok bool) {
	d.At = At(n)
	keys, ok := s.mapping(n, "", "a variable", "name", "level", "expression")
	if !ok {
		return d, false
	}
	if v := keys["name"]; v == nil {
		s.Fail(d.At, "", "a variable has no name")
		return d, false
	} else if d.Name, ok = s.text(v, "", "name"); !ok {
		return d, false
	} else if d.At = At(v); !Identifier.MatchString(d.Name) {
		s.Fail(d.At, "", "%q cannot be the name of a variable: %s", Clip(d.Name, 40), IdentifierForm)
		return d, false
	}
	d.Level = s.levelOf(keys["level"], d.At, "", "the variable "+d.Name)
	if d.ExpressionNode = keys["expression"]; d.ExpressionNode == nil {
		s.Fail(d.At, "", "the variable %s has no expression", d.Name)
	} else if _, ok := s.text(d.ExpressionNode, "", "expression"); !ok {
		d.ExpressionNode = nil
	}
	return d, true
}
