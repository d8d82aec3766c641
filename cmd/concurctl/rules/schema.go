package rules

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
)

//go:embed schema.json
var rulesSchema []byte

//go:embed cases_schema.json
var casesSchema []byte

func rulesSchemaCommand() *cobra.Command {
	var cases bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the rules file, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of the rules file or, with --tests, of the cases
beside it. An editor that supports YAML completes and checks the file with it. Save the schema,
and begin the rules file with

  # yaml-language-server: $schema=rules.schema.json

The schema covers the keys and their forms. concurctl rules check checks the expressions.`,
		Example: `  concurctl rules schema > rules.schema.json
  concurctl rules schema --tests > cases.schema.json`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cases {
				_, err := cmd.OutOrStdout().Write(rulesSchema)
				return err
			}
			schema, err := schemaOfCases()
			if err != nil {
				return err
			}
			return cli.WriteJSON(cmd.OutOrStdout(), schema)
		},
	}
	cmd.Flags().BoolVar(&cases, "tests", false, "of the cases that rules test plays")
	return cmd
}

// schemaOfCases adds what a report and a travel request hold, as the code has it.
func schemaOfCases() (map[string]any, error) {
	var schema map[string]any
	if err := json.Unmarshal(casesSchema, &schema); err != nil {
		return nil, fmt.Errorf("the schema of the cases: %w", err)
	}
	defs, ok := schema["$defs"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the schema of the cases has no $defs")
	}
	define(defs, reflect.TypeFor[expense.Report]())
	define(defs, reflect.TypeFor[expense.TravelRequest]())
	return schema, nil
}

// define describes a struct, and those in it, by their names in JSON.
func define(defs map[string]any, t reflect.Type) {
	if _, known := defs[t.Name()]; known {
		return
	}
	properties := map[string]any{}
	defs[t.Name()] = map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		properties[name] = described(defs, t.Field(i).Type)
	}
}

func described(defs map[string]any, t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		one := described(defs, t.Elem())
		if kind, plain := one["type"]; plain {
			one["type"] = []any{kind, "null"} // null: Concur did not tell it
		}
		return one
	case reflect.Struct:
		define(defs, t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": described(defs, t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": described(defs, t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	}
	return map[string]any{"$ref": "#/$defs/text"}
}
