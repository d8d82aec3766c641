package rulesfile

import "go.yaml.in/yaml/v4"

const (
	maxLists   = 50
	maxColumns = 50
)

// List declares a CSV file beside the rules file.
type List struct {
	Name    string
	At      *yaml.Node
	File    string
	FileAt  *yaml.Node
	Key     []string
	KeyAt   *yaml.Node
	Columns map[string]Column
}

// Column declares the kind of a column of a list.
type Column struct {
	Kind Kind
	At   *yaml.Node
}

func (s *Source) lists(n *yaml.Node) []List {
	var all []List
	for _, p := range s.named(n, "lists", Identifier, IdentifierForm, maxLists) {
		d := List{Name: p.Key, At: p.Name, Columns: map[string]Column{}}
		keys, ok := s.mapping(p.Value, "", "the list "+p.Key, "file", "key", "columns")
		if !ok {
			continue
		}
		if d.FileAt = keys["file"]; d.FileAt == nil {
			s.Fail(At(p.Value), "", "the list %s has no file", p.Key)
			continue
		}
		if d.File, ok = s.text(d.FileAt, "", "file"); !ok {
			continue
		}
		if d.KeyAt = keys["key"]; d.KeyAt != nil {
			d.Key, _ = s.texts(d.KeyAt, "", "a column of the key")
		}
		for _, column := range s.named(keys["columns"], "columns", Identifier, IdentifierForm, maxColumns) {
			if kind, ok := s.kind(column.Value, false); ok {
				d.Columns[column.Key] = Column{kind, column.Value}
			}
		}
		all = append(all, d)
	}
	return all
}
