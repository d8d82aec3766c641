package policy

import (
	"maps"
	"regexp"
	"slices"

	"cel.dev/cel-go/cel"
)

var (
	unknownField = regexp.MustCompile(`^undefined field '([^']+)'`)
	operand      = regexp.MustCompile(`(\.\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*$`)
)

// meant ends a sentence about a field that is not known with the one that is probably
// meant. Of other names CEL says it itself.
func (l *language) meant(level Level, source string, found *cel.Error) string {
	if m := unknownField.FindStringSubmatch(found.Message); m != nil {
		before := []rune(source)[:offsetOf(source, found.Location.Line(), found.Location.Column())]
		return suggestion(m[1], l.fieldsAfter(level, string(before)))
	}
	return ""
}

// fieldsAfter are the fields of what stands before the dot. Where that is no name of the
// level itself they are all fields that there are.
func (l *language) fieldsAfter(level Level, before string) []string {
	if m := operand.FindStringSubmatch(before); m != nil && m[1] == "" {
		if s := l.named(level, m[2]); s != nil {
			return slices.Sorted(maps.Keys(s.fields))
		}
	}
	all := map[string]bool{}
	for _, s := range l.known.shapes {
		if !s.ours {
			for field := range s.fields {
				all[field] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// named is the shape of what a rule of the level names so.
func (l *language) named(level Level, name string) *shape {
	switch name {
	case "variables":
		return l.variables[level]
	case "facts":
		return l.facts[level]
	case "lists":
		return l.lists
	}
	for known := level; known != ""; known = outer[known] {
		if string(known) == name {
			return shapeOf[known]
		}
	}
	return nil
}
