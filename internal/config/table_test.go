package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

func TestTheDocumentHoldsEveryVariable(t *testing.T) {
	document, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	var want, have []string
	for _, v := range config.Table() {
		require.NotEmpty(t, v.Description, v.Name)
		want = append(want, row(v))
	}
	for line := range strings.Lines(string(document)) {
		if strings.HasPrefix(line, "| `CONCUR_") {
			have = append(have, strings.TrimSpace(line))
		}
	}
	require.Equal(t, want, have)
}

func row(v config.Variable) string {
	value := v.Default
	if value != "" && value != "required" {
		value = "`" + strings.ReplaceAll(strings.ReplaceAll(value, " (", "` ("), "), ", "), `")
		if !strings.HasSuffix(value, ")") {
			value += "`"
		}
	}
	description := v.Description
	if v.Secret {
		description += " (secret)"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |", v.Name, strings.Join(v.Programs, ", "), value, description)
}
