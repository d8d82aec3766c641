package config

import (
	"reflect"
	"slices"
	"strings"
)

// Variable describes one environment variable.
type Variable struct {
	Name        string
	Programs    []string // the programs that read it: "ingress", "worker", "concurctl"
	Default     string   // "required" if the variable must be set
	Description string
	Secret      bool // should be given as a file
}

// Table lists every variable, sorted by name. A test compares the documentation with it.
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
		// Several programs read the variable, perhaps with different defaults.
		table[at].Programs = append(table[at].Programs, program)
		if table[at].Default != v.Default {
			table[at].Default += " (" + table[at].Programs[0] + "), " + v.Default + " (" + program + ")"
		}
	}
	return table
}
