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

// TestTheMapIsEnforced builds small houses with one thing wrong each.
func TestTheMapIsEnforced(t *testing.T) {
	t.Parallel()
	plan := map[string][]string{"expense": {}, "cmd/ingress": {"expense"}}
	sound := map[string]string{
		"expense/report.go":          "package expense\n",
		"expense/report_test.go":     "package expense_test\nimport _ \"concur-connector/cmd/ingress\"\n",
		"expense/testdata/broken.go": "package util ?",
		"tools/go.mod":               "module tools\n",
		"tools/util/util.go":         "package util\nfunc init() {}\n",
		"cmd/ingress/main.go":        "package main\nimport _ \"concur-connector/expense\"\n",
	}
	for name, c := range map[string]struct {
		files map[string]string // put into the sound house; an empty one is taken out
		says  string
	}{
		"a sound house has nothing to say": {nil, ""},
		"an arrow that is not on the map": {
			map[string]string{"expense/money.go": "package expense\nimport _ \"concur-connector/cmd/ingress\"\n"},
			"expense imports cmd/ingress, an arrow that is not on the map"},
		"an arrow that is gone": {
			map[string]string{"cmd/ingress/main.go": "package main\n"},
			"cmd/ingress no longer imports expense"},
		"a package without a row": {
			map[string]string{"facts/facts.go": "package facts\n"},
			"facts is not on the map"},
		"a row without a package": {
			map[string]string{"expense/report.go": ""},
			"expense is on the map and has no code"},
		"a room with a name that says nothing": {
			map[string]string{"expense/helpers/helpers.go": "package helpers\n"},
			"expense/helpers is no name for a room"},
		"a guest out of its rooms": {
			map[string]string{"expense/run.go": "package expense\nimport \"go.temporal.io/sdk/client\"\n"},
			"expense/run.go imports go.temporal.io/sdk/client, which is at home in"},
		"a guest nobody knows": {
			map[string]string{"expense/run.go": "package expense\nimport \"example.com/thing\"\n"},
			"expense/run.go imports example.com/thing, which no room has yet"},
		"a variable read on the side": {
			map[string]string{"expense/run.go": "package expense\nimport env \"os\"\nvar x = env.Getenv(\"X\")\n"},
			"expense/run.go uses os.Getenv, which only [internal/config] may"},
		"a request sent on the side": {
			map[string]string{"expense/run.go": "package expense\nimport \"net/http\"\nvar x = http.DefaultClient\n"},
			"expense/run.go uses net/http.DefaultClient"},
		"an init": {
			map[string]string{"expense/run.go": "package expense\nfunc init() {}\n"},
			"expense/run.go has an init"},
		"a build tag": {
			map[string]string{"expense/run_test.go": "//go:build e2e\n\npackage expense_test\n"},
			"expense/run_test.go is built only under a condition"},
		"a file for one system": {
			map[string]string{"expense/run_windows.go": "package expense\n"},
			"expense/run_windows.go is built only under a condition"},
		"a rule engine in the ingress, by a detour": {
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
			house := aHouse(t, files)
			problems := slices.Concat(checkMap(house, plan), checkGuests(house), checkHabits(house), checkLinks(house, "cmd/ingress", neverInIngress...))
			if c.says == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, strings.Join(problems, "\n"), c.says)
		})
	}
}

// aHouse puts a small house into a temporary folder and reads it.
func aHouse(t *testing.T, files map[string]string) tree {
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
	house, err := readTree(root)
	require.NoError(t, err)
	return house
}
