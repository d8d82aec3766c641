package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/clitest"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var concurctl clitest.Program = commands

func TestMain(m *testing.M) { concurctl.Main(m) }

// visibleCommands lists the commands below root that a person sees, by path.
func visibleCommands(root *cobra.Command) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		all[cmd.CommandPath()] = cmd
		for _, inner := range cmd.Commands() {
			walk(inner)
		}
	}
	walk(root)
	return all
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	for path, cmd := range visibleCommands(cli.Root(commands()...)) {
		require.NotEmpty(t, cmd.Short, path)
		require.False(t, strings.HasSuffix(cmd.Short, "."), path)
		require.Greater(t, len(cmd.Long), len(cmd.Short), path)
		require.Contains(t, cmd.Example, path, "the example of %s shows it", path)
	}
}

func TestHelpIsPrintedOnTheStandardOutput(t *testing.T) {
	t.Parallel()
	for path := range visibleCommands(cli.Root(commands()...)) {
		help := concurctl.Run(t, "", append(strings.Fields(path)[1:], "-h")...)
		require.Zero(t, help.Code, path)
		require.Contains(t, help.Out, "Examples:\n", path)
		require.Empty(t, help.Errs, path)
	}
}

func TestTheDocumentListsTheCommandsOfTheCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/concurctl.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n| Command |")
	require.True(t, found)
	var listed []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if strings.HasPrefix(line, "| `concurctl ") {
			listed = append(listed, strings.Trim(cells[1], " `")+": "+strings.TrimSpace(cells[2]))
		}
	}
	var want []string
	for path, cmd := range visibleCommands(cli.Root(commands()...)) {
		if !cmd.HasSubCommands() {
			want = append(want, path+strings.TrimPrefix(cmd.Use, cmd.Name())+": "+cmd.Short)
		}
	}
	slices.Sort(want)
	require.Equal(t, want, listed)
}

func TestALineThatCannotBeUnderstoodIsOneSentence(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"fly":                              `unknown command "fly" for "concurctl"`,
		"parked fly":                       `concurctl parked has no command "fly"`,
		"parked list -o yaml":              `-o "yaml" is neither text nor json`,
		"parked list --fly":                "unknown flag: --fly",
		"parked list one":                  "concurctl parked list wants no arguments",
		"parked list --kind Weather":       `--kind "Weather" is no kind of error; the kinds are Unavailable, `,
		"parked retry":                     "give the notification IDs to retry, or --all",
		"parked retry one --all":           "and not both",
		"parked retry one --kind Rejected": "--kind chooses among all parked runs",
		"parked retry one --rate fast":     `--rate "fast" is not N/s`,
		"parked retry one --rate 0/s":      `--rate "0/s" is not N/s`,
		"parked retry one --rate 5/d":      `--rate "5/d" is not N/s`,
		"parked retry EXPRPT:größe":        `"EXPRPT:größe" is no notification ID such as EXPRPT:KEY`,
		"decode":                           "concurctl decode wants the FILE to read, or -",
		"decode /nowhere/x":                "read the payload: open /nowhere/x",
		"failed-notifications delete":      "give the URIs of the entries",
		"doctor --report nowhere":          "--report cannot be used: ObjectURI ",
		"failed list":                      `"failed" is now "failed-notifications"`,
		"shown start --all":                `"shown" is now "dry-run"`,
		"doctor --only worker":             "--only is now --program",
		"parked cancel --confirm":          "--confirm is now --yes",
		"steps add --event X":              "--event is now --event-type",
		"doctor --program sweep":           `--program "sweep" is neither ingress nor worker`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Run(t, "", strings.Fields(line)...)
			require.Equal(t, 1, ended.Code)
			require.Empty(t, ended.Out)
			require.Contains(t, ended.Errs, says)
			require.True(t, strings.HasPrefix(ended.Errs, "concurctl: "))
			require.Equal(t, 1, strings.Count(ended.Errs, "\n"), ended.Errs)
		})
	}
}

func TestWithoutTemporalItSaysWhereItLooked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"parked list", "parked retry EXPRPT:one", "failed-notifications sweep", "bootstrap"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Start(t, clitest.Settings{"TEMPORAL_ADDRESS": "127.0.0.1:2", "TEMPORAL_NAMESPACE": "finance", "CONCUR_TASK_QUEUE": "own"}, "", strings.Fields(line)...)
			require.Equal(t, 1, ended.Code)
			require.True(t, strings.HasPrefix(ended.Errs, "concurctl: using Temporal at 127.0.0.1:2, namespace finance, task queue own\n"), ended.Errs)
			require.Contains(t, ended.Errs, "concurctl: reach Temporal at 127.0.0.1:2: ")
			require.Empty(t, ended.Out)
		})
	}
}

func TestAWrongTaskQueueIsSaidBeforeTemporalIsReached(t *testing.T) {
	t.Parallel()
	ended := concurctl.Start(t, clitest.Settings{"CONCUR_TASK_QUEUE": "a\tb"}, "", "parked", "list")
	require.Equal(t, 1, ended.Code)
	require.Equal(t, "concurctl: the configuration cannot be used: CONCUR_TASK_QUEUE must be a text without control characters\n", ended.Errs)
}

func TestAVariableThatNoProgramReadsIsWarnedOf(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"parked list", "decode /nowhere/x", "failed-notifications list"} {
		ended := concurctl.Start(t, clitest.Settings{"TEMPORAL_ADRESS": "temporal.example.com:7233", "CONCUR_TASK_QEUE": "x"}, "", strings.Fields(line)...)
		require.Equal(t, 1, ended.Code)
		require.Contains(t, ended.Errs, "concurctl: warning: the variable TEMPORAL_ADRESS is unknown and ignored; did you mean TEMPORAL_ADDRESS?\n")
		require.Contains(t, ended.Errs, "concurctl: warning: the variable CONCUR_TASK_QEUE is unknown and ignored; did you mean CONCUR_TASK_QUEUE?\n")
		require.NotContains(t, ended.Errs, "temporal.example.com")
	}
	ended := concurctl.Start(t, clitest.Settings{"TEMPORAL_TLS": "maybe"}, "", "parked", "list")
	require.Equal(t, "concurctl: the configuration cannot be used: TEMPORAL_TLS must be true or false\n", ended.Errs)
}
