package concurconnector_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheChecksFindEachBreach checks small projects that have one mistake each.
func TestTheChecksFindEachBreach(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{"expense": {}, "cmd/ingress": {"expense"}}
	sound := map[string]string{
		"expense/report.go":          "package expense\n",
		"expense/report_test.go":     "package expense_test\nimport _ \"concur-connector/cmd/ingress\"\n",
		"expense/testdata/broken.go": "package util ?",
		"tools/go.mod":               "module tools\n",
		"tools/util/util.go":         "package util\nfunc init() {}\n",
		"cmd/ingress/main.go":        "package main\nimport _ \"concur-connector/expense\"\n",
	}
	for name, c := range map[string]struct {
		files map[string]string // added to the sound project; an empty file is removed
		want  string
	}{
		"a sound project has no problems": {nil, ""},
		"an import that is not allowed": {
			map[string]string{"expense/money.go": "package expense\nimport _ \"concur-connector/cmd/ingress\"\n"},
			"expense imports cmd/ingress, which allowedImports does not allow"},
		"an allowed import that is gone": {
			map[string]string{"cmd/ingress/main.go": "package main\n"},
			"cmd/ingress no longer imports expense"},
		"a package without a row": {
			map[string]string{"facts/facts.go": "package facts\n"},
			"facts is not in allowedImports"},
		"a row without a package": {
			map[string]string{"expense/report.go": ""},
			"expense is in allowedImports and has no code"},
		"a package with a vague name": {
			map[string]string{"expense/helpers/helpers.go": "package helpers\n"},
			"expense/helpers is a vague name"},
		"a third-party package where it is not allowed": {
			map[string]string{"expense/run.go": "package expense\nimport \"go.temporal.io/sdk/client\"\n"},
			"expense/run.go imports go.temporal.io/sdk/client, which only"},
		"an unknown third-party package": {
			map[string]string{"expense/run.go": "package expense\nimport \"example.com/thing\"\n"},
			"expense/run.go imports example.com/thing, which no package may import"},
		"an environment variable read outside internal/config": {
			map[string]string{"expense/run.go": "package expense\nimport env \"os\"\nvar x = env.Getenv(\"X\")\n"},
			"expense/run.go uses os.Getenv, which only [internal/config] may use"},
		"a request sent outside the clients": {
			map[string]string{"expense/run.go": "package expense\nimport \"net/http\"\nvar x = http.DefaultClient\n"},
			"expense/run.go uses net/http.DefaultClient"},
		"an init function": {
			map[string]string{"expense/run.go": "package expense\nfunc init() {}\n"},
			"expense/run.go has an init function"},
		"a build tag": {
			map[string]string{"expense/run_test.go": "//go:build e2e\n\npackage expense_test\n"},
			"expense/run_test.go is built only under a condition"},
		"a file for one system": {
			map[string]string{"expense/run_windows.go": "package expense\n"},
			"expense/run_windows.go is built only under a condition"},
		"a rule engine in the ingress, imported indirectly": {
			map[string]string{"expense/rules.go": "package expense\nimport _ \"cel.dev/cel-go/cel\"\n"},
			"cmd/ingress links cel.dev/cel-go/cel"},
		"the client for Concur in the ingress": {
			map[string]string{"concur/do.go": "package concur\n", "expense/run.go": "package expense\nimport _ \"concur-connector/concur\"\n"},
			"cmd/ingress links concur:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := maps.Clone(sound)
			maps.Copy(files, c.files)
			project := writeProject(t, files)
			problems := slices.Concat(checkImports(project, allowed), checkImporters(project), checkCode(project), checkLinked(project, "cmd/ingress", forbiddenInIngress...))
			if c.want == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, strings.Join(problems, "\n"), c.want)
		})
	}
}

// writeProject writes a small project into a temporary folder and reads it.
func writeProject(t *testing.T, files map[string]string) tree {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		if text == "" {
			continue
		}
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	project, err := readTree(root)
	require.NoError(t, err)
	return project
}
