package policy

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v4"
)

// declares notes the names that a section of the file gives, whatever else is wrong there.
func (s *source) declares(section string, n *yaml.Node) {
	if n == nil {
		return
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		s.declared[section+"."+n.Content[i].Value] = true
	}
	for i := 0; n.Kind == yaml.SequenceNode && i < len(n.Content); i++ {
		if name := nameOf(n.Content[i]); name != "" {
			s.declared[section+"."+name] = true
		}
	}
}

var thereIsNo = regexp.MustCompile(`^there is no (variable|fact|list) "([^"]*)"`)

// unready is about a name that is declared and that expressions may not use: of one that
// has a mistake of its own nothing is said.
func (s *source) unready(text string) (instead string, quiet bool) {
	m := thereIsNo.FindStringSubmatch(text)
	if m == nil || !s.declared[m[1]+"s."+m[2]] {
		return text, false
	}
	if s.waiting[m[1]+"s."+m[2]] {
		return fmt.Sprintf("there is no %s %q here yet: what names it stands below it", m[1], m[2]), false
	}
	return "", true
}
