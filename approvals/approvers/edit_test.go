package approvers_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
)

var today = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func load(t *testing.T, path string) *approvers.Approvers {
	t.Helper()
	a, err := approvers.Load(path)
	require.NoError(t, err)
	return a
}

func TestAnApproverIsAddedAndRevoked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	_, first := approvers.NewToken()
	_, second := approvers.NewToken()
	no := false
	isNew, err := approvers.Add(path, approvers.Addition{Name: "Anna: the boss", Logins: []string{"anna@x", "4711"}, Groups: []string{"finance"}, Token: &first, Today: today})
	require.NoError(t, err)
	require.True(t, isNew)
	isNew, err = approvers.Add(path, approvers.Addition{Name: "Anna: the boss", Logins: []string{"4711", "true"}, Groups: []string{"no"}, Subject: "0815", Token: &second, Today: today, SubmitsReports: &no})
	require.NoError(t, err)
	require.False(t, isNew)
	isNew, err = approvers.Add(path, approvers.Addition{Name: "Bob"})
	require.NoError(t, err)
	require.True(t, isNew)
	require.Equal(t, []approvers.Person{
		{Name: "Anna: the boss", Logins: []string{"anna@x", "4711", "true"}, Groups: []string{"finance", "no"}, Subject: "0815",
			Tokens: []approvers.Token{{SHA256: first, Added: today}, {SHA256: second, Added: today}}},
		{Name: "Bob", SubmitsReports: true},
	}, load(t, path).People)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, approvers.RevokeToken(path, "Anna: the boss", first.String()[:8]))
	require.Equal(t, []approvers.Token{{SHA256: second, Added: today}}, load(t, path).Named("Anna: the boss").Tokens)
	require.NoError(t, approvers.Delegate(path, "Anna: the boss", "Bob", "2026-12-01", "2026-12-24"))
	require.NoError(t, approvers.Delegate(path, "Bob", "Anna: the boss", "", "2026-12-24T18:00:00Z"))
	require.Len(t, load(t, path).Delegations, 2)
	require.NoError(t, approvers.EndDelegation(path, "Anna: the boss", "Bob"))
	require.Len(t, load(t, path).Delegations, 1)
	require.NoError(t, approvers.Revoke(path, "Anna: the boss"))
	require.Empty(t, load(t, path).Delegations, "the person's delegations, too")
	require.NoError(t, approvers.Revoke(path, "Bob"))
	require.Empty(t, load(t, path).People, "the last one, too")
}

func TestWhatPeopleWroteIntoTheFileStays(t *testing.T) {
	t.Parallel()
	path := write(t, `# who may decide

timezone: Europe/Berlin # ours
approvers:
  # the boss
  - name: Anna # since 2020
    logins: [anna@x, "4711"]
    tokens:
      - {sha256: `+digest("a")+`, added: 2026-01-31} # laptop
  # the other
  - {name: Bob, groups: [finance]}
# the end
`)
	require.NoError(t, os.Chmod(path, 0o640))
	_, d := approvers.NewToken()
	_, err := approvers.Add(path, approvers.Addition{Name: "Bob", Logins: []string{"bob@x"}, Token: &d, Today: today})
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `# who may decide

timezone: Europe/Berlin # ours
approvers:
  # the boss
  - name: Anna # since 2020
    logins: [anna@x, "4711"]
    tokens:
      - {sha256: `+digest("a")+`, added: 2026-01-31} # laptop
  # the other
  - {name: Bob, groups: [finance], logins: [bob@x], tokens: [{sha256: `+d.String()+`, added: 2026-11-30}]}
# the end
`, string(text))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	left, err := filepath.Glob(path + "*.new")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAChangeThatCannotBeMadeChangesNothing(t *testing.T) {
	t.Parallel()
	const before = "approvers:\n  - {name: Anna, logins: [anna@x]}\n  - {name: Bob}\n"
	for name, c := range map[string]struct {
		change func(path string) error
		says   string
	}{
		"a login of another": {func(path string) error {
			_, err := approvers.Add(path, approvers.Addition{Name: "Bob", Logins: []string{"ANNA@x"}})
			return err
		}, "this login is already in line"},
		"a name in another case": {func(path string) error { _, err := approvers.Add(path, approvers.Addition{Name: "anna"}); return err }, "is already in line"},
		"a name that is none":    {func(path string) error { _, err := approvers.Add(path, approvers.Addition{Name: " x"}); return err }, "must not begin or end with a space"},
		"a stranger is revoked":  {func(path string) error { return approvers.Revoke(path, "Kim") }, `no approver called "Kim"`},
		"a token that is none":   {func(path string) error { return approvers.RevokeToken(path, "Anna", "ab") }, "0 tokens"},
		"a token of a stranger":  {func(path string) error { return approvers.RevokeToken(path, "Kim", "ab") }, `no approver called "Kim"`},
		"to oneself":             {func(path string) error { return approvers.Delegate(path, "Anna", "Anna", "", "2026-12-24") }, "must be to somebody else"},
		"to a stranger":          {func(path string) error { return approvers.Delegate(path, "Anna", "Kim", "", "2026-12-24") }, `no approver called "Kim"`},
		"back in time":           {func(path string) error { return approvers.Delegate(path, "Anna", "Bob", "2026-12-24", "2026-12-23") }, "ends before it begins"},
		"no delegation to end":   {func(path string) error { return approvers.EndDelegation(path, "Anna", "Bob") }, "there is no delegation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, before)
			require.ErrorContains(t, c.change(path), c.says)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, string(text))
		})
	}
	path := write(t, "approvers: [")
	_, err := approvers.Add(path, approvers.Addition{Name: "Anna"})
	require.ErrorContains(t, err, "has mistakes, correct them first")
	require.Error(t, approvers.Revoke(filepath.Join(t.TempDir(), "missing"), "Anna"))
}

func TestTwoWritersLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := approvers.Add(path, approvers.Addition{Name: fmt.Sprint("person ", i)})
			require.NoError(t, err)
		})
	}
	wg.Wait()
	require.Len(t, load(t, path).People, 8)
}

func TestALinkToTheFileStaysALink(t *testing.T) {
	t.Parallel()
	path := write(t, "approvers: []\n")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	_, err := approvers.Add(link, approvers.Addition{Name: "Anna"})
	require.NoError(t, err)
	require.NotNil(t, load(t, path).Named("Anna"))
}
