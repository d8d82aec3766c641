package policy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

const shipped = "../dev/rules.yaml"

func TestLoad(t *testing.T) {
	t.Parallel()
	t.Run("the example file is in order", func(t *testing.T) {
		t.Parallel()
		p, err := policy.Load(shipped)
		require.NoError(t, err)
		var names []string
		for _, r := range p.Rules() {
			names = append(names, r.Name+" "+string(r.Level))
		}
		require.Equal(t, []string{
			"receipt-above-75 entry", "alcohol entry", "large-report report", "meal-limit entry",
			"trip-purpose request", "costly-trip request", "unknown-code entry",
		}, names)
		require.Equal(t, []string{"finance"}, p.AskedGroups())
		require.Equal(t, []string{"NORECPT", "NOSUCH", "OVERLIM"}, p.Codes())
		require.True(t, p.HasRequestRules())
		require.Equal(t, expense.Parts{}, p.Parts())
	})
	t.Run("a missing file is named", func(t *testing.T) {
		t.Parallel()
		_, err := policy.Load("nowhere.yaml")
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "read rules: open nowhere.yaml")
	})
	t.Run("a folder is no file", func(t *testing.T) {
		t.Parallel()
		_, err := policy.Load(t.TempDir())
		require.ErrorContains(t, err, "read rules: ")
	})
	t.Run("a file above 1 MiB is refused", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "rules.yaml")
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("#\n"), 1<<20), 0o600))
		_, err := policy.Load(path)
		require.EqualError(t, err, path+": the file is larger than 1 MiB")
	})
	t.Run("a file without rules passes everything on", func(t *testing.T) {
		t.Parallel()
		p := rules(t)
		require.Empty(t, p.Rules())
		require.Empty(t, p.AskedGroups())
		require.Equal(t, expense.Verdict{Action: expense.Approve, RulesHash: p.Hash()}, p.VerdictOn(lunch(t)))
	})
}

func TestTheHashCoversTheBytesOfTheFile(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("a", []byte("apiVersion: concur-connector/v1\nrules: []\n"))
	require.NoError(t, err)
	require.Equal(t, "0ac4998e9f10a9f0", p.Hash(), "as sha256sum prints it")
	commented, err := policy.Parse("a", []byte("apiVersion: concur-connector/v1\nrules: [] # none\n"))
	require.NoError(t, err)
	require.NotEqual(t, p.Hash(), commented.Hash())
	renamed, err := policy.Parse("b", []byte("apiVersion: concur-connector/v1\nrules: []\n"))
	require.NoError(t, err)
	require.Equal(t, p.Hash(), renamed.Hash())
}

func TestGroupsAreSortedAndNamedOnce(t *testing.T) {
	t.Parallel()
	p := rules(t,
		[5]string{"a", "report", "true", "m", "ask: travel"},
		[5]string{"b", "report", "true", "m", "ask: finance"},
		[5]string{"c", "report", "true", "m", "ask: travel"},
		[5]string{"d", "report", "true", "m", "sendBack: true"},
	)
	require.Equal(t, []string{"finance", "travel"}, p.AskedGroups())
}

func TestFilesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"JSON":               `{"apiVersion": "concur-connector/v1", "rules": [{"name": "one", "level": "report", "expression": "true", "message": "m", "then": {"ask": "g"}}]}`,
		"a byte order mark":  "\ufeff" + with(),
		"Windows line ends":  "apiVersion: concur-connector/v1\r\nrules: []\r\n",
		"a document marker":  "---\n" + with(),
		"an end marker":      with() + "...\n",
		"true as YAML's own": with("expression: true"),
		"a number as a code": with("then: {exception: {code: 0123}}"),
		"a no as a code":     with("then: {exception: {code: NO}}"),
		"false and another":  with("then: {sendBack: false, ask: finance}"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("f", []byte(file))
			require.NoError(t, err)
		})
	}
}

