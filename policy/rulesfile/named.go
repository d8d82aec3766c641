package rulesfile

import "go.yaml.in/yaml/v4"

// declares records the names in a section of the file, also those of declarations with mistakes.
func (s *Source) declares(section string, n *yaml.Node) {
	if n == nil {
		return
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		s.Declared[section+"."+n.Content[i].Value] = true
	}
	for i := 0; n.Kind == yaml.SequenceNode && i < len(n.Content); i++ {
		if name := nameOf(n.Content[i]); name != "" {
			s.Declared[section+"."+name] = true
		}
	}
}
