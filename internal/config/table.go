package config

import (
	"reflect"
	"slices"
	"strings"
)

// Variable describes one variable of the environment.
type Variable struct {
	Name        string
	Programs    []string // "ingress", "worker", or both; "concurctl" for its own
	Default     string   // "required" when there is none and one is needed
	Description string
	Secret      bool // better given as a file
}

// Table lists every variable, sorted by name. The documentation is compared with it.
func Table() []Variable {
	var table []Variable
	table = appendFields(table, "ingress", reflect.TypeFor[Ingress]())
	table = appendFields(table, "worker", reflect.TypeFor[Worker]())
	table = appendFields(table, "concurctl", reflect.TypeFor[Concurctl]())
	slices.SortFunc(table, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return table
}

func appendFields(table []Variable, program string, spec reflect.Type) []Variable {
	for i := range spec.NumField() {
		field := spec.Field(i)
		if field.Anonymous {
			table = appendFields(table, program, field.Type)
			continue
		}
		v := Variable{
			Name:        field.Tag.Get("envconfig"),
			Programs:    []string{program},
			Default:     field.Tag.Get("default"),
			Description: field.Tag.Get("desc"),
			Secret:      field.Type == reflect.TypeFor[Secret](),
		}
		if field.Tag.Get("required") == "true" {
			v.Default = "required"
		}
		at := slices.IndexFunc(table, func(known Variable) bool { return known.Name == v.Name })
		if at < 0 {
			table = append(table, v)
			continue
		}
		// Both programs have it, perhaps each with its own default.
		table[at].Programs = append(table[at].Programs, program)
		if table[at].Default != v.Default {
			table[at].Default += " (" + table[at].Programs[0] + "), " + v.Default + " (" + program + ")"
		}
	}
	return table
}