func TestTheExampleFile(t *testing.T) {
	t.Parallel()
	p, err := policy.Load(shipped)
	require.NoError(t, err)
	entry := func(typ, posted string, receipt bool) expense.Entry {
		return expense.Entry{ID: "E1", Type: typ, Posted: usd(t, posted), HasReceipt: &receipt}
	}
	on := func(code, rule string) []expense.Exception {
		return []expense.Exception{{ObjectType: expense.OnEntry, ObjectID: "E1", Code: code, Rule: rule}}
	}
	asks := func(rule string) []expense.RequiredApproval {
		return []expense.RequiredApproval{{Group: "finance", Count: 1, Rules: []string{rule}}}
	}
	for name, c := range map[string]struct {
		total string
		entry expense.Entry
		want  expense.Verdict
	}{
		"a small expense passes":                 {"75", entry("TAXI", "75.00", false), expense.Verdict{Action: expense.Approve}},
		"a receipt makes it pass":                {"150", entry("TAXI", "150.00", true), expense.Verdict{Action: expense.Approve}},
		"a missing receipt is an exception":      {"75.01", entry("TAXI", "75.01", false), expense.Verdict{Action: expense.Approve, Exceptions: on("NORECPT", "receipt-above-75")}},
		"alcohol is sent back":                   {"10", entry("ALCOH", "10", true), expense.Verdict{Action: expense.SendBack, Comment: "Alcohol is not reimbursed."}},
		"a report at the limit passes":           {"5000", entry("HOTEL", "5000", true), expense.Verdict{Action: expense.Approve}},
		"a large report asks finance":            {"5000.01", entry("HOTEL", "5000.01", true), expense.Verdict{Action: expense.Ask, Approvals: asks("large-report"), Comment: "5000.01 USD is a large report. Finance has a look."}},
		"a meal at the limit passes":             {"200", entry("MEALS", "200", true), expense.Verdict{Action: expense.Approve}},
		"a dear meal is flagged and asked":       {"200.01", entry("MEALS", "200.01", true), expense.Verdict{Action: expense.Ask, Approvals: asks("meal-limit"), Exceptions: on("OVERLIM", "meal-limit"), Comment: "A meal costs more than 200.00."}},
		"an unknown code is a code all the same": {"10", entry("BADCODE", "10", true), expense.Verdict{Action: expense.Approve, Exceptions: on("NOSUCH", "unknown-code")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := p.VerdictOn(&expense.Report{Currency: "USD", Total: usd(t, c.total), Entries: []expense.Entry{c.entry}})
			for _, f := range got.Findings {
				require.False(t, f.Error, f.Message)
			}
			got.Findings, c.want.RulesHash = nil, p.Hash()
			require.Equal(t, c.want, got)
		})
	}
}

// What the types, the limits and the verdict cost above CEL itself.
func BenchmarkEvaluate(b *testing.B) {
	report := lunch(b)
	for range 99 {
		report.Entries = append(report.Entries, report.Entries[0])
	}
	b.Run("policy", func(b *testing.B) {
		p := rules(b, [5]string{"one", "entry", `entry.hasReceipt || entry.attendeeCount < 75`, "m", "sendBack: true"})
		for b.Loop() {
			require.Equal(b, expense.Approve, p.VerdictOn(report).Action)
		}
	})
	b.Run("cel", func(b *testing.B) {
		env, err := cel.NewEnv(cel.Variable("entry", cel.MapType(cel.StringType, cel.DynType)))
		require.NoError(b, err)
		checked, issues := env.Compile(`entry.hasReceipt || entry.attendeeCount < 75`)
		require.NoError(b, issues.Err())
		program, err := env.Program(checked)
		require.NoError(b, err)
		vars := map[string]any{"entry": map[string]any{"hasReceipt": false, "attendeeCount": 2}}
		for b.Loop() {
			for range report.Entries {
				out, _, err := program.Eval(vars)
				require.NoError(b, err)
				require.Equal(b, true, out.Value())
			}
		}
	})
}
